//! `POST /api/v1/api_keys/explain`

use std::time::Duration;

use insta::assert_snapshot;
use keyward_core::{KeyClass, KeyPrefix, KeySecret};
use serde_json::{Value, json};

use crate::keys::Shop;
use crate::support::{Actor, Reply, TestApp, with};

/// Asks about a key by its id; `more` are further members.
async fn explain(who: &Actor<'_>, key: &str, more: Value) -> Reply {
    who.post("/api/v1/api_keys/explain", with(&json!({ "key_id": key }), more)).await
}

/// Asks about a key by a secret.
async fn explain_secret(who: &Actor<'_>, secret: &str, more: Value) -> Reply {
    who.post("/api/v1/api_keys/explain", with(&json!({ "api_key": secret }), more)).await
}

/// The steps with one of these outcomes.
fn steps(reply: &Reply, outcome: &str) -> Vec<String> {
    let steps = reply.body["steps"].as_array().unwrap_or_else(|| panic!("{reply}"));
    let those = steps.iter().filter(|step| step["outcome"] == outcome);
    those.map(|step| step["step"].as_str().unwrap().to_owned()).collect()
}

/// What a step says.
fn reason(reply: &Reply, name: &str) -> String {
    let steps = reply.body["steps"].as_array().unwrap_or_else(|| panic!("{reply}"));
    let step = steps.iter().find(|step| step["step"] == name).unwrap();
    step["reason"].as_str().unwrap().to_owned()
}

/// All of an answer that must not tell one case from another.
fn seen(reply: &Reply) -> (u16, Vec<u8>) {
    (reply.status, reply.bytes.clone())
}

#[tokio::test]
async fn a_key_that_is_good_passes_every_step() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let more = json!({ "expires_on": "2027-01-01T00:00:00Z", "allowed_cidrs": ["203.0.113.0/24", "2001:db8::/32"] });
    let (id, secret) = shop.makes_key(more).await;
    let asked = json!({ "audience": "https://api.example.com", "scopes": ["read:orders"], "ip": "::ffff:203.0.113.9" });
    let by_secret = explain_secret(&shop.admin, &secret, asked.clone()).await;
    assert_snapshot!(by_secret);
    let mut by_id = explain(&shop.admin, &id, asked).await.body;
    assert_eq!(by_id["steps"][0]["outcome"], "not_asked");
    by_id["steps"][0] = by_secret.body["steps"][0].clone();
    assert_eq!(by_id, by_secret.body);
}

#[tokio::test]
async fn everything_that_is_wrong_is_told_and_the_first_of_it_decides() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let limits = json!([{ "name": "burst", "limit": 1, "window_seconds": 60 }]);
    let more = json!({
        "expires_on": "2026-11-22T12:30:00Z", "allowed_cidrs": ["203.0.113.0/24"], "rate_limits": limits,
        "credits": { "remaining": 1 },
    });
    let (id, secret) = shop.makes_key(more).await;
    app.advance(Duration::from_secs(1800));
    app.db_change("UPDATE organizations SET suspended_at = 1").await;
    app.db_change("UPDATE keys SET is_enabled = (1 = 0)").await;
    shop.admin.delete(&format!("/api/v1/api_keys/{id}")).await;
    let asked = json!({
        "api_id": "another", "scopes": ["write:orders", "read:orders"], "ip": "198.51.100.1", "cost": 2,
    });
    let explained = explain(&shop.admin, &id, asked.clone()).await;
    assert_snapshot!(explained);
    let by_secret = explain_secret(&shop.admin, &secret, asked.clone()).await;
    assert_eq!(
        (by_secret.body["code"].clone(), steps(&by_secret, "passed")),
        (json!("API_KEY_WRONG_API"), vec!["secret".to_owned()])
    );
}

#[tokio::test]
async fn each_step_fails_with_the_code_that_a_verification_answers() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let other = shop.admin.makes_api("https://other.example.com", &[]).await;
    let more = json!({ "expires_on": "2026-11-22T12:30:00Z", "allowed_cidrs": ["203.0.113.0/24"] });
    let (id, secret) = shop.makes_key(more).await;
    let inside = json!({ "ip": "203.0.113.1" });
    let on_db = |change: &'static str| Some(change);
    for (change, more, step, said) in [
        (None, json!({}), "ip", "No address was told, and it may be used from 203.0.113.0/24 alone."),
        (
            None,
            json!({ "ip": "203.0.114.1" }),
            "ip",
            "It may be used from 203.0.113.0/24 alone, and 203.0.114.1 is outside.",
        ),
        (
            None,
            with(&inside, json!({ "scopes": ["a", "read:orders", "b"] })),
            "scopes",
            "It carries read:orders, and lacks a, b.",
        ),
        (
            None,
            with(&inside, json!({ "api_id": other })),
            "api",
            "The key is for the API a192afe3157c85d0c847729f4e08f3a3, https://api.example.com, and another one was asked for.",
        ),
        (
            on_db("UPDATE organizations SET suspended_at = 1"),
            inside.clone(),
            "owner",
            "Its owner org_846eb9673349 is suspended.",
        ),
        (
            on_db("UPDATE organizations SET suspended_at = NULL"),
            json!({}),
            "ip",
            "No address was told, and it may be used from 203.0.113.0/24 alone.",
        ),
        (on_db("UPDATE keys SET is_enabled = (1 = 0)"), inside.clone(), "enabled", "It is disabled."),
        (
            on_db("UPDATE keys SET is_enabled = (1 = 1), expires_at = 1"),
            inside.clone(),
            "expiry",
            "It ended at 1970-01-01T00:00:00.000001Z.",
        ),
        (on_db("UPDATE keys SET expires_at = NULL, revoked_at = 1"), inside.clone(), "revocation", "It was revoked."),
        (
            on_db("UPDATE keys SET revoked_at = NULL"),
            json!({}),
            "ip",
            "No address was told, and it may be used from 203.0.113.0/24 alone.",
        ),
        (on_db("UPDATE organizations SET deleted_at = 1"), inside.clone(), "revocation", "Its owner was deleted."),
        (
            on_db("UPDATE apis SET deleted_at = 1 WHERE NOT is_management_api"),
            inside.clone(),
            "revocation",
            "Its API was deleted.",
        ),
    ] {
        if let Some(change) = change {
            app.db_change(change).await;
        }
        let by_id = explain(&shop.admin, &id, more.clone()).await;
        let by_secret = explain_secret(&shop.admin, &secret, more.clone()).await;
        let verified = shop.admin.verify(&secret, more).await;
        for explained in [by_id, by_secret] {
            assert_eq!(
                (steps(&explained, "failed"), reason(&explained, step)),
                (vec![step.to_owned()], said.to_owned())
            );
            for member in ["code", "message", "is_valid", "revision"] {
                assert_eq!(explained.body[member], verified.body[member], "{step}: {member}");
            }
        }
    }
}

#[tokio::test]
async fn it_spends_nothing_and_counts_nothing() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (id, secret) = shop.makes_key(json!({})).await;
    let before = app.database.db_rows().await;
    for more in [json!({}), json!({ "scopes": ["write:orders"] })] {
        assert_eq!(explain(&shop.admin, &id, more.clone()).await.status, 200);
        assert_eq!(explain_secret(&shop.admin, &secret, more).await.status, 200);
    }
    app.fold().await;
    assert_eq!(app.database.db_rows().await, before);
    assert_eq!(shop.admin.verify(&secret, json!({})).await.body["verification_count"], 1);
    assert!(app.app.metrics.page(&app.app).unwrap().contains("keyward_verification_duration_seconds_count 1\n"));
}

#[tokio::test]
async fn a_wrong_secret_tells_nothing_whatever_the_key_is() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (rotated, old) = shop.makes_key(json!({})).await;
    shop.admin.put(&format!("/api/v1/api_keys/{rotated}")).await;
    let (_, good) = shop.makes_key(json!({})).await;
    let machine = shop.admin.makes_environment_key(&["read:api_keys"], json!({})).await;
    let unknown = KeySecret::generate(&KeyPrefix::default(), KeyClass::Live, &mut |bytes| bytes.fill(7));
    let garbage = explain_secret(&shop.admin, "garbage", json!({})).await;
    assert_snapshot!(garbage);
    for secret in [old, unknown.plain().expose().to_owned(), format!("{good}x"), machine.token.unwrap(), String::new()]
    {
        let asked = json!({ "audience": "https://api.example.com", "scopes": ["a"] });
        assert_eq!(seen(&explain_secret(&shop.admin, &secret, asked).await), seen(&garbage));
    }
}

#[tokio::test]
async fn an_environment_key_is_nobodys_key_and_is_told_to_be_that_by_its_id() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    shop.admin.makes_environment_key(&["read:api_keys"], json!({})).await;
    let id = shop.admin.get("/api/v1/api_keys").await.text("/api_keys/0/id");
    let explained = explain(&shop.admin, &id, json!({})).await;
    assert_eq!((explained.text("/code"), explained.text("/key_id")), ("API_KEY_INVALID".into(), id));
    assert_eq!((steps(&explained, "failed").len(), steps(&explained, "not_reached").len()), (1, 9));
    assert_eq!(
        reason(&explained, "secret"),
        "It is an environment key: it opens Keyward itself, and no API of the platform."
    );
}

#[tokio::test]
async fn a_rotated_key_is_explained_by_its_id_as_before() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (id, _) = shop.makes_key(json!({})).await;
    shop.admin.put(&format!("/api/v1/api_keys/{id}")).await;
    app.advance(Duration::from_secs(60));
    assert_eq!(explain(&shop.admin, &id, json!({})).await.text("/code"), "API_KEY_VERIFIED");
}

#[tokio::test]
async fn an_organizations_application_explains_its_own_keys_alone() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let globex = shop.admin.makes_organization("Globex").await;
    let user = shop.admin.makes_user("Ada").await;
    let (own, own_secret) = shop.makes_key(json!({ "org_code": globex })).await;
    let (foreign, foreign_secret) = shop.makes_key(json!({})).await;
    let (of_user, secret_of_user) = shop.makes_key_of_user(&user).await;
    let tenant = shop.admin.makes_m2m(&["read:api_keys"], json!({ "org_code": globex })).await;
    assert_eq!(explain(&tenant, &own, json!({})).await.text("/code"), "API_KEY_VERIFIED");
    assert_eq!(explain_secret(&tenant, &own_secret, json!({})).await.text("/code"), "API_KEY_VERIFIED");
    let nobodys = explain(&tenant, "api_key_00000000000000000000000000000000", json!({})).await;
    assert_eq!((nobodys.status, nobodys.error()), (404, "API_KEY_NOT_FOUND"));
    for id in [foreign, of_user, "nothing".to_owned(), String::new()] {
        assert_eq!(seen(&explain(&tenant, &id, json!({})).await), seen(&nobodys));
    }
    let garbage = explain_secret(&tenant, "garbage", json!({})).await;
    for secret in [foreign_secret, secret_of_user] {
        assert_eq!(seen(&explain_secret(&tenant, &secret, json!({})).await), seen(&garbage));
    }
}

#[tokio::test]
async fn a_bound_credential_is_told_that_it_is_bound() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let other = shop.admin.makes_api("https://other.example.com", &[]).await;
    let (id, _) = shop.makes_key(json!({})).await;
    let bound = shop.admin.makes_environment_key(&["read:api_keys"], json!({ "bound_api_ids": [other] })).await;
    let explained = explain(&bound, &id, json!({})).await;
    assert_eq!(explained.text("/code"), "API_KEY_WRONG_API");
    let said = format!(
        "The key is for the API {}, https://api.example.com, to which the credential that asks is not bound.",
        shop.api
    );
    assert_eq!(reason(&explained, "api"), said);
}

#[tokio::test]
async fn it_takes_a_key_in_one_way_and_what_a_verification_takes() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (id, secret) = shop.makes_key(json!({})).await;
    for (body, code, message) in [
        (json!({}), "FIELD_MISSING", "`key_id` is missing, and so is `api_key`"),
        (
            json!({ "key_id": id, "api_key": secret }),
            "FIELD_INVALID",
            "`key_id` must not be given together with `api_key`",
        ),
        (json!({ "key_id": id, "ip": "office" }), "FIELD_INVALID", "`ip` must be an IPv4 or IPv6 address"),
        (json!({ "key_id": id, "scopes": vec!["a"; 101] }), "FIELD_INVALID", "`scopes` must have at most 100 entries"),
        (
            json!({ "key_id": id, "scopes": [secret] }),
            "FIELD_INVALID",
            "`scopes[0]` must be a scope, and not the secret of a key",
        ),
        (json!({ "key_id": id, "min_revision": 1 }), "FIELD_UNKNOWN", "`min_revision` is not a field of this request"),
    ] {
        let reply = shop.admin.post("/api/v1/api_keys/explain", body).await;
        assert_eq!((reply.status, reply.error(), reply.message()), (400, code, message));
    }
    let without = shop.admin.makes_m2m(&["verify:api_keys"], json!({})).await;
    assert_eq!(explain(&without, &id, json!({})).await.message(), "Scope missing: read:api_keys");
}

#[tokio::test]
async fn a_change_that_this_node_has_not_heard_of_is_told() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (id, secret) = shop.makes_key(json!({})).await;
    app.database.db_change("UPDATE keys SET is_enabled = (1 = 0)").await;
    assert_eq!(
        shop.admin.verify(&secret, json!({})).await.text("/code"),
        "API_KEY_VERIFIED",
        "nobody has told this node"
    );
    assert_eq!(explain(&shop.admin, &id, json!({})).await.text("/code"), "API_KEY_DISABLED");
}
