//! `/api/v1/organization`

mod changed;
mod deleted;
mod list;

use insta::assert_snapshot;
use serde_json::json;

use crate::support::TestApp;

#[tokio::test]
async fn an_organization_is_created_and_read() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let created = admin.post("/api/v1/organization", json!({ "name": "Acme", "external_id": "customer-42" })).await;
    assert_snapshot!(created, @r#"
    200
    cache-control: no-store

    {
      "code": "OK",
      "message": "Success",
      "organization": {
        "code": "org_a192afe3157c"
      },
      "revision": 5
    }
    "#);
    let code = created.text("/organization/code");
    assert_snapshot!(admin.get(&format!("/api/v1/organization?code={code}")).await, @r#"
    200
    cache-control: no-store

    {
      "code": "org_a192afe3157c",
      "created_on": "2026-11-22T12:00:00Z",
      "credits": null,
      "external_id": "customer-42",
      "handle": null,
      "is_auto_membership_enabled": false,
      "is_default": false,
      "is_suspended": false,
      "name": "Acme",
      "plan_id": null,
      "rate_limits": [],
      "suspended_on": null
    }
    "#);
}

#[tokio::test]
async fn a_suspended_one_tells_since_when() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let code = admin.makes_organization("Acme").await;
    admin.patch(&format!("/api/v1/organization/{code}"), json!({ "is_suspended": true })).await;
    let read = admin.get(&format!("/api/v1/organization?code={code}")).await;
    assert_eq!(read.body["is_suspended"], true);
    assert_eq!(read.text("/suspended_on"), "2026-11-22T12:00:00Z");
}

#[tokio::test]
async fn an_external_id_is_one_organizations_alone() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let body = json!({ "name": "Acme", "external_id": "customer-42" });
    admin.post("/api/v1/organization", body.clone()).await;
    let before = app.revision().await;
    assert_snapshot!(admin.post("/api/v1/organization", body.clone()).await, @r#"
    400
    cache-control: no-store

    {
      "errors": [
        {
          "code": "EXTERNAL_ID_TAKEN",
          "message": "`external_id` is that of another organization"
        }
      ]
    }
    "#);
    assert_eq!(app.revision().await, before);
    let user = admin.post("/api/v1/user", json!({ "provided_id": "customer-42" })).await;
    assert_eq!(user.status, 200, "a user is another kind: {user}");
    app.database.db_run("UPDATE organizations SET deleted_at = 1").await;
    assert_eq!(admin.post("/api/v1/organization", body).await.status, 200, "what was deleted holds no id");
}

#[tokio::test]
async fn two_may_have_one_name() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    assert_ne!(admin.makes_organization("Acme").await, admin.makes_organization("Acme").await);
}

#[tokio::test]
async fn what_breaks_a_rule_is_refused_by_name() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let before = app.revision().await;
    let long = "é".repeat(129);
    for (body, code, message) in [
        (json!({}), "FIELD_MISSING", "`name` is missing"),
        (json!({ "name": "" }), "FIELD_INVALID", "`name` must be 1 to 128 characters"),
        (json!({ "name": long }), "FIELD_INVALID", "`name` must be 1 to 128 characters"),
        (json!({ "name": "Acme\t" }), "FIELD_INVALID", "`name` must not contain control characters"),
        (json!({ "name": "A", "external_id": "" }), "FIELD_INVALID", "`external_id` must be 1 to 128 characters"),
        (json!({ "name": "A", "external_id": long }), "FIELD_INVALID", "`external_id` must be 1 to 128 characters"),
        (json!({ "name": "A", "code": "org_1" }), "FIELD_UNKNOWN", "`code` is not a field of this request"),
    ] {
        let reply = admin.post("/api/v1/organization", body.clone()).await;
        assert_eq!((reply.status, reply.error(), reply.message()), (400, code, message), "{body}");
    }
    assert_eq!(app.revision().await, before);
    let body = json!({ "name": "é".repeat(128), "external_id": "é".repeat(128) });
    assert_eq!(admin.post("/api/v1/organization", body).await.status, 200);
}

#[tokio::test]
async fn an_unknown_organization_is_not_found() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    assert_snapshot!(admin.get("/api/v1/organization?code=org_000000000000").await, @r#"
    404
    cache-control: no-store

    {
      "errors": {
        "code": "ORGANIZATION_NOT_FOUND",
        "message": "There is no organization with this code."
      }
    }
    "#);
    let deleted = admin.makes_organization("Acme").await;
    app.database.db_run("UPDATE organizations SET deleted_at = 1").await;
    for code in ["", "nope", "org_%00", &deleted] {
        let reply = admin.get(&format!("/api/v1/organization?code={code}")).await;
        assert_eq!((reply.status, reply.error()), (404, "ORGANIZATION_NOT_FOUND"), "{code}");
    }
    let reply = admin.get("/api/v1/organization").await;
    assert_eq!((reply.status, reply.error(), reply.message()), (400, "FIELD_MISSING", "`code` is missing"));
}

#[tokio::test]
async fn an_organizations_application_sees_its_own_alone_and_makes_none() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let (own, foreign) = (admin.makes_organization("Acme").await, admin.makes_organization("Globex").await);
    let scopes = ["read:organizations", "create:organizations"];
    let application = admin.makes_m2m(&scopes, json!({ "org_code": own })).await;
    let read = application.get(&format!("/api/v1/organization?code={own}")).await;
    assert_eq!((read.status, read.text("/name")), (200, "Acme".into()));
    let unknown = application.get("/api/v1/organization?code=org_000000000000").await;
    let other = application.get(&format!("/api/v1/organization?code={foreign}")).await;
    assert_eq!((other.status, other.bytes), (404, unknown.bytes), "a foreign one is as good as none");
    let before = app.revision().await;
    assert_snapshot!(application.post("/api/v1/organization", json!({ "name": "Other" })).await, @r#"
    403
    cache-control: no-store

    {
      "errors": [
        {
          "code": "PLATFORM_ONLY",
          "message": "This is not for the application of an organization."
        }
      ]
    }
    "#);
    assert_eq!(app.revision().await, before);
}

#[tokio::test]
async fn a_token_without_the_scope_does_neither() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let code = admin.makes_organization("Acme").await;
    let nobody = admin.makes_m2m(&[], json!({})).await;
    let read = nobody.get(&format!("/api/v1/organization?code={code}")).await;
    assert_eq!((read.status, read.message()), (403, "Scope missing: read:organizations"));
    let made = nobody.post("/api/v1/organization", json!({ "name": "Other" })).await;
    assert_eq!((made.status, made.message()), (403, "Scope missing: create:organizations"));
}
