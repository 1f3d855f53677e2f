//! Who is it that calls? From a bearer token to a [`Caller`]. What the credential has lost since it was made counts.

use std::collections::BTreeSet;

use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use keyward_core::{ClientId, KeyClass, KeySecret, ManagementScope, OrgScope, Outcome, PlainSecret, Presented};
use keyward_engine::{Ask, Use, Wanted, verify};
use keyward_store::{Actor, ActorKind, Tx, apis, applications, grants, keys, scopes, signing_keys};
use keyward_wire::ErrorCode;
use keyward_wire::oauth::{Claims, Jwk};

use crate::actions::verify::find_entry;
use crate::app::App;
use crate::caller::Caller;
use crate::refusal::Refusal;

/// Finds out who presents a bearer token (RFC 6750): an M2M token of an application, or an environment key.
pub async fn identify(app: &App, token: &PlainSecret, request_host: Option<&str>) -> Result<Caller, Refusal> {
    match KeySecret::parse(token.expose()) {
        Some(secret) if secret.class() == KeyClass::Admin => identify_key(app, &secret).await,
        Some(_) => Err(Refusal::new(ErrorCode::TokenInvalid)),
        None => identify_application(app, token, request_host).await,
    }
}

async fn identify_application(app: &App, token: &PlainSecret, host: Option<&str>) -> Result<Caller, Refusal> {
    let invalid = || Refusal::new(ErrorCode::TokenInvalid);
    let mut tx = app.read().await?;
    let claims = read_claims(app, &mut tx, token).await?;
    let is_ours = claims.iss == app.issuer.as_str() && claims.exp > app.now().as_seconds();
    if !is_ours || !names_management_api(app, &mut tx, &claims.aud, host).await? {
        return Err(invalid());
    }
    let application = applications::find_application(&mut tx, &claims.azp).await?.ok_or_else(invalid)?;
    if application.disabled_at.is_some() || application.org_code != claims.org_code {
        return Err(invalid());
    }
    let granted = granted_scopes(&mut tx, &claims.azp).await?;
    let carried: BTreeSet<_> = claims.scp.iter().filter_map(|key| ManagementScope::parse(key)).collect();
    Ok(Caller {
        actor: Actor { kind: ActorKind::Application, id: application.client_id.to_string(), name: application.name },
        org_scope: application.org_code.map_or(OrgScope::All, OrgScope::One),
        scopes: carried.intersection(&granted).copied().collect(),
        bound: application.bound_api_ids,
    })
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
async fn read_claims(app: &App, tx: &mut Tx, token: &PlainSecret) -> Result<Claims, Refusal> {
    let invalid = || Refusal::new(ErrorCode::TokenInvalid);
    let header = jsonwebtoken::decode_header(token.expose()).map_err(|_| invalid())?;
    let kid = header.kid.filter(|_| header.alg == Algorithm::RS256).ok_or_else(invalid)?;
    let rows = signing_keys::list_signing_keys(tx, app.now()).await?;
    let row = rows.iter().find(|row| row.kid == kid).ok_or_else(invalid)?;
    let broken = |error| Refusal::caused_by(ErrorCode::Internal, error);
    let jwk: Jwk = serde_json::from_str(&row.public_jwk).map_err(broken)?;
    let key = DecodingKey::from_rsa_components(&jwk.n, &jwk.e)
        .map_err(|error| Refusal::caused_by(ErrorCode::Internal, error))?;
    let mut validation = Validation::new(Algorithm::RS256);
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation.required_spec_claims.clear();
    jsonwebtoken::decode(token.expose(), &key, &validation).map(|token| token.claims).map_err(|_| invalid())
}

/// The scopes of the management API that an application has now.
async fn granted_scopes(tx: &mut Tx, client: &ClientId) -> Result<BTreeSet<ManagementScope>, Refusal> {
    let Some(api) = apis::find_management_api(tx).await? else { return Ok(BTreeSet::new()) };
    let Some(grant) = grants::find_grant(tx, client, &api.id).await? else { return Ok(BTreeSet::new()) };
    let rows = scopes::list_scopes(tx, &api.id).await?;
    let granted = rows.iter().filter(|row| grant.scopes.contains(row.number));
    Ok(granted.filter_map(|row| ManagementScope::parse(row.key.as_str())).collect())
}

async fn identify_key(app: &App, secret: &KeySecret) -> Result<Caller, Refusal> {
    let invalid = || Refusal::new(ErrorCode::TokenInvalid);
    let mut tx = app.read().await?;
    let found = find_entry(app, &mut tx, secret.selector()).await?;
    let ask = Ask {
        used_for: Use::Management,
        org_scope: &OrgScope::All,
        wanted: Wanted::default(),
        presented: Presented::default(),
    };
    let verdict = verify(&app.keyring, secret, found.as_ref().map(|found| &found.entry), &ask, app.now())
        .map_err(|error| Refusal::caused_by(ErrorCode::Unavailable, error))?;
    let (Outcome::Verified, Some(entry)) = (&verdict.outcome, verdict.entry) else { return Err(invalid()) };
    let scopes = verdict.scopes.iter().filter_map(|key| ManagementScope::parse(key.as_str())).collect();
    let row = keys::find_key(&mut tx, &OrgScope::All, &entry.key_id).await?.ok_or_else(invalid)?;
    Ok(Caller {
        actor: Actor { kind: ActorKind::EnvironmentKey, id: row.id.to_string(), name: row.name },
        org_scope: OrgScope::All,
        scopes,
        bound: row.bound_api_ids,
    })
}
