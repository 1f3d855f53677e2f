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
        "id": "api_key_01a20320a2007809acafa23864a44da1",
        "key": "k_live_8mzfpBgB0hTA3Zk3szFVLruu8oFdD4d5gsl8SCnBD7KT3sZP4t"
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
          "370595aacab4adaeb1392dbdc5ab61d6"
        ],
        "bound_api_ids": null,
        "created_by": "First application",
        "created_on": "2026-11-22T12:00:00Z",
        "expires_on": null,
        "id": "api_key_01a20320a2007809acafa23864a44da1",
        "key_prefix": "k_live",
        "key_suffix": "ZP4t",
        "last_verified_ip": null,
        "last_verified_on": null,
        "metadata": null,
        "name": "Production",
        "organization_id": "org_e9c7191857e7",
        "owner_external_id": null,
        "scopes": [
          "read:orders"
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
          "370595aacab4adaeb1392dbdc5ab61d6"
        ],
        "bound_api_ids": null,
        "created_by": "First application",
        "created_on": "2026-11-22T12:00:00Z",
        "expires_on": null,
        "id": "api_key_01a20320a20077baa55b86039fe87f36",
        "key_prefix": "k_live",
        "key_suffix": "eM55",
        "last_verified_ip": null,
        "last_verified_on": null,
        "metadata": null,
        "name": "Production",
        "organization_id": null,
        "owner_external_id": "user-7",
        "scopes": [
          "read:orders"
        ],
        "status": "active",
        "type": "user",
        "user_id": "kp_e809acafa23864a44da1edaba1d0f7bd",
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
        "id": "api_key_01a20320a2007da1adaba1d0f7bd846e",
        "key": "k_adm_B0hTA3Zk3szFVLruu8oFdD4d5gsl8SCnBD7KTGktssQa2gSiUO"
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
          "370595aacab4adaeb1392dbdc5ab61d6"
        ],
        "created_by": "First application",
        "created_on": "2026-11-22T12:00:00Z",
        "expires_on": null,
        "id": "api_key_01a20320a2007da1adaba1d0f7bd846e",
        "key_prefix": "k_adm",
        "key_suffix": "SiUO",
        "last_verified_ip": null,
        "last_verified_on": null,
        "metadata": null,
        "name": "Gateway",
        "organization_id": null,
        "owner_external_id": null,
        "scopes": [
          "verify:api_keys"
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
