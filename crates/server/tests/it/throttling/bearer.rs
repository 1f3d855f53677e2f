//! Bearer tokens that are worth nothing.

use std::time::Duration;

use keyward_core::{KeyClass, KeyPrefix, KeySecret};
use serde_json::json;

use super::{TIGHT, call, client};
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
async fn environment_keys_that_nobody_has_are_counted() {
    let app = TestApp::start_with(TIGHT).await;
    let mut next = 0;
    let mut guess = || {
        next += 1;
        let secret = KeySecret::generate(&KeyPrefix::default(), KeyClass::Admin, &mut |bytes| bytes.fill(next));
        secret.plain().expose().to_owned()
    };
    for _ in 0..3 {
        assert_eq!(call(&app, "198.51.100.7", &guess()).await.status, 401);
    }
    assert_eq!(call(&app, "198.51.100.7", &guess()).await.status, 429);
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
async fn one_that_was_good_once_is_told_401_whatever_others_send_from_there() {
    let app = TestApp::start_with(TIGHT).await;
    let admin = app.admin().await;
    let (id, secret) = client(&admin).await;
    let short = json!({ "access_token_lifetime": 60 });
    assert_eq!(admin.patch(&format!("/api/v1/applications/{id}/tokens"), short).await.status, 200);
    let expired = app.sign_in(&id, &secret).await.token.unwrap();
    let revoked = admin.makes_environment_key(&["read:apis"], json!({})).await.token.unwrap();
    let key = admin.get("/api/v1/api_keys").await.text("/api_keys/0/id");
    assert_eq!(admin.delete(&format!("/api/v1/api_keys/{key}")).await.status, 200);
    let orphan = admin.makes_m2m(&["read:apis"], json!({ "name": "Gone" })).await.token.unwrap();
    app.db_change("UPDATE applications SET deleted_at = 1 WHERE name = 'Gone'").await;

    app.advance(Duration::from_secs(61));
    for status in [401, 401, 401, 429] {
        assert_eq!(call(&app, "198.51.100.7", "garbage").await.status, status);
    }
    for _ in 0..5 {
        for once in [&expired, &revoked, &orphan] {
            let told = call(&app, "198.51.100.7", once).await;
            assert_eq!((told.status, told.error()), (401, "TOKEN_INVALID"));
        }
    }
    assert_eq!(call(&app, "198.51.100.8", &expired).await.status, 401);
    for status in [401, 401, 401, 429] {
        assert_eq!(call(&app, "198.51.100.8", "garbage").await.status, status, "none of them was counted");
    }
}

#[tokio::test]
async fn a_good_one_that_lacks_a_scope_is_not_counted() {
    let app = TestApp::start_with(TIGHT).await;
    let machine = app.admin().await.makes_environment_key(&["read:users"], json!({})).await;
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
