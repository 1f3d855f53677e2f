//! Requests that are repeated under an `Idempotency-Key`.

use axum::body::Body;
use axum::http::Method;
use serde_json::{Value, json};

use crate::keys::Shop;
use crate::support::{Actor, Reply, TestApp, hours, with};

const ORDER: &str = "order-1-of-a-platform-that-repeats";
const TURN: &str = "turn-1-of-a-platform-that-repeats";

/// Sends a body under a key.
async fn create(app: &TestApp, actor: &Actor<'_>, key: &str, body: &Value) -> Reply {
    let request = actor.request(Method::POST, "/api/v1/api_keys").header("content-type", "application/json");
    let request = request.header("idempotency-key", key).body(Body::from(body.to_string()));
    app.send(request.unwrap()).await
}

#[tokio::test]
async fn a_lost_answer_is_had_again_for_24_hours_and_then_the_request_is_a_new_one() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let machine = shop.admin.makes_environment_key(&["create:api_keys"], json!({})).await;
    let first = create(&app, &machine, ORDER, &shop.body()).await;
    let revision = app.revision().await;
    app.advance(hours(23));
    let again = create(&app, &machine, &format!("\"{ORDER}\""), &shop.body()).await;
    assert_eq!((again.status, again.header("idempotent-replayed")), (201, "true"));
    assert_eq!(again.body, first.body);
    assert_eq!(app.revision().await, revision);
    app.advance(hours(1));
    let anew = create(&app, &machine, ORDER, &shop.body()).await;
    assert_eq!((anew.status, anew.header("idempotent-replayed")), (201, ""));
    assert_ne!(anew.text("/api_key/id"), first.text("/api_key/id"));
}

#[tokio::test]
async fn another_request_under_the_same_key_is_refused() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    create(&app, &shop.admin, ORDER, &shop.body()).await;
    let revision = app.revision().await;
    let other = create(&app, &shop.admin, ORDER, &with(&shop.body(), json!({ "name": "Other" }))).await;
    assert_eq!((other.status, other.error()), (422, "IDEMPOTENCY_KEY_REUSED"), "{other}");
    assert_eq!(app.revision().await, revision);
    // The order of members, and white space, are not what is asked.
    let body = shop.body();
    let turned: Vec<String> =
        body.as_object().unwrap().iter().rev().map(|(name, value)| format!("{}: {value}", json!(name))).collect();
    let request = shop.admin.request(Method::POST, "/api/v1/api_keys").header("content-type", "application/json");
    let turned = Body::from(format!("{{ {} }}", turned.join(" , ")));
    let same = app.send(request.header("idempotency-key", ORDER).body(turned).unwrap()).await;
    assert_eq!((same.status, same.header("idempotent-replayed")), (201, "true"), "{same}");
}

#[tokio::test]
async fn the_same_key_of_another_caller_is_another_key() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let first = create(&app, &shop.admin, ORDER, &shop.body()).await;
    let other = shop.admin.makes_m2m(&["create:api_keys"], json!({})).await;
    let second = create(&app, &other, ORDER, &shop.body()).await;
    assert_eq!((second.status, second.header("idempotent-replayed")), (201, ""));
    assert_ne!(second.text("/api_key/key"), first.text("/api_key/key"));
}

#[tokio::test]
async fn a_refused_request_is_not_kept() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let bad = with(&shop.body(), json!({ "scope_ids": ["read:nothing"] }));
    assert_eq!(create(&app, &shop.admin, ORDER, &bad).await.status, 400);
    assert_eq!(create(&app, &shop.admin, ORDER, &shop.body()).await.status, 201);
}

#[tokio::test]
async fn a_hundred_at_once_make_one_key_and_all_hear_of_it() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let body = shop.body();
    let at_once = (0..100).map(|_| create(&app, &shop.admin, ORDER, &body));
    let replies = futures_util::future::join_all(at_once).await;
    let first = replies[0].text("/api_key/key");
    for reply in &replies {
        assert_eq!((reply.status, reply.text("/api_key/key")), (201, first.clone()), "{reply}");
    }
    let replayed = replies.iter().filter(|reply| reply.header("idempotent-replayed") == "true").count();
    assert_eq!((replayed, app.database.db_number("SELECT COUNT(*) FROM keys").await), (99, 1));
}

#[tokio::test]
async fn a_key_that_is_none_is_refused_before_anything_is_made() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let long = "a".repeat(256);
    for key in ["", "\"\"", "a\"b", &long] {
        let reply = create(&app, &shop.admin, key, &shop.body()).await;
        assert_eq!((reply.status, reply.error()), (400, "FIELD_INVALID"), "{key}");
        assert!(reply.text("/errors/0/message").contains("`Idempotency-Key` must be 1 to 255"), "{reply}");
    }
    let request = shop.admin.request(Method::POST, "/api/v1/api_keys").header("content-type", "application/json");
    let twice = request.header("idempotency-key", "a").header("idempotency-key", "a");
    let reply = app.send(twice.body(Body::from(shop.body().to_string())).unwrap()).await;
    assert_eq!((reply.status, reply.error()), (400, "FIELD_INVALID"));
    assert_eq!(app.database.db_number("SELECT COUNT(*) FROM keys").await, 0);
    assert_eq!(create(&app, &shop.admin, &"a".repeat(255), &shop.body()).await.status, 201);
}

#[tokio::test]
async fn what_is_kept_opens_with_the_callers_key_alone() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let made = create(&app, &shop.admin, ORDER, &shop.body()).await;
    // The seal is bound to who asked and for what: moved to another caller's name, it opens for nobody.
    let other = shop.admin.makes_m2m(&["create:api_keys"], json!({})).await;
    create(&app, &other, ORDER, &with(&shop.body(), json!({ "name": "Other" }))).await;
    let swap = "UPDATE kept_answers SET sealed = (SELECT o.sealed FROM kept_answers o \
        WHERE o.principal <> kept_answers.principal)";
    app.database.db_run(swap).await;
    let reply = create(&app, &shop.admin, ORDER, &shop.body()).await;
    assert_eq!((reply.status, reply.error()), (503, "UNAVAILABLE"), "{reply}");
    assert!(!reply.to_string().contains(&made.text("/api_key/key")));
}

#[tokio::test]
async fn a_rotation_can_be_repeated_too() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (id, _) = shop.makes_key(json!({})).await;
    let rotate = || async {
        let request = shop.admin.request(Method::PUT, &format!("/api/v1/api_keys/{id}"));
        app.send(request.header("idempotency-key", TURN).body(Body::empty()).unwrap()).await
    };
    let (first, again) = (rotate().await, rotate().await);
    assert_eq!((first.status, again.status, again.header("idempotent-replayed")), (201, 201, "true"));
    assert_eq!(again.body, first.body);
    let valid = shop.admin.verify(&again.text("/api_key/key"), json!({})).await;
    assert_eq!(valid.text("/code"), "API_KEY_VERIFIED");
    let (other, _) = shop.makes_key(json!({})).await;
    let request = shop.admin.request(Method::PUT, &format!("/api/v1/api_keys/{other}"));
    let of_other = app.send(request.header("idempotency-key", TURN).body(Body::empty()).unwrap()).await;
    assert_eq!((of_other.status, of_other.header("idempotent-replayed")), (201, ""));
}
