//! Keys, made.

use ipnet::IpNet;
use keyward_core::bounds::{self, MAX_NAME_CHARS};
use keyward_core::{ApiKeyId, IdempotencyKey, KeySecret, Owner, RateLimit};
use keyward_store::apis::ApiRow;
use keyward_store::keys::{self, NewKey};
use keyward_store::{Change, NewEvent, scopes};
use keyward_wire::ErrorCode;
use keyward_wire::keys::CreateKeyRequest;

use super::members::{environment_has_none, hold_end, hold_environment, hold_expiry, hold_metadata, read_cidrs};
use super::{Issued, IssuedAgain, hold_number, management_scopes, sealed};
use crate::actions::Changed;
use crate::actions::apis::{find_api, read_bound};
use crate::actions::callers::begin;
use crate::actions::credits::{Next, read_credits};
use crate::actions::kept_answers::Repetition;
use crate::actions::limits::read_limits;
use crate::actions::owners::{Resolved, resolve_owner};
use crate::actions::plans::hold_to_plan;
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
    let rate_limits = request.rate_limits.as_deref().map(|given| read_limits(caller, given));
    let rate_limits = rate_limits.transpose()?;
    let credits = request.credits.as_ref().map(|given| read_credits(caller, Some(given))).transpose()?;
    let credits = Next::of(None, credits)?;
    let repetition = Repetition::new(caller, "POST /api/v1/api_keys".into(), repeat, &request)?;
    let mut change = begin(app, caller).await?;
    if let Some(repetition) = &repetition
        && let Some((answer, revision)) = repetition.recall::<IssuedAgain>(app, &mut change).await?
    {
        return Ok(Changed { made: answer.read()?, revision: app.leave(change, revision).await });
    }
    let given = (&*allowed_cidrs, rate_limits.as_deref(), &credits);
    let (issued, event) = insert(app, caller, &mut change, &request, given).await?;
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
    (allowed_cidrs, rate_limits, credits): (&[IpNet], Option<&[RateLimit]>, &Next),
) -> Result<(Issued, NewEvent), Refusal> {
    hold_expiry(request.expires_on, app.now())?;
    let unknown = || Refusal::about(ErrorCode::ApiUnknown, "api_id", "is not the id of an API");
    let api = find_api(change, caller, &request.api_id).await?.ok_or_else(unknown)?;
    let Resolved { owner, is_new } = resolve_owner(app, caller, change, request).await?;
    let rate_limits = rate_limits.unwrap_or(&api.key_policy.default_rate_limits);
    hold_to_owner(&owner, &api, allowed_cidrs, rate_limits)?;
    let expires_at = api.key_policy.end_of_new(request.expires_on, change.now());
    hold_end(&api.key_policy, change.now(), expires_at)?;
    let rows = scopes::list_scopes(change, &api.id).await?;
    let numbers = read_scopes(&rows, request.scope_ids.as_deref().unwrap_or_default(), "scope_ids")?;
    hold_to_plan(change, &owner, &api.id, (&rows, &numbers)).await?;
    let bound = read_bound(change, caller, request.bound_api_ids.as_deref()).await?;
    if owner == Owner::Environment {
        if !credits.is_kept() {
            return Err(environment_has_none("credits"));
        }
        caller.require_may_give(&management_scopes(&rows, &numbers)?, bound.as_deref())?;
    } else if bound.is_some() {
        return Err(Refusal::field("bound_api_ids", "is for environment keys alone"));
    }

    hold_number(change, &api, &owner).await?;

    let id = app.make(ApiKeyId::generate);
    let secret = app.make(|fill, _| KeySecret::generate(&api.key_prefix, api.key_class, fill));
    let new = NewKey {
        id: &id,
        api_id: &api.id,
        owner: &owner,
        name: &request.name,
        scopes: &numbers,
        allowed_cidrs,
        rate_limits,
        metadata: request.metadata.as_ref(),
        bound_api_ids: bound.as_deref(),
        expires_at,
        is_enabled: request.enabled.unwrap_or(true),
    };
    credits.store(change, id.as_str()).await?;
    keys::insert_key(change, &new, &sealed(app, &id, &api.id, &owner, &secret)?).await?;
    let event = credits.tell(tell(&new, &secret), None);
    let event = if is_new { tell_owner(event, request, &owner) } else { event };
    Ok((Issued { id, secret, is_repeated: false }, event))
}

/// What people typed of a key is its owner's; where there is none, it is the key's own.
fn tell(new: &NewKey<'_>, secret: &KeySecret) -> NewEvent {
    let subject = if new.owner.id().is_empty() { new.id.as_str() } else { new.owner.id() };
    let ranges = Some(new.allowed_cidrs).filter(|ranges| !ranges.is_empty());
    let limits = Some(new.rate_limits).filter(|limits| !limits.is_empty());
    NewEvent::new("key.created", new.id)
        .in_organization(new.owner.org_code().cloned())
        .value("api_id", (), new.api_id)
        .value("type", (), new.owner.key_type())
        .value("owner_id", (), new.owner.id())
        .value("scopes", (), new.scopes)
        .value("bound_api_ids", (), new.bound_api_ids)
        .value("is_enabled", (), new.is_enabled)
        .value("rate_limits", (), limits)
        .value("expires_on", (), new.expires_at)
        .value("selector", (), secret.selector().as_str())
        .personal_of(subject, "name", (), new.name)
        .personal_of(subject, "metadata", (), new.metadata)
        .personal_of(subject, "allowed_cidrs", (), ranges)
}

/// That the owner was made with the key, and by what the platform knows it.
fn tell_owner(event: NewEvent, request: &CreateKeyRequest, owner: &Owner) -> NewEvent {
    let external_id = if owner.user_id().is_some() { &request.user_external_id } else { &request.org_external_id };
    event.fact("owner_created", true).personal_of(owner.id(), "owner_external_id", (), external_id)
}

/// The members that need nothing but themselves to be judged; answers the address ranges.
fn read_members(request: &CreateKeyRequest) -> Result<Vec<IpNet>, Refusal> {
    bounds::text(&request.name, MAX_NAME_CHARS).in_field("name")?;
    hold_metadata(request.metadata.as_ref())?;
    read_cidrs(request.allowed_cidrs.as_deref().unwrap_or_default())
}

/// Holds a request against the kind of owner: environment keys are for the management API, and for nothing else.
fn hold_to_owner(
    owner: &Owner,
    api: &ApiRow,
    allowed_cidrs: &[IpNet],
    rate_limits: &[RateLimit],
) -> Result<(), Refusal> {
    let is_environment = *owner == Owner::Environment;
    if api.is_management_api != is_environment {
        return Err(Refusal::field("type", "must be `environment` for the management API, and for no other"));
    }
    if is_environment { hold_environment(allowed_cidrs, rate_limits) } else { Ok(()) }
}
