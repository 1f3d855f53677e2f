//! The page that shows the OpenAPI document to people.

use axum::http::Method;

use crate::support::{Reply, TestApp};

fn text(reply: &Reply) -> &str {
    std::str::from_utf8(&reply.bytes).unwrap()
}

/// What a page refers to by `src` and `href`.
fn references(page: &str) -> Vec<&str> {
    let after = ["src=\"", "href=\""].into_iter().flat_map(|name| page.split(name).skip(1));
    after.filter_map(|rest| rest.split('"').next()).collect()
}

#[tokio::test]
async fn the_page_and_all_that_it_refers_to_come_from_here() {
    let app = TestApp::start().await;
    let page = app.anonymous().get("/docs/").await;
    assert_eq!((page.status, page.header("content-type")), (200, "text/html"));
    assert!(!text(&page).contains("://"), "{page}");
    let named = references(text(&page));
    assert!(named.len() >= 6, "{named:?}");
    for name in named {
        let file = app.anonymous().get(&format!("/docs/{}", name.trim_start_matches("./"))).await;
        let wanted = match name.rsplit_once('.').unwrap().1 {
            "js" => "text/javascript",
            "css" => "text/css",
            _ => "image/png",
        };
        assert_eq!((file.status, file.header("content-type")), (200, wanted), "{name}");
        assert!(!file.bytes.is_empty(), "{name}");
    }
}

#[tokio::test]
async fn the_page_may_load_nothing_from_elsewhere_and_run_nothing_that_is_not_a_file() {
    let app = TestApp::start().await;
    for path in ["/docs/", "/docs/index.html", "/docs/swagger-initializer.js", "/docs/swagger-ui.css"] {
        let reply = app.anonymous().get(path).await;
        assert_eq!(
            reply.header("content-security-policy"),
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
             base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        );
        assert_eq!(reply.header("x-content-type-options"), "nosniff");
        assert_eq!(reply.header("x-frame-options"), "DENY");
        assert_eq!(reply.header("referrer-policy"), "no-referrer");
        assert_eq!(reply.header("x-request-id").len(), 16);
    }
    let page = app.anonymous().get("/docs/").await;
    let scripts = text(&page).matches("<script").count();
    assert_eq!(text(&page).matches("<script src=\"").count(), scripts, "a script stands in the page");
    for inline in ["<style", " style=", " onload="] {
        assert!(!text(&page).contains(inline), "{inline} stands in the page");
    }
}

#[tokio::test]
async fn the_page_shows_the_document_of_this_server_and_tells_nobody_of_it() {
    let app = TestApp::start().await;
    let script = app.anonymous().get("/docs/swagger-initializer.js").await;
    let script = text(&script);
    assert!(script.contains(r#""url": "../openapi.json""#), "{script}");
    assert!(script.contains(r#""validatorUrl": "none""#), "{script}");
    assert!(!script.contains("://") && !script.contains("{{"), "{script}");
    // Relative to `/docs/`.
    assert_eq!(app.anonymous().get("/openapi.json").await.status, 200);
}

#[tokio::test]
async fn without_its_slash_the_page_is_found_too() {
    let app = TestApp::start().await;
    let reply = app.anonymous().get("/docs").await;
    // Relative, for a server that is reached below a path.
    assert_eq!((reply.status, reply.header("location")), (307, "docs/"));
}

#[tokio::test]
async fn what_the_page_does_not_have_is_not_found() {
    let app = TestApp::start().await;
    for path in ["/docs/nothing", "/docs/index.html/", "/docs/../Cargo.toml", "/docs/%2e%2e/openapi.json"] {
        let reply = app.anonymous().get(path).await;
        assert_eq!((reply.status, reply.error()), (404, "ROUTE_NOT_FOUND"), "{path}");
    }
    let reply = app.anonymous().call(Method::POST, "/docs/", None).await;
    assert_eq!((reply.status, reply.error()), (405, "METHOD_NOT_ALLOWED"));
    assert_eq!(app.anonymous().call(Method::HEAD, "/docs/", None).await.status, 200);
}
