//! `/api/v1/audit_events`

mod erased;
mod list;
mod organizations;
mod recorded;
mod verified;

use std::net::SocketAddr;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Method;
use serde_json::Value;

use crate::support::{Actor, Reply, TestApp};

pub(crate) const PATH: &str = "/api/v1/audit_events";

/// The newest event.
async fn last(admin: &Actor<'_>) -> Value {
    admin.get(&format!("{PATH}?page_size=1")).await.body["audit_events"][0].clone()
}

/// A call from an address, by a program.
async fn call_from(
    app: &TestApp,
    actor: &Actor<'_>,
    address: &str,
    (method, path): (Method, &str),
    body: Value,
) -> Reply {
    let request = actor.request(method, path).header("content-type", "application/json").header("user-agent", "curl/8");
    let mut request = request.body(Body::from(body.to_string())).unwrap();
    let peer = SocketAddr::new(address.parse().unwrap(), 4711);
    request.extensions_mut().insert(ConnectInfo(peer));
    app.send(request).await
}
