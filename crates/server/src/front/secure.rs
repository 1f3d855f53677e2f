//! Headers that every answer carries.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::HeaderValue;
use http::header::{CACHE_CONTROL, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS};

use crate::app::App;

/// A year (RFC 6797 section 6.1.1). Of other hosts beside this one nothing is said.
const HSTS: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// Adds what no answer goes without: it is taken for what it says it is, it is not stored unless it says that it may be,
/// and whoever reached us by TLS comes by TLS again. Behind a proxy that does the encryption, the last is the proxy's.
pub(crate) async fn secure_answers(State(app): State<App>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    if app.settings.tls.is_some() {
        headers.insert(STRICT_TRANSPORT_SECURITY, HSTS);
    }
    response
}
