//! One line in the log for each request, a deadline, and an answer even where a handler panicked.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::header::LINK;
use http::{HeaderName, HeaderValue};
use keyward_core::ids::random_hex;
use keyward_wire::ErrorCode;
use opentelemetry::trace::FutureExt;
use tokio::time::Instant;

use crate::app::App;
use crate::front::noted::Noticed;
use crate::front::{Cause, Told, refuse};
use crate::refusal::Refusal;
use crate::traces::RequestSpan;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The id of a request, as the log names it.
#[derive(Clone, Debug)]
pub(crate) struct RequestId(pub(crate) Arc<str>);

/// Gives a request its id and its deadline, and tells the log how it ended. The route is logged and never the path or
/// the query, which may hold what people pasted into them.
///
/// All of it is a task of its own: a request whose client has gone away still has its deadline and its line.
pub(crate) async fn log_requests(State(app): State<App>, request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let watched = tokio::spawn(watch(app, request, next));
    watched.await.unwrap_or_else(|error| refuse(&path, Refusal::caused_by(ErrorCode::Internal, error)))
}

async fn watch(app: App, mut request: Request, next: Next) -> Response {
    let id: Arc<str> = app.make(|fill, _| random_hex::<8>(fill)).into();
    let noticed = Noticed::of(&mut request);
    request.extensions_mut().insert(RequestId(id.clone()));
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let route = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str).to_owned();
    let begun = Instant::now();
    let span = RequestSpan::begin(&app, &request, &route);

    let deadline = Duration::from_secs(app.settings.plain.request_timeout_seconds);
    // A task within the task, so that a handler that panics ends in an answer.
    let mut handler = match &span {
        Some(span) => tokio::spawn(next.run(request).with_context(span.context())),
        None => tokio::spawn(next.run(request)),
    };
    let mut response = match tokio::time::timeout(deadline, &mut handler).await {
        Ok(Ok(response)) => response,
        Ok(Err(error)) => refuse(&path, Refusal::caused_by(ErrorCode::Internal, error)),
        Err(late) => {
            handler.abort();
            refuse(&path, Refusal::caused_by(ErrorCode::Unavailable, late))
        }
    };

    noticed.note(&app, &response);
    let status = response.status().as_u16();
    let took = begun.elapsed();
    app.metrics.count_request(&method, &route, status, took);
    let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
    let trace_id = span.as_ref().map(RequestSpan::trace_id);
    let trace_id = trace_id.as_deref();
    match response.extensions().get::<Cause>() {
        Some(Cause(cause)) => {
            tracing::error!(request_id = &*id, trace_id, %method, route, status, micros, cause = &**cause, "failed")
        }
        None => tracing::info!(request_id = &*id, trace_id, %method, route, status, micros, "answered"),
    }
    if let Some(span) = span {
        span.end(&response, took);
    }
    // Where an error is explained (RFC 8288); Kinde's shape has no place for it.
    if let Some(Told { code, .. }) = response.extensions().get()
        && let Ok(value) = HeaderValue::from_str(&format!("<{}/docs/errors/{code}>; rel=\"help\"", app.issuer.as_str()))
    {
        response.headers_mut().insert(LINK, value);
    }
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}
