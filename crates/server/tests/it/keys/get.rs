//! `GET /api/v1/api_keys/{key_id}`

use insta::assert_snapshot;
use serde_json::json;

use crate::keys::Shop;
use crate::support::TestApp;

#[tokio::test]
async fn a_key_that_was_used_tells_when_and_from_where() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (id, secret) = shop.makes_key(json!({})).await;
    app.advance(std::time::Duration::from_millis(1500));
    shop.admin.verify(&secret, json!({ "ip": "::ffff:203.0.113.9" })).await;
    app.fold().await;
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
        "id": "api_key_01a20320a2007f36bb8bd953eff23884",
        "key_prefix": "k_live",
        "key_suffix": "eHW8",
        "last_verified_ip": "203.0.113.9",
        "last_verified_on": "2026-11-22T12:00:01.5Z",
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
            "last_verified_on": "2026-11-22T12:00:01.5Z",
            "selector": "5gsl8SCnBD7K"
          }
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
async fn an_unknown_key_is_not_found() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    assert_snapshot!(shop.get("api_key_00000000000000000000000000000000").await, @r#"
    404
    cache-control: no-store

    {
      "errors": {
        "code": "API_KEY_NOT_FOUND",
        "message": "There is no API key with this id."
      }
    }
    "#);
    for id in ["nope", "api_key_", "api_key_%00", "kp_1", "%F0%9F%94%91"] {
        let reply = shop.get(id).await;
        assert_eq!((reply.status, reply.error()), (404, "API_KEY_NOT_FOUND"), "{id}");
    }
}

#[tokio::test]
async fn an_organizations_application_finds_its_own_keys_alone() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let user = shop.admin.makes_user("Ada").await;
    let globex = shop.admin.makes_organization("Globex").await;
    let (own, _) = shop.makes_key(json!({ "org_code": globex })).await;
    let (foreign, _) = shop.makes_key(json!({})).await;
    let (of_user, _) = shop.makes_key_of_user(&user).await;
    let application = shop.admin.makes_m2m(&["read:api_keys"], json!({ "org_code": globex })).await;
    for (id, status) in [(own, 200), (foreign, 404), (of_user, 404)] {
        assert_eq!(application.get(&format!("/api/v1/api_keys/{id}")).await.status, status);
    }
}

#[tokio::test]
async fn a_token_without_the_scope_reads_no_key() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (id, _) = shop.makes_key(json!({})).await;
    let verifier = shop.admin.makes_m2m(&["verify:api_keys"], json!({})).await;
    for id in [id.as_str(), "nope"] {
        let reply = verifier.get(&format!("/api/v1/api_keys/{id}")).await;
        assert_eq!((reply.status, reply.message()), (403, "Scope missing: read:api_keys"));
    }
}
