//! Keys that may be used.

use std::time::Duration;

use insta::assert_snapshot;
use serde_json::json;

use crate::keys::Shop;
use crate::support::TestApp;

#[tokio::test]
async fn the_answer_tells_whose_key_it_is_and_what_it_may_do() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let more = json!({ "metadata": { "plan": "pro" }, "expires_on": "2027-01-01T00:00:00Z" });
    let (_, secret) = shop.makes_key(more).await;
    assert_snapshot!(shop.admin.verify(&secret, json!({})).await, @r#"
    200
    cache-control: no-store

    {
      "api_id": "a192afe3157c85d0c847729f4e08f3a3",
      "audience": "https://api.example.com",
      "code": "API_KEY_VERIFIED",
      "expires_on": "2027-01-01T00:00:00Z",
      "http_status": 200,
      "is_valid": true,
      "key_id": "api_key_01a20320a2007f36bb8bd953eff23884",
      "last_verified_on": "2026-11-22T12:00:00Z",
      "message": "API key verified",
      "metadata": {
        "plan": "pro"
      },
      "name": "Production",
      "org_code": "org_846eb9673349",
      "owner_external_id": null,
      "revision": 9,
      "rotated": false,
      "scopes": [
        "read:orders"
      ],
      "secret_expires_on": null,
      "status": "active",
      "type": "organization",
      "user_id": null,
      "verification_count": 1,
      "www_authenticate": null
    }
    "#);
}

#[tokio::test]
async fn a_users_key_tells_the_user() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let user = shop.admin.post("/api/v1/user", json!({ "provided_id": "user-7" })).await.text("/id");
    let (_, secret) = shop.makes_key_of_user(&user).await;
    assert_snapshot!(shop.admin.verify(&secret, json!({})).await, @r#"
    200
    cache-control: no-store

    {
      "api_id": "a192afe3157c85d0c847729f4e08f3a3",
      "audience": "https://api.example.com",
      "code": "API_KEY_VERIFIED",
      "expires_on": null,
      "http_status": 200,
      "is_valid": true,
      "key_id": "api_key_01a20320a20075fc89075299106c37b2",
      "last_verified_on": "2026-11-22T12:00:00Z",
      "message": "API key verified",
      "metadata": null,
      "name": "Production",
      "org_code": null,
      "owner_external_id": "user-7",
      "revision": 10,
      "rotated": false,
      "scopes": [
        "read:orders"
      ],
      "secret_expires_on": null,
      "status": "active",
      "type": "user",
      "user_id": "kp_7f367b8bd953eff23884700f650d04e1",
      "verification_count": 1,
      "www_authenticate": null
    }
    "#);
}

#[tokio::test]
async fn count_and_time_include_this_verification() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (id, secret) = shop.makes_key(json!({})).await;
    for (count, on) in [(1, "2026-11-22T12:00:01Z"), (2, "2026-11-22T12:00:02Z"), (3, "2026-11-22T12:00:03Z")] {
        app.advance(Duration::from_secs(1));
        let verified = shop.admin.verify(&secret, json!({})).await;
        assert_eq!(verified.body["verification_count"], count);
        assert_eq!(verified.text("/last_verified_on"), on);
        app.fold().await;
        let key = shop.get(&id).await;
        assert_eq!(key.body["api_key"]["verification_count"], count);
        assert_eq!(key.text("/api_key/last_verified_on"), on);
    }
}

#[tokio::test]
async fn a_refused_verification_is_not_counted_and_tells_the_last_good_one() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (_, secret) = shop.makes_key(json!({})).await;
    shop.admin.verify(&secret, json!({})).await;
    app.advance(Duration::from_secs(1));
    for _ in 0..2 {
        let refused = shop.admin.verify(&secret, json!({ "scopes": ["write:orders"] })).await;
        assert_eq!(refused.body["verification_count"], 1);
        assert_eq!(refused.text("/last_verified_on"), "2026-11-22T12:00:00Z");
    }
}

#[tokio::test]
async fn verifying_is_no_change() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (_, secret) = shop.makes_key(json!({})).await;
    let before = app.revision().await;
    let verified = shop.admin.verify(&secret, json!({})).await;
    assert_eq!(verified.body["revision"], before);
    assert_eq!(app.revision().await, before);
}

#[tokio::test]
async fn every_scope_that_it_carries_may_be_asked_for() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (_, secret) = shop.makes_key(json!({ "scope_ids": ["read:orders", "write:orders"] })).await;
    for scopes in
        [json!([]), json!(["read:orders"]), json!(["write:orders", "read:orders", "read:orders"]), json!(null)]
    {
        assert_eq!(shop.admin.verify(&secret, json!({ "scopes": scopes })).await.text("/code"), "API_KEY_VERIFIED");
    }
}

#[tokio::test]
async fn a_scope_that_was_deleted_leaves_every_key() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (_, secret) = shop.makes_key(json!({ "scope_ids": ["read:orders", "write:orders"] })).await;
    app.db_change("UPDATE scopes SET deleted_at = 1 WHERE key = 'write:orders'").await;
    let verified = shop.admin.verify(&secret, json!({})).await;
    assert_eq!(verified.body["scopes"], json!(["read:orders"]));
    shop.admin.post(&format!("/api/v1/apis/{}/scopes", shop.api), json!({ "key": "write:orders" })).await;
    let verified = shop.admin.verify(&secret, json!({ "scopes": ["write:orders"] })).await;
    assert_eq!(verified.text("/code"), "API_KEY_INSUFFICIENT_SCOPE", "a new scope of that name is another scope");
}

#[tokio::test]
async fn a_key_lives_until_the_instant_of_its_expiry() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (_, secret) = shop.makes_key(json!({ "expires_on": "2026-11-22T12:00:01Z" })).await;
    app.advance(Duration::from_micros(999_999));
    assert_eq!(shop.admin.verify(&secret, json!({})).await.text("/code"), "API_KEY_VERIFIED");
    app.advance(Duration::from_micros(1));
    assert_eq!(shop.admin.verify(&secret, json!({})).await.text("/code"), "API_KEY_EXPIRED");
}

#[tokio::test]
async fn an_address_within_a_range_will_do() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (_, secret) = shop.makes_key(json!({ "allowed_cidrs": ["203.0.113.0/24", "2001:db8::/32"] })).await;
    for ip in ["203.0.113.0", "203.0.113.255", "::ffff:203.0.113.9", "2001:db8:ffff::1"] {
        assert_eq!(shop.admin.verify(&secret, json!({ "ip": ip })).await.text("/code"), "API_KEY_VERIFIED", "{ip}");
    }
}
