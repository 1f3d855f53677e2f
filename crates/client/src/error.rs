use keyward_wire::ErrorBody;
use keyward_wire::oauth::OAuthErrorBody;
use reqwest::{Response, StatusCode};

/// Why a call did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Keyward cannot be reached, or what answers is not Keyward. Nothing is known about the key.
    #[error("Keyward cannot be reached at this address")]
    Unreachable(#[from] reqwest::Error),
    /// Keyward cannot know the answer now. Try again; it is not a refusal.
    #[error("{status}: Keyward cannot answer now")]
    Unavailable {
        /// The HTTP status, 500 or above.
        status: u16,
    },
    /// The answer contradicts itself.
    #[error("the answer is not one of Keyward's")]
    Contradiction,
    /// Keyward refused.
    #[error("{status}: {code}: {message}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// A code of the catalogue, or of RFC 6749 from the token endpoint.
        code: String,
        /// What is wrong, for people.
        message: String,
    },
}

impl ClientError {
    pub(crate) async fn refused(status: StatusCode, response: Response) -> Self {
        if status.is_server_error() {
            return Self::Unavailable { status: status.as_u16() };
        }
        let bytes = response.bytes().await.unwrap_or_default();
        let (code, message) = if let Ok(body) = serde_json::from_slice::<ErrorBody>(&bytes) {
            body.first().map(|item| (item.code.to_string(), item.message.clone())).unwrap_or_default()
        } else if let Ok(body) = serde_json::from_slice::<OAuthErrorBody>(&bytes) {
            (body.error, body.error_description)
        } else {
            (String::new(), "the answer is not one of Keyward's".into())
        };
        Self::Refused { status: status.as_u16(), code, message }
    }
}
