//! Health, and what everything answers when the store is gone.

use std::time::Duration;

use axum::http::Method;
use insta::assert_snapshot;
use serde_json::json;

use crate::support::TestApp;

#[tokio::test]
async fn a_node_that_works_says_so_without_a_body() {
    let app = TestApp::start().await;
    for path in ["/healthz", "/readyz"] {
        let reply = app.anonymous().get(path).await;
        assert_eq!((reply.status, reply.bytes.len()), (204, 0), "{path}");
    }
}

#[tokio::test]
async fn without_the_store_the_process_lives_and_is_not_ready() {
    let app = TestApp::start().await;
    app.app.close().await;
    assert_eq!(app.anonymous().get("/healthz").await.status, 204);
    assert_snapshot!(app.anonymous().get("/readyz").await, @r#"
    503
    cache-control: no-store
    retry-after: 1

    {
      "errors": [
        {
          "code": "UNAVAILABLE",
          "message": "The answer cannot be known now. Try again."
        }
      ]
    }
    "#);
}

#[tokio::test]
async fn without_the_store_no_token_can_be_known() {
    let app = TestApp::start().await;
    let (id, secret) = app.admin().await.makes_application(&[], json!({})).await;
    app.app.close().await;
    let ask = async |secret: &str| {
        let form = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}");
        app.anonymous().form("/oauth2/token", &form).await
    };
    let reply = ask(&secret).await;
    assert_snapshot!(reply, @r#"
    503
    cache-control: no-store
    retry-after: 1

    {
      "error": "temporarily_unavailable",
      "error_description": "The answer cannot be known now. Try again."
    }
    "#);
    assert_eq!(ask("wrong").await.bytes, reply.bytes);
    let keys = app.anonymous().get("/.well-known/jwks").await;
    assert_eq!((keys.status, keys.error(), keys.header("retry-after")), (503, "UNAVAILABLE", "1"));
    assert_eq!(app.anonymous().get("/.well-known/openid-configuration").await.status, 200);
}

/// What is answered without the store.
const KNOWN: [&str; 4] =
    ["/api/v1/system_permissions", "/api/v1/api_keys/verify", "/api/v1/api_keys/verify_batch", "/api/v1/api_keys/self"];

#[tokio::test]
async fn without_the_store_no_management_route_says_that_a_credential_is_bad() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let api = admin.makes_api("https://api.example.com", &[]).await;
    let user = admin.makes_user("Kim").await;
    let (_, key) = admin.makes_key(json!({ "name": "Key", "api_id": api, "user_id": user })).await;
    let machine = admin.makes_environment_key(&["read:api_keys"], json!({})).await;
    let holder = app.bearer(&key);
    app.app.close().await;

    let document = serde_json::to_value(keyward_server::routes::document()).unwrap();
    let mut unknowable = 0;
    for (path, operations) in document["paths"].as_object().unwrap() {
        for method in operations.as_object().unwrap().keys().filter(|_| path.starts_with("/api/v1/")) {
            let method: Method = method.to_uppercase().parse().unwrap();
            let body = match path.rsplit('/').next().unwrap() {
                "verify" => json!({ "api_key": key }),
                "verify_batch" => json!({ "keys": [{ "api_key": key }] }),
                "explain" => json!({ "key_id": "api_key_0" }),
                _ => json!({}),
            };
            // Whoever holds a key asks about it, by the key and no token.
            let first = if path.ends_with("/self") { &holder } else { &admin };
            for caller in [first, &machine] {
                let reply = caller.call(method.clone(), path, Some(body.clone())).await;
                let outcome = (reply.status, reply.error(), reply.header("retry-after"));
                // Who calls, and with what rights, is known from memory; and so is what is wrong with a request by itself.
                let is_known = match outcome {
                    (403, "SCOPE_MISSING", "") => std::ptr::eq(caller, &machine),
                    (400, _, "") => true,
                    // The same in every version of Keyward; and what is known of keys, for as long as the lease lasts.
                    (200, _, "") => KNOWN.contains(&&**path),
                    _ => false,
                };
                assert!(is_known || outcome == (503, "UNAVAILABLE", "1"), "{method} {path}: {reply}");
                unknowable += usize::from(!is_known);
                assert!(is_known || reply.header("www-authenticate").is_empty(), "{method} {path}");
            }
            // That there is no credential, or none that could be one, is known all the same.
            assert_eq!(app.bearer("garbage").call(method.clone(), path, None).await.status, 401, "{method} {path}");
            assert_eq!(app.anonymous().call(method.clone(), path, None).await.status, 401, "{method} {path}");
        }
    }
    assert!(unknowable > 40, "{unknowable}");
    app.advance(Duration::from_secs(3));
    let verified = admin.verify(&key, json!({})).await;
    match app.app.database_kind() {
        "sqlite" => assert_eq!(verified.text("/code"), "API_KEY_VERIFIED", "nobody else can have changed anything"),
        _ => assert_eq!((verified.status, verified.error(), verified.header("retry-after")), (503, "UNAVAILABLE", "1")),
    }
    assert!(app.logged().contains("failed"), "the log tells why");
}
