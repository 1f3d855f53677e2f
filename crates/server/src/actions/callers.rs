//! Who is it that calls? From a bearer token to a [`Caller`]. What the credential has lost since it was made counts.

use std::collections::BTreeSet;
use std::net::IpAddr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use keyward_core::{
    ApiId, ApiKeyId, ApiScope, ClientId, KeyClass, KeySecret, KeyStatus, ManagementScope, OrgScope, Outcome,
    PlainSecret, Presented,
};
use keyward_engine::index::Index;
use keyward_engine::{Ask, CannotKnow, Use, Wanted, verify};
use keyward_store::{Actor, ActorKind, Change, StoreError, Tx, apis, applications, grants, keys, scopes, signing_keys};
use keyward_wire::ErrorCode;
use keyward_wire::oauth::Claims;
use serde::Deserialize;

use crate::actions::follow;
use crate::actions::signing_keys::public_half;
use crate::app::App;
use crate::caller::{Caller, Credential, Origin};
use crate::refusal::Refusal;

/// Why nobody was found behind a credential.
enum Unfound {
    /// It was never one of ours: garbage, a wrong secret, a signature that is not ours.
    Forged,
    /// Another reason. It may have been ours and good, and whoever shows it has to learn that it is so no longer.
    Refused(Refusal),
}

impl From<Refusal> for Unfound {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<StoreError> for Unfound {
    fn from(error: StoreError) -> Self {
        Self::Refused(error.into())
    }
}

impl From<Unfound> for Refusal {
    fn from(unfound: Unfound) -> Self {
        match unfound {
            Unfound::Forged => Self::new(ErrorCode::TokenInvalid),
            Unfound::Refused(refusal) => refusal,
        }
    }
}

/// The header of a token, as `actions/tokens.rs` writes it. With any other member (`jwk`, `jku`, `crit`) it is none of
/// ours, and asks for something that we do not do (RFC 7515 section 4.1.11).
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    typ: String,
    alg: String,
    kid: String,
}

impl Header {
    fn of(token: &str) -> Option<Self> {
        let encoded = token.split('.').next()?;
        let header: Self = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(encoded).ok()?).ok()?;
        Some(header).filter(|header| header.typ == "JWT" && header.alg == "RS256")
    }
}

/// Finds out who presents a bearer token (RFC 6750): an M2M token of an application, or an environment key.
///
/// What is forged counts against the address that it comes from. What was ours once does not, and what is good is never
/// refused for what others did.
pub async fn identify(
    app: &App,
    token: &PlainSecret,
    request_host: Option<&str>,
    from: IpAddr,
) -> Result<Caller, Refusal> {
    let found = find_caller(app, token, request_host).await;
    if matches!(found, Err(Unfound::Forged)) {
        app.count_failure(from, None)?;
    }
    Ok(found?)
}

async fn find_caller(app: &App, token: &PlainSecret, request_host: Option<&str>) -> Result<Caller, Unfound> {
    match KeySecret::parse(token.expose()) {
        Some(secret) if secret.class() == KeyClass::Admin => identify_key(app, secret).await,
        Some(_) => Err(Unfound::Forged),
        None => identify_application(app, token, request_host).await,
    }
}

/// Begins a change by a caller. The caller was identified before the body was read and before the changes in front were
/// done, so its rights are looked up again, now that nothing can take them: if it has lost any since, it is refused.
pub(super) async fn begin(app: &App, caller: &Caller) -> Result<Change, Refusal> {
    let mut change = app.change(caller).await?;
    let Some(credential) = &caller.credential else { return Ok(change) };
    let now = look_up(app, &mut change, credential).await?;
    if let Some(lost) = caller.scopes.iter().find(|scope| !now.scopes.contains(scope)) {
        return Err(Refusal::scope_missing(*lost));
    }
    if now.bound != caller.bound || now.org_scope != caller.org_scope {
        return Err(Refusal::new(ErrorCode::TokenInvalid));
    }
    Ok(change)
}

/// Who shows a credential whose form is good, and what it may do at this moment.
async fn look_up(app: &App, tx: &mut Tx, credential: &Credential) -> Result<Caller, Unfound> {
    match credential {
        Credential::Key(secret) => look_up_key(app, tx, secret).await,
        Credential::Token { client_id, org_code, scopes } => {
            let invalid = || Refusal::new(ErrorCode::TokenInvalid);
            let row = applications::find_application(tx, client_id).await?.ok_or_else(invalid)?;
            if !row.is_active() || row.org_code != *org_code {
                return Err(invalid().into());
            }
            let granted = granted_scopes(tx, client_id).await?;
            Ok(Caller {
                actor: Actor { kind: ActorKind::Application, id: row.client_id.to_string(), name: row.name },
                api_scope: row.org_code.as_ref().map_or(ApiScope::All, |_| ApiScope::GrantedTo(row.client_id.clone())),
                org_scope: row.org_code.map_or(OrgScope::All, OrgScope::One),
                scopes: scopes.intersection(&granted).copied().collect(),
                bound: row.bound_api_ids,
                origin: Origin::default(),
                credential: Some(credential.clone()),
            })
        }
    }
}

async fn identify_application(app: &App, token: &PlainSecret, host: Option<&str>) -> Result<Caller, Unfound> {
    // Garbage is refused before anything is asked.
    let header = Header::of(token.expose()).ok_or(Unfound::Forged)?;
    let mut tx = app.read().await?;
    let claims = read_claims(app, &mut tx, token, &header.kid).await?;
    let is_ours = claims.iss == app.issuer.as_str() && claims.exp > app.now().as_seconds();
    if !is_ours || !names_management_api(app, &mut tx, &claims.aud, host).await? {
        return Err(Refusal::new(ErrorCode::TokenInvalid).into());
    }
    let scopes = claims.scp.iter().filter_map(|key| ManagementScope::parse(key)).collect();
    let credential = Credential::Token { client_id: claims.azp, org_code: claims.org_code, scopes };
    look_up(app, &mut tx, &credential).await
}

/// Whether a token was issued for the management API. An audience that a registered API has taken means that one alone.
async fn names_management_api(
    app: &App,
    tx: &mut Tx,
    audiences: &[String],
    host: Option<&str>,
) -> Result<bool, Refusal> {
    for audience in audiences {
        if app.issuer.is_management_audience(audience, host)
            && apis::find_api_by_audience(tx, audience).await?.is_none()
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The claims of a token whose signature is good. Only RS256 and only our own keys will do, whatever its header says;
/// times are the caller's to check, by a clock that is an argument.
async fn read_claims(app: &App, tx: &mut Tx, token: &PlainSecret, kid: &str) -> Result<Claims, Unfound> {
    let rows = signing_keys::list_signing_keys(tx, app.now()).await?;
    let row = rows.iter().find(|row| row.kid == kid).ok_or(Unfound::Forged)?;
    let jwk = public_half(app, row)?;
    let key = DecodingKey::from_rsa_components(&jwk.n, &jwk.e)
        .map_err(|error| Refusal::caused_by(ErrorCode::Internal, error))?;
    let mut validation = Validation::new(Algorithm::RS256);
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation.required_spec_claims.clear();
    jsonwebtoken::decode(token.expose(), &key, &validation).map(|token| token.claims).map_err(|_| Unfound::Forged)
}

/// The scopes of the management API that an application has now.
pub(super) async fn granted_scopes(tx: &mut Tx, client: &ClientId) -> Result<BTreeSet<ManagementScope>, Refusal> {
    let Some(api) = apis::find_management_api(tx).await? else { return Ok(BTreeSet::new()) };
    let Some(grant) = grants::find_grant(tx, client, &api.id).await? else { return Ok(BTreeSet::new()) };
    let rows = scopes::list_scopes(tx, &api.id).await?;
    let granted = rows.iter().filter(|row| grant.scopes.contains(row.number));
    Ok(granted.filter_map(|row| ManagementScope::parse(row.key.as_str())).collect())
}

/// Who holds an environment key: its secret is checked, from memory.
async fn identify_key(app: &App, secret: KeySecret) -> Result<Caller, Unfound> {
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

/// What an environment key, whose secret was found right, may do by what is stored now.
async fn look_up_key(app: &App, tx: &mut Tx, secret: &KeySecret) -> Result<Caller, Unfound> {
    let invalid = || Refusal::new(ErrorCode::TokenInvalid);
    let stored = keys::find_key_secret(tx, secret.selector()).await?.ok_or_else(invalid)?;
    let row = keys::find_key(tx, &OrgScope::All, &stored.key_id).await?.ok_or_else(invalid)?;
    let now = app.now();
    if stored.expires_at.is_some_and(|end| end <= now) || row.state().status(now) != KeyStatus::Active {
        return Err(invalid().into());
    }
    let rows = scopes::list_scopes(tx, &row.api_id).await?;
    let carried = rows.iter().filter(|scope| row.scopes.contains(scope.number));
    let scopes = carried.filter_map(|scope| ManagementScope::parse(scope.key.as_str())).collect();
    Ok(key_caller(&row.id, &row.name, scopes, row.bound_api_ids, secret.clone()))
}

fn key_caller(
    id: &ApiKeyId,
    name: &str,
    scopes: BTreeSet<ManagementScope>,
    bound: Option<Vec<ApiId>>,
    secret: KeySecret,
) -> Caller {
    Caller {
        actor: Actor { kind: ActorKind::EnvironmentKey, id: id.to_string(), name: name.to_owned() },
        org_scope: OrgScope::All,
        api_scope: ApiScope::All,
        scopes,
        bound,
        origin: Origin::default(),
        credential: Some(Credential::Key(secret)),
    }
}
