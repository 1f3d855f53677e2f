//! What a key or a token is worth: RFC 7662.

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use http::header::AUTHORIZATION;
use http::request::Parts;
use keyward_core::ManagementScope;
use keyward_wire::oauth::{IntrospectionRequest, IntrospectionResponse, OAuthErrorBody};

use super::client::credentials;
use super::form::{invalid, present, read_request};
use crate::actions::clients::{self, ShownClient};
use crate::actions::introspection::{Active, IntrospectAsk, introspect};
use crate::app::App;
use crate::auth::bearer::{caller_of, request_host};
use crate::caller::Caller;
use crate::front::{Answer, ClientAddress, Identified, refuse_oauth, seat};
use crate::oauth_refusal::OAuthRefusal;
use crate::refusal::Refusal;

/// Tells what an API key or an M2M token is worth. Nothing is counted as a verification.
///
/// Whoever asks shows a bearer token with `verify:api_keys` or `read:api_keys`, or the credentials of an application that
/// has one of them, in the body or in the `Authorization` header (Basic). Whatever is unknown, ended or not to be seen by
/// the one who asks is answered with `active: false` and nothing else.
#[utoipa::path(
    post, path = "/oauth2/introspect", tag = "oauth", security(()),
    request_body(content(
        (IntrospectionRequest = "application/x-www-form-urlencoded"), (IntrospectionRequest = "application/json")
    )),
    responses(
        (status = 200, body = IntrospectionResponse),
        (status = 400, body = OAuthErrorBody, description = "The request is not one that can be served"),
        (status = 401, body = OAuthErrorBody, description = "Who asks is unknown"),
        (status = 403, body = OAuthErrorBody, description = "Who asks may not ask this"),
        (status = 408, body = OAuthErrorBody, description = "The body did not come whole in time"),
        (status = 429, body = OAuthErrorBody, description = "Too many credentials were wrong"),
        (status = 503, body = OAuthErrorBody, description = "The answer cannot be known now"),
    )
)]
pub(super) async fn introspect_token(
    State(app): State<App>,
    parts: Parts,
    bytes: Result<Bytes, BytesRejection>,
) -> Response {
    let used_basic = parts.headers.contains_key(AUTHORIZATION);
    match answer(&app, &parts, bytes).await {
        Ok(active) => Answer::ok(tell(&app, active)).into_response(),
        Err(refusal) => refuse_oauth(refusal, used_basic),
    }
}

async fn answer(
    app: &App,
    parts: &Parts,
    bytes: Result<Bytes, BytesRejection>,
) -> Result<Option<Active>, OAuthRefusal> {
    let request: IntrospectionRequest = read_request(&parts.headers, bytes)?;
    let caller = identify(app, parts, &request).await?;
    let needed = [ManagementScope::VerifyApiKeys, ManagementScope::ReadApiKeys];
    if !needed.iter().any(|scope| caller.scopes.contains(scope)) {
        return Err(Refusal::scope_missing(needed[0]).into());
    }
    let token = request.token.as_ref().filter(|token| !token.expose().is_empty());
    let token = token.ok_or_else(|| invalid("`token` is missing."))?;
    let ask = IntrospectAsk { token, ip: present(&request.ip), request_host: request_host(&parts.headers) };
    Ok(introspect(app, &caller, &ask).await?)
}

/// Who asks: by a bearer token, or by an application's own credentials.
async fn identify(app: &App, parts: &Parts, request: &IntrospectionRequest) -> Result<Caller, OAuthRefusal> {
    let caller = if is_bearer(&parts.headers) {
        if request.client_secret.is_some() {
            return Err(invalid("A bearer token and a client secret are shown; one of them will do."));
        }
        caller_of(parts, app).await?
    } else {
        let (id, secret) = credentials(&parts.headers, &request.client_id, &request.client_secret)?;
        let ClientAddress(from) = ClientAddress::of(parts);
        clients::identify_client(app, &ShownClient { id: &id, secret: &secret, from }).await?
    };
    if let Some(identified) = parts.extensions.get::<Identified>() {
        identified.tell(caller.actor.kind, &caller.actor.id);
    }
    seat(&parts.extensions, &caller.actor)?;
    Ok(caller)
}

fn is_bearer(headers: &HeaderMap) -> bool {
    let value = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(' ').next().is_some_and(|scheme| scheme.eq_ignore_ascii_case("bearer"))
}

fn tell(app: &App, active: Option<Active>) -> IntrospectionResponse {
    match active {
        None => IntrospectionResponse::default(),
        Some(Active::Key(key)) => IntrospectionResponse {
            active: true,
            scope: Some(key.scopes.join(" ")),
            client_id: None,
            token_type: Some("Bearer".into()),
            exp: [key.expires_at, key.secret_expires_at].into_iter().flatten().min().map(|at| at.as_seconds()),
            iat: Some(key.created_at.as_seconds()),
            sub: Some(key.owner.id().to_owned()),
            aud: Some(vec![key.audience]),
            iss: Some(app.issuer.as_str().to_owned()),
            jti: Some(key.id.to_string()),
            org_code: key.owner.org_code().cloned(),
            user_id: key.owner.user_id().cloned(),
        },
        Some(Active::Token(claims)) => IntrospectionResponse {
            active: true,
            scope: Some(claims.scope),
            sub: Some(claims.azp.to_string()),
            client_id: Some(claims.azp),
            token_type: Some("Bearer".into()),
            exp: Some(claims.exp),
            iat: Some(claims.iat),
            aud: Some(claims.aud),
            iss: Some(claims.iss),
            jti: Some(claims.jti),
            org_code: claims.org_code,
            user_id: None,
        },
    }
}
