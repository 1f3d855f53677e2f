//! `PATCH` and `DELETE /api/v1/apis/{api_id}/scopes/{scope_id}`

use serde_json::json;

use crate::support::{Reply, TestApp};

#[tokio::test]
async fn a_scope_is_described_anew() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let api = admin.makes_api("https://api.example.com", &["read:orders"]).await;
    let scope = admin.get(&format!("/api/v1/apis/{api}/scopes")).await.text("/scopes/0/id");
    let path = format!("/api/v1/apis/{api}/scopes/{scope}");
    let changed = admin.patch(&path, json!({ "description": "See orders" })).await;
    assert_eq!((changed.status, admin.get(&path).await.text("/scope/description")), (200, "See orders".to_owned()));
    let again = admin.patch(&path, json!({ "description": "See orders" })).await;
    assert_eq!(again.body["revision"], changed.body["revision"], "nothing was changed");
    admin.patch(&path, json!({ "description": null })).await;
    assert_eq!(admin.get(&path).await.body["scope"]["description"], json!(null));
    assert_eq!(admin.patch(&path, json!({ "key": "other" })).await.error(), "FIELD_UNKNOWN");
}

#[tokio::test]
async fn a_deleted_scope_leaves_every_key_and_every_application_at_once() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let api = admin.makes_api("https://api.example.com", &["read:orders", "write:orders"]).await;
    let user = admin.makes_user("Kim").await;
    let body = json!({ "name": "Key", "api_id": api, "user_id": user, "scope_ids": ["read:orders", "write:orders"] });
    let (_, key) = admin.makes_key(body).await;
    let scope = admin.get(&format!("/api/v1/apis/{api}/scopes")).await.text("/scopes/0/id");
    assert_eq!(admin.delete(&format!("/api/v1/apis/{api}/scopes/{scope}")).await.status, 200);
    let scopes = |reply: Reply| reply.body["scopes"].clone();
    assert_eq!(scopes(admin.verify(&key, json!({})).await), json!(["write:orders"]));

    // One of the same name is another scope, which nothing carries until it is asked for.
    admin.post(&format!("/api/v1/apis/{api}/scopes"), json!({ "key": "read:orders" })).await.text("/scope/id");
    assert_eq!(scopes(admin.verify(&key, json!({})).await), json!(["write:orders"]));
}

#[tokio::test]
async fn the_scopes_of_the_management_api_stay() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let api = admin.management_api().await;
    let scope = admin.get(&format!("/api/v1/apis/{api}/scopes")).await.text("/scopes/0/id");
    let path = format!("/api/v1/apis/{api}/scopes/{scope}");
    assert_eq!(admin.delete(&path).await.error(), "MANAGEMENT_API");
    assert_eq!(admin.patch(&path, json!({ "description": "x" })).await.error(), "MANAGEMENT_API");
}

#[tokio::test]
async fn an_absent_description_stays_and_null_takes_it_away() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let api = admin.makes_api("https://api.example.com", &[]).await;
    let scopes = format!("/api/v1/apis/{api}/scopes");
    let scope = admin.post(&scopes, json!({ "key": "read:orders", "description": "Orders" })).await.text("/scope/id");
    let path = format!("{scopes}/{scope}");
    for (body, description) in [
        (json!({}), json!("Orders")),
        (json!({ "description": "All orders" }), json!("All orders")),
        (json!({ "description": null }), json!(null)),
    ] {
        assert_eq!(admin.patch(&path, body.clone()).await.status, 200, "{body}");
        assert_eq!(admin.get(&path).await.body["scope"]["description"], description, "{body}");
    }
}
