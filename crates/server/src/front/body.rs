//! Extractors for what a caller sends: a JSON body, a query string, a path.

use std::error::Error;
use std::iter;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, FromRequestParts, Request};
use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{HeaderMap, StatusCode};
use keyward_wire::ErrorCode;
use serde::Deserialize;

use crate::front::admission::Overloaded;
use crate::front::arriving::Late;
use crate::front::misfit::Misfit;
use crate::front::node::{Malformed, Node};
use crate::front::reader::read;
use crate::refusal::Refusal;

/// A JSON body. An absent one is as good as `{}`.
pub(crate) struct Body<T>(pub(crate) T);

/// No body, or `{}`, of a request that says all by its address: what stands in one is not overlooked.
pub(crate) struct NoBody;

/// What a body or a query string without members is read as.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

/// A query string.
pub(crate) struct Params<T>(pub(crate) T);

/// No query string: a parameter that means nothing here is not overlooked.
pub(crate) struct NoParams;

/// What stands in the path for the names in a route.
pub(crate) struct Path<T>(pub(crate) T);

impl<S: Send + Sync, T: for<'de> Deserialize<'de>> FromRequest<S> for Body<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        let is_json = is_content_type(request.headers(), "application/json");
        let bytes = Bytes::from_request(request, state).await.map_err(unreadable)?;
        if bytes.is_empty() {
            return read_json(b"{}").map(Self);
        }
        if !is_json {
            return Err(Refusal::with(ErrorCode::ContentTypeUnsupported, "The content type must be application/json."));
        }
        read_json(&bytes).map(Self)
    }
}

impl<S: Send + Sync> FromRequest<S> for NoBody {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        Body::<Nothing>::from_request(request, state).await.map(|_| Self)
    }
}

impl<S: Send + Sync, T: for<'de> Deserialize<'de>> FromRequestParts<S> for Params<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        let query = parts.uri.query().unwrap_or_default();
        read(&Node::from_form(query.as_bytes())?, true).map(Self).map_err(Refusal::from)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for NoParams {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        Params::<Nothing>::from_request_parts(parts, state).await.map(|_| Self)
    }
}

impl<S: Send + Sync, T: for<'de> Deserialize<'de> + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let read = axum::extract::Path::from_request_parts(parts, state).await;
        let not_text = |_| Refusal::with(ErrorCode::FieldInvalid, "The path is not UTF-8, percent-encoded.");
        read.map(|axum::extract::Path(named)| Self(named)).map_err(not_text)
    }
}

impl From<Malformed> for Refusal {
    fn from(Malformed(sentence): Malformed) -> Self {
        Self::with(ErrorCode::BodyMalformed, sentence)
    }
}

impl From<Misfit> for Refusal {
    fn from(misfit: Misfit) -> Self {
        if misfit.field.is_empty() {
            return Self::with(ErrorCode::BodyMalformed, format!("The body {}.", misfit.rule));
        }
        Self::about(misfit.code, &misfit.field, &misfit.rule)
    }
}

/// Reads JSON into a type.
pub(crate) fn read_json<T: for<'de> Deserialize<'de>>(bytes: &[u8]) -> Result<T, Refusal> {
    read(&Node::from_json(bytes)?, false).map_err(Refusal::from)
}

/// Reads a form into a type.
pub(crate) fn read_form<T: for<'de> Deserialize<'de>>(bytes: &[u8]) -> Result<T, Refusal> {
    read(&Node::from_form(bytes)?, true).map_err(Refusal::from)
}

/// Whether the content type is this one, whatever its parameters (RFC 9110 section 8.3.1).
pub(crate) fn is_content_type(headers: &HeaderMap, wanted: &str) -> bool {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().is_some_and(|essence| essence.trim().eq_ignore_ascii_case(wanted))
}

/// Whether an error of this kind is behind this one.
fn caused_by<E: Error + 'static>(error: &(dyn Error + 'static)) -> bool {
    iter::successors(Some(error), |error| Error::source(*error)).any(|error| error.is::<E>())
}

/// A body that is too large, or that never came whole.
pub(crate) fn unreadable(rejection: BytesRejection) -> Refusal {
    if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
        Refusal::new(ErrorCode::BodyTooLarge)
    } else if caused_by::<Late>(&rejection) {
        Refusal::new(ErrorCode::BodyLate)
    } else if caused_by::<Overloaded>(&rejection) {
        Refusal::new(ErrorCode::Overloaded)
    } else {
        Refusal::with(ErrorCode::BodyMalformed, "The body could not be read to its end.")
    }
}
