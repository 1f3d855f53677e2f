//! What a caller may ask with: which API, which revision, and bodies that cannot be read.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::keys::Shop;
use crate::support::{TestApp, with};

#[tokio::test]
async fn a_key_of_another_api_is_told_to_be_that_and_nothing_more() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let other = shop.admin.makes_api("https://other.example.com", &[]).await;
    let (id, secret) = shop.makes_key(json!({})).await;
    let wrong = shop.admin.verify(&secret, json!({ "audience": "https://other.example.com" })).await;
    assert_snapshot!(wrong, @r#"
    200
    cache-control: no-store

    {
      "api_id": null,
      "audience": null,
      "code": "API_KEY_WRONG_API",
      "expires_on": null,
      "http_status": 401,
      "is_valid": false,
      "key_id": null,
      "last_verified_on": null,
      "message": "The API key is for another API",
      "metadata": null,
      "name": null,
      "org_code": null,
      "owner_external_id": null,
      "revision": 10,
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
    for asked in [
        json!({ "api_id": other }),
        json!({ "audience": "https://nowhere.example.com" }),
        json!({ "audience": "https://api.example.com/" }),
        json!({ "audience": "" }),
        json!({ "api_id": "nope" }),
        json!({ "api_id": shop.api, "audience": "https://other.example.com" }),
        json!({ "api_id": other, "audience": "https://api.example.com" }),
    ] {
        assert_eq!(shop.admin.verify(&secret, asked).await.bytes, wrong.bytes);
    }
    assert_eq!(shop.get(&id).await.body["api_key"]["verification_count"], 0);
}

#[tokio::test]
async fn the_api_may_be_named_by_id_by_audience_or_by_both() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (_, secret) = shop.makes_key(json!({})).await;
    for asked in [
        json!({ "api_id": shop.api }),
        json!({ "audience": "https://api.example.com" }),
        json!({ "api_id": shop.api, "audience": "https://api.example.com" }),
        json!({ "api_id": null, "audience": null }),
    ] {
        assert_eq!(shop.admin.verify(&secret, asked).await.text("/code"), "API_KEY_VERIFIED");
    }
}

#[tokio::test]
async fn a_revision_that_is_known_here_is_waited_for_no_longer() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (id, secret) = shop.makes_key(json!({})).await;
    let revision = app.revision().await;
    for least in [0, 1, revision] {
        let verified = shop.admin.verify(&secret, json!({ "min_revision": least })).await;
        assert_eq!(verified.text("/code"), "API_KEY_VERIFIED");
    }
    assert_snapshot!(shop.admin.verify(&secret, json!({ "min_revision": revision + 1 })).await, @r#"
    503
    cache-control: no-store
    retry-after: 1

    {
      "errors": [
        {
          "code": "REVISION_NOT_REACHED",
          "message": "This node has not heard of that revision yet. Try again."
        }
      ]
    }
    "#);
    let garbage = shop.admin.verify("garbage", json!({ "min_revision": 9_007_199_254_740_991_u64 })).await;
    assert_eq!((garbage.status, garbage.error()), (503, "REVISION_NOT_REACHED"));
    app.fold().await;
    assert_eq!(shop.get(&id).await.body["api_key"]["verification_count"], 3);
}

#[tokio::test]
async fn a_body_that_cannot_be_read_is_refused_by_the_name_of_the_field() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (id, secret) = shop.makes_key(json!({})).await;
    for (more, code, message) in [
        (json!({ "scope": "read:orders" }), "FIELD_UNKNOWN", "`scope` is not a field of this request"),
        (json!({ "api_key": null }), "FIELD_INVALID", "`api_key` must be text"),
        (json!({ "api_key": 7 }), "FIELD_INVALID", "`api_key` must be text"),
        (json!({ "scopes": "read:orders" }), "FIELD_INVALID", "`scopes` must be a list"),
        (json!({ "scopes": vec!["read:orders"; 101] }), "FIELD_INVALID", "`scopes` must have at most 100 entries"),
        (json!({ "ip": "office" }), "FIELD_INVALID", "`ip` must be an IPv4 or IPv6 address"),
        (json!({ "ip": "203.0.113.0/24" }), "FIELD_INVALID", "`ip` must be an IPv4 or IPv6 address"),
        (json!({ "ip": "" }), "FIELD_INVALID", "`ip` must be an IPv4 or IPv6 address"),
        (
            json!({ "min_revision": -1 }),
            "FIELD_INVALID",
            "`min_revision` must be a whole number from 0 to 9007199254740991",
        ),
        (
            json!({ "min_revision": 9_007_199_254_740_992_u64 }),
            "FIELD_INVALID",
            "`min_revision` must be at most 9007199254740991",
        ),
        (
            json!({ "min_revision": "1" }),
            "FIELD_INVALID",
            "`min_revision` must be a whole number from 0 to 9007199254740991",
        ),
        (json!({ "audience": 7 }), "FIELD_INVALID", "`audience` must be text"),
        (json!({ "api_id": [] }), "FIELD_INVALID", "`api_id` must be text"),
    ] {
        let body = with(&json!({ "api_key": secret }), more.clone());
        let reply = shop.admin.post("/api/v1/api_keys/verify", body).await;
        assert_eq!((reply.status, reply.error(), reply.message()), (400, code, message), "{more}");
        assert!(!reply.to_string().contains(&secret));
    }
    let reply = shop.admin.post("/api/v1/api_keys/verify", json!({})).await;
    assert_eq!((reply.error(), reply.message()), ("FIELD_MISSING", "`api_key` is missing"));
    let reply = shop.admin.post("/api/v1/api_keys/verify", json!({ secret.as_str(): 1 })).await;
    assert_eq!((reply.error(), reply.message()), ("FIELD_UNKNOWN", "`...` is not a field of this request"));
    assert_eq!(shop.get(&id).await.body["api_key"]["verification_count"], 0);
}

#[tokio::test]
async fn a_hundred_scopes_may_be_asked_for() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (_, secret) = shop.makes_key(json!({})).await;
    let verified = shop.admin.verify(&secret, json!({ "scopes": vec!["read:orders"; 100] })).await;
    assert_eq!(verified.text("/code"), "API_KEY_VERIFIED");
}

#[tokio::test]
async fn a_body_has_64_kib_and_no_byte_more() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let around = json!({ "api_key": "" }).to_string().len();
    let sized = |bytes: usize| -> Value { json!({ "api_key": "x".repeat(bytes - around) }) };
    let largest = shop.admin.post("/api/v1/api_keys/verify", sized(64 * 1024)).await;
    assert_eq!((largest.status, largest.text("/code").as_str()), (200, "API_KEY_INVALID"));
    assert_snapshot!(shop.admin.post("/api/v1/api_keys/verify", sized(64 * 1024 + 1)).await, @r#"
    413
    cache-control: no-store

    {
      "errors": [
        {
          "code": "BODY_TOO_LARGE",
          "message": "The body is larger than this route takes."
        }
      ]
    }
    "#);
}

#[tokio::test]
async fn a_secret_in_place_of_a_scope_is_not_repeated() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (_, secret) = shop.makes_key(json!({})).await;
    let reply = shop.admin.verify(&secret, json!({ "scopes": ["read:orders", secret] })).await;
    let message = "`scopes[1]` must be a scope, and not the secret of a key";
    assert_eq!((reply.status, reply.error(), reply.message()), (400, "FIELD_INVALID", message));
}
