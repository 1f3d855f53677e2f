//! `POST /oauth2/revoke`: RFC 7009.

use std::time::Duration;

use axum::body::Body;
use axum::http::Method;
use keyward_core::{ApiId, ApiKeyId, KeyClass, KeyPrefix, KeySecret, OrgCode, OrgScope, Owner, Salts};
use keyward_server::caller::Caller;
use keyward_store::NewEvent;
use keyward_store::keys::{NewKeySecret, find_key, replace_key_secret};
use serde_json::{Value, json};

use crate::support::tokens::with_bad_signature;
use crate::support::{Actor, Reply, TestApp, with};

const PATH: &str = "/oauth2/revoke";

struct Shop<'a> {
    app: &'a TestApp,
    admin: Actor<'a>,
    api: String,
    org: String,
}

impl<'a> Shop<'a> {
    async fn open(app: &'a TestApp) -> Self {
        let admin = app.admin().await;
        let api = admin.makes_api("https://api.example.com", &["read:orders"]).await;
        let org = admin.makes_organization("Acme").await;
        Self { app, admin, api, org }
    }

    async fn makes_key(&self, more: Value) -> (String, String) {
        self.admin.makes_key(with(&json!({ "name": "Key", "api_id": self.api, "org_code": self.org }), more)).await
    }

    async fn revoke(&self, token: &str) -> Reply {
        self.app.anonymous().form(PATH, &format!("token={token}")).await
    }

    async fn code(&self, key: &str) -> String {
        self.admin.verify(key, json!({})).await.text("/code")
    }
}

#[tokio::test]
async fn whoever_holds_a_key_ends_it_and_nothing_else_is_needed() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (id, key) = shop.makes_key(json!({})).await;
    let (_, other) = shop.makes_key(json!({ "name": "Other" })).await;
    assert_eq!(shop.code(&key).await, "API_KEY_VERIFIED");
    let before = app.revision().await;
    let done = shop.revoke(&key).await;
    assert_eq!((done.status, done.bytes.len(), done.header("cache-control")), (200, 0, "no-store"), "{done}");
    assert_eq!((shop.code(&key).await, shop.code(&other).await), ("API_KEY_REVOKED".into(), "API_KEY_VERIFIED".into()));
    assert_eq!(app.revision().await, before + 1);
    let events = shop.admin.get(&format!("/api/v1/audit_events?target_id={id}")).await;
    let event = &events.body["audit_events"][0];
    assert_eq!((&event["action"], &event["actor_kind"]), (&json!("key.revoked"), &json!("key_holder")), "{events}");
    assert_eq!(event["actor_id"], id);

    assert_eq!(shop.revoke(&key).await.status, 200);
    assert_eq!(app.revision().await, before + 1, "what is done is not done again");
}

#[tokio::test]
async fn a_key_that_is_out_of_use_for_another_reason_is_ended_too() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (_, expired) = shop.makes_key(json!({ "name": "Expired", "expires_on": "2026-11-22T12:00:30Z" })).await;
    let (_, disabled) = shop.makes_key(json!({ "name": "Disabled" })).await;
    app.db_change("UPDATE keys SET is_enabled = FALSE WHERE name = 'Disabled'").await;
    let suspend = json!({ "is_suspended": true });
    assert_eq!(shop.admin.patch(&format!("/api/v1/organization/{}", shop.org), suspend).await.status, 200);
    app.advance(Duration::from_secs(31));
    for key in [&expired, &disabled] {
        assert_eq!(shop.revoke(key).await.status, 200);
        assert_eq!(shop.code(key).await, "API_KEY_REVOKED");
    }
}

#[tokio::test]
async fn an_environment_key_ends_itself() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let machine = shop.admin.makes_environment_key(&["read:apis"], json!({})).await;
    assert_eq!(machine.get("/api/v1/apis").await.status, 200);
    assert_eq!(shop.revoke(machine.token.as_deref().unwrap()).await.status, 200);
    assert_eq!(machine.get("/api/v1/apis").await.status, 401);
}

#[tokio::test]
async fn what_is_no_key_any_more_or_never_was_is_200_and_changes_nothing() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (id, rotated) = shop.makes_key(json!({})).await;
    let renewed = shop.admin.put(&format!("/api/v1/api_keys/{id}")).await.text("/api_key/key");
    let token = shop.admin.token.as_deref().unwrap();
    let before = app.revision().await;
    for nothing in ["garbage", &rotated, &renewed.replacen("live_", "live_0", 1), &with_bad_signature(token)] {
        let reply = shop.revoke(nothing).await;
        assert_eq!((reply.status, reply.bytes.len()), (200, 0), "{reply}");
    }
    assert_eq!((app.revision().await, shop.code(&renewed).await), (before, "API_KEY_VERIFIED".into()));
}

#[tokio::test]
async fn a_key_that_was_rotated_and_told_to_nobody_is_not_ended_by_its_old_secret() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (_, secret) = shop.makes_key(json!({})).await;
    app.database.db_run("UPDATE key_secrets SET expires_at = 1").await;
    app.database.db_change("UPDATE keys SET name = 'Rotated'").await;
    let before = app.revision().await;
    assert_eq!(shop.revoke(&secret).await.status, 200);
    assert_eq!(app.revision().await, before);
    assert_eq!(shop.code(&secret).await, "API_KEY_INVALID", "200 says that it is worth nothing");
}

/// Gives the key another secret in the store, as another node would, and tells nobody.
async fn replace_unheard(app: &TestApp, shop: &Shop<'_>, id: &str) -> String {
    let secret = KeySecret::generate(&KeyPrefix::default(), KeyClass::Live, &mut |bytes| bytes.fill(7));
    let (id, api) = (ApiKeyId::parse(id).unwrap(), ApiId::parse(&shop.api).unwrap());
    let owner = Owner::Organization(OrgCode::parse(&shop.org).unwrap());
    let mac = app.app.keyring.key_mac(app.app.keyring.version(), &id, &api, &owner, secret.plain()).unwrap();
    let mut change = app.app.change(&Caller::system()).await.unwrap();
    let row = find_key(&mut change, &OrgScope::All, &id).await.unwrap().unwrap();
    let new = NewKeySecret { secret: &secret, mac, secret_version: app.app.keyring.version() };
    let now = change.now();
    replace_key_secret(&mut change, &row, &new, now).await.unwrap();
    let salts = app.app.make(|fill, _| Salts::generate(fill));
    change.commit(&app.app.keyring, NewEvent::new("key.rotated", &id), &salts).await.unwrap();
    app.remember(secret.plain().expose());
    secret.plain().expose().to_owned()
}

#[tokio::test]
async fn a_key_that_is_not_known_here_is_ended_after_one_round() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (id, _) = shop.makes_key(json!({})).await;
    let secret = replace_unheard(&app, &shop, &id).await;
    assert_eq!(shop.code(&secret).await, "API_KEY_INVALID", "it is known here, and the test proves nothing");
    let form = format!("token={secret}&client_id=anybody&client_secret=wrong");
    assert_eq!(app.anonymous().form(PATH, &form).await.status, 200, "who sends it makes no difference");
    assert_eq!(shop.code(&secret).await, "API_KEY_REVOKED");
}

#[tokio::test]
async fn a_token_cannot_be_revoked_and_that_is_told() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let told = shop.revoke(shop.admin.token.as_deref().unwrap()).await;
    assert_eq!((told.status, told.error()), (400, "unsupported_token_type"), "{told}");
    assert_eq!(shop.admin.get("/api/v1/apis").await.status, 200);
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_by_name() {
    let app = TestApp::start().await;
    let nobody = app.anonymous();
    for (reply, status, description) in [
        (nobody.form(PATH, "").await, 400, "`token` is missing."),
        (nobody.form(PATH, "token=").await, 400, "`token` is missing."),
        (nobody.post(PATH, json!({ "token": 1 })).await, 400, "`token` must be text"),
        (nobody.form(PATH, "token=a&token=b").await, 400, "`token` stands more than once"),
        (nobody.get(PATH).await, 405, "The method must be POST."),
    ] {
        assert_eq!((reply.status, reply.error()), (status, "invalid_request"), "{reply}");
        assert_eq!(reply.body["error_description"], description);
    }
}

#[tokio::test]
async fn guesses_are_slowed_down_and_whoever_holds_a_key_never() {
    let settings = "public_url = 'https://keys.example.com'\nfailures_per_address_per_minute = 3";
    let app = TestApp::start_with(settings).await;
    let shop = Shop::open(&app).await;
    let (_, key) = shop.makes_key(json!({})).await;
    let send = async |token: String| {
        let request =
            app.anonymous().request(Method::POST, PATH).header("content-type", "application/x-www-form-urlencoded");
        app.send(request.body(Body::from(format!("token={token}"))).unwrap()).await
    };
    let mut statuses = Vec::new();
    for _ in 0..5 {
        statuses.push(send("garbage".into()).await.status);
    }
    assert_eq!(statuses, [200, 200, 200, 429, 429]);
    let refused = send("garbage".into()).await;
    assert!(!refused.header("retry-after").is_empty(), "{refused}");
    assert_eq!(send(key.clone()).await.status, 200);
    assert_eq!(shop.code(&key).await, "API_KEY_REVOKED");
}

#[tokio::test]
async fn without_the_store_it_is_not_said_to_be_done() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (_, key) = shop.makes_key(json!({})).await;
    app.app.close().await;
    let reply = shop.revoke(&key).await;
    assert_eq!((reply.status, reply.error(), reply.header("retry-after")), (503, "temporarily_unavailable", "1"));
}
