//! Keys that are made.

use insta::assert_snapshot;
use serde_json::json;

use crate::keys::Shop;
use crate::support::{TestApp, with};

#[tokio::test]
async fn an_organization_gets_a_key_whose_secret_is_shown_this_once() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let reply = shop.admin.post("/api/v1/api_keys", shop.body()).await;
    assert_snapshot!(reply, @r#"
    201
    cache-control: no-store

    {
      "api_key": {
        "id": "api_key_01a20320a2007f36bb8bd953eff23884",
        "key": "k_live_5gsl8SCnBD7KTGktssQahJ1tUJsAPuolTv1a6cA1Dtwo4eeHW8"
      },
      "code": "API_KEY_CREATED",
      "message": "API key created",
      "revision": 9
    }
    "#);

    let key = shop.get(&reply.text("/api_key/id")).await;
    assert_snapshot!(key, @r#"
    200
    cache-control: no-store

    {
      "api_key": {
        "allowed_cidrs": [],
        "api_ids": [
          "a192afe3157c85d0c847729f4e08f3a3"
        ],
        "bound_api_ids": null,
        "created_by": "First application",
        "created_on": "2026-11-22T12:00:00Z",
        "credits": null,
        "enabled": true,
        "expires_on": null,
        "id": "api_key_01a20320a2007f36bb8bd953eff23884",
        "key_prefix": "k_live",
        "key_suffix": "eHW8",
        "last_verified_ip": null,
        "last_verified_on": null,
        "metadata": null,
        "name": "Production",
        "organization_id": "org_846eb9673349",
        "owner_external_id": null,
        "rate_limits": [],
        "scopes": [
          "read:orders"
        ],
        "secrets": [
          {
            "created_on": "2026-11-22T12:00:00Z",
            "expires_on": null,
            "last_verified_on": null,
            "selector": "5gsl8SCnBD7K"
          }
        ],
        "status": "active",
        "type": "organization",
        "user_id": null,
        "verification_count": 0
      },
      "code": "OK",
      "message": "Success"
    }
    "#);
    assert!(!key.to_string().contains(&reply.text("/api_key/key")));
}

#[tokio::test]
async fn a_user_gets_a_key() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let user = json!({ "provided_id": "user-7", "identities": [] });
    let user = shop.admin.post("/api/v1/user", user).await.text("/id");
    let (id, _) = shop.makes_key(json!({ "type": "user", "org_code": null, "user_id": user })).await;
    assert_snapshot!(shop.get(&id).await, @r#"
    200
    cache-control: no-store

    {
      "api_key": {
        "allowed_cidrs": [],
        "api_ids": [
          "a192afe3157c85d0c847729f4e08f3a3"
        ],
        "bound_api_ids": null,
        "created_by": "First application",
        "created_on": "2026-11-22T12:00:00Z",
        "credits": null,
        "enabled": true,
        "expires_on": null,
        "id": "api_key_01a20320a20075fc89075299106c37b2",
        "key_prefix": "k_live",
        "key_suffix": "uY05",
        "last_verified_ip": null,
        "last_verified_on": null,
        "metadata": null,
        "name": "Production",
        "organization_id": null,
        "owner_external_id": "user-7",
        "rate_limits": [],
        "scopes": [
          "read:orders"
        ],
        "secrets": [
          {
            "created_on": "2026-11-22T12:00:00Z",
            "expires_on": null,
            "last_verified_on": null,
            "selector": "1tUJsAPuolTv"
          }
        ],
        "status": "active",
        "type": "user",
        "user_id": "kp_7f367b8bd953eff23884700f650d04e1",
        "verification_count": 0
      },
      "code": "OK",
      "message": "Success"
    }
    "#);
}

#[tokio::test]
async fn the_platform_gets_a_key_for_the_management_api() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let management = shop.admin.management_api().await;
    let body = json!({
        "name": "Gateway", "type": "environment", "api_id": management, "scope_ids": ["verify:api_keys"],
        "bound_api_ids": [shop.api],
    });
    let reply = shop.admin.post("/api/v1/api_keys", body).await;
    assert_snapshot!(reply, @r#"
    201
    cache-control: no-store

    {
      "api_key": {
        "id": "api_key_01a20320a2007884b00f650d04e1bfe4",
        "key": "k_adm_BD7KTGktssQahJ1tUJsAPuolTv1a6cA1Dtwov3gstBdK4SLuX7"
      },
      "code": "API_KEY_CREATED",
      "message": "API key created",
      "revision": 9
    }
    "#);
    assert_snapshot!(shop.get(&reply.text("/api_key/id")).await, @r#"
    200
    cache-control: no-store

    {
      "api_key": {
        "allowed_cidrs": [],
        "api_ids": [
          "e220a8397b1dcdaf6e789e6aa1b965f4"
        ],
        "bound_api_ids": [
          "a192afe3157c85d0c847729f4e08f3a3"
        ],
        "created_by": "First application",
        "created_on": "2026-11-22T12:00:00Z",
        "credits": null,
        "enabled": true,
        "expires_on": null,
        "id": "api_key_01a20320a2007884b00f650d04e1bfe4",
        "key_prefix": "k_adm",
        "key_suffix": "LuX7",
        "last_verified_ip": null,
        "last_verified_on": null,
        "metadata": null,
        "name": "Gateway",
        "organization_id": null,
        "owner_external_id": null,
        "rate_limits": [],
        "scopes": [
          "verify:api_keys"
        ],
        "secrets": [
          {
            "created_on": "2026-11-22T12:00:00Z",
            "expires_on": null,
            "last_verified_on": null,
            "selector": "BD7KTGktssQa"
          }
        ],
        "status": "active",
        "type": "environment",
        "user_id": null,
        "verification_count": 0
      },
      "code": "OK",
      "message": "Success"
    }
    "#);
}

#[tokio::test]
async fn the_owner_tells_the_type_where_it_is_missing() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let user = shop.admin.makes_user("Ada").await;
    for (owner, kind) in [
        (json!({ "user_id": user }), "user"),
        (json!({ "user_id": user, "type": null }), "user"),
        (json!({ "user_external_id": "user-7", "create_owner": true }), "user"),
        (json!({ "org_code": shop.org }), "organization"),
        (json!({ "org_external_id": "customer-42", "create_owner": true }), "organization"),
    ] {
        let body = with(&json!({ "name": "Production", "api_id": shop.api }), owner);
        let (id, _) = shop.admin.makes_key(body).await;
        assert_eq!(shop.get(&id).await.text("/api_key/type"), kind);
    }
}
