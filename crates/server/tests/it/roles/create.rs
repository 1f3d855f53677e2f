//! `POST /api/v1/roles`

use insta::assert_snapshot;
use serde_json::json;

use crate::support::TestApp;

#[tokio::test]
async fn a_role_is_created_and_read() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let body = json!({
        "name": "Administrator", "description": "Manages the account", "key": "admin", "is_default_role": true,
        "assignment_permission_id": null,
    });
    let created = admin.post("/api/v1/roles", body).await;
    assert_snapshot!(created, @r#"
    201
    cache-control: no-store

    {
      "code": "OK",
      "message": "Success",
      "revision": 5,
      "role": {
        "id": "01a20320-a200-7192-afe3-157c85d0c847"
      }
    }
    "#);
    assert_snapshot!(admin.get(&format!("/api/v1/roles/{}", created.text("/role/id"))).await, @r#"
    200
    cache-control: no-store

    {
      "code": "OK",
      "message": "Success",
      "role": {
        "description": "Manages the account",
        "id": "01a20320-a200-7192-afe3-157c85d0c847",
        "is_default_role": true,
        "key": "admin",
        "name": "Administrator"
      }
    }
    "#);
}

#[tokio::test]
async fn a_role_needs_a_name_and_a_key_alone() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let id = admin.makes_role("admin", json!({ "description": "" })).await;
    let role = admin.get(&format!("/api/v1/roles/{id}")).await.body["role"].clone();
    assert_eq!((&role["description"], &role["is_default_role"]), (&json!(null), &json!(false)));
}

#[tokio::test]
async fn what_kinde_asks_of_those_who_give_roles_is_accepted_and_not_kept() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let more = json!({ "assignment_permission_id": "01929904-316d-bb2c-069f-99dfea4ac394" });
    let id = admin.makes_role("admin", more).await;
    let kept = json!({ "assignment_permission_id": "NO_PERMISSION_REQUIRED" });
    assert_eq!(admin.patch(&format!("/api/v1/roles/{id}"), kept).await.status, 201);
    let role = admin.get(&format!("/api/v1/roles/{id}")).await.body["role"].clone();
    assert!(role.get("assignment_permission_id").is_none(), "{role}");
}

#[tokio::test]
async fn a_key_is_that_of_one_role_until_the_role_is_deleted() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let id = admin.makes_role("admin", json!({})).await;
    let body = json!({ "name": "Other", "key": "admin" });
    let before = app.revision().await;
    assert_snapshot!(admin.post("/api/v1/roles", body.clone()).await, @r#"
    400
    cache-control: no-store

    {
      "errors": [
        {
          "code": "ROLE_TAKEN",
          "message": "`key` is that of another role"
        }
      ]
    }
    "#);
    assert_eq!(app.revision().await, before);
    admin.makes_role("Admin", json!({})).await;
    admin.makes_permission("admin", json!({})).await;
    assert_eq!(admin.delete(&format!("/api/v1/roles/{id}")).await.status, 200);
    assert_eq!(admin.post("/api/v1/roles", body).await.status, 201);
}

#[tokio::test]
async fn bad_input_is_named_and_changes_nothing() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let longest = json!({ "name": "é".repeat(128), "key": "x".repeat(64), "description": "é".repeat(512) });
    assert_eq!(admin.post("/api/v1/roles", longest).await.status, 201);
    let before = app.revision().await;
    for (body, code, message) in [
        (json!({ "key": "a" }), "FIELD_MISSING", "`name` is missing"),
        (json!({ "name": "A" }), "FIELD_MISSING", "`key` is missing"),
        (json!({ "name": "é".repeat(129), "key": "a" }), "FIELD_INVALID", "`name` must be 1 to 128 characters"),
        (json!({ "name": " A", "key": "a" }), "FIELD_INVALID", "`name` must not begin or end with white space"),
        (json!({ "name": "A", "key": "" }), "FIELD_INVALID", "`key` must be 1 to 64 characters"),
        (json!({ "name": "A", "key": "x".repeat(65) }), "FIELD_INVALID", "`key` must be 1 to 64 characters"),
        (json!({ "name": "A", "key": "a,b" }), "FIELD_INVALID", "`key` must not contain commas"),
        (
            json!({ "name": "A", "key": "a b" }),
            "FIELD_INVALID",
            "`key` must be printable ASCII without spaces, quotes and backslashes",
        ),
        (
            json!({ "name": "A", "key": "a", "description": "é".repeat(513) }),
            "FIELD_INVALID",
            "`description` must be 1 to 512 characters",
        ),
        (
            json!({ "name": "A", "key": "a", "is_default_role": "yes" }),
            "FIELD_INVALID",
            "`is_default_role` must be true or false",
        ),
        (json!({ "name": "A", "key": "a", "id": "b" }), "FIELD_UNKNOWN", "`id` is not a field of this request"),
    ] {
        let reply = admin.post("/api/v1/roles", body.clone()).await;
        assert_eq!((reply.status, reply.error(), reply.message()), (400, code, message), "{body}");
    }
    assert_eq!(app.revision().await, before);
}

#[tokio::test]
async fn an_organizations_application_has_no_business_with_roles() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let role = admin.makes_role("admin", json!({})).await;
    let permission = admin.makes_permission("todos", json!({})).await;
    let org = admin.makes_organization("Acme").await;
    let every: Vec<&str> = keyward_core::ManagementScope::ALL.iter().map(|scope| scope.key()).collect();
    let application = admin.makes_m2m(&every, json!({ "org_code": org })).await;
    let (roles, permissions) = (format!("/api/v1/roles/{role}"), format!("/api/v1/permissions/{permission}"));
    let listed = json!({ "permissions": [{ "id": permission }] });
    let system = json!({ "system_permissions": [{ "id": "read:org:authentication" }] });
    let before = app.revision().await;
    for reply in [
        application.get("/api/v1/roles").await,
        application.post("/api/v1/roles", json!({ "name": "A", "key": "a" })).await,
        application.get(&roles).await,
        application.patch(&roles, json!({ "name": "A" })).await,
        application.delete(&roles).await,
        application.get(&format!("{roles}/permissions")).await,
        application.patch(&format!("{roles}/permissions"), listed).await,
        application.delete(&format!("{roles}/permissions/{permission}")).await,
        application.get("/api/v1/permissions").await,
        application.post("/api/v1/permissions", json!({ "name": "A", "key": "a" })).await,
        application.patch(&permissions, json!({ "name": "A" })).await,
        application.delete(&permissions).await,
        application.get("/api/v1/system_permissions").await,
        application.get(&format!("{roles}/system_permissions")).await,
        application.patch(&format!("{roles}/system_permissions"), system).await,
    ] {
        assert_eq!((reply.status, reply.error()), (403, "PLATFORM_ONLY"), "{reply}");
    }
    assert_eq!(app.revision().await, before);
}
