//! A walk through everything that is served, with secrets where they belong and where they do not.

use axum::body::Body;
use axum::http::{Method, Request};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use keyward_core::KeySecret;
use keyward_server::routes::document;
use serde_json::{Value, json};

use crate::support::{Actor, Reply, TestApp};

/// A walk, and how often it was refused.
pub(super) struct Walk<'a> {
    app: &'a TestApp,
    refused: usize,
}

impl<'a> Walk<'a> {
    /// Issues one secret of each kind, uses them, and misplaces those of keys or the others; answers how often it was
    /// refused.
    pub(super) async fn through(app: &'a TestApp, are_of_keys: bool) -> usize {
        let mut walk = Self { app, refused: 0 };
        let admin = app.admin().await;
        let mut secrets = walk.use_everything(&admin).await;
        secrets.retain(|secret| KeySecret::parse(secret).is_some() == are_of_keys);
        for secret in &secrets {
            walk.misplace(&admin, secret).await;
        }
        walk.without_the_store(&admin, &secrets).await;
        walk.refused
    }

    fn count(&mut self, reply: &Reply) {
        self.refused += usize::from(reply.status >= 400);
    }

    /// The life of each kind of secret; answers one of each.
    async fn use_everything(&mut self, admin: &Actor<'_>) -> Vec<String> {
        let api = admin.makes_api("https://api.example.com", &["read:orders"]).await;
        let org = admin.makes_organization("Acme").await;
        let user = admin.makes_user("Kim").await;
        let (id, client_secret) = admin.makes_application(&["read:api_keys"], json!({})).await;
        let of_org = admin.makes_m2m(&["read:api_keys", "create:api_keys"], json!({ "org_code": org })).await;
        admin.authorizes(&api, &of_org).await;
        let machine = admin.makes_environment_key(&["verify:api_keys"], json!({})).await;
        let token = self.app.sign_in(&id, &client_secret).await.token.unwrap();

        let key = json!({ "name": "Key", "api_id": api, "user_id": user, "scope_ids": ["read:orders"] });
        let (user_key, secret) = admin.makes_key(key).await;
        let rotated = admin.put(&format!("/api/v1/api_keys/{user_key}")).await.text("/api_key/key");
        let of_key = of_org.makes_key(json!({ "name": "Key", "api_id": api, "org_code": org })).await;
        // An answer that is kept for a repeated request, and the key that opens it.
        let repeat = "b9c1f3d2-canary-of-an-idempotency-key";
        let body = json!({ "name": "Repeated", "api_id": api, "user_id": user }).to_string();
        for _ in 0..2 {
            let request = admin.request(Method::POST, "/api/v1/api_keys").header("content-type", "application/json");
            let request = request.header("idempotency-key", repeat).body(Body::from(body.clone()));
            assert_eq!(self.app.send(request.unwrap()).await.status, 201);
        }
        for verifier in [admin, &machine, &of_org] {
            for key in [&secret, &rotated, &of_key.1] {
                let more =
                    json!({ "audience": "https://api.example.com", "scopes": ["read:orders"], "ip": "10.0.0.1" });
                assert_eq!(verifier.verify(key, more).await.status, 200);
                assert_eq!(verifier.verify(key, json!({ "audience": key })).await.status, 200);
                assert_eq!(verifier.verify(key, json!({ "scopes": [key] })).await.status, 400);
            }
        }
        admin.get("/api/v1/api_keys?page_size=500").await;
        admin.get(&format!("/api/v1/api_keys/{user_key}")).await;
        admin.get("/api/v1/apis?expand=scopes").await;
        admin.get(&format!("/api/v1/applications/{id}")).await;
        assert_eq!(admin.delete(&format!("/api/v1/api_keys/{user_key}")).await.status, 200);
        let machine = machine.token.unwrap();
        vec![rotated, of_key.1, machine, client_secret, token]
    }

    /// A secret in every wrong place of every route.
    async fn misplace(&mut self, admin: &Actor<'_>, secret: &str) {
        let document = serde_json::to_value(document()).unwrap();
        for (path, operations) in document["paths"].as_object().unwrap() {
            for method in operations.as_object().unwrap().keys() {
                let method: Method = method.to_uppercase().parse().unwrap();
                let named = path.split('/').map(|part| if part.starts_with('{') { secret } else { part });
                let named = named.collect::<Vec<_>>().join("/");
                for path in [format!("{named}?{secret}={secret}"), format!("{named}?page_size={secret}"), named.clone()]
                {
                    let reply = admin.call(method.clone(), &path, None).await;
                    self.count(&reply);
                }
                if method == Method::POST || method == Method::PATCH {
                    for body in bodies(secret) {
                        let reply = admin.call(method.clone(), &named, Some(body)).await;
                        self.count(&reply);
                    }
                }
            }
        }
        self.misplace_in_headers(secret).await;
        self.misplace_in_token_requests(secret).await;
    }

    async fn misplace_in_headers(&mut self, secret: &str) {
        for (name, value) in [
            ("authorization", format!("Basic {}", STANDARD.encode(format!("{secret}:{secret}")))),
            ("authorization", format!("Bearer x{secret}")),
            ("authorization", format!("Bearer {secret}x")),
            ("authorization", secret.to_owned()),
            ("x-api-key", secret.to_owned()),
            ("cookie", format!("session={secret}")),
            ("content-type", secret.to_owned()),
            ("x-request-id", secret.to_owned()),
        ] {
            for path in ["/api/v1/apis", "/oauth2/token", &format!("/{secret}"), &format!("/setup/{secret}")] {
                let request = Request::builder().method(Method::POST).uri(path).header("host", "keys.example.com");
                let request = request.header(name, &value).body(Body::from(secret.to_owned()));
                let reply = self.app.send(request.unwrap()).await;
                assert!(reply.status >= 400, "{path}");
                self.count(&reply);
            }
        }
    }

    async fn misplace_in_token_requests(&mut self, secret: &str) {
        for form in [
            format!("grant_type={secret}&client_id=a&client_secret={secret}"),
            format!("grant_type=client_credentials&client_id={secret}&client_secret={secret}"),
            format!(
                "grant_type=client_credentials&client_id=a&client_secret={secret}&audience={secret}&scope={secret}"
            ),
            format!("{secret}={secret}&{secret}={secret}"),
            secret.to_owned(),
        ] {
            let reply = self.app.anonymous().form("/oauth2/token", &form).await;
            assert!(reply.status >= 400, "{form}");
            self.count(&reply);
        }
    }

    /// Failures of the store are logged with their cause.
    async fn without_the_store(&mut self, admin: &Actor<'_>, secrets: &[String]) {
        self.app.app.close().await;
        for secret in secrets {
            let reply = admin.verify(secret, json!({})).await;
            self.count(&reply);
            let reply = self.app.bearer(secret).get("/api/v1/apis").await;
            self.count(&reply);
            let form = format!("grant_type=client_credentials&client_id=a&client_secret={secret}");
            let reply = self.app.anonymous().form("/oauth2/token", &form).await;
            self.count(&reply);
        }
    }
}

/// A secret as a member's name, as a value of each kind, and where JSON should be.
fn bodies(secret: &str) -> Vec<Value> {
    vec![
        json!({ secret: 1 }),
        json!({ "profile": { secret: 1 }, "api_key": { secret: 1 }, "name": { secret: 1 } }),
        json!({ "name": [secret], "api_key": [secret], "audience": [secret], "key": [secret], "applications": secret }),
        json!({ "name": "a", "type": secret, "audience": "", "key": "a b", "identities": [{ "type": secret }] }),
        json!({ "name": "a", "api_id": secret, "org_code": secret, "user_id": secret, "scope_ids": [secret] }),
        json!({ "api_key": "a", "ip": secret, "min_revision": secret, "scopes": secret }),
        json!({ "applications": [{ "id": secret, "operation": secret }] }),
        json!(secret),
        json!([secret]),
    ]
}
