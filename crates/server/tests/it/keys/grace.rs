//! Rotation with a grace: two secrets of one key at a time.

use std::time::Duration;

use axum::http::Method;
use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::keys::Shop;
use crate::support::TestApp;

impl Shop<'_> {
    /// A new secret; the one before goes on for so many seconds.
    async fn rotates(&self, id: &str, grace_seconds: u32) -> String {
        let body = json!({ "grace_seconds": grace_seconds });
        let reply = self.admin.call(Method::PUT, &format!("/api/v1/api_keys/{id}"), Some(body)).await;
        assert_eq!(reply.status, 201, "{reply}");
        reply.text("/api_key/key")
    }

    /// What a verification says: its code, whether another secret has taken the place, and until when this one goes on.
    async fn seen(&self, secret: &str) -> Value {
        let body = self.admin.verify(secret, json!({})).await.body;
        json!([body["code"], body["rotated"], body["secret_expires_on"]])
    }
}

#[tokio::test]
async fn both_secrets_are_good_until_the_grace_ends_and_the_old_one_says_so() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (id, old) = shop.makes_key(json!({})).await;
    let new = shop.rotates(&id, 1_800).await;
    assert_snapshot!(shop.admin.verify(&old, json!({})).await, @r#"
    200
    cache-control: no-store

    {
      "api_id": "a192afe3157c85d0c847729f4e08f3a3",
      "audience": "https://api.example.com",
      "code": "API_KEY_VERIFIED",
      "expires_on": null,
      "http_status": 200,
      "is_valid": true,
      "key_id": "api_key_01a20320a2007f36bb8bd953eff23884",
      "last_verified_on": "2026-11-22T12:00:00Z",
      "message": "API key verified",
      "metadata": null,
      "name": "Production",
      "org_code": "org_846eb9673349",
      "owner_external_id": null,
      "revision": 10,
      "rotated": true,
      "scopes": [
        "read:orders"
      ],
      "secret_expires_on": "2026-11-22T12:30:00Z",
      "status": "active",
      "type": "organization",
      "user_id": null,
      "verification_count": 1,
      "www_authenticate": null
    }
    "#);
    assert_eq!(shop.seen(&new).await, json!(["API_KEY_VERIFIED", false, null]));
    app.advance(Duration::from_secs(1_799));
    assert_eq!(shop.seen(&old).await[0], "API_KEY_VERIFIED");
    app.advance(Duration::from_secs(1));
    assert_eq!(shop.seen(&old).await, json!(["API_KEY_INVALID", false, null]));
    assert_eq!(shop.seen(&new).await, json!(["API_KEY_VERIFIED", false, null]));
}

#[tokio::test]
async fn a_second_rotation_within_the_grace_ends_the_oldest() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (id, first) = shop.makes_key(json!({})).await;
    let second = shop.rotates(&id, 1_800).await;
    let third = shop.rotates(&id, 60).await;
    let mut codes = Vec::new();
    for secret in [&first, &second, &third] {
        codes.push(shop.seen(secret).await[0].clone());
    }
    assert_eq!(json!(codes), json!(["API_KEY_INVALID", "API_KEY_VERIFIED", "API_KEY_VERIFIED"]));
    shop.rotates(&id, 0).await;
    assert_eq!(shop.seen(&second).await[0], "API_KEY_INVALID");
    assert_eq!(shop.seen(&third).await[0], "API_KEY_INVALID");
}

#[tokio::test]
async fn what_becomes_of_the_key_becomes_of_both_secrets() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (id, old) = shop.makes_key(json!({})).await;
    let new = shop.rotates(&id, 1_800).await;
    let path = format!("/api/v1/api_keys/{id}");
    assert_eq!(shop.admin.patch(&path, json!({ "scope_ids": [] })).await.status, 200);
    for secret in [&old, &new] {
        assert_eq!(shop.admin.verify(secret, json!({})).await.body["scopes"], json!([]));
    }
    shop.admin.delete(&path).await;
    for secret in [&old, &new] {
        assert_eq!(shop.seen(secret).await[0], "API_KEY_REVOKED");
    }
}

#[tokio::test]
async fn one_sees_when_the_old_secret_was_used_last() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (id, old) = shop.makes_key(json!({})).await;
    let new = shop.rotates(&id, 1_800).await;
    shop.seen(&old).await;
    app.advance(Duration::from_secs(60));
    shop.seen(&new).await;
    app.fold().await;
    let key = shop.get(&id).await;
    assert_snapshot!(serde_json::to_string_pretty(&key.body["api_key"]["secrets"]).unwrap(), @r#"
    [
      {
        "created_on": "2026-11-22T12:00:00Z",
        "expires_on": null,
        "last_verified_on": "2026-11-22T12:01:00Z",
        "selector": "uwmAEkXE91Yu"
      },
      {
        "created_on": "2026-11-22T12:00:00Z",
        "expires_on": "2026-11-22T12:30:00Z",
        "last_verified_on": "2026-11-22T12:00:00Z",
        "selector": "5gsl8SCnBD7K"
      }
    ]
    "#);
    assert!(new.contains(key.body["api_key"]["secrets"][0]["selector"].as_str().unwrap()));
    assert!(old.contains(key.body["api_key"]["secrets"][1]["selector"].as_str().unwrap()));
    assert_eq!(key.body["api_key"]["verification_count"], 2);
    app.advance(Duration::from_secs(1_800));
    assert_eq!(shop.get(&id).await.body["api_key"]["secrets"].as_array().unwrap().len(), 1);
    let listed = shop.admin.get("/api/v1/api_keys").await;
    assert!(listed.body["api_keys"][0].get("secrets").is_none(), "not in the list");
}

#[tokio::test]
async fn the_holder_of_the_old_secret_may_end_the_key_and_introspection_tells_its_end() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (id, old) = shop.makes_key(json!({ "expires_on": "2027-01-01T00:00:00Z" })).await;
    let new = shop.rotates(&id, 1_800).await;
    let application = shop.admin.makes_application(&["verify:api_keys"], json!({})).await;
    let ends = async |secret: &str| {
        let form = format!("token={secret}&client_id={}&client_secret={}", application.0, application.1);
        app.anonymous().form("/oauth2/introspect", &form).await.body["exp"].as_i64().unwrap()
    };
    assert!(ends(&old).await < ends(&new).await);
    let form = format!("token={old}&client_id=anybody&client_secret=wrong");
    assert_eq!(app.anonymous().form("/oauth2/revoke", &form).await.status, 200);
    assert_eq!(shop.seen(&new).await[0], "API_KEY_REVOKED");
}

#[tokio::test]
async fn an_environment_key_opens_with_both_until_the_grace_ends() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let management = shop.admin.management_api().await;
    let body = json!({ "name": "Machine", "type": "environment", "api_id": management, "scope_ids": ["read:apis"] });
    let (id, old) = shop.admin.makes_key(body).await;
    let new = shop.rotates(&id, 60).await;
    let opens = async |secret: &str| app.bearer(secret).get("/api/v1/apis").await.status;
    assert_eq!((opens(&old).await, opens(&new).await), (200, 200));
    app.advance(Duration::from_secs(60));
    assert_eq!((opens(&old).await, opens(&new).await), (401, 200));
}
