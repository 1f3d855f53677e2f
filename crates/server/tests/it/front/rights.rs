//! A caller that loses its rights while its body is still on the way.

use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::connections::{Served, read_some, read_to_end, serve};
use crate::support::{Actor, TestApp};

/// Sends the headers of a request that would make an API, and waits until its caller has been identified.
async fn begin(served: &Served, caller: &Actor<'_>, body: &str) -> TcpStream {
    let token = caller.token.as_deref().unwrap();
    let head = format!(
        "POST /api/v1/apis HTTP/1.1\r\nhost: keys.example.com\r\nauthorization: Bearer {token}\r\nconnection: close\r\n\
         content-type: application/json\r\nexpect: 100-continue\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let mut stream = served.send(&head).await;
    // The body is asked for after the caller has been let in.
    assert_eq!(read_some(&mut stream, 25).await, "HTTP/1.1 100 Continue\r\n\r\n");
    stream
}

async fn finish(app: &TestApp, mut stream: TcpStream, body: &str) -> String {
    stream.write_all(body.as_bytes()).await.unwrap();
    let answer = read_to_end(&mut stream).await;
    app.search_in("the answer at a socket", answer.clone());
    answer
}

fn api() -> String {
    json!({ "name": "Orders", "audience": "https://api.example.com" }).to_string()
}

#[tokio::test]
async fn a_caller_that_keeps_its_rights_is_served() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let served = serve(&app).await;
    let stream = begin(&served, &admin.makes_environment_key(&["create:apis"], json!({})).await, &api()).await;
    assert!(finish(&app, stream, &api()).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn an_environment_key_that_is_revoked_meanwhile_changes_nothing() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let served = serve(&app).await;
    let machine = admin.makes_environment_key(&["create:apis"], json!({})).await;
    let stream = begin(&served, &machine, &api()).await;
    let key = admin.get("/api/v1/api_keys").await.text("/api_keys/0/id");
    admin.delete(&format!("/api/v1/api_keys/{key}")).await;
    let before = app.revision().await;
    let answer = finish(&app, stream, &api()).await;
    assert!(answer.starts_with("HTTP/1.1 401") && answer.contains("TOKEN_INVALID"), "{answer}");
    assert_eq!(app.revision().await, before);
}

#[tokio::test]
async fn an_environment_key_that_is_rotated_meanwhile_changes_nothing_by_its_old_secret() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let served = serve(&app).await;
    let machine = admin.makes_environment_key(&["create:apis"], json!({})).await;
    let stream = begin(&served, &machine, &api()).await;
    let key = admin.get("/api/v1/api_keys").await.text("/api_keys/0/id");
    assert_eq!(admin.put(&format!("/api/v1/api_keys/{key}")).await.status, 201);
    let before = app.revision().await;
    let answer = finish(&app, stream, &api()).await;
    assert!(answer.starts_with("HTTP/1.1 401") && answer.contains("TOKEN_INVALID"), "{answer}");
    assert_eq!(app.revision().await, before);
}

#[tokio::test]
async fn an_application_that_loses_its_scope_meanwhile_changes_nothing() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let served = serve(&app).await;
    let (id, secret) = admin.makes_application(&["create:apis"], json!({})).await;
    let stream = begin(&served, &app.sign_in(&id, &secret).await, &api()).await;
    let management = admin.management_api().await;
    let lost = json!({ "applications": [{ "id": id, "operation": "delete" }] });
    admin.patch(&format!("/api/v1/apis/{management}/applications"), lost).await;
    let before = app.revision().await;
    let answer = finish(&app, stream, &api()).await;
    assert!(answer.starts_with("HTTP/1.1 403") && answer.contains("SCOPE_MISSING"), "{answer}");
    assert_eq!(app.revision().await, before);
}

#[tokio::test]
async fn an_application_that_is_bound_to_less_meanwhile_changes_nothing() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let served = serve(&app).await;
    let bound = admin.makes_api("https://bound.example.com", &[]).await;
    let (id, secret) = admin.makes_application(&["create:apis"], json!({})).await;
    let stream = begin(&served, &app.sign_in(&id, &secret).await, &api()).await;
    let less = json!({ "bound_api_ids": [bound] });
    assert_eq!(admin.patch(&format!("/api/v1/applications/{id}"), less).await.status, 200);
    let before = app.revision().await;
    let answer = finish(&app, stream, &api()).await;
    assert!(answer.starts_with("HTTP/1.1 401") && answer.contains("TOKEN_INVALID"), "{answer}");
    assert_eq!(app.revision().await, before);
}
