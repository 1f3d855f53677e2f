//! `DELETE /api/v1/roles/{role_id}`

use insta::assert_snapshot;
use serde_json::json;

use crate::support::TestApp;

#[tokio::test]
async fn a_role_is_deleted_for_good() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let path = format!("/api/v1/roles/{}", admin.makes_role("admin", json!({})).await);
    assert_snapshot!(admin.delete(&path).await, @r#"
    200
    cache-control: no-store

    {
      "code": "OK",
      "message": "Success",
      "revision": 6
    }
    "#);
    assert_eq!(admin.delete(&path).await.error(), "ROLE_NOT_FOUND");
    assert_eq!(admin.get("/api/v1/roles").await.body["roles"], json!([]));
}

#[tokio::test]
async fn another_role_of_the_same_key_carries_nothing_of_it() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let path = format!("/api/v1/roles/{}", admin.makes_role("admin", json!({})).await);
    let permission = admin.makes_permission("todos", json!({})).await;
    admin.patch(&format!("{path}/permissions"), json!({ "permissions": [{ "id": permission }] })).await;
    let system = json!({ "system_permissions": [{ "id": "read:org:authentication" }] });
    admin.patch(&format!("{path}/system_permissions"), system).await;
    assert_eq!(admin.delete(&path).await.status, 200);

    let path = format!("/api/v1/roles/{}", admin.makes_role("admin", json!({})).await);
    assert_eq!(admin.get(&format!("{path}/permissions")).await.body["permissions"], json!([]));
    assert_eq!(admin.get(&format!("{path}/system_permissions")).await.body["system_permissions"], json!([]));
}
