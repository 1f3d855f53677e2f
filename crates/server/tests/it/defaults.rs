//! What a fresh start comes with: no door that somebody would have to close. That a setup link ends is held by `setup`.

use axum::http::Method;
use keyward_server::routes::document;
use keyward_server::{Settings, Sources};

use crate::front::{read_to_end, serve};
use crate::support::TestApp;

#[tokio::test]
async fn a_fresh_store_has_no_credential_and_no_user() {
    let app = TestApp::start().await;
    for table in [
        "SELECT COUNT(*) FROM applications",
        "SELECT COUNT(*) FROM application_secrets",
        "SELECT COUNT(*) FROM keys",
        "SELECT COUNT(*) FROM key_secrets",
        "SELECT COUNT(*) FROM grants",
        "SELECT COUNT(*) FROM users",
        "SELECT COUNT(*) FROM organizations",
    ] {
        assert_eq!(app.database.db_number(table).await, 0, "{table}");
    }
    for (id, secret) in [("admin", "admin"), ("keyward", "keyward"), ("admin", "password"), ("root", "")] {
        let form = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}");
        assert_eq!(app.anonymous().form("/oauth2/token", &form).await.error(), "invalid_client", "{id}");
    }
    for code in ["0", "setup", "", "admin"] {
        assert_eq!(app.anonymous().get(&format!("/setup/{code}")).await.status, 404, "{code}: no link was offered");
    }
}

#[test]
fn without_a_word_it_listens_on_this_machine_alone_and_logs_no_more_than_what_happens() {
    let settings = Settings::load(Sources::default()).unwrap();
    assert!(settings.listen.ip().is_loopback());
    assert_eq!(settings.plain.log_level, keyward_server::settings::LogLevel::Info);
    assert!(settings.secret.is_none() && settings.public_url.is_none());
    assert!(settings.plain.token_lifetime_seconds <= 3600);
    assert!(settings.plain.signing_key_rotation_days > 0);
}

#[tokio::test]
async fn trace_is_no_method_of_any_route() {
    let app = TestApp::start().await;
    let document = serde_json::to_value(document()).unwrap();
    let paths = document["paths"].as_object().unwrap().keys().map(String::as_str);
    for path in paths.chain(["/openapi.json", "/docs", "/setup/0", "/.well-known/jwks.json"]) {
        let request = app.anonymous().request(Method::TRACE, path).header("x-canary", "a header to be sent back");
        let reply = app.send(request.body(axum::body::Body::empty()).unwrap()).await;
        assert_eq!(reply.status, 405, "{path}");
        assert!(!reply.to_string().contains("sent back"), "{path}: {reply}");
    }
}

#[tokio::test]
async fn an_answer_says_nothing_of_what_serves() {
    let app = TestApp::start().await;
    let served = serve(&app).await;
    let known = [
        "allow",
        "cache-control",
        "connection",
        "content-length",
        "content-type",
        "date",
        "link",
        "pragma",
        "retry-after",
        "www-authenticate",
        "x-content-type-options",
        "x-request-id",
    ];
    for line in [
        "GET /healthz",
        "GET /nothing",
        "GET /api/v1/apis",
        "POST /oauth2/token",
        "TRACE /healthz",
        "GET /openapi.json",
    ] {
        let mut stream = served.send(&format!("{line} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")).await;
        let answer = read_to_end(&mut stream).await;
        let head = answer.split("\r\n\r\n").next().unwrap();
        for name in head.lines().skip(1).filter_map(|line| line.split_once(':')).map(|(name, _)| name) {
            assert!(known.contains(&name), "{line} is answered with {name}");
        }
    }
}
