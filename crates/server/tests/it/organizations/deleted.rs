//! `DELETE /api/v1/organization/{org_code}`

use insta::assert_snapshot;
use keyward_server::actions::tidying::{Progress, tidy_keys};
use serde_json::json;

use crate::support::TestApp;

const AUDIENCE: &str = "https://api.example.com";

#[tokio::test]
async fn its_keys_are_revoked_by_one_small_change_and_stay_so_when_tidied() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let org = admin.makes_organization("Acme").await;
    let api = admin.makes_api(AUDIENCE, &[]).await;
    let (id, key) = admin.makes_key(json!({ "name": "Key", "api_id": api, "org_code": org })).await;
    let before = app.revision().await;
    assert_snapshot!(admin.delete(&format!("/api/v1/organization/{org}")).await, @r#"
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
        let verified = admin.verify(&key, json!({})).await;
        assert_eq!((&verified.body["code"], &verified.body["is_valid"]), (&json!("API_KEY_REVOKED"), &json!(false)));
        assert_eq!(admin.get(&format!("/api/v1/api_keys/{id}")).await.text("/api_key/status"), "revoked");
        let mut progress = Progress::default();
        while tidy_keys(&app.app, &mut progress).await.unwrap() {}
    }
    assert_eq!(app.database.db_number("SELECT COUNT(*) FROM keys WHERE revoked_at IS NOT NULL").await, 1);
    let again = admin.delete(&format!("/api/v1/organization/{org}")).await;
    assert_eq!((again.status, again.error()), (404, "ORGANIZATION_NOT_FOUND"));
}

#[tokio::test]
async fn its_applications_end_with_it() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let org = admin.makes_organization("Acme").await;
    let api = admin.makes_api(AUDIENCE, &[]).await;
    let (id, secret) = admin.makes_application(&["read:organizations"], json!({ "org_code": org })).await;
    let application = app.sign_in(&id, &secret).await;
    admin.authorizes(&api, &application).await;
    admin.delete(&format!("/api/v1/organization/{org}")).await;
    let refused = application.get("/api/v1/organizations").await;
    assert_eq!((refused.status, refused.error()), (401, "TOKEN_INVALID"));
    let form = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}");
    assert_eq!(app.anonymous().form("/oauth2/token", &form).await.error(), "invalid_client");
    let read = admin.get(&format!("/api/v1/applications/{id}")).await;
    assert_eq!((read.status, read.error()), (404, "APPLICATION_NOT_FOUND"));
    let listed = admin.get("/api/v1/applications").await;
    assert_eq!(listed.body["applications"].as_array().unwrap().len(), 1, "the admin's own alone: {listed}");
    let of_api = admin.get(&format!("/api/v1/apis/{api}")).await;
    assert_eq!(of_api.body["api"]["applications"], json!([]));
}

#[tokio::test]
async fn another_can_take_its_external_id_and_none_of_its_keys() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let body = json!({ "name": "Acme", "external_id": "42" });
    let org = admin.post("/api/v1/organization", body.clone()).await.text("/organization/code");
    let api = admin.makes_api(AUDIENCE, &[]).await;
    let (_, key) = admin.makes_key(json!({ "name": "Key", "api_id": api, "org_code": org })).await;
    admin.delete(&format!("/api/v1/organization/{org}")).await;
    assert_eq!(admin.post("/api/v1/organization", body).await.status, 200);
    assert_eq!(admin.verify(&key, json!({})).await.body["code"], "API_KEY_REVOKED");
    let made = admin.post("/api/v1/api_keys", json!({ "name": "Key", "api_id": api, "org_code": org })).await;
    assert_eq!((made.status, made.error()), (400, "OWNER_NOT_FOUND"));
}
