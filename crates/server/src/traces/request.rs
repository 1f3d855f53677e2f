//! The span of a request, by OpenTelemetry's semantic conventions for HTTP. The path is not in it, though they want it:
//! it has ids, and whatever people pasted into it. Its pattern is.

use std::time::{Duration, SystemTime};

use axum::extract::Request;
use axum::response::Response;
use opentelemetry::trace::{SpanBuilder, SpanKind, Status, TraceContextExt, Tracer};
use opentelemetry::{Context, KeyValue};

use super::parent::parent_of;
use super::wall;
use crate::app::App;
use crate::front::Told;

/// The methods that there are; others are `_OTHER` there, and their spans are named `HTTP`.
const METHODS: [&str; 7] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];

/// The span of a request that is traced.
pub(crate) struct RequestSpan {
    cx: Context,
    begun: SystemTime,
}

impl RequestSpan {
    /// Begins the span of a request; none where nobody traces it. The route is the pattern of the path; empty where there
    /// is none.
    pub(crate) fn begin(app: &App, request: &Request, route: &str) -> Option<Self> {
        let traces = app.traces()?;
        let parent = parent_of(request.headers());
        if parent.as_ref().is_some_and(|parent| !parent.is_sampled()) {
            return None;
        }
        let method = METHODS.into_iter().find(|known| request.method().as_str() == *known);
        let begun = wall(app.now());
        let span = SpanBuilder::from_name(method.unwrap_or("HTTP")).with_kind(SpanKind::Server).with_start_time(begun);
        let parent = parent.map_or_else(Context::new, |parent| Context::new().with_remote_span_context(parent));
        let cx = parent.with_span(traces.tracer.build_with_context(span, &parent));
        let span = cx.span();
        if !span.is_recording() {
            return None;
        }
        let scheme = if app.settings.tls.is_some() { "https" } else { "http" };
        span.set_attribute(KeyValue::new("http.request.method", method.unwrap_or("_OTHER")));
        span.set_attribute(KeyValue::new("url.scheme", scheme));
        if !route.is_empty() {
            span.update_name(format!("{} {route}", method.unwrap_or("HTTP")));
            span.set_attribute(KeyValue::new("http.route", route.to_owned()));
        }
        Some(Self { cx, begun })
    }

    /// What the work for the request is to be done within.
    pub(crate) fn context(&self) -> Context {
        self.cx.clone()
    }

    /// The id of the trace, as the log names it.
    pub(crate) fn trace_id(&self) -> String {
        self.cx.span().span_context().trace_id().to_string()
    }

    /// Ends the span with its answer. A failure is ours: whatever else is refused is no error of this server.
    pub(crate) fn end(self, response: &Response, took: Duration) {
        let (span, status) = (self.cx.span(), response.status());
        span.set_attribute(KeyValue::new("http.response.status_code", i64::from(status.as_u16())));
        if status.is_server_error() {
            let code = response.extensions().get::<Told>().map(|told| told.code.to_owned());
            span.set_attribute(KeyValue::new("error.type", code.unwrap_or_else(|| status.as_str().to_owned())));
            span.set_status(Status::error(""));
        }
        span.end_with_timestamp(self.begun + took);
    }
}
