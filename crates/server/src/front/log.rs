//! One line in the log for each request, a deadline, and an answer even where a handler panicked.

use std::time::Duration;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue};
use keyward_core::ids::hex;
use keyward_wire::ErrorCode;

use crate::app::App;
use crate::front::Cause;
use crate::refusal::Refusal;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Gives a request its id and its deadline, and tells the log how it ended. The route is logged and never the path or
/// the query, which may hold what people pasted into them.
pub(crate) async fn log_requests(State(app): State<App>, request: Request, next: Next) -> Response {
    let id = app.make(|fill, _| {
        let mut bytes = [0; 8];
        fill(&mut bytes);
        hex(&bytes)
    });
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str).to_owned();
    let begun = app.now();

    let deadline = Duration::from_secs(app.settings.plain.request_timeout_seconds);
    // A task of its own, so that a panic in a handler ends in an answer, and a client that goes away does not end a
    // change half-way between its commit and its audit line.
    let mut handler = tokio::spawn(next.run(request));
    let mut response = match tokio::time::timeout(deadline, &mut handler).await {
        Ok(Ok(response)) => response,
        Ok(Err(_)) => Refusal::caused_by(ErrorCode::Internal, "a handler panicked").into_response(),
        Err(_) => {
            handler.abort();
            Refusal::caused_by(ErrorCode::Unavailable, "the request took too long").into_response()
        }
    };

    let (status, micros) = (response.status(), app.now().as_micros() - begun.as_micros());
    match response.extensions().get::<Cause>() {
        Some(Cause(cause)) => {
            tracing::error!(request_id = id, %method, route, status = status.as_u16(), micros, cause = &**cause, "failed");
        }
        None => tracing::info!(request_id = id, %method, route, status = status.as_u16(), micros, "answered"),
    }
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}
