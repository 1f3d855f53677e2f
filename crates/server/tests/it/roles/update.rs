//! `PATCH /api/v1/roles/{role_id}`

use insta::assert_snapshot;
use serde_json::json;

use crate::support::TestApp;

#[tokio::test]
async fn a_role_is_changed() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let path = format!("/api/v1/roles/{}", admin.makes_role("admin", json!({})).await);
    let body = json!({ "name": "Owner", "description": "Owns it", "key": "owner", "is_default_role": true });
    assert_snapshot!(admin.patch(&path, body).await, @r#"
    201
    cache-control: no-store

    {
      "code": "OK",
      "message": "Success",
      "revision": 6
    }
    "#);
    assert_snapshot!(admin.get(&path).await, @r#"
    200
    cache-control: no-store

    {
      "code": "OK",
      "message": "Success",
      "role": {
        "description": "Owns it",
        "id": "01a20320-a200-7192-afe3-157c85d0c847",
        "is_default_role": true,
        "key": "owner",
        "name": "Owner"
      }
    }
    "#);
}

#[tokio::test]
async fn absent_members_stay_and_a_description_is_cleared_by_null_or_nothing() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let more = json!({ "description": "Manages", "is_default_role": true });
    let path = format!("/api/v1/roles/{}", admin.makes_role("admin", more).await);
    let read = async || admin.get(&path).await.body["role"].clone();
    let before = read().await;
    admin.patch(&path, json!({ "name": "Administrator" })).await;
    let after = read().await;
    assert_eq!(after["name"], "Administrator");
    for member in ["id", "key", "description", "is_default_role"] {
        assert_eq!(after[member], before[member], "{member}");
    }
    for nothing in [json!(null), json!("")] {
        admin.patch(&path, json!({ "description": "Manages" })).await;
        admin.patch(&path, json!({ "description": nothing })).await;
        assert_eq!(read().await["description"], json!(null));
    }
}

#[tokio::test]
async fn what_is_so_already_makes_no_change() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let path = format!("/api/v1/roles/{}", admin.makes_role("admin", json!({})).await);
    let changed = admin.patch(&path, json!({ "name": "Administrator", "key": "admin" })).await;
    admin.makes_role("other", json!({})).await;
    let before = app.revision().await;
    for body in [json!({}), json!({ "name": "Administrator", "key": "admin", "is_default_role": false })] {
        let again = admin.patch(&path, body).await;
        assert_eq!((again.status, &again.body["revision"]), (201, &changed.body["revision"]));
    }
    assert_eq!(app.revision().await, before);
}

#[tokio::test]
async fn bad_input_is_named_and_changes_nothing() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    admin.makes_role("taken", json!({})).await;
    let path = format!("/api/v1/roles/{}", admin.makes_role("admin", json!({})).await);
    let before = app.revision().await;
    for (body, code, message) in [
        (json!({ "key": "taken" }), "ROLE_TAKEN", "`key` is that of another role"),
        (json!({ "key": "a,b" }), "FIELD_INVALID", "`key` must not contain commas"),
        (json!({ "name": "" }), "FIELD_INVALID", "`name` must be 1 to 128 characters"),
        (json!({ "description": "é".repeat(513) }), "FIELD_INVALID", "`description` must be 1 to 512 characters"),
        (json!({ "id": "b" }), "FIELD_UNKNOWN", "`id` is not a field of this request"),
    ] {
        let reply = admin.patch(&path, body.clone()).await;
        assert_eq!((reply.status, reply.error(), reply.message()), (400, code, message), "{body}");
    }
    assert_eq!(app.revision().await, before);
}
