//! An API protected by Keyward. `KEYWARD_ISSUER` and `KEYWARD_VERIFY_KEY` are lines that `keyward init --api` prints.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "an example has no other log")]

use std::error::Error;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::StatusCode;
use axum::http::header::{AUTHORIZATION, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use reqwest::redirect::Policy;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;

// --- middleware
/// Lets a request through if its API key is good for the scope. If it is not, Keyward says what to answer.
async fn require_key(
    State((keyward, scope)): State<(Keyward, &'static str)>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    mut request: Request,
    next: Next,
) -> Response {
    let header = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let Some(key) = header.and_then(bearer) else {
        return (StatusCode::UNAUTHORIZED, [(WWW_AUTHENTICATE, "Bearer")], "An API key is needed.").into_response();
    };
    match keyward.verify(json!({ "api_key": key, "scopes": [scope], "ip": peer.ip() })).await {
        Ok(verdict) if verdict.is_valid => {
            request.extensions_mut().insert(verdict);
            next.run(request).await
        }
        Ok(Verdict { http_status, www_authenticate, message, .. }) => {
            let status = StatusCode::from_u16(http_status).unwrap_or(StatusCode::UNAUTHORIZED);
            (status, www_authenticate.map(|value| [(WWW_AUTHENTICATE, value)]), message).into_response()
        }
        Err(error) => {
            // Nothing is known about the key: it is not let through, and not called wrong either.
            eprintln!("A key could not be verified: {error:?}");
            (StatusCode::SERVICE_UNAVAILABLE, [(RETRY_AFTER, "1")], "The API key cannot be verified now.")
                .into_response()
        }
    }
}

fn bearer(header: &str) -> Option<&str> {
    let (scheme, key) = header.split_once(' ')?;
    Some(key.trim()).filter(|key| scheme.eq_ignore_ascii_case("Bearer") && !key.is_empty())
}

#[derive(Clone)]
struct Keyward {
    http: reqwest::Client,
    verify_url: String,
    verify_key: String,
}

/// What Keyward says about a key.
#[derive(Clone, Deserialize)]
struct Verdict {
    is_valid: bool,
    http_status: u16,
    www_authenticate: Option<String>,
    message: String,
    key_id: Option<String>,
    org_code: Option<String>,
}

impl Keyward {
    async fn verify(&self, question: Value) -> Result<Verdict, Box<dyn Error + Send + Sync>> {
        let answer = self.http.post(&self.verify_url).bearer_auth(&self.verify_key).json(&question).send().await?;
        if answer.status() != StatusCode::OK {
            return Err(format!("Keyward answered {}", answer.status()).into());
        }
        let verdict: Verdict = answer.json().await?;
        match (verdict.is_valid, verdict.http_status) {
            (true, 200) | (false, 401 | 403 | 429) => Ok(verdict),
            _ => Err("this is no answer of Keyward".into()),
        }
    }
}
// --- end

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let http = reqwest::Client::builder().timeout(Duration::from_secs(2)).redirect(Policy::none()).build()?;
    let verify_url = format!("{}/api/v1/api_keys/verify", setting("KEYWARD_ISSUER")?);
    let keyward = Keyward { http, verify_url, verify_key: setting("KEYWARD_VERIFY_KEY")? };
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

async fn list_orders(Extension(key): Extension<Verdict>) -> Json<Value> {
    Json(json!({ "orders": [{ "id": 1, "item": "tea" }], "key_id": key.key_id, "org_code": key.org_code }))
}

async fn place_order(Extension(key): Extension<Verdict>) -> (StatusCode, Json<Value>) {
    (StatusCode::CREATED, Json(json!({ "id": 2, "key_id": key.key_id, "org_code": key.org_code })))
}

#[expect(clippy::disallowed_methods, reason = "the one place of this example that reads the environment")]
fn setting(name: &str) -> Result<String, String> {
    std::env::var(name).map_err(|_| format!("{name} is not set"))
}
