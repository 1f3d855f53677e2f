//! The bounds of what is worked on at a time, each for itself.

use keyward_server::caller::Caller;
use serde_json::{Value, json};
use tokio::time::{Duration, Instant, sleep, timeout};

use super::connections::{PATIENCE, read_some, serve};
use crate::support::{Reply, TestApp, with};

/// How many were turned away by each bound for requests.
fn shed(app: &TestApp) -> [f64; 3] {
    ["verifications", "requests", "requests_per_caller"]
        .map(|bound| app.metric(&format!("keyward_http_shed_total{{bound=\"{bound}\"}}")))
}

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
    let next = app.revision().await + 1;
    // One that is to know of a later change waits for a round, which waits for a connection.
    let mut taken = Vec::new();
    while let Ok(tx) = timeout(Duration::from_millis(500), app.app.read()).await {
        taken.push(tx.unwrap());
    }
    let verify = |more: Value| admin.verify("unknown", more);
    let (first, ()) = tokio::join!(verify(json!({ "min_revision": next })), async {
        let reply = until_overloaded(async || verify(json!({})).await).await;
        assert_eq!((reply.error(), reply.header("retry-after")), ("OVERLOADED", "1"));
        let reply = app.anonymous().form("/oauth2/introspect", "token=a&client_id=a&client_secret=b").await;
        assert_eq!((reply.status, reply.error()), (503, "temporarily_unavailable"));
        assert_eq!(shed(&app), [2.0, 0.0, 0.0]);
        assert_eq!(admin.get("/api/v1/system_permissions").await.status, 200);
        drop(taken);
    });
    assert_eq!((first.status, first.error()), (503, "REVISION_NOT_REACHED"));
    assert_eq!(verify(json!({})).await.status, 200);
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
        assert_eq!(shed(&app), [0.0, 2.0, 0.0]);
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
    assert_eq!((reply.status, shed(&app)), (401, [0.0; 3]));
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
        assert_eq!(shed(&app), [0.0, 0.0, 1.0]);
        drop(change);
    });
    assert_eq!((first.status, admin.get("/api/v1/apis").await.status), (200, 200));
}

#[tokio::test]
async fn batches_have_a_place_for_64_verifications_and_keep_none_of_these_waiting() {
    let app = TestApp::start_with("max_verifications = 127").await;
    let admin = app.admin().await;
    let next = app.revision().await + 1;
    let mut taken = Vec::new();
    while let Ok(tx) = timeout(Duration::from_millis(500), app.app.read()).await {
        taken.push(tx.unwrap());
    }
    let batch = async |more: Value| {
        admin.post("/api/v1/api_keys/verify_batch", with(&json!({ "keys": [{ "api_key": "unknown" }] }), more)).await
    };
    let (first, ()) = tokio::join!(batch(json!({ "min_revision": next })), async {
        let reply = until_overloaded(async || batch(json!({})).await).await;
        assert_eq!((reply.error(), reply.header("retry-after")), ("OVERLOADED", "1"));
        assert_eq!(admin.verify("unknown", json!({})).await.status, 200);
        assert_eq!(admin.get("/api/v1/system_permissions").await.status, 200);
        drop(taken);
    });
    assert_eq!((first.status, first.error()), (503, "REVISION_NOT_REACHED"));
    assert_eq!(batch(json!({})).await.status, 200);
}
