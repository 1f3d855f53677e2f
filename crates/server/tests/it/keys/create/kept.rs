//! What a key is made with: scopes, a prefix, and everything optional, up to its limits.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::keys::Shop;
use crate::support::{TestApp, with};

#[tokio::test]
async fn scopes_are_given_by_id_or_by_key_each_counting_once() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let scopes = shop.admin.get(&format!("/api/v1/apis/{}/scopes", shop.api)).await;
    let (read, write) = (scopes.text("/scopes/0/id"), scopes.text("/scopes/1/id"));
    for (given, carried) in [
        (json!([read]), json!(["read:orders"])),
        (json!([write, "read:orders"]), json!(["read:orders", "write:orders"])),
        (json!([read, "read:orders", read]), json!(["read:orders"])),
        (json!([]), json!([])),
        (Value::Null, json!([])),
    ] {
        let (id, _) = shop.makes_key(json!({ "scope_ids": given })).await;
        assert_eq!(shop.get(&id).await.body["api_key"]["scopes"], carried, "{given}");
    }
}

#[tokio::test]
async fn the_secret_begins_with_the_prefix_and_the_class_of_its_api() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    for (at, (api, begins)) in [
        (json!({}), "k_live_"),
        (json!({ "mode": "live" }), "k_live_"),
        (json!({ "mode": "test" }), "k_test_"),
        (json!({ "key_prefix": "acme" }), "acme_live_"),
        (json!({ "key_prefix": "acme2", "mode": "test" }), "acme2_test_"),
    ]
    .into_iter()
    .enumerate()
    {
        let body = with(&json!({ "name": "Other", "audience": format!("https://{at}.example.com") }), api);
        let api = shop.admin.post("/api/v1/apis", body).await.text("/api/id");
        let (id, secret) = shop.makes_key(json!({ "api_id": api, "scope_ids": [] })).await;
        assert!(secret.starts_with(begins), "a secret should begin with {begins}");
        assert_eq!(secret.len(), begins.len() + 50);
        let key = shop.get(&id).await;
        assert_eq!(format!("{}_", key.text("/api_key/key_prefix")), begins);
        assert!(secret.ends_with(&key.text("/api_key/key_suffix")));
        assert_eq!(shop.admin.verify(&secret, json!({})).await.text("/code"), "API_KEY_VERIFIED");
    }

    let management = shop.admin.management_api().await;
    let body = json!({ "name": "Machine", "type": "environment", "api_id": management });
    assert!(shop.admin.makes_key(body).await.1.starts_with("k_adm_"));
}

#[tokio::test]
async fn everything_optional_is_kept() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (id, _) = shop
        .makes_key(json!({
            "expires_on": "2027-01-01T00:00:00.5+01:00",
            "allowed_cidrs": ["203.0.113.7/24", "2001:db8::1"],
            "metadata": { "plan": "pro", "seats": 7, "nested": { "ratio": 0.5, "none": null, "text": "\u{0}é" } },
        }))
        .await;
    let key = shop.get(&id).await;
    let kept = json!([
        key.body["api_key"]["expires_on"],
        key.body["api_key"]["allowed_cidrs"],
        key.body["api_key"]["metadata"],
    ]);
    assert_snapshot!(format!("{kept:#}"), @r#"
    [
      "2026-12-31T23:00:00.5Z",
      [
        "203.0.113.0/24",
        "2001:db8::1/128"
      ],
      {
        "nested": {
          "none": null,
          "ratio": 0.5,
          "text": "\u0000é"
        },
        "plan": "pro",
        "seats": 7
      }
    ]
    "#);
}

#[tokio::test]
async fn each_limit_itself_is_within_it() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    for more in [
        json!({ "name": "é".repeat(128) }),
        json!({ "name": "x" }),
        json!({ "name": "漢字 🔑" }),
        json!({ "scope_ids": vec!["read:orders"; 100] }),
        json!({ "allowed_cidrs": vec!["203.0.113.0/24"; 64] }),
        json!({ "metadata": { "a": "x".repeat(4096 - r#"{"a":""}"#.len()) } }),
        json!({ "expires_on": "2026-11-22T12:00:00.000001Z" }),
        json!({ "org_code": null, "org_external_id": "é".repeat(128), "create_owner": true }),
    ] {
        let reply = shop.admin.post("/api/v1/api_keys", with(&shop.body(), more)).await;
        assert_eq!(reply.status, 201, "{reply}");
    }
}
