//! Scopes: `/api/v1/apis/{api_id}/scopes`.

use axum::extract::State;
use keyward_wire::scopes::{
    CreateScopeRequest, CreatedScope, Scope, ScopeDetail, ScopeList, ScopeRef, UpdateScopeRequest,
};
use keyward_wire::{Done, Envelope, ErrorBody};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::actions::scopes::{self, ScopeRow};
use crate::app::App;
use crate::auth::{Platform, PlatformOrOrganization, scope};
use crate::front::{Answer, Body, NoParams, Path};
use crate::refusal::Refusal;
use crate::routes::failures::Failures;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_scopes, create_scope)).routes(routes!(
        get_scope,
        update_scope,
        delete_scope
    ))
}

/// Lists the scopes of an API, by key.
#[utoipa::path(
    get, path = "/api/v1/apis/{api_id}/scopes", tag = "scopes", params(("api_id" = String, Path)),
    responses((status = 200, body = Envelope<ScopeList>), (status = 404, body = ErrorBody), Failures)
)]
async fn list_scopes(
    State(app): State<App>,
    caller: PlatformOrOrganization<scope::ReadApiScopes>,
    _: NoParams,
    Path(api_id): Path<String>,
) -> Result<Answer<Envelope<ScopeList>>, Refusal> {
    let scopes = scopes::list_scopes(&app, &caller, &api_id).await?.into_iter().map(wire_scope).collect();
    Ok(Answer::ok(Envelope::read(ScopeList { scopes })))
}

/// Adds a scope to an API.
#[utoipa::path(
    post, path = "/api/v1/apis/{api_id}/scopes", tag = "scopes", params(("api_id" = String, Path)),
    request_body = CreateScopeRequest,
    responses((status = 200, body = Envelope<CreatedScope>), (status = 404, body = ErrorBody), Failures)
)]
async fn create_scope(
    State(app): State<App>,
    caller: Platform<scope::CreateApiScopes>,
    _: NoParams,
    Path(api_id): Path<String>,
    Body(request): Body<CreateScopeRequest>,
) -> Result<Answer<Envelope<CreatedScope>>, Refusal> {
    let created = scopes::create_scope(&app, &caller, &api_id, request).await?;
    let body = CreatedScope { scope: ScopeRef { id: created.made } };
    Ok(Answer::ok(Envelope::changed("OK", "Success", created.revision, body)))
}

/// Reads a scope of an API.
#[utoipa::path(
    get, path = "/api/v1/apis/{api_id}/scopes/{scope_id}", tag = "scopes",
    params(("api_id" = String, Path), ("scope_id" = String, Path)),
    responses((status = 200, body = Envelope<ScopeDetail>), (status = 404, body = ErrorBody), Failures)
)]
async fn get_scope(
    State(app): State<App>,
    caller: PlatformOrOrganization<scope::ReadApiScopes>,
    _: NoParams,
    Path((api_id, scope_id)): Path<(String, String)>,
) -> Result<Answer<Envelope<ScopeDetail>>, Refusal> {
    let scope = wire_scope(scopes::get_scope(&app, &caller, &api_id, &scope_id).await?);
    Ok(Answer::ok(Envelope::read(ScopeDetail { scope })))
}

/// Describes a scope anew.
#[utoipa::path(
    patch, path = "/api/v1/apis/{api_id}/scopes/{scope_id}", tag = "scopes",
    params(("api_id" = String, Path), ("scope_id" = String, Path)), request_body = UpdateScopeRequest,
    responses((status = 200, body = Envelope<Done>), (status = 404, body = ErrorBody), Failures)
)]
async fn update_scope(
    State(app): State<App>,
    caller: Platform<scope::UpdateApiScopes>,
    _: NoParams,
    Path((api_id, scope_id)): Path<(String, String)>,
    Body(request): Body<UpdateScopeRequest>,
) -> Result<Answer<Envelope<Done>>, Refusal> {
    let updated = scopes::update_scope(&app, &caller, (&api_id, &scope_id), request).await?;
    Ok(Answer::ok(Envelope::changed("OK", "Success", updated.revision, Done {})))
}

/// Deletes a scope. It leaves every key and every application at once.
#[utoipa::path(
    delete, path = "/api/v1/apis/{api_id}/scopes/{scope_id}", tag = "scopes",
    params(("api_id" = String, Path), ("scope_id" = String, Path)),
    responses((status = 200, body = Envelope<Done>), (status = 404, body = ErrorBody), Failures)
)]
async fn delete_scope(
    State(app): State<App>,
    caller: Platform<scope::DeleteApiScopes>,
    _: NoParams,
    Path((api_id, scope_id)): Path<(String, String)>,
) -> Result<Answer<Envelope<Done>>, Refusal> {
    let deleted = scopes::delete_scope(&app, &caller, (&api_id, &scope_id)).await?;
    Ok(Answer::ok(Envelope::changed("OK", "Success", deleted.revision, Done {})))
}

fn wire_scope(row: ScopeRow) -> Scope {
    Scope { id: row.id, key: row.key.to_string(), description: row.description }
}
