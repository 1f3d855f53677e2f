//! `POST /oauth2/introspect`: RFC 7662.

use std::time::Duration;

use axum::body::Body;
use axum::http::Method;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::support::tokens::with_bad_signature;
use crate::support::{Actor, Reply, TestApp, hours, with};

const PATH: &str = "/oauth2/introspect";

struct Shop<'a> {
    app: &'a TestApp,
    admin: Actor<'a>,
    api: String,
    org: String,
}

impl<'a> Shop<'a> {
    async fn open(app: &'a TestApp) -> Self {
        let admin = app.admin().await;
        let api = admin.makes_api("https://api.example.com", &["read:orders", "write:orders"]).await;
        let org = admin.makes_organization("Acme").await;
        Self { app, admin, api, org }
    }

    async fn makes_key(&self, more: Value) -> (String, String) {
        let body = json!({ "name": "Key", "api_id": self.api, "org_code": self.org, "scope_ids": ["read:orders", "write:orders"] });
        self.admin.makes_key(with(&body, more)).await
    }

    /// A token for the API, with both of its scopes, of an application of its own.
    async fn makes_token(&self, more: Value) -> (String, String) {
        let (id, secret) = self.admin.makes_application(&[], more).await;
        let path = format!("/api/v1/apis/{}/applications", self.api);
        self.admin.patch(&path, json!({ "applications": [{ "id": id }] })).await;
        let scopes = self.admin.get(&format!("/api/v1/apis/{}/scopes", self.api)).await;
        for scope in scopes.body["scopes"].as_array().unwrap() {
            let path = format!("{path}/{id}/scopes/{}", scope["id"].as_str().unwrap());
            assert_eq!(self.admin.call(Method::POST, &path, None).await.status, 200);
        }
        let form = format!(
            "grant_type=client_credentials&client_id={id}&client_secret={secret}&audience=https://api.example.com"
        );
        (id, self.app.anonymous().form("/oauth2/token", &form).await.text("/access_token"))
    }
}

async fn ask(caller: &Actor<'_>, token: &str) -> Reply {
    caller.form(PATH, &format!("token={token}")).await
}

#[tokio::test]
async fn a_key_tells_what_a_resource_server_wants_to_know() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let expires = json!({ "expires_on": "2027-01-01T00:00:00Z" });
    let (_, secret) = shop.makes_key(expires).await;
    assert_snapshot!(ask(&shop.admin, &secret).await);
    let user = shop.admin.makes_user("Kim").await;
    let (_, secret) = shop.makes_key(json!({ "org_code": null, "user_id": user })).await;
    let told = ask(&shop.admin, &secret).await;
    assert_eq!((told.text("/sub"), told.text("/user_id")), (user.clone(), user));
    assert!(told.body.get("exp").is_none() && told.body.get("org_code").is_none(), "{told}");
}

#[tokio::test]
async fn a_token_tells_what_it_says_less_what_its_application_has_lost() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (id, token) = shop.makes_token(json!({})).await;
    assert_snapshot!(ask(&shop.admin, &token).await);
    let scopes = shop.admin.get(&format!("/api/v1/apis/{}/scopes", shop.api)).await;
    let lost = scopes.body["scopes"].as_array().unwrap().iter().find(|scope| scope["key"] == "write:orders").unwrap();
    let path = format!("/api/v1/apis/{}/applications/{id}/scopes/{}", shop.api, lost["id"].as_str().unwrap());
    assert_eq!(shop.admin.delete(&path).await.status, 200);
    assert_eq!(ask(&shop.admin, &token).await.text("/scope"), "read:orders");
    let own = ask(&shop.admin, shop.admin.token.as_deref().unwrap()).await;
    assert_eq!((own.body["active"].clone(), own.text("/aud/0")), (json!(true), "https://keys.example.com/api".into()));
}

#[tokio::test]
async fn whatever_is_worth_nothing_is_one_answer() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let admin = &shop.admin;
    let (_, good) = shop.makes_key(json!({})).await;
    let (revoked_id, revoked) = shop.makes_key(json!({ "name": "Revoked" })).await;
    let (rotated_id, rotated) = shop.makes_key(json!({ "name": "Rotated" })).await;
    let (_, expired) = shop.makes_key(json!({ "expires_on": "2026-11-22T12:00:30Z" })).await;
    let (_, disabled) = shop.makes_key(json!({ "name": "Disabled" })).await;
    let (_, elsewhere) = shop.makes_key(json!({ "allowed_cidrs": ["192.0.2.0/24"] })).await;
    let closed = admin.makes_organization("Closed").await;
    let (_, suspended) = shop.makes_key(json!({ "org_code": closed })).await;
    let other_api = admin.makes_api("https://other.example.com", &[]).await;
    let (_, of_other_api) =
        admin.makes_key(json!({ "name": "Other", "api_id": other_api, "org_code": shop.org })).await;
    let machine = admin.makes_environment_key(&["read:apis"], json!({})).await.token.unwrap();
    let (_, ended) = shop.makes_token(json!({ "name": "Ended" })).await;
    let (_, of_nobody) = shop.makes_token(json!({ "name": "Deleted" })).await;
    let (taken_id, taken) = shop.makes_token(json!({ "name": "Taken" })).await;

    assert_eq!(admin.delete(&format!("/api/v1/api_keys/{revoked_id}")).await.status, 200);
    assert_eq!(admin.put(&format!("/api/v1/api_keys/{rotated_id}")).await.status, 201);
    app.db_change("UPDATE keys SET is_enabled = FALSE WHERE name = 'Disabled'").await;
    let suspend = json!({ "is_suspended": true });
    assert_eq!(admin.patch(&format!("/api/v1/organization/{closed}"), suspend).await.status, 200);
    app.db_change("UPDATE applications SET disabled_at = 1 WHERE name = 'Ended'").await;
    app.db_change("UPDATE applications SET deleted_at = 1 WHERE name = 'Deleted'").await;
    let path = format!("/api/v1/apis/{}/applications", shop.api);
    let taken_away = json!({ "applications": [{ "id": taken_id, "operation": "delete" }] });
    assert_eq!(admin.patch(&path, taken_away).await.status, 200);

    let (id, secret) = admin.makes_application(&["verify:api_keys"], json!({ "bound_api_ids": [shop.api] })).await;
    let bound = app.sign_in(&id, &secret).await;
    let (_, good_token) = shop.makes_token(json!({ "name": "Good" })).await;
    app.advance(Duration::from_secs(31));
    for good in [&good, &good_token] {
        assert_eq!(ask(&bound, good).await.body["active"], true, "the caller cannot see anything, and proves nothing");
    }
    assert_eq!(ask(admin, &of_other_api).await.body["active"], true);
    let for_management = admin.token.as_deref().unwrap();
    for (what, token) in [
        ("garbage", "garbage"),
        ("a secret of another", &*good.replacen("live_", "live_0", 1)),
        ("revoked", &revoked),
        ("rotated", &rotated),
        ("expired", &expired),
        ("disabled", &disabled),
        ("used from nowhere", &elsewhere),
        ("of a suspended owner", &suspended),
        ("of another API", &of_other_api),
        ("of the platform", &machine),
        ("of a disabled application", &ended),
        ("of a deleted application", &of_nobody),
        ("of an application that is not authorised any more", &taken),
        ("for another API", for_management),
        ("signed by nobody", &with_bad_signature(&good_token)),
    ] {
        let told = ask(&bound, token).await;
        assert_eq!((told.status, &*told.bytes), (200, &br#"{"active":false}"#[..]), "{what}: {told}");
        assert_eq!(told.header("cache-control"), "no-store");
    }
    app.advance(hours(1));
    let bound = app.sign_in(&id, &secret).await;
    assert_eq!(&*ask(&bound, &good_token).await.bytes, br#"{"active":false}"#, "an old token");
}

#[tokio::test]
async fn an_organization_learns_of_its_own_keys_and_tokens_alone() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let other = shop.admin.makes_organization("Other").await;
    let scopes = &["verify:api_keys"];
    let own = shop.admin.makes_m2m(scopes, json!({ "org_code": shop.org })).await;
    let foreign = shop.admin.makes_m2m(scopes, json!({ "org_code": other })).await;
    let (_, key) = shop.makes_key(json!({})).await;
    let (_, token) = shop.makes_token(json!({ "org_code": shop.org })).await;
    for thing in [&key, &token] {
        assert_eq!(ask(&own, thing).await.body["active"], true);
        assert_eq!(&*ask(&foreign, thing).await.bytes, br#"{"active":false}"#);
    }
    assert_eq!(ask(&own, &token).await.text("/org_code"), shop.org);
    let (_, of_platform) = shop.makes_token(json!({})).await;
    assert_eq!(&*ask(&own, &of_platform).await.bytes, br#"{"active":false}"#);
}

#[tokio::test]
async fn a_key_that_is_kept_to_addresses_is_active_at_these() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (_, key) = shop.makes_key(json!({ "allowed_cidrs": ["192.0.2.0/24"] })).await;
    for (ip, is_active) in [("192.0.2.7", true), ("198.51.100.7", false), ("", false)] {
        let told = shop.admin.form(PATH, &format!("token={key}&ip={ip}")).await;
        assert_eq!(told.body["active"], is_active, "{ip}: {told}");
    }
    let bad = shop.admin.form(PATH, &format!("token={key}&ip=here")).await;
    assert_eq!((bad.status, bad.error()), (400, "invalid_request"), "{bad}");
}

#[tokio::test]
async fn nothing_is_counted() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (_, key) = shop.makes_key(json!({})).await;
    for _ in 0..3 {
        assert_eq!(ask(&shop.admin, &key).await.body["active"], true);
    }
    assert_eq!(shop.admin.verify(&key, json!({})).await.body["verification_count"], 1);
}

#[tokio::test]
async fn whoever_asks_shows_who_it_is_in_one_way() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (_, key) = shop.makes_key(json!({})).await;
    let (id, secret) = shop.admin.makes_application(&["verify:api_keys"], json!({})).await;
    let basic = |id: &str, secret: &str| format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")));
    let bearer = |actor: &Actor<'_>| format!("Bearer {}", actor.token.as_deref().unwrap());
    let reader = shop.admin.makes_m2m(&["read:api_keys"], json!({})).await;
    let machine = shop.admin.makes_environment_key(&["verify:api_keys"], json!({})).await;
    let lacking = shop.admin.makes_m2m(&["read:apis"], json!({})).await;
    let (lacking_id, lacking_secret) = shop.admin.makes_application(&["read:apis"], json!({})).await;
    let send = async |authorization: Option<String>, form: String| {
        let mut request = app.anonymous().request(Method::POST, PATH);
        request = request.header("content-type", "application/x-www-form-urlencoded");
        if let Some(value) = authorization {
            request = request.header("authorization", value);
        }
        app.send(request.body(Body::from(form)).unwrap()).await
    };
    let plain = || format!("token={key}");
    for good in [
        send(Some(bearer(&reader)), plain()).await,
        send(Some(bearer(&machine)), plain()).await,
        send(Some(basic(&id, &secret)), plain()).await,
        send(None, format!("token={key}&client_id={id}&client_secret={secret}&token_type_hint=unheard_of")).await,
        shop.admin.post(PATH, json!({ "token": key })).await,
    ] {
        assert_eq!((good.status, good.body["active"].clone()), (200, json!(true)), "{good}");
    }
    let invalid_token = r#"Bearer error="invalid_token""#;
    let lacks = r#"Bearer error="insufficient_scope", scope="verify:api_keys""#;
    for (reply, status, error, challenge) in [
        (send(None, plain()).await, 401, "invalid_client", ""),
        (send(Some("Bearer garbage".into()), plain()).await, 401, "invalid_token", invalid_token),
        (send(Some("Bearer".into()), plain()).await, 400, "invalid_request", ""),
        (
            send(Some(basic(&id, "wrong")), plain()).await,
            401,
            "invalid_client",
            r#"Basic realm="keyward", charset="UTF-8""#,
        ),
        (send(Some(bearer(&lacking)), plain()).await, 403, "insufficient_scope", lacks),
        (send(Some(basic(&lacking_id, &lacking_secret)), plain()).await, 403, "insufficient_scope", lacks),
        (
            send(Some(bearer(&reader)), format!("token={key}&client_id={id}&client_secret={secret}")).await,
            400,
            "invalid_request",
            "",
        ),
        (
            send(Some(basic(&id, &secret)), format!("token={key}&client_secret={secret}")).await,
            400,
            "invalid_request",
            "",
        ),
        (send(Some(bearer(&reader)), String::new()).await, 400, "invalid_request", ""),
        (send(Some(bearer(&reader)), "token=".into()).await, 400, "invalid_request", ""),
        (send(Some(bearer(&reader)), "token=a&token=b".into()).await, 400, "invalid_request", ""),
        (shop.admin.get(PATH).await, 405, "invalid_request", ""),
    ] {
        let told = (reply.status, reply.error(), reply.header("www-authenticate"));
        assert_eq!(told, (status, error, challenge), "{reply}");
        assert!(reply.body.get("active").is_none());
    }
}
