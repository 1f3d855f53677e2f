//! Refusals of the OAuth endpoints, in the shape of RFC 6749 section 5.2.

use axum::response::{IntoResponse, Response};
use http::header::{PRAGMA, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use keyward_wire::oauth::{OAuthErrorBody, OAuthErrorCode};

use crate::front::rate_limit::write_limits;
use crate::front::{Answer, Cause, Told};
use crate::oauth_refusal::OAuthRefusal;
use crate::refusal::Refusal;

/// What the paths of these endpoints begin with.
const PATHS: &str = "/oauth2/";

/// A refusal that no door made, in the shape that its path speaks.
pub(crate) fn refuse(path: &str, refusal: Refusal) -> Response {
    if path.starts_with(PATHS) { refuse_oauth(refusal.into(), false) } else { refusal.into_response() }
}

/// A refusal of these endpoints; `used_header` if the client tried one.
pub(crate) fn refuse_oauth(refusal: OAuthRefusal, used_header: bool) -> Response {
    let status = StatusCode::from_u16(refusal.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let told = Told::of_token(refusal.code, refusal.application);
    let error_body = OAuthErrorBody { error: refusal.code.as_str().to_owned(), error_description: refusal.description };
    let mut response = Answer(status, error_body).into_response();
    response.extensions_mut().insert(told);
    let headers = response.headers_mut();
    headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
    if let Some(challenge) = challenge(refusal.code, used_header) {
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
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

/// RFC 6749 section 5.2, RFC 6750 section 3.
fn challenge(code: OAuthErrorCode, used_header: bool) -> Option<&'static str> {
    match code {
        OAuthErrorCode::InvalidToken => Some(r#"Bearer error="invalid_token""#),
        OAuthErrorCode::InsufficientScope => Some(r#"Bearer error="insufficient_scope", scope="verify:api_keys""#),
        OAuthErrorCode::InvalidClient if used_header => Some(r#"Basic realm="keyward", charset="UTF-8""#),
        _ => None,
    }
}
