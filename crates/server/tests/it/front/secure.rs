//! Headers that every answer carries.

use axum::http::Method;
use keyward_server::routes::document;

use super::connections::{read_to_end, serve};
use crate::support::{Reply, TestApp};

/// What anybody may keep for a while: public keys, and what the server can do.
const MAY_BE_STORED: [&str; 2] = ["/.well-known/jwks", "/.well-known/openid-configuration"];

/// An answer to nobody in particular from every operation of the document, and from what stands beside it.
async fn answers(app: &TestApp) -> Vec<(String, Reply)> {
    let document = serde_json::to_value(document()).unwrap();
    let mut asked: Vec<(String, String)> = Vec::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        let methods =
            operations.as_object().unwrap().keys().filter(|key| !["parameters", "summary"].contains(&key.as_str()));
        asked.extend(methods.map(|method| (method.to_uppercase(), path.replace(['{', '}'], ""))));
    }
    assert!(asked.len() > 60, "{}", asked.len());
    for (method, path) in [
        ("GET", "/openapi.json"),
        ("GET", "/docs"),
        ("GET", "/docs/"),
        ("GET", "/docs/nothing"),
        ("GET", "/setup/0"),
        ("POST", "/setup/0"),
        ("GET", "/nothing"),
        ("DELETE", "/oauth2/token"),
        ("GET", "/oauth2/nothing"),
        ("TRACE", "/healthz"),
        ("OPTIONS", "/api/v1/apis"),
        ("CONNECT", "/"),
    ] {
        asked.push((method.to_owned(), path.to_owned()));
    }
    let mut answers = Vec::new();
    for (method, path) in asked {
        let reply = app.anonymous().call(Method::from_bytes(method.as_bytes()).unwrap(), &path, None).await;
        answers.push((format!("{method} {path}"), reply));
    }
    answers
}

#[tokio::test]
async fn no_answer_is_taken_for_something_else_or_stored_unless_it_says_so() {
    let app = TestApp::start().await;
    for (name, reply) in answers(&app).await {
        assert_eq!(reply.header("x-content-type-options"), "nosniff", "{name}");
        let stored = MAY_BE_STORED.iter().any(|path| name == format!("GET {path}")) || name == "GET /docs/";
        assert_eq!(reply.header("cache-control") == "no-store", !stored, "{name}: {}", reply.header("cache-control"));
        assert_eq!(reply.header("strict-transport-security"), "", "{name}: there is no TLS");
    }
}

#[tokio::test]
async fn with_tls_every_answer_asks_for_tls_from_then_on() {
    let app = TestApp::start_with("tls_cert = 'cert.pem'\ntls_key = 'key.pem'").await;
    for (name, reply) in answers(&app).await {
        assert_eq!(reply.header("strict-transport-security"), "max-age=31536000", "{name}");
    }
}

#[tokio::test]
async fn an_answer_that_no_door_made_carries_them_too() {
    let app = TestApp::start_with("request_timeout_seconds = 1").await;
    let served = serve(&app).await;
    let head = "POST /api/v1/apis HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\nconnection: close\r\n";
    let token = app.admin().await.token.unwrap();
    let mut stream =
        served.send(&format!("{head}content-type: application/json\r\nauthorization: Bearer {token}\r\n\r\n")).await;
    let answer = read_to_end(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 503") && answer.contains(r#"{"errors":[{"code":"UNAVAILABLE""#), "{answer}");
    assert!(
        answer.contains("x-content-type-options: nosniff") && answer.contains("cache-control: no-store"),
        "{answer}"
    );
}
