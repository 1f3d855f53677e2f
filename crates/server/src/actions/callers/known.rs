//! Who presents a credential, by what this node knows: no database is asked, and a signature is checked once.

use std::collections::BTreeSet;

use keyward_core::{ApiId, ApiScope, KeySecret, ManagementScope, OrgScope, Outcome, PlainSecret, Presented};
use keyward_engine::index::{Index, KnownApplication};
use keyward_engine::{Ask, CannotKnow, Use, Wanted, verify};
use keyward_store::{Actor, ActorKind};
use keyward_wire::ErrorCode;

use super::signed::{self, SignedToken};
use super::{Unfound, key_caller};
use crate::actions::follow;
use crate::app::App;
use crate::caller::{Caller, Credential, Origin};
use crate::refusal::Refusal;

/// Who holds an M2M token: what its application has lost since the token was issued counts.
pub(super) async fn identify_application(
    app: &App,
    token: &PlainSecret,
    host: Option<&str>,
) -> Result<Caller, Unfound> {
    let signed = signed::read(app, token).await?;
    let (caller, _) = follow::answer(app, |index| find_application(app, index, &signed, host)).await?;
    Ok(caller.ok_or_else(|| Refusal::new(ErrorCode::TokenInvalid))?)
}

fn find_application(app: &App, index: &Index, token: &SignedToken, host: Option<&str>) -> Option<Caller> {
    if !counts(app, index, token) || !names_management_api(app, index, &token.claims.aud, host) {
        return None;
    }
    look_up_bearer(index, token, |known| application_caller(known, token))
}

/// Whether a token is still worth what it says: it is ours, has not ended, and neither has the key that it is signed with.
pub(in crate::actions) fn counts(app: &App, index: &Index, token: &SignedToken) -> bool {
    let now = app.now();
    token.claims.iss == app.issuer.as_str()
        && token.claims.exp > now.as_seconds()
        && index.look_up_signing_key(&token.kid, |key| key.is_some_and(|key| key.is_accepted_at(now)))
}

/// Looks at the application that a token was issued to, if it is active and kept to the organization that the token says.
pub(in crate::actions) fn look_up_bearer<T>(
    index: &Index,
    token: &SignedToken,
    look: impl FnOnce(&KnownApplication<'_>) -> T,
) -> Option<T> {
    index.look_up_application(&token.claims.azp, |known| {
        let known = known.filter(KnownApplication::is_active)?;
        (known.application.org_code == token.claims.org_code).then(|| look(&known))
    })
}

/// Whether a token was issued for the management API. An audience that a registered API has taken means that one alone.
fn names_management_api(app: &App, index: &Index, audiences: &[String], host: Option<&str>) -> bool {
    let mut audiences = audiences.iter();
    audiences.any(|audience| app.issuer.is_management_audience(audience, host) && !index.has_audience(audience))
}

fn application_caller(known: &KnownApplication<'_>, token: &SignedToken) -> Caller {
    let application = known.application;
    let granted = known.scopes.iter().filter_map(|key| ManagementScope::parse(key.as_str()));
    let credential = Credential::Token {
        client_id: token.claims.azp.clone(),
        org_code: token.claims.org_code.clone(),
        scopes: token.scopes.clone(),
    };
    Caller {
        actor: Actor { kind: ActorKind::Application, id: application.id.to_string(), name: application.name.clone() },
        api_scope: token
            .claims
            .org_code
            .as_ref()
            .map_or(ApiScope::All, |_| ApiScope::GrantedTo(application.id.clone())),
        org_scope: token.claims.org_code.clone().map_or(OrgScope::All, OrgScope::One),
        scopes: granted.filter(|scope| token.scopes.contains(scope)).collect::<BTreeSet<_>>(),
        bound: application.bound.clone(),
        origin: Origin::default(),
        credential: Some(credential),
    }
}

/// Who holds an environment key: its secret is checked, from memory.
pub(super) async fn identify_key(app: &App, secret: KeySecret) -> Result<Caller, Unfound> {
    let ask = Ask {
        used_for: Use::Management,
        org_scope: &OrgScope::All,
        wanted: Wanted::default(),
        presented: Presented::default(),
    };
    let now = app.now();
    let identified = |index: &Index| {
        index.look_up(secret.selector(), |found| {
            let verdict = verify(&app.keyring, &secret, found, &ask, now)?;
            let caller = verdict.entry.map(|entry| {
                let scopes = verdict.scopes.iter().filter_map(|key| ManagementScope::parse(key.as_str())).collect();
                let bound = entry.key.bound.as_deref().map(<[ApiId]>::to_vec);
                key_caller(&entry.key.id, &entry.key.name, scopes, bound, secret.clone())
            });
            Ok::<_, CannotKnow>((verdict.outcome, caller))
        })
    };
    let (identified, _) = follow::answer(app, identified).await?;
    match identified.map_err(|error| Refusal::caused_by(ErrorCode::Unavailable, error))? {
        (Outcome::Verified, Some(caller)) => Ok(caller),
        (Outcome::Invalid, _) | (_, None) => Err(Unfound::Forged),
        _ => Err(Refusal::new(ErrorCode::TokenInvalid).into()),
    }
}
