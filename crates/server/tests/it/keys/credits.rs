//! Credits: given to keys and owners, spent by verifications, filled up again.

use std::time::Duration;

use serde_json::{Value, json};

use crate::keys::Shop;
use crate::support::{Actor, TestApp, with};

const HOUR: Duration = Duration::from_secs(3_600);

impl Shop<'_> {
    /// What a verification of this cost comes to, with what is left of each holder's credits.
    async fn pays(&self, secret: &str, cost: u32) -> Value {
        paid(&self.admin, secret, cost).await
    }

    /// The credits of a key as they are shown, when all is folded.
    async fn shown(&self, app: &TestApp, key: &str) -> Value {
        app.fold().await;
        self.get(key).await.body["api_key"]["credits"].clone()
    }

    async fn gives_owner(&self, credits: Value) {
        let path = format!("/api/v1/organization/{}", self.org);
        let reply = self.admin.patch(&path, json!({ "credits": credits })).await;
        assert_eq!(reply.status, 200, "{reply}");
    }

    async fn gives_key(&self, key: &str, credits: Value) -> u16 {
        self.admin.patch(&format!("/api/v1/api_keys/{key}"), json!({ "credits": credits })).await.status
    }
}

async fn paid(admin: &Actor<'_>, secret: &str, cost: u32) -> Value {
    let reply = admin.verify(secret, json!({ "cost": cost })).await;
    let left: Vec<Value> = match reply.body["credits"].as_array() {
        Some(credits) => credits.iter().map(|credits| credits["remaining"].clone()).collect(),
        None => Vec::new(),
    };
    json!([reply.text("/code"), left])
}

#[tokio::test]
async fn a_key_is_valid_for_as_long_as_it_has_credits_and_the_answer_tells_what_is_left() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (id, secret) = shop.makes_key(json!({ "credits": { "remaining": 5, "cost": 2 } })).await;
    assert_eq!(shop.shown(&app, &id).await, json!({ "remaining": 5, "refill": null, "cost": 2, "refills_on": null }));
    let first = shop.admin.verify(&secret, json!({})).await;
    assert_eq!(first.body["credits"], json!([{ "holder": "key", "remaining": 3, "refills_on": null }]));
    assert_eq!(shop.pays(&secret, 0).await, json!(["API_KEY_VERIFIED", [3]]), "to look costs nothing");
    assert_eq!(shop.pays(&secret, 4).await, json!(["API_KEY_CREDITS_EXHAUSTED", [3]]), "a refusal spends nothing");
    let refused = shop.admin.verify(&secret, json!({ "cost": 4 })).await;
    let advice = (refused.body["http_status"].clone(), refused.body["status"].clone(), refused.header("retry-after"));
    assert_eq!((advice, refused.body.get("retry_after")), ((json!(429), json!("active"), ""), None));
    assert_eq!(shop.pays(&secret, 3).await, json!(["API_KEY_VERIFIED", [0]]));
    assert_eq!(shop.pays(&secret, 1).await, json!(["API_KEY_CREDITS_EXHAUSTED", [0]]));
    assert_eq!(shop.shown(&app, &id).await["remaining"], 0);
    let usage = shop.admin.get(&format!("/api/v1/api_keys/{id}/usage")).await.body;
    let outcomes = &usage["usage"][0]["outcomes"];
    assert_eq!(*outcomes, json!({ "API_KEY_VERIFIED": 3, "API_KEY_CREDITS_EXHAUSTED": 3 }), "{usage}");
}

#[tokio::test]
async fn absent_keeps_null_ends_and_a_value_sets() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (id, secret) = shop.makes_key(json!({ "credits": { "remaining": 100 } })).await;
    assert_eq!(shop.pays(&secret, 10).await, json!(["API_KEY_VERIFIED", [90]]));
    let renamed = shop.admin.patch(&format!("/api/v1/api_keys/{id}"), json!({ "name": "Renamed" })).await;
    assert_eq!((renamed.status, shop.shown(&app, &id).await["remaining"].clone()), (200, json!(90)));
    assert_eq!(shop.gives_key(&id, json!({ "cost": 3 })).await, 200);
    let terms = json!({ "remaining": 90, "refill": null, "cost": 3, "refills_on": null });
    assert_eq!(shop.shown(&app, &id).await, terms, "what is left stays");
    assert_eq!(shop.admin.verify(&secret, json!({})).await.body["credits"][0]["remaining"], 87);
    assert_eq!(shop.gives_key(&id, json!({ "remaining": 7 })).await, 200);
    assert_eq!(shop.pays(&secret, 1).await, json!(["API_KEY_VERIFIED", [6]]), "what was taken before counts no more");
    assert_eq!(shop.shown(&app, &id).await["remaining"], 6);
    let revision = app.revision().await;
    assert_eq!(shop.gives_key(&id, json!({})).await, 200);
    assert_eq!(app.revision().await, revision, "what changes nothing is no change");
    assert_eq!(shop.gives_key(&id, json!(null)).await, 200);
    assert_eq!(shop.pays(&secret, 1_000).await, json!(["API_KEY_VERIFIED", []]));
    assert_eq!((shop.shown(&app, &id).await, shop.gives_key(&id, json!(null)).await), (json!(null), 200));
    let missing = shop.admin.patch(&format!("/api/v1/api_keys/{id}"), json!({ "credits": {} })).await;
    assert!(missing.error() == "FIELD_MISSING" && missing.message().contains("`credits.remaining`"), "{missing}");
    assert_eq!(shop.gives_key(&id, json!({ "refill": { "amount": 4, "interval": "day" } })).await, 200);
    assert_eq!(shop.pays(&secret, 1).await, json!(["API_KEY_VERIFIED", [3]]), "as after a refill");
}

#[tokio::test]
async fn keys_share_the_credits_of_their_owner_and_all_must_pass() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (id, one) = shop.makes_key(json!({ "credits": { "remaining": 6 } })).await;
    let (_, other) = shop.makes_key(json!({})).await;
    shop.gives_owner(json!({ "remaining": 8 })).await;
    assert_eq!(shop.pays(&one, 5).await, json!(["API_KEY_VERIFIED", [1, 3]]));
    assert_eq!(shop.pays(&one, 2).await, json!(["API_KEY_CREDITS_EXHAUSTED", [1, 3]]));
    assert_eq!(shop.pays(&other, 2).await, json!(["API_KEY_VERIFIED", [1]]));
    assert_eq!(shop.pays(&other, 2).await, json!(["API_KEY_CREDITS_EXHAUSTED", [1]]));
    assert_eq!(shop.pays(&one, 1).await, json!(["API_KEY_VERIFIED", [0, 0]]));
    assert_eq!(shop.shown(&app, &id).await["remaining"], 0);
    let organization = shop.admin.get(&format!("/api/v1/organization?code={}", shop.org)).await.body;
    assert_eq!(organization["credits"]["remaining"], 0);
    shop.gives_owner(json!(null)).await;
    assert_eq!(shop.pays(&other, 9).await, json!(["API_KEY_VERIFIED", []]));
    let user = shop.admin.makes_user("Ada").await;
    let (_, of_user) = shop.makes_key_of_user(&user).await;
    let given = shop.admin.patch(&format!("/api/v1/user?id={user}"), json!({ "credits": { "remaining": 1 } })).await;
    assert_eq!(given.status, 200, "{given}");
    assert_eq!(shop.pays(&of_user, 1).await, json!(["API_KEY_VERIFIED", [0]]));
    assert_eq!(shop.pays(&of_user, 1).await, json!(["API_KEY_CREDITS_EXHAUSTED", [0]]));
    let shown = shop.admin.get(&format!("/api/v1/user?id={user}")).await;
    assert!(shown.body["credits"]["remaining"].is_u64(), "{shown}");
}

#[tokio::test]
async fn a_limit_is_asked_before_credits_and_neither_spends_when_the_other_refuses() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let limit = json!({ "name": "a", "limit": 4, "window_seconds": 600 });
    let (_, secret) = shop.makes_key(json!({ "rate_limits": [limit], "credits": { "remaining": 3 } })).await;
    let left = async |cost: u32| {
        let body = shop.admin.verify(&secret, json!({ "cost": cost })).await.body;
        json!([body["code"], body["rate_limits"][0]["remaining"], body["credits"][0]["remaining"]])
    };
    assert_eq!(left(5).await, json!(["API_KEY_RATE_LIMITED", 4, 3]));
    assert_eq!(left(4).await, json!(["API_KEY_CREDITS_EXHAUSTED", 4, 3]));
    assert_eq!(left(3).await, json!(["API_KEY_VERIFIED", 1, 0]));
    assert_eq!(left(2).await, json!(["API_KEY_RATE_LIMITED", 1, 0]));
    let elsewhere = shop.admin.verify(&secret, json!({ "scopes": ["write:orders"] })).await;
    assert_eq!((elsewhere.text("/code"), elsewhere.body.get("credits")), ("API_KEY_INSUFFICIENT_SCOPE".into(), None));
}

#[tokio::test]
async fn credits_are_filled_up_once_at_the_beginning_of_each_day() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let refill = json!({ "remaining": 2, "refill": { "amount": 5, "interval": "day" } });
    let (id, secret) = shop.makes_key(json!({ "credits": refill })).await;
    assert_eq!(shop.pays(&secret, 2).await, json!(["API_KEY_VERIFIED", [0]]));
    let refused = shop.admin.verify(&secret, json!({})).await;
    assert_eq!((refused.header("retry-after"), refused.body["retry_after"].clone()), ("43200", json!(43_200)));
    assert_eq!(refused.body["credits"][0]["refills_on"], "2026-11-23T00:00:00Z");
    let never = shop.admin.verify(&secret, json!({ "cost": 6 })).await;
    assert_eq!((never.text("/code"), never.header("retry-after")), ("API_KEY_CREDITS_EXHAUSTED".into(), ""));
    let (client_id, client_secret) = shop.admin.makes_application(&["read:api_keys"], json!({})).await;
    app.advance(12 * HOUR);
    let admin = app.sign_in(&client_id, &client_secret).await;
    let shown = async || {
        app.fold().await;
        admin.get(&format!("/api/v1/api_keys/{id}")).await.body["api_key"]["credits"]["remaining"].clone()
    };
    assert_eq!(shown().await, 5);
    assert_eq!(paid(&admin, &secret, 4).await, json!(["API_KEY_VERIFIED", [1]]));
    assert_eq!((paid(&admin, &secret, 2).await, shown().await), (json!(["API_KEY_CREDITS_EXHAUSTED", [1]]), json!(1)));
    app.advance(24 * HOUR);
    let admin = app.sign_in(&client_id, &client_secret).await;
    assert_eq!(paid(&admin, &secret, 1).await, json!(["API_KEY_VERIFIED", [4]]), "what was left is no more");
}

#[tokio::test]
async fn of_many_verifications_at_once_exactly_as_many_pass_as_there_are_credits() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (id, secret) = shop.makes_key(json!({ "credits": { "remaining": 100 } })).await;
    let ask = async || {
        loop {
            // Whoever has too many requests on their way is told to come again.
            let reply = shop.admin.verify(&secret, json!({})).await;
            if reply.error() != "OVERLOADED" {
                return reply.text("/code");
            }
            tokio::task::yield_now().await;
        }
    };
    let codes = futures_util::future::join_all((0..1_000).map(|_| ask())).await;
    assert_eq!(codes.iter().filter(|code| *code == "API_KEY_VERIFIED").count(), 100);
    assert_eq!(codes.iter().filter(|code| *code == "API_KEY_CREDITS_EXHAUSTED").count(), 900);
    assert_eq!(shop.shown(&app, &id).await["remaining"], 0);
}

#[tokio::test]
async fn entries_of_a_batch_spend_one_after_another() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (id, secret) = shop.makes_key(json!({ "credits": { "remaining": 40 } })).await;
    let keys: Value = (0..60).map(|_| json!({ "api_key": secret })).collect();
    let batch = shop.admin.post("/api/v1/api_keys/verify_batch", json!({ "keys": keys })).await;
    let results = batch.body["results"].as_array().unwrap();
    let left: Vec<u64> = results.iter().map(|result| result["credits"][0]["remaining"].as_u64().unwrap()).collect();
    assert_eq!(left, (0..40).rev().chain([0; 20]).collect::<Vec<u64>>());
    assert_eq!(results.iter().filter(|result| result["is_valid"] == true).count(), 40);
    assert_eq!(shop.shown(&app, &id).await["remaining"], 0);
}

#[tokio::test]
async fn a_batch_knows_when_credits_are_gone_though_time_goes_on_meanwhile() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (_, secret) = shop.makes_key(json!({ "credits": { "remaining": 20 } })).await;
    let keys: Value = (0..40).map(|_| json!({ "api_key": secret })).collect();
    let ticking = async {
        for _ in 0..20_000 {
            app.advance(Duration::from_micros(1));
            tokio::task::yield_now().await;
        }
    };
    let asked = shop.admin.post("/api/v1/api_keys/verify_batch", json!({ "keys": keys }));
    let (batch, ()) = tokio::join!(asked, ticking);
    assert_eq!(batch.status, 200, "{batch}");
    let results = batch.body["results"].as_array().unwrap();
    assert_eq!(results.iter().filter(|result| result["is_valid"] == true).count(), 20);
}

#[tokio::test]
async fn explain_and_the_holder_see_what_is_left_and_spend_nothing() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (id, secret) = shop.makes_key(json!({ "credits": { "remaining": 3 } })).await;
    shop.gives_owner(json!({ "remaining": 9, "refill": { "amount": 10, "interval": "month" } })).await;
    let explained = async |cost: u32| {
        let body = json!({ "key_id": id, "cost": cost });
        let body = shop.admin.post("/api/v1/api_keys/explain", body).await.body;
        let step = body["steps"].as_array().unwrap().last().unwrap();
        json!([body["code"], step["step"], step["outcome"], step["reason"]])
    };
    let passed = "Of its own credits: 3 left; its owner's credits: 9 left, filled up again at 2026-12-01T00:00:00Z.";
    for _ in 0..3 {
        assert_eq!(explained(3).await, json!(["API_KEY_VERIFIED", "credits", "passed", passed]));
    }
    let failed = explained(4).await;
    assert_eq!((&failed[0], &failed[2]), (&json!("API_KEY_CREDITS_EXHAUSTED"), &json!("failed")));
    assert!(failed[3].as_str().unwrap().contains("3 left, too few"), "{failed}");
    let own = app.bearer(&secret).get("/api/v1/api_keys/self").await.body["api_key"]["credits"].clone();
    assert_eq!(json!([own[0]["remaining"], own[1]["remaining"]]), json!([3, 9]));
    assert_eq!(shop.pays(&secret, 0).await, json!(["API_KEY_VERIFIED", [3, 9]]));
    let (plain, _) = shop.makes_key(json!({})).await;
    shop.gives_owner(json!(null)).await;
    let body = shop.admin.post("/api/v1/api_keys/explain", json!({ "key_id": plain })).await.body;
    let step = body["steps"].as_array().unwrap().last().unwrap();
    assert_eq!(step["reason"], "It needs no credits, and neither does its owner.");
}

#[tokio::test]
async fn a_new_secret_and_a_new_name_are_no_way_around() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (id, secret) = shop.makes_key(json!({ "credits": { "remaining": 2 } })).await;
    assert_eq!(shop.pays(&secret, 2).await, json!(["API_KEY_VERIFIED", [0]]));
    let rotated = shop.admin.put(&format!("/api/v1/api_keys/{id}")).await.text("/api_key/key");
    assert_eq!(shop.pays(&rotated, 1).await, json!(["API_KEY_CREDITS_EXHAUSTED", [0]]));
}

#[tokio::test]
async fn credits_are_for_the_platform_to_give_and_not_for_environment_keys() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (id, secret) = shop.makes_key(json!({ "credits": { "remaining": 1 } })).await;
    let scopes = ["create:api_keys", "update:api_keys", "read:api_keys"];
    let own = shop.admin.makes_m2m(&scopes, json!({ "org_code": shop.org })).await;
    for credits in [json!(null), json!({ "remaining": 9 })] {
        let reply = own.patch(&format!("/api/v1/api_keys/{id}"), json!({ "credits": credits })).await;
        assert_eq!((reply.status, reply.error()), (403, "PLATFORM_ONLY"), "{credits}");
    }
    let made = own.post("/api/v1/api_keys", with(&shop.body(), json!({ "credits": { "remaining": 9 } }))).await;
    assert_eq!((made.status, made.error()), (403, "PLATFORM_ONLY"));
    assert_eq!(shop.pays(&secret, 1).await, json!(["API_KEY_VERIFIED", [0]]));
    let management = shop.admin.management_api().await;
    let body = json!({ "name": "Machine", "type": "environment", "api_id": management });
    let refused = shop.admin.post("/api/v1/api_keys", with(&body, json!({ "credits": { "remaining": 1 } }))).await;
    assert!(refused.status == 400 && refused.message().contains("`credits`"), "{refused}");
    let made = shop.admin.post("/api/v1/api_keys", body).await.text("/api_key/id");
    let refused = shop.admin.patch(&format!("/api/v1/api_keys/{made}"), json!({ "credits": { "remaining": 1 } })).await;
    assert!(refused.status == 400 && refused.message().contains("`credits`"), "{refused}");
}

#[tokio::test]
async fn what_breaks_a_rule_is_refused_by_name_and_changes_nothing() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (id, _) = shop.makes_key(json!({ "credits": { "remaining": 5 } })).await;
    let revision = app.revision().await;
    for (credits, field) in [
        (json!({ "remaining": 1_000_000_000_001_u64 }), "credits.remaining"),
        (json!({ "remaining": -1 }), "credits"),
        (json!({ "remaining": 1, "cost": 1_000_001 }), "credits.cost"),
        (json!({ "remaining": 1, "refill": { "amount": 0, "interval": "day" } }), "credits.refill.amount"),
        (
            json!({ "remaining": 1, "refill": { "amount": 1_000_000_000_001_u64, "interval": "day" } }),
            "credits.refill.amount",
        ),
        (json!({ "remaining": 1, "refill": { "amount": 1, "interval": "year" } }), "credits.refill.interval"),
        (json!({ "remaining": 1, "refill": { "amount": 1 } }), "credits.refill"),
        (json!({ "remaining": 1, "bonus": 1 }), "credits"),
        (json!(7), "credits"),
    ] {
        let refused = shop.admin.patch(&format!("/api/v1/api_keys/{id}"), json!({ "credits": credits })).await;
        assert!(refused.status == 400 && refused.message().contains(field), "{credits}: {refused}");
        let refused = shop.admin.post("/api/v1/api_keys", with(&shop.body(), json!({ "credits": credits }))).await;
        assert!(refused.status == 400 && refused.message().contains(field), "{credits}: {refused}");
    }
    assert_eq!((app.revision().await, shop.shown(&app, &id).await["remaining"].clone()), (revision, json!(5)));
    for most in [json!({ "remaining": 1_000_000_000_000_u64, "cost": 1_000_000 }), json!({ "remaining": 0, "cost": 0 })]
    {
        assert_eq!(shop.gives_key(&id, most).await, 200);
    }
}

#[tokio::test]
async fn the_audit_log_tells_what_was_given() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (id, _) = shop.makes_key(json!({ "credits": { "remaining": 5 } })).await;
    assert_eq!(shop.gives_key(&id, json!({ "remaining": 9, "cost": 2 })).await, 200);
    assert_eq!(shop.gives_key(&id, json!(null)).await, 200);
    let events = shop.admin.get(&format!("/api/v1/audit_events?target_id={id}")).await.body;
    let told = events["audit_events"].as_array().unwrap().iter().map(|event| {
        let details = &event["details"];
        let cost = |side: &str| details[side]["credits"]["cost"].clone();
        json!([cost("before"), cost("after"), details["credits_remaining"]])
    });
    assert_eq!(told.collect::<Value>(), json!([[2, null, null], [1, 2, 9], [null, 1, 5]]), "{events}");
}
