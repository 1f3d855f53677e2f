//! Who is told to slow down, and who never is.

mod answers;
mod bearer;
mod documented;
mod failures;
mod tokens;

use std::net::SocketAddr;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Method;
use serde_json::json;

use crate::support::{Actor, Reply, TestApp};

/// Settings by which four wrong credentials are too many.
const TIGHT: &str = "public_url = 'https://keys.example.com'\nfailures_per_address_per_minute = 3\n\
                     failures_per_client_per_minute = 3\ntokens_per_client_per_minute = 3";

/// Asks for a token, from an address.
async fn ask(app: &TestApp, from: &str, client_id: &str, secret: &str) -> Reply {
    let form = format!("grant_type=client_credentials&client_id={client_id}&client_secret={secret}");
    let request = app.anonymous().request(Method::POST, "/oauth2/token").extension(peer(from));
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    app.send(request.body(Body::from(form)).unwrap()).await
}

/// Calls the management API with a bearer token, from an address.
async fn call(app: &TestApp, from: &str, token: &str) -> Reply {
    let request = app.bearer(token).request(Method::GET, "/api/v1/apis").extension(peer(from));
    app.send(request.body(Body::empty()).unwrap()).await
}

fn peer(from: &str) -> ConnectInfo<SocketAddr> {
    ConnectInfo(SocketAddr::new(from.parse().unwrap(), 4711))
}

/// An application, and its id and secret.
async fn client(admin: &Actor<'_>) -> (String, String) {
    admin.makes_application(&["read:apis"], json!({})).await
}
