//! `GET /api/v1/roles/{role_id}`

use insta::assert_snapshot;
use serde_json::json;

use crate::support::TestApp;

#[tokio::test]
async fn a_role_that_is_unknown_or_deleted_is_not_found() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let deleted = admin.makes_role("gone", json!({})).await;
    assert_eq!(admin.delete(&format!("/api/v1/roles/{deleted}")).await.status, 200);
    assert_snapshot!(admin.get("/api/v1/roles/01929904-316d-bb2c-069f-99dfea4ac394").await, @r#"
    404
    cache-control: no-store

    {
      "errors": {
        "code": "ROLE_NOT_FOUND",
        "message": "There is no such role here."
      }
    }
    "#);
    let known = admin.makes_role("known", json!({})).await;
    let permission = admin.makes_permission("todos", json!({})).await;
    for id in [deleted.as_str(), "known", "%20"] {
        let path = format!("/api/v1/roles/{id}");
        let one = json!({ "permissions": [{ "id": permission }] });
        let system = json!({ "system_permissions": [{ "id": "read:org:authentication" }] });
        for reply in [
            admin.get(&path).await,
            admin.patch(&path, json!({ "name": "A" })).await,
            admin.delete(&path).await,
            admin.get(&format!("{path}/permissions")).await,
            admin.patch(&format!("{path}/permissions"), one).await,
            admin.delete(&format!("{path}/permissions/{permission}")).await,
            admin.get(&format!("{path}/system_permissions")).await,
            admin.patch(&format!("{path}/system_permissions"), system).await,
        ] {
            assert_eq!((reply.status, reply.error()), (404, "ROLE_NOT_FOUND"), "{id}: {reply}");
        }
    }
    assert_eq!(admin.get(&format!("/api/v1/roles/{known}")).await.status, 200);
}
