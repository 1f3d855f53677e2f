//! The authorization server: tokens and what is published about them.

mod audiences;
mod discovery;
mod introspect;
mod malformed;
mod revoke;
mod token;
mod used;

use axum::body::Body;
use axum::http::{Method, Request};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::support::{Actor, Reply, TestApp};

const FORM: &str = "application/x-www-form-urlencoded";

/// An application with two scopes of a registered API, and how it asks for tokens. In whatever it sends, `{id}` and
/// `{secret}` stand for its credentials.
struct Client<'a> {
    app: &'a TestApp,
    id: String,
    secret: String,
}

impl<'a> Client<'a> {
    /// May `read:orders` and `write:orders`, and not `delete:orders`.
    async fn of(app: &'a TestApp, admin: &Actor<'_>) -> Self {
        let api = admin.makes_api("https://api.example.com", &["read:orders", "write:orders", "delete:orders"]).await;
        let (id, secret) = admin.makes_application(&[], json!({})).await;
        let path = format!("/api/v1/apis/{api}/applications");
        admin.patch(&path, json!({ "applications": [{ "id": id }] })).await;
        let scopes = admin.get(&format!("/api/v1/apis/{api}/scopes")).await;
        for scope in scopes.body["scopes"].as_array().unwrap() {
            if scope["key"] != "delete:orders" {
                let path = format!("{path}/{id}/scopes/{}", scope["id"].as_str().unwrap());
                assert_eq!(admin.call(Method::POST, &path, None).await.status, 200);
            }
        }
        Self { app, id, secret }
    }

    fn fill(&self, text: &str) -> String {
        text.replace("{id}", &self.id).replace("{secret}", &self.secret)
    }

    async fn form(&self, form: &str) -> Reply {
        self.send(FORM, form, &[]).await
    }

    async fn json(&self, body: &str) -> Reply {
        self.send("application/json", body, &[]).await
    }

    /// With a Basic header that holds this pair.
    async fn basic(&self, pair: &str, form: &str) -> Reply {
        let header = format!("Basic {}", STANDARD.encode(self.fill(pair)));
        self.send(FORM, form, &[&header]).await
    }

    /// With these Authorization headers.
    async fn send(&self, content_type: &str, body: &str, authorization: &[&str]) -> Reply {
        let mut request =
            Request::builder().method(Method::POST).uri("/oauth2/token").header("host", "keys.example.com");
        if !content_type.is_empty() {
            request = request.header("content-type", content_type);
        }
        for value in authorization {
            request = request.header("authorization", *value);
        }
        self.app.send(request.body(Body::from(self.fill(body))).unwrap()).await
    }
}

/// The scopes and the lifetime that were answered.
fn scope_of(reply: &Reply) -> &Value {
    assert_eq!(reply.status, 200, "{reply}");
    &reply.body["scope"]
}
