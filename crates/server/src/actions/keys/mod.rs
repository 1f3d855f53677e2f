//! API keys: made, listed, read, rotated, revoked, one by one or many at once.

mod bulk;
mod create;
mod held;
mod list;
mod members;
mod own;
mod rotate;
mod update;

use keyward_core::{
    ApiId, ApiKeyId, KeyClass, KeySecret, KeyStatus, ManagementScope, OrgScope, Owner, PlainSecret, Presented,
    ScopeNumbers, Timestamp,
};
use keyward_engine::{Ask, Use, Wanted};
use keyward_store::apis::ApiRow;
use keyward_store::keys::{self, KeyRow, NewKeySecret, ShownSecretRow};
use keyward_store::scopes::{self, ScopeRow};
use keyward_store::{Change, NewEvent, Tx, key_sets};
use keyward_wire::ErrorCode;
use serde::{Deserialize, Serialize};

pub use self::bulk::{ChangedKeys, update_keys};
pub use self::create::create_key;
pub use self::held::revoke_held_key;
pub use self::list::{Page, list_keys};
pub use self::own::{OwnKey, get_own_key};
pub use self::rotate::rotate_key;
pub use self::update::update_key;
use crate::actions::Changed;
use crate::actions::callers::begin;
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

/// One key, with its secrets that are valid.
pub async fn get_key(app: &App, caller: &Caller, id: &str) -> Result<(NamedKey, Vec<ShownSecretRow>), Refusal> {
    let now = app.now();
    let mut tx = app.read().await?;
    let row = find_key(&mut tx, caller, id).await?;
    let scopes = scopes::list_scopes(&mut tx, &row.api_id).await?;
    let secrets = keys::list_key_secrets(&mut tx, &row.id, now).await?;
    Ok((NamedKey::new(row, &scopes, now), secrets))
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
pub(super) async fn find_key(tx: &mut Tx, caller: &Caller, id: &str) -> Result<KeyRow, Refusal> {
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

/// Holds an owner that is to have one more key for an API to what that asks. Changes are serial, so nobody makes another one
/// meanwhile.
async fn hold_number(change: &mut Change, api: &ApiRow, owner: &Owner) -> Result<(), Refusal> {
    if api.key_policy.max_keys_per_owner.is_none() {
        return Ok(());
    }
    let now = change.now();
    let keys = key_sets::count_keys(change, owner, &api.id, now).await?;
    if api.key_policy.has_room_beside(keys) { Ok(()) } else { Err(Refusal::new(ErrorCode::KeyLimitReached)) }
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

/// What whoever shows a secret asks about it: nothing but whether it is that of a key, whatever that is for.
fn ask_of_holder(secret: &KeySecret) -> Ask<'static> {
    let used_for = if secret.class() == KeyClass::Admin { Use::Management } else { Use::Customer };
    Ask { used_for, org_scope: &OrgScope::All, wanted: Wanted::default(), presented: Presented::default() }
}

/// Which scopes of the management API a credential is to carry. One that this version does not know cannot be given.
fn management_scopes(rows: &[ScopeRow], numbers: &ScopeNumbers) -> Result<Vec<ManagementScope>, Refusal> {
    let unknown = || Refusal::new(ErrorCode::RightsExceeded);
    let carried = rows.iter().filter(|row| numbers.contains(row.number));
    carried.map(|row| ManagementScope::parse(row.key.as_str()).ok_or_else(unknown)).collect()
}
