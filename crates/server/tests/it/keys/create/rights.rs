//! What a caller may give: nothing that it does not hold.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::keys::Shop;
use crate::support::{Actor, Reply, TestApp, with};

/// Asks for an environment key.
async fn asks(actor: &Actor<'_>, management: &str, more: Value) -> Reply {
    let body = json!({ "name": "Machine", "type": "environment", "api_id": management });
    actor.post("/api/v1/api_keys", with(&body, more)).await
}

#[tokio::test]
async fn a_token_without_the_scope_makes_no_key() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let reader = shop.admin.makes_m2m(&["read:api_keys", "update:api_keys"], json!({})).await;
    let before = app.revision().await;
    assert_snapshot!(reader.post("/api/v1/api_keys", shop.body()).await, @r#"
    403
    cache-control: no-store
    www-authenticate: Bearer error="insufficient_scope", scope="create:api_keys"

    {
      "errors": [
        {
          "code": "SCOPE_MISSING",
          "message": "Scope missing: create:api_keys"
        }
      ]
    }
    "#);
    assert_eq!(app.revision().await, before);
}

#[tokio::test]
async fn an_environment_key_carries_no_scope_that_its_maker_lacks() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let management = shop.admin.management_api().await;
    let scopes = ["create:api_keys", "read:api_keys"];
    let application = shop.admin.makes_m2m(&scopes, json!({})).await;
    let machine = shop.admin.makes_environment_key(&scopes, json!({})).await;
    let before = app.revision().await;
    for maker in [&application, &machine] {
        let reply = asks(maker, &management, json!({ "scope_ids": ["read:api_keys", "read:users"] })).await;
        let message = "The credential does not hold read:users and so cannot give it.";
        assert_eq!((reply.status, reply.error(), reply.message()), (403, "RIGHTS_EXCEEDED", message));
    }
    assert_eq!(app.revision().await, before);
    for maker in [&application, &machine] {
        assert_eq!(asks(maker, &management, json!({ "scope_ids": scopes })).await.status, 201);
    }
}

#[tokio::test]
async fn a_bound_maker_gives_rights_within_its_own_apis_alone() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let management = shop.admin.management_api().await;
    let (own, other) = (&shop.api, shop.admin.makes_api("https://other.example.com", &[]).await);
    let bound = json!({ "bound_api_ids": [own] });
    let application = shop.admin.makes_m2m(&["create:api_keys", "verify:api_keys"], bound.clone()).await;
    let machine = shop.admin.makes_environment_key(&["create:api_keys", "verify:api_keys"], bound).await;
    let before = app.revision().await;
    for maker in [&application, &machine] {
        for wider in [json!({}), json!({ "bound_api_ids": [other] }), json!({ "bound_api_ids": [own, other] })] {
            let reply = asks(maker, &management, with(&json!({ "scope_ids": ["verify:api_keys"] }), wider)).await;
            assert_eq!((reply.status, reply.error()), (403, "RIGHTS_EXCEEDED"), "{reply}");
            assert_eq!(reply.message(), "The credential is bound to APIs and can give rights within these alone.");
        }
    }
    assert_eq!(app.revision().await, before);
    for maker in [&application, &machine] {
        assert_eq!(asks(maker, &management, json!({ "bound_api_ids": [own] })).await.status, 201);
    }
}

#[tokio::test]
async fn an_organizations_application_makes_keys_of_its_own_organization_alone() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let management = shop.admin.management_api().await;
    let user = shop.admin.makes_user("Ada").await;
    let foreign = json!({ "name": "Globex", "external_id": "globex" });
    let foreign = shop.admin.post("/api/v1/organization", foreign).await.text("/organization/code");
    let scopes = ["create:api_keys", "create:users", "create:organizations"];
    let application = shop.admin.makes_m2m(&scopes, json!({ "org_code": shop.org })).await;
    shop.admin.authorizes(&shop.api, &application).await;
    let before = app.revision().await;
    let body = json!({ "name": "Own", "api_id": shop.api });
    for (owner, status, code) in [
        (json!({ "org_code": foreign }), 400, "OWNER_NOT_FOUND"),
        (json!({ "org_external_id": "globex" }), 400, "OWNER_NOT_FOUND"),
        (json!({ "org_external_id": "globex", "create_owner": true }), 403, "PLATFORM_ONLY"),
        (json!({ "org_external_id": "new", "create_owner": true }), 403, "PLATFORM_ONLY"),
        (json!({ "user_id": user }), 403, "PLATFORM_ONLY"),
        (json!({ "user_id": "kp_nobody" }), 403, "PLATFORM_ONLY"),
        (json!({ "user_external_id": "user-7", "create_owner": true }), 403, "PLATFORM_ONLY"),
        (json!({ "type": "environment", "api_id": management }), 403, "PLATFORM_ONLY"),
    ] {
        let reply = application.post("/api/v1/api_keys", with(&body, owner.clone())).await;
        assert_eq!((reply.status, reply.error()), (status, code), "{owner}");
    }
    assert_eq!(app.revision().await, before);
    let reply = application.post("/api/v1/api_keys", with(&body, json!({ "org_code": shop.org }))).await;
    assert_eq!(reply.status, 201, "{reply}");
}
