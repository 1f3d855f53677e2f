//! API keys: made, listed, read, rotated, revoked.

mod create;
mod held;
mod list;

use keyward_core::{
    ApiId, ApiKeyId, ApiScope, IdempotencyKey, KeySecret, KeyStatus, ManagementScope, Owner, PlainSecret, ScopeNumbers,
    Timestamp,
};
use keyward_store::keys::{self, KeyRow, NewKeySecret};
use keyward_store::scopes::{self, ScopeRow};
use keyward_store::{Change, NewEvent, Tx, apis};
use keyward_wire::ErrorCode;
use serde::{Deserialize, Serialize};

pub use self::create::create_key;
pub use self::held::revoke_held_key;
pub use self::list::{Page, list_keys};
use crate::actions::Changed;
use crate::actions::callers::begin;
use crate::actions::kept_answers::Repetition;
use crate::app::App;
use crate::caller::Caller;
use crate::refusal::Refusal;

/// A key's id and its new secret, to be shown this once.
#[derive(Debug)]
pub struct Issued {
    /// The key's id.
    pub id: ApiKeyId,
    /// The secret.
    pub secret: KeySecret,
    /// Whether it was issued before, to the same request.
    pub is_repeated: bool,
}

/// The same as it is kept for a repeated request, sealed.
#[derive(Debug, Serialize, Deserialize)]
struct IssuedAgain {
    id: ApiKeyId,
    #[serde(serialize_with = "keyward_core::secret::expose")]
    secret: PlainSecret,
}

impl IssuedAgain {
    fn of(issued: &Issued) -> Self {
        Self { id: issued.id.clone(), secret: issued.secret.plain().clone() }
    }

    fn read(self) -> Result<Issued, Refusal> {
        let secret = KeySecret::parse(self.secret.expose());
        let secret = secret.ok_or_else(|| Refusal::caused_by(ErrorCode::Internal, "a kept secret cannot be read"))?;
        Ok(Issued { id: self.id, secret, is_repeated: true })
    }
}

/// A key with the names of its scopes.
#[derive(Debug)]
pub struct NamedKey {
    /// The key.
    pub row: KeyRow,
    /// The keys of its scopes.
    pub scopes: Vec<String>,
    /// Its status now.
    pub status: KeyStatus,
}

/// One key.
pub async fn get_key(app: &App, caller: &Caller, id: &str) -> Result<NamedKey, Refusal> {
    let mut tx = app.read().await?;
    let row = find_key(&mut tx, caller, id).await?;
    let scopes = scopes::list_scopes(&mut tx, &row.api_id).await?;
    Ok(NamedKey::new(row, &scopes, app.now()))
}

/// Gives a key a new secret. The old one is worth nothing from then on; the key stays what it was. Repeated under the
/// same `Idempotency-Key`, it answers the same secret.
pub async fn rotate_key(
    app: &App,
    caller: &Caller,
    id: &str,
    repeat: Option<&IdempotencyKey>,
) -> Result<Changed<Issued>, Refusal> {
    let repetition = Repetition::new(caller, format!("PUT /api/v1/api_keys/{id}"), repeat, &())?;
    let mut change = begin(app, caller).await?;
    let row = find_key(&mut change, caller, id).await?;
    if let Some(repetition) = &repetition
        && let Some((answer, revision)) = repetition.recall::<IssuedAgain>(app, &mut change).await?
    {
        return Ok(Changed { made: answer.read()?, revision: app.leave(change, revision).await });
    }
    let (issued, event) = replace_secret(app, caller, &mut change, row).await?;
    if let Some(repetition) = &repetition {
        repetition.keep(app, &mut change, &IssuedAgain::of(&issued)).await?;
    }
    let revision = app.commit(change, event).await?;
    Ok(Changed { made: issued, revision })
}

async fn replace_secret(
    app: &App,
    caller: &Caller,
    change: &mut Change,
    row: KeyRow,
) -> Result<(Issued, NewEvent), Refusal> {
    if row.state().is_revoked {
        return Err(Refusal::new(ErrorCode::KeyRevoked));
    }
    let owner = row.owner();
    if owner == Owner::Environment {
        let rows = scopes::list_scopes(change, &row.api_id).await?;
        caller.require_may_give(&management_scopes(&rows, &row.scopes)?, row.bound_api_ids.as_deref())?;
    }
    let api = apis::find_api(change, &ApiScope::All, &row.api_id).await?;
    // A key whose API was deleted is revoked.
    let api = api.ok_or_else(|| Refusal::new(ErrorCode::KeyRevoked))?;
    let secret = app.make(|fill, _| KeySecret::generate(&api.key_prefix, api.key_class, fill));
    keys::replace_key_secret(change, &row, &sealed(app, &row.id, &row.api_id, &owner, &secret)?).await?;
    let event = NewEvent::new("key.rotated", &row.id).in_organization(row.org_code).fact("grace_seconds", 0).value(
        "selector",
        (),
        secret.selector().as_str(),
    );
    Ok((Issued { id: row.id, secret, is_repeated: false }, event))
}

/// Revokes a key for good. Repeated, it changes nothing and answers the revision that did it.
pub async fn revoke_key(app: &App, caller: &Caller, id: &str) -> Result<Changed<()>, Refusal> {
    let mut change = begin(app, caller).await?;
    let row = find_key(&mut change, caller, id).await?;
    revoke(app, change, row).await
}

async fn revoke(app: &App, mut change: Change, row: KeyRow) -> Result<Changed<()>, Refusal> {
    if let Some(revision) = row.revoked_revision {
        return Ok(Changed { made: (), revision: app.leave(change, revision).await });
    }
    keys::revoke_key(&mut change, &row).await?;
    let event = NewEvent::new("key.revoked", &row.id).in_organization(row.org_code).value("is_revoked", false, true);
    let revision = app.commit(change, event).await?;
    Ok(Changed { made: (), revision })
}

/// A key by an id that a caller sent.
async fn find_key(tx: &mut Tx, caller: &Caller, id: &str) -> Result<KeyRow, Refusal> {
    let found = match ApiKeyId::parse(id) {
        Some(id) => keys::find_key(tx, &caller.org_scope, &id).await?,
        None => None,
    };
    found.ok_or_else(|| Refusal::new(ErrorCode::KeyNotFound))
}

impl NamedKey {
    fn new(row: KeyRow, of_api: &[ScopeRow], now: Timestamp) -> Self {
        let carried = of_api.iter().filter(|scope| row.scopes.contains(scope.number));
        let scopes = carried.map(|scope| scope.key.to_string()).collect();
        let status = row.state().status(now);
        Self { row, scopes, status }
    }
}

/// A secret as it is stored: its code under the current master secret.
fn sealed<'a>(
    app: &App,
    id: &ApiKeyId,
    api_id: &ApiId,
    owner: &Owner,
    secret: &'a KeySecret,
) -> Result<NewKeySecret<'a>, Refusal> {
    let secret_version = app.keyring.version();
    let mac = app.keyring.key_mac(secret_version, id, api_id, owner, secret.plain());
    let mac = mac.ok_or_else(|| Refusal::new(ErrorCode::Internal))?;
    Ok(NewKeySecret { secret, mac, secret_version })
}

/// Which scopes of the management API a credential is to carry. One that this version does not know cannot be given.
fn management_scopes(rows: &[ScopeRow], numbers: &ScopeNumbers) -> Result<Vec<ManagementScope>, Refusal> {
    let unknown = || Refusal::new(ErrorCode::RightsExceeded);
    let carried = rows.iter().filter(|row| numbers.contains(row.number));
    carried.map(|row| ManagementScope::parse(row.key.as_str()).ok_or_else(unknown)).collect()
}
