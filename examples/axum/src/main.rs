//! An API protected by Keyward. `KEYWARD_ISSUER` and `KEYWARD_VERIFY_KEY` are lines that `keyward init --api` prints.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "an example has no other log")]

use std::error::Error;
use std::net::{Ipv4Addr, SocketAddr};

use axum::extract::{ConnectInfo, Request, State};
use axum::http::StatusCode;
use axum::http::header::{AUTHORIZATION, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use keyward_client::Client;
use keyward_client::wire::verify::{VerifyKeyRequest, VerifyKeyResponse};
use serde_json::{Value, json};
use tokio::net::TcpListener;

// --- middleware
/// Lets a request through if its API key is good for the scope. If it is not, Keyward says what to answer.
async fn require_key(
    State((keyward, scope)): State<(Client, &'static str)>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    mut request: Request,
    next: Next,
) -> Response {
    let header = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (scheme, key) = header.split_once(' ').unwrap_or_default();
    if key.is_empty() || !scheme.eq_ignore_ascii_case("bearer") {
        return (StatusCode::UNAUTHORIZED, [(WWW_AUTHENTICATE, "Bearer")], "An API key is needed.").into_response();
    }
    let (scopes, ip) = (Some(vec![scope.to_owned()]), Some(peer.ip().to_string()));
    match keyward.verify_key(&VerifyKeyRequest { scopes, ip, ..VerifyKeyRequest::new(key) }).await {
        Ok(verdict) if verdict.is_valid => {
            request.extensions_mut().insert(verdict);
            next.run(request).await
        }
        Ok(verdict) => {
            let status = StatusCode::from_u16(verdict.http_status).unwrap_or(StatusCode::UNAUTHORIZED);
            (status, verdict.www_authenticate.map(|value| [(WWW_AUTHENTICATE, value)]), verdict.message).into_response()
        }
        // Nothing is known about the key: it is not let through, and not called wrong either.
        Err(_) => {
            (StatusCode::SERVICE_UNAVAILABLE, [(RETRY_AFTER, "1")], "The key cannot be verified.").into_response()
        }
    }
}
// --- end

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let keyward = Client::new(&setting("KEYWARD_ISSUER")?, setting("KEYWARD_VERIFY_KEY")?.into())?;
    let needs = |scope: &'static str| middleware::from_fn_with_state((keyward.clone(), scope), require_key);

    let read = get(list_orders).layer(needs("read:orders"));
    let write = post(place_order).layer(needs("write:orders"));
    let app = Router::new().route("/orders", read.merge(write));

    let port = setting("PORT").map_or(Ok(3000), |text| text.parse())?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    println!("Listening on http://{}", listener.local_addr()?);
    axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>()).await?;
    Ok(())
}

async fn list_orders(Extension(key): Extension<VerifyKeyResponse>) -> Json<Value> {
    Json(json!({ "orders": [{ "id": 1, "item": "tea" }], "key_id": key.key_id, "org_code": key.org_code }))
}

async fn place_order(Extension(key): Extension<VerifyKeyResponse>) -> (StatusCode, Json<Value>) {
    (StatusCode::CREATED, Json(json!({ "id": 2, "key_id": key.key_id, "org_code": key.org_code })))
}

#[expect(clippy::disallowed_methods, reason = "the one place of this example that reads the environment")]
fn setting(name: &str) -> Result<String, String> {
    std::env::var(name).map_err(|_| format!("{name} is not set"))
}
