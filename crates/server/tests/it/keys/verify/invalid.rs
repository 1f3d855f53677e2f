//! Whoever does not hold the secret learns nothing about the key.

use insta::assert_snapshot;
use keyward_core::{KeyClass, KeyPrefix, KeySecret};
use serde_json::json;

use crate::keys::Shop;
use crate::support::{Reply, TestApp};

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A secret with this class and these 44 characters, and the check that goes with them.
fn forged(class: KeyClass, body: &str) -> String {
    let digit = |c: u8| u8::try_from(BASE62.iter().position(|known| *known == c).unwrap()).unwrap();
    let digits: Vec<u8> = body.bytes().map(digit).collect();
    let secret = KeySecret::generate(&KeyPrefix::default(), class, &mut |bytes| {
        bytes.iter_mut().zip(&digits).for_each(|(byte, digit)| *byte = *digit);
    });
    secret.plain().expose().to_owned()
}

/// Selector and secret, without prefix, class and check.
fn body_of(secret: &str) -> &str {
    let body = secret.rsplit('_').next().unwrap();
    &body[..44]
}

/// The same text with the character at one place exchanged for another.
fn changed(text: &str, at: usize) -> String {
    let other = if text.as_bytes()[at] == b'A' { "B" } else { "A" };
    format!("{}{other}{}", &text[..at], &text[at + 1..])
}

/// All of an answer that must not tell one case from another.
fn seen(reply: &Reply) -> (u16, Vec<(String, String)>, Vec<u8>) {
    let headers = reply.headers.iter().filter(|(name, _)| *name != "x-request-id");
    let headers = headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
    (reply.status, headers.collect(), reply.bytes.clone())
}

#[tokio::test]
async fn unknown_garbage_and_wrong_are_one_answer_byte_for_byte() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (_, secret) = shop.makes_key(json!({})).await;
    assert_eq!(forged(KeyClass::Live, body_of(&secret)), secret, "a forged secret has the right form");

    let garbage = shop.admin.verify("garbage", json!({})).await;
    assert_snapshot!(garbage, @r#"
    200
    cache-control: no-store

    {
      "api_id": null,
      "audience": null,
      "code": "API_KEY_INVALID",
      "expires_on": null,
      "http_status": 401,
      "is_valid": false,
      "key_id": null,
      "last_verified_on": null,
      "message": "The API key is not valid",
      "metadata": null,
      "name": null,
      "org_code": null,
      "owner_external_id": null,
      "revision": 9,
      "rotated": false,
      "scopes": [],
      "secret_expires_on": null,
      "status": null,
      "type": null,
      "user_id": null,
      "verification_count": null,
      "www_authenticate": "Bearer error=\"invalid_token\""
    }
    "#);
    let mut guesses = vec![
        String::new(),
        "k_live_".into(),
        secret.to_uppercase(),
        format!(" {secret}"),
        format!("{secret}\n"),
        secret.replace("k_live_", "acme_live_"),
        secret.replace("_live_", "_test_"),
        "x".repeat(60_000),
        "k_live_é".into(),
        "\u{0}".into(),
        forged(KeyClass::Live, &changed(body_of(&secret), 0)),
        forged(KeyClass::Live, &changed(body_of(&secret), 12)),
        forged(KeyClass::Live, &changed(body_of(&secret), 43)),
        forged(KeyClass::Test, body_of(&secret)),
        forged(KeyClass::Admin, body_of(&secret)),
    ];
    guesses.extend((0..secret.len()).map(|at| changed(&secret, at)));
    for guess in guesses {
        assert_eq!(seen(&shop.admin.verify(&guess, json!({})).await), seen(&garbage));
    }
}

#[tokio::test]
async fn a_wrong_secret_tells_nothing_whatever_the_key_is() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (id, secret) = shop.makes_key(json!({ "allowed_cidrs": ["203.0.113.0/24"] })).await;
    let wrong = forged(KeyClass::Live, &changed(body_of(&secret), 20));
    let asked = json!({ "audience": "https://other.example.com", "scopes": ["write:orders"] });
    let active = shop.admin.verify(&wrong, asked.clone()).await;
    assert_eq!(active.text("/code"), "API_KEY_INVALID");
    app.database.db_run("UPDATE keys SET is_enabled = (1 = 0)").await;
    assert_eq!(seen(&shop.admin.verify(&wrong, asked.clone()).await), seen(&active));
    let revision = shop.admin.delete(&format!("/api/v1/api_keys/{id}")).await.body["revision"].clone();
    let mut revoked = shop.admin.verify(&wrong, asked).await.body;
    assert_eq!(revoked["revision"], revision);
    revoked["revision"] = active.body["revision"].clone();
    assert_eq!(revoked, active.body);
}

#[tokio::test]
async fn an_environment_key_is_nobodys_key() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let machine = shop.admin.makes_environment_key(&["verify:api_keys"], json!({})).await;
    let secret = machine.token.clone().unwrap();
    let management = shop.admin.management_api().await;
    let garbage = shop.admin.verify("garbage", json!({})).await;
    for asked in [json!({}), json!({ "api_id": management }), json!({ "audience": "https://keys.example.com/api" })] {
        assert_eq!(seen(&shop.admin.verify(&secret, asked.clone()).await), seen(&garbage));
        assert_eq!(seen(&machine.verify(&secret, asked).await), seen(&garbage));
    }
}

#[tokio::test]
async fn an_organizations_application_learns_of_no_foreign_key() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let user = shop.admin.makes_user("Ada").await;
    let globex = shop.admin.makes_organization("Globex").await;
    let (_, own) = shop.makes_key(json!({ "org_code": globex })).await;
    let (_, foreign) = shop.makes_key(json!({})).await;
    let (_, of_user) = shop.makes_key_of_user(&user).await;
    let application = shop.admin.makes_m2m(&["verify:api_keys"], json!({ "org_code": globex })).await;
    let garbage = application.verify("garbage", json!({})).await;
    for secret in [&foreign, &of_user] {
        for asked in [json!({}), json!({ "audience": "https://other.example.com" })] {
            assert_eq!(seen(&application.verify(secret, asked).await), seen(&garbage));
        }
    }
    assert_eq!(application.verify(&own, json!({})).await.text("/code"), "API_KEY_VERIFIED");
}
