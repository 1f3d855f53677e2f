//! Keys, changed in place: the secret stays.

use ipnet::IpNet;
use keyward_core::bounds::{self, MAX_NAME_CHARS};
use keyward_core::{ApiScope, Owner, RateLimit, Timestamp};
use keyward_store::keys::{self, KeyRow};
use keyward_store::{Change, NewEvent, apis, scopes};
use keyward_wire::ErrorCode;
use keyward_wire::keys::UpdateKeyRequest;

use super::members::{environment_has_none, hold_end, hold_environment, hold_expiry, hold_metadata, read_cidrs};
use super::{find_key, hold_number, management_scopes};
use crate::actions::Changed;
use crate::actions::callers::begin;
use crate::actions::credits::{Next, read_credits};
use crate::actions::limits::read_limits;
use crate::actions::plans::hold_to_plan;
use crate::actions::scopes::read_scopes;
use crate::app::App;
use crate::caller::Caller;
use crate::refusal::{InField, Refusal};

/// Changes what a request names of a key. What changes nothing answers the revision that the key has.
pub async fn update_key(
    app: &App,
    caller: &Caller,
    id: &str,
    request: UpdateKeyRequest,
) -> Result<Changed<()>, Refusal> {
    let allowed_cidrs = read_members(&request)?;
    let limits = request.rate_limits.as_ref().map(|given| read_limits(caller, given.as_deref().unwrap_or_default()));
    let limits = limits.transpose()?;
    let credits = request.credits.as_ref().map(|given| read_credits(caller, given.as_ref())).transpose()?;
    let mut change = begin(app, caller).await?;
    let before = find_key(&mut change, caller, id).await?;
    if before.state().is_revoked {
        return Err(Refusal::new(ErrorCode::KeyRevoked));
    }
    let after = apply(&mut change, &before, request, (allowed_cidrs, limits)).await?;
    hold_to_rights(caller, &mut change, &before, &after).await?;
    let next = Next::of(before.credits.as_ref(), credits)?;
    if before.owner() == Owner::Environment && !next.is_kept() {
        return Err(environment_has_none("credits"));
    }
    let event = next.tell(tell(&before, &after), before.credits.as_ref());
    if event.is_unchanged() && next.is_kept() {
        return Ok(Changed { made: (), revision: app.leave(change, before.revision).await });
    }
    next.store(&mut change, after.id.as_str()).await?;
    keys::update_key(&mut change, &after).await?;
    let revision = app.commit(change, event).await?;
    Ok(Changed { made: (), revision })
}

/// The members that need nothing but themselves to be judged; answers the address ranges, none if they stay.
fn read_members(request: &UpdateKeyRequest) -> Result<Option<Vec<IpNet>>, Refusal> {
    if let Some(name) = &request.name {
        bounds::text(name, MAX_NAME_CHARS).in_field("name")?;
    }
    hold_metadata(request.metadata.as_ref().and_then(Option::as_ref))?;
    let cidrs = request.allowed_cidrs.as_ref();
    cidrs.map(|given| read_cidrs(given.as_deref().unwrap_or_default())).transpose()
}

/// The key as it is to be.
async fn apply(
    change: &mut Change,
    before: &KeyRow,
    request: UpdateKeyRequest,
    (allowed_cidrs, rate_limits): (Option<Vec<IpNet>>, Option<Vec<RateLimit>>),
) -> Result<KeyRow, Refusal> {
    let mut after = before.clone();
    if let Some(name) = request.name {
        after.name = name;
    }
    if let Some(given) = &request.scope_ids {
        let rows = scopes::list_scopes(change, &before.api_id).await?;
        after.scopes = read_scopes(&rows, given.as_deref().unwrap_or_default(), "scope_ids")?;
        let added = after.scopes.iter().filter(|number| !before.scopes.contains(*number)).collect();
        hold_to_plan(change, &before.owner(), &before.api_id, (&rows, &added)).await?;
    }
    if let Some(is_enabled) = request.enabled {
        after.is_enabled = is_enabled;
    }
    if let Some(expires_on) = request.expires_on {
        hold_expiry(expires_on, change.now())?;
        after.expires_at = expires_on;
        hold_to_policy(change, before, &after).await?;
    }
    after.allowed_cidrs = allowed_cidrs.unwrap_or(after.allowed_cidrs);
    after.rate_limits = rate_limits.unwrap_or(after.rate_limits);
    if before.owner() == Owner::Environment {
        hold_environment(&after.allowed_cidrs, &after.rate_limits)?;
    }
    if let Some(metadata) = request.metadata {
        after.metadata = metadata;
    }
    Ok(after)
}

/// Holds a key that is to end at another time to what its API asks. One that had expired is one more of its owner's.
async fn hold_to_policy(change: &mut Change, before: &KeyRow, after: &KeyRow) -> Result<(), Refusal> {
    let api = apis::find_api(change, &ApiScope::All, &before.api_id).await?;
    // A key whose API was deleted is revoked.
    let api = api.ok_or_else(|| Refusal::new(ErrorCode::KeyRevoked))?;
    hold_end(&api.key_policy, before.created_at, after.expires_at)?;
    if before.expires_at.is_some_and(|end| end <= change.now()) {
        hold_number(change, &api, &before.owner()).await?;
    }
    Ok(())
}

/// Whoever gives a credential of the platform more than it has, or sets it free again, needs all that it may do.
async fn hold_to_rights(caller: &Caller, change: &mut Change, before: &KeyRow, after: &KeyRow) -> Result<(), Refusal> {
    let ends = |row: &KeyRow| row.expires_at.map_or(i64::MAX, Timestamp::as_micros);
    let is_set_free = (after.is_enabled && !before.is_enabled) || ends(after) > ends(before);
    if before.owner() != Owner::Environment || !(is_set_free || after.scopes != before.scopes) {
        return Ok(());
    }
    let rows = scopes::list_scopes(change, &before.api_id).await?;
    caller.require_may_give(&management_scopes(&rows, &after.scopes)?, after.bound_api_ids.as_deref())
}

/// What people typed of a key is its owner's; where there is none, it is the key's own.
fn tell(before: &KeyRow, after: &KeyRow) -> NewEvent {
    let owner = before.owner();
    let subject = if owner.id().is_empty() { before.id.as_str() } else { owner.id() };
    NewEvent::new("key.updated", &before.id)
        .in_organization(before.org_code.clone())
        .value("scopes", &before.scopes, &after.scopes)
        .value("is_enabled", before.is_enabled, after.is_enabled)
        .value("rate_limits", &before.rate_limits, &after.rate_limits)
        .value("expires_on", before.expires_at, after.expires_at)
        .personal_of(subject, "name", &before.name, &after.name)
        .personal_of(subject, "metadata", &before.metadata, &after.metadata)
        .personal_of(subject, "allowed_cidrs", &before.allowed_cidrs, &after.allowed_cidrs)
}
