//! Bearer tokens that are worth nothing.

use super::{TIGHT, call};
use crate::support::TestApp;
use crate::support::tokens::with_bad_signature;

#[tokio::test]
async fn too_many_bad_ones_are_told_429_and_a_good_one_is_served() {
    let app = TestApp::start_with(TIGHT).await;
    let good = app.admin().await.token.unwrap();
    let bad = with_bad_signature(&good);
    for worthless in ["garbage", "k_adm_0", &bad] {
        assert_eq!(call(&app, "198.51.100.7", worthless).await.status, 401);
    }
    let told = call(&app, "198.51.100.7", &bad).await;
    assert_eq!((told.status, told.error(), told.header("www-authenticate")), (429, "RATE_LIMITED", ""));
    assert_eq!(call(&app, "198.51.100.7", &good).await.status, 200);
    assert_eq!(call(&app, "198.51.100.8", &bad).await.status, 401);
}

#[tokio::test]
async fn good_ones_are_never_counted() {
    let app = TestApp::start_with(TIGHT).await;
    let good = app.admin().await.token.unwrap();
    for _ in 0..50 {
        assert_eq!(call(&app, "198.51.100.7", &good).await.status, 200);
    }
    assert_eq!(call(&app, "198.51.100.7", "garbage").await.status, 401);
}

#[tokio::test]
async fn a_good_one_that_lacks_a_scope_is_not_counted() {
    let app = TestApp::start_with(TIGHT).await;
    let machine = app.admin().await.makes_environment_key(&["read:users"], serde_json::json!({})).await;
    for _ in 0..5 {
        assert_eq!(call(&app, "198.51.100.7", machine.token.as_ref().unwrap()).await.status, 403);
    }
}

#[tokio::test]
async fn whoever_shows_none_is_not_counted() {
    let app = TestApp::start_with(TIGHT).await;
    for _ in 0..5 {
        assert_eq!(app.anonymous().get("/api/v1/apis").await.error(), "TOKEN_MISSING");
    }
}
