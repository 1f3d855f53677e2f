//! How an application shows who it is: RFC 6749 section 2.3.1.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue};
use keyward_core::PlainSecret;
use keyward_wire::oauth::OAuthErrorCode;

use super::form::{invalid, present};
use crate::oauth_refusal::OAuthRefusal;

/// The credentials, from the one place where they stand: the body or the header (RFC 6749 section 2.3).
pub(super) fn credentials(
    headers: &HeaderMap,
    id_in_body: &Option<String>,
    secret_in_body: &Option<PlainSecret>,
) -> Result<(String, PlainSecret), OAuthRefusal> {
    let unknown = |description: &str| OAuthRefusal::new(OAuthErrorCode::InvalidClient, description);
    let in_body = secret_in_body.as_ref().filter(|secret| !secret.expose().is_empty());
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let Some(value) = values.next() else {
        let id = present(id_in_body).ok_or_else(|| unknown("`client_id` is missing."))?;
        let secret = in_body.ok_or_else(|| unknown("`client_secret` is missing."))?;
        return Ok((id.to_owned(), secret.clone()));
    };
    if values.next().is_some() {
        return Err(invalid("The Authorization header stands more than once."));
    }
    if in_body.is_some() {
        return Err(invalid("The client's credentials stand in the header and in the body; one of them will do."));
    }
    let (id, secret) = basic(value).ok_or_else(|| unknown("The Authorization header is not a Basic one."))?;
    if present(id_in_body).is_some_and(|other| other != id) {
        return Err(invalid("`client_id` is another than the one in the Authorization header."));
    }
    Ok((id, secret))
}

/// The credentials of a Basic header: form-encoded, joined by a colon, base64 (RFC 6749 section 2.3.1).
fn basic(value: &HeaderValue) -> Option<(String, PlainSecret)> {
    let (scheme, encoded) = value.to_str().ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let joined = PlainSecret::new(String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?);
    let (id, secret) = joined.expose().split_once(':')?;
    // What follows an ampersand would be another parameter, and would be lost.
    if joined.expose().contains('&') {
        return None;
    }
    let decode = |text: &str| {
        let pairs = format!("x={text}");
        form_urlencoded::parse(pairs.as_bytes()).next().map(|(_, value)| value.into_owned()).unwrap_or_default()
    };
    Some((decode(id), PlainSecret::new(decode(secret))))
}
