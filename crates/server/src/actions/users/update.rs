//! Users, changed and deleted.

use keyward_core::bounds::{self, MAX_EXTERNAL_ID_CHARS, MAX_NAME_CHARS};
use keyward_store::users::{self, UserColumn, UserRow};
use keyward_store::{Change, NewEvent};
use keyward_wire::ErrorCode;
use keyward_wire::users::UpdateUserRequest;

use super::require_user;
use crate::actions::Changed;
use crate::actions::audit::erase_rest;
use crate::actions::callers::begin;
use crate::actions::credits::read_credits;
use crate::actions::limits::read_given_limits;
use crate::actions::plans::{Terms, next_credits};
use crate::app::App;
use crate::caller::Caller;
use crate::refusal::{InField, Refusal};

/// Names a user anew, suspends or resumes one. Absent members stay as they are.
pub async fn update_user(
    app: &App,
    caller: &Caller,
    id: &str,
    request: UpdateUserRequest,
) -> Result<Changed<UserRow>, Refusal> {
    for (given, max, field) in [
        (&request.given_name, MAX_NAME_CHARS, "given_name"),
        (&request.family_name, MAX_NAME_CHARS, "family_name"),
        (&request.provided_id, MAX_EXTERNAL_ID_CHARS, "provided_id"),
    ] {
        if let Some(Some(text)) = given {
            bounds::text(text, max).in_field(field)?;
        }
    }
    let limits = read_given_limits(caller, request.rate_limits.as_ref())?;
    let credits = request.credits.map(|given| read_credits(caller, given.as_ref())).transpose()?;
    let mut change = begin(app, caller).await?;
    let before = require_user(&mut change, id).await?;
    let mut after = before.clone();
    after.given_name = request.given_name.unwrap_or(after.given_name);
    after.family_name = request.family_name.unwrap_or(after.family_name);
    after.external_id = request.provided_id.unwrap_or(after.external_id);
    after.suspended_at = match request.is_suspended {
        Some(true) => after.suspended_at.or(Some(change.now())),
        Some(false) => None,
        None => after.suspended_at,
    };
    let terms = Terms { plan_id: after.plan_id, rate_limits: after.rate_limits };
    let plan_id = request.plan_id.as_ref().map(Option::as_deref);
    Terms { plan_id: after.plan_id, rate_limits: after.rate_limits } = terms.with(&mut change, plan_id, limits).await?;
    let plans = (before.plan_id.as_ref(), after.plan_id.as_ref());
    let next = next_credits(&mut change, plans, before.credits.as_ref(), credits).await?;
    let action = match (before.suspended_at, after.suspended_at) {
        (None, Some(_)) => "user.suspended",
        (Some(_), None) => "user.resumed",
        _ => "user.updated",
    };
    let event = NewEvent::new(action, &after.id)
        .value("is_suspended", before.suspended_at.is_some(), after.suspended_at.is_some())
        .value("plan_id", &before.plan_id, &after.plan_id)
        .value("rate_limits", &before.rate_limits, &after.rate_limits)
        .personal("given_name", &before.given_name, &after.given_name)
        .personal("family_name", &before.family_name, &after.family_name)
        .personal("provided_id", &before.external_id, &after.external_id);
    let event = next.tell(event, before.credits.as_ref());
    if event.is_unchanged() && next.is_kept() {
        return Ok(Changed { made: after, revision: app.leave(change, before.revision).await });
    }
    if before.external_id != after.external_id {
        require_free(&mut change, after.external_id.as_deref()).await?;
    }
    next.store(&mut change, after.id.as_str()).await?;
    users::update_user(&mut change, &after).await?;
    let revision = app.commit(change, event).await?;
    Ok(Changed { made: after, revision })
}

/// Deletes a user: the user's keys answer that they are revoked, and what named the user is free. With the profile, names
/// and identities are erased, here and in the audit log.
pub async fn delete_user(app: &App, caller: &Caller, id: &str, with_profile: bool) -> Result<Changed<()>, Refusal> {
    let mut change = begin(app, caller).await?;
    let user = require_user(&mut change, id).await?;
    users::delete_user(&mut change, &user, with_profile).await?;
    let mut event = NewEvent::new("user.deleted", &user.id).fact("with_profile", with_profile);
    if with_profile {
        event = event.erasing(&user.id);
    }
    let revision = app.commit(change, event).await?;
    if with_profile {
        erase_rest(app, user.id.as_str(), revision).await?;
    }
    Ok(Changed { made: (), revision })
}

async fn require_free(change: &mut Change, external_id: Option<&str>) -> Result<(), Refusal> {
    let Some(external_id) = external_id else { return Ok(()) };
    match users::find_user_by(change, UserColumn::ExternalId, external_id).await? {
        None => Ok(()),
        Some(_) => Err(Refusal::about(ErrorCode::ExternalIdTaken, "provided_id", "is that of another user")),
    }
}
