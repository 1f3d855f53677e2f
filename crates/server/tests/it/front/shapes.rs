//! Answers that no route makes: unknown routes, other methods, doubled headers.

use std::collections::BTreeSet;

use axum::body::Body;
use axum::http::Method;
use insta::assert_snapshot;
use serde_json::json;

use crate::support::TestApp;

#[tokio::test]
async fn an_unknown_route_is_answered_with_an_object_in_place_of_the_list() {
    let app = TestApp::start().await;
    let reply = app.anonymous().get("/api/v1/nothing").await;
    assert_snapshot!(reply, @r#"
    404
    cache-control: no-store

    {
      "errors": {
        "code": "ROUTE_NOT_FOUND",
        "message": "There is no such route."
      }
    }
    "#);
    for path in ["/", "/api/v1/apis/", "/api/v2/apis", "/API/v1/apis", "//api/v1/apis", "/api/v1/../v1/apis"] {
        let reply = app.anonymous().get(path).await;
        assert_eq!((reply.status, reply.error()), (404, "ROUTE_NOT_FOUND"), "{path}");
    }
}

#[tokio::test]
async fn a_method_that_a_route_lacks_is_answered_with_those_that_it_has() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    assert_snapshot!(admin.delete("/api/v1/apis").await, @r#"
    405
    cache-control: no-store

    {
      "errors": [
        {
          "code": "METHOD_NOT_ALLOWED",
          "message": "The route has no such method."
        }
      ]
    }
    "#);
    for (method, path, allowed) in [
        (Method::DELETE, "/api/v1/apis", "GET,HEAD,POST"),
        (Method::OPTIONS, "/api/v1/apis", "GET,HEAD,POST"),
        (Method::TRACE, "/api/v1/apis", "GET,HEAD,POST"),
        (Method::POST, "/api/v1/api_keys/api_key_0", "GET,HEAD,PUT,PATCH,DELETE"),
        (Method::PUT, "/api/v1/api_keys/verify", "POST"),
        (Method::POST, "/healthz", "GET,HEAD"),
        (Method::DELETE, "/setup/0", "GET,HEAD,POST"),
    ] {
        let reply = admin.call(method.clone(), path, None).await;
        assert_eq!((reply.status, reply.error()), (405, "METHOD_NOT_ALLOWED"), "{method} {path}");
        let named: BTreeSet<_> = reply.header("allow").split(',').map(str::trim).collect();
        assert_eq!(named, allowed.split(',').collect(), "{method} {path}");
    }
}

#[tokio::test]
async fn head_is_get_without_the_body() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let (got, head) = (admin.get("/api/v1/apis").await, admin.call(Method::HEAD, "/api/v1/apis", None).await);
    assert_eq!((head.status, head.bytes.len()), (200, 0));
    assert_eq!(head.header("content-length"), got.bytes.len().to_string());
    let refused = app.anonymous().call(Method::HEAD, "/api/v1/apis", None).await;
    assert_eq!((refused.status, refused.header("www-authenticate")), (401, "Bearer"));
}

#[tokio::test]
async fn every_answer_has_an_id_of_its_own_under_which_the_log_knows_it() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let replies = [
        admin.get("/api/v1/apis").await,
        admin.get("/api/v1/nothing").await,
        admin.delete("/api/v1/apis").await,
        app.anonymous().get("/api/v1/apis").await,
        app.anonymous().form("/oauth2/token", "").await,
    ];
    let ids: BTreeSet<_> = replies.iter().map(|reply| reply.header("x-request-id")).collect();
    assert_eq!(ids.len(), replies.len());
    let logged = app.logged();
    for id in ids {
        assert!(id.len() == 16 && logged.contains(&format!("request_id=\"{id}\"")), "{id}");
    }
}

#[tokio::test]
async fn a_doubled_authorization_header_is_refused_whatever_it_holds() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    for second in [format!("Bearer {}", admin.token.as_deref().unwrap()), "Basic eDp5".into(), String::new()] {
        let request = admin.request(Method::GET, "/api/v1/apis").header("authorization", second);
        let reply = app.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!((reply.status, reply.error()), (400, "TOKEN_DUPLICATE"));
        assert_eq!(reply.header("www-authenticate"), r#"Bearer error="invalid_request""#);
    }
}

#[tokio::test]
async fn a_scheme_that_is_not_bearer_is_as_good_as_no_header() {
    let app = TestApp::start().await;
    let token = app.admin().await.token.unwrap();
    for (header, status) in [
        (format!("bearer {token}"), 200),
        (format!("BEARER  {token} "), 200),
        (format!("Basic {token}"), 401),
        (token.clone(), 401),
        ("Bearer".into(), 401),
        (format!("Bearer {token} {token}"), 401),
    ] {
        let request = app.anonymous().request(Method::GET, "/api/v1/apis").header("authorization", &header);
        let reply = app.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(reply.status, status, "{}", header.replace(&token, "…"));
    }
}

#[tokio::test]
async fn a_credential_in_the_address_is_worth_nothing() {
    let app = TestApp::start().await;
    let token = app.admin().await.token.unwrap();
    for name in ["access_token", "api_key", "authorization"] {
        let reply = app.anonymous().get(&format!("/api/v1/apis?{name}={token}")).await;
        assert_eq!((reply.status, reply.header("www-authenticate")), (401, "Bearer"), "{name}");
    }
}

#[tokio::test]
async fn a_path_that_is_not_text_is_refused_in_the_usual_shape() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    for path in ["/api/v1/apis/%FF", "/api/v1/api_keys/%FF", "/api/v1/applications/%FF", "/api/v1/apis/a/scopes/%C3"] {
        let reply = admin.get(path).await;
        assert_eq!(reply.status, 400, "{path}: {reply}");
        assert_eq!(reply.error(), "FIELD_INVALID", "{path}: {reply}");
    }
    assert_eq!(admin.delete("/api/v1/api_keys/%FF").await.error(), "FIELD_INVALID");
    assert_eq!(app.anonymous().get("/setup/%FF").await.error(), "FIELD_INVALID");
}

#[tokio::test]
async fn a_body_of_another_type_is_refused() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    for kind in ["text/plain", "application/x-www-form-urlencoded", "application/json-seq", ""] {
        let request = admin.request(Method::POST, "/api/v1/apis").header("content-type", kind);
        let body = json!({ "name": "Orders", "audience": "https://api.example.com" }).to_string();
        let reply = app.send(request.body(Body::from(body)).unwrap()).await;
        assert_eq!((reply.status, reply.error()), (415, "CONTENT_TYPE_UNSUPPORTED"), "{kind}");
    }
}
