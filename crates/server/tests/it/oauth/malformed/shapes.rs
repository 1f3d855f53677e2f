//! Content types, sizes and methods.

use axum::http::Method;
use insta::assert_snapshot;

use super::Table;
use crate::oauth::Client;
use crate::support::TestApp;

#[tokio::test]
async fn a_body_of_another_type_or_size_is_refused() {
    let app = TestApp::start().await;
    let client = Client::of(&app, &app.admin().await).await;
    let form = "grant_type=client_credentials&client_id={id}&client_secret={secret}";
    let mut table = Table::default();
    for kind in ["", "text/plain", "multipart/form-data; boundary=canary", "application/jsonp", "*/*", ";"] {
        table.add(
            &format!("content type `{}`", kind.replace("canary", "…")),
            &client,
            &client.send(kind, form, &[]).await,
        );
    }
    let long = format!("{form}&x={}", "canary".repeat(200_000));
    table.add("more than a mebibyte", &client, &client.form(&long).await);
    assert_snapshot!(table.0, @"
    content type ``
        400 invalid_request: The content type must be application/x-www-form-urlencoded or application/json.
    content type `text/plain`
        400 invalid_request: The content type must be application/x-www-form-urlencoded or application/json.
    content type `multipart/form-data; boundary=…`
        400 invalid_request: The content type must be application/x-www-form-urlencoded or application/json.
    content type `application/jsonp`
        400 invalid_request: The content type must be application/x-www-form-urlencoded or application/json.
    content type `*/*`
        400 invalid_request: The content type must be application/x-www-form-urlencoded or application/json.
    content type `;`
        400 invalid_request: The content type must be application/x-www-form-urlencoded or application/json.
    more than a mebibyte
        400 invalid_request: The body is larger than this route takes.
    ");
}

#[tokio::test]
async fn another_method_is_refused_in_the_shape_of_oauth() {
    let app = TestApp::start().await;
    let nobody = app.anonymous();
    for method in [Method::GET, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS] {
        let reply = nobody.call(method.clone(), "/oauth2/token?client_secret=canary", None).await;
        assert_eq!((reply.status, reply.header("allow")), (405, "POST"), "{method}");
        assert_eq!(reply.error(), "invalid_request", "{method}");
    }
    let reply = nobody.get("/oauth2/token?grant_type=client_credentials&client_id=a&client_secret=b").await;
    assert_snapshot!(reply, @r#"
    405
    cache-control: no-store

    {
      "error": "invalid_request",
      "error_description": "The method must be POST."
    }
    "#);
}
