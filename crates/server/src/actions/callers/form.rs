//! The form of a token (RFC 7519, RFC 7515 section 3.1), and whether its signature is that of a key.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use keyward_engine::facts::PublicKey;
use keyward_wire::oauth::Claims;
use serde::Deserialize;

/// Why a token says nothing.
#[derive(Debug)]
pub(super) enum Flaw {
    /// It is not signed with this key, or is no token.
    Token,
    /// The key cannot be used.
    Key(jsonwebtoken::errors::Error),
}

/// The header of a token, as `actions/tokens.rs` writes it. With any other member (`jwk`, `jku`, `crit`) it is none of
/// ours, and asks for something that we do not do (RFC 7515 section 4.1.11).
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Header {
    typ: String,
    alg: String,
    /// The key that the token says it is signed with.
    pub(super) kid: String,
}

impl Header {
    /// Reads it, if it is one of ours.
    pub(super) fn of(token: &str) -> Option<Self> {
        let encoded = token.split('.').next()?;
        let decoded = URL_SAFE_NO_PAD.decode(encoded).ok()?;
        // To serde a list of the same texts would do as well.
        let decoded = Some(decoded).filter(|json| json.trim_ascii_start().starts_with(b"{"))?;
        let header: Self = serde_json::from_slice(&decoded).ok()?;
        Some(header).filter(|header| header.typ == "JWT" && header.alg == "RS256")
    }
}

/// The claims of a token whose signature is good. Only RS256 and only our own keys will do, whatever its header says;
/// times are the caller's to check, by a clock that is an argument.
pub(super) fn check(token: &str, public: &PublicKey) -> Result<Claims, Flaw> {
    let key = DecodingKey::from_rsa_components(&public.n, &public.e).map_err(Flaw::Key)?;
    let mut validation = Validation::new(Algorithm::RS256);
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation.required_spec_claims.clear();
    jsonwebtoken::decode(token, &key, &validation).map(|token| token.claims).map_err(|_| Flaw::Token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_an_object_with_three_members_and_no_other() {
        let kid = |json: &str| Header::of(&URL_SAFE_NO_PAD.encode(json)).map(|header| header.kid);
        assert_eq!(kid(r#"{"typ":"JWT","alg":"RS256","kid":"a"}"#).as_deref(), Some("a"));
        for json in [
            r#"["JWT","RS256","a"]"#,
            r#"{"typ":"JWT","alg":"RS256"}"#,
            r#"{"typ":"JWT","alg":"none","kid":"a"}"#,
            r#"{"typ":"JWT","alg":"RS256","kid":"a","jwk":{}}"#,
            r#"{"typ":"JWT","alg":"RS256","kid":"a","kid":"b"}"#,
        ] {
            assert_eq!(kid(json), None, "{json}");
        }
    }
}
