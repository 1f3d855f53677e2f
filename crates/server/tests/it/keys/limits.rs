//! Limits of rate: given to keys and owners, spent by verifications.

use std::time::Duration;

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::keys::Shop;
use crate::support::{Reply, TestApp};

fn limit(name: &str, limit: u32, window_seconds: u32) -> Value {
    json!({ "name": name, "limit": limit, "window_seconds": window_seconds })
}

impl Shop<'_> {
    /// What a verification of this cost comes to.
    async fn costs(&self, secret: &str, cost: u32) -> String {
        self.admin.verify(secret, json!({ "cost": cost })).await.text("/code")
    }

    /// What is left of each limit, by holder and name.
    async fn left(&self, secret: &str) -> Value {
        let body = self.admin.verify(secret, json!({ "cost": 0 })).await.body;
        let limits = body["rate_limits"].as_array().unwrap();
        limits.iter().map(|limit| json!([limit["holder"], limit["name"], limit["remaining"]])).collect()
    }

    async fn limits_owner(&self, limits: Value) -> Reply {
        let body = json!({ "rate_limits": limits });
        self.admin.patch(&format!("/api/v1/organization/{}", self.org), body).await
    }
}

#[tokio::test]
async fn the_answer_and_its_fields_tell_where_each_limit_stands() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (_, secret) = shop.makes_key(json!({ "rate_limits": [limit("burst", 2, 10)] })).await;
    assert_eq!(shop.limits_owner(json!([limit("per-hour", 100, 3_600)])).await.status, 200);
    let first = shop.admin.verify(&secret, json!({})).await;
    assert_eq!(first.text("/code"), "API_KEY_VERIFIED");
    assert_eq!(first.header("ratelimit-policy"), r#""burst";q=2;w=10, "owner.per-hour";q=100;w=3600"#);
    assert_eq!(first.header("ratelimit"), r#""burst";r=1;t=5, "owner.per-hour";r=99;t=36"#);
    assert_eq!((first.header("retry-after"), first.body.get("retry_after")), ("", None));
    shop.costs(&secret, 1).await;
    let refused = shop.admin.verify(&secret, json!({})).await;
    assert_eq!(refused.header("retry-after"), "5");
    assert_snapshot!(refused, @r#"
    200
    cache-control: no-store
    retry-after: 5

    {
      "api_id": "a192afe3157c85d0c847729f4e08f3a3",
      "audience": "https://api.example.com",
      "code": "API_KEY_RATE_LIMITED",
      "expires_on": null,
      "http_status": 429,
      "is_valid": false,
      "key_id": "api_key_01a20320a2007f36bb8bd953eff23884",
      "last_verified_on": "2026-11-22T12:00:00Z",
      "message": "The API key has used up a limit of rate",
      "metadata": null,
      "name": "Production",
      "org_code": "org_846eb9673349",
      "owner_external_id": null,
      "rate_limits": [
        {
          "holder": "key",
          "limit": 2,
          "name": "burst",
          "remaining": 0,
          "reset_seconds": 5,
          "window_seconds": 10
        },
        {
          "holder": "owner",
          "limit": 100,
          "name": "per-hour",
          "remaining": 98,
          "reset_seconds": 36,
          "window_seconds": 3600
        }
      ],
      "retry_after": 5,
      "revision": 10,
      "rotated": false,
      "scopes": [
        "read:orders"
      ],
      "secret_expires_on": null,
      "status": "active",
      "type": "organization",
      "user_id": null,
      "verification_count": 2,
      "www_authenticate": null
    }
    "#);
}

#[tokio::test]
async fn a_refusal_spends_nothing_and_what_was_spent_comes_back_evenly() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let limits = json!([limit("a", 10, 10), limit("b", 4, 10)]);
    let (id, secret) = shop.makes_key(json!({ "rate_limits": limits })).await;
    assert_eq!(shop.costs(&secret, 3).await, "API_KEY_VERIFIED");
    assert_eq!(shop.costs(&secret, 2).await, "API_KEY_RATE_LIMITED");
    assert_eq!(shop.left(&secret).await, json!([["key", "a", 7], ["key", "b", 1]]));
    app.advance(Duration::from_millis(2_500));
    assert_eq!(shop.left(&secret).await, json!([["key", "a", 9], ["key", "b", 2]]));
    assert_eq!(shop.costs(&secret, 2).await, "API_KEY_VERIFIED");
    let never = shop.admin.verify(&secret, json!({ "cost": 5 })).await;
    assert_eq!((never.text("/code"), never.header("retry-after")), ("API_KEY_RATE_LIMITED".into(), ""));
    assert_eq!(never.body.get("retry_after"), None);
    app.fold().await;
    assert_eq!(shop.get(&id).await.body["api_key"]["verification_count"], 4, "those that were refused count not");
}

#[tokio::test]
async fn keys_of_one_owner_share_its_limits_and_a_user_has_them_too() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    assert_eq!(shop.limits_owner(json!([limit("shared", 3, 60)])).await.status, 200);
    let (_, one) = shop.makes_key(json!({})).await;
    let (_, other) = shop.makes_key(json!({})).await;
    let mut codes = Vec::new();
    for secret in [&one, &other, &one, &other] {
        codes.push(shop.costs(secret, 1).await);
    }
    assert_eq!(codes[2..], ["API_KEY_VERIFIED", "API_KEY_RATE_LIMITED"]);
    let read = shop.admin.get(&format!("/api/v1/organization?code={}", shop.org)).await;
    assert_eq!(read.body["rate_limits"], json!([{ "name": "shared", "limit": 3, "window_seconds": 60, "cost": 1 }]));

    let user = shop.admin.makes_user("Ada").await;
    let path = format!("/api/v1/user?id={user}");
    assert_eq!(shop.admin.patch(&path, json!({ "rate_limits": [limit("mine", 1, 60)] })).await.status, 200);
    let (_, of_user) = shop.makes_key_of_user(&user).await;
    assert_eq!(shop.costs(&of_user, 1).await, "API_KEY_VERIFIED");
    assert_eq!(shop.costs(&of_user, 1).await, "API_KEY_RATE_LIMITED");
    assert_eq!(shop.admin.get(&path).await.body["rate_limits"][0]["name"], "mine");
    assert_eq!(shop.admin.patch(&path, json!({ "rate_limits": null })).await.status, 200);
    assert_eq!(shop.costs(&of_user, 1).await, "API_KEY_VERIFIED", "in force when it was answered");
}

#[tokio::test]
async fn an_owner_has_its_limits_from_its_making_on() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let limits = json!({ "rate_limits": [limit("mine", 1, 60)] });
    let made =
        shop.admin.post("/api/v1/organization", crate::support::with(&json!({ "name": "Acme" }), limits.clone()));
    let org = made.await.text("/organization/code");
    let user = shop.admin.post("/api/v1/user", limits).await.text("/id");
    for (owner, path) in [
        (json!({ "org_code": org }), format!("/api/v1/organization?code={org}")),
        (json!({ "org_code": null, "user_id": user }), format!("/api/v1/user?id={user}")),
    ] {
        let shown = shop.admin.get(&path).await.body["rate_limits"].clone();
        assert_eq!(shown, json!([{ "name": "mine", "limit": 1, "window_seconds": 60, "cost": 1 }]));
        let (_, secret) = shop.makes_key(owner).await;
        assert_eq!(shop.costs(&secret, 1).await, "API_KEY_VERIFIED");
        assert_eq!(shop.costs(&secret, 1).await, "API_KEY_RATE_LIMITED");
    }
    let told = "SELECT COUNT(*) FROM audit_events \
         WHERE details LIKE '%\"after\":{\"rate_limits\":[{\"cost\":1,\"limit\":1,\"name\":\"mine\"%'";
    assert_eq!(app.database.db_number(told).await, 2);
}

#[tokio::test]
async fn limits_are_changed_in_use_and_what_was_used_stays() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (id, secret) = shop.makes_key(json!({ "rate_limits": [limit("a", 2, 600)] })).await;
    for code in ["API_KEY_VERIFIED", "API_KEY_VERIFIED", "API_KEY_RATE_LIMITED"] {
        assert_eq!(shop.costs(&secret, 1).await, code);
    }
    let path = format!("/api/v1/api_keys/{id}");
    assert_eq!(shop.admin.patch(&path, json!({ "name": "Renamed" })).await.status, 200);
    assert_eq!(shop.costs(&secret, 1).await, "API_KEY_RATE_LIMITED");
    let rotated = shop.admin.put(&path).await.text("/api_key/key");
    assert_eq!(shop.costs(&rotated, 1).await, "API_KEY_RATE_LIMITED", "a new secret is no way around");
    assert_eq!(shop.admin.patch(&path, json!({ "rate_limits": [limit("a", 3, 600)] })).await.status, 200);
    assert_eq!(shop.costs(&rotated, 1).await, "API_KEY_VERIFIED");
    assert_eq!(shop.costs(&rotated, 1).await, "API_KEY_RATE_LIMITED");
    let shown = shop.get(&id).await.body["api_key"]["rate_limits"].clone();
    assert_eq!(shown, json!([{ "name": "a", "limit": 3, "window_seconds": 600, "cost": 1 }]));
    assert_eq!(shop.admin.patch(&path, json!({ "rate_limits": null })).await.status, 200);
    assert_eq!(shop.costs(&rotated, 1).await, "API_KEY_VERIFIED");
    assert_eq!(shop.get(&id).await.body["api_key"]["rate_limits"], json!([]));
}

#[tokio::test]
async fn a_key_that_fails_otherwise_spends_nothing_and_looking_spends_nothing() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (_, secret) = shop.makes_key(json!({ "rate_limits": [limit("a", 2, 600)] })).await;
    for _ in 0..3 {
        let asked = json!({ "scopes": ["write:orders"] });
        let denied = shop.admin.verify(&secret, asked).await;
        assert_eq!((denied.text("/code"), denied.header("ratelimit")), ("API_KEY_INSUFFICIENT_SCOPE".into(), ""));
        let form = format!("token={secret}");
        assert_eq!(shop.admin.form("/oauth2/introspect", &form).await.body["active"], true);
    }
    assert_eq!(shop.left(&secret).await, json!([["key", "a", 2]]));
}

#[tokio::test]
async fn limits_that_cannot_be_are_refused_by_name_and_change_nothing() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (id, secret) = shop.makes_key(json!({ "rate_limits": [limit("a", 2, 600)] })).await;
    let before = (app.revision().await, shop.get(&id).await.body);
    let nine: Value = (0..9).map(|at| limit(&format!("l{at}"), 1, 1)).collect();
    for (limits, field) in [
        (json!([limit("A", 1, 1)]), "rate_limits[0].name"),
        (json!([limit("a", 1, 1), limit("a", 2, 2)]), "rate_limits[1].name"),
        (json!([limit("a", 0, 1)]), "rate_limits[0].limit"),
        (json!([limit("a", 1_000_001, 1)]), "rate_limits[0].limit"),
        (json!([limit("a", 1, 0)]), "rate_limits[0].window_seconds"),
        (json!([limit("a", 1, 2_678_401)]), "rate_limits[0].window_seconds"),
        (json!([{ "name": "a", "limit": 1, "window_seconds": 1, "cost": 2 }]), "rate_limits[0].cost"),
        (json!([{ "name": "a", "limit": 1, "window_seconds": 1, "per": 2 }]), "rate_limits[0].per"),
        (nine, "rate_limits"),
    ] {
        for reply in [
            shop.admin.patch(&format!("/api/v1/api_keys/{id}"), json!({ "rate_limits": limits })).await,
            shop.admin
                .post("/api/v1/api_keys", crate::support::with(&shop.body(), json!({ "rate_limits": limits })))
                .await,
            shop.limits_owner(limits.clone()).await,
            shop.admin.post("/api/v1/organization", json!({ "name": "Acme", "rate_limits": limits })).await,
            shop.admin.post("/api/v1/user", json!({ "rate_limits": limits })).await,
        ] {
            assert_eq!(reply.status, 400, "{limits}: {reply}");
            assert!(reply.message().contains(field), "{limits}: {reply}");
        }
    }
    let cost = shop.admin.verify(&secret, json!({ "cost": 1_000_001 })).await;
    assert!(cost.status == 400 && cost.message().contains("cost"), "{cost}");
    assert_eq!((app.revision().await, shop.get(&id).await.body), before);
}

#[tokio::test]
async fn an_organization_does_not_lift_its_own_limits_and_an_environment_key_takes_none() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (id, secret) = shop.makes_key(json!({ "rate_limits": [limit("a", 1, 600)] })).await;
    let scopes = ["update:api_keys", "create:api_keys"];
    let own = shop.admin.makes_m2m(&scopes, json!({ "org_code": shop.org })).await;
    let path = format!("/api/v1/api_keys/{id}");
    for limits in [json!(null), json!([]), json!([limit("a", 9, 600)])] {
        let reply = own.patch(&path, json!({ "rate_limits": limits })).await;
        assert_eq!((reply.status, reply.error()), (403, "PLATFORM_ONLY"), "{limits}");
        if !limits.is_null() {
            let made = own
                .post("/api/v1/api_keys", crate::support::with(&shop.body(), json!({ "rate_limits": limits })))
                .await;
            assert_eq!((made.status, made.error()), (403, "PLATFORM_ONLY"), "{limits}");
        }
    }
    assert_eq!(own.patch(&path, json!({ "name": "Renamed" })).await.status, 200);
    assert_eq!(shop.costs(&secret, 1).await, "API_KEY_VERIFIED");
    assert_eq!(shop.costs(&secret, 1).await, "API_KEY_RATE_LIMITED");
    let management = shop.admin.management_api().await;
    let body =
        json!({ "name": "Machine", "type": "environment", "api_id": management, "rate_limits": [limit("a", 1, 1)] });
    let refused = shop.admin.post("/api/v1/api_keys", body).await;
    assert!(refused.status == 400 && refused.message().contains("rate_limits"), "{refused}");
}

#[tokio::test]
async fn of_many_verifications_at_once_exactly_as_many_as_the_limit_pass() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (_, secret) = shop.makes_key(json!({ "rate_limits": [limit("a", 100, 2_678_400)] })).await;
    let asked = (0..1_000).map(|_| shop.costs(&secret, 1));
    let codes = futures_util::future::join_all(asked).await;
    assert_eq!(codes.iter().filter(|code| *code == "API_KEY_VERIFIED").count(), 100);
    assert_eq!(codes.iter().filter(|code| *code == "API_KEY_RATE_LIMITED").count(), 900);
    let batch: Value = (0..3).map(|_| json!({ "api_key": secret })).collect();
    let batch = shop.admin.post("/api/v1/api_keys/verify_batch", json!({ "keys": batch })).await;
    assert_eq!(batch.text("/results/0/code"), "API_KEY_RATE_LIMITED", "{batch}");
}

#[tokio::test]
async fn explain_tells_a_limit_and_spends_nothing_and_the_holder_sees_what_is_left() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (id, secret) = shop.makes_key(json!({ "rate_limits": [limit("burst", 2, 60)] })).await;
    assert_eq!(shop.limits_owner(json!([limit("all", 9, 60)])).await.status, 200);
    let explained = async |cost: u32| {
        let body = json!({ "key_id": id, "cost": cost });
        let body = shop.admin.post("/api/v1/api_keys/explain", body).await.body;
        let step = body["steps"].as_array().unwrap().iter().find(|step| step["step"] == "limits").unwrap();
        json!([body["code"], step["step"], step["outcome"], step["reason"]])
    };
    let passed = "`burst`, its own, has 2 of 2 units left; `all`, its owner's, has 9 of 9 units left.";
    for _ in 0..3 {
        assert_eq!(explained(2).await, json!(["API_KEY_VERIFIED", "limits", "passed", passed]));
    }
    assert_eq!(shop.costs(&secret, 1).await, "API_KEY_VERIFIED");
    let failed = "`burst`, its own, has 1 of 2 units left, too few: enough are there in 30 s; \
                  `all`, its owner's, has 8 of 9 units left.";
    assert_eq!(explained(2).await, json!(["API_KEY_RATE_LIMITED", "limits", "failed", failed]));
    let never = explained(3).await[3].as_str().unwrap().to_owned();
    assert!(never.contains("and so many are never there"), "{never}");
    let own = app.bearer(&secret).get("/api/v1/api_keys/self").await.body["api_key"]["rate_limits"].clone();
    let left: Vec<_> = own.as_array().unwrap().iter().map(|limit| (&limit["holder"], &limit["remaining"])).collect();
    assert_eq!(json!(left), json!([["key", 1], ["owner", 8]]));
    assert_eq!(shop.left(&secret).await, json!([["key", "burst", 1], ["owner", "all", 8]]));
}

#[tokio::test]
async fn a_node_that_begins_remembers_what_was_used_of_windows_longer_than_an_hour() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let limits = json!([limit("hour", 10, 3_600), limit("day", 10, 86_400)]);
    let (_, secret) = shop.makes_key(json!({ "rate_limits": limits })).await;
    assert_eq!(shop.limits_owner(json!([limit("month", 10, 2_592_000)])).await.status, 200);
    assert_eq!(shop.costs(&secret, 7).await, "API_KEY_VERIFIED");
    assert_eq!(shop.costs(&secret, 9).await, "API_KEY_RATE_LIMITED");
    app.fold().await;
    let beside = app.beside().await;
    let selector = keyward_core::KeySecret::parse(&secret).unwrap().selector();
    let left = beside.engine.answer(
        || beside.tick(),
        |index| {
            index.look_up(selector, |found| {
                let limits = found.unwrap().look(Some(0), beside.now()).limits.into_iter();
                limits.map(|limit| (limit.name, limit.standing.remaining)).collect::<Vec<_>>()
            })
        },
    );
    let mut left = left.unwrap().0;
    left.sort();
    assert_eq!(left, [("day".to_owned(), 3), ("hour".to_owned(), 10), ("month".to_owned(), 3)]);
}
