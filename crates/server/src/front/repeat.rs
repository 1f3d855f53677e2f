//! The `Idempotency-Key` of a request.

use axum::extract::FromRequestParts;
use http::request::Parts;
use keyward_core::IdempotencyKey;

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
