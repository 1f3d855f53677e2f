//! `DELETE /api/v1/api_keys/{key_id}`

use insta::assert_snapshot;
use serde_json::json;

use crate::keys::Shop;
use crate::support::TestApp;

fn path(id: &str) -> String {
    format!("/api/v1/api_keys/{id}")
}

#[tokio::test]
async fn the_key_stops_at_once_and_stays_in_the_list() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (id, secret) = shop.makes_key(json!({})).await;
    assert_eq!(shop.admin.verify(&secret, json!({})).await.text("/code"), "API_KEY_VERIFIED");
    assert_snapshot!(shop.admin.delete(&path(&id)).await, @r#"
    200
    cache-control: no-store

    {
      "code": "OK",
      "message": "Success",
      "revision": 10
    }
    "#);
    assert_snapshot!(shop.admin.verify(&secret, json!({})).await, @r#"
    200
    cache-control: no-store

    {
      "api_id": "a192afe3157c85d0c847729f4e08f3a3",
      "audience": "https://api.example.com",
      "code": "API_KEY_REVOKED",
      "expires_on": null,
      "http_status": 401,
      "is_valid": false,
      "key_id": "api_key_01a20320a2007f36bb8bd953eff23884",
      "last_verified_on": "2026-11-22T12:00:00Z",
      "message": "The API key has been revoked",
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
      "status": "revoked",
      "type": "organization",
      "user_id": null,
      "verification_count": 1,
      "www_authenticate": "Bearer error=\"invalid_token\""
    }
    "#);
    assert_eq!(shop.get(&id).await.text("/api_key/status"), "revoked");
    let listed = shop.admin.get("/api/v1/api_keys?status=revoked").await;
    assert_eq!(listed.text("/api_keys/0/id"), id);
}

#[tokio::test]
async fn repeated_it_changes_nothing_and_answers_the_revision_that_did_it() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (id, _) = shop.makes_key(json!({})).await;
    let first = shop.admin.delete(&path(&id)).await;
    shop.admin.makes_user("Ada").await;
    let (before, events) = (app.revision().await, "SELECT count(*) FROM audit_events");
    let recorded = app.database.db_number(events).await;
    for _ in 0..2 {
        let again = shop.admin.delete(&path(&id)).await;
        assert_eq!((again.status, &again.body), (200, &first.body));
    }
    assert_eq!(app.revision().await, before);
    assert_eq!(app.database.db_number(events).await, recorded);
}

#[tokio::test]
async fn nothing_brings_it_back() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (id, secret) = shop.makes_key(json!({})).await;
    shop.admin.delete(&path(&id)).await;
    shop.admin.put(&path(&id)).await;
    app.database.db_run("UPDATE organizations SET suspended_at = 1").await;
    app.database.db_run("UPDATE organizations SET suspended_at = NULL").await;
    shop.admin.delete(&path(&id)).await;
    let verified = shop.admin.verify(&secret, json!({})).await;
    assert_eq!((verified.text("/code"), verified.text("/status")), ("API_KEY_REVOKED".into(), "revoked".into()));
}

#[tokio::test]
async fn other_keys_of_the_owner_stay() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (id, _) = shop.makes_key(json!({})).await;
    let (_, other) = shop.makes_key(json!({})).await;
    shop.admin.delete(&path(&id)).await;
    assert_eq!(shop.admin.verify(&other, json!({})).await.text("/code"), "API_KEY_VERIFIED");
}

#[tokio::test]
async fn an_environment_key_that_was_revoked_opens_nothing() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let machine = shop.admin.makes_environment_key(&["read:apis"], json!({})).await;
    assert_eq!(machine.get("/api/v1/apis").await.status, 200);
    let listed = shop.admin.get("/api/v1/api_keys?key_type=environment").await;
    shop.admin.delete(&path(&listed.text("/api_keys/0/id"))).await;
    let reply = machine.get("/api/v1/apis").await;
    assert_eq!((reply.status, reply.error()), (401, "TOKEN_INVALID"));
}

#[tokio::test]
async fn an_unknown_key_is_not_found() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let before = app.revision().await;
    assert_snapshot!(shop.admin.delete(&path("api_key_00000000000000000000000000000000")).await, @r#"
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
async fn an_organizations_application_revokes_its_own_keys_alone() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let user = shop.admin.makes_user("Ada").await;
    let globex = shop.admin.makes_organization("Globex").await;
    let (own, _) = shop.makes_key(json!({ "org_code": globex })).await;
    let (foreign, secret) = shop.makes_key(json!({})).await;
    let (of_user, _) = shop.makes_key_of_user(&user).await;
    let application = shop.admin.makes_m2m(&["delete:api_keys"], json!({ "org_code": globex })).await;
    for (id, status) in [(own, 200), (foreign, 404), (of_user, 404)] {
        assert_eq!(application.delete(&path(&id)).await.status, status);
    }
    assert_eq!(shop.admin.verify(&secret, json!({})).await.text("/code"), "API_KEY_VERIFIED");
}
