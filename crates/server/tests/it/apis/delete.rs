//! `DELETE /api/v1/apis/{api_id}`

use insta::assert_snapshot;
use keyward_server::actions::tidying::{Progress, tidy_keys};
use serde_json::json;

use crate::support::TestApp;

const AUDIENCE: &str = "https://api.example.com";
/// Keys whose rows carry the revision of the deletion.
const TOUCHED: &str =
    "SELECT COUNT(*) FROM keys WHERE revision = (SELECT revision FROM apis WHERE deleted_at IS NOT NULL)";

#[tokio::test]
async fn its_keys_are_revoked_by_one_small_change() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let api = admin.makes_api(AUDIENCE, &[]).await;
    let user = admin.makes_user("Kim").await;
    let (id, key) = admin.makes_key(json!({ "name": "Key", "api_id": api, "user_id": user })).await;
    assert_eq!(admin.verify(&key, json!({})).await.body["is_valid"], true);
    let before = app.revision().await;
    assert_snapshot!(admin.delete(&format!("/api/v1/apis/{api}")).await, @r#"
    200
    cache-control: no-store

    {
      "code": "API_DELETED",
      "message": "API successfully deleted",
      "revision": 8
    }
    "#);
    assert_eq!(app.revision().await, before + 1);

    let verified = admin.verify(&key, json!({})).await;
    assert_eq!((&verified.body["code"], &verified.body["status"]), (&json!("API_KEY_REVOKED"), &json!("revoked")));
    assert_eq!(admin.get(&format!("/api/v1/api_keys/{id}")).await.text("/api_key/status"), "revoked");
    assert_eq!(admin.put(&format!("/api/v1/api_keys/{id}")).await.error(), "API_KEY_REVOKED");
    assert_eq!(admin.get(&format!("/api/v1/apis/{api}")).await.error(), "API_NOT_FOUND");
    assert_eq!(admin.delete(&format!("/api/v1/apis/{api}")).await.error(), "API_NOT_FOUND");
}

#[tokio::test]
async fn no_more_tokens_are_issued_for_it() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let api = admin.makes_api(AUDIENCE, &[]).await;
    let (id, secret) = admin.makes_application(&[], json!({})).await;
    admin.patch(&format!("/api/v1/apis/{api}/applications"), json!({ "applications": [{ "id": id }] })).await;
    let form = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}&audience={AUDIENCE}");
    assert_eq!(app.anonymous().form("/oauth2/token", &form).await.status, 200);
    admin.delete(&format!("/api/v1/apis/{api}")).await;
    assert_eq!(app.anonymous().form("/oauth2/token", &form).await.error(), "unauthorized_client");
}

#[tokio::test]
async fn another_api_can_take_its_audience_and_none_of_its_keys() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let api = admin.makes_api(AUDIENCE, &[]).await;
    let user = admin.makes_user("Kim").await;
    let (_, key) = admin.makes_key(json!({ "name": "Key", "api_id": api, "user_id": user })).await;
    admin.delete(&format!("/api/v1/apis/{api}")).await;
    admin.makes_api(AUDIENCE, &[]).await;
    let verified = admin.verify(&key, json!({ "audience": AUDIENCE })).await;
    assert_eq!(verified.body["code"], "API_KEY_REVOKED");
}

#[tokio::test]
async fn the_management_api_stays() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let api = admin.management_api().await;
    assert_eq!(admin.delete(&format!("/api/v1/apis/{api}")).await.error(), "MANAGEMENT_API");
    assert_eq!(admin.get("/api/v1/apis").await.status, 200);
}

#[tokio::test]
async fn a_hundred_keys_are_left_as_they_are_and_tidied_behind_without_changing_an_answer() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let api = admin.makes_api(AUDIENCE, &[]).await;
    let user = admin.makes_user("Kim").await;
    let mut keys = Vec::new();
    for _ in 0..100 {
        keys.push(admin.makes_key(json!({ "name": "Key", "api_id": api, "user_id": user })).await);
    }
    let revision = admin.delete(&format!("/api/v1/apis/{api}")).await.body["revision"].as_i64().unwrap();
    assert_eq!(app.database.db_number(TOUCHED).await, 0);
    let answers = async || {
        let mut answers = Vec::new();
        for (id, key) in [&keys[0], &keys[99]] {
            answers.push(admin.get(&format!("/api/v1/api_keys/{id}")).await.to_string());
            answers.push(admin.verify(key, json!({})).await.to_string());
            answers.push(admin.delete(&format!("/api/v1/api_keys/{id}")).await.to_string());
        }
        answers
    };
    let before = answers().await;
    let mut progress = Progress::default();
    while tidy_keys(&app.app, &mut progress).await.unwrap() {}
    assert_eq!(app.database.db_number(TOUCHED).await, 100);
    assert_eq!(answers().await, before);
    assert_eq!(app.revision().await, revision);
}
