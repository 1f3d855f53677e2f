//! Bodies have a limit, with a clear error at one byte more.

use insta::assert_snapshot;
use serde_json::json;

use crate::support::TestApp;

/// A body of exactly so many bytes that is well-formed and unknown to every route.
fn body_of(bytes: usize) -> serde_json::Value {
    let empty = json!({ "x": "" }).to_string().len();
    json!({ "x": "a".repeat(bytes - empty) })
}

#[tokio::test]
async fn a_body_of_a_mebibyte_is_read_and_one_byte_more_is_not() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    for path in ["/api/v1/apis", "/api/v1/api_keys", "/api/v1/applications", "/api/v1/organization", "/api/v1/user"] {
        let read = admin.post(path, body_of(1024 * 1024)).await;
        assert_eq!((read.status, read.error()), (400, "FIELD_UNKNOWN"), "{path}");
        let refused = admin.post(path, body_of(1024 * 1024 + 1)).await;
        assert_eq!((refused.status, refused.error()), (413, "BODY_TOO_LARGE"), "{path}");
    }
    assert_snapshot!(admin.post("/api/v1/apis", body_of(1024 * 1024 + 1)).await, @r#"
    413
    cache-control: no-store

    {
      "errors": [
        {
          "code": "BODY_TOO_LARGE",
          "message": "The body is larger than this route takes."
        }
      ]
    }
    "#);
}

#[tokio::test]
async fn a_verification_of_64_kibibytes_is_read_and_one_byte_more_is_not() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let read = admin.post("/api/v1/api_keys/verify", body_of(64 * 1024)).await;
    assert_eq!((read.status, read.error()), (400, "FIELD_UNKNOWN"));
    let refused = admin.post("/api/v1/api_keys/verify", body_of(64 * 1024 + 1)).await;
    assert_eq!((refused.status, refused.error()), (413, "BODY_TOO_LARGE"));
}

#[tokio::test]
async fn a_body_is_not_read_before_the_caller_is_known() {
    let app = TestApp::start().await;
    let reply = app.anonymous().post("/api/v1/apis", body_of(1024 * 1024 + 1)).await;
    assert_eq!((reply.status, reply.error()), (401, "TOKEN_MISSING"));
}

#[test]
fn the_page_on_limits_shows_each_default() {
    const PAGE: &str = include_str!("../../../../../docs/limits.md");
    let defaults: Vec<_> =
        keyward_server::settings::DEFAULTS.lines().filter_map(|line| line.split_once(" = ")).collect();
    let rows = PAGE.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` | "));
    let shown: Vec<_> = rows.filter_map(|(name, rest)| Some((name, rest.split_once(" |")?.0))).collect();
    for setting in &shown {
        assert!(defaults.contains(setting), "{setting:?}");
    }
    for (name, value) in defaults {
        let is_limit =
            name.starts_with("max_") || (name.ends_with("_timeout_seconds") && !name.starts_with("shutdown"));
        assert!(!is_limit || shown.contains(&(name, value)), "{name}");
    }
}
