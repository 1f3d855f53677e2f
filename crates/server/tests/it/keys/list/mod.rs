//! `GET /api/v1/api_keys`

mod filters;
mod pages;

use std::time::Duration;

use serde_json::{Value, json};

use crate::keys::Shop;
use crate::support::{Actor, Reply, TestApp, with};

async fn list(actor: &Actor<'_>, query: &str) -> Reply {
    actor.get(&format!("/api/v1/api_keys?{query}")).await
}

fn names(reply: &Reply) -> Vec<&str> {
    let keys = reply.body["api_keys"].as_array().unwrap_or_else(|| panic!("{reply}"));
    keys.iter().map(|key| key["name"].as_str().unwrap()).collect()
}

/// Makes a key, a moment after the one before.
async fn makes(app: &TestApp, shop: &Shop<'_>, name: &str, more: Value) -> String {
    app.advance(Duration::from_millis(1));
    shop.makes_key(with(&json!({ "name": name }), more)).await.0
}
