//! Tokens for a client that has shown its secret.

use std::time::Duration;

use super::{TIGHT, ask, client};
use crate::support::TestApp;

#[tokio::test]
async fn more_than_the_budget_are_told_429_until_it_has_come_back() {
    let app = TestApp::start_with(TIGHT).await;
    let admin = app.admin().await;
    let ((id, secret), other) = (client(&admin).await, client(&admin).await);
    for from in ["198.51.100.1", "198.51.100.2", "198.51.100.3"] {
        assert_eq!(ask(&app, from, &id, &secret).await.status, 200);
    }
    let told = ask(&app, "198.51.100.4", &id, &secret).await;
    assert_eq!((told.status, told.header("ratelimit")), (429, r#""tokens-by-client";r=0;t=20"#));
    assert_eq!(ask(&app, "198.51.100.4", &other.0, &other.1).await.status, 200, "another client");
    app.advance(Duration::from_secs(20));
    assert_eq!(ask(&app, "198.51.100.4", &id, &secret).await.status, 200);
    assert_eq!(ask(&app, "198.51.100.4", &id, &secret).await.status, 429);
}

#[tokio::test]
async fn wrong_secrets_take_nothing_from_it() {
    let app = TestApp::start_with(TIGHT).await;
    let (id, secret) = client(&app.admin().await).await;
    for _ in 0..10 {
        ask(&app, "198.51.100.7", &id, "wrong").await;
    }
    for _ in 0..3 {
        assert_eq!(ask(&app, "198.51.100.7", &id, &secret).await.status, 200);
    }
}

#[tokio::test]
async fn a_suite_that_signs_in_hundreds_of_times_in_a_moment_is_served() {
    let app = TestApp::start().await;
    let (id, secret) = client(&app.admin().await).await;
    for _ in 0..400 {
        assert_eq!(ask(&app, "127.0.0.1", &id, &secret).await.status, 200);
    }
}
