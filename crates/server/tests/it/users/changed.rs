//! `PATCH /api/v1/user`

use insta::assert_snapshot;
use serde_json::json;

use crate::support::TestApp;

#[tokio::test]
async fn a_user_is_named_anew_and_what_is_null_is_taken_away() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let id = admin.makes_user("Kim").await;
    let path = format!("/api/v1/user?id={id}");
    let body = json!({ "family_name": "Lee", "provided_id": "user-7", "picture": "https://example.com/kim.png" });
    assert_snapshot!(admin.patch(&path, body).await, @r#"
    200
    cache-control: no-store

    {
      "email": null,
      "family_name": "Lee",
      "given_name": "Kim",
      "id": "kp_a192afe3157c85d0c847729f4e08f3a3",
      "is_password_reset_requested": false,
      "is_suspended": false,
      "picture": null,
      "revision": 6
    }
    "#);
    assert_eq!(admin.patch(&path, json!({ "given_name": null, "provided_id": null })).await.status, 200);
    let read = admin.get(&path).await.body;
    assert_eq!(
        (&read["first_name"], &read["last_name"], &read["provided_id"]),
        (&json!(null), &json!("Lee"), &json!(null))
    );
    let found = admin.get("/api/v1/search/users?query=lee").await;
    assert_eq!(found.body["results"][0]["id"], json!(id), "lists go by the new name");
}

#[tokio::test]
async fn suspended_the_users_keys_wait_and_come_back_when_it_is_lifted() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let user = admin.makes_user("Kim").await;
    let api = admin.makes_api("https://api.example.com", &[]).await;
    let (id, key) = admin.makes_key(json!({ "name": "Key", "api_id": api, "user_id": user })).await;
    let path = format!("/api/v1/user?id={user}");
    let before = app.revision().await;
    let suspended = admin.patch(&path, json!({ "is_suspended": true })).await;
    assert_eq!((suspended.status, &suspended.body["is_suspended"]), (200, &json!(true)));
    assert_eq!(app.revision().await, before + 1);
    assert_eq!(admin.verify(&key, json!({})).await.body["code"], "API_KEY_OWNER_SUSPENDED");
    assert_eq!(admin.get(&format!("/api/v1/api_keys/{id}")).await.text("/api_key/status"), "inactive");
    let again = admin.patch(&path, json!({ "is_suspended": true })).await;
    assert_eq!(again.body["revision"], suspended.body["revision"], "it is so already");
    assert_eq!(admin.patch(&path, json!({ "is_suspended": false })).await.status, 200);
    assert_eq!(admin.verify(&key, json!({})).await.body["is_valid"], true);
    let events = "SELECT COUNT(*) FROM audit_events WHERE action IN ('user.suspended', 'user.resumed')";
    assert_eq!(app.database.db_number(events).await, 2);
}

#[tokio::test]
async fn no_personal_value_stands_in_the_audit_log() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let id = admin.makes_user("Kim").await;
    let body = json!({ "given_name": "Personal-canary", "provided_id": "external-canary" });
    assert_eq!(admin.patch(&format!("/api/v1/user?id={id}"), body).await.status, 200);
    let written = "SELECT COUNT(*) FROM audit_events WHERE action = 'user.updated' AND details LIKE '%given_name%'";
    assert_eq!(app.database.db_number(written).await, 1);
    assert_eq!(app.database.db_number("SELECT COUNT(*) FROM audit_events WHERE details LIKE '%canary%'").await, 0);
}

#[tokio::test]
async fn what_breaks_a_rule_is_refused_by_name_and_changes_nothing() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    admin.post("/api/v1/user", json!({ "provided_id": "user-8" })).await;
    let id = admin.makes_user("Kim").await;
    let before = app.revision().await;
    for (body, message) in [
        (json!({ "given_name": "" }), "`given_name` must be 1 to 128 characters"),
        (json!({ "family_name": "x".repeat(129) }), "`family_name` must be 1 to 128 characters"),
        (json!({ "provided_id": "" }), "`provided_id` must be 1 to 128 characters"),
        (json!({ "provided_id": "user-8", "given_name": "Lee" }), "`provided_id` is that of another user"),
        (json!({ "is_suspended": 1 }), "`is_suspended` must be true or false"),
        (json!({ "email": "a@b" }), "`email` is not a field of this request"),
    ] {
        let reply = admin.patch(&format!("/api/v1/user?id={id}"), body.clone()).await;
        assert_eq!((reply.status, reply.message()), (400, message), "{body}");
    }
    for unknown in ["kp_0", "nope", ""] {
        let reply = admin.patch(&format!("/api/v1/user?id={unknown}"), json!({ "given_name": "Lee" })).await;
        assert_eq!((reply.status, reply.error()), (404, "USER_NOT_FOUND"));
    }
    assert_eq!(admin.patch("/api/v1/user", json!({})).await.message(), "`id` is missing");
    assert_eq!(app.revision().await, before);
}
