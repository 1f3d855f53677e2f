//! Keys that are good, but not for this request.

use insta::assert_snapshot;
use serde_json::json;

use crate::keys::Shop;
use crate::support::TestApp;

#[tokio::test]
async fn an_address_outside_the_ranges_is_not_allowed_and_neither_is_an_untold_one() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (_, secret) = shop.makes_key(json!({ "allowed_cidrs": ["203.0.113.0/24"] })).await;
    assert_snapshot!(shop.admin.verify(&secret, json!({ "ip": "203.0.114.1" })).await, @r#"
    200
    cache-control: no-store

    {
      "api_id": "a192afe3157c85d0c847729f4e08f3a3",
      "audience": "https://api.example.com",
      "code": "API_KEY_IP_NOT_ALLOWED",
      "expires_on": null,
      "http_status": 403,
      "is_valid": false,
      "key_id": "api_key_01a20320a2007f36bb8bd953eff23884",
      "last_verified_on": null,
      "message": "The API key may not be used from this address",
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
      "status": "active",
      "type": "organization",
      "user_id": null,
      "verification_count": 0,
      "www_authenticate": null
    }
    "#);
    for ip in [json!({}), json!({ "ip": null }), json!({ "ip": "::1" }), json!({ "ip": "::ffff:203.0.114.1" })] {
        assert_eq!(shop.admin.verify(&secret, ip).await.text("/code"), "API_KEY_IP_NOT_ALLOWED");
    }
}

#[tokio::test]
async fn a_missing_scope_is_named() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (_, secret) = shop.makes_key(json!({})).await;
    let scopes = json!(["write:orders", "read:orders", "admin"]);
    assert_snapshot!(shop.admin.verify(&secret, json!({ "scopes": scopes })).await, @r#"
    200
    cache-control: no-store

    {
      "api_id": "a192afe3157c85d0c847729f4e08f3a3",
      "audience": "https://api.example.com",
      "code": "API_KEY_INSUFFICIENT_SCOPE",
      "expires_on": null,
      "http_status": 403,
      "is_valid": false,
      "key_id": "api_key_01a20320a2007f36bb8bd953eff23884",
      "last_verified_on": null,
      "message": "The API key lacks a scope",
      "metadata": null,
      "missing_scopes": [
        "write:orders",
        "admin"
      ],
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
      "verification_count": 0,
      "www_authenticate": "Bearer error=\"insufficient_scope\", scope=\"write:orders read:orders admin\""
    }
    "#);
}

#[tokio::test]
async fn a_scope_that_no_key_can_have_stands_in_no_header() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (_, secret) = shop.makes_key(json!({})).await;
    for (asked, header) in [
        (json!(["a\", realm=\"b"]), r#"Bearer error="insufficient_scope""#),
        (json!(["read:orders", "a b", "é"]), r#"Bearer error="insufficient_scope", scope="read:orders""#),
    ] {
        let verified = shop.admin.verify(&secret, json!({ "scopes": asked })).await;
        assert_eq!(verified.text("/code"), "API_KEY_INSUFFICIENT_SCOPE");
        assert_eq!(verified.text("/www_authenticate"), header);
    }
}
