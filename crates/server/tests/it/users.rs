//! `/api/v1/user`

mod changed;
mod deleted;
mod list;
mod search;

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::support::TestApp;

fn identity(kind: &str, value: &str) -> Value {
    json!({ "type": kind, "details": { kind: value } })
}

#[tokio::test]
async fn a_user_is_created_and_read_as_a_flat_object() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let created = admin
        .post(
            "/api/v1/user",
            json!({
                "profile": { "given_name": "Ada", "family_name": "Lovelace" },
                "provided_id": "user-7",
                "identities": [
                    { "type": "email", "is_verified": true, "details": { "email": "ada@example.com" } },
                    { "type": "phone", "details": { "phone": "+441234567890", "phone_country_id": "gb" } },
                    { "type": "username", "details": { "username": "ada" } },
                ],
            }),
        )
        .await;
    assert_snapshot!(created, @r#"
    200
    cache-control: no-store

    {
      "created": true,
      "id": "kp_a192afe3157c85d0c847729f4e08f3a3",
      "identities": [
        {
          "result": {
            "created": true
          },
          "type": "email"
        },
        {
          "result": {
            "created": true
          },
          "type": "phone"
        },
        {
          "result": {
            "created": true
          },
          "type": "username"
        }
      ],
      "revision": 5
    }
    "#);
    assert_snapshot!(admin.get(&format!("/api/v1/user?id={}", created.text("/id"))).await, @r#"
    200
    cache-control: no-store

    {
      "created_on": "2026-11-22T12:00:00Z",
      "credits": null,
      "failed_sign_ins": null,
      "first_name": "Ada",
      "id": "kp_a192afe3157c85d0c847729f4e08f3a3",
      "is_suspended": false,
      "last_name": "Lovelace",
      "last_signed_in": null,
      "phone": "+441234567890",
      "picture": null,
      "plan_id": null,
      "preferred_email": "ada@example.com",
      "provided_id": "user-7",
      "rate_limits": [],
      "total_sign_ins": null,
      "username": "ada"
    }
    "#);
}

#[tokio::test]
async fn a_user_needs_nothing_at_all() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    for body in [json!({}), json!({ "profile": {} }), json!({ "profile": null, "identities": [] })] {
        assert_eq!(admin.post("/api/v1/user", body).await.status, 200);
    }
}

#[tokio::test]
async fn a_user_joins_the_organization_that_is_named() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let org = admin.makes_organization("Acme").await;
    assert_eq!(admin.post("/api/v1/user", json!({ "organization_code": org })).await.status, 200);
    let members = "SELECT count(*) FROM members WHERE ended_at IS NULL";
    assert_eq!(app.database.db_number(members).await, 1);

    let before = app.revision().await;
    let reply = admin.post("/api/v1/user", json!({ "organization_code": "org_000000000000" })).await;
    assert_snapshot!(reply, @r#"
    400
    cache-control: no-store

    {
      "errors": [
        {
          "code": "OWNER_NOT_FOUND",
          "message": "`organization_code` is not the code of an organization"
        }
      ]
    }
    "#);
    assert_eq!(app.revision().await, before);
    assert_eq!(app.database.db_number("SELECT count(*) FROM users").await, 1);
}

#[tokio::test]
async fn an_identity_is_one_users_alone() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    for (kind, value) in [("email", "ada@example.com"), ("phone", "+441234567890"), ("username", "ada")] {
        let body = json!({ "identities": [identity(kind, value)] });
        assert_eq!(admin.post("/api/v1/user", body.clone()).await.status, 200);
        let before = app.revision().await;
        let reply = admin.post("/api/v1/user", body).await;
        let message = format!("`identities.{kind}` is that of another user");
        assert_eq!((reply.status, reply.error(), reply.message()), (400, "IDENTITY_TAKEN", message.as_str()));
        assert_eq!(app.revision().await, before);
    }
    let body = json!({ "identities": [identity("email", "Ada@Example.com")] });
    assert_eq!(admin.post("/api/v1/user", body).await.error(), "IDENTITY_TAKEN", "capital letters make no difference");
    let body = json!({ "identities": [identity("username", "ada@example.com")] });
    assert_eq!(admin.post("/api/v1/user", body).await.status, 200, "of another type it is another identity");
}

#[tokio::test]
async fn an_external_id_is_one_users_alone() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let body = json!({ "provided_id": "user-7" });
    admin.post("/api/v1/user", body.clone()).await;
    let before = app.revision().await;
    assert_snapshot!(admin.post("/api/v1/user", body.clone()).await, @r#"
    400
    cache-control: no-store

    {
      "errors": [
        {
          "code": "EXTERNAL_ID_TAKEN",
          "message": "`provided_id` is that of another user"
        }
      ]
    }
    "#);
    assert_eq!(app.revision().await, before);
    app.database.db_run("UPDATE users SET deleted_at = 1").await;
    assert_eq!(admin.post("/api/v1/user", body).await.status, 200, "who was deleted holds no id");
}

#[tokio::test]
async fn what_breaks_a_rule_is_refused_by_name() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let before = app.revision().await;
    let long = "é".repeat(129);
    for (body, code, message) in [
        (
            json!({ "identities": [identity("email", "a@b.c"), identity("email", "d@e.f")] }),
            "FIELD_INVALID",
            "`identities[1].details.email` is the second of its type, and one is all that a user can have",
        ),
        (
            json!({ "identities": [identity("email", "ada")] }),
            "FIELD_INVALID",
            "`identities[0].details.email` must be an e-mail address",
        ),
        (
            json!({ "identities": [identity("username", "")] }),
            "FIELD_INVALID",
            "`identities[0].details.username` must be 1 to 254 characters",
        ),
        (
            json!({ "identities": [identity("phone", &"1".repeat(255))] }),
            "FIELD_INVALID",
            "`identities[0].details.phone` must be 1 to 254 characters",
        ),
        (
            json!({ "identities": [{ "type": "email", "details": { "username": "ada" } }] }),
            "FIELD_MISSING",
            "`identities[0].details.email` is missing",
        ),
        (json!({ "identities": [{ "type": "email" }] }), "FIELD_MISSING", "`identities[0].details` is missing"),
        (
            json!({ "identities": [{ "type": "google", "details": {} }] }),
            "FIELD_INVALID",
            "`identities[0].type` must be one of `email`, `phone`, `username`",
        ),
        (
            json!({ "profile": { "given_name": "" } }),
            "FIELD_INVALID",
            "`profile.given_name` must be 1 to 128 characters",
        ),
        (
            json!({ "profile": { "family_name": long } }),
            "FIELD_INVALID",
            "`profile.family_name` must be 1 to 128 characters",
        ),
        (json!({ "provided_id": long }), "FIELD_INVALID", "`provided_id` must be 1 to 128 characters"),
        (json!({ "email": "a@b.c" }), "FIELD_UNKNOWN", "`email` is not a field of this request"),
    ] {
        let reply = admin.post("/api/v1/user", body.clone()).await;
        assert_eq!((reply.status, reply.error(), reply.message()), (400, code, message), "{body}");
    }
    assert_eq!(app.revision().await, before);
}

#[tokio::test]
async fn an_unknown_user_is_not_found() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    assert_snapshot!(admin.get("/api/v1/user?id=kp_00000000000000000000000000000000").await, @r#"
    404
    cache-control: no-store

    {
      "errors": {
        "code": "USER_NOT_FOUND",
        "message": "There is no user with this id."
      }
    }
    "#);
    let deleted = admin.makes_user("Ada").await;
    app.database.db_run("UPDATE users SET deleted_at = 1").await;
    for id in ["", "nope", "kp_%00", &deleted] {
        let reply = admin.get(&format!("/api/v1/user?id={id}")).await;
        assert_eq!((reply.status, reply.error()), (404, "USER_NOT_FOUND"), "{id}");
    }
    let reply = admin.get("/api/v1/user").await;
    assert_eq!((reply.status, reply.error(), reply.message()), (400, "FIELD_MISSING", "`id` is missing"));
}

#[tokio::test]
async fn an_organizations_application_has_no_business_here() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let org = admin.makes_organization("Acme").await;
    let user = admin.post("/api/v1/user", json!({ "organization_code": org })).await.text("/id");
    let application = admin.makes_m2m(&["read:users", "create:users"], json!({ "org_code": org })).await;
    let before = app.revision().await;
    for reply in [
        application.get(&format!("/api/v1/user?id={user}")).await,
        application.post("/api/v1/user", json!({ "organization_code": org })).await,
    ] {
        assert_eq!((reply.status, reply.error()), (403, "PLATFORM_ONLY"), "{reply}");
    }
    assert_eq!(app.revision().await, before);
}
