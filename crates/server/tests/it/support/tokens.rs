//! Tokens: taken apart, and forged.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::Value;

use super::SIGNING_KEY;

/// The header of a token.
pub(crate) fn header_of(token: &str) -> Value {
    part(token, 0)
}

/// The claims of a token.
pub(crate) fn claims_of(token: &str) -> Value {
    part(token, 1)
}

fn part(token: &str, at: usize) -> Value {
    let encoded = token.split('.').nth(at).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(encoded).unwrap()).unwrap()
}

/// The token with one bit of its signature flipped.
pub(crate) fn with_bad_signature(token: &str) -> String {
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let mut bytes = URL_SAFE_NO_PAD.decode(signature).unwrap();
    bytes[100] ^= 1;
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(bytes))
}

/// The token without a signature, and a header that says so (RFC 7519 section 6).
pub(crate) fn without_signature(token: &str) -> String {
    let mut header = header_of(token);
    header["alg"] = "none".into();
    let claims = token.split('.').nth(1).unwrap();
    format!("{}.{claims}.", URL_SAFE_NO_PAD.encode(header.to_string()))
}

/// The claims signed with HS256, the published modulus being the secret.
pub(crate) fn with_public_key_as_secret(token: &str, jwk: &Value) -> String {
    let mut header = Header::new(Algorithm::HS256);
    header.kid = jwk["kid"].as_str().map(Into::into);
    let secret = URL_SAFE_NO_PAD.decode(jwk["n"].as_str().unwrap()).unwrap();
    encode(&header, &claims_of(token), &EncodingKey::from_secret(&secret)).unwrap()
}

/// The token with some claims replaced, signed with the right key under this `kid`.
pub(crate) fn signed_again(token: &str, kid: &str, algorithm: Algorithm, other: &Value) -> String {
    let mut claims = claims_of(token);
    claims.as_object_mut().unwrap().extend(other.as_object().unwrap().clone());
    let mut header = Header::new(algorithm);
    header.kid = Some(kid.to_owned());
    encode(&header, &claims, &EncodingKey::from_rsa_pem(SIGNING_KEY.as_bytes()).unwrap()).unwrap()
}
