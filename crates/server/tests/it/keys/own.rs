//! `GET /api/v1/api_keys/self`

use std::net::SocketAddr;
use std::time::Duration;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Method;
use insta::assert_snapshot;
use keyward_core::{KeyClass, KeyPrefix, KeySecret};
use serde_json::json;

use crate::keys::Shop;
use crate::support::{Reply, TestApp};

const PATH: &str = "/api/v1/api_keys/self";

/// All of an answer that must not tell one case from another.
fn seen(reply: &Reply) -> (u16, Vec<(String, String)>, Vec<u8>) {
    let headers = reply.headers.iter().filter(|(name, _)| *name != "x-request-id");
    let headers = headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
    (reply.status, headers.collect(), reply.bytes.clone())
}

#[tokio::test]
async fn the_holder_learns_what_the_key_is_and_nothing_that_the_platform_notes() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let more = json!({ "metadata": { "plan": "pro" }, "expires_on": "2027-01-01T00:00:00Z" });
    let (_, secret) = shop.makes_key(more).await;
    shop.admin.verify(&secret, json!({})).await;
    assert_snapshot!(app.bearer(&secret).get(PATH).await, @r#"
    200
    cache-control: no-store

    {
      "api_key": {
        "api_id": "a192afe3157c85d0c847729f4e08f3a3",
        "audience": "https://api.example.com",
        "created_on": "2026-11-22T12:00:00Z",
        "credits": [],
        "expires_on": "2027-01-01T00:00:00Z",
        "id": "api_key_01a20320a2007f36bb8bd953eff23884",
        "key_prefix": "k_live",
        "key_suffix": "eHW8",
        "last_verified_on": "2026-11-22T12:00:00Z",
        "name": "Production",
        "org_code": "org_846eb9673349",
        "rate_limits": [],
        "scopes": [
          "read:orders"
        ],
        "status": "active",
        "type": "organization",
        "user_id": null,
        "verification_count": 1
      },
      "code": "OK",
      "message": "Success"
    }
    "#);
}

#[tokio::test]
async fn a_users_key_tells_the_user_and_an_environment_key_is_told_too() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let user = shop.admin.makes_user("Ada").await;
    let (_, secret) = shop.makes_key_of_user(&user).await;
    let own = app.bearer(&secret).get(PATH).await;
    assert_eq!((own.text("/api_key/type"), own.text("/api_key/user_id")), ("user".into(), user));
    let machine = shop.admin.makes_environment_key(&["read:apis"], json!({})).await;
    let own = machine.get(PATH).await;
    assert_eq!((own.text("/api_key/type"), own.text("/api_key/key_prefix")), ("environment".into(), "k_adm".into()));
    assert_eq!(own.body["api_key"]["scopes"], json!(["read:apis"]));
}

#[tokio::test]
async fn it_is_no_verification_and_counts_nothing() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (id, secret) = shop.makes_key(json!({})).await;
    for _ in 0..3 {
        assert_eq!(app.bearer(&secret).get(PATH).await.body["api_key"]["verification_count"], 0);
    }
    app.fold().await;
    let usage = shop.admin.get(&format!("/api/v1/api_keys/{id}/usage")).await;
    assert_eq!(usage.body["usage"], json!([]), "{usage}");
    assert_eq!(shop.admin.verify(&secret, json!({})).await.body["verification_count"], 1);
}

#[tokio::test]
async fn where_a_key_may_be_used_from_is_not_asked() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (_, secret) = shop.makes_key(json!({ "allowed_cidrs": ["203.0.113.0/24"] })).await;
    assert_eq!(app.bearer(&secret).get(PATH).await.status, 200);
}

#[tokio::test]
async fn whatever_is_no_key_that_can_be_used_is_one_answer_byte_for_byte() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let garbage = app.bearer("garbage").get(PATH).await;
    assert_snapshot!(garbage, @r#"
    401
    cache-control: no-store
    www-authenticate: Bearer error="invalid_token"

    {
      "errors": [
        {
          "code": "TOKEN_INVALID",
          "message": "The bearer token is not valid, or no longer."
        }
      ]
    }
    "#);
    let user = shop.admin.makes_user("Ada").await;
    let (revoked, revoked_secret) = shop.makes_key(json!({})).await;
    shop.admin.delete(&format!("/api/v1/api_keys/{revoked}")).await;
    let (rotated, old_secret) = shop.makes_key(json!({})).await;
    shop.admin.put(&format!("/api/v1/api_keys/{rotated}")).await;
    let (_, disabled) = shop.makes_key(json!({ "name": "Disabled" })).await;
    app.db_change("UPDATE keys SET is_enabled = (1 = 0) WHERE name = 'Disabled'").await;
    let (_, expired) = shop.makes_key(json!({ "expires_on": "2026-11-22T12:30:00Z" })).await;
    let (_, suspended) = shop.makes_key_of_user(&user).await;
    app.db_change("UPDATE users SET suspended_at = 1").await;
    let machine = shop.admin.makes_environment_key(&[], json!({ "name": "Gone" })).await;
    app.db_change("UPDATE keys SET revoked_at = 1 WHERE name = 'Gone'").await;
    let unknown = KeySecret::generate(&KeyPrefix::default(), KeyClass::Live, &mut |bytes| bytes.fill(7));
    let (_, good) = shop.makes_key(json!({})).await;
    app.advance(Duration::from_secs(1800));
    let m2m = shop.admin.makes_m2m(&["read:api_keys"], json!({})).await;
    for token in [
        revoked_secret,
        old_secret,
        disabled,
        expired,
        suspended,
        machine.token.unwrap(),
        m2m.token.unwrap(),
        unknown.plain().expose().to_owned(),
        format!("{good}x"),
        good.replace("_live_", "_adm_"),
        String::new(),
    ] {
        assert_eq!(seen(&app.bearer(&token).get(PATH).await), seen(&garbage));
    }
    assert_eq!(app.bearer(&good).get(PATH).await.status, 200);
}

#[tokio::test]
async fn whoever_shows_nothing_is_asked_for_a_key() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (_, secret) = shop.makes_key(json!({})).await;
    let reply = app.anonymous().get(PATH).await;
    assert_eq!((reply.status, reply.error(), reply.header("www-authenticate")), (401, "TOKEN_MISSING", "Bearer"));
    // In an address it would stand in logs (RFC 6750 section 2.3 allows it, and we do not).
    for name in ["access_token", "api_key"] {
        let path = format!("{PATH}?{name}={secret}");
        assert_eq!(app.anonymous().get(&path).await.error(), "TOKEN_MISSING");
        let reply = app.bearer(&secret).get(&path).await;
        assert_eq!((reply.status, reply.error()), (400, "FIELD_UNKNOWN"), "{reply}");
    }
}

#[tokio::test]
async fn too_many_wrong_ones_from_an_address_are_told_429_and_a_good_one_is_served() {
    let settings = "public_url = 'https://keys.example.com'\nfailures_per_address_per_minute = 3";
    let app = TestApp::start_with(settings).await;
    let shop = Shop::open(&app).await;
    let (id, secret) = shop.makes_key(json!({})).await;
    let m2m = shop.admin.token.clone().unwrap();
    let ask = async |token: &str| {
        let from = ConnectInfo(SocketAddr::from(([198, 51, 100, 7], 4711)));
        let request = app.bearer(token).request(Method::GET, PATH).extension(from);
        app.send(request.body(Body::empty()).unwrap()).await
    };
    for status in [401, 401, 401, 429] {
        assert_eq!(ask("garbage").await.status, status);
    }
    assert_eq!((ask(&secret).await.status, ask(&m2m).await.status), (200, 401), "they were ours");
    shop.admin.delete(&format!("/api/v1/api_keys/{id}")).await;
    assert_eq!(ask(&secret).await.status, 401, "and this one was once");
}

#[tokio::test]
async fn a_node_that_may_not_answer_says_so() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (_, secret) = shop.makes_key(json!({})).await;
    app.db_change("UPDATE keys SET allowed_cidrs = 'not json'").await;
    app.advance(Duration::from_secs(3));
    let reply = app.bearer(&secret).get(PATH).await;
    assert_eq!((reply.status, reply.error()), (503, "UNAVAILABLE"), "{reply}");
}
