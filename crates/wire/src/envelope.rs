use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// What every answer of the management API begins with, and then its own members.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Envelope<T> {
    /// A constant that names the outcome, such as `OK` or `API_KEY_CREATED`.
    #[cfg_attr(feature = "openapi", schema(value_type = String, example = "OK"))]
    pub code: Cow<'static, str>,
    /// The outcome in words.
    #[cfg_attr(feature = "openapi", schema(value_type = String, example = "Success"))]
    pub message: Cow<'static, str>,
    /// The revision that a change made. Hand it to a verification as `min_revision` to be sure that it has been seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revision: Option<u64>,
    /// The members of this answer.
    #[serde(flatten)]
    pub body: T,
}

/// An answer that has nothing more to say.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Done {}

impl<T> Envelope<T> {
    /// An answer to a question.
    pub const fn read(body: T) -> Self {
        Self::new("OK", "Success", None, body)
    }

    /// An answer to a change, with the revision that it made.
    pub const fn changed(code: &'static str, message: &'static str, revision: u64, body: T) -> Self {
        Self::new(code, message, Some(revision), body)
    }

    const fn new(code: &'static str, message: &'static str, revision: Option<u64>, body: T) -> Self {
        Self { code: Cow::Borrowed(code), message: Cow::Borrowed(message), revision, body }
    }
}
