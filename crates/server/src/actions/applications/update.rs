//! Applications, changed: name, rights, tokens, secrets.

use std::time::Duration;

use keyward_core::bounds::{self, MAX_GRACE_SECONDS, MAX_NAME_CHARS};
use keyward_core::{IdempotencyKey, PlainSecret};
use keyward_store::applications::{self, ApplicationRow};
use keyward_store::{Change, NewEvent};
use keyward_wire::ErrorCode;
use keyward_wire::applications::{
    RotateApplicationSecretRequest, UpdateApplicationRequest, UpdateApplicationTokensRequest,
};

use super::{Credentials, find_application};
use crate::actions::Changed;
use crate::actions::apis::read_bound;
use crate::actions::callers::{begin, granted_scopes};
use crate::actions::kept_answers::Repetition;
use crate::app::App;
use crate::caller::Caller;
use crate::refusal::{InField, Refusal};

/// Seconds that a token lives at least.
const MIN_TOKEN_SECONDS: u32 = 60;
/// Seconds that a token lives at most: a week. A signing key that is retired is kept for as long.
pub const MAX_TOKEN_SECONDS: u32 = 604_800;

/// Names an application anew, disables or enables it, binds it to APIs. Absent members stay as they are.
pub async fn update_application(
    app: &App,
    caller: &Caller,
    id: &str,
    request: UpdateApplicationRequest,
) -> Result<Changed<()>, Refusal> {
    if let Some(name) = &request.name {
        bounds::text(name, MAX_NAME_CHARS).in_field("name")?;
    }
    let mut change = begin(app, caller).await?;
    let before = find_application(&mut change, id).await?;
    let mut after = before.clone();
    if let Some(name) = request.name {
        after.name = name;
    }
    if let Some(bound) = &request.bound_api_ids {
        after.bound_api_ids = read_bound(&mut change, caller, bound.as_deref()).await?;
    }
    match request.is_enabled {
        Some(true) => after.disabled_at = None,
        Some(false) => after.disabled_at = after.disabled_at.or(Some(change.now())),
        None => {}
    }
    let is_enabled_anew = before.disabled_at.is_some() && after.disabled_at.is_none();
    if is_enabled_anew || before.bound_api_ids != after.bound_api_ids {
        require_may_have(&mut change, caller, &after).await?;
    }
    let event = event("application.updated", &after)
        .value("is_enabled", before.disabled_at.is_none(), after.disabled_at.is_none())
        .value("bound_api_ids", &before.bound_api_ids, &after.bound_api_ids)
        .personal("name", &before.name, &after.name);
    if event.is_unchanged() {
        return Ok(Changed { made: (), revision: app.leave(change, before.revision).await });
    }
    applications::update_application(&mut change, &after).await?;
    let revision = app.commit(change, event).await?;
    Ok(Changed { made: (), revision })
}

/// Sets how long the tokens live that an application gets from then on.
pub async fn update_application_tokens(
    app: &App,
    caller: &Caller,
    id: &str,
    request: &UpdateApplicationTokensRequest,
) -> Result<Changed<()>, Refusal> {
    let lifetime = request.access_token_lifetime;
    if lifetime.is_some_and(|seconds| !(MIN_TOKEN_SECONDS..=MAX_TOKEN_SECONDS).contains(&seconds)) {
        return Err(Refusal::field("access_token_lifetime", "must be 60 to 604800"));
    }
    let mut change = begin(app, caller).await?;
    let mut application = find_application(&mut change, id).await?;
    let Some(seconds) = lifetime.filter(|seconds| *seconds != application.token_lifetime) else {
        return Ok(Changed { made: (), revision: app.leave(change, application.revision).await });
    };
    let event = event("application.tokens_updated", &application);
    let event = event.value("access_token_lifetime", application.token_lifetime, seconds);
    application.token_lifetime = seconds;
    applications::update_application(&mut change, &application).await?;
    let revision = app.commit(change, event).await?;
    Ok(Changed { made: (), revision })
}

/// Gives an application a new secret. The one before goes on for the grace that is asked for, and any older one ends.
/// Repeated under the same `Idempotency-Key`, it answers the same secret.
pub async fn rotate_application_secret(
    app: &App,
    caller: &Caller,
    id: &str,
    request: &RotateApplicationSecretRequest,
    repeat: Option<&IdempotencyKey>,
) -> Result<Changed<Credentials>, Refusal> {
    let grace = request.grace_seconds.unwrap_or(0);
    if grace > MAX_GRACE_SECONDS {
        return Err(Refusal::field("grace_seconds", "must be 0 to 2592000"));
    }
    let repetition = Repetition::new(caller, format!("POST /api/v1/applications/{id}/secrets"), repeat, request)?;
    let mut change = begin(app, caller).await?;
    let application = find_application(&mut change, id).await?;
    require_may_have(&mut change, caller, &application).await?;
    if let Some(repetition) = &repetition
        && let Some((made, revision)) = repetition.recall(app, &mut change).await?
    {
        return Ok(Changed { made, revision: app.leave(change, revision).await });
    }
    let client_secret = app.make(|fill, _| PlainSecret::generate(fill));
    let version = app.keyring.version();
    let mac = app.keyring.client_mac(version, &application.client_id, &client_secret);
    let mac = mac.ok_or_else(|| Refusal::new(ErrorCode::Internal))?;
    let ends_at = change.now().after(Duration::from_secs(grace.into()));
    let number = applications::replace_application_secret(&mut change, &application, (&mac, version), ends_at).await?;
    let event = event("application.secret_rotated", &application);
    let event = event.fact("grace_seconds", grace).value("number", (), number);
    let made = Credentials { client_id: application.client_id.clone(), client_secret, is_repeated: false };
    if let Some(repetition) = &repetition {
        repetition.keep(app, &mut change, &made).await?;
    }
    let revision = app.commit(change, event).await?;
    Ok(Changed { made, revision })
}

/// Ends an old secret of an application before its time.
pub async fn delete_application_secret(
    app: &App,
    caller: &Caller,
    id: &str,
    number: &str,
) -> Result<Changed<()>, Refusal> {
    let unknown = || Refusal::new(ErrorCode::SecretNotFound);
    let mut change = begin(app, caller).await?;
    let application = find_application(&mut change, id).await?;
    let number: u32 = number.parse().map_err(|_| unknown())?;
    let now = change.now();
    let valid = applications::list_application_secrets(&mut change, &application.client_id, now).await?;
    let secret = valid.iter().find(|secret| secret.number == number).ok_or_else(unknown)?;
    if secret.expires_at.is_none() {
        return Err(Refusal::new(ErrorCode::LastSecret));
    }
    applications::end_application_secret(&mut change, &application, number).await?;
    let event = event("application.secret_ended", &application).value("number", number, ());
    let revision = app.commit(change, event).await?;
    Ok(Changed { made: (), revision })
}

/// Whoever hands out an application's secret, or sets it free, could act as it: so it needs all that the application may
/// do with Keyward itself.
async fn require_may_have(change: &mut Change, caller: &Caller, application: &ApplicationRow) -> Result<(), Refusal> {
    let scopes: Vec<_> = granted_scopes(change, &application.client_id).await?.into_iter().collect();
    caller.require_may_give(&scopes, application.bound_api_ids.as_deref())
}

fn event(action: &'static str, application: &ApplicationRow) -> NewEvent {
    NewEvent::new(action, &application.client_id).in_organization(application.org_code.clone())
}
