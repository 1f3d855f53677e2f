//! Whoever holds a key ends it: RFC 7009.

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::response::{IntoResponse, Response};
use http::header::CACHE_CONTROL;
use http::request::Parts;
use http::{HeaderValue, StatusCode};
use keyward_wire::oauth::{OAuthErrorBody, OAuthErrorCode, RevocationRequest};

use super::form::{invalid, read_request};
use crate::actions::callers;
use crate::actions::keys::revoke_held_key;
use crate::app::App;
use crate::auth::origin_of;
use crate::front::{ClientAddress, refuse_oauth};
use crate::oauth_refusal::OAuthRefusal;

/// Revokes the API key that is shown, for good: whoever holds a key may end it, for example when it has leaked.
///
/// The answer is 200 for the secret of no key too. It comes when the key is valid nowhere any more. An M2M token ends by
/// itself, or with its application.
#[utoipa::path(
    post, path = "/oauth2/revoke", tag = "oauth", security(()),
    request_body(content(
        (RevocationRequest = "application/x-www-form-urlencoded"), (RevocationRequest = "application/json")
    )),
    responses(
        (status = 200, description = "It is worth nothing, now if not before"),
        (status = 400, body = OAuthErrorBody, description = "The request is not one that can be served"),
        (status = 408, body = OAuthErrorBody, description = "The body did not come whole in time"),
        (status = 429, body = OAuthErrorBody, description = "Too many secrets were wrong"),
        (status = 503, body = OAuthErrorBody, description = "It cannot be done now"),
    )
)]
pub(super) async fn revoke_token(
    State(app): State<App>,
    parts: Parts,
    bytes: Result<Bytes, BytesRejection>,
) -> Response {
    match revoke(&app, &parts, bytes).await {
        Ok(()) => (StatusCode::OK, [(CACHE_CONTROL, HeaderValue::from_static("no-store"))]).into_response(),
        Err(refusal) => refuse_oauth(refusal, false),
    }
}

async fn revoke(app: &App, parts: &Parts, bytes: Result<Bytes, BytesRejection>) -> Result<(), OAuthRefusal> {
    let request: RevocationRequest = read_request(&parts.headers, bytes)?;
    let token = request.token.filter(|token| !token.expose().is_empty());
    let token = token.ok_or_else(|| invalid("`token` is missing."))?;
    if callers::is_signed_token(app, &token).await? {
        let description = "An M2M token cannot be revoked. It ends by itself, and with its application.";
        return Err(OAuthRefusal::new(OAuthErrorCode::UnsupportedTokenType, description));
    }
    let ClientAddress(from) = ClientAddress::of(parts);
    revoke_held_key(app, &token, origin_of(parts), from).await?;
    Ok(())
}
