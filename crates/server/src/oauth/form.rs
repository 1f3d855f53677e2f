//! The bodies of the OAuth endpoints: forms, with JSON as another way to write one.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use keyward_wire::oauth::OAuthErrorCode;
use serde::Deserialize;

use crate::front::{body, read_form, read_json, refuse_oauth};
use crate::oauth_refusal::OAuthRefusal;
use crate::refusal::Refusal;

/// A request that cannot be read, or lacks something.
pub(super) fn invalid(description: impl Into<String>) -> OAuthRefusal {
    OAuthRefusal::new(OAuthErrorCode::InvalidRequest, description)
}

/// Parameters without a value are as good as omitted (RFC 6749 section 3.2).
pub(super) fn present(text: &Option<String>) -> Option<&str> {
    text.as_deref().filter(|text| !text.is_empty())
}

/// Reads the body of a request.
pub(super) fn read_request<T: for<'de> Deserialize<'de>>(
    headers: &HeaderMap,
    bytes: Result<Bytes, BytesRejection>,
) -> Result<T, OAuthRefusal> {
    let bytes = bytes.map_err(|rejection| OAuthRefusal::from(body::unreadable(rejection)))?;
    let read = if body::is_content_type(headers, "application/x-www-form-urlencoded") {
        read_form(&bytes)
    } else if body::is_content_type(headers, "application/json") {
        read_json(&bytes)
    } else {
        return Err(invalid("The content type must be application/x-www-form-urlencoded or application/json."));
    };
    read.map_err(|refusal: Refusal| invalid(refusal.message))
}

/// Another method than POST (RFC 6749 section 3.2).
pub(super) async fn refuse_method() -> Response {
    let mut response = refuse_oauth(invalid("The method must be POST."), false);
    *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
    response
}
