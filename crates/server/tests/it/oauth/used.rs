//! Tokens that are shown to the management API.

use std::time::Duration;

use axum::http::Method;
use serde_json::json;

use crate::support::{TestApp, hours};

#[tokio::test]
async fn a_token_is_good_until_the_second_in_which_it_ends_and_no_longer() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let caller = admin.makes_m2m(&["read:apis"], json!({})).await;
    app.advance(hours(1) - Duration::from_secs(1));
    assert_eq!(caller.get("/api/v1/apis").await.status, 200);
    app.advance(Duration::from_secs(1));
    assert_eq!(caller.get("/api/v1/apis").await.error(), "TOKEN_INVALID");
}

#[tokio::test]
async fn a_token_for_an_api_that_was_deleted_since_opens_nothing() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    // An API with a scope of the same name, and an application that has both.
    let api = admin.makes_api("https://api.example.com", &["read:apis"]).await;
    let (id, secret) = admin.makes_application(&["read:apis"], json!({})).await;
    let path = format!("/api/v1/apis/{api}/applications");
    admin.patch(&path, json!({ "applications": [{ "id": id }] })).await;
    let scope = admin.get(&format!("/api/v1/apis/{api}/scopes")).await.text("/scopes/0/id");
    assert_eq!(admin.call(Method::POST, &format!("{path}/{id}/scopes/{scope}"), None).await.status, 200);
    let ask = "grant_type=client_credentials";
    let form = format!("{ask}&client_id={id}&client_secret={secret}&audience=https://api.example.com");
    let token = app.anonymous().form("/oauth2/token", &form).await.text("/access_token");
    assert_eq!(app.bearer(&token).get("/api/v1/apis").await.error(), "TOKEN_INVALID");
    assert_eq!(admin.delete(&format!("/api/v1/apis/{api}")).await.status, 200);
    assert_eq!(app.bearer(&token).get("/api/v1/apis").await.error(), "TOKEN_INVALID");
}
