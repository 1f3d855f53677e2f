//! Keys whose secret was right and that may not be used: one answer a reason, with the fields filled.

use std::time::Duration;

use insta::assert_snapshot;
use serde_json::json;

use crate::keys::Shop;
use crate::support::TestApp;

#[tokio::test]
async fn a_disabled_key_is_inactive() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (_, secret) = shop.makes_key(json!({})).await;
    app.db_change("UPDATE keys SET is_enabled = (1 = 0)").await;
    assert_snapshot!(shop.admin.verify(&secret, json!({})).await, @r#"
    200
    cache-control: no-store

    {
      "api_id": "a192afe3157c85d0c847729f4e08f3a3",
      "audience": "https://api.example.com",
      "code": "API_KEY_DISABLED",
      "expires_on": null,
      "http_status": 401,
      "is_valid": false,
      "key_id": "api_key_01a20320a2007f36bb8bd953eff23884",
      "last_verified_on": null,
      "message": "The API key is disabled",
      "metadata": null,
      "name": "Production",
      "org_code": "org_846eb9673349",
      "owner_external_id": null,
      "revision": 10,
      "rotated": false,
      "scopes": [
        "read:orders"
      ],
      "secret_expires_on": null,
      "status": "inactive",
      "type": "organization",
      "user_id": null,
      "verification_count": 0,
      "www_authenticate": "Bearer error=\"invalid_token\""
    }
    "#);
    app.db_change("UPDATE keys SET is_enabled = (1 = 1)").await;
    assert_eq!(shop.admin.verify(&secret, json!({})).await.text("/code"), "API_KEY_VERIFIED");
}

#[tokio::test]
async fn a_key_of_a_suspended_owner_is_inactive_until_that_is_lifted() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let user = shop.admin.makes_user("Ada").await;
    let (_, of_organization) = shop.makes_key(json!({})).await;
    let (_, of_user) = shop.makes_key_of_user(&user).await;
    app.db_change("UPDATE organizations SET suspended_at = 1").await;
    assert_snapshot!(shop.admin.verify(&of_organization, json!({})).await, @r#"
    200
    cache-control: no-store

    {
      "api_id": "a192afe3157c85d0c847729f4e08f3a3",
      "audience": "https://api.example.com",
      "code": "API_KEY_OWNER_SUSPENDED",
      "expires_on": null,
      "http_status": 401,
      "is_valid": false,
      "key_id": "api_key_01a20320a20075fc89075299106c37b2",
      "last_verified_on": null,
      "message": "The owner of the API key is suspended",
      "metadata": null,
      "name": "Production",
      "org_code": "org_846eb9673349",
      "owner_external_id": null,
      "revision": 12,
      "rotated": false,
      "scopes": [
        "read:orders"
      ],
      "secret_expires_on": null,
      "status": "inactive",
      "type": "organization",
      "user_id": null,
      "verification_count": 0,
      "www_authenticate": "Bearer error=\"invalid_token\""
    }
    "#);
    assert_eq!(shop.admin.verify(&of_user, json!({})).await.text("/code"), "API_KEY_VERIFIED");
    app.db_change("UPDATE organizations SET suspended_at = NULL").await;
    app.db_change("UPDATE users SET suspended_at = 1").await;
    assert_eq!(shop.admin.verify(&of_organization, json!({})).await.text("/code"), "API_KEY_VERIFIED");
    assert_eq!(shop.admin.verify(&of_user, json!({})).await.text("/code"), "API_KEY_OWNER_SUSPENDED");
}

#[tokio::test]
async fn a_key_of_a_deleted_owner_is_revoked() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let user = shop.admin.makes_user("Ada").await;
    let (_, of_organization) = shop.makes_key(json!({})).await;
    let (_, of_user) = shop.makes_key_of_user(&user).await;
    app.db_change("UPDATE organizations SET deleted_at = 1").await;
    app.db_change("UPDATE users SET deleted_at = 1").await;
    for secret in [of_organization, of_user] {
        let verified = shop.admin.verify(&secret, json!({})).await;
        assert_eq!((verified.text("/code"), verified.text("/status")), ("API_KEY_REVOKED".into(), "revoked".into()));
    }
}

#[tokio::test]
async fn a_key_of_a_deleted_api_is_revoked() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (_, secret) = shop.makes_key(json!({})).await;
    app.db_change("UPDATE apis SET deleted_at = 1 WHERE NOT is_management_api").await;
    for asked in [json!({}), json!({ "audience": "https://api.example.com" }), json!({ "api_id": shop.api })] {
        assert_eq!(shop.admin.verify(&secret, asked).await.text("/code"), "API_KEY_REVOKED");
    }
}

#[tokio::test]
async fn a_key_past_its_expiry_is_inactive() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (_, secret) = shop.makes_key(json!({ "expires_on": "2026-11-22T12:30:00Z" })).await;
    app.advance(Duration::from_secs(1800));
    assert_snapshot!(shop.admin.verify(&secret, json!({})).await, @r#"
    200
    cache-control: no-store

    {
      "api_id": "a192afe3157c85d0c847729f4e08f3a3",
      "audience": "https://api.example.com",
      "code": "API_KEY_EXPIRED",
      "expires_on": "2026-11-22T12:30:00Z",
      "http_status": 401,
      "is_valid": false,
      "key_id": "api_key_01a20320a2007f36bb8bd953eff23884",
      "last_verified_on": null,
      "message": "The API key has expired",
      "metadata": null,
      "name": "Production",
      "org_code": "org_846eb9673349",
      "owner_external_id": null,
      "revision": 9,
      "rotated": false,
      "scopes": [
        "read:orders"
      ],
      "secret_expires_on": null,
      "status": "inactive",
      "type": "organization",
      "user_id": null,
      "verification_count": 0,
      "www_authenticate": "Bearer error=\"invalid_token\""
    }
    "#);
}

#[tokio::test]
async fn the_first_reason_in_the_order_of_the_checks_is_told() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let more = json!({ "expires_on": "2026-11-22T12:30:00Z", "allowed_cidrs": ["203.0.113.0/24"] });
    let (id, secret) = shop.makes_key(more).await;
    let asked = json!({ "scopes": ["write:orders"] });
    let admin = &shop.admin;
    let code = async || admin.verify(&secret, asked.clone()).await.text("/code");
    assert_eq!(code().await, "API_KEY_IP_NOT_ALLOWED");
    app.advance(Duration::from_secs(1800));
    assert_eq!(code().await, "API_KEY_EXPIRED");
    app.db_change("UPDATE organizations SET suspended_at = 1").await;
    assert_eq!(code().await, "API_KEY_OWNER_SUSPENDED");
    app.db_change("UPDATE keys SET is_enabled = (1 = 0)").await;
    assert_eq!(code().await, "API_KEY_DISABLED");
    admin.delete(&format!("/api/v1/api_keys/{id}")).await;
    assert_eq!(code().await, "API_KEY_REVOKED");
    let elsewhere = admin.verify(&secret, json!({ "audience": "https://other.example.com" })).await;
    assert_eq!(elsewhere.text("/code"), "API_KEY_WRONG_API");
    let next = admin.verify(&format!("{secret}x"), asked).await;
    assert_eq!(next.text("/code"), "API_KEY_INVALID");
}
