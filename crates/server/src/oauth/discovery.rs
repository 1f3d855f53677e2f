//! What this authorization server can do, and the keys that its tokens are checked with.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::{ALLOW, CACHE_CONTROL};
use http::{HeaderValue, Method, Uri};
use keyward_core::ManagementScope;
use keyward_wire::ErrorCode;
use keyward_wire::oauth::{Discovery, JwkSet};

use crate::actions::signing_keys;
use crate::app::App;
use crate::refusal::Refusal;

/// Five minutes that anybody may keep these answers: a new signing key must be published for longer before its first use.
const KEEP: HeaderValue = HeaderValue::from_static("public, max-age=300");

/// The keys that tokens are signed with (RFC 7517 section 5).
#[utoipa::path(
    get, path = "/.well-known/jwks", tag = "oauth", security(()), responses((status = 200, body = JwkSet))
)]
pub(super) async fn get_jwks(State(app): State<App>) -> Result<Response, Refusal> {
    let keys = signing_keys::list_public_keys(&app).await?;
    Ok(([(CACHE_CONTROL, KEEP)], Json(keys)).into_response())
}

/// What this server can do (RFC 8414 section 3, OpenID Connect Discovery 1.0 section 4).
#[utoipa::path(
    get, path = "/.well-known/openid-configuration", tag = "oauth", security(()),
    responses((status = 200, body = Discovery))
)]
pub(super) async fn get_discovery(State(app): State<App>) -> Response {
    let issuer = app.issuer.as_str();
    let texts = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect();
    let discovery = Discovery {
        issuer: issuer.to_owned(),
        token_endpoint: format!("{issuer}/oauth2/token"),
        jwks_uri: format!("{issuer}/.well-known/jwks"),
        grant_types_supported: texts(&["client_credentials"]),
        response_types_supported: Vec::new(),
        token_endpoint_auth_methods_supported: texts(&["client_secret_post", "client_secret_basic"]),
        introspection_endpoint: format!("{issuer}/oauth2/introspect"),
        introspection_endpoint_auth_methods_supported: texts(&["client_secret_post", "client_secret_basic", "Bearer"]),
        revocation_endpoint: format!("{issuer}/oauth2/revoke"),
        revocation_endpoint_auth_methods_supported: texts(&["none"]),
        id_token_signing_alg_values_supported: texts(&["RS256"]),
        subject_types_supported: texts(&["public"]),
        scopes_supported: ManagementScope::ALL.iter().map(|scope| scope.key().to_owned()).collect(),
    };
    ([(CACHE_CONTROL, KEEP)], Json(discovery)).into_response()
}

/// What no route serves, unless it is one of the addresses that an issuer's path makes. They follow a setting, and so
/// are no routes.
pub(crate) async fn describe_elsewhere(State(app): State<App>, method: Method, address: Uri) -> Response {
    if !app.issuer.is_described_at(address.path()) {
        return Refusal::new(ErrorCode::RouteNotFound).into_response();
    }
    if method == Method::GET || method == Method::HEAD {
        return get_discovery(State(app)).await;
    }
    ([(ALLOW, "GET,HEAD")], Refusal::new(ErrorCode::MethodNotAllowed)).into_response()
}
