//! The page that Prometheus reads, on a listener of its own.

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::StatusCode;
use http::header::CONTENT_TYPE;

use crate::app::App;

/// The text format of OpenMetrics 1.0.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What is served on the listener for metrics: `GET /metrics` and nothing else.
pub fn router(app: &App) -> Router {
    Router::new().route("/metrics", get(read_metrics)).with_state(app.clone())
}

async fn read_metrics(State(app): State<App>) -> Response {
    match app.metrics.page(&app) {
        Ok(text) => ([(CONTENT_TYPE, OPEN_METRICS)], text).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
