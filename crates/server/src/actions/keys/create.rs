//! Keys, made.

use ipnet::IpNet;
use keyward_core::bounds::{self, MAX_CIDRS, MAX_METADATA_BYTES, MAX_NAME_CHARS};
use keyward_core::{ApiKeyId, IdempotencyKey, KeySecret, Owner};
use keyward_store::apis::ApiRow;
use keyward_store::keys::{self, NewKey};
use keyward_store::{Change, NewEvent, scopes};
use keyward_wire::ErrorCode;
use keyward_wire::keys::CreateKeyRequest;
use serde_json::json;

use super::{Issued, IssuedAgain, management_scopes, sealed};
use crate::actions::Changed;
use crate::actions::apis::{find_api, read_bound};
use crate::actions::callers::begin;
use crate::actions::kept_answers::Repetition;
use crate::actions::owners::{Resolved, resolve_owner};
use crate::actions::scopes::read_scopes;
use crate::app::App;
use crate::caller::Caller;
use crate::refusal::{InField, Refusal};

/// Creates a key with its first secret. Repeated under the same `Idempotency-Key`, it answers the same key.
pub async fn create_key(
    app: &App,
    caller: &Caller,
    request: CreateKeyRequest,
    repeat: Option<&IdempotencyKey>,
) -> Result<Changed<Issued>, Refusal> {
    let allowed_cidrs = read_members(&request)?;
    let repetition = Repetition::new(caller, "POST /api/v1/api_keys".into(), repeat, &request)?;
    let mut change = begin(app, caller).await?;
    if let Some(repetition) = &repetition
        && let Some((answer, revision)) = repetition.recall::<IssuedAgain>(app, &mut change).await?
    {
        return Ok(Changed { made: answer.read()?, revision });
    }
    let (issued, event) = insert(app, caller, &mut change, &request, &allowed_cidrs).await?;
    if let Some(repetition) = &repetition {
        repetition.keep(app, &mut change, &IssuedAgain::of(&issued)).await?;
    }
    let revision = app.commit(change, event).await?;
    Ok(Changed { made: issued, revision })
}

/// Decides on a request, and stores the key.
async fn insert(
    app: &App,
    caller: &Caller,
    change: &mut Change,
    request: &CreateKeyRequest,
    allowed_cidrs: &[IpNet],
) -> Result<(Issued, NewEvent), Refusal> {
    if request.expires_on.is_some_and(|end| end <= app.now()) {
        return Err(Refusal::field("expires_on", "must lie in the future"));
    }
    let unknown = || Refusal::about(ErrorCode::ApiUnknown, "api_id", "is not the id of an API");
    let api = find_api(change, caller, &request.api_id).await?.ok_or_else(unknown)?;
    let Resolved { owner, is_new } = resolve_owner(app, caller, change, request).await?;
    hold_to_owner(&owner, &api, request)?;
    let rows = scopes::list_scopes(change, &api.id).await?;
    let numbers = read_scopes(&rows, request.scope_ids.as_deref().unwrap_or_default(), "scope_ids")?;
    let bound = read_bound(change, caller, request.bound_api_ids.as_deref()).await?;
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
        allowed_cidrs,
        metadata: request.metadata.as_ref(),
        bound_api_ids: bound.as_deref(),
        expires_at: request.expires_on,
    };
    keys::insert_key(change, &new, &sealed(app, &id, &api.id, &owner, &secret)?).await?;
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
    Ok((Issued { id, secret, is_repeated: false }, event))
}

/// The members that need nothing but themselves to be judged; answers the address ranges.
fn read_members(request: &CreateKeyRequest) -> Result<Vec<IpNet>, Refusal> {
    bounds::text(&request.name, MAX_NAME_CHARS).in_field("name")?;
    if request.metadata.as_ref().is_some_and(|map| json!(map).to_string().len() > MAX_METADATA_BYTES) {
        return Err(Refusal::field("metadata", "must be at most 4 KiB of JSON"));
    }
    let cidrs = request.allowed_cidrs.as_deref().unwrap_or_default();
    if cidrs.len() > MAX_CIDRS {
        return Err(Refusal::field("allowed_cidrs", "must have at most 64 entries"));
    }
    cidrs.iter().enumerate().map(|(at, text)| bounds::cidr(text).in_field(&format!("allowed_cidrs[{at}]"))).collect()
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
