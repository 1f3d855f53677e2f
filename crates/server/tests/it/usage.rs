//! Verifications are counted: in a file before they are answered, in the store a moment later, and once.

use std::fs;
use std::time::Duration;

use keyward_server::actions::usage;
use serde_json::json;

use crate::support::{Actor, TestApp, hours};

struct Shop<'a> {
    app: &'a TestApp,
    admin: Actor<'a>,
    id: String,
    secret: String,
}

impl<'a> Shop<'a> {
    async fn open(app: &'a TestApp) -> Self {
        let admin = app.admin().await;
        let api = admin.makes_api("https://api.example.com", &["read:orders"]).await;
        let org = admin.makes_organization("Acme").await;
        let (id, secret) = admin.makes_key(json!({ "name": "Key", "api_id": api, "org_code": org })).await;
        Self { app, admin, id, secret }
    }

    /// Verifies it, and answers the count that is told.
    async fn count(&self) -> u64 {
        let verified = self.admin.verify(&self.secret, json!({})).await;
        assert_eq!(verified.text("/code"), "API_KEY_VERIFIED");
        verified.body["verification_count"].as_u64().unwrap()
    }

    async fn stored(&self) -> u64 {
        let key = self.admin.get(&format!("/api/v1/api_keys/{}", self.id)).await;
        key.body["api_key"]["verification_count"].as_u64().unwrap()
    }

    async fn rows(&self, outcome: u8) -> i64 {
        let sql = format!("SELECT CAST(COALESCE(SUM(count), 0) AS BIGINT) FROM usage_hours WHERE outcome = {outcome}");
        self.app.database.db_number(sql.leak()).await
    }
}

#[tokio::test]
async fn each_valid_verification_is_counted_once_however_often_it_is_folded() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    for count in 1..=3 {
        assert_eq!((shop.count().await, shop.stored().await), (count, 0));
    }
    for _ in 0..3 {
        app.fold().await;
        assert_eq!(shop.stored().await, 3);
    }
    assert_eq!(shop.count().await, 4);
    let (first, second) = tokio::join!(usage::fold(&app.app), usage::fold(&app.app));
    first.and(second).unwrap();
    assert_eq!((shop.stored().await, shop.rows(1).await), (4, 4));
}

#[tokio::test]
async fn a_change_of_a_key_neither_forgets_nor_repeats_what_was_counted() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    shop.count().await;
    app.fold().await;
    shop.count().await;
    app.db_change("UPDATE keys SET name = 'Renamed'").await;
    assert_eq!(shop.count().await, 3);
    app.fold().await;
    app.db_change("UPDATE keys SET name = 'Again'").await;
    assert_eq!((shop.count().await, shop.stored().await), (4, 3));
}

#[tokio::test]
async fn what_a_verification_came_to_is_counted_by_the_hour_and_what_nobody_holds_is_not() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    shop.count().await;
    let elsewhere = json!({ "audience": "https://other.example.com" });
    assert_eq!(shop.admin.verify(&shop.secret, elsewhere).await.text("/code"), "API_KEY_WRONG_API");
    let lacking = json!({ "scopes": ["read:orders"] });
    assert_eq!(shop.admin.verify(&shop.secret, lacking).await.text("/code"), "API_KEY_INSUFFICIENT_SCOPE");
    for nothing in ["garbage", &shop.secret.replacen("live_", "live_0", 1)] {
        assert_eq!(shop.admin.verify(nothing, json!({})).await.text("/code"), "API_KEY_INVALID");
    }
    app.advance(Duration::from_secs(1800));
    shop.count().await;
    app.advance(Duration::from_secs(1800));
    let admin = &shop.admin;
    let _ = admin.delete(&format!("/api/v1/api_keys/{}", shop.id)).await;
    app.fold().await;
    assert_eq!((shop.rows(1).await, shop.rows(2).await, shop.rows(8).await), (2, 1, 1));
    let all = "SELECT COUNT(*) FROM usage_hours";
    assert_eq!(app.database.db_number(all).await, 3, "an hour has one row for each outcome");
    assert_eq!(shop.stored_after_hour(&app).await, 2);
}

impl Shop<'_> {
    /// The token has ended by then.
    async fn stored_after_hour(&self, app: &TestApp) -> i64 {
        app.database.db_number("SELECT CAST(SUM(verification_count) AS BIGINT) FROM key_usage").await
    }
}

#[tokio::test]
async fn what_cannot_be_folded_waits_and_is_counted_later() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    shop.count().await;
    app.fold().await;
    // One more is more than there is room for.
    app.database.db_run("UPDATE key_usage SET verification_count = 9223372036854775807").await;
    shop.count().await;
    usage::fold(&app.app).await.unwrap_err();
    assert_eq!(shop.rows(1).await, 1, "a part of it was counted");
    app.database.db_run("UPDATE key_usage SET verification_count = 1").await;
    shop.count().await;
    app.fold().await;
    assert_eq!((shop.stored().await, shop.rows(1).await), (3, 3));
}

#[tokio::test]
async fn a_journal_that_cannot_be_written_stops_counting_and_not_verifying_and_says_so() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let warning = async || app.anonymous().get("/readyz").await.header("keyward-warning").to_owned();
    assert_eq!(warning().await, "");
    let folder = app.folder().join("journal");
    fs::remove_dir_all(&folder).unwrap();
    for _ in 0..2 {
        assert_eq!(shop.count().await, 0, "what is lost is not told as counted");
    }
    let ready = app.anonymous().get("/readyz").await;
    assert_eq!(ready.status, 204);
    assert!(ready.header("keyward-warning").starts_with("verifications are not counted: "), "{ready}");
    fs::create_dir(&folder).unwrap();
    usage::keep_journal(&app.app).await;
    assert_eq!((shop.count().await, warning().await), (1, String::new()));
    app.fold().await;
    assert_eq!(shop.stored().await, 1);
}

#[tokio::test]
async fn an_end_leaves_no_file_and_counts_all() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    shop.count().await;
    usage::keep_journal(&app.app).await;
    assert!(fs::read_dir(app.folder().join("journal")).unwrap().count() > 1, "there is nothing to remove");
    usage::end(&app.app).await.unwrap();
    assert_eq!(fs::read_dir(app.folder().join("journal")).unwrap().count(), 0);
    assert_eq!(shop.stored().await, 1);
    assert_eq!(app.database.db_number("SELECT COUNT(*) FROM journal_positions").await, 0);
    assert_eq!(shop.count().await, 2, "whoever comes late is counted too");
}

#[tokio::test]
async fn hours_are_forgotten_when_the_settings_say_so_and_the_count_stays() {
    let app = TestApp::start_with("public_url = 'https://keys.example.com'\nusage_kept_days = 2").await;
    let shop = Shop::open(&app).await;
    shop.count().await;
    app.fold().await;
    app.advance(hours(48));
    assert!(!usage::forget_usage(&app.app).await.unwrap());
    assert_eq!(shop.rows(1).await, 1);
    app.advance(hours(1));
    assert!(usage::forget_usage(&app.app).await.unwrap());
    assert_eq!((shop.rows(1).await, shop.stored_after_hour(&app).await), (0, 1));
}
