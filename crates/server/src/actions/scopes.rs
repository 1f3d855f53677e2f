//! Scopes: the permissions of an API.

use keyward_core::bounds::{self, MAX_DESCRIPTION_CHARS};
use keyward_core::{ApiId, ScopeId, ScopeKey, ScopeNumbers};
use keyward_store::apis::ApiRow;
use keyward_store::scopes::NewScope;
pub use keyward_store::scopes::ScopeRow;
use keyward_store::{NewEvent, Tx, scopes};
use keyward_wire::ErrorCode;
use keyward_wire::scopes::{CreateScopeRequest, UpdateScopeRequest};

use crate::actions::Changed;
use crate::actions::apis::find_api;
use crate::actions::callers::begin;
use crate::app::App;
use crate::caller::Caller;
use crate::refusal::{InField, Refusal};

/// Adds a scope to an API.
pub async fn create_scope(
    app: &App,
    caller: &Caller,
    api_id: &str,
    request: CreateScopeRequest,
) -> Result<Changed<ScopeId>, Refusal> {
    let key = ScopeKey::parse(&request.key).in_field("key")?;
    let description = read_description(request.description.as_deref())?;
    let mut change = begin(app, caller).await?;
    let api = find_api(&mut change, caller, api_id).await?.ok_or_else(|| Refusal::new(ErrorCode::ApiNotFound))?;
    if api.is_management_api {
        return Err(Refusal::new(ErrorCode::ManagementApi));
    }
    if scopes::list_scopes(&mut change, &api.id).await?.iter().any(|scope| scope.key == key) {
        return Err(Refusal::about(ErrorCode::ScopeTaken, "key", "is that of another scope of this API"));
    }
    let id = app.make(ScopeId::generate);
    let new = NewScope { id: &id, api_id: &api.id, key: &key, description };
    scopes::insert_scope(&mut change, &new).await?;
    let event = NewEvent::new("scope.created", &id).fact("api_id", &api.id).value("key", (), &key).personal(
        "description",
        (),
        description,
    );
    let revision = app.commit(change, event).await?;
    Ok(Changed { made: id, revision })
}

/// Describes a scope anew. An absent description stays as it is.
pub async fn update_scope(
    app: &App,
    caller: &Caller,
    (api_id, scope_id): (&str, &str),
    request: UpdateScopeRequest,
) -> Result<Changed<()>, Refusal> {
    let given = request.description.as_ref().map(|text| read_description(text.as_deref())).transpose()?;
    let mut change = begin(app, caller).await?;
    let (api, scope) = find_changeable(&mut change, caller, api_id, scope_id).await?;
    let description = given.unwrap_or(scope.description.as_deref());
    if scope.description.as_deref() == description {
        let revision = change.revision_before();
        return Ok(Changed { made: (), revision: app.leave(change, revision).await });
    }
    scopes::update_scope(&mut change, &scope, description).await?;
    let event = NewEvent::new("scope.updated", &scope.id).fact("api_id", &api.id).fact("key", &scope.key).personal(
        "description",
        &scope.description,
        description,
    );
    let revision = app.commit(change, event).await?;
    Ok(Changed { made: (), revision })
}

/// Deletes a scope: it leaves every key and every application at once, and nothing gains another in its place.
pub async fn delete_scope(
    app: &App,
    caller: &Caller,
    (api_id, scope_id): (&str, &str),
) -> Result<Changed<()>, Refusal> {
    let mut change = begin(app, caller).await?;
    let (api, scope) = find_changeable(&mut change, caller, api_id, scope_id).await?;
    scopes::delete_scope(&mut change, &scope).await?;
    let event = NewEvent::new("scope.deleted", &scope.id)
        .fact("api_id", &api.id)
        .value("key", &scope.key, ())
        .personal("description", &scope.description, ());
    let revision = app.commit(change, event).await?;
    Ok(Changed { made: (), revision })
}

/// A scope by ids that a caller sent, if its API's scopes may be changed: those of the management API are Keyward's.
async fn find_changeable(
    tx: &mut Tx,
    caller: &Caller,
    api_id: &str,
    scope_id: &str,
) -> Result<(ApiRow, ScopeRow), Refusal> {
    let api = find_api(tx, caller, api_id).await?.ok_or_else(|| Refusal::new(ErrorCode::ApiNotFound))?;
    let scope = find_scope(tx, &api.id, scope_id).await?;
    if api.is_management_api { Err(Refusal::new(ErrorCode::ManagementApi)) } else { Ok((api, scope)) }
}

/// Reads a description; an empty one is none.
pub(super) fn read_description(text: Option<&str>) -> Result<Option<&str>, Refusal> {
    let text = text.filter(|text| !text.is_empty());
    if let Some(text) = text {
        bounds::text(text, MAX_DESCRIPTION_CHARS).in_field("description")?;
    }
    Ok(text)
}

/// The scopes of an API, by key.
pub async fn list_scopes(app: &App, caller: &Caller, api_id: &str) -> Result<Vec<ScopeRow>, Refusal> {
    let mut tx = app.read().await?;
    let api = find_api(&mut tx, caller, api_id).await?.ok_or_else(|| Refusal::new(ErrorCode::ApiNotFound))?;
    Ok(scopes::list_scopes(&mut tx, &api.id).await?)
}

/// One scope of an API.
pub async fn get_scope(app: &App, caller: &Caller, api_id: &str, scope_id: &str) -> Result<ScopeRow, Refusal> {
    let mut tx = app.read().await?;
    let api = find_api(&mut tx, caller, api_id).await?.ok_or_else(|| Refusal::new(ErrorCode::ApiNotFound))?;
    find_scope(&mut tx, &api.id, scope_id).await
}

/// A scope by an id that a caller sent.
pub(super) async fn find_scope(tx: &mut Tx, api_id: &ApiId, id: &str) -> Result<ScopeRow, Refusal> {
    let found = match ScopeId::parse(id) {
        Some(id) => scopes::find_scope(tx, api_id, &id).await?,
        None => None,
    };
    found.ok_or_else(|| Refusal::new(ErrorCode::ScopeNotFound))
}

/// Reads a list of scopes of an API, each by id or by key.
pub(super) fn read_scopes(rows: &[ScopeRow], given: &[String], field: &str) -> Result<ScopeNumbers, Refusal> {
    if given.len() > keyward_core::bounds::MAX_SCOPES {
        return Err(Refusal::field(field, "must have at most 100 entries"));
    }
    let number = |(at, text): (usize, &String)| {
        let row = rows.iter().find(|row| row.id.as_str() == text || row.key.as_str() == text);
        let rule = "is neither the id nor the key of a scope of this API";
        row.map(|row| row.number)
            .ok_or_else(|| Refusal::about(ErrorCode::ScopeUnknown, &format!("{field}[{at}]"), rule))
    };
    given.iter().enumerate().map(number).collect()
}
