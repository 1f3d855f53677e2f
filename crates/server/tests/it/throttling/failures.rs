//! Wrong secrets at the token endpoint.

use std::time::Duration;

use super::{TIGHT, ask, client};
use crate::support::{TestApp, hours};

#[tokio::test]
async fn too_many_from_one_address_are_told_429_and_the_right_one_is_served() {
    let app = TestApp::start_with(TIGHT).await;
    let (id, secret) = client(&app.admin().await).await;
    for other in ["one", "two", "three"] {
        assert_eq!(ask(&app, "198.51.100.7", other, "wrong").await.status, 401);
    }
    let told = ask(&app, "198.51.100.7", "four", "wrong").await;
    assert_eq!((told.status, told.header("ratelimit")), (429, r#""failures-by-address";r=0;t=20"#));
    assert_eq!(ask(&app, "198.51.100.7", &id, &secret).await.status, 200);
    assert_eq!(ask(&app, "198.51.100.8", "four", "wrong").await.status, 401, "from another address");
}

#[tokio::test]
async fn too_many_for_one_client_are_told_429_and_the_right_one_is_served() {
    let app = TestApp::start_with(TIGHT).await;
    let (id, secret) = client(&app.admin().await).await;
    for from in ["198.51.100.1", "198.51.100.2", "2001:db8::3"] {
        assert_eq!(ask(&app, from, &id, "wrong").await.status, 401);
    }
    let told = ask(&app, "198.51.100.4", &id, "wrong").await;
    assert_eq!((told.status, told.header("ratelimit")), (429, r#""failures-by-client";r=0;t=20"#));
    for from in ["198.51.100.1", "198.51.100.4", "198.51.100.5"] {
        assert_eq!(ask(&app, from, &id, &secret).await.status, 200, "{from}");
    }
}

#[tokio::test]
async fn a_thousand_addresses_that_guess_for_a_day_never_lock_the_victim_out() {
    let app = TestApp::start().await;
    let (id, secret) = client(&app.admin().await).await;
    let (mut refused, mut told) = (0, 0);
    for guess in 0..1_500_u32 {
        let from = format!("203.{}.{}.1", guess % 4, (guess / 4) % 250);
        match ask(&app, &from, &id, "wrong").await.status {
            401 => refused += 1,
            429 => told += 1,
            other => panic!("{other}"),
        }
        if guess % 100 == 0 {
            // From where the victim is, and from an address of the attacker's: a proxy that both of them share.
            assert_eq!(ask(&app, "198.51.100.7", &id, &secret).await.status, 200, "{guess}");
            assert_eq!(ask(&app, &from, &id, &secret).await.status, 200, "{guess}");
        }
        if guess % 500 == 499 {
            app.advance(hours(8));
        }
    }
    // 120 are allowed in a minute, and all of them are back by the time that the clock has moved.
    assert_eq!((refused, told), (360, 1_140));
}

#[tokio::test]
async fn whoever_waits_as_long_as_it_was_told_is_told_401_again() {
    let app = TestApp::start_with(TIGHT).await;
    for _ in 0..3 {
        ask(&app, "198.51.100.7", "unknown", "wrong").await;
    }
    let told = ask(&app, "198.51.100.7", "unknown", "wrong").await;
    assert_eq!(told.header("retry-after"), "20");
    app.advance(Duration::from_millis(19_999));
    assert_eq!(ask(&app, "198.51.100.7", "unknown", "wrong").await.status, 429);
    app.advance(Duration::from_millis(1));
    assert_eq!(ask(&app, "198.51.100.7", "unknown", "wrong").await.status, 401);
}

#[tokio::test]
async fn whether_a_client_exists_is_not_told_by_when_it_is_429() {
    let app = TestApp::start_with(TIGHT).await;
    let (id, _) = client(&app.admin().await).await;
    let mut answers = Vec::new();
    for client in [id.as_str(), "0123456789abcdef0123456789abcdef"] {
        let mut of_client = Vec::new();
        for from in ["198.51.100.1", "198.51.100.2", "198.51.100.3", "198.51.100.4"] {
            let reply = ask(&app, from, client, "wrong").await;
            let limits = reply.header("ratelimit").to_owned();
            of_client.push((reply.status, limits, reply.bytes));
        }
        answers.push(of_client);
        app.advance(hours(1));
    }
    assert_eq!(answers[0], answers[1]);
}

#[tokio::test]
async fn garbage_is_refused_without_the_store() {
    let app = TestApp::start().await;
    app.app.close().await;
    let long = "a".repeat(257);
    for (id, secret) in [("not%20an%20id", "wrong"), (&"a".repeat(65), "wrong"), ("victim", &long)] {
        assert_eq!(ask(&app, "198.51.100.7", id, secret).await.status, 401, "{id}");
    }
    assert_eq!(ask(&app, "198.51.100.7", "victim", "wrong").await.status, 503, "what may be right has to be looked up");
}

#[tokio::test]
async fn garbage_counts_too() {
    let app = TestApp::start_with(TIGHT).await;
    for status in [401, 401, 401, 429] {
        assert_eq!(ask(&app, "198.51.100.7", "not%20an%20id", "wrong").await.status, status);
    }
}

#[tokio::test]
async fn whoever_shows_no_secret_is_not_counted() {
    let app = TestApp::start_with(TIGHT).await;
    for _ in 0..5 {
        assert_eq!(ask(&app, "198.51.100.7", "victim", "").await.status, 401);
    }
}
