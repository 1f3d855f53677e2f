//! The token endpoint: RFC 6749 sections 2.3.1, 3.2, 4.4 and 5.

use std::net::IpAddr;

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{AUTHORIZATION, PRAGMA};
use http::{HeaderMap, HeaderValue, StatusCode};
use keyward_core::PlainSecret;
use keyward_wire::oauth::{OAuthErrorBody, OAuthErrorCode, TokenRequest, TokenResponse};

use crate::actions::tokens::{TokenAsk, TokenRefusal, issue_token};
use crate::app::App;
use crate::auth::bearer::request_host;
use crate::front::{Answer, ClientAddress, body, read_form, read_json, refuse_token};
use crate::refusal::Refusal;

/// Issues a token to an application.
///
/// The body is a form, or JSON. The credentials stand in the body or in the `Authorization` header (Basic), not in both.
#[utoipa::path(
    post, path = "/oauth2/token", tag = "oauth", security(()),
    request_body(content(
        (TokenRequest = "application/x-www-form-urlencoded"), (TokenRequest = "application/json")
    )),
    responses(
        (status = 200, body = TokenResponse),
        (status = 400, body = OAuthErrorBody, description = "The request is not one that can be served"),
        (status = 401, body = OAuthErrorBody, description = "The client is unknown or its secret is wrong"),
        (status = 429, body = OAuthErrorBody, description = "Too many secrets were wrong, or too many tokens asked for"),
        (status = 503, body = OAuthErrorBody, description = "The answer cannot be known now"),
    )
)]
pub(super) async fn create_token(
    State(app): State<App>,
    ClientAddress(from): ClientAddress,
    headers: HeaderMap,
    bytes: Result<Bytes, BytesRejection>,
) -> Response {
    let used_basic = headers.contains_key(AUTHORIZATION);
    match answer(&app, from, &headers, bytes).await {
        Ok(token) => ([(PRAGMA, HeaderValue::from_static("no-cache"))], Answer::ok(token)).into_response(),
        Err(refusal) => refuse_token(refusal, used_basic),
    }
}

/// Another method than POST (RFC 6749 section 3.2).
pub(super) async fn refuse_method() -> Response {
    let mut response = refuse_token(invalid("The method must be POST."), false);
    *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
    response
}

async fn answer(
    app: &App,
    from: IpAddr,
    headers: &HeaderMap,
    bytes: Result<Bytes, BytesRejection>,
) -> Result<TokenResponse, TokenRefusal> {
    let request = read_request(headers, bytes)?;
    let (client_id, client_secret) = credentials(headers, &request)?;
    match present(&request.grant_type) {
        Some("client_credentials") => {}
        Some(_) => {
            let description = "The grant type must be client_credentials.";
            return Err(TokenRefusal::new(OAuthErrorCode::UnsupportedGrantType, description));
        }
        None => return Err(invalid("`grant_type` is missing.")),
    }
    let ask = TokenAsk {
        client_id: &client_id,
        client_secret: &client_secret,
        audience: present(&request.audience),
        scope: present(&request.scope),
        request_host: request_host(headers),
        from,
    };
    let issued = issue_token(app, &ask).await?;
    Ok(TokenResponse {
        access_token: issued.token,
        token_type: "Bearer".into(),
        expires_in: issued.expires_in.into(),
        scope: issued.scope,
    })
}

fn invalid(description: impl Into<String>) -> TokenRefusal {
    TokenRefusal::new(OAuthErrorCode::InvalidRequest, description)
}

/// Parameters without a value are as good as omitted (RFC 6749 section 3.2).
fn present(text: &Option<String>) -> Option<&str> {
    text.as_deref().filter(|text| !text.is_empty())
}

fn read_request(headers: &HeaderMap, bytes: Result<Bytes, BytesRejection>) -> Result<TokenRequest, TokenRefusal> {
    let bytes = bytes.map_err(|rejection| invalid(body::unreadable(rejection).message))?;
    let read = if body::is_content_type(headers, "application/x-www-form-urlencoded") {
        read_form(&bytes)
    } else if body::is_content_type(headers, "application/json") {
        read_json(&bytes)
    } else {
        return Err(invalid("The content type must be application/x-www-form-urlencoded or application/json."));
    };
    read.map_err(|refusal: Refusal| invalid(refusal.message))
}

/// The credentials, from the one place where they stand (RFC 6749 section 2.3).
fn credentials(headers: &HeaderMap, request: &TokenRequest) -> Result<(String, PlainSecret), TokenRefusal> {
    let unknown = |description: &str| TokenRefusal::new(OAuthErrorCode::InvalidClient, description);
    let in_body = request.client_secret.as_ref().filter(|secret| !secret.expose().is_empty());
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let Some(value) = values.next() else {
        let id = present(&request.client_id).ok_or_else(|| unknown("`client_id` is missing."))?;
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
    if present(&request.client_id).is_some_and(|other| other != id) {
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
