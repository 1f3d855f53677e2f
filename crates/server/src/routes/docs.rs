//! The OpenAPI document for people: Swagger UI, with every file of its own and nothing from elsewhere. Beside it, what
//! each error code means.

use std::sync::Arc;

use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use http::{HeaderName, HeaderValue, StatusCode};
use keyward_wire::ErrorCode;
use utoipa_swagger_ui::{Config, SwaggerFile};

use crate::app::App;
use crate::front::Path;
use crate::refusal::Refusal;

/// Scripts and styles of our own and none in the page; the style sheet draws its icons from `data:`.
const CSP: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
                   base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// What each error code means, as it stands in the repository.
const ERRORS: &str = include_str!("../../../../docs/errors.md");

pub(super) fn routes() -> Router<App> {
    // Addresses are relative, so that the page works below a path too. The bar on top would fetch what its user names,
    // and the validator would send the document to somebody else.
    let config = Arc::new(Config::from("../openapi.json").use_base_layout().validator_url("none"));
    let page = Arc::clone(&config);
    Router::new()
        .route("/docs", get(|| async { (StatusCode::TEMPORARY_REDIRECT, [(LOCATION, "docs/")]) }))
        .route("/docs/", get(move || async move { show_file("index.html", page) }))
        .route("/docs/errors/{code}", get(|Path(code): Path<String>| async move { show_code(&code) }))
        .route("/docs/{*file}", get(move |Path(file): Path<String>| async move { show_file(&file, config) }))
}

fn show_file(name: &str, config: Arc<Config<'static>>) -> Result<Response, Refusal> {
    let file = utoipa_swagger_ui::serve(name, config)
        .map_err(|error| Refusal::caused_by(ErrorCode::Internal, error.to_string()))?;
    let Some(SwaggerFile { bytes, content_type, .. }) = file else {
        return Err(Refusal::new(ErrorCode::RouteNotFound));
    };
    let content_type =
        HeaderValue::from_str(&content_type).map_err(|error| Refusal::caused_by(ErrorCode::Internal, error))?;
    Ok((headers(content_type), bytes).into_response())
}

/// The section of an error code: text, as its author wrote it.
fn show_code(code: &str) -> Result<Response, Refusal> {
    let section = section(code).ok_or_else(|| Refusal::new(ErrorCode::RouteNotFound))?;
    Ok((headers(HeaderValue::from_static("text/plain; charset=utf-8")), section).into_response())
}

/// From the heading to the next one.
fn section(code: &str) -> Option<&'static str> {
    let begin = ERRORS.find(&format!("### `{code}`\n"))?;
    let rest = ERRORS.get(begin..)?;
    rest.get(..rest.find("\n#").map_or(rest.len(), |end| end + 1))
}

fn headers(content_type: HeaderValue) -> [(HeaderName, HeaderValue); 6] {
    [
        (CONTENT_TYPE, content_type),
        (CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600")),
        (CONTENT_SECURITY_POLICY, HeaderValue::from_static(CSP)),
        (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    ]
}
