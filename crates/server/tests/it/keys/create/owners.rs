//! Whose a key is: found by id or by the platform's own id, and made if that is asked for.

use insta::assert_snapshot;
use serde_json::json;

use crate::keys::Shop;
use crate::support::{TestApp, with};

#[tokio::test]
async fn the_owner_must_exist() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let body = with(&shop.body(), json!({ "org_code": "org_000000000000" }));
    assert_snapshot!(shop.admin.post("/api/v1/api_keys", body).await, @r#"
    400
    cache-control: no-store

    {
      "errors": [
        {
          "code": "OWNER_NOT_FOUND",
          "message": "`org_code` is not the code of an organization"
        }
      ]
    }
    "#);
}

#[tokio::test]
async fn an_owner_that_was_deleted_exists_no_more() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let user = shop.admin.makes_user("Ada").await;
    app.database.db_run("UPDATE organizations SET deleted_at = 1").await;
    app.database.db_run("UPDATE users SET deleted_at = 1").await;
    for owner in [json!({}), json!({ "org_code": null, "user_id": user })] {
        let reply = shop.admin.post("/api/v1/api_keys", with(&shop.body(), owner)).await;
        assert_eq!((reply.status, reply.error()), (400, "OWNER_NOT_FOUND"), "{reply}");
    }
}

#[tokio::test]
async fn a_user_is_found_by_the_external_id_and_made_the_first_time() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let more = json!({ "org_code": null, "user_external_id": "user-7", "create_owner": true });
    let before = app.revision().await;
    let (first, secret) = shop.makes_key(more.clone()).await;
    assert_eq!(app.revision().await, before + 1, "the owner and the key are one change");
    let (second, _) = shop.makes_key(more).await;
    let (third, _) = shop.makes_key(json!({ "org_code": null, "user_external_id": "user-7" })).await;
    assert_eq!(app.database.db_number("SELECT count(*) FROM users").await, 1);

    let owner = shop.get(&first).await.text("/api_key/user_id");
    for key in [&second, &third] {
        assert_eq!(shop.get(key).await.text("/api_key/user_id"), owner);
    }
    assert_eq!(shop.get(&first).await.text("/api_key/owner_external_id"), "user-7");
    let verified = shop.admin.verify(&secret, json!({})).await;
    assert_eq!((verified.text("/owner_external_id"), verified.text("/user_id")), ("user-7".into(), owner.clone()));
    assert_snapshot!(shop.admin.get(&format!("/api/v1/user?id={owner}")).await, @r#"
    200
    cache-control: no-store

    {
      "created_on": "2026-11-22T12:00:00Z",
      "credits": null,
      "failed_sign_ins": null,
      "first_name": null,
      "id": "kp_7f367b8bd953eff23884700f650d04e1",
      "is_suspended": false,
      "last_name": null,
      "last_signed_in": null,
      "phone": null,
      "picture": null,
      "plan_id": null,
      "preferred_email": null,
      "provided_id": "user-7",
      "rate_limits": [],
      "total_sign_ins": null,
      "username": null
    }
    "#);
}

#[tokio::test]
async fn an_organization_is_found_by_the_external_id_and_made_the_first_time() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let more = json!({ "org_code": null, "org_external_id": "customer-42", "create_owner": true });
    let (first, _) = shop.makes_key(more.clone()).await;
    let (second, _) = shop.makes_key(more).await;
    assert_eq!(app.database.db_number("SELECT count(*) FROM organizations").await, 2, "Acme and the new one");
    let owner = shop.get(&first).await.text("/api_key/organization_id");
    assert_eq!(shop.get(&second).await.text("/api_key/organization_id"), owner);
    assert_snapshot!(shop.admin.get(&format!("/api/v1/organization?code={owner}")).await, @r#"
    200
    cache-control: no-store

    {
      "code": "org_7f367b8bd953",
      "created_on": "2026-11-22T12:00:00Z",
      "credits": null,
      "external_id": "customer-42",
      "handle": null,
      "is_auto_membership_enabled": false,
      "is_default": false,
      "is_suspended": false,
      "name": "customer-42",
      "plan_id": null,
      "rate_limits": [],
      "suspended_on": null
    }
    "#);
}

#[tokio::test]
async fn an_owner_is_made_only_if_that_is_asked_for() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let before = app.revision().await;
    for (owner, message) in [
        (json!({ "user_external_id": "user-7" }), "`user_external_id` is not the external id of a user"),
        (
            json!({ "user_external_id": "user-7", "create_owner": false }),
            "`user_external_id` is not the external id of a user",
        ),
        (json!({ "org_external_id": "customer-42" }), "`org_external_id` is not the external id of an organization"),
        (json!({ "user_id": "kp_nobody", "create_owner": true }), "`user_id` is not the id of a user"),
        (json!({ "org_code": "org_nobody", "create_owner": true }), "`org_code` is not the code of an organization"),
    ] {
        let body = with(&json!({ "name": "Production", "api_id": shop.api }), owner);
        let reply = shop.admin.post("/api/v1/api_keys", body).await;
        assert_eq!((reply.status, reply.error(), reply.message()), (400, "OWNER_NOT_FOUND", message));
    }
    assert_eq!(app.revision().await, before);
}

#[tokio::test]
async fn whoever_makes_an_owner_must_be_allowed_to() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let backend = shop.admin.makes_m2m(&["create:api_keys"], json!({})).await;
    let before = app.revision().await;
    let base = json!({ "name": "Production", "api_id": shop.api, "create_owner": true });
    for (owner, scope) in [("user_external_id", "create:users"), ("org_external_id", "create:organizations")] {
        let reply = backend.post("/api/v1/api_keys", with(&base, json!({ owner: "new-1" }))).await;
        assert_eq!((reply.status, reply.error()), (403, "SCOPE_MISSING"), "{reply}");
        assert_eq!(reply.message(), format!("Scope missing: {scope}"));
        assert_eq!(reply.header("www-authenticate"), format!(r#"Bearer error="insufficient_scope", scope="{scope}""#));
    }
    assert_eq!(app.revision().await, before);

    shop.makes_key(json!({ "org_code": null, "user_external_id": "known-1", "create_owner": true })).await;
    let reply = backend.post("/api/v1/api_keys", with(&base, json!({ "user_external_id": "known-1" }))).await;
    assert_eq!(reply.status, 201, "finding one needs nothing more: {reply}");
}
