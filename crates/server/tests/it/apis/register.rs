//! `POST /api/v1/apis`

use insta::assert_snapshot;
use serde_json::json;

use crate::support::{TestApp, with};

#[tokio::test]
async fn an_api_is_registered_with_an_audience_that_is_its_own() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let body = json!({ "name": "Orders", "audience": "https://api.example.com" });
    assert_snapshot!(admin.post("/api/v1/apis", body.clone()).await, @r#"
    200
    cache-control: no-store

    {
      "api": {
        "id": "a192afe3157c85d0c847729f4e08f3a3"
      },
      "code": "OK",
      "message": "Success",
      "revision": 5
    }
    "#);
    let before = app.revision().await;
    assert_snapshot!(admin.post("/api/v1/apis", body).await, @r#"
    400
    cache-control: no-store

    {
      "errors": [
        {
          "code": "AUDIENCE_TAKEN",
          "message": "`audience` is that of another API"
        }
      ]
    }
    "#);
    assert_eq!(app.revision().await, before);
}

#[tokio::test]
async fn the_audience_of_an_api_that_was_deleted_is_free_again() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let first = admin.makes_api("https://api.example.com", &[]).await;
    app.database.db_run("UPDATE apis SET deleted_at = 1 WHERE NOT is_management_api").await;
    let second = admin.makes_api("https://api.example.com", &[]).await;
    assert_ne!(first, second);
}

#[tokio::test]
async fn nobody_takes_the_audience_of_the_management_api() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let body = json!({ "name": "Trap", "audience": "https://keys.example.com/api" });
    let reply = admin.post("/api/v1/apis", body).await;
    assert_eq!((reply.status, reply.error()), (400, "AUDIENCE_TAKEN"), "{reply}");
    let backend = admin.makes_m2m(&["read:apis"], json!({})).await;
    assert_eq!(backend.get("/api/v1/apis").await.status, 200, "applications still get tokens");
}

#[tokio::test]
async fn each_limit_itself_is_within_it() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    for body in [
        json!({ "name": "é".repeat(128), "audience": "a" }),
        json!({ "name": "Orders", "audience": "é".repeat(256) }),
        json!({ "name": "Orders", "audience": "b", "key_prefix": "a23456789012345z" }),
        json!({ "name": "Orders", "audience": "c", "key_prefix": "a", "mode": "test" }),
    ] {
        let reply = admin.post("/api/v1/apis", body).await;
        assert_eq!(reply.status, 200, "{reply}");
    }
}

#[tokio::test]
async fn what_breaks_a_rule_is_refused_by_name() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let before = app.revision().await;
    let prefix = "`key_prefix` must be 1 to 16 of a-z and 0-9, beginning with a letter";
    for (more, code, message) in [
        (json!({ "name": "" }), "FIELD_INVALID", "`name` must be 1 to 128 characters"),
        (json!({ "name": "é".repeat(129) }), "FIELD_INVALID", "`name` must be 1 to 128 characters"),
        (json!({ "name": "a\u{7f}" }), "FIELD_INVALID", "`name` must not contain control characters"),
        (json!({ "audience": "" }), "FIELD_INVALID", "`audience` must be 1 to 256 characters"),
        (json!({ "audience": "é".repeat(257) }), "FIELD_INVALID", "`audience` must be 1 to 256 characters"),
        (json!({ "audience": "a b" }), "FIELD_INVALID", "`audience` must not contain white space"),
        (json!({ "audience": null }), "FIELD_INVALID", "`audience` must be text"),
        (json!({ "key_prefix": "" }), "FIELD_INVALID", prefix),
        (json!({ "key_prefix": "Acme" }), "FIELD_INVALID", prefix),
        (json!({ "key_prefix": "1a" }), "FIELD_INVALID", prefix),
        (json!({ "key_prefix": "a_b" }), "FIELD_INVALID", prefix),
        (json!({ "key_prefix": "a".repeat(17) }), "FIELD_INVALID", prefix),
        (json!({ "mode": "prod" }), "FIELD_INVALID", "`mode` must be one of `live`, `test`"),
        (json!({ "is_management_api": true }), "FIELD_UNKNOWN", "`is_management_api` is not a field of this request"),
    ] {
        let body = with(&json!({ "name": "Orders", "audience": "https://api.example.com" }), more.clone());
        let reply = admin.post("/api/v1/apis", body).await;
        assert_eq!((reply.status, reply.error(), reply.message()), (400, code, message), "{more}");
    }
    let reply = admin.post("/api/v1/apis", json!({ "audience": "a" })).await;
    assert_eq!((reply.error(), reply.message()), ("FIELD_MISSING", "`name` is missing"));
    assert_eq!(app.revision().await, before);
}

#[tokio::test]
async fn a_token_without_the_scope_registers_nothing() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let reader = admin.makes_m2m(&["read:apis"], json!({})).await;
    let reply = reader.post("/api/v1/apis", json!({ "name": "Orders", "audience": "a" })).await;
    assert_eq!((reply.status, reply.message()), (403, "Scope missing: create:apis"));
}
