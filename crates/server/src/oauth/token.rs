//! The token endpoint: RFC 6749 sections 2.3.1, 3.2, 4.4 and 5.

use std::net::IpAddr;

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::response::{IntoResponse, Response};
use http::header::{AUTHORIZATION, PRAGMA};
use http::{HeaderMap, HeaderValue};
use keyward_wire::oauth::{OAuthErrorBody, OAuthErrorCode, TokenRequest, TokenResponse};

use super::client::credentials;
use super::form::{invalid, present, read_request};
use crate::actions::clients::ShownClient;
use crate::actions::tokens::{TokenAsk, issue_token};
use crate::app::App;
use crate::auth::bearer::request_host;
use crate::front::{Answer, ClientAddress, refuse_oauth};
use crate::oauth_refusal::OAuthRefusal;

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
        (status = 408, body = OAuthErrorBody, description = "The body did not come whole in time"),
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
        Err(refusal) => refuse_oauth(refusal, used_basic),
    }
}

async fn answer(
    app: &App,
    from: IpAddr,
    headers: &HeaderMap,
    bytes: Result<Bytes, BytesRejection>,
) -> Result<TokenResponse, OAuthRefusal> {
    let request: TokenRequest = read_request(headers, bytes)?;
    let (client_id, client_secret) = credentials(headers, &request.client_id, &request.client_secret)?;
    match present(&request.grant_type) {
        Some("client_credentials") => {}
        Some(_) => {
            let description = "The grant type must be client_credentials.";
            return Err(OAuthRefusal::new(OAuthErrorCode::UnsupportedGrantType, description));
        }
        None => return Err(invalid("`grant_type` is missing.")),
    }
    let ask = TokenAsk {
        client: ShownClient { id: &client_id, secret: &client_secret, from },
        audience: present(&request.audience),
        scope: present(&request.scope),
        request_host: request_host(headers),
    };
    let issued = issue_token(app, &ask).await?;
    Ok(TokenResponse {
        access_token: issued.token,
        token_type: "Bearer".into(),
        expires_in: issued.expires_in.into(),
        scope: issued.scope,
    })
}
