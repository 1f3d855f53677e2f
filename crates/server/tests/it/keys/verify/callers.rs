//! Who may verify, and which keys.

use std::time::Duration;

use insta::assert_snapshot;
use serde_json::json;

use crate::keys::Shop;
use crate::support::TestApp;

#[tokio::test]
async fn either_scope_will_do_for_a_token_and_for_an_environment_key() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (_, secret) = shop.makes_key(json!({})).await;
    for scope in ["verify:api_keys", "read:api_keys"] {
        let application = shop.admin.makes_m2m(&[scope], json!({})).await;
        let machine = shop.admin.makes_environment_key(&[scope], json!({})).await;
        for caller in [application, machine] {
            assert_eq!(caller.verify(&secret, json!({})).await.text("/code"), "API_KEY_VERIFIED", "{scope}");
        }
    }
}

#[tokio::test]
async fn without_either_scope_nothing_is_verified() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (id, secret) = shop.makes_key(json!({})).await;
    let scopes = ["create:api_keys", "update:api_keys", "delete:api_keys"];
    let application = shop.admin.makes_m2m(&scopes, json!({})).await;
    let machine = shop.admin.makes_environment_key(&scopes, json!({})).await;
    assert_snapshot!(application.verify(&secret, json!({})).await, @r#"
    403
    cache-control: no-store
    www-authenticate: Bearer error="insufficient_scope", scope="verify:api_keys"

    {
      "errors": [
        {
          "code": "SCOPE_MISSING",
          "message": "Scope missing: verify:api_keys"
        }
      ]
    }
    "#);
    assert_eq!(machine.verify(&secret, json!({})).await.status, 403);
    assert_eq!(shop.get(&id).await.body["api_key"]["verification_count"], 0);
}

#[tokio::test]
async fn nobody_in_particular_verifies_nothing() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (_, secret) = shop.makes_key(json!({})).await;
    assert_snapshot!(app.anonymous().verify(&secret, json!({})).await, @r#"
    401
    cache-control: no-store
    www-authenticate: Bearer

    {
      "errors": [
        {
          "code": "TOKEN_MISSING",
          "message": "There is no bearer token."
        }
      ]
    }
    "#);
    assert_snapshot!(app.bearer(&secret).verify(&secret, json!({})).await, @r#"
    401
    cache-control: no-store
    www-authenticate: Bearer error="invalid_token"

    {
      "errors": [
        {
          "code": "TOKEN_INVALID",
          "message": "The bearer token is not valid, or no longer."
        }
      ]
    }
    "#);
}

#[tokio::test]
async fn a_bound_credential_verifies_keys_of_its_own_apis_and_needs_no_audience() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let other = shop.admin.makes_api("https://other.example.com", &[]).await;
    let (_, own) = shop.makes_key(json!({})).await;
    let (_, foreign) = shop.makes_key(json!({ "api_id": other, "scope_ids": [] })).await;
    let bound = json!({ "bound_api_ids": [shop.api] });
    let application = shop.admin.makes_m2m(&["verify:api_keys"], bound.clone()).await;
    let machine = shop.admin.makes_environment_key(&["verify:api_keys"], bound).await;
    for caller in [application, machine] {
        assert_eq!(caller.verify(&own, json!({})).await.text("/code"), "API_KEY_VERIFIED");
        for asked in [json!({}), json!({ "api_id": other }), json!({ "audience": "https://other.example.com" })] {
            assert_eq!(caller.verify(&foreign, asked.clone()).await.text("/code"), "API_KEY_WRONG_API");
            assert_eq!(
                caller.verify(&own, asked.clone()).await.text("/code"),
                if asked == json!({}) { "API_KEY_VERIFIED" } else { "API_KEY_WRONG_API" }
            );
        }
    }
}

#[tokio::test]
async fn a_credential_bound_to_two_apis_verifies_keys_of_both() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let other = shop.admin.makes_api("https://other.example.com", &[]).await;
    let (_, first) = shop.makes_key(json!({})).await;
    let (_, second) = shop.makes_key(json!({ "api_id": other, "scope_ids": [] })).await;
    let bound = json!({ "bound_api_ids": [shop.api, other] });
    let machine = shop.admin.makes_environment_key(&["verify:api_keys"], bound).await;
    for secret in [&first, &second] {
        assert_eq!(machine.verify(secret, json!({})).await.text("/code"), "API_KEY_VERIFIED");
    }
    let narrowed = machine.verify(&first, json!({ "api_id": other })).await;
    assert_eq!(narrowed.text("/code"), "API_KEY_WRONG_API");
}

#[tokio::test]
async fn an_environment_key_that_is_out_of_use_verifies_nothing() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (_, secret) = shop.makes_key(json!({})).await;
    let more = json!({ "expires_on": "2026-11-22T12:30:00Z" });
    let machine = shop.admin.makes_environment_key(&["verify:api_keys"], more).await;
    let refused = async || {
        let reply = machine.verify(&secret, json!({})).await;
        assert_eq!((reply.status, reply.error()), (401, "TOKEN_INVALID"), "{reply}");
    };
    assert_eq!(machine.verify(&secret, json!({})).await.text("/code"), "API_KEY_VERIFIED");
    app.db_change("UPDATE keys SET is_enabled = (1 = 0)").await;
    refused().await;
    app.db_change("UPDATE keys SET is_enabled = (1 = 1)").await;
    app.advance(Duration::from_secs(1800));
    refused().await;
}

#[tokio::test]
async fn an_organizations_application_counts_as_any_other() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (id, secret) = shop.makes_key(json!({})).await;
    let application = shop.admin.makes_m2m(&["verify:api_keys"], json!({ "org_code": shop.org })).await;
    let verified = application.verify(&secret, json!({ "audience": "https://api.example.com" })).await;
    assert_eq!(verified.body["verification_count"], 1, "{verified}");
    app.fold().await;
    assert_eq!(shop.get(&id).await.body["api_key"]["verification_count"], 1);
}
