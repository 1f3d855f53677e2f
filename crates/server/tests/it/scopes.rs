//! `/api/v1/apis/{api_id}/scopes`

mod changed;

use insta::assert_snapshot;
use serde_json::json;

use crate::support::TestApp;

#[tokio::test]
async fn a_scope_is_added_and_read() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let api = admin.makes_api("https://api.example.com", &[]).await;
    let path = format!("/api/v1/apis/{api}/scopes");
    let created = admin.post(&path, json!({ "key": "read:orders", "description": "Read orders" })).await;
    assert_snapshot!(created, @r#"
    200
    cache-control: no-store

    {
      "code": "OK",
      "message": "Success",
      "revision": 6,
      "scope": {
        "id": "api_scope_12d05c4045a39c199899202fd20f0841"
      }
    }
    "#);
    assert_snapshot!(admin.get(&format!("{path}/{}", created.text("/scope/id"))).await, @r#"
    200
    cache-control: no-store

    {
      "code": "OK",
      "message": "Success",
      "scope": {
        "description": "Read orders",
        "id": "api_scope_12d05c4045a39c199899202fd20f0841",
        "key": "read:orders"
      }
    }
    "#);
}

#[tokio::test]
async fn scopes_are_listed_by_key() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let api = admin.makes_api("https://api.example.com", &["b", "a", "Z"]).await;
    assert_snapshot!(admin.get(&format!("/api/v1/apis/{api}/scopes")).await, @r#"
    200
    cache-control: no-store

    {
      "code": "OK",
      "message": "Success",
      "scopes": [
        {
          "description": null,
          "id": "api_scope_846eb9673349f8e487bae55b86039fe8",
          "key": "Z"
        },
        {
          "description": null,
          "id": "api_scope_4eead809af5b0cc3e809acafa23864a4",
          "key": "a"
        },
        {
          "description": null,
          "id": "api_scope_12d05c4045a39c199899202fd20f0841",
          "key": "b"
        }
      ]
    }
    "#);
}

#[tokio::test]
async fn a_key_stands_once_in_an_api_and_in_as_many_apis_as_one_likes() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let api = admin.makes_api("https://api.example.com", &["read:orders"]).await;
    let other = admin.makes_api("https://other.example.com", &[]).await;
    let body = json!({ "key": "read:orders" });
    let before = app.revision().await;
    assert_snapshot!(admin.post(&format!("/api/v1/apis/{api}/scopes"), body.clone()).await, @r#"
    400
    cache-control: no-store

    {
      "errors": [
        {
          "code": "SCOPE_TAKEN",
          "message": "`key` is that of another scope of this API"
        }
      ]
    }
    "#);
    assert_eq!(app.revision().await, before);
    assert_eq!(admin.post(&format!("/api/v1/apis/{other}/scopes"), body).await.status, 200);
    let capital = json!({ "key": "READ:orders" });
    assert_eq!(admin.post(&format!("/api/v1/apis/{api}/scopes"), capital).await.status, 200);
}

#[tokio::test]
async fn the_management_api_gets_no_scope() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let path = format!("/api/v1/apis/{}/scopes", admin.management_api().await);
    let before = app.revision().await;
    assert_snapshot!(admin.post(&path, json!({ "key": "read:everything" })).await, @r#"
    400
    cache-control: no-store

    {
      "errors": [
        {
          "code": "MANAGEMENT_API",
          "message": "The management API itself cannot be changed in this way."
        }
      ]
    }
    "#);
    assert_eq!(app.revision().await, before);
}

#[tokio::test]
async fn a_key_is_a_scope_token() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let path = format!("/api/v1/apis/{}/scopes", admin.makes_api("https://api.example.com", &[]).await);
    for key in ["a", "!", "read:orders/42", &"x".repeat(64)] {
        assert_eq!(admin.post(&path, json!({ "key": key })).await.status, 200, "{key}");
    }
    let before = app.revision().await;
    let (length, alphabet) =
        ("`key` must be 1 to 64 characters", "`key` must be printable ASCII without spaces, quotes and backslashes");
    for (body, code, message) in [
        (json!({ "key": "" }), "FIELD_INVALID", length),
        (json!({ "key": "x".repeat(65) }), "FIELD_INVALID", length),
        (json!({ "key": "read orders" }), "FIELD_INVALID", alphabet),
        (json!({ "key": "a\"b" }), "FIELD_INVALID", alphabet),
        (json!({ "key": "a\\b" }), "FIELD_INVALID", alphabet),
        (json!({ "key": "é" }), "FIELD_INVALID", alphabet),
        (json!({ "key": "a\n" }), "FIELD_INVALID", alphabet),
        (json!({}), "FIELD_MISSING", "`key` is missing"),
        (
            json!({ "key": "b", "description": "é".repeat(513) }),
            "FIELD_INVALID",
            "`description` must be 1 to 512 characters",
        ),
        (json!({ "key": "b", "name": "B" }), "FIELD_UNKNOWN", "`name` is not a field of this request"),
    ] {
        let reply = admin.post(&path, body.clone()).await;
        assert_eq!((reply.status, reply.error(), reply.message()), (400, code, message), "{body}");
    }
    assert_eq!(app.revision().await, before);
}

#[tokio::test]
async fn an_empty_description_is_none() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let path = format!("/api/v1/apis/{}/scopes", admin.makes_api("https://api.example.com", &[]).await);
    for description in [json!(""), json!(null)] {
        let key = format!("key:{description}").replace('"', "");
        let id = admin.post(&path, json!({ "key": key, "description": description })).await.text("/scope/id");
        assert_eq!(admin.get(&format!("{path}/{id}")).await.body["scope"]["description"], json!(null));
    }
    let longest = json!({ "key": "long", "description": "é".repeat(512) });
    assert_eq!(admin.post(&path, longest).await.status, 200);
}

#[tokio::test]
async fn what_is_unknown_in_the_path_is_not_found() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let api = admin.makes_api("https://api.example.com", &["read:orders"]).await;
    let other = admin.makes_api("https://other.example.com", &[]).await;
    let scope = admin.get(&format!("/api/v1/apis/{api}/scopes")).await.text("/scopes/0/id");
    assert_snapshot!(admin.get(&format!("/api/v1/apis/{other}/scopes/{scope}")).await, @r#"
    404
    cache-control: no-store

    {
      "errors": {
        "code": "SCOPE_NOT_FOUND",
        "message": "The API has no scope with this id."
      }
    }
    "#);
    for (reply, code) in [
        (admin.get(&format!("/api/v1/apis/{api}/scopes/read:orders")).await, "SCOPE_NOT_FOUND"),
        (admin.get(&format!("/api/v1/apis/nope/scopes/{scope}")).await, "API_NOT_FOUND"),
        (admin.get("/api/v1/apis/nope/scopes").await, "API_NOT_FOUND"),
        (admin.post("/api/v1/apis/nope/scopes", json!({ "key": "a" })).await, "API_NOT_FOUND"),
    ] {
        assert_eq!((reply.status, reply.error()), (404, code), "{reply}");
    }
}

#[tokio::test]
async fn an_organizations_application_adds_none() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let org = admin.makes_organization("Acme").await;
    let api = admin.makes_api("https://api.example.com", &["a"]).await;
    let path = format!("/api/v1/apis/{api}/scopes");
    let id = admin.get(&path).await.text("/scopes/0/id");
    let scopes = ["create:api_scopes", "update:api_scopes", "delete:apis_scopes"];
    let application = admin.makes_m2m(&scopes, json!({ "org_code": org })).await;
    admin.authorizes(&api, &application).await;
    for reply in [
        application.post(&path, json!({ "key": "b" })).await,
        application.patch(&format!("{path}/{id}"), json!({ "description": "B" })).await,
        application.delete(&format!("{path}/{id}")).await,
    ] {
        assert_eq!((reply.status, reply.error()), (403, "PLATFORM_ONLY"), "{reply}");
    }
}
