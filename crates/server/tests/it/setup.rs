//! The first credentials of an empty store: by a link on a terminal, by a file elsewhere.

use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use axum::body::Body;
use axum::http::Method;
use insta::assert_snapshot;
use keyward_server::actions::first_run::{FirstCredentials, Invitation, invite};
use serde_json::json;

use crate::support::{Reply, TestApp, hours};

const FILE: &str = "first-run.json";

/// The path of the setup link that a terminal is shown.
async fn link(app: &TestApp) -> String {
    let Invitation::Link(code) = invite(&app.app, true).await.unwrap() else { panic!("no link is offered") };
    app.remember(code.expose());
    format!("/setup/{}", code.expose())
}

async fn press(app: &TestApp, link: &str, origin: Option<&str>) -> Reply {
    let mut request = app.anonymous().request(Method::POST, link);
    if let Some(origin) = origin {
        request = request.header("origin", origin);
    }
    app.send(request.body(Body::empty()).unwrap()).await
}

/// A line of the page with the credentials.
fn shown(reply: &Reply, name: &str) -> String {
    let page = String::from_utf8(reply.bytes.clone()).unwrap();
    let line = page.lines().find_map(|line| line.split_once(&format!("{name}=")).map(|(_, value)| value.to_owned()));
    line.unwrap_or_else(|| panic!("{page}")).trim_end_matches("</pre>").to_owned()
}

async fn written(app: &TestApp) -> FirstCredentials {
    let Invitation::File(path) = invite(&app.app, false).await.unwrap() else { panic!("no file is written") };
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

#[tokio::test]
async fn looking_at_the_link_does_not_spend_it() {
    let app = TestApp::start().await;
    let link = link(&app).await;
    for _ in 0..3 {
        assert_eq!(app.anonymous().get(&link).await.status, 200);
        assert_eq!(app.anonymous().call(Method::HEAD, &link, None).await.status, 200);
    }
    let page = app.anonymous().get(&link).await;
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    assert_eq!(page.header("cache-control"), "no-store");
    assert_eq!(page.header("referrer-policy"), "same-origin");
    assert_eq!(page.header("x-frame-options"), "DENY");
    let csp = "default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";
    assert_eq!(page.header("content-security-policy"), csp);
    assert_eq!(press(&app, &link, None).await.status, 200);
}

#[tokio::test]
async fn the_button_shows_credentials_that_work_this_once() {
    let app = TestApp::start().await;
    let link = link(&app).await;
    let page = press(&app, &link, Some("https://keys.example.com")).await;
    assert_snapshot!(page, @r#"
    200
    cache-control: no-store

    <!doctype html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>Set up Keyward</title>
    </head>
    <body>
    <main>
    <h1>Set up Keyward</h1>

    <p>The first application. Its secret is shown this once.</p>
    <pre>KEYWARD_ISSUER=https://keys.example.com
    KEYWARD_AUDIENCE=https://keys.example.com/api
    KEYWARD_CLIENT_ID=7fbd5db142f6791f370595aacab4adae
    KEYWARD_CLIENT_SECRET=rvj3BlZSZm1xQKV2rhI09cSbMpfL09ME9qZG8vdnJ8d6AV8IMU27</pre>

    </main>
    </body>
    </html>
    "#);
    let (id, secret) = (shown(&page, "KEYWARD_CLIENT_ID"), shown(&page, "KEYWARD_CLIENT_SECRET"));
    let admin = app.sign_in(&id, &secret).await;
    assert_eq!(admin.get("/api/v1/apis").await.status, 200);
    assert_eq!(
        admin.post("/api/v1/apis", json!({ "name": "A", "audience": "https://a.example.com" })).await.status,
        200
    );

    assert_eq!(app.anonymous().get(&link).await.status, 404);
    let again = press(&app, &link, None).await;
    assert_snapshot!(again, @r#"
    404
    cache-control: no-store

    <!doctype html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>Set up Keyward</title>
    </head>
    <body>
    <main>
    <h1>Set up Keyward</h1>

    <p>This link has been used or is out of date. Restarting an empty Keyward prints a new one.</p>

    </main>
    </body>
    </html>
    "#);
    assert!(matches!(invite(&app.app, true).await.unwrap(), Invitation::None));
}

#[tokio::test]
async fn another_site_cannot_press_the_button() {
    let app = TestApp::start().await;
    let link = link(&app).await;
    for origin in ["https://evil.example", "null", "keys.example.com", "https://keys.example.com.evil.example", ""] {
        assert_eq!(press(&app, &link, Some(origin)).await.status, 403, "{origin}");
    }
    assert_eq!(press(&app, &link, Some("https://keys.example.com")).await.status, 200, "the link was not spent");
}

#[tokio::test]
async fn the_link_is_open_for_an_hour() {
    let app = TestApp::start().await;
    let link = link(&app).await;
    app.advance(hours(1) - Duration::from_micros(1));
    assert_eq!(app.anonymous().get(&link).await.status, 200);
    app.advance(Duration::from_micros(1));
    assert_eq!(app.anonymous().get(&link).await.status, 404);
    assert_eq!(press(&app, &link, None).await.status, 404);
    let next = self::link(&app).await;
    assert_ne!(next, link);
    assert_eq!(press(&app, &next, None).await.status, 200);
}

#[tokio::test]
async fn a_wrong_code_opens_nothing() {
    let app = TestApp::start().await;
    let link = link(&app).await;
    for path in [format!("{link}0"), link[..link.len() - 1].to_owned(), "/setup/0".into(), link.to_lowercase()] {
        assert_eq!(app.anonymous().get(&path).await.status, 404);
        assert_eq!(press(&app, &path, None).await.status, 404);
    }
}

#[tokio::test]
async fn a_store_with_an_application_invites_nobody() {
    let app = TestApp::start().await;
    app.admin().await;
    for has_terminal in [true, false] {
        assert!(matches!(invite(&app.app, has_terminal).await.unwrap(), Invitation::None));
    }
    assert!(!app.folder().join(FILE).exists());
}

#[tokio::test]
async fn a_store_that_is_out_of_reach_does_not_spend_the_link() {
    let app = TestApp::start().await;
    let link = link(&app).await;
    app.app.close().await;
    let reply = press(&app, &link, None).await;
    assert_eq!((reply.status, reply.header("retry-after")), (503, "1"));
    assert_eq!(app.anonymous().get(&link).await.status, 200);
}

#[tokio::test]
async fn without_a_terminal_a_private_file_holds_the_credentials_until_they_are_used() {
    let app = TestApp::start().await;
    let first = written(&app).await;
    let path = app.folder().join(FILE);
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let form = format!("grant_type=client_credentials&client_id={}&client_secret=wrong", first.client_id);
    assert_eq!(app.anonymous().form("/oauth2/token", &form).await.status, 401);
    assert!(path.exists(), "a wrong secret does not delete it");

    let admin = app.sign_in(first.client_id.as_str(), first.client_secret.expose()).await;
    assert!(!path.exists());
    assert_eq!(admin.get("/api/v1/apis").await.status, 200);
    assert!(matches!(invite(&app.app, false).await.unwrap(), Invitation::None));
    assert!(!app.logged().contains(first.client_secret.expose()));
}

#[tokio::test]
async fn a_file_that_still_waits_is_named_again_at_the_next_start() {
    let app = TestApp::start().await;
    let (first, again) = (written(&app).await, written(&app).await);
    assert_eq!(first.client_id, again.client_id);
    app.sign_in(first.client_id.as_str(), first.client_secret.expose()).await;
    assert!(!app.folder().join(FILE).exists());
}

#[tokio::test]
async fn a_file_for_a_change_that_never_came_is_replaced() {
    let stale = r#"{"issuer":"a","audience":"b","client_id":"0123456789abcdef0123456789abcdef","client_secret":"c"}"#;
    for text in [stale, "", r#"{"issuer":"htt"#] {
        let app = TestApp::start().await;
        std::fs::write(app.folder().join(FILE), text).unwrap();
        let first = written(&app).await;
        app.sign_in(first.client_id.as_str(), first.client_secret.expose()).await;
        assert!(!app.folder().join(FILE).exists());
    }
}
