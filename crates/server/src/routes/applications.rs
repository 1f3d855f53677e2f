//! Applications: `/api/v1/applications`.

use axum::extract::State;
use keyward_wire::applications::{
    Application, ApplicationCredentials, ApplicationDetail, ApplicationType, CreateApplicationRequest,
    CreatedApplication,
};
use keyward_wire::{Done, Envelope, ErrorBody};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::actions::applications;
use crate::app::App;
use crate::auth::{Platform, scope};
use crate::front::{Answer, Body, Path};
use crate::refusal::Refusal;
use crate::routes::failures::Failures;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(create_application)).routes(routes!(get_application, delete_application))
}

/// Creates an application. Its secret is shown this once.
#[utoipa::path(
    post, path = "/api/v1/applications", tag = "applications", request_body = CreateApplicationRequest,
    responses((status = 201, body = Envelope<CreatedApplication>), Failures)
)]
async fn create_application(
    State(app): State<App>,
    caller: Platform<scope::CreateApplications>,
    Body(request): Body<CreateApplicationRequest>,
) -> Result<Answer<Envelope<CreatedApplication>>, Refusal> {
    let created = applications::create_application(&app, &caller, request).await?;
    let application = ApplicationCredentials {
        id: created.made.client_id.clone(),
        client_id: created.made.client_id,
        client_secret: created.made.client_secret,
    };
    let body = CreatedApplication { application };
    let (code, message) = ("APPLICATION_CREATED", "Application created");
    Ok(Answer::created(Envelope::changed(code, message, created.revision, body)))
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
    Path(application_id): Path<String>,
) -> Result<Answer<Envelope<ApplicationDetail>>, Refusal> {
    let row = applications::get_application(&app, &application_id).await?;
    let application = Application {
        id: row.client_id.clone(),
        name: row.name,
        r#type: ApplicationType::M2m,
        client_id: row.client_id,
        org_code: row.org_code.map(|code| code.to_string()),
        bound_api_ids: row.bound_api_ids,
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
    Path(application_id): Path<String>,
) -> Result<Answer<Envelope<Done>>, Refusal> {
    let deleted = applications::delete_application(&app, &caller, &application_id).await?;
    Ok(Answer::ok(Envelope::changed("OK", "Success", deleted.revision, Done {})))
}
