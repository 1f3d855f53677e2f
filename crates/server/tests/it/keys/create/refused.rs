//! Requests that make no key, and change nothing.

use serde_json::{Value, json};

use crate::keys::Shop;
use crate::support::{START, TestApp, with};

/// What is sent beside the usual members, and the code and message of the refusal.
type Row = (Value, &'static str, &'static str);

async fn refuses(app: &TestApp, shop: &Shop<'_>, rows: impl IntoIterator<Item = Row>) {
    let before = app.revision().await;
    for (more, code, message) in rows {
        let reply = shop.admin.post("/api/v1/api_keys", with(&shop.body(), more.clone())).await;
        assert_eq!((reply.status, reply.error(), reply.message()), (400, code, message), "{more}");
    }
    assert_eq!(app.revision().await, before, "a refused request changed something");
}

#[tokio::test]
async fn a_name_has_1_to_128_characters_that_show() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let rows = [
        (json!({ "name": "" }), "FIELD_INVALID", "`name` must be 1 to 128 characters"),
        (json!({ "name": "é".repeat(129) }), "FIELD_INVALID", "`name` must be 1 to 128 characters"),
        (json!({ "name": "a\u{0}b" }), "FIELD_INVALID", "`name` must not contain control characters"),
        (json!({ "name": "a\nb" }), "FIELD_INVALID", "`name` must not contain control characters"),
        (json!({ "name": " a" }), "FIELD_INVALID", "`name` must not begin or end with white space"),
        (json!({ "name": "a\u{a0}" }), "FIELD_INVALID", "`name` must not begin or end with white space"),
        (json!({ "name": 7 }), "FIELD_INVALID", "`name` must be text"),
        (json!({ "name": null }), "FIELD_INVALID", "`name` must be text"),
    ];
    refuses(&app, &shop, rows).await;
}

#[tokio::test]
async fn what_is_stored_with_a_key_has_its_limits() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let cidr = "`allowed_cidrs[0]` must be an address or a CIDR range, such as 203.0.113.0/24";
    let second = "`allowed_cidrs[1]` must be an address or a CIDR range, such as 203.0.113.0/24";
    let large = "`metadata` must be at most 4 KiB of JSON";
    let rows = [
        (json!({ "metadata": { "a": "x".repeat(4097 - r#"{"a":""}"#.len()) } }), "FIELD_INVALID", large),
        (json!({ "metadata": [1] }), "FIELD_INVALID", "`metadata` must be an object"),
        (json!({ "allowed_cidrs": vec!["::1"; 65] }), "FIELD_INVALID", "`allowed_cidrs` must have at most 64 entries"),
        (json!({ "allowed_cidrs": ["203.0.113.0/24", "office"] }), "FIELD_INVALID", second),
        (json!({ "allowed_cidrs": ["203.0.113.0/33"] }), "FIELD_INVALID", cidr),
        (json!({ "allowed_cidrs": [""] }), "FIELD_INVALID", cidr),
        (json!({ "expires_on": START }), "FIELD_INVALID", "`expires_on` must lie in the future"),
        (json!({ "expires_on": "1999-12-31T23:59:59Z" }), "FIELD_INVALID", "`expires_on` must lie in the future"),
        (json!({ "expires_on": "tomorrow" }), "FIELD_INVALID", "`expires_on` must be an RFC 3339 date and time"),
        (json!({ "expires_on": "2027-01-01" }), "FIELD_INVALID", "`expires_on` must be an RFC 3339 date and time"),
        (json!({ "bound_api_ids": [shop.api] }), "FIELD_INVALID", "`bound_api_ids` is for environment keys alone"),
        (json!({ "bound_api_ids": [] }), "FIELD_INVALID", "`bound_api_ids` must have 1 to 100 entries"),
        (json!({ "bound_api_ids": [shop.api, "nope"] }), "API_UNKNOWN", "`bound_api_ids[1]` is not the id of an API"),
        (json!({ "scopes": [] }), "FIELD_UNKNOWN", "`scopes` is not a field of this request"),
    ];
    refuses(&app, &shop, rows).await;
}

#[tokio::test]
async fn scopes_must_be_of_the_api() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let other = shop.admin.makes_api("https://other.example.com", &["read:invoices"]).await;
    let foreign = shop.admin.get(&format!("/api/v1/apis/{other}/scopes")).await.text("/scopes/0/id");
    let unknown = |at| match at {
        0 => "`scope_ids[0]` is neither the id nor the key of a scope of this API",
        _ => "`scope_ids[1]` is neither the id nor the key of a scope of this API",
    };
    let rows = [
        (json!({ "scope_ids": ["read:orders", "read:nothing"] }), "SCOPE_UNKNOWN", unknown(1)),
        (json!({ "scope_ids": ["read:invoices"] }), "SCOPE_UNKNOWN", unknown(0)),
        (json!({ "scope_ids": [foreign] }), "SCOPE_UNKNOWN", unknown(0)),
        (json!({ "scope_ids": ["read:api_keys"] }), "SCOPE_UNKNOWN", unknown(0)),
        (json!({ "scope_ids": ["READ:ORDERS"] }), "SCOPE_UNKNOWN", unknown(0)),
        (json!({ "scope_ids": [""] }), "SCOPE_UNKNOWN", unknown(0)),
        (
            json!({ "scope_ids": vec!["read:orders"; 101] }),
            "FIELD_INVALID",
            "`scope_ids` must have at most 100 entries",
        ),
        (json!({ "scope_ids": "read:orders" }), "FIELD_INVALID", "`scope_ids` must be a list"),
        (json!({ "scope_ids": ["read:orders", 7] }), "FIELD_INVALID", "`scope_ids[1]` must be text"),
    ];
    refuses(&app, &shop, rows).await;
}

#[tokio::test]
async fn the_api_must_exist() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let rows = [
        (json!({ "api_id": "0".repeat(32) }), "API_UNKNOWN", "`api_id` is not the id of an API"),
        (json!({ "api_id": "" }), "API_UNKNOWN", "`api_id` is not the id of an API"),
        (json!({ "api_id": "https://api.example.com" }), "API_UNKNOWN", "`api_id` is not the id of an API"),
        (json!({ "api_id": null }), "FIELD_INVALID", "`api_id` must be text"),
    ];
    refuses(&app, &shop, rows).await;
    app.database.db_run("UPDATE apis SET deleted_at = 1 WHERE NOT is_management_api").await;
    refuses(&app, &shop, [(json!({}), "API_UNKNOWN", "`api_id` is not the id of an API")]).await;
}

#[tokio::test]
async fn a_customer_gets_no_key_for_the_management_api_and_the_platform_none_for_another() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let management = shop.admin.management_api().await;
    let user = shop.admin.makes_user("Ada").await;
    let rule = "`type` must be `environment` for the management API, and for no other";
    let rows = [
        (json!({ "api_id": management, "scope_ids": [] }), "FIELD_INVALID", rule),
        (json!({ "api_id": management, "scope_ids": ["read:api_keys"] }), "FIELD_INVALID", rule),
        (json!({ "api_id": management, "org_code": null, "user_id": user }), "FIELD_INVALID", rule),
        (json!({ "type": "environment", "org_code": null }), "FIELD_INVALID", rule),
    ];
    refuses(&app, &shop, rows).await;
}

#[tokio::test]
async fn the_owner_must_not_contradict_the_type_nor_itself() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let user = shop.admin.makes_user("Ada").await;
    let no_org = |more: Value| with(&json!({ "org_code": null }), more);
    let rows = [
        (json!({ "type": "user" }), "FIELD_INVALID", "`org_code` must not be given for a user's key"),
        (
            no_org(json!({ "type": "user", "org_external_id": "customer-42" })),
            "FIELD_INVALID",
            "`org_external_id` must not be given for a user's key",
        ),
        (
            json!({ "type": "organization", "user_id": user }),
            "FIELD_INVALID",
            "`user_id` must not be given for the key of an organization",
        ),
        (
            json!({ "type": "organization", "user_external_id": "user-7" }),
            "FIELD_INVALID",
            "`user_external_id` must not be given for the key of an organization",
        ),
        (json!({ "type": "environment" }), "FIELD_INVALID", "`org_code` must not be given for an environment key"),
        (
            no_org(json!({ "type": "environment", "user_id": user })),
            "FIELD_INVALID",
            "`user_id` must not be given for an environment key",
        ),
        (json!({ "user_id": user }), "FIELD_INVALID", "`type` must be given when a user and an organization are"),
        (
            json!({ "org_external_id": "customer-42" }),
            "FIELD_INVALID",
            "`org_external_id` must not be given beside `org_code`",
        ),
        (
            no_org(json!({ "user_id": user, "user_external_id": "user-7" })),
            "FIELD_INVALID",
            "`user_external_id` must not be given beside `user_id`",
        ),
        (no_org(json!({})), "FIELD_MISSING", "`type` is missing, and neither `user_id` nor `org_code` says it"),
        (no_org(json!({ "type": "user" })), "FIELD_MISSING", "`user_id` is missing"),
        (no_org(json!({ "type": "organization" })), "FIELD_MISSING", "`org_code` is missing"),
        (json!({ "type": "robot" }), "FIELD_INVALID", "`type` must be one of `user`, `organization`, `environment`"),
        (
            no_org(json!({ "org_external_id": "", "create_owner": true })),
            "FIELD_INVALID",
            "`org_external_id` must be 1 to 128 characters",
        ),
        (
            no_org(json!({ "user_external_id": "é".repeat(129), "create_owner": true })),
            "FIELD_INVALID",
            "`user_external_id` must be 1 to 128 characters",
        ),
    ];
    refuses(&app, &shop, rows).await;
}

#[tokio::test]
async fn no_refusal_repeats_what_was_sent() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (_, secret) = shop.makes_key(json!({})).await;
    let text = json!(format!("{secret}\n"));
    for field in ["name", "type", "api_id", "org_code", "user_id", "org_external_id", "expires_on", "metadata"] {
        refuses_silently(&shop, json!({ field: text }), &secret).await;
    }
    for field in ["scope_ids", "allowed_cidrs", "bound_api_ids"] {
        refuses_silently(&shop, json!({ field: [text] }), &secret).await;
        refuses_silently(&shop, json!({ field: text }), &secret).await;
    }
    refuses_silently(&shop, json!({ secret.as_str(): 1 }), &secret).await;
}

async fn refuses_silently(shop: &Shop<'_>, more: Value, secret: &str) {
    let reply = shop.admin.post("/api/v1/api_keys", with(&shop.body(), more)).await;
    assert_eq!(reply.status, 400);
    let said = String::from_utf8_lossy(&reply.bytes).into_owned();
    assert!(!said.contains(secret.rsplit('_').next().unwrap()), "a refusal repeats a secret");
}
