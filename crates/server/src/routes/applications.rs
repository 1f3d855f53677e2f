//! Applications: `/api/v1/applications`.

use axum::extract::State;
use keyward_wire::applications::{
    Application, ApplicationCredentials, ApplicationDetail, ApplicationList, ApplicationSecret, ApplicationType,
    CreateApplicationRequest, CreatedApplication, ListApplicationsQuery, ListedApplication,
    RotateApplicationSecretRequest, UpdateApplicationRequest, UpdateApplicationTokensRequest,
};
use keyward_wire::{Done, Envelope, ErrorBody};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::actions::Changed;
use crate::actions::applications::{self, Credentials};
use crate::app::App;
use crate::auth::{Platform, scope};
use crate::front::{Answer, Body, NoParams, Params, Path, Repeat, RepeatHeader, Repeated, repeated};
use crate::refusal::Refusal;
use crate::routes::failures::Failures;

/// An answer with a secret, and whether it was given before.
type CredentialsAnswer = (Repeated, Answer<Envelope<CreatedApplication>>);

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_applications, create_application))
        .routes(routes!(get_application, update_application, delete_application))
        .routes(routes!(update_application_tokens))
        .routes(routes!(rotate_application_secret))
        .routes(routes!(delete_application_secret))
}

/// Lists applications, a page at a time.
#[utoipa::path(
    get, path = "/api/v1/applications", tag = "applications", params(ListApplicationsQuery),
    responses((status = 200, body = Envelope<ApplicationList>), Failures)
)]
async fn list_applications(
    State(app): State<App>,
    _: Platform<scope::ReadApplications>,
    Params(query): Params<ListApplicationsQuery>,
) -> Result<Answer<Envelope<ApplicationList>>, Refusal> {
    let page = applications::list_applications(&app, &query).await?;
    let applications = page.rows.into_iter().map(|row| ListedApplication {
        id: row.client_id,
        name: row.name,
        r#type: ApplicationType::M2m,
        org_code: row.org_code.map(|code| code.to_string()),
        is_enabled: row.disabled_at.is_none(),
    });
    let body = ApplicationList { applications: applications.collect(), next_token: page.next_token };
    Ok(Answer::ok(Envelope::read(body)))
}

/// Creates an application. Its secret is shown this once; to the same request under the same `Idempotency-Key` for 24
/// hours.
#[utoipa::path(
    post, path = "/api/v1/applications", tag = "applications", request_body = CreateApplicationRequest,
    params(RepeatHeader),
    responses((status = 201, body = Envelope<CreatedApplication>), (status = 422, body = ErrorBody), Failures)
)]
async fn create_application(
    State(app): State<App>,
    caller: Platform<scope::CreateApplications>,
    _: NoParams,
    Repeat(repeat): Repeat,
    Body(request): Body<CreateApplicationRequest>,
) -> Result<CredentialsAnswer, Refusal> {
    let created = applications::create_application(&app, &caller, request, repeat.as_ref()).await?;
    Ok(answer_credentials("APPLICATION_CREATED", "Application created", created))
}

/// Reads an application.
#[utoipa::path(
    get, path = "/api/v1/applications/{application_id}", tag = "applications",
    params(("application_id" = String, Path)),
    responses((status = 200, body = Envelope<ApplicationDetail>), (status = 404, body = ErrorBody), Failures)
)]
async fn get_application(
    State(app): State<App>,
    _: Platform<scope::ReadApplications>,
    _: NoParams,
    Path(application_id): Path<String>,
) -> Result<Answer<Envelope<ApplicationDetail>>, Refusal> {
    let (row, secrets) = applications::get_application(&app, &application_id).await?;
    let secrets = secrets.into_iter().map(|secret| ApplicationSecret {
        number: secret.number,
        created_on: secret.created_at,
        expires_on: secret.expires_at,
    });
    let application = Application {
        id: row.client_id.clone(),
        name: row.name,
        r#type: ApplicationType::M2m,
        client_id: row.client_id,
        org_code: row.org_code.map(|code| code.to_string()),
        bound_api_ids: row.bound_api_ids,
        is_enabled: row.disabled_at.is_none(),
        access_token_lifetime: row.token_lifetime,
        secrets: secrets.collect(),
    };
    Ok(Answer::ok(Envelope::read(ApplicationDetail { application })))
}

/// Deletes an application. It gets no more tokens, and those that it has are worth nothing from then on.
#[utoipa::path(
    delete, path = "/api/v1/applications/{application_id}", tag = "applications",
    params(("application_id" = String, Path)),
    responses((status = 200, body = Envelope<Done>), (status = 404, body = ErrorBody), Failures)
)]
async fn delete_application(
    State(app): State<App>,
    caller: Platform<scope::DeleteApplications>,
    _: NoParams,
    Path(application_id): Path<String>,
) -> Result<Answer<Envelope<Done>>, Refusal> {
    let deleted = applications::delete_application(&app, &caller, &application_id).await?;
    Ok(Answer::ok(Envelope::changed("OK", "Success", deleted.revision, Done {})))
}

/// Changes an application. Disabled, it gets no tokens, and those that it has are refused.
#[utoipa::path(
    patch, path = "/api/v1/applications/{application_id}", tag = "applications",
    params(("application_id" = String, Path)), request_body = UpdateApplicationRequest,
    responses((status = 200, body = Envelope<Done>), (status = 404, body = ErrorBody), Failures)
)]
async fn update_application(
    State(app): State<App>,
    caller: Platform<scope::UpdateApplications>,
    _: NoParams,
    Path(application_id): Path<String>,
    Body(request): Body<UpdateApplicationRequest>,
) -> Result<Answer<Envelope<Done>>, Refusal> {
    let updated = applications::update_application(&app, &caller, &application_id, request).await?;
    Ok(Answer::ok(Envelope::changed("OK", "Success", updated.revision, Done {})))
}

/// Sets how long the tokens of an application live.
#[utoipa::path(
    patch, path = "/api/v1/applications/{application_id}/tokens", tag = "applications",
    params(("application_id" = String, Path)), request_body = UpdateApplicationTokensRequest,
    responses((status = 200, body = Envelope<Done>), (status = 404, body = ErrorBody), Failures)
)]
async fn update_application_tokens(
    State(app): State<App>,
    caller: Platform<scope::UpdateApplicationTokens>,
    _: NoParams,
    Path(application_id): Path<String>,
    Body(request): Body<UpdateApplicationTokensRequest>,
) -> Result<Answer<Envelope<Done>>, Refusal> {
    let updated = applications::update_application_tokens(&app, &caller, &application_id, &request).await?;
    Ok(Answer::ok(Envelope::changed("OK", "Success", updated.revision, Done {})))
}

/// Addition. Gives an application a new secret, which is shown this once. The one before goes on for the grace that is
/// asked for.
#[utoipa::path(
    post, path = "/api/v1/applications/{application_id}/secrets", tag = "applications",
    params(("application_id" = String, Path), RepeatHeader),
    request_body = RotateApplicationSecretRequest,
    responses(
        (status = 201, body = Envelope<CreatedApplication>), (status = 404, body = ErrorBody),
        (status = 422, body = ErrorBody), Failures
    )
)]
async fn rotate_application_secret(
    State(app): State<App>,
    caller: Platform<scope::UpdateApplications>,
    _: NoParams,
    Path(application_id): Path<String>,
    Repeat(repeat): Repeat,
    Body(request): Body<RotateApplicationSecretRequest>,
) -> Result<CredentialsAnswer, Refusal> {
    let rotated =
        applications::rotate_application_secret(&app, &caller, &application_id, &request, repeat.as_ref()).await?;
    Ok(answer_credentials("APPLICATION_SECRET_ROTATED", "Application secret rotated", rotated))
}

/// Addition. Ends an old secret of an application at once. The newest one stays.
#[utoipa::path(
    delete, path = "/api/v1/applications/{application_id}/secrets/{number}", tag = "applications",
    params(("application_id" = String, Path), ("number" = String, Path)),
    responses((status = 200, body = Envelope<Done>), (status = 404, body = ErrorBody), Failures)
)]
async fn delete_application_secret(
    State(app): State<App>,
    caller: Platform<scope::UpdateApplications>,
    _: NoParams,
    Path((application_id, number)): Path<(String, String)>,
) -> Result<Answer<Envelope<Done>>, Refusal> {
    let ended = applications::delete_application_secret(&app, &caller, &application_id, &number).await?;
    Ok(Answer::ok(Envelope::changed("OK", "Success", ended.revision, Done {})))
}

fn answer_credentials(code: &'static str, message: &'static str, changed: Changed<Credentials>) -> CredentialsAnswer {
    let Credentials { client_id, client_secret, is_repeated } = changed.made;
    let body =
        CreatedApplication { application: ApplicationCredentials { id: client_id.clone(), client_id, client_secret } };
    (repeated(is_repeated), Answer::created(Envelope::changed(code, message, changed.revision, body)))
}
