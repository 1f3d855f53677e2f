//! API keys: made, listed, read, rotated, revoked.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use ipnet::IpNet;
use keyward_core::bounds::{self, MAX_METADATA_BYTES, MAX_NAME_CHARS};
use keyward_core::{
    ApiId, ApiKeyId, KeySecret, KeyStatus, ManagementScope, OrgCode, Owner, ScopeNumbers, Timestamp, UserId,
};
use keyward_store::apis::ApiRow;
use keyward_store::keys::{self, KeyFilter, KeyRow, NewKey, NewKeySecret};
use keyward_store::scopes::{self, ScopeRow};
use keyward_store::{NewEvent, Tx, apis};
use keyward_wire::ErrorCode;
use keyward_wire::keys::{CreateKeyRequest, ListKeysQuery};
use serde_json::json;

use crate::actions::Changed;
use crate::actions::apis::{find_api, read_bound};
use crate::actions::callers::begin;
use crate::actions::owners::{Resolved, resolve_owner};
use crate::actions::paging::read_size;
use crate::actions::scopes::read_scopes;
use crate::app::App;
use crate::caller::Caller;
use crate::refusal::{InField, Refusal};

/// Keys on a page where the caller does not say.
const DEFAULT_PAGE: u32 = 50;

/// A key's id and its new secret, to be shown this once.
#[derive(Debug)]
pub struct Issued {
    /// The key's id.
    pub id: ApiKeyId,
    /// The secret.
    pub secret: KeySecret,
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

/// A page of keys.
#[derive(Debug)]
pub struct Page {
    /// The keys, the newest first.
    pub keys: Vec<NamedKey>,
    /// Whether there is another page.
    pub has_more: bool,
}

/// Creates a key with its first secret.
pub async fn create_key(app: &App, caller: &Caller, request: CreateKeyRequest) -> Result<Changed<Issued>, Refusal> {
    let allowed_cidrs = read_members(app, &request)?;
    let mut change = begin(app, caller).await?;
    let unknown = || Refusal::about(ErrorCode::ApiUnknown, "api_id", "is not the id of an API");
    let api = find_api(&mut change, &request.api_id).await?.ok_or_else(unknown)?;
    let Resolved { owner, is_new } = resolve_owner(app, caller, &mut change, &request).await?;
    hold_to_owner(&owner, &api, &request)?;
    let rows = scopes::list_scopes(&mut change, &api.id).await?;
    let numbers = read_scopes(&rows, request.scope_ids.as_deref().unwrap_or_default(), "scope_ids")?;
    let bound = read_bound(&mut change, request.bound_api_ids.as_deref()).await?;
    if owner == Owner::Environment {
        caller.require_may_give(&management_scopes(&rows, &numbers)?, bound.as_deref())?;
    } else if bound.is_some() {
        return Err(Refusal::field("bound_api_ids", "is for environment keys alone"));
    }

    let id = app.make(ApiKeyId::generate);
    let secret = app.make(|fill, _| KeySecret::generate(&api.key_prefix, api.key_class, fill));
    let new = NewKey {
        id: &id,
        api_id: &api.id,
        owner: &owner,
        name: &request.name,
        scopes: &numbers,
        allowed_cidrs: &allowed_cidrs,
        metadata: request.metadata.as_ref(),
        bound_api_ids: bound.as_deref(),
        expires_at: request.expires_on,
    };
    keys::insert_key(&mut change, &new, &sealed(app, &id, &api.id, &owner, &secret)?).await?;
    let event = NewEvent {
        action: "key.created",
        target_id: id.to_string(),
        org_code: owner.org_code().cloned(),
        details: json!({
            "api_id": api.id, "type": owner.key_type(), "owner_id": owner.id(), "owner_created": is_new,
            "scopes": numbers, "bound_api_ids": bound, "allowed_cidrs": allowed_cidrs,
            "expires_on": request.expires_on, "selector": secret.selector().as_str(),
        }),
    };
    let revision = app.commit(change, event).await?;
    Ok(Changed { made: Issued { id, secret }, revision })
}

/// The members that need nothing but themselves to be judged; answers the address ranges.
fn read_members(app: &App, request: &CreateKeyRequest) -> Result<Vec<IpNet>, Refusal> {
    bounds::text(&request.name, MAX_NAME_CHARS).in_field("name")?;
    if request.metadata.as_ref().is_some_and(|map| json!(map).to_string().len() > MAX_METADATA_BYTES) {
        return Err(Refusal::field("metadata", "must be at most 4 KiB of JSON"));
    }
    if request.expires_on.is_some_and(|end| end <= app.now()) {
        return Err(Refusal::field("expires_on", "must lie in the future"));
    }
    bounds::cidrs(request.allowed_cidrs.as_deref().unwrap_or_default()).in_field("allowed_cidrs")
}

/// Holds a request against the kind of owner: environment keys are for the management API, and for nothing else.
fn hold_to_owner(owner: &Owner, api: &ApiRow, request: &CreateKeyRequest) -> Result<(), Refusal> {
    let is_environment = *owner == Owner::Environment;
    if api.is_management_api != is_environment {
        return Err(Refusal::field("type", "must be `environment` for the management API, and for no other"));
    }
    // A caller of the management API has no address that could be relied on yet.
    if is_environment && request.allowed_cidrs.as_ref().is_some_and(|ranges| !ranges.is_empty()) {
        return Err(Refusal::field("allowed_cidrs", "must not be given for an environment key"));
    }
    Ok(())
}

/// A page of the keys that the caller may see.
pub async fn list_keys(app: &App, caller: &Caller, query: &ListKeysQuery) -> Result<Page, Refusal> {
    let size = read_size(query.page_size, DEFAULT_PAGE)?;
    let after = query.starting_after.as_deref().map(ApiKeyId::parse);
    let (user_id, org_code) =
        (query.user_id.as_deref().map(UserId::parse), query.org_code.as_deref().map(OrgCode::parse));
    if after == Some(None) {
        return Err(Refusal::field("starting_after", "must be the id of a key"));
    }
    // An id that cannot be one belongs to nobody, and nobody has no keys.
    if user_id == Some(None) || org_code == Some(None) {
        return Ok(Page { keys: Vec::new(), has_more: false });
    }
    let (after, user_id, org_code) = (after.flatten(), user_id.flatten(), org_code.flatten());
    let filter = KeyFilter {
        starting_after: after.as_ref(),
        r#type: query.key_type,
        status: query.status,
        user_id: user_id.as_ref(),
        org_code: org_code.as_ref(),
    };
    let now = app.now();
    let mut tx = app.read().await?;
    let mut rows = keys::list_keys(&mut tx, &caller.org_scope, &filter, now, size + 1).await?;
    let has_more = rows.len() > size as usize;
    rows.truncate(size as usize);
    Ok(Page { keys: name_scopes(&mut tx, rows, now).await?, has_more })
}

/// One key.
pub async fn get_key(app: &App, caller: &Caller, id: &str) -> Result<NamedKey, Refusal> {
    let mut tx = app.read().await?;
    let row = find_key(&mut tx, caller, id).await?;
    let scopes = scopes::list_scopes(&mut tx, &row.api_id).await?;
    Ok(NamedKey::new(row, &scopes, app.now()))
}

/// Gives a key a new secret. The old one is worth nothing from then on; the key stays what it was.
pub async fn rotate_key(app: &App, caller: &Caller, id: &str) -> Result<Changed<Issued>, Refusal> {
    let mut change = begin(app, caller).await?;
    let row = find_key(&mut change, caller, id).await?;
    if row.state().is_revoked {
        return Err(Refusal::new(ErrorCode::KeyRevoked));
    }
    let owner = row.owner();
    if owner == Owner::Environment {
        let rows = scopes::list_scopes(&mut change, &row.api_id).await?;
        caller.require_may_give(&management_scopes(&rows, &row.scopes)?, row.bound_api_ids.as_deref())?;
    }
    let api = apis::find_api(&mut change, &row.api_id).await?;
    // A key whose API was deleted is revoked.
    let api = api.ok_or_else(|| Refusal::new(ErrorCode::KeyRevoked))?;
    let secret = app.make(|fill, _| KeySecret::generate(&api.key_prefix, api.key_class, fill));
    keys::replace_key_secret(&mut change, &row, &sealed(app, &row.id, &row.api_id, &owner, &secret)?).await?;
    let event = NewEvent {
        action: "key.rotated",
        target_id: row.id.to_string(),
        org_code: row.org_code,
        details: json!({ "selector": secret.selector().as_str(), "grace_seconds": 0 }),
    };
    let revision = app.commit(change, event).await?;
    Ok(Changed { made: Issued { id: row.id, secret }, revision })
}

/// Revokes a key for good. Repeated, it changes nothing and answers the revision that did it.
pub async fn revoke_key(app: &App, caller: &Caller, id: &str) -> Result<Changed<()>, Refusal> {
    let mut change = begin(app, caller).await?;
    let row = find_key(&mut change, caller, id).await?;
    if !keys::revoke_key(&mut change, &row).await? {
        return Ok(Changed { made: (), revision: row.revision });
    }
    let event =
        NewEvent { action: "key.revoked", target_id: row.id.to_string(), org_code: row.org_code, details: json!({}) };
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

/// Puts the names to the scopes of keys: one query for each API among them.
async fn name_scopes(tx: &mut Tx, rows: Vec<KeyRow>, now: Timestamp) -> Result<Vec<NamedKey>, Refusal> {
    let mut by_api: HashMap<ApiId, Vec<ScopeRow>> = HashMap::new();
    let mut named = Vec::with_capacity(rows.len());
    for row in rows {
        let of_api = match by_api.entry(row.api_id.clone()) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(unknown) => unknown.insert(scopes::list_scopes(tx, &row.api_id).await?),
        };
        named.push(NamedKey::new(row, of_api, now));
    }
    Ok(named)
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
