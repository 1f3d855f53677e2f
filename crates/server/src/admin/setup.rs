//! The setup link of an empty store: shows a button, and behind it the first credentials, once.
//!
//! The link is spent by the POST alone, since mail scanners and previews open links.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, HOST, ORIGIN, REFERRER_POLICY, X_FRAME_OPTIONS};
use http::{HeaderMap, HeaderValue, StatusCode};
use keyward_wire::ErrorCode;

use crate::actions::first_run::{FirstCredentials, create_first_application};
use crate::app::App;
use crate::auth::CalledFrom;
use crate::caller::Caller;
use crate::front::Path;
use crate::refusal::Refusal;

/// What the page shows.
#[derive(Template)]
#[template(path = "setup.html")]
enum Page<'a> {
    /// The form goes to the page's own address, which holds the code, so the page does not.
    Open,
    Done {
        credentials: &'a FirstCredentials,
    },
    Closed,
}

pub(super) fn routes() -> Router<App> {
    Router::new().route("/setup/{code}", get(show_setup).post(run_setup))
}

async fn show_setup(State(app): State<App>, Path(code): Path<String>) -> Result<Response, Refusal> {
    if app.first_run.is_open(&code, app.now()) {
        render(StatusCode::OK, &Page::Open)
    } else {
        render(StatusCode::NOT_FOUND, &Page::Closed)
    }
}

async fn run_setup(
    State(app): State<App>,
    CalledFrom(origin): CalledFrom,
    Path(code): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    if !is_same_origin(&headers) {
        return Err(Refusal::with(ErrorCode::RightsExceeded, "The form was sent from another site."));
    }
    if !app.first_run.is_open(&code, app.now()) {
        return render(StatusCode::NOT_FOUND, &Page::Closed);
    }
    // Closed when it has done its work: of two who press at once the store refuses one, and a failure costs nothing.
    let credentials = create_first_application(&app, &Caller::setup().from(origin)).await?;
    app.first_run.close_link();
    render(StatusCode::OK, &Page::Done { credentials: &credentials })
}

/// A browser says where a form was sent from; something else than a browser says nothing and holds the code.
fn is_same_origin(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    match (text(ORIGIN), text(HOST)) {
        (None, _) => true,
        (Some(origin), Some(host)) => origin.split_once("://").is_some_and(|(_, authority)| authority == host),
        (Some(_), None) => false,
    }
}

fn render(status: StatusCode, page: &Page<'_>) -> Result<Response, Refusal> {
    let html = page.render().map_err(|error| Refusal::caused_by(ErrorCode::Internal, error))?;
    let csp = "default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";
    let headers = [
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (CONTENT_SECURITY_POLICY, HeaderValue::from_static(csp)),
        (REFERRER_POLICY, HeaderValue::from_static("same-origin")),
        (X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    ];
    Ok((status, headers, Html(html)).into_response())
}
