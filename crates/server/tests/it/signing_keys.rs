//! `/api/v1/signing_keys`

use std::time::Duration;

use keyward_server::actions::signing_keys::{SIGNING_KEY_LEAD, rotate_if_due, wipe_retired};
use serde_json::{Value, json};

use crate::support::tokens::header_of;
use crate::support::{Actor, TestApp};

const PATH: &str = "/api/v1/signing_keys";
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The ids of the keys that the world checks tokens with.
async fn published(app: &TestApp) -> Vec<String> {
    let keys = app.anonymous().get("/.well-known/jwks").await;
    let kid = |key: &Value| key["kid"].as_str().unwrap().to_owned();
    keys.body["keys"].as_array().unwrap().iter().map(kid).collect()
}

/// The key that signs now.
async fn signs(app: &TestApp, credentials: &(String, String)) -> String {
    let actor = app.sign_in(&credentials.0, &credentials.1).await;
    header_of(actor.token.as_deref().unwrap())["kid"].as_str().unwrap().to_owned()
}

async fn lifetime(admin: &Actor<'_>, id: &str, seconds: u32) {
    let path = format!("/api/v1/applications/{id}/tokens");
    assert_eq!(admin.patch(&path, json!({ "access_token_lifetime": seconds })).await.status, 200);
}

#[tokio::test]
async fn a_new_key_is_shown_before_it_signs_and_the_old_one_is_good_until_its_last_token_expires() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let credentials = admin.makes_application(&["read:apis"], json!({})).await;
    lifetime(&admin, &credentials.0, 604_800).await;
    let [old] = published(&app).await.try_into().unwrap();

    let rotated = admin.post(PATH, json!({})).await;
    assert_eq!((rotated.status, rotated.text("/code")), (201, "SIGNING_KEY_ROTATED".into()));
    let new = rotated.text("/signing_key/kid");
    assert_eq!(rotated.text("/signing_key/active_on"), "2026-11-22T12:10:00Z");
    assert_eq!(rotated.body["signing_key"]["retires_on"], json!(null));
    assert_eq!(published(&app).await, [new.clone(), old.clone()], "both are shown at once");
    let listed = admin.get(PATH).await;
    assert_eq!(listed.text("/signing_keys/1/kid"), old);
    assert_eq!(listed.text("/signing_keys/1/retires_on"), "2026-11-29T12:11:00Z");

    app.advance(SIGNING_KEY_LEAD - Duration::from_secs(1));
    assert_eq!(signs(&app, &credentials).await, old, "whoever caches the public keys may not know the new one");
    let last = app.sign_in(&credentials.0, &credentials.1).await;
    app.advance(Duration::from_secs(1));
    assert_eq!(signs(&app, &credentials).await, new);
    app.advance(Duration::from_secs(604_800 - 2));
    assert_eq!(last.get("/api/v1/apis").await.status, 200, "the last token of the old key, in its last second");
    assert_eq!(published(&app).await.len(), 2);
    app.advance(Duration::from_secs(62));
    assert_eq!(published(&app).await, [new]);
    assert_eq!(last.get("/api/v1/apis").await.error(), "TOKEN_INVALID");
}

#[tokio::test]
async fn while_a_new_key_waits_no_other_is_made() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let first = admin.post(PATH, json!({})).await;
    let revision = app.revision().await;
    let second = admin.post(PATH, json!({ "is_at_once": false })).await;
    assert_eq!((second.status, &second.body), (201, &first.body));
    assert_eq!((app.revision().await, published(&app).await.len()), (revision, 2));
}

#[tokio::test]
async fn a_leaked_key_is_worth_nothing_at_once_and_neither_are_its_tokens() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let credentials = admin.makes_application(&["read:apis"], json!({})).await;
    let before = app.sign_in(&credentials.0, &credentials.1).await;
    assert_eq!(admin.post(PATH, json!({})).await.status, 201, "one that waits is no better");
    let rotated = admin.post(PATH, json!({ "is_at_once": true })).await;
    assert_eq!(rotated.status, 201, "{rotated}");
    assert_eq!(published(&app).await, [rotated.text("/signing_key/kid")]);
    for actor in [&admin, &before] {
        assert_eq!(actor.get("/api/v1/apis").await.error(), "TOKEN_INVALID");
    }
    let after = app.sign_in(&credentials.0, &credentials.1).await;
    assert_eq!(after.get("/api/v1/apis").await.status, 200);
}

#[tokio::test]
async fn the_private_half_is_wiped_when_its_key_is_retired() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    assert_eq!(admin.post(PATH, json!({})).await.status, 201);
    assert!(!wipe_retired(&app.app).await.unwrap(), "the old one signs still");
    app.advance(8 * DAY);
    let revision = app.revision().await;
    assert!(wipe_retired(&app.app).await.unwrap());
    assert!(!wipe_retired(&app.app).await.unwrap(), "once");
    let sealed = "SELECT COUNT(*) FROM signing_keys WHERE length(private_sealed) > 0";
    assert_eq!((app.database.db_number(sealed).await, app.revision().await), (1, revision));
}

#[tokio::test]
async fn a_key_is_followed_when_it_has_signed_for_as_long_as_the_settings_say() {
    let app = TestApp::start_with("signing_key_rotation_days = 30").await;
    app.advance(30 * DAY - Duration::from_secs(1));
    assert!(!rotate_if_due(&app.app).await.unwrap());
    app.advance(Duration::from_secs(1));
    assert!(rotate_if_due(&app.app).await.unwrap());
    assert!(!rotate_if_due(&app.app).await.unwrap(), "it waits to sign");
    assert_eq!(published(&app).await.len(), 2);
    let by_system = "SELECT COUNT(*) FROM audit_events WHERE action = 'signing_key.rotated' AND actor_kind = 'system'";
    assert_eq!(app.database.db_number(by_system).await, 1);
}

#[tokio::test]
async fn with_no_days_no_key_is_followed() {
    let app = TestApp::start_with("signing_key_rotation_days = 0").await;
    app.advance(10_000 * DAY);
    assert!(!rotate_if_due(&app.app).await.unwrap());
}

#[tokio::test]
async fn keys_are_not_the_business_of_an_organization() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let org = admin.makes_organization("Acme").await;
    let scopes = ["read:signing_keys", "update:signing_keys"];
    let application = admin.makes_m2m(&scopes, json!({ "org_code": org })).await;
    for reply in [application.get(PATH).await, application.post(PATH, json!({})).await] {
        assert_eq!((reply.status, reply.error()), (403, "PLATFORM_ONLY"));
    }
}

#[tokio::test]
async fn a_public_half_that_was_changed_in_the_database_is_neither_believed_nor_published() {
    for change in [
        "UPDATE signing_keys SET public_jwk = replace(public_jwk, 'AQAB', 'Aw')",
        "UPDATE signing_keys SET public_jwk = replace(public_jwk, '\"n\":\"q', '\"n\":\"r')",
        "UPDATE signing_keys SET public_jwk = (SELECT o.public_jwk FROM signing_keys o WHERE o.kid <> signing_keys.kid)",
    ] {
        let app = TestApp::start().await;
        let admin = app.admin().await;
        assert_eq!(admin.post(PATH, json!({})).await.status, 201, "there are two");
        let (id, secret) = admin.makes_application(&["read:apis"], json!({})).await;
        let unused = app.sign_in(&id, &secret).await;
        app.db_change(change).await;
        // It cannot be known who signed the token: that is neither yes nor no.
        assert_eq!(unused.get("/api/v1/apis").await.error(), "UNAVAILABLE", "{change}");
        assert_eq!(admin.get("/api/v1/apis").await.status, 200, "this token was found good before");
        assert_eq!(app.anonymous().get("/.well-known/jwks").await.error(), "UNAVAILABLE", "{change}");
    }
}
