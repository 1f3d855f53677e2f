//! Tokens: taken apart, and forged.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::KeyPair as _;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::crypto::sign;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

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

/// The token under another header, signed with this key by RS256, or with the right one.
pub(crate) fn with_header(token: &str, header: &Value, key: Option<&EncodingKey>) -> String {
    let claims = token.split('.').nth(1).unwrap();
    let signed = format!("{}.{claims}", URL_SAFE_NO_PAD.encode(header.to_string()));
    let right = EncodingKey::from_rsa_pem(SIGNING_KEY.as_bytes()).unwrap();
    let signature = sign(signed.as_bytes(), key.unwrap_or(&right), Algorithm::RS256).unwrap();
    format!("{signed}.{signature}")
}

/// A key of somebody else, and its public half as a JWK.
pub(crate) fn key_of_another() -> (EncodingKey, Value) {
    let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
    let pkcs8: Pkcs8V1Der<'_> = pair.as_der().unwrap();
    let public = pair.public_key();
    let part = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let (n, e) = (public.modulus(), public.exponent());
    let (n, e) = (part(n.big_endian_without_leading_zero()), part(e.big_endian_without_leading_zero()));
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", STANDARD.encode(pkcs8.as_ref()));
    (EncodingKey::from_rsa_pem(pem.as_bytes()).unwrap(), json!({ "kty": "RSA", "n": n, "e": e }))
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
