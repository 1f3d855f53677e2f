//! From where a request comes, for the audit log.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use http::header::USER_AGENT;
use http::request::Parts;
use keyward_core::KeySecret;

use crate::caller::Origin;
use crate::front::{ClientAddress, RequestId};

/// Characters that are kept of what a program calls itself.
const MAX_AGENT_CHARS: usize = 256;

/// From where a request comes.
pub(crate) struct CalledFrom(pub(crate) Origin);

impl<S: Send + Sync> FromRequestParts<S> for CalledFrom {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(origin_of(parts)))
    }
}

pub(crate) fn origin_of(parts: &Parts) -> Origin {
    let agent = parts.headers.get(USER_AGENT).map(|value| String::from_utf8_lossy(value.as_bytes()));
    Origin {
        request_id: parts.extensions.get::<RequestId>().map(|RequestId(id)| id.to_string()),
        address: ClientAddress::known(&parts.extensions),
        user_agent: agent.filter(|text| !text.is_empty()).map(|text| shown(&text)),
    }
}

/// What a program calls itself as it may be kept: not at any length, and not if a key secret stands in it.
fn shown(agent: &str) -> String {
    let mut words = agent.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    if words.any(|word| KeySecret::parse(word).is_some()) {
        return "...".to_owned();
    }
    agent.chars().take(MAX_AGENT_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_secret_in_the_wrong_place_is_not_kept() {
        let secret = "acme_live_7Jq2mW0ZtB4xR8d0vYt3KpLz1QeWmNc6hUa9XsBf2GjT35KBGM";
        assert!(KeySecret::parse(secret).is_some(), "it is none, and proves nothing");
        for agent in [secret.to_owned(), format!("curl/8 ({secret})"), format!("key={secret}")] {
            assert_eq!(shown(&agent), "...");
        }
        assert_eq!(shown("curl/8.9.1"), "curl/8.9.1");
        assert_eq!(shown(&"é".repeat(300)).chars().count(), 256);
    }
}
