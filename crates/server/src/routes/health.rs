//! Health, for whoever restarts and routes.

use axum::extract::State;
use http::StatusCode;
use keyward_wire::ErrorBody;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::actions::health;
use crate::app::App;
use crate::refusal::Refusal;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(get_health)).routes(routes!(get_readiness))
}

/// Whether the process answers at all.
#[utoipa::path(get, path = "/healthz", tag = "health", security(()), responses((status = 204)))]
async fn get_health() -> StatusCode {
    StatusCode::NO_CONTENT
}

/// Whether this node can do its work: the store answers.
#[utoipa::path(
    get, path = "/readyz", tag = "health", security(()),
    responses((status = 204), (status = 503, body = ErrorBody, description = "The store does not answer"))
)]
async fn get_readiness(State(app): State<App>) -> Result<StatusCode, Refusal> {
    health::check_ready(&app).await?;
    Ok(StatusCode::NO_CONTENT)
}
