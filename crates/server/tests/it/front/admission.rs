//! The bounds of what is worked on at a time, each for itself.

use keyward_server::caller::Caller;
use serde_json::json;
use tokio::time::{Duration, Instant, sleep, timeout};

use super::connections::{PATIENCE, read_some, serve};
use crate::support::{Reply, TestApp};

/// Asks until it is told that there is no place.
async fn until_overloaded(ask: impl AsyncFn() -> Reply) -> Reply {
    let until = Instant::now() + PATIENCE;
    loop {
        let reply = ask().await;
        if reply.status == 503 {
            return reply;
        }
        assert!(Instant::now() < until, "there is always a place: {reply}");
        sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn when_verifications_are_full_management_is_answered() {
    let app = TestApp::start_with("max_verifications = 1").await;
    let admin = app.admin().await;
    let api = admin.makes_api("https://orders.example.com", &[]).await;
    let org = admin.post("/api/v1/organization", json!({ "name": "Acme" })).await.text("/organization/code");
    let (_, secret) = admin.makes_key(json!({ "name": "Key", "api_id": api, "org_code": org })).await;
    // A verification is counted, which waits for whoever changes something.
    let change = app.app.change(&Caller::command_line()).await.unwrap();
    let verify = |key: &str| admin.post("/api/v1/api_keys/verify", json!({ "api_key": key }));
    let (first, ()) = tokio::join!(verify(&secret), async {
        let reply = until_overloaded(async || verify("unknown").await).await;
        assert_eq!((reply.error(), reply.header("retry-after")), ("OVERLOADED", "1"));
        let form = format!("token={secret}&client_id=a&client_secret=b");
        let reply = app.anonymous().form("/oauth2/introspect", &form).await;
        assert_eq!((reply.status, reply.error()), (503, "temporarily_unavailable"));
        assert_eq!(admin.get("/api/v1/apis").await.status, 200);
        drop(change);
    });
    assert_eq!((first.status, verify("unknown").await.status), (200, 200));
}

#[tokio::test]
async fn when_management_is_full_verifications_and_health_are_answered() {
    let app = TestApp::start_with("max_requests = 1").await;
    let admin = app.admin().await;
    let change = app.app.change(&Caller::command_line()).await.unwrap();
    let make = json!({ "name": "Orders", "audience": "https://orders.example.com" });
    let (first, ()) = tokio::join!(admin.post("/api/v1/apis", make), async {
        let reply = until_overloaded(async || admin.get("/api/v1/apis").await).await;
        assert_eq!((reply.error(), reply.header("retry-after")), ("OVERLOADED", "1"));
        assert_eq!(admin.post("/api/v1/organization", json!({ "name": "Acme" })).await.error(), "OVERLOADED");
        assert_eq!(admin.post("/api/v1/api_keys/verify", json!({ "api_key": "unknown" })).await.status, 200);
        for path in ["/healthz", "/readyz"] {
            assert_eq!(app.anonymous().get(path).await.status, 204);
        }
        drop(change);
    });
    assert_eq!((first.status, admin.get("/api/v1/apis").await.status), (200, 200));
}

#[tokio::test]
async fn a_body_that_does_not_come_holds_no_place() {
    let app = TestApp::start_with("max_requests = 1").await;
    let served = serve(&app).await;
    let head = "POST /oauth2/token HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 9\r\n\r\n";
    let mut waiting = Vec::new();
    for _ in 0..10 {
        let mut stream = served.send(head).await;
        assert_eq!(read_some(&mut stream, 25).await, "HTTP/1.1 100 Continue\r\n\r\n");
        waiting.push(stream);
    }
    let reply = timeout(PATIENCE, app.anonymous().get("/api/v1/apis")).await.unwrap();
    assert_eq!(reply.status, 401);
}

#[tokio::test]
async fn one_caller_leaves_room_for_another() {
    let app = TestApp::start_with("max_requests_per_caller = 1").await;
    let admin = app.admin().await;
    let other = admin.makes_environment_key(&["read:apis"], json!({})).await;
    let change = app.app.change(&Caller::command_line()).await.unwrap();
    let make = json!({ "name": "Orders", "audience": "https://orders.example.com" });
    let (first, ()) = tokio::join!(admin.post("/api/v1/apis", make), async {
        let reply = until_overloaded(async || admin.get("/api/v1/apis").await).await;
        assert_eq!((reply.error(), reply.header("retry-after")), ("OVERLOADED", "1"));
        assert_eq!(other.get("/api/v1/apis").await.status, 200);
        drop(change);
    });
    assert_eq!((first.status, admin.get("/api/v1/apis").await.status), (200, 200));
}
