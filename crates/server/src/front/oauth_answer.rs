//! Refusals of the OAuth endpoints, in the shape of RFC 6749 section 5.2.

use axum::response::{IntoResponse, Response};
use http::header::{PRAGMA, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use keyward_wire::oauth::OAuthErrorBody;

use crate::actions::tokens::TokenRefusal;
use crate::front::rate_limit::write_limits;
use crate::front::{Answer, Cause, Told};
use crate::refusal::Refusal;

/// What the paths of these endpoints begin with.
const PATHS: &str = "/oauth2/";

/// A refusal that no door made, in the shape that its path speaks.
pub(crate) fn refuse(path: &str, refusal: Refusal) -> Response {
    if path.starts_with(PATHS) { refuse_token(refusal.into(), false) } else { refusal.into_response() }
}

/// A refusal of the token endpoint; `used_basic` if the client tried a header.
pub(crate) fn refuse_token(refusal: TokenRefusal, used_basic: bool) -> Response {
    let status = StatusCode::from_u16(refusal.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let told = Told::of_token(refusal.code, refusal.application);
    let error_body = OAuthErrorBody { error: refusal.code.as_str().to_owned(), error_description: refusal.description };
    let mut response = Answer(status, error_body).into_response();
    response.extensions_mut().insert(told);
    let headers = response.headers_mut();
    headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
    if status == StatusCode::UNAUTHORIZED && used_basic {
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static(r#"Basic realm="keyward", charset="UTF-8""#));
    }
    if status == StatusCode::SERVICE_UNAVAILABLE {
        headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
    }
    let Some(behind) = refusal.cause else { return response };
    if let Some(throttled) = &behind.throttled {
        write_limits(headers, throttled);
    }
    if let Some(cause) = behind.cause {
        response.extensions_mut().insert(Cause::of(&*cause));
    }
    response
}
