//! `POST /api/v1/applications/{application_id}/secrets` and `DELETE .../secrets/{number}`

use std::time::Duration;

use axum::body::Body;
use axum::http::Method;
use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::support::{Reply, TestApp};

/// Asks for a token with a secret.
async fn ask(app: &TestApp, id: &str, secret: &str) -> Reply {
    let form = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}");
    app.anonymous().form("/oauth2/token", &form).await
}

#[tokio::test]
async fn the_old_secret_stops_at_once_and_tokens_go_on() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let (id, old) = admin.makes_application(&["read:apis"], json!({})).await;
    let token = app.sign_in(&id, &old).await;
    let rotated = admin.post(&format!("/api/v1/applications/{id}/secrets"), json!({})).await;
    assert_snapshot!(rotated, @r#"
    201
    cache-control: no-store

    {
      "application": {
        "client_id": "a192afe3157c85d0c847729f4e08f3a3",
        "client_secret": "A1Dtwov3gstBdK531c79FbbzVL47ALIuwmAEkXE91YuvmtdQtizj",
        "id": "a192afe3157c85d0c847729f4e08f3a3"
      },
      "code": "APPLICATION_SECRET_ROTATED",
      "message": "Application secret rotated",
      "revision": 8
    }
    "#);
    assert_eq!(ask(&app, &id, &old).await.error(), "invalid_client");
    assert_eq!(ask(&app, &id, &rotated.text("/application/client_secret")).await.status, 200);
    assert_eq!(token.get("/api/v1/apis").await.status, 200);
}

#[tokio::test]
async fn with_a_grace_both_secrets_are_good_until_it_is_over() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let (id, old) = admin.makes_application(&[], json!({})).await;
    let path = format!("/api/v1/applications/{id}/secrets");
    let new = admin.post(&path, json!({ "grace_seconds": 60 })).await.text("/application/client_secret");
    let read = admin.get(&format!("/api/v1/applications/{id}")).await;
    assert_snapshot!(serde_json::to_string_pretty(&read.body["application"]["secrets"]).unwrap(), @r#"
    [
      {
        "created_on": "2026-11-22T12:00:00Z",
        "expires_on": null,
        "number": 2
      },
      {
        "created_on": "2026-11-22T12:00:00Z",
        "expires_on": "2026-11-22T12:01:00Z",
        "number": 1
      }
    ]
    "#);
    app.advance(Duration::from_secs(59));
    assert_eq!((ask(&app, &id, &old).await.status, ask(&app, &id, &new).await.status), (200, 200));
    app.advance(Duration::from_secs(1));
    assert_eq!((ask(&app, &id, &old).await.status, ask(&app, &id, &new).await.status), (401, 200));
}

#[tokio::test]
async fn a_second_rotation_within_the_grace_ends_the_oldest() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let (id, first) = admin.makes_application(&[], json!({})).await;
    let path = format!("/api/v1/applications/{id}/secrets");
    let second = admin.post(&path, json!({ "grace_seconds": 60 })).await.text("/application/client_secret");
    let third = admin.post(&path, json!({ "grace_seconds": 60 })).await.text("/application/client_secret");
    for (secret, status) in [(first, 401), (second, 200), (third, 200)] {
        assert_eq!(ask(&app, &id, &secret).await.status, status);
    }
}

#[tokio::test]
async fn an_old_secret_can_be_ended_before_its_time_and_the_newest_cannot() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let (id, old) = admin.makes_application(&[], json!({})).await;
    let path = format!("/api/v1/applications/{id}/secrets");
    let new = admin.post(&path, json!({ "grace_seconds": 60 })).await.text("/application/client_secret");
    assert_eq!(admin.delete(&format!("{path}/1")).await.status, 200);
    assert_eq!((ask(&app, &id, &old).await.status, ask(&app, &id, &new).await.status), (401, 200));
    assert_eq!(admin.delete(&format!("{path}/2")).await.error(), "LAST_SECRET");
    for number in ["1", "3", "x", "-1"] {
        let reply = admin.delete(&format!("{path}/{number}")).await;
        assert_eq!((reply.status, reply.error()), (404, "SECRET_NOT_FOUND"), "{number}");
    }
    assert_eq!(ask(&app, &id, &new).await.status, 200);
}

#[tokio::test]
async fn nobody_takes_over_an_application_that_may_do_more_than_they() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let (strong, secret) = admin.makes_application(&["delete:apis"], json!({})).await;
    let weak = admin.makes_m2m(&["update:applications"], json!({})).await;
    let path = format!("/api/v1/applications/{strong}/secrets");
    assert_eq!(weak.post(&path, json!({})).await.error(), "RIGHTS_EXCEEDED");
    assert_eq!(ask(&app, &strong, &secret).await.status, 200);
    let equal = admin.makes_m2m(&["update:applications", "delete:apis"], json!({})).await;
    assert_eq!(equal.post(&path, json!({})).await.status, 201);
}

#[tokio::test]
async fn a_grace_has_a_bound() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let (id, _) = admin.makes_application(&[], json!({})).await;
    let path = format!("/api/v1/applications/{id}/secrets");
    assert_eq!(admin.post(&path, json!({ "grace_seconds": 2_592_000 })).await.status, 201);
    let reply = admin.post(&path, json!({ "grace_seconds": 2_592_001 })).await;
    assert_eq!((reply.status, reply.message()), (400, "`grace_seconds` must be 0 to 2592000"));
    assert_eq!(admin.post("/api/v1/applications/nope/secrets", json!({})).await.error(), "APPLICATION_NOT_FOUND");
}

#[tokio::test]
async fn a_lost_answer_with_a_secret_is_had_again_under_the_same_idempotency_key() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let send = async |path: &str, key: &str, body: Value| {
        let request = admin.request(Method::POST, path).header("content-type", "application/json");
        app.send(request.header("idempotency-key", key).body(Body::from(body.to_string())).unwrap()).await
    };
    let applications = "/api/v1/applications";
    let first = send(applications, "deploy-1", json!({ "name": "Backend", "type": "m2m" })).await;
    let again = send(applications, "deploy-1", json!({ "name": "Backend", "type": "m2m" })).await;
    assert_eq!((first.status, &again.body), (201, &first.body));
    assert_eq!((first.header("idempotent-replayed"), again.header("idempotent-replayed")), ("", "true"));
    let other = send(applications, "deploy-1", json!({ "name": "Frontend", "type": "m2m" })).await;
    assert_eq!((other.status, other.error()), (422, "IDEMPOTENCY_KEY_REUSED"));

    let id = first.text("/application/client_id");
    let secrets = format!("{applications}/{id}/secrets");
    let rotated = send(&secrets, "deploy-1", json!({})).await;
    let revision = app.revision().await;
    let again = send(&secrets, "deploy-1", json!({})).await;
    assert_eq!((again.status, &again.body, again.header("idempotent-replayed")), (201, &rotated.body, "true"));
    assert_eq!(send(&secrets, "deploy-1", json!({ "grace_seconds": 1 })).await.status, 422);
    assert_eq!(app.revision().await, revision);
    // The secret is right: it is not authorised for anything yet.
    let asked = ask(&app, &id, &rotated.text("/application/client_secret")).await;
    assert_eq!(asked.error(), "unauthorized_client", "{asked}");
}
