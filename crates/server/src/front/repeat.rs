//! The `Idempotency-Key` of a request.

use axum::extract::FromRequestParts;
use http::request::Parts;
use keyward_core::IdempotencyKey;
use utoipa::IntoParams;

use crate::refusal::{InField, Refusal};

/// The header's name, as clients write it.
const NAME: &str = "Idempotency-Key";

/// The key under which a caller may repeat a request; none if it sent none.
pub(crate) struct Repeat(pub(crate) Option<IdempotencyKey>);

/// The header of an answer that was given before.
pub(crate) type Repeated = Option<[(&'static str, &'static str); 1]>;

/// Says of an answer whether it was given before.
pub(crate) fn repeated(is_repeated: bool) -> Repeated {
    is_repeated.then_some([("idempotent-replayed", "true")])
}

/// The header, for the document: text as most clients send it, or a quoted string.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "it stands in the document alone")]
pub(crate) struct RepeatHeader {
    /// Addition. The request may be repeated under it: 1 to 255 printable ASCII characters, in quotes or without.
    #[param(
        rename = "Idempotency-Key",
        max_length = 257,
        example = "3f0c9a52-order-42",
        pattern = r#"^([!#-\[\]-~]([ !#-\[\]-~]{0,253}[!#-\[\]-~])?|"[ !#-\[\]-~]{1,255}")$"#
    )]
    idempotency_key: Option<String>,
}

impl<S: Send + Sync> FromRequestParts<S> for Repeat {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        let mut values = parts.headers.get_all(NAME).iter();
        let Some(value) = values.next() else { return Ok(Self(None)) };
        if values.next().is_some() {
            return Err(Refusal::field(NAME, "stands more than once"));
        }
        let text = value.to_str().map_err(|_| Refusal::field(NAME, "must be printable ASCII"))?;
        IdempotencyKey::parse(text).in_field(NAME).map(|key| Self(Some(key)))
    }
}
