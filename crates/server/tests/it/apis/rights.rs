//! What scopes of the management API mean for the tokens that carry them, and who may give them.

use axum::http::Method;
use insta::assert_snapshot;
use serde_json::json;

use crate::support::TestApp;

#[tokio::test]
async fn a_token_loses_at_once_what_its_application_loses() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let api = admin.management_api().await;
    let (id, secret) = admin.makes_application(&["read:apis", "read:api_keys"], json!({})).await;
    let token = app.sign_in(&id, &secret).await;
    let scopes = admin.get(&format!("/api/v1/apis/{api}/scopes")).await;
    let listed = scopes.body["scopes"].as_array().unwrap();
    let scope = listed.iter().find(|scope| scope["key"] == "read:apis").unwrap()["id"].as_str().unwrap();
    let path = format!("/api/v1/apis/{api}/applications/{id}/scopes/{scope}");

    assert_eq!(token.get("/api/v1/apis").await.status, 200);
    admin.delete(&path).await;
    let reply = token.get("/api/v1/apis").await;
    assert_eq!((reply.status, reply.message()), (403, "Scope missing: read:apis"));
    assert_eq!(token.get("/api/v1/api_keys").await.status, 200, "the other scope stays");
    admin.call(Method::POST, &path, None).await;
    assert_eq!(token.get("/api/v1/apis").await.status, 200, "the token carries it, and it is granted again");

    let listed = json!({ "applications": [{ "id": id, "operation": "delete" }] });
    admin.patch(&format!("/api/v1/apis/{api}/applications"), listed).await;
    assert_eq!(token.get("/api/v1/apis").await.status, 403);
    app.db_change("UPDATE applications SET disabled_at = 1 WHERE name = 'Backend'").await;
    assert_eq!(token.get("/api/v1/apis").await.status, 401);
}

#[tokio::test]
async fn a_token_gains_nothing_that_it_does_not_carry() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let (id, secret) = admin.makes_application(&["read:apis", "read:api_keys"], json!({})).await;
    let form =
        format!("grant_type=client_credentials&client_id={id}&client_secret={secret}&scope=read%3Aapis&audience=");
    let token = app.anonymous().form("/oauth2/token", &form).await.text("/access_token");
    assert_eq!(app.bearer(&token).get("/api/v1/apis").await.status, 200);
    assert_eq!(app.bearer(&token).get("/api/v1/api_keys").await.status, 403);
}

#[tokio::test]
async fn nobody_gives_a_scope_of_the_management_api_that_they_lack() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let api = admin.management_api().await;
    let (id, _) = admin.makes_application(&[], json!({})).await;
    let giver = admin.makes_m2m(&["create:api_application_scopes", "read:apis"], json!({})).await;
    let bound = json!({ "bound_api_ids": [admin.makes_api("https://api.example.com", &[]).await] });
    let bound = admin.makes_m2m(&["create:api_application_scopes", "read:apis"], bound).await;
    let scopes = admin.get(&format!("/api/v1/apis/{api}/scopes")).await;
    let path = |key: &str| {
        let listed = scopes.body["scopes"].as_array().unwrap();
        let scope = listed.iter().find(|scope| scope["key"] == key).unwrap()["id"].as_str().unwrap();
        format!("/api/v1/apis/{api}/applications/{id}/scopes/{scope}")
    };
    let before = app.revision().await;
    assert_snapshot!(giver.call(Method::POST, &path("read:users"), None).await, @r#"
    403
    cache-control: no-store

    {
      "errors": [
        {
          "code": "RIGHTS_EXCEEDED",
          "message": "The credential does not hold read:users and so cannot give it."
        }
      ]
    }
    "#);
    assert_eq!(bound.call(Method::POST, &path("read:apis"), None).await.error(), "RIGHTS_EXCEEDED");
    assert_eq!(app.revision().await, before);
    assert_eq!(giver.call(Method::POST, &path("read:apis"), None).await.status, 200);
}
