//! `DELETE /api/v1/user`

use insta::assert_snapshot;
use keyward_server::actions::tidying::{Progress, tidy_keys};
use serde_json::json;

use crate::support::TestApp;

#[tokio::test]
async fn the_users_keys_are_revoked_by_one_small_change_and_stay_so_when_tidied() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let user = admin.makes_user("Kim").await;
    let api = admin.makes_api("https://api.example.com", &[]).await;
    let (id, key) = admin.makes_key(json!({ "name": "Key", "api_id": api, "user_id": user })).await;
    let path = format!("/api/v1/user?id={user}");
    let before = app.revision().await;
    assert_snapshot!(admin.delete(&format!("{path}&is_delete_profile=true")).await, @r#"
    200
    cache-control: no-store

    {
      "code": "OK",
      "message": "Success",
      "revision": 8
    }
    "#);
    assert_eq!(app.revision().await, before + 1);
    assert_eq!(app.database.db_number("SELECT COUNT(*) FROM keys WHERE revoked_at IS NOT NULL").await, 0);
    for _ in 0..2 {
        assert_eq!(admin.verify(&key, json!({})).await.body["code"], "API_KEY_REVOKED");
        assert_eq!(admin.get(&format!("/api/v1/api_keys/{id}")).await.text("/api_key/status"), "revoked");
        let mut progress = Progress::default();
        while tidy_keys(&app.app, &mut progress).await.unwrap() {}
    }
    assert_eq!(app.database.db_number("SELECT COUNT(*) FROM keys WHERE revoked_at IS NOT NULL").await, 1);
    for reply in [admin.get(&path).await, admin.delete(&path).await] {
        assert_eq!((reply.status, reply.error()), (404, "USER_NOT_FOUND"));
    }
}

#[tokio::test]
async fn what_named_the_user_is_free_and_lists_do_without() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let body = json!({
        "provided_id": "user-7",
        "identities": [{ "type": "email", "details": { "email": "kim@example.com" } }],
    });
    let user = admin.post("/api/v1/user", body.clone()).await.text("/id");
    assert_eq!(admin.delete(&format!("/api/v1/user?id={user}")).await.status, 200);
    for path in ["/api/v1/users", "/api/v1/users?email=kim@example.com", "/api/v1/search/users"] {
        let listed = admin.get(path).await.body;
        assert_eq!(listed.get("users").or(listed.get("results")), Some(&json!([])), "{path}");
    }
    let again = admin.post("/api/v1/user", body).await;
    assert_eq!(again.status, 200, "{again}");
    assert_eq!(app.database.db_number("SELECT COUNT(*) FROM users WHERE email IS NOT NULL").await, 2);
    assert_eq!(
        admin.delete(&format!("/api/v1/user?id={}&is_delete_profile=true", again.text("/id"))).await.status,
        200
    );
    assert_eq!(app.database.db_number("SELECT COUNT(*) FROM users WHERE email IS NOT NULL").await, 1, "it is erased");
    assert_ne!(again.text("/id"), user);
}
