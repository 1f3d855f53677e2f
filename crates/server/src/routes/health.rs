//! Health, for whoever restarts and routes.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode};
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

/// Tells of trouble that does not keep the node from verifying.
const WARNING: HeaderName = HeaderName::from_static("keyward-warning");

/// Whether this node can do its work: the store answers. `Keyward-Warning` says when verifications are not counted.
#[utoipa::path(
    get, path = "/readyz", tag = "health", security(()),
    responses((status = 204), (status = 503, body = ErrorBody, description = "The store does not answer"))
)]
async fn get_readiness(State(app): State<App>) -> Result<Response, Refusal> {
    health::check_ready(&app).await?;
    let mut response = StatusCode::NO_CONTENT.into_response();
    if let Some(trouble) = app.counting_trouble() {
        response.headers_mut().insert(WARNING, HeaderValue::from_static(trouble));
    }
    Ok(response)
}
