//! What an API asks of its keys.

use std::time::Duration;

use futures_util::future::join_all;
use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::support::{Actor, Reply, TestApp, with};

/// An API with a policy, and an organization with an application of its own.
struct Shop<'a> {
    admin: Actor<'a>,
    api: String,
    org: String,
    own: Actor<'a>,
}

impl<'a> Shop<'a> {
    async fn open(app: &'a TestApp, policy: Value) -> Self {
        let admin = app.admin().await;
        let body = json!({ "name": "Orders", "audience": "https://api.example.com", "key_policy": policy });
        let api = admin.post("/api/v1/apis", body).await.text("/api/id");
        let org = admin.makes_organization("Acme").await;
        let own = admin.makes_m2m(&["create:api_keys", "update:api_keys"], json!({ "org_code": org })).await;
        admin.authorizes(&api, &own).await;
        Self { admin, api, org, own }
    }

    fn body(&self, more: Value) -> Value {
        with(&json!({ "name": "Key", "api_id": self.api, "org_code": self.org }), more)
    }

    async fn create(&self, more: Value) -> Reply {
        self.admin.post("/api/v1/api_keys", self.body(more)).await
    }

    async fn makes_key(&self, more: Value) -> String {
        self.admin.makes_key(self.body(more)).await.0
    }

    async fn shown(&self, key: &str) -> Value {
        self.admin.get(&format!("/api/v1/api_keys/{key}")).await.body["api_key"].clone()
    }

    async fn end(&self, key: &str) -> Value {
        self.shown(key).await["expires_on"].clone()
    }

    fn path(&self) -> String {
        format!("/api/v1/apis/{}", self.api)
    }

    async fn set(&self, more: Value) -> Reply {
        self.admin.patch(&self.path(), more).await
    }

    async fn preview(&self, policy: &Value) -> Reply {
        self.admin.post(&format!("{}/key_policy/preview", self.path()), json!({ "key_policy": policy })).await
    }

    /// Sets a policy that ends keys, as it is meant to be done.
    async fn confirm(&self, policy: &Value) -> Reply {
        let token = self.preview(policy).await.text("/confirm");
        self.set(json!({ "key_policy": policy, "confirm": token })).await
    }
}

fn limit(name: &str) -> Value {
    json!({ "name": name, "limit": 10, "window_seconds": 60, "cost": 1 })
}

#[tokio::test]
async fn it_is_set_when_an_api_is_made_and_later_and_is_shown() {
    let app = TestApp::start().await;
    let policy = json!({
        "default_lifetime_seconds": 3600, "max_lifetime_seconds": 86400, "requires_expiry": true,
        "max_keys_per_owner": 5, "default_rate_limits": [limit("per-minute")],
    });
    let shop = Shop::open(&app, policy.clone()).await;
    let shown = async || shop.admin.get(&shop.path()).await.body["api"]["key_policy"].clone();
    assert_eq!(shown().await, policy);
    assert_eq!(shop.admin.get("/api/v1/apis").await.body["apis"][1]["key_policy"], policy);
    let before = app.revision().await;
    assert_eq!(shop.set(json!({})).await.status, 200);
    assert_eq!(shop.set(json!({ "key_policy": policy })).await.status, 200);
    assert_eq!(app.revision().await, before, "what changes nothing is no change");
    assert_snapshot!(shop.set(json!({ "name": "Renamed" })).await, @r#"
    200
    cache-control: no-store

    {
      "code": "OK",
      "message": "Success",
      "revision": 12,
      "shortened_keys": 0
    }
    "#);
    assert_eq!((shown().await, app.revision().await), (policy, before + 1), "absent members stay");
    assert_eq!(shop.admin.get(&shop.path()).await.text("/api/name"), "Renamed");
    assert_eq!(shop.set(json!({ "key_policy": { "requires_expiry": true } })).await.status, 200);
    assert_eq!(shown().await, json!({ "requires_expiry": true }), "a value takes the place of all that was there");
    assert_eq!(
        shop.set(json!({ "key_policy": { "requires_expiry": false, "default_rate_limits": [] } })).await.status,
        200
    );
    assert_eq!(shown().await, Value::Null);
    assert_eq!(shop.set(json!({ "key_policy": { "max_keys_per_owner": 1 } })).await.status, 200);
    assert_eq!(shop.set(json!({ "key_policy": null })).await.status, 200);
    assert_eq!(shown().await, Value::Null);
    let events = shop.admin.get("/api/v1/audit_events?action=api.updated&page_size=1").await;
    let details = &events.body["audit_events"][0]["details"];
    assert_eq!(
        *details,
        json!({ "before": { "key_policy": { "max_keys_per_owner": 1 } }, "after": { "key_policy": {} } })
    );
}

#[tokio::test]
async fn what_cannot_be_asked_is_refused_by_name() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app, json!({})).await;
    let before = app.revision().await;
    for (policy, field) in [
        (json!({ "default_lifetime_seconds": 59 }), "`key_policy.default_lifetime_seconds` must be 60 to 315360000"),
        (json!({ "max_lifetime_seconds": 315_360_001 }), "`key_policy.max_lifetime_seconds` must be 60 to 315360000"),
        (
            json!({ "default_lifetime_seconds": 61, "max_lifetime_seconds": 60 }),
            "`key_policy.default_lifetime_seconds` must be at most `max_lifetime_seconds`",
        ),
        (json!({ "max_keys_per_owner": 0 }), "`key_policy.max_keys_per_owner` must be 1 to 10000"),
        (json!({ "max_keys_per_owner": 10_001 }), "`key_policy.max_keys_per_owner` must be 1 to 10000"),
        (json!({ "default_rate_limits": [limit("A")] }), "`key_policy.default_rate_limits[0].name`"),
        (json!({ "default_rate_limits": [limit("a"), limit("a")] }), "`key_policy.default_rate_limits[1].name`"),
        (
            json!({ "default_rate_limits": vec![limit("a"); 9] }),
            "`key_policy.default_rate_limits` must have at most 8 entries",
        ),
        (json!({ "lifetime": 60 }), "`key_policy.lifetime`"),
    ] {
        let new = json!({ "name": "API", "audience": "https://new.example.com", "key_policy": policy });
        for reply in [
            shop.admin.post("/api/v1/apis", new).await,
            shop.set(json!({ "key_policy": policy })).await,
            shop.preview(&policy).await,
        ] {
            assert_eq!(reply.status, 400, "{policy}: {reply}");
            assert!(reply.message().contains(field), "{policy}: {reply}");
        }
    }
    let management = format!("/api/v1/apis/{}", shop.admin.management_api().await);
    let renamed = shop.admin.patch(&management, json!({ "name": "Mine" })).await;
    assert_eq!((renamed.status, renamed.error()), (400, "MANAGEMENT_API"));
    let previewed = shop.admin.post(&format!("{management}/key_policy/preview"), json!({ "key_policy": {} })).await;
    assert_eq!((previewed.status, previewed.error()), (400, "MANAGEMENT_API"));
    for path in ["/api/v1/apis/0", "/api/v1/apis/00000000000000000000000000000000"] {
        assert_eq!(shop.admin.patch(path, json!({ "name": "Mine" })).await.error(), "API_NOT_FOUND");
    }
    assert_eq!(app.revision().await, before);
}

#[tokio::test]
async fn a_key_that_is_made_without_an_end_gets_the_default_one() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app, json!({ "default_lifetime_seconds": 3600 })).await;
    let (default, own) =
        (shop.makes_key(json!({})).await, shop.makes_key(json!({ "expires_on": "2030-01-01T00:00:00Z" })).await);
    assert_eq!(shop.end(&default).await, "2026-11-22T13:00:00Z");
    assert_eq!(shop.end(&own).await, "2030-01-01T00:00:00Z", "what its maker says comes first");
    let path = format!("/api/v1/api_keys/{default}");
    assert_eq!(shop.admin.patch(&path, json!({ "expires_on": null })).await.status, 200);
    assert_eq!(shop.end(&default).await, Value::Null, "a default is none for a key that is there");
}

#[tokio::test]
async fn no_key_is_made_or_changed_to_live_longer_than_it_may() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app, json!({ "max_lifetime_seconds": 3600 })).await;
    for actor in [&shop.admin, &shop.own] {
        for (more, message) in [
            (
                json!({ "expires_on": "2026-11-22T13:00:00.000001Z" }),
                "`expires_on` must be at most 3600 seconds after the key was made, by the key policy of the API",
            ),
            (json!({}), "`expires_on` must be given: the key policy of the API lets no key be without an end"),
        ] {
            let refused = actor.post("/api/v1/api_keys", shop.body(more)).await;
            assert_eq!((refused.status, refused.error(), refused.message()), (400, "FIELD_INVALID", message));
        }
    }
    let key = shop.makes_key(json!({ "expires_on": "2026-11-22T13:00:00Z" })).await;
    app.advance(Duration::from_secs(600));
    let path = format!("/api/v1/api_keys/{key}");
    for actor in [&shop.admin, &shop.own] {
        for end in [json!("2026-11-22T13:00:00.000001Z"), Value::Null] {
            let refused = actor.patch(&path, json!({ "expires_on": end })).await;
            assert_eq!((refused.status, refused.error()), (400, "FIELD_INVALID"), "{refused}");
            assert!(refused.message().starts_with("`expires_on` must be "), "{refused}");
        }
    }
    assert_eq!(shop.admin.patch(&path, json!({ "expires_on": "2026-11-22T12:30:00Z" })).await.status, 200);
    assert_eq!(shop.admin.patch(&path, json!({ "expires_on": "2026-11-22T13:00:00Z" })).await.status, 200);
    assert_eq!(shop.admin.patch(&path, json!({ "name": "Renamed" })).await.status, 200);
    assert_eq!(shop.admin.put(&path).await.status, 201);
    assert_eq!(shop.end(&key).await, "2026-11-22T13:00:00Z", "it counts from when the key was made");
}

#[tokio::test]
async fn where_each_key_needs_an_end_none_is_without() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app, json!({ "requires_expiry": true })).await;
    let refused = shop.create(json!({})).await;
    assert_eq!((refused.status, refused.error()), (400, "FIELD_INVALID"), "{refused}");
    assert!(refused.message().contains("`expires_on`"), "{refused}");
    let key = shop.makes_key(json!({ "expires_on": "2090-01-01T00:00:00Z" })).await;
    let path = format!("/api/v1/api_keys/{key}");
    assert_eq!(shop.admin.patch(&path, json!({ "expires_on": null })).await.error(), "FIELD_INVALID");
    assert_eq!(shop.admin.patch(&path, json!({ "expires_on": "2091-01-01T00:00:00Z" })).await.status, 200);
    let policy = json!({ "requires_expiry": true, "default_lifetime_seconds": 60 });
    assert_eq!(shop.set(json!({ "key_policy": policy })).await.status, 200);
    assert_eq!(shop.end(&shop.makes_key(json!({})).await).await, "2026-11-22T12:01:00Z");
}

#[tokio::test]
async fn limits_of_rate_are_those_of_the_api_where_the_maker_names_none() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app, json!({ "default_rate_limits": [limit("standard")] })).await;
    let limits = async |key: &str| shop.shown(key).await["rate_limits"].clone();
    assert_eq!(limits(&shop.makes_key(json!({})).await).await, json!([limit("standard")]));
    assert_eq!(limits(&shop.makes_key(json!({ "rate_limits": [limit("own")] })).await).await, json!([limit("own")]));
    assert_eq!(limits(&shop.makes_key(json!({ "rate_limits": [] })).await).await, json!([]), "the platform says none");
    let (of_customer, secret) = shop.own.makes_key(shop.body(json!({}))).await;
    assert_eq!(limits(&of_customer).await, json!([limit("standard")]));
    let refused = shop.own.post("/api/v1/api_keys", shop.body(json!({ "rate_limits": [] }))).await;
    assert_eq!((refused.status, refused.error()), (403, "PLATFORM_ONLY"), "{refused}");
    let verified = shop.admin.verify(&secret, json!({ "cost": 10 })).await;
    assert_eq!(verified.text("/code"), "API_KEY_VERIFIED");
    assert_eq!(shop.admin.verify(&secret, json!({})).await.text("/code"), "API_KEY_RATE_LIMITED");
}

#[tokio::test]
async fn an_owner_has_as_many_keys_as_it_may_and_not_one_more() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app, json!({ "max_keys_per_owner": 2 })).await;
    let other_api = shop.admin.makes_api("https://other.example.com", &[]).await;
    let other_org = shop.admin.makes_organization("Other").await;
    let user = shop.admin.makes_user("Kim").await;
    let first = shop.makes_key(json!({ "expires_on": "2026-11-22T12:10:00Z" })).await;
    let second = shop.makes_key(json!({ "enabled": false })).await;
    let refused = async |more: Value| {
        let before = app.revision().await;
        let reply = shop.create(more).await;
        assert_eq!((reply.status, reply.error()), (409, "API_KEY_LIMIT_REACHED"), "{reply}");
        assert_eq!(app.revision().await, before);
    };
    refused(json!({})).await;
    let own = shop.own.post("/api/v1/api_keys", shop.body(json!({}))).await;
    assert_eq!(own.error(), "API_KEY_LIMIT_REACHED", "{own}");
    // Others, and other APIs, have their own.
    shop.makes_key(json!({ "api_id": other_api })).await;
    shop.makes_key(json!({ "org_code": other_org })).await;
    for _ in 0..2 {
        shop.makes_key(json!({ "org_code": null, "user_id": user })).await;
    }
    refused(json!({ "org_code": null, "user_id": user })).await;
    shop.makes_key(json!({ "org_code": null, "user_external_id": "user-7", "create_owner": true })).await;
    // One that is revoked or has expired makes room, and one that is to go on again needs it.
    assert_eq!(shop.admin.delete(&format!("/api/v1/api_keys/{second}")).await.status, 200);
    shop.makes_key(json!({})).await;
    refused(json!({})).await;
    app.advance(Duration::from_secs(600));
    let third = shop.makes_key(json!({})).await;
    refused(json!({})).await;
    let path = format!("/api/v1/api_keys/{first}");
    let revived = shop.admin.patch(&path, json!({ "expires_on": "2027-01-01T00:00:00Z" })).await;
    assert_eq!((revived.status, revived.error()), (409, "API_KEY_LIMIT_REACHED"), "{revived}");
    assert_eq!(shop.admin.patch(&path, json!({ "name": "Renamed" })).await.status, 200);
    let path_of_third = format!("/api/v1/api_keys/{third}");
    let prolonged = shop.admin.patch(&path_of_third, json!({ "expires_on": "2027-01-01T00:00:00Z" })).await;
    assert_eq!(prolonged.status, 200, "it is one of them already: {prolonged}");
    assert_eq!(shop.admin.delete(&path_of_third).await.status, 200);
    assert_eq!(shop.admin.patch(&path, json!({ "expires_on": "2027-01-01T00:00:00Z" })).await.status, 200);
    refused(json!({})).await;
    // Fewer than there are: those stay.
    assert_eq!(shop.set(json!({ "key_policy": { "max_keys_per_owner": 1 } })).await.status, 200);
    refused(json!({})).await;
    assert_eq!(shop.set(json!({ "key_policy": { "max_keys_per_owner": 3 } })).await.status, 200);
    shop.makes_key(json!({})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_keys_that_are_made_at_once_exactly_as_many_as_there_may_be_are_made() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app, json!({ "max_keys_per_owner": 3 })).await;
    let replies = join_all((0..12).map(|_| shop.create(json!({})))).await;
    let made = replies.iter().filter(|reply| reply.status == 201).count();
    let refused = replies.iter().filter(|reply| reply.error() == "API_KEY_LIMIT_REACHED").count();
    assert_eq!((made, refused), (3, 9));
}

#[tokio::test]
async fn a_repeated_request_is_answered_though_the_owner_has_all_its_keys() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app, json!({ "max_keys_per_owner": 1 })).await;
    for _ in 0..2 {
        let request = shop.admin.request(axum::http::Method::POST, "/api/v1/api_keys");
        let request = request.header("idempotency-key", "the-one").header("content-type", "application/json");
        let reply = app.send(request.body(shop.body(json!({})).to_string().into()).unwrap()).await;
        assert_eq!(reply.status, 201, "{reply}");
    }
}

#[tokio::test]
async fn keys_that_would_end_sooner_are_previewed_and_end_in_the_change_that_is_confirmed() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app, json!({})).await;
    let endless = shop.makes_key(json!({})).await;
    let late = shop.makes_key(json!({ "expires_on": "2027-01-01T00:00:00Z", "enabled": false })).await;
    let soon = shop.makes_key(json!({ "expires_on": "2026-11-22T12:30:00Z" })).await;
    let expired = shop.makes_key(json!({ "expires_on": "2026-11-22T12:00:01Z" })).await;
    let revoked = shop.makes_key(json!({})).await;
    assert_eq!(shop.admin.delete(&format!("/api/v1/api_keys/{revoked}")).await.status, 200);
    let other_api = shop.admin.makes_api("https://other.example.com", &[]).await;
    let elsewhere = shop.makes_key(json!({ "api_id": other_api })).await;
    app.advance(Duration::from_secs(600));
    let (young, secret) = shop.admin.makes_key(shop.body(json!({}))).await;
    let untouched = [&soon, &expired, &revoked, &elsewhere];
    let before: Vec<Value> = join_all(untouched.iter().map(|key| shop.shown(key))).await;

    let policy = json!({ "max_lifetime_seconds": 3000 });
    let rows = app.database.db_rows().await;
    let unconfirmed = shop.set(json!({ "key_policy": policy })).await;
    assert_eq!((unconfirmed.status, unconfirmed.error()), (409, "CONFIRM_REQUIRED"), "{unconfirmed}");
    let previewed = shop.preview(&policy).await;
    let ids: Vec<&Value> = previewed.body["api_keys"].as_array().unwrap().iter().map(|key| &key["id"]).collect();
    assert_eq!((&previewed.body["count"], ids), (&json!(3), vec![&json!(young), &json!(late), &json!(endless)]));
    assert_eq!(app.database.db_rows().await, rows, "neither is a change");

    let revision = app.revision().await;
    let token = previewed.text("/confirm");
    let done = shop.set(json!({ "key_policy": policy, "confirm": token })).await;
    assert_eq!((done.status, &done.body["shortened_keys"]), (200, &json!(3)), "{done}");
    assert_eq!((app.revision().await, &done.body["revision"]), (revision + 1, &json!(revision + 1)), "one change");
    assert_eq!(shop.end(&endless).await, "2026-11-22T12:50:00Z");
    assert_eq!(shop.end(&late).await, "2026-11-22T12:50:00Z");
    assert_eq!(shop.end(&young).await, "2026-11-22T13:00:00Z");
    assert_eq!(join_all(untouched.iter().map(|key| shop.shown(key))).await, before);
    let verified = shop.admin.verify(&secret, json!({})).await;
    assert_eq!(verified.body["expires_on"], "2026-11-22T13:00:00Z", "in force when it was answered");
    let event = shop.admin.get("/api/v1/audit_events?page_size=1").await.body["audit_events"][0].clone();
    assert_eq!((&event["action"], &event["details"]["count"]), (&json!("api.updated"), &json!(3)));
    assert_eq!(event["details"]["key_ids"], json!([young, late, endless]));

    // The policy holds for every key: none is beyond it, so it can be set again without a word.
    assert_eq!(shop.preview(&policy).await.body["confirm"], Value::Null);
    assert_eq!(shop.set(json!({ "key_policy": policy })).await.body["shortened_keys"], 0);
    let again = shop.set(json!({ "key_policy": policy, "confirm": token })).await;
    assert_eq!((again.status, again.error()), (409, "PREVIEW_STALE"), "{again}");
}

#[tokio::test]
async fn no_key_ends_before_now_and_one_without_an_end_gets_the_default() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app, json!({})).await;
    let (old, secret) = shop.admin.makes_key(shop.body(json!({}))).await;
    app.advance(Duration::from_secs(600));
    let lasting = shop.makes_key(json!({ "expires_on": "2090-01-01T00:00:00Z" })).await;
    let alone = json!({ "requires_expiry": true });
    for reply in [shop.preview(&alone).await, shop.set(json!({ "key_policy": alone })).await] {
        assert_eq!((reply.status, reply.error()), (400, "FIELD_INVALID"), "{reply}");
        assert!(reply.message().contains("`key_policy.default_lifetime_seconds` must be given"), "{reply}");
    }
    let done = shop.confirm(&json!({ "requires_expiry": true, "default_lifetime_seconds": 60 })).await;
    assert_eq!(done.body["shortened_keys"], 1, "{done}");
    assert_eq!(
        (shop.end(&old).await, shop.end(&lasting).await),
        (json!("2026-11-22T12:11:00Z"), json!("2090-01-01T00:00:00Z"))
    );
    assert_eq!(shop.admin.verify(&secret, json!({})).await.text("/code"), "API_KEY_VERIFIED");
    assert_eq!(shop.confirm(&json!({ "max_lifetime_seconds": 300 })).await.body["shortened_keys"], 2);
    assert_eq!(
        (shop.end(&old).await, shop.end(&lasting).await),
        (json!("2026-11-22T12:10:00Z"), json!("2026-11-22T12:15:00Z"))
    );
    assert_eq!(shop.admin.verify(&secret, json!({})).await.text("/code"), "API_KEY_EXPIRED");
}

#[tokio::test]
async fn a_token_confirms_the_policy_and_the_keys_that_it_was_given_for() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app, json!({})).await;
    let key = shop.makes_key(json!({})).await;
    let policy = json!({ "max_lifetime_seconds": 3600 });
    let token = shop.preview(&policy).await.text("/confirm");
    let other = shop.admin.makes_api("https://other.example.com", &[]).await;
    let in_other = json!({ "name": "Key", "api_id": other, "org_code": shop.org });
    shop.admin.makes_key(in_other).await;
    let colleague = shop.admin.makes_m2m(&["update:apis", "update:api_keys"], json!({})).await;
    let bulk = json!({ "action": "revoke", "filter": { "api_id": shop.api } });
    let of_bulk = shop.admin.post("/api/v1/api_keys/bulk", bulk.clone()).await.text("/confirm");
    let before = app.database.db_rows().await;
    let body = |policy: &Value, token: &str| json!({ "key_policy": policy, "confirm": token });
    for reply in [
        colleague.patch(&shop.path(), body(&policy, &token)).await,
        shop.admin.patch(&format!("/api/v1/apis/{other}"), body(&policy, &token)).await,
        shop.set(body(&json!({ "max_lifetime_seconds": 3601 }), &token)).await,
        shop.set(body(&json!({ "max_lifetime_seconds": 3600, "max_keys_per_owner": 9 }), &token)).await,
        shop.set(body(&policy, &of_bulk)).await,
        shop.set(json!({ "name": "Renamed", "confirm": token })).await,
        shop.admin.post("/api/v1/api_keys/bulk", with(&bulk, json!({ "confirm": token }))).await,
    ] {
        assert_eq!((reply.status, reply.error()), (400, "CONFIRM_INVALID"), "{reply}");
    }
    assert_eq!(app.database.db_rows().await, before);
    let added = shop.makes_key(json!({})).await;
    assert_eq!(shop.set(body(&policy, &token)).await.error(), "PREVIEW_STALE");
    assert_eq!(shop.admin.delete(&format!("/api/v1/api_keys/{added}")).await.status, 200);
    let token = shop.preview(&policy).await.text("/confirm");
    app.advance(Duration::from_secs(600));
    assert_eq!(shop.set(body(&policy, &token)).await.error(), "PREVIEW_STALE");
    assert_eq!(shop.end(&key).await, Value::Null);
    let token = shop.preview(&policy).await.text("/confirm");
    let named = with(&body(&policy, &token), json!({ "name": "Renamed" }));
    assert_eq!(shop.set(named).await.body["shortened_keys"], 1, "what people call it is no part of the preview");
}

#[tokio::test]
async fn ending_keys_needs_what_ending_one_key_needs() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app, json!({})).await;
    let key = shop.makes_key(json!({})).await;
    let policy = json!({ "max_lifetime_seconds": 3600 });
    let caretaker = shop.admin.makes_m2m(&["update:apis"], json!({})).await;
    let path = format!("{}/key_policy/preview", shop.path());
    let previewed = caretaker.post(&path, json!({ "key_policy": policy })).await;
    assert_eq!((&previewed.body["count"], &previewed.body["api_keys"]), (&json!(1), &json!([])), "{previewed}");
    let token = previewed.text("/confirm");
    let refused = caretaker.patch(&shop.path(), json!({ "key_policy": policy, "confirm": token })).await;
    assert_eq!((refused.status, refused.error()), (403, "SCOPE_MISSING"), "{refused}");
    assert_eq!(shop.end(&key).await, Value::Null);
    let harmless = json!({ "max_keys_per_owner": 5, "default_lifetime_seconds": 60 });
    assert_eq!(caretaker.patch(&shop.path(), json!({ "key_policy": harmless })).await.status, 200);
}

#[tokio::test]
async fn a_policy_ends_ten_thousand_keys_at_once_and_not_one_more() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app, json!({})).await;
    let key = shop.makes_key(json!({})).await;
    let last = shop.makes_key(json!({})).await;
    app.database.db_copy_key(&key, 9_999).await;
    let policy = json!({ "max_lifetime_seconds": 3600 });
    for reply in [shop.preview(&policy).await, shop.set(json!({ "key_policy": policy, "confirm": "a" })).await] {
        assert_eq!((reply.status, reply.error()), (400, "TOO_MANY_AT_ONCE"), "{reply}");
    }
    assert_eq!(shop.admin.delete(&format!("/api/v1/api_keys/{key}")).await.status, 200);
    assert_eq!(shop.confirm(&policy).await.body["shortened_keys"], 10_000);
    assert_eq!(shop.end(&last).await, "2026-11-22T13:00:00Z");
    let left = "SELECT COUNT(*) FROM keys WHERE revoked_at IS NULL AND expires_at IS NULL";
    assert_eq!(app.database.db_number(left).await, 0);
}
