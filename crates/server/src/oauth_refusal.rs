//! Why a request to the OAuth endpoints was not served.

use keyward_core::ClientId;
use keyward_store::StoreError;
use keyward_wire::ErrorCode;
use keyward_wire::oauth::OAuthErrorCode;

use crate::refusal::Refusal;
use crate::throttle::Throttled;

/// Why a request to the OAuth endpoints was not served: RFC 6749 section 5.2, RFC 6750 section 3.1.
#[derive(Debug)]
pub struct OAuthRefusal {
    /// The code.
    pub code: OAuthErrorCode,
    /// What is wrong, for people.
    pub description: String,
    /// The refusal behind it, with its true cause for the log.
    pub cause: Option<Refusal>,
    /// The application that was named, if there is such a one, for the log of refusals.
    pub application: Option<ClientId>,
}

impl OAuthRefusal {
    /// A code with what is wrong.
    pub fn new(code: OAuthErrorCode, description: impl Into<String>) -> Self {
        Self { code, description: description.into(), cause: None, application: None }
    }
}

impl From<Refusal> for OAuthRefusal {
    fn from(cause: Refusal) -> Self {
        let code = match (cause.code, cause.code.status()) {
            (ErrorCode::TokenInvalid, _) => OAuthErrorCode::InvalidToken,
            (ErrorCode::ScopeMissing, _) => OAuthErrorCode::InsufficientScope,
            (_, 503 | 507) => OAuthErrorCode::TemporarilyUnavailable,
            (_, 408) => OAuthErrorCode::BodyLate,
            (_, 429) => OAuthErrorCode::TooManyRequests,
            (_, 400..=499) => OAuthErrorCode::InvalidRequest,
            _ => OAuthErrorCode::ServerError,
        };
        Self { code, description: cause.message.clone(), cause: Some(cause), application: None }
    }
}

impl From<Throttled> for OAuthRefusal {
    fn from(throttled: Throttled) -> Self {
        Refusal::from(throttled).into()
    }
}

impl From<StoreError> for OAuthRefusal {
    fn from(error: StoreError) -> Self {
        Refusal::from(error).into()
    }
}
