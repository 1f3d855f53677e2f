//! The error answers that routes share, for the document.

use keyward_wire::ErrorBody;
use utoipa::IntoResponses;

/// What can go wrong on every route that takes a bearer token.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "it stands in the document alone")]
pub(super) enum Failures {
    /// A field is missing or breaks a rule
    #[response(status = 400)]
    BadRequest(ErrorBody),
    /// There is no valid bearer token
    #[response(status = 401)]
    Unauthorized(ErrorBody),
    /// The credential lacks a scope
    #[response(status = 403)]
    Forbidden(ErrorBody),
    /// The body did not come whole in time
    #[response(status = 408)]
    Late(ErrorBody),
    /// The body is too large
    #[response(status = 413)]
    TooLarge(ErrorBody),
    /// The body is not JSON
    #[response(status = 415)]
    Unsupported(ErrorBody),
    /// Too many credentials from this address were never ours
    #[response(status = 429)]
    TooMany(ErrorBody),
    /// The answer cannot be known now, or the server works on as many requests as it may
    #[response(status = 503)]
    Unavailable(ErrorBody),
    /// There is no room for a change
    #[response(status = 507)]
    Full(ErrorBody),
}
