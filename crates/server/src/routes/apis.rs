//! APIs: `/api/v1/apis`.

use axum::extract::State;
use keyward_wire::apis::{
    Api, ApiDetail, ApiList, ApiRef, ApiScope, ApiWithApplications, AuthorizedApplication, CreateApiRequest,
    CreatedApi, PreviewKeyPolicyRequest, UpdateApiRequest, UpdatedApi,
};
use keyward_wire::previews::PreviewedKeys;
use keyward_wire::{Done, Envelope, ErrorBody};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::actions::apis::{self, ApiWithScopes};
use crate::app::App;
use crate::auth::{Platform, PlatformOrOrganization, scope};
use crate::front::{Answer, Body, NoParams, Params, Path};
use crate::refusal::Refusal;
use crate::routes::bulk::show_previewed;
use crate::routes::failures::Failures;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_apis, create_api))
        .routes(routes!(get_api, update_api, delete_api))
        .routes(routes!(preview_key_policy))
}

/// What to tell beside each API.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListApisQuery {
    /// `scopes` adds the scopes of each API.
    #[param(inline)]
    expand: Option<Expand>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
enum Expand {
    Scopes,
}

/// Lists every API, by name.
#[utoipa::path(
    get, path = "/api/v1/apis", tag = "apis", params(ListApisQuery),
    responses((status = 200, body = Envelope<ApiList>), Failures)
)]
async fn list_apis(
    State(app): State<App>,
    caller: PlatformOrOrganization<scope::ReadApis>,
    Params(query): Params<ListApisQuery>,
) -> Result<Answer<Envelope<ApiList>>, Refusal> {
    let with_scopes = query.expand == Some(Expand::Scopes);
    let found = apis::list_apis(&app, &caller, with_scopes).await?;
    let apis = found.into_iter().map(|api| wire_api(&app, api, with_scopes)).collect();
    Ok(Answer::ok(Envelope::read(ApiList { next_token: None, apis })))
}

/// Registers an API.
#[utoipa::path(
    post, path = "/api/v1/apis", tag = "apis", request_body = CreateApiRequest,
    responses((status = 200, body = Envelope<CreatedApi>), Failures)
)]
async fn create_api(
    State(app): State<App>,
    caller: Platform<scope::CreateApis>,
    _: NoParams,
    Body(request): Body<CreateApiRequest>,
) -> Result<Answer<Envelope<CreatedApi>>, Refusal> {
    let created = apis::create_api(&app, &caller, request).await?;
    let body = CreatedApi { api: ApiRef { id: created.made } };
    Ok(Answer::ok(Envelope::changed("OK", "Success", created.revision, body)))
}

/// Reads an API with its scopes and the applications that are authorised for it.
#[utoipa::path(
    get, path = "/api/v1/apis/{api_id}", tag = "apis", params(("api_id" = String, Path)),
    responses((status = 200, body = Envelope<ApiDetail>), (status = 404, body = ErrorBody), Failures)
)]
async fn get_api(
    State(app): State<App>,
    caller: PlatformOrOrganization<scope::ReadApis>,
    _: NoParams,
    Path(api_id): Path<String>,
) -> Result<Answer<Envelope<ApiDetail>>, Refusal> {
    let (found, grantees) = apis::get_api(&app, &caller, &api_id).await?;
    let applications = grantees.into_iter().map(|application| AuthorizedApplication {
        id: application.client_id,
        name: application.name,
        r#type: "Machine to machine (M2M)".into(),
        is_active: application.disabled_at.is_none() && application.org_suspended_at.is_none(),
    });
    let api = ApiWithApplications { api: wire_api(&app, found, true), applications: applications.collect() };
    Ok(Answer::ok(Envelope::read(ApiDetail { api })))
}

/// Addition. Changes an API: absent members stay as they are, null clears one, and a value sets it. Where keys that are there
/// end sooner by a key policy, the change needs the token of a preview of it, and `update:api_keys` too.
#[utoipa::path(
    patch, path = "/api/v1/apis/{api_id}", tag = "apis", params(("api_id" = String, Path)),
    request_body = UpdateApiRequest,
    responses(
        (status = 200, body = Envelope<UpdatedApi>), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody),
        Failures
    )
)]
async fn update_api(
    State(app): State<App>,
    caller: Platform<scope::UpdateApis>,
    _: NoParams,
    Path(api_id): Path<String>,
    Body(request): Body<UpdateApiRequest>,
) -> Result<Answer<Envelope<UpdatedApi>>, Refusal> {
    let updated = apis::update_api(&app, &caller, &api_id, &request).await?;
    let body = UpdatedApi { shortened_keys: updated.made };
    Ok(Answer::ok(Envelope::changed("OK", "Success", updated.revision, body)))
}

/// Addition. Tells which keys would end sooner by a key policy, and gives the token to confirm it. Nothing is changed.
#[utoipa::path(
    post, path = "/api/v1/apis/{api_id}/key_policy/preview", tag = "apis", params(("api_id" = String, Path)),
    request_body = PreviewKeyPolicyRequest,
    responses((status = 200, body = Envelope<PreviewedKeys>), (status = 404, body = ErrorBody), Failures)
)]
async fn preview_key_policy(
    State(app): State<App>,
    caller: Platform<scope::UpdateApis>,
    _: NoParams,
    Path(api_id): Path<String>,
    Body(request): Body<PreviewKeyPolicyRequest>,
) -> Result<Answer<Envelope<PreviewedKeys>>, Refusal> {
    let previewed = apis::preview_key_policy(&app, &caller, &api_id, &request).await?;
    Ok(Answer::ok(Envelope::read(show_previewed(&caller, previewed))))
}

/// Deletes an API. Its keys are revoked with it, for good.
#[utoipa::path(
    delete, path = "/api/v1/apis/{api_id}", tag = "apis", params(("api_id" = String, Path)),
    responses((status = 200, body = Envelope<Done>), (status = 404, body = ErrorBody), Failures)
)]
async fn delete_api(
    State(app): State<App>,
    caller: Platform<scope::DeleteApis>,
    _: NoParams,
    Path(api_id): Path<String>,
) -> Result<Answer<Envelope<Done>>, Refusal> {
    let deleted = apis::delete_api(&app, &caller, &api_id).await?;
    Ok(Answer::ok(Envelope::changed("API_DELETED", "API successfully deleted", deleted.revision, Done {})))
}

fn wire_api(app: &App, found: ApiWithScopes, with_scopes: bool) -> Api {
    let scopes = found.scopes.into_iter().map(|scope| ApiScope { id: scope.id, key: scope.key.to_string() });
    Api {
        id: found.api.id,
        name: found.api.name,
        audience: found.api.audience.unwrap_or_else(|| app.issuer.management_audience()),
        is_management_api: found.api.is_management_api,
        key_policy: apis::show_policy(&found.api.key_policy),
        key_prefix: format!("{}_{}", found.api.key_prefix.as_str(), found.api.key_class.as_str()),
        scopes: with_scopes.then(|| scopes.collect()),
    }
}
