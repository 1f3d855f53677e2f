//! `PATCH /api/v1/organization/{org_code}`

use std::time::Duration;

use insta::assert_snapshot;
use serde_json::json;

use crate::support::TestApp;

const AUDIENCE: &str = "https://api.example.com";

#[tokio::test]
async fn it_is_named_anew_and_its_external_id_is_set_and_taken_away() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let code = admin.makes_organization("Acme").await;
    let path = format!("/api/v1/organization/{code}");
    assert_snapshot!(admin.patch(&path, json!({ "name": "Acme Ltd.", "external_id": "42" })).await, @r#"
    200
    cache-control: no-store

    {
      "code": "OK",
      "message": "Success",
      "revision": 6
    }
    "#);
    let read = admin.get(&format!("/api/v1/organization?code={code}")).await;
    assert_eq!((read.text("/name"), read.text("/external_id")), ("Acme Ltd.".into(), "42".into()));
    assert_eq!(admin.patch(&path, json!({ "external_id": null })).await.status, 200);
    let read = admin.get(&format!("/api/v1/organization?code={code}")).await;
    assert_eq!((read.text("/name"), &read.body["external_id"]), ("Acme Ltd.".into(), &json!(null)));
}

#[tokio::test]
async fn suspended_its_keys_wait_and_come_back_when_it_is_lifted() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let org = admin.makes_organization("Acme").await;
    let api = admin.makes_api(AUDIENCE, &[]).await;
    let (id, key) = admin.makes_key(json!({ "name": "Key", "api_id": api, "org_code": org })).await;
    let path = format!("/api/v1/organization/{org}");
    let before = app.revision().await;
    assert_eq!(admin.patch(&path, json!({ "is_suspended": true })).await.status, 200);
    assert_eq!(app.revision().await, before + 1);
    let verified = admin.verify(&key, json!({})).await;
    assert_eq!(verified.body["code"], "API_KEY_OWNER_SUSPENDED");
    assert_eq!(admin.get(&format!("/api/v1/api_keys/{id}")).await.text("/api_key/status"), "inactive");
    assert_eq!(admin.patch(&path, json!({ "is_suspended": false })).await.status, 200);
    assert_eq!(admin.verify(&key, json!({})).await.body["is_valid"], true);
    let events = "SELECT COUNT(*) FROM audit_events WHERE action IN ('organization.suspended', 'organization.resumed')";
    assert_eq!(app.database.db_number(events).await, 2);
}

#[tokio::test]
async fn suspended_its_applications_do_nothing_and_come_back_too() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let org = admin.makes_organization("Acme").await;
    let (id, secret) = admin.makes_application(&["read:organizations"], json!({ "org_code": org })).await;
    let application = app.sign_in(&id, &secret).await;
    let form = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}");
    let path = format!("/api/v1/organization/{org}");
    admin.patch(&path, json!({ "is_suspended": true })).await;
    let refused = application.get("/api/v1/organizations").await;
    assert_eq!((refused.status, refused.error()), (401, "TOKEN_INVALID"));
    assert_eq!(app.anonymous().form("/oauth2/token", &form).await.error(), "invalid_client");
    admin.patch(&path, json!({ "is_suspended": false })).await;
    assert_eq!(application.get("/api/v1/organizations").await.status, 200);
    assert_eq!(app.anonymous().form("/oauth2/token", &form).await.status, 200);
}

#[tokio::test]
async fn a_repeated_suspension_keeps_the_time_and_makes_no_revision() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let code = admin.makes_organization("Acme").await;
    let path = format!("/api/v1/organization/{code}");
    let first = admin.patch(&path, json!({ "is_suspended": true })).await;
    app.advance(Duration::from_secs(60));
    let second = admin.patch(&path, json!({ "is_suspended": true, "name": "Acme" })).await;
    assert_eq!(second.body["revision"], first.body["revision"]);
    let read = admin.get(&format!("/api/v1/organization?code={code}")).await;
    assert_eq!(read.text("/suspended_on"), "2026-11-22T12:00:00Z");
    assert_eq!(admin.patch(&path, json!({})).await.body["revision"], first.body["revision"]);
}

#[tokio::test]
async fn what_kinde_says_of_its_looks_is_accepted_and_not_kept() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let code = admin.makes_organization("Acme").await;
    let before = app.revision().await;
    let looks = json!({
        "handle": "acme", "button_color": "#fff", "theme_code": "dark", "sender_name": null, "is_enforce_mfa": true,
        "allowed_domains": ["example.com"], "is_auto_membership_enabled": true,
    });
    let path = format!("/api/v1/organization/{code}");
    assert_eq!(admin.patch(&format!("{path}?expand=billing"), looks).await.status, 200);
    assert_eq!(app.revision().await, before);
    let body = json!({ "name": "Globex", "feature_flags": { "a": "on" }, "is_create_billing_customer": false });
    assert_eq!(admin.post("/api/v1/organization", body).await.status, 200);
}

#[tokio::test]
async fn what_breaks_a_rule_is_refused_by_name_and_changes_nothing() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    admin.post("/api/v1/organization", json!({ "name": "Globex", "external_id": "43" })).await;
    let code = admin.makes_organization("Acme").await;
    let before = app.revision().await;
    for (body, message) in [
        (json!({ "name": "" }), "`name` must be 1 to 128 characters"),
        (json!({ "external_id": "" }), "`external_id` must be 1 to 128 characters"),
        (json!({ "external_id": "43", "name": "Other" }), "`external_id` is that of another organization"),
        (json!({ "is_suspended": "yes" }), "`is_suspended` must be true or false"),
        (json!({ "code": "org_1" }), "`code` is not a field of this request"),
    ] {
        let reply = admin.patch(&format!("/api/v1/organization/{code}"), body.clone()).await;
        assert_eq!((reply.status, reply.message()), (400, message), "{body}");
    }
    let unknown = admin.patch("/api/v1/organization/org_000000000000", json!({ "name": "Other" })).await;
    assert_eq!((unknown.status, unknown.error()), (404, "ORGANIZATION_NOT_FOUND"));
    assert_eq!(app.revision().await, before);
}
