//! `POST /api/v1/api_keys/verify_batch`

use std::sync::Mutex;
use std::time::Duration;

use serde_json::{Value, json};

use crate::keys::Shop;
use crate::support::{Actor, Reply, TestApp, with};

const PATH: &str = "/api/v1/api_keys/verify_batch";

/// Asks about these; `more` are members beside them.
async fn verify(who: &Actor<'_>, keys: Value, more: Value) -> Reply {
    who.post(PATH, with(&json!({ "keys": keys }), more)).await
}

/// The codes, in their order.
fn codes(reply: &Reply) -> Vec<&str> {
    let results = reply.body["results"].as_array().unwrap_or_else(|| panic!("{reply}"));
    results.iter().map(|result| result["code"].as_str().unwrap()).collect()
}

/// How often verifications of a key came to what, by the store.
async fn counted(app: &TestApp, shop: &Shop<'_>, key: &str) -> (Value, Value) {
    app.fold().await;
    let usage = shop.admin.get(&format!("/api/v1/api_keys/{key}/usage")).await;
    assert_eq!(usage.status, 200, "{usage}");
    (shop.get(key).await.body["api_key"]["verification_count"].clone(), usage.body["usage"].clone())
}

#[tokio::test]
async fn each_is_answered_in_its_place_as_if_it_were_asked_alone() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (_, good) = shop.makes_key(json!({ "metadata": { "plan": "pro" } })).await;
    let (_, ended) = shop.makes_key(json!({ "expires_on": "2026-11-22T12:30:00Z" })).await;
    let (_, kept) = shop.makes_key(json!({ "allowed_cidrs": ["203.0.113.0/24"] })).await;
    let (id, revoked) = shop.makes_key(json!({})).await;
    shop.admin.delete(&format!("/api/v1/api_keys/{id}")).await;
    app.advance(Duration::from_secs(1800));
    let asked = [
        json!({ "api_key": "garbage" }),
        json!({ "api_key": good, "scopes": ["read:orders"] }),
        json!({ "api_key": good, "audience": "https://other.example.com" }),
        json!({ "api_key": ended }),
        json!({ "api_key": kept, "ip": "198.51.100.1" }),
        json!({ "api_key": kept, "ip": "203.0.113.1" }),
        json!({ "api_key": revoked }),
        json!({ "api_key": good, "scopes": ["write:orders", "read:orders"] }),
    ];
    let batch = verify(&shop.admin, json!(asked), json!({})).await;
    assert_eq!((batch.status, batch.header("cache-control")), (200, "no-store"));
    assert_eq!(
        codes(&batch),
        [
            "API_KEY_INVALID",
            "API_KEY_VERIFIED",
            "API_KEY_WRONG_API",
            "API_KEY_EXPIRED",
            "API_KEY_IP_NOT_ALLOWED",
            "API_KEY_VERIFIED",
            "API_KEY_REVOKED",
            "API_KEY_INSUFFICIENT_SCOPE",
        ]
    );
    assert_eq!(batch.body.as_object().unwrap().keys().collect::<Vec<_>>(), ["results", "revision"]);
    assert_eq!(batch.body["revision"], app.revision().await);
    for (at, asked) in asked.into_iter().enumerate() {
        let mut alone = shop.admin.post("/api/v1/api_keys/verify", asked).await.body;
        let mut result = batch.body["results"][at].clone();
        if alone["is_valid"] == true {
            let counts = (&result["verification_count"], &alone["verification_count"]);
            assert_eq!(counts, (&json!(1), &json!(2)), "the second time, after the one in the batch");
        }
        assert_eq!(result["verification_count"].is_null(), alone["verification_count"].is_null());
        for count in ["verification_count", "last_verified_on"] {
            (alone[count], result[count]) = (Value::Null, Value::Null);
        }
        assert_eq!(result, alone, "{at}");
    }
}

#[tokio::test]
async fn each_is_counted_once_and_only_what_may_be() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (id, secret) = shop.makes_key(json!({})).await;
    let good = json!({ "api_key": secret });
    let lacking = json!({ "api_key": secret, "scopes": ["write:orders"] });
    let batch = verify(&shop.admin, json!([good, lacking, good, { "api_key": "garbage" }, good]), json!({})).await;
    let counts: Vec<_> = batch.body["results"].as_array().unwrap().iter().map(|it| &it["verification_count"]).collect();
    assert_eq!((counts[0], counts[2], counts[4], counts[3]), (&json!(1), &json!(2), &json!(3), &json!(null)));
    let (count, usage) = counted(&app, &shop, &id).await;
    assert_eq!(count, 3);
    assert_eq!(usage[0]["outcomes"], json!({ "API_KEY_INSUFFICIENT_SCOPE": 1, "API_KEY_VERIFIED": 3 }), "{usage}");
    let metrics = app.app.metrics.page(&app.app).unwrap();
    for line in ["verified\"} 3", "invalid\"} 1", "insufficient_scope\"} 1"] {
        assert!(metrics.contains(&format!("keyward_verifications_total{{outcome=\"{line}\n")), "{line}");
    }
    assert!(metrics.contains("keyward_verification_duration_seconds_count 5\n"));
}

#[tokio::test]
async fn what_stands_beside_the_keys_is_for_those_that_do_not_say_it() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let other = shop.admin.makes_api("https://other.example.com", &[]).await;
    let (_, first) = shop.makes_key(json!({})).await;
    let (_, second) = shop.makes_key(json!({ "api_id": other, "scope_ids": [] })).await;
    let both = json!([{ "api_key": first }, { "api_key": second }]);
    for beside in [json!({ "audience": "https://api.example.com" }), json!({ "api_id": shop.api })] {
        let batch = verify(&shop.admin, both.clone(), beside).await;
        assert_eq!(codes(&batch), ["API_KEY_VERIFIED", "API_KEY_WRONG_API"]);
    }
    let own = json!([{ "api_key": first }, { "api_key": second, "audience": "https://other.example.com" }]);
    let batch = verify(&shop.admin, own.clone(), json!({ "audience": "https://api.example.com" })).await;
    assert_eq!(codes(&batch), ["API_KEY_VERIFIED", "API_KEY_VERIFIED"]);
    let batch = verify(&shop.admin, own, json!({ "api_id": shop.api })).await;
    assert_eq!(codes(&batch), ["API_KEY_VERIFIED", "API_KEY_WRONG_API"], "id and audience must both hold");
}

#[tokio::test]
async fn it_has_the_rights_of_one_verification() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let globex = shop.admin.makes_organization("Globex").await;
    let other = shop.admin.makes_api("https://other.example.com", &[]).await;
    let (_, own) = shop.makes_key(json!({ "org_code": globex })).await;
    let (_, foreign) = shop.makes_key(json!({})).await;
    let (_, elsewhere) = shop.makes_key(json!({ "api_id": other, "scope_ids": [], "org_code": globex })).await;
    let keys = json!([{ "api_key": own }, { "api_key": foreign }, { "api_key": elsewhere }]);
    let of_globex = json!({ "org_code": globex });
    let tenant = shop.admin.makes_m2m(&["verify:api_keys"], of_globex).await;
    let batch = verify(&tenant, keys.clone(), json!({})).await;
    assert_eq!(codes(&batch), ["API_KEY_VERIFIED", "API_KEY_INVALID", "API_KEY_VERIFIED"]);
    let bound = shop.admin.makes_environment_key(&["read:api_keys"], json!({ "bound_api_ids": [shop.api] })).await;
    let batch = verify(&bound, keys.clone(), json!({})).await;
    assert_eq!(codes(&batch), ["API_KEY_VERIFIED", "API_KEY_VERIFIED", "API_KEY_WRONG_API"]);
    let without = shop.admin.makes_m2m(&["create:api_keys"], json!({})).await;
    let refused = verify(&without, keys, json!({})).await;
    assert_eq!((refused.status, refused.message()), (403, "Scope missing: verify:api_keys"));
}

#[tokio::test]
async fn an_entry_that_breaks_a_rule_is_named_and_then_none_is_counted() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (id, secret) = shop.makes_key(json!({})).await;
    let good = json!({ "api_key": secret });
    let bad = |more: Value| json!([good, good, good, with(&good, more)]);
    for (keys, message) in [
        (json!([]), "`keys` must have 1 to 1000 entries"),
        (json!(vec![&good; 1001]), "`keys` must have 1 to 1000 entries"),
        (bad(json!({ "ip": "office" })), "`keys[3].ip` must be an IPv4 or IPv6 address"),
        (bad(json!({ "scopes": vec!["a"; 101] })), "`keys[3].scopes` must have at most 100 entries"),
        (bad(json!({ "scopes": ["a", secret] })), "`keys[3].scopes[1]` must be a scope, and not the secret of a key"),
        (
            bad(json!({ "min_revision": 9_007_199_254_740_992_u64 })),
            "`keys[3].min_revision` must be at most 9007199254740991",
        ),
        (bad(json!({ "cost": 1_000_001 })), "`keys[3].cost` must be at most 1000000"),
        (bad(json!({ "price": 2 })), "`keys[3].price` is not a field of this request"),
        (bad(json!({ "api_key": null })), "`keys[3].api_key` must be text"),
        (json!([good, { "ip": "203.0.113.1" }]), "`keys[1].api_key` is missing"),
        (json!([good, secret]), "`keys[1]` must be an object"),
        (json!(good), "`keys` must be a list"),
    ] {
        let reply = verify(&shop.admin, keys, json!({})).await;
        assert_eq!((reply.status, reply.message()), (400, message));
    }
    let beside = json!({ "min_revision": 9_007_199_254_740_992_u64 });
    let reply = verify(&shop.admin, json!([good]), beside).await;
    assert_eq!((reply.status, reply.message()), (400, "`min_revision` must be at most 9007199254740991"));
    assert_eq!(counted(&app, &shop, &id).await, (json!(0), json!([])));
}

#[tokio::test]
async fn a_thousand_are_answered_and_counted() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (id, secret) = shop.makes_key(json!({})).await;
    let batch = verify(&shop.admin, json!(vec![json!({ "api_key": secret }); 1000]), json!({})).await;
    let results = batch.body["results"].as_array().unwrap();
    assert_eq!(results.len(), 1000);
    assert!(results.iter().enumerate().all(|(at, result)| result["verification_count"] == at + 1));
    assert_eq!(counted(&app, &shop, &id).await.0, 1000);
}

#[tokio::test]
async fn the_highest_revision_that_is_asked_for_counts_for_all() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (id, secret) = shop.makes_key(json!({})).await;
    let revision = app.revision().await;
    let known = json!([{ "api_key": secret, "min_revision": revision }]);
    assert_eq!(codes(&verify(&shop.admin, known, json!({ "min_revision": 0 })).await), ["API_KEY_VERIFIED"]);
    for (own, beside) in [(json!(revision + 1), json!(null)), (json!(1), json!(revision + 1))] {
        let keys = json!([{ "api_key": secret }, { "api_key": secret, "min_revision": own }]);
        let reply = verify(&shop.admin, keys, json!({ "min_revision": beside })).await;
        assert_eq!((reply.status, reply.error()), (503, "REVISION_NOT_REACHED"));
    }
    assert_eq!(counted(&app, &shop, &id).await.0, 1);
}

#[tokio::test]
async fn a_node_that_may_not_answer_answers_none() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (_, secret) = shop.makes_key(json!({})).await;
    app.db_change("UPDATE keys SET allowed_cidrs = 'not json'").await;
    app.advance(Duration::from_secs(3));
    let reply = verify(&shop.admin, json!([{ "api_key": secret }]), json!({})).await;
    assert_eq!((reply.status, reply.error()), (503, "UNAVAILABLE"), "{reply}");
}

#[tokio::test]
async fn others_are_answered_in_between() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (_, secret) = shop.makes_key(json!({})).await;
    let order = Mutex::new(Vec::new());
    let many = json!(vec![json!({ "api_key": secret }); 1000]);
    let batch = async {
        assert_eq!(verify(&shop.admin, many, json!({})).await.status, 200);
        order.lock().unwrap().push("the batch");
    };
    let single = async {
        assert_eq!(shop.admin.verify(&secret, json!({})).await.status, 200);
        order.lock().unwrap().push("the single one");
    };
    tokio::join!(batch, single);
    assert_eq!(*order.lock().unwrap(), ["the single one", "the batch"]);
}
