//! Grants: for which APIs an application may ask for tokens, and with which scopes.

use keyward_core::{ApiId, ClientId, ManagementScope, ScopeNumbers};
use keyward_store::{Change, NewEvent, applications, grants};
use keyward_wire::ErrorCode;
use keyward_wire::grants::{ApiApplication, ApiApplicationOperation};

use crate::actions::Changed;
use crate::actions::apis::find_api;
use crate::actions::applications::find_application;
use crate::actions::callers::begin;
use crate::actions::listed::require_each_once;
use crate::actions::scopes::find_scope;
use crate::app::App;
use crate::caller::Caller;
use crate::refusal::Refusal;

/// Which applications gained and lost an API.
#[derive(Debug, Default)]
pub struct Authorized {
    /// Those that gained it.
    pub connected: Vec<ClientId>,
    /// Those that lost it.
    pub disconnected: Vec<ClientId>,
}

/// Authorises applications for an API, or takes that away: all in one change.
pub async fn update_api_applications(
    app: &App,
    caller: &Caller,
    api_id: &str,
    listed: &[ApiApplication],
) -> Result<Changed<Authorized>, Refusal> {
    require_each_once("applications", listed.iter().map(|application| application.id.as_str()))?;
    let mut change = begin(app, caller).await?;
    let api = find_api(&mut change, caller, api_id).await?.ok_or_else(|| Refusal::new(ErrorCode::ApiNotFound))?;
    let mut done = Authorized::default();
    let mut event = NewEvent::new("api.applications_updated", &api.id);
    for (at, application) in listed.iter().enumerate() {
        event = update_one(&mut change, &api.id, (at, application), &mut done, event).await?;
    }
    if done.connected.is_empty() && done.disconnected.is_empty() {
        let revision = change.revision_before();
        return Ok(Changed { made: done, revision: app.leave(change, revision).await });
    }
    let event = event.fact("connected", &done.connected).fact("disconnected", &done.disconnected);
    let revision = app.commit(change, event).await?;
    Ok(Changed { made: done, revision })
}

async fn update_one(
    change: &mut Change,
    api_id: &ApiId,
    (at, listed): (usize, &ApiApplication),
    done: &mut Authorized,
    event: NewEvent,
) -> Result<NewEvent, Refusal> {
    let field = format!("applications[{at}].id");
    let unknown = || Refusal::about(ErrorCode::ApplicationUnknown, &field, "is not the id of an application");
    let id = ClientId::parse(&listed.id).ok_or_else(unknown)?;
    let application = applications::find_application(change, &id).await?.ok_or_else(unknown)?;
    match (listed.operation, grants::find_grant(change, &id, api_id).await?) {
        (Some(ApiApplicationOperation::Delete), Some(grant)) => {
            grants::end_grant(change, &id, api_id).await?;
            done.disconnected.push(application.client_id);
            Ok(event.value(id.as_str(), grant.scopes, ()))
        }
        (None, None) => {
            grants::put_grant(change, &id, api_id, &ScopeNumbers::default()).await?;
            done.connected.push(application.client_id);
            Ok(event.value(id.as_str(), (), ScopeNumbers::default()))
        }
        _ => Ok(event),
    }
}

/// A scope of an application, as its address names it.
#[derive(Clone, Copy, Debug)]
pub struct ApplicationScope<'a> {
    /// The API.
    pub api_id: &'a str,
    /// The application.
    pub application_id: &'a str,
    /// The scope.
    pub scope_id: &'a str,
}

/// Gives an application a scope of an API that it is authorised for.
pub async fn add_application_scope(
    app: &App,
    caller: &Caller,
    named: &ApplicationScope<'_>,
) -> Result<Changed<()>, Refusal> {
    set_application_scope(app, caller, named, true).await
}

/// Takes a scope of an API from an application.
pub async fn remove_application_scope(
    app: &App,
    caller: &Caller,
    named: &ApplicationScope<'_>,
) -> Result<Changed<()>, Refusal> {
    set_application_scope(app, caller, named, false).await
}

async fn set_application_scope(
    app: &App,
    caller: &Caller,
    named: &ApplicationScope<'_>,
    is_given: bool,
) -> Result<Changed<()>, Refusal> {
    let ApplicationScope { api_id, application_id, scope_id } = *named;
    let mut change = begin(app, caller).await?;
    let api = find_api(&mut change, caller, api_id).await?.ok_or_else(|| Refusal::new(ErrorCode::ApiNotFound))?;
    let application = find_application(&mut change, application_id).await?;
    let scope = find_scope(&mut change, &api.id, scope_id).await?;
    let grant = grants::find_grant(&mut change, &application.client_id, &api.id).await?;
    let grant = grant.ok_or_else(|| Refusal::new(ErrorCode::NotAuthorized))?;
    if is_given && api.is_management_api {
        // A scope that this version does not know cannot be given.
        let unknown = || Refusal::new(ErrorCode::RightsExceeded);
        let own = ManagementScope::parse(scope.key.as_str()).ok_or_else(unknown)?;
        caller.require_may_give(&[own], application.bound_api_ids.as_deref())?;
    }
    let scopes = if is_given { grant.scopes.with(scope.number) } else { grant.scopes.without(scope.number) };
    if scopes == grant.scopes {
        let revision = change.revision_before();
        return Ok(Changed { made: (), revision: app.leave(change, revision).await });
    }
    grants::put_grant(&mut change, &application.client_id, &api.id, &scopes).await?;
    let action = if is_given { "application.scope_added" } else { "application.scope_removed" };
    let event = NewEvent::new(action, &application.client_id)
        .in_organization(application.org_code)
        .fact("api_id", &api.id)
        .fact("scope", &scope.key)
        .value("scopes", &grant.scopes, &scopes);
    let revision = app.commit(change, event).await?;
    Ok(Changed { made: (), revision })
}
