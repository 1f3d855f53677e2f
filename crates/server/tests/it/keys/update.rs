//! `PATCH /api/v1/api_keys/{key_id}`

use std::time::Duration;

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::keys::Shop;
use crate::support::{Reply, TestApp};

impl Shop<'_> {
    async fn update(&self, key: &str, members: Value) -> Reply {
        self.admin.patch(&format!("/api/v1/api_keys/{key}"), members).await
    }

    /// What a verification says.
    async fn says(&self, secret: &str, asked: Value) -> String {
        self.admin.verify(secret, asked).await.text("/code")
    }
}

#[tokio::test]
async fn absent_members_stay_null_clears_and_a_value_sets() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (id, _) = shop.makes_key(json!({ "metadata": { "plan": "pro" }, "allowed_cidrs": ["10.0.0.0/8"] })).await;
    let read = async || {
        let key = shop.get(&id).await.body["api_key"].clone();
        ["name", "scopes", "enabled", "expires_on", "allowed_cidrs", "metadata"].map(|member| key[member].clone())
    };
    let before = read().await;
    assert_snapshot!(shop.update(&id, json!({})).await, @r#"
    200
    cache-control: no-store

    {
      "code": "OK",
      "message": "Success",
      "revision": 9
    }
    "#);
    assert_eq!(read().await, before);
    let all = json!({
        "name": "Renamed", "scope_ids": ["write:orders"], "enabled": false, "expires_on": "2027-01-01T00:00:00Z",
        "allowed_cidrs": ["2001:db8::/32"], "metadata": { "plan": "free" },
    });
    assert_eq!(shop.update(&id, all).await.status, 200);
    let set = json!([
        "Renamed", ["write:orders"], false, "2027-01-01T00:00:00Z", ["2001:db8::/32"], { "plan": "free" },
    ]);
    assert_eq!(json!(read().await), set);
    let none = json!({ "scope_ids": null, "expires_on": null, "allowed_cidrs": null, "metadata": null });
    assert_eq!(shop.update(&id, none).await.status, 200);
    assert_eq!(json!(read().await), json!(["Renamed", [], false, null, [], null]));
}

#[tokio::test]
async fn each_change_is_in_force_when_it_is_answered() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (id, secret) = shop.makes_key(json!({})).await;
    let asked = json!({ "scopes": ["write:orders"], "ip": "203.0.113.9" });
    for (members, code) in [
        (json!({}), "API_KEY_INSUFFICIENT_SCOPE"),
        (json!({ "scope_ids": ["read:orders", "write:orders"] }), "API_KEY_VERIFIED"),
        (json!({ "allowed_cidrs": ["10.0.0.0/8"] }), "API_KEY_IP_NOT_ALLOWED"),
        (json!({ "allowed_cidrs": ["203.0.113.0/24"] }), "API_KEY_VERIFIED"),
        (json!({ "enabled": false }), "API_KEY_DISABLED"),
        (json!({ "enabled": true, "expires_on": "2026-11-22T12:30:00Z" }), "API_KEY_VERIFIED"),
        (json!({ "scope_ids": null }), "API_KEY_INSUFFICIENT_SCOPE"),
    ] {
        let reply = shop.update(&id, members.clone()).await;
        assert_eq!(reply.status, 200, "{reply}");
        assert_eq!(shop.says(&secret, asked.clone()).await, code, "{members}");
    }
    let verified = shop.admin.verify(&secret, json!({ "ip": "203.0.113.9" })).await;
    assert_eq!(verified.text("/expires_on"), "2026-11-22T12:30:00Z");
    app.advance(Duration::from_secs(1_800));
    assert_eq!(shop.says(&secret, asked).await, "API_KEY_EXPIRED");
}

#[tokio::test]
async fn a_disabled_key_is_inactive_in_the_list_too_and_can_be_made_so() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (id, secret) = shop.makes_key(json!({ "enabled": false })).await;
    assert_eq!(shop.says(&secret, json!({})).await, "API_KEY_DISABLED");
    let listed = shop.admin.get("/api/v1/api_keys?status=inactive").await;
    assert_eq!((listed.text("/api_keys/0/id"), listed.text("/api_keys/0/status")), (id.clone(), "inactive".into()));
    assert_eq!(shop.update(&id, json!({ "enabled": true })).await.status, 200);
    assert_eq!(shop.says(&secret, json!({})).await, "API_KEY_VERIFIED");
    assert_eq!(shop.get(&id).await.text("/api_key/status"), "active");
}

#[tokio::test]
async fn what_is_so_already_makes_no_revision() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (id, _) = shop.makes_key(json!({ "metadata": { "plan": "pro" } })).await;
    let first = shop.update(&id, json!({ "name": "Renamed" })).await.body["revision"].clone();
    let same = json!({
        "name": "Renamed", "scope_ids": ["read:orders"], "enabled": true, "expires_on": null, "allowed_cidrs": [],
        "metadata": { "plan": "pro" },
    });
    assert_eq!(shop.update(&id, same).await.body["revision"], first);
}

#[tokio::test]
async fn what_cannot_be_is_refused_by_name_and_changes_nothing() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (id, _) = shop.makes_key(json!({})).await;
    let before = (app.revision().await, shop.get(&id).await.body);
    for (members, field) in [
        (json!({ "name": "" }), "name"),
        (json!({ "enabled": "no" }), "enabled"),
        (json!({ "expires_on": "2020-01-01T00:00:00Z" }), "expires_on"),
        (json!({ "scope_ids": ["read:nothing"] }), "scope_ids[0]"),
        (json!({ "allowed_cidrs": ["10.0.0.0/8", "nowhere"] }), "allowed_cidrs[1]"),
        (json!({ "metadata": { "a": "x".repeat(4_096) } }), "metadata"),
        (json!({ "name": "Renamed", "org_code": shop.org }), "org_code"),
        (json!({ "bound_api_ids": null }), "bound_api_ids"),
    ] {
        let reply = shop.update(&id, members.clone()).await;
        assert_eq!(reply.status, 400, "{members}: {reply}");
        assert!(reply.message().contains(field), "{members}: {reply}");
    }
    assert_eq!((app.revision().await, shop.get(&id).await.body), before);
}

#[tokio::test]
async fn a_revoked_key_is_changed_no_more_and_an_unknown_one_is_not_found() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (id, _) = shop.makes_key(json!({})).await;
    shop.admin.delete(&format!("/api/v1/api_keys/{id}")).await;
    let before = app.revision().await;
    assert_eq!(shop.update(&id, json!({ "enabled": true })).await.error(), "API_KEY_REVOKED");
    let unknown = shop.update("api_key_00000000000000000000000000000000", json!({})).await;
    assert_eq!((unknown.status, unknown.error()), (404, "API_KEY_NOT_FOUND"));
    assert_eq!(app.revision().await, before);
}

#[tokio::test]
async fn an_environment_key_takes_no_address_ranges_and_its_weaker_holder_may_only_take() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let management = shop.admin.management_api().await;
    let body = json!({
        "name": "Machine", "type": "environment", "api_id": management, "scope_ids": ["read:users", "read:apis"],
        "expires_on": "2027-01-01T00:00:00Z",
    });
    let (id, secret) = shop.admin.makes_key(body).await;
    assert_eq!(shop.update(&id, json!({ "allowed_cidrs": [] })).await.status, 200);
    let ranges = shop.update(&id, json!({ "allowed_cidrs": ["10.0.0.0/8"] })).await;
    assert!(ranges.status == 400 && ranges.message().contains("allowed_cidrs"), "{ranges}");
    let weak = shop.admin.makes_m2m(&["update:api_keys"], json!({})).await;
    let path = format!("/api/v1/api_keys/{id}");
    let users = async || app.bearer(&secret).get("/api/v1/user?id=kp_nobody").await.status;
    for (members, outcome) in [
        (json!({ "scope_ids": ["read:apis"] }), (403, 404)),
        (json!({ "expires_on": null }), (403, 404)),
        (json!({ "expires_on": "2027-01-02T00:00:00Z" }), (403, 404)),
        (json!({ "expires_on": "2026-12-31T00:00:00Z", "name": "Stopped", "enabled": false }), (200, 401)),
        (json!({ "enabled": true }), (403, 401)),
        (json!({ "scope_ids": null }), (200, 401)),
        (json!({ "enabled": true }), (200, 403)),
    ] {
        let reply = weak.patch(&path, members.clone()).await;
        assert_eq!((reply.status, users().await), outcome, "{members}: {reply}");
    }
}

#[tokio::test]
async fn the_event_tells_what_changed_and_keeps_what_people_typed_beside_the_chain() {
    let app = TestApp::start().await;
    let shop = Shop::open(&app).await;
    let (id, _) = shop.makes_key(json!({})).await;
    let members =
        json!({ "enabled": false, "name": "Renamed", "scope_ids": null, "expires_on": "2027-01-01T00:00:00Z" });
    shop.update(&id, members).await;
    let event = shop.admin.get("/api/v1/audit_events?page_size=1").await.body["audit_events"][0].clone();
    assert_eq!((event["action"].as_str(), event["target_id"].as_str()), (Some("key.updated"), Some(&*id)));
    assert_snapshot!(serde_json::to_string_pretty(&event["details"]).unwrap(), @r#"
    {
      "after": {
        "expires_on": "2027-01-01T00:00:00Z",
        "is_enabled": false,
        "scopes": []
      },
      "before": {
        "is_enabled": true,
        "scopes": [
          1
        ]
      },
      "personal": [
        "name"
      ]
    }
    "#);
    assert_snapshot!(event["personal"].as_array().unwrap().iter().find(|about| about["subject"] == shop.org.as_str()).unwrap(), @r#"{"subject":"org_846eb9673349","values":{"after":{"name":"Renamed"},"before":{"name":"Production"}}}"#);
}
