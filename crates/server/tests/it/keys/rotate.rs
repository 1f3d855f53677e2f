//! `PUT /api/v1/api_keys/{key_id}`

use axum::body::Body;
use axum::http::Method;
use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::keys::Shop;
use crate::support::TestApp;

fn path(id: &str) -> String {
    format!("/api/v1/api_keys/{id}")
}

#[tokio::test]
async fn the_key_keeps_its_id_and_shows_its_new_secret_this_once() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (id, _) = shop.makes_key(json!({})).await;
    let reply = shop.admin.put(&path(&id)).await;
    assert_snapshot!(reply, @r#"
    201
    cache-control: no-store

    {
      "api_key": {
        "id": "api_key_01a20320a2007f36bb8bd953eff23884",
        "key": "k_live_uwmAEkXE91YuvmtdQtizjhqk6iYleCaYRHrHjWBBQfOF28MSEC"
      },
      "code": "API_KEY_ROTATED",
      "message": "API key rotated successfully",
      "revision": 10
    }
    "#);
    assert_eq!(reply.text("/api_key/id"), id);
}

#[tokio::test]
async fn the_old_secret_stops_at_once_and_the_new_one_is_good() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (id, first) = shop.makes_key(json!({})).await;
    let second = shop.admin.put(&path(&id)).await.text("/api_key/key");
    let third = shop.admin.put(&path(&id)).await.text("/api_key/key");
    for (secret, code) in [(first, "API_KEY_INVALID"), (second, "API_KEY_INVALID"), (third, "API_KEY_VERIFIED")] {
        assert_eq!(shop.admin.verify(&secret, json!({})).await.text("/code"), code);
    }
}

#[tokio::test]
async fn nothing_else_about_the_key_changes() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let more =
        json!({ "metadata": { "plan": "pro" }, "allowed_cidrs": ["::1/128"], "expires_on": "2027-01-01T00:00:00Z" });
    let (id, secret) = shop.makes_key(more).await;
    shop.admin.verify(&secret, json!({ "ip": "::1" })).await;
    let before = shop.get(&id).await.body;
    let secret = shop.admin.put(&path(&id)).await.text("/api_key/key");
    let mut after = shop.get(&id).await.body;
    assert!(secret.ends_with(after["api_key"]["key_suffix"].as_str().unwrap()));
    for of_the_secret in ["key_suffix", "secrets"] {
        after["api_key"][of_the_secret] = before["api_key"][of_the_secret].clone();
    }
    assert_eq!(after, before);
}

#[tokio::test]
async fn a_revoked_key_gets_no_new_secret() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (id, _) = shop.makes_key(json!({})).await;
    shop.admin.delete(&path(&id)).await;
    let before = app.revision().await;
    assert_snapshot!(shop.admin.put(&path(&id)).await, @r#"
    400
    cache-control: no-store

    {
      "errors": [
        {
          "code": "API_KEY_REVOKED",
          "message": "The key has been revoked, for good."
        }
      ]
    }
    "#);
    assert_eq!(app.revision().await, before);
}

#[tokio::test]
async fn a_key_whose_owner_or_api_was_deleted_is_revoked_too() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (id, _) = shop.makes_key(json!({})).await;
    app.database.db_run("UPDATE organizations SET deleted_at = 1").await;
    assert_eq!(shop.admin.put(&path(&id)).await.error(), "API_KEY_REVOKED");
    app.database.db_run("UPDATE organizations SET deleted_at = NULL").await;
    app.database.db_run("UPDATE apis SET deleted_at = 1 WHERE NOT is_management_api").await;
    assert_eq!(shop.admin.put(&path(&id)).await.error(), "API_KEY_REVOKED");
}

#[tokio::test]
async fn an_unknown_key_is_not_found() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let before = app.revision().await;
    assert_snapshot!(shop.admin.put(&path("api_key_00000000000000000000000000000000")).await, @r#"
    404
    cache-control: no-store

    {
      "errors": {
        "code": "API_KEY_NOT_FOUND",
        "message": "There is no API key with this id."
      }
    }
    "#);
    assert_eq!(app.revision().await, before);
}

#[tokio::test]
async fn nobody_takes_over_an_environment_key_that_is_stronger() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let management = shop.admin.management_api().await;
    let key = |scopes: &[&str], more: Value| {
        let body = json!({ "name": "Machine", "type": "environment", "api_id": management, "scope_ids": scopes });
        crate::support::with(&body, more)
    };
    let (strong, secret) = shop.admin.makes_key(key(&["read:users"], json!({}))).await;
    let (weak, _) = shop.admin.makes_key(key(&["update:api_keys"], json!({ "bound_api_ids": [shop.api] }))).await;
    let (unbound, _) = shop.admin.makes_key(key(&["update:api_keys"], json!({}))).await;
    let scopes = ["update:api_keys"];
    let plain = shop.admin.makes_m2m(&scopes, json!({})).await;
    let bound = shop.admin.makes_m2m(&scopes, json!({ "bound_api_ids": [shop.api] })).await;
    let machine = shop.admin.makes_environment_key(&scopes, json!({})).await;
    let before = app.revision().await;
    for (caller, id) in [(&plain, &strong), (&machine, &strong), (&bound, &strong), (&bound, &unbound)] {
        let reply = caller.put(&path(id)).await;
        assert_eq!((reply.status, reply.error()), (403, "RIGHTS_EXCEEDED"), "{reply}");
    }
    assert_eq!(app.revision().await, before);
    assert_eq!(app.bearer(&secret).get("/api/v1/user?id=kp_nobody").await.status, 404, "its secret still works");
    for (caller, id) in [(&plain, &weak), (&machine, &unbound), (&bound, &weak)] {
        assert_eq!(caller.put(&path(id)).await.status, 201);
    }
}

#[tokio::test]
async fn an_environment_key_that_was_rotated_opens_nothing_with_its_old_secret() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let management = shop.admin.management_api().await;
    let body = json!({
        "name": "Machine", "type": "environment", "api_id": management, "scope_ids": ["read:apis", "update:api_keys"],
    });
    let (id, first) = shop.admin.makes_key(body).await;
    let second = app.bearer(&first).put(&path(&id)).await.text("/api_key/key");
    let reply = app.bearer(&first).get("/api/v1/apis").await;
    assert_snapshot!(reply, @r#"
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
    assert_eq!(app.bearer(&second).get("/api/v1/apis").await.status, 200);
}

#[tokio::test]
async fn an_organizations_application_rotates_its_own_keys_alone() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let user = shop.admin.makes_user("Ada").await;
    let globex = shop.admin.makes_organization("Globex").await;
    let (own, _) = shop.makes_key(json!({ "org_code": globex })).await;
    let (foreign, _) = shop.makes_key(json!({})).await;
    let (of_user, _) = shop.makes_key_of_user(&user).await;
    let application = shop.admin.makes_m2m(&["update:api_keys"], json!({ "org_code": globex })).await;
    for (id, status) in [(own, 201), (foreign, 404), (of_user, 404)] {
        assert_eq!(application.put(&path(&id)).await.status, status);
    }
}

#[tokio::test]
async fn what_stands_in_a_body_is_not_overlooked() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (id, secret) = shop.makes_key(json!({})).await;
    let (path, before) = (format!("/api/v1/api_keys/{id}"), app.revision().await);
    for (body, code) in [
        (json!({ "scope_ids": [] }), "FIELD_UNKNOWN"),
        (json!({ "grace_seconds": -1 }), "FIELD_INVALID"),
        (json!({ "grace_seconds": 2_592_001 }), "FIELD_INVALID"),
        (json!([]), "BODY_MALFORMED"),
    ] {
        let reply = shop.admin.call(Method::PUT, &path, Some(body.clone())).await;
        assert_eq!((reply.status, reply.error()), (400, code), "{body}");
    }
    let text = shop.admin.request(Method::PUT, &path).header("content-type", "text/plain").body(Body::from("zz"));
    assert_eq!(app.send(text.unwrap()).await.error(), "CONTENT_TYPE_UNSUPPORTED");
    assert_eq!(app.revision().await, before);
    assert_eq!(shop.admin.verify(&secret, json!({})).await.text("/code"), "API_KEY_VERIFIED");
    assert_eq!(shop.admin.call(Method::PUT, &path, Some(json!({}))).await.status, 201);
}
