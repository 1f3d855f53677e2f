//! APIs, changed: what people call them, and what they ask of their keys.

use keyward_core::bounds::{self, MAX_NAME_CHARS};
use keyward_core::{ApiId, KeyPolicy, ManagementScope, Timestamp};
use keyward_store::apis;
use keyward_store::key_sets::{self, SetKeyRow};
use keyward_store::{Change, NewEvent, Tx};
use keyward_wire::ErrorCode;
use keyward_wire::apis::{PreviewKeyPolicyRequest, UpdateApiRequest};

use super::find_changeable;
use super::policy::read_policy;
use crate::actions::Changed;
use crate::actions::callers::begin;
use crate::actions::previews::{Confirmable, Previewed, READ_AT_ONCE, hold_to_all, tell_keys};
use crate::app::App;
use crate::caller::Caller;
use crate::refusal::{InField, Refusal};

/// The keys of an API that would end sooner by a policy, and what confirms it.
pub async fn preview_key_policy(
    app: &App,
    caller: &Caller,
    id: &str,
    request: &PreviewKeyPolicyRequest,
) -> Result<Previewed, Refusal> {
    let policy = read_policy(Some(&request.key_policy))?;
    let mut tx = app.read().await?;
    let api = find_changeable(&mut tx, caller, id).await?;
    let keys = list_beyond(&mut tx, &api.id, &policy, app.now()).await?;
    confirmable(caller, &api.id, &policy)?.preview(app, keys)
}

/// Names an API anew, and sets what it asks of its keys; answers how many of them end sooner by it. That has to be confirmed.
pub async fn update_api(
    app: &App,
    caller: &Caller,
    id: &str,
    request: &UpdateApiRequest,
) -> Result<Changed<u64>, Refusal> {
    if let Some(name) = &request.name {
        bounds::text(name, MAX_NAME_CHARS).in_field("name")?;
    }
    let policy = request.key_policy.as_ref().map(|given| read_policy(given.as_ref())).transpose()?;
    let mut change = begin(app, caller).await?;
    let before = find_changeable(&mut change, caller, id).await?;
    let mut after = before.clone();
    after.name = request.name.clone().unwrap_or(after.name);
    after.key_policy = policy.unwrap_or(after.key_policy);
    let mut event = NewEvent::new("api.updated", &after.id)
        .value("key_policy", &before.key_policy, &after.key_policy)
        .personal("name", &before.name, &after.name);
    let token = request.confirm.as_deref();
    let keys = hold_to_confirmed(app, caller, &mut change, (&after.id, &after.key_policy), token).await?;
    if event.is_unchanged() && keys.is_empty() {
        return Ok(Changed { made: 0, revision: app.leave(change, before.revision).await });
    }
    if !keys.is_empty() {
        hold_to_all(&keys, key_sets::end_within(&mut change, &after.id, &after.key_policy).await?)?;
        event = tell_keys(event, &keys);
    }
    apis::update_api(&mut change, &after).await?;
    let revision = app.commit(change, event).await?;
    Ok(Changed { made: keys.len() as u64, revision })
}

/// The keys that would end sooner by a policy, if the caller has confirmed that they do.
async fn hold_to_confirmed(
    app: &App,
    caller: &Caller,
    change: &mut Change,
    (api, policy): (&ApiId, &KeyPolicy),
    token: Option<&str>,
) -> Result<Vec<SetKeyRow>, Refusal> {
    let now = change.now();
    let keys = list_beyond(change, api, policy, now).await?;
    if !keys.is_empty() {
        // As for one key alone.
        caller.require(ManagementScope::UpdateApiKeys)?;
    }
    match token {
        Some(token) => confirmable(caller, api, policy)?.require(app, token, &keys, now)?,
        None if keys.is_empty() => {}
        None => return Err(Refusal::new(ErrorCode::ConfirmRequired)),
    }
    Ok(keys)
}

async fn list_beyond(tx: &mut Tx, api: &ApiId, policy: &KeyPolicy, now: Timestamp) -> Result<Vec<SetKeyRow>, Refusal> {
    let keys = key_sets::list_beyond(tx, api, policy, now, READ_AT_ONCE).await?;
    let is_end_known = policy.max_lifetime_seconds.or(policy.default_lifetime_seconds).is_some();
    if keys.is_empty() || is_end_known {
        return Ok(keys);
    }
    let rule = "must be given: there are keys without an end, which would get this one";
    Err(Refusal::field("key_policy.default_lifetime_seconds", rule))
}

fn confirmable(caller: &Caller, api: &ApiId, policy: &KeyPolicy) -> Result<Confirmable, Refusal> {
    Confirmable::new(caller, format!("PATCH /api/v1/apis/{api}"), policy)
}
