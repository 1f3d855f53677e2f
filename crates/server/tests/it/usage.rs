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

/// Two hours of two days, by two owners and for two APIs.
struct Used<'a> {
    admin: Actor<'a>,
    apis: [String; 2],
    org: String,
    user: String,
    key: String,
}

impl<'a> Used<'a> {
    async fn make(app: &'a TestApp) -> Self {
        let first = app.admin().await;
        let (id, secret) = first.makes_application(ALL, json!({})).await;
        let apis = [
            first.makes_api("https://one.example.com", &["read:orders"]).await,
            first.makes_api("https://two.example.com", &[]).await,
        ];
        let (org, user) = (first.makes_organization("Acme").await, first.makes_user("Kim").await);
        let (key, one) = first.makes_key(json!({ "name": "One", "api_id": apis[0], "org_code": org })).await;
        let (_, two) = first.makes_key(json!({ "name": "Two", "api_id": apis[1], "user_id": user })).await;
        for _ in 0..2 {
            first.verify(&one, json!({})).await;
        }
        first.verify(&one, json!({ "scopes": ["read:orders"] })).await;
        app.advance(hours(20));
        let admin = app.sign_in(&id, &secret).await;
        admin.verify(&one, json!({})).await;
        admin.verify(&two, json!({})).await;
        app.fold().await;
        Self { admin, apis, org, user, key }
    }

    /// When, how many, and what they came to.
    async fn told(&self, path: &str) -> Vec<(String, u64, String)> {
        let reply = self.admin.get(path).await;
        assert_eq!(reply.status, 200, "{reply}");
        let usage = reply.body["usage"].as_array().unwrap();
        let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        usage.iter().map(|p| (text(&p["starts_on"]), p["count"].as_u64().unwrap(), p["outcomes"].to_string())).collect()
    }
}

const ALL: &[&str] = &["read:api_keys", "verify:api_keys", "create:api_keys"];
const VERIFIED: &str = "API_KEY_VERIFIED";

#[tokio::test]
async fn a_key_tells_how_it_was_used_by_the_hour_and_the_day() {
    let app = TestApp::start().await;
    let used = Used::make(&app).await;
    let path = format!("/api/v1/api_keys/{}/usage", used.key);
    let both = format!(r#"{{"API_KEY_INSUFFICIENT_SCOPE":1,"{VERIFIED}":2}}"#);
    let one = format!(r#"{{"{VERIFIED}":1}}"#);
    let first = ("2026-11-22T12:00:00Z".to_owned(), 3, both);
    let second = ("2026-11-23T08:00:00Z".to_owned(), 1, one);
    assert_eq!(used.told(&path).await, [first.clone(), second.clone()]);
    let at = |since: &str, until: &str| format!("{path}?since={since}&until={until}");
    assert_eq!(used.told(&at("2026-11-23T08:00:00Z", "2026-11-23T08:00:00Z")).await, [second]);
    assert_eq!(used.told(&at("2026-11-22T12:59:59Z", "2026-11-23T07:59:59Z")).await, [first], "whole hours");
    assert_eq!(used.told(&at("2026-11-22T13:00:00Z", "2026-11-23T07:59:59Z")).await, []);
    let days = used.told(&format!("{path}?interval=day")).await;
    assert_eq!(
        days.iter().map(|day| (&*day.0, day.1)).collect::<Vec<_>>(),
        [("2026-11-22T00:00:00Z", 3), ("2026-11-23T00:00:00Z", 1)]
    );
    insta::assert_snapshot!(used.admin.get(&format!("{path}?interval=day")).await);
}

#[tokio::test]
async fn usage_is_told_of_all_keys_or_of_those_of_an_api_or_an_owner() {
    let app = TestApp::start().await;
    let used = Used::make(&app).await;
    let counts = async |query: &str| {
        let told = used.told(&format!("/api/v1/usage?interval=day{query}")).await;
        told.into_iter().map(|day| day.1).collect::<Vec<_>>()
    };
    assert_eq!(counts("").await, [3, 2]);
    assert_eq!(counts(&format!("&api_id={}", used.apis[0])).await, [3, 1]);
    assert_eq!(counts(&format!("&api_id={}", used.apis[1])).await, [1]);
    assert_eq!(counts(&format!("&org_code={}", used.org)).await, [3, 1]);
    assert_eq!(counts(&format!("&user_id={}", used.user)).await, [1]);
    assert_eq!(counts(&format!("&user_id={}&api_id={}", used.user, used.apis[0])).await, [0; 0]);
    for unknown in ["&api_id=x", "&org_code=org_000000000000", "&user_id=kp_0", "&api_id=%20", "&org_code=%2F"] {
        assert_eq!(counts(unknown).await, [0; 0], "{unknown}");
    }
}

#[tokio::test]
async fn an_organization_is_told_of_its_own_keys_alone() {
    let app = TestApp::start().await;
    let first = app.admin().await;
    let api = first.makes_api("https://api.example.com", &[]).await;
    let (own, other) = (first.makes_organization("Own").await, first.makes_organization("Other").await);
    let mut ids = Vec::new();
    for org in [&own, &other] {
        let (id, secret) = first.makes_key(json!({ "name": "Key", "api_id": api, "org_code": org })).await;
        first.verify(&secret, json!({})).await;
        ids.push(id);
    }
    app.fold().await;
    let application = first.makes_m2m(&["read:api_keys"], json!({ "org_code": own })).await;
    let count = |reply: &crate::support::Reply| reply.body["usage"][0]["count"].clone();
    assert_eq!(count(&first.get("/api/v1/usage").await), 2);
    assert_eq!(count(&application.get("/api/v1/usage").await), 1);
    let foreign = application.get(&format!("/api/v1/usage?org_code={other}")).await;
    assert_eq!((foreign.status, foreign.body["usage"].clone()), (200, json!([])));
    assert_eq!(count(&application.get(&format!("/api/v1/api_keys/{}/usage", ids[0])).await), 1);
    let hidden = application.get(&format!("/api/v1/api_keys/{}/usage", ids[1])).await;
    let unknown = application.get("/api/v1/api_keys/api_key_00000000000000000000000000000000/usage").await;
    assert_eq!((hidden.status, &hidden.bytes), (404, &unknown.bytes));
}

#[tokio::test]
async fn a_time_that_is_too_long_or_ends_before_it_begins_is_refused_by_name() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let until = "until=2026-11-22T12:30:00Z";
    for (query, refused) in [
        (format!("since=2026-10-22T13:00:00Z&{until}"), None),
        (format!("since=2026-10-22T12:59:59Z&{until}"), Some("`since` must be at most 744 hours before `until`")),
        (format!("interval=day&since=2025-10-19T00:00:00Z&{until}"), None),
        (
            format!("interval=day&since=2025-10-18T23:59:59Z&{until}"),
            Some("`since` must be at most 400 days before `until`"),
        ),
        (format!("since=2026-11-22T12:30:01Z&{until}"), Some("`since` must not be after `until`")),
        (format!("since=2026-11-22T12:30:00Z&{until}"), None),
    ] {
        let reply = admin.get(&format!("/api/v1/usage?{query}")).await;
        let expected = refused.map_or((200, ""), |message| (400, message));
        assert_eq!(
            (reply.status, if reply.status == 200 { "" } else { reply.message() }),
            expected,
            "{query}: {reply}"
        );
    }
}
