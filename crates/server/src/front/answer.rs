//! Answers of the management API: what was done, or why not.

use std::error::Error;
use std::fmt::Write;
use std::sync::Arc;

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use keyward_wire::{ErrorBody, ErrorCode};
use serde::Serialize;

use crate::front::Told;
use crate::front::rate_limit::write_limits;
use crate::refusal::Refusal;

/// An answer with its status. It is not to be stored: it may hold a secret, and it may be wrong a moment later.
#[derive(Clone, Copy, Debug)]
pub struct Answer<T>(pub StatusCode, pub T);

impl<T> Answer<T> {
    /// 200.
    pub const fn ok(body: T) -> Self {
        Self(StatusCode::OK, body)
    }

    /// 201.
    pub const fn created(body: T) -> Self {
        Self(StatusCode::CREATED, body)
    }
}

impl<T: Serialize> IntoResponse for Answer<T> {
    fn into_response(self) -> Response {
        let mut response = (self.0, Json(self.1)).into_response();
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}

/// The true cause of an answer, for the log alone.
#[derive(Clone, Debug)]
pub(crate) struct Cause(pub(crate) Arc<str>);

impl Cause {
    /// An error with all that it was caused by.
    pub(crate) fn of(error: &(dyn Error + 'static)) -> Self {
        let mut text = error.to_string();
        let mut next = error.source();
        while let Some(source) = next {
            // Writing to a String cannot fail.
            let _ = write!(text, ": {source}");
            next = source.source();
        }
        Self(text.into())
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = Answer(status, ErrorBody::new(self.code, self.message)).into_response();
        // RFC 6750 section 3.1: no error code where there was no credential.
        let challenge = match (self.code, self.scope) {
            (ErrorCode::TokenMissing, _) => Some("Bearer".to_owned()),
            (ErrorCode::TokenDuplicate, _) => Some(r#"Bearer error="invalid_request""#.to_owned()),
            (ErrorCode::TokenInvalid, _) => Some(r#"Bearer error="invalid_token""#.to_owned()),
            (_, Some(scope)) => Some(format!(r#"Bearer error="insufficient_scope", scope="{}""#, scope.key())),
            _ => None,
        };
        if let Some(value) = challenge.and_then(|text| HeaderValue::from_str(&text).ok()) {
            response.headers_mut().insert(WWW_AUTHENTICATE, value);
        }
        if status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        if let Some(throttled) = &self.throttled {
            write_limits(response.headers_mut(), throttled);
        }
        response.extensions_mut().insert(Told::of(self.code));
        if let Some(cause) = self.cause {
            response.extensions_mut().insert(Cause::of(&*cause));
        }
        response
    }
}
