//! `/api/v1/applications`

mod list;
mod secrets;
mod update;

use insta::assert_snapshot;
use serde_json::json;

use crate::support::{TestApp, with};

#[tokio::test]
async fn an_application_is_created_with_a_secret_that_is_shown_this_once() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let created = admin.post("/api/v1/applications", json!({ "name": "Backend", "type": "m2m" })).await;
    assert_snapshot!(created, @r#"
    201
    cache-control: no-store

    {
      "application": {
        "client_id": "a192afe3157c85d0c847729f4e08f3a3",
        "client_secret": "nJ8d6AV8IMU27dWPSTWlOF83lDPOPjsyGmU9pTC9k9mpcuceFbpl",
        "id": "a192afe3157c85d0c847729f4e08f3a3"
      },
      "code": "APPLICATION_CREATED",
      "message": "Application created",
      "revision": 5
    }
    "#);
    let read = admin.get(&format!("/api/v1/applications/{}", created.text("/application/id"))).await;
    assert_snapshot!(read, @r#"
    200
    cache-control: no-store

    {
      "application": {
        "access_token_lifetime": 3600,
        "bound_api_ids": null,
        "client_id": "a192afe3157c85d0c847729f4e08f3a3",
        "id": "a192afe3157c85d0c847729f4e08f3a3",
        "is_enabled": true,
        "name": "Backend",
        "org_code": null,
        "secrets": [
          {
            "created_on": "2026-11-22T12:00:00Z",
            "expires_on": null,
            "number": 1
          }
        ],
        "type": "m2m"
      },
      "code": "OK",
      "message": "Success"
    }
    "#);
}

#[tokio::test]
async fn an_application_can_be_an_organizations_and_bound_to_apis() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let org = admin.makes_organization("Acme").await;
    let api = admin.makes_api("https://api.example.com", &[]).await;
    let body = json!({ "name": "Backend", "type": "m2m", "org_code": org, "bound_api_ids": [api] });
    let id = admin.post("/api/v1/applications", body).await.text("/application/id");
    assert_snapshot!(admin.get(&format!("/api/v1/applications/{id}")).await, @r#"
    200
    cache-control: no-store

    {
      "application": {
        "access_token_lifetime": 3600,
        "bound_api_ids": [
          "6f1384a306c41fc212d05c4045a39c19"
        ],
        "client_id": "e9c7191857e774b84eead809af5b0cc3",
        "id": "e9c7191857e774b84eead809af5b0cc3",
        "is_enabled": true,
        "name": "Backend",
        "org_code": "org_a192afe3157c",
        "secrets": [
          {
            "created_on": "2026-11-22T12:00:00Z",
            "expires_on": null,
            "number": 1
          }
        ],
        "type": "m2m"
      },
      "code": "OK",
      "message": "Success"
    }
    "#);
}

#[tokio::test]
async fn a_new_application_may_do_nothing() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let created = admin.post("/api/v1/applications", json!({ "name": "Backend", "type": "m2m" })).await;
    let (id, secret) = (created.text("/application/client_id"), created.text("/application/client_secret"));
    let form = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}");
    assert_snapshot!(app.anonymous().form("/oauth2/token", &form).await, @r#"
    400
    cache-control: no-store

    {
      "error": "unauthorized_client",
      "error_description": "The client is not authorised for any audience."
    }
    "#);
}

#[tokio::test]
async fn what_breaks_a_rule_is_refused_by_name() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let api = admin.makes_api("https://api.example.com", &[]).await;
    let before = app.revision().await;
    let entries = "`bound_api_ids` must have 1 to 100 entries";
    for (more, code, message) in [
        (json!({ "name": "" }), "FIELD_INVALID", "`name` must be 1 to 128 characters"),
        (json!({ "name": "é".repeat(129) }), "FIELD_INVALID", "`name` must be 1 to 128 characters"),
        (json!({ "type": "reg" }), "FIELD_INVALID", "`type` must be `m2m`"),
        (json!({ "type": null }), "FIELD_INVALID", "`type` must be text"),
        (json!({ "org_code": "org_0" }), "OWNER_NOT_FOUND", "`org_code` is not the code of an organization"),
        (json!({ "org_code": "" }), "OWNER_NOT_FOUND", "`org_code` is not the code of an organization"),
        (json!({ "bound_api_ids": [] }), "FIELD_INVALID", entries),
        (json!({ "bound_api_ids": vec![api.as_str(); 101] }), "FIELD_INVALID", entries),
        (json!({ "bound_api_ids": [api, "nope"] }), "API_UNKNOWN", "`bound_api_ids[1]` is not the id of an API"),
        (json!({ "client_id": "a" }), "FIELD_UNKNOWN", "`client_id` is not a field of this request"),
    ] {
        let body = with(&json!({ "name": "Backend", "type": "m2m" }), more.clone());
        let reply = admin.post("/api/v1/applications", body).await;
        assert_eq!((reply.status, reply.error(), reply.message()), (400, code, message), "{more}");
    }
    let reply = admin.post("/api/v1/applications", json!({ "name": "Backend" })).await;
    assert_eq!((reply.error(), reply.message()), ("FIELD_MISSING", "`type` is missing"));
    assert_eq!(app.revision().await, before);
    let body = json!({ "name": "é".repeat(128), "type": "m2m", "bound_api_ids": vec![api.as_str(); 100] });
    assert_eq!(admin.post("/api/v1/applications", body).await.status, 201);
}

#[tokio::test]
async fn an_unknown_application_is_not_found() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    assert_snapshot!(admin.get("/api/v1/applications/00000000000000000000000000000000").await, @r#"
    404
    cache-control: no-store

    {
      "errors": {
        "code": "APPLICATION_NOT_FOUND",
        "message": "There is no application with this id."
      }
    }
    "#);
    for id in ["nope", "%00", "%C3%A9"] {
        let reply = admin.get(&format!("/api/v1/applications/{id}")).await;
        assert_eq!((reply.status, reply.error()), (404, "APPLICATION_NOT_FOUND"), "{id}");
    }
}

#[tokio::test]
async fn an_organizations_application_has_no_business_here() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let org = admin.makes_organization("Acme").await;
    let scopes = ["read:applications", "create:applications"];
    let (id, secret) = admin.makes_application(&scopes, json!({ "org_code": org })).await;
    let application = app.sign_in(&id, &secret).await;
    let before = app.revision().await;
    for reply in [
        application.get(&format!("/api/v1/applications/{id}")).await,
        application.post("/api/v1/applications", json!({ "name": "Other", "type": "m2m", "org_code": org })).await,
    ] {
        assert_eq!((reply.status, reply.error()), (403, "PLATFORM_ONLY"), "{reply}");
    }
    assert_eq!(app.revision().await, before);
}

#[tokio::test]
async fn a_deleted_application_is_worth_nothing_at_once() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let (id, secret) = admin.makes_application(&["read:apis"], json!({})).await;
    let caller = app.sign_in(&id, &secret).await;
    assert_eq!(caller.get("/api/v1/apis").await.status, 200);
    let before = app.revision().await;
    assert_eq!(admin.delete(&format!("/api/v1/applications/{id}")).await.status, 200);
    assert_eq!(app.revision().await, before + 1);
    assert_eq!(caller.get("/api/v1/apis").await.error(), "TOKEN_INVALID");
    let form = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}");
    assert_eq!(app.anonymous().form("/oauth2/token", &form).await.error(), "invalid_client");
    assert_eq!(admin.get(&format!("/api/v1/applications/{id}")).await.error(), "APPLICATION_NOT_FOUND");
    assert_eq!(admin.delete(&format!("/api/v1/applications/{id}")).await.error(), "APPLICATION_NOT_FOUND");
}
