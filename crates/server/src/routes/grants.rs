//! Grants: which applications are authorised for an API, `/api/v1/apis/{api_id}/applications`.

use axum::extract::State;
use keyward_wire::grants::{UpdateApiApplicationsRequest, UpdatedApiApplications};
use keyward_wire::{Done, Envelope, ErrorBody};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::actions::grants::{self, ApplicationScope};
use crate::app::App;
use crate::auth::{Platform, scope};
use crate::front::{Answer, Body, NoBody, NoParams, Path};
use crate::refusal::Refusal;
use crate::routes::failures::Failures;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(update_api_applications))
        .routes(routes!(add_application_scope, remove_application_scope))
}

/// Authorises applications for an API, or takes that away.
#[utoipa::path(
    patch, path = "/api/v1/apis/{api_id}/applications", tag = "grants", params(("api_id" = String, Path)),
    request_body = UpdateApiApplicationsRequest,
    responses((status = 200, body = Envelope<UpdatedApiApplications>), (status = 404, body = ErrorBody), Failures)
)]
async fn update_api_applications(
    State(app): State<App>,
    caller: Platform<scope::UpdateApis>,
    _: NoParams,
    Path(api_id): Path<String>,
    Body(request): Body<UpdateApiApplicationsRequest>,
) -> Result<Answer<Envelope<UpdatedApiApplications>>, Refusal> {
    let updated = grants::update_api_applications(&app, &caller, &api_id, &request.applications).await?;
    let body = UpdatedApiApplications {
        applications_disconnected: updated.made.disconnected,
        applications_connected: updated.made.connected,
    };
    let (code, message) = ("API_APPLICATIONS_UPDATED", "API applications updated");
    Ok(Answer::ok(Envelope::changed(code, message, updated.revision, body)))
}

/// Gives an authorised application a scope of the API.
#[utoipa::path(
    post, path = "/api/v1/apis/{api_id}/applications/{application_id}/scopes/{scope_id}", tag = "grants",
    params(("api_id" = String, Path), ("application_id" = String, Path), ("scope_id" = String, Path)),
    responses((status = 200, body = Envelope<Done>), (status = 404, body = ErrorBody), Failures)
)]
async fn add_application_scope(
    State(app): State<App>,
    caller: Platform<scope::CreateApiApplicationScopes>,
    _: NoParams,
    Path((api_id, application_id, scope_id)): Path<(String, String, String)>,
    _: NoBody,
) -> Result<Answer<Envelope<Done>>, Refusal> {
    let named = ApplicationScope { api_id: &api_id, application_id: &application_id, scope_id: &scope_id };
    let changed = grants::add_application_scope(&app, &caller, &named).await?;
    Ok(Answer::ok(Envelope::changed("OK", "Success", changed.revision, Done {})))
}

/// Takes a scope of the API from an application.
#[utoipa::path(
    delete, path = "/api/v1/apis/{api_id}/applications/{application_id}/scopes/{scope_id}", tag = "grants",
    params(("api_id" = String, Path), ("application_id" = String, Path), ("scope_id" = String, Path)),
    responses((status = 200, body = Envelope<Done>), (status = 404, body = ErrorBody), Failures)
)]
async fn remove_application_scope(
    State(app): State<App>,
    caller: Platform<scope::DeleteApiApplicationScopes>,
    _: NoParams,
    Path((api_id, application_id, scope_id)): Path<(String, String, String)>,
) -> Result<Answer<Envelope<Done>>, Refusal> {
    let named = ApplicationScope { api_id: &api_id, application_id: &application_id, scope_id: &scope_id };
    let changed = grants::remove_application_scope(&app, &caller, &named).await?;
    Ok(Answer::ok(Envelope::changed("OK", "Success", changed.revision, Done {})))
}
