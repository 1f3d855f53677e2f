//! What is recorded of a change.

use axum::http::Method;
use serde_json::{Value, json};

use super::{PATH, call_from, last};
use crate::support::TestApp;

/// The one event of an action.
async fn of(admin: &crate::support::Actor<'_>, action: &str) -> Value {
    let reply = admin.get(&format!("{PATH}?action={action}&page_size=1")).await;
    let event = reply.body["audit_events"][0].clone();
    assert_eq!(event["action"], action, "{reply}");
    event
}

#[tokio::test]
async fn the_request_the_address_and_the_program_belong_to_the_event() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let body = json!({ "name": "Acme" });
    let reply = call_from(&app, &admin, "::ffff:192.0.2.7", (Method::POST, "/api/v1/organization"), body).await;
    let event = last(&admin).await;
    assert_eq!(event["request_id"], json!(reply.header("x-request-id")));
    let origin = event["personal"].as_array().unwrap().iter().find(|row| row["subject"] == event["actor_id"]);
    assert_eq!(origin.unwrap()["values"], json!({ "address": "192.0.2.7", "user_agent": "curl/8" }));
    let kept = "SELECT COUNT(*) FROM audit_events WHERE details LIKE '%192.0.2.7%' OR details LIKE '%curl%'";
    assert_eq!(app.database.db_number(kept).await, 0);
}

#[tokio::test]
async fn what_people_typed_is_personal_and_ids_switches_and_times_are_not() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let api = admin.makes_api("https://api.example.com", &["read:orders"]).await;
    let (key, _) = admin
        .makes_key(json!({
            "name": "Kim's laptop", "api_id": api, "scope_ids": ["read:orders"], "metadata": { "note": "typed" },
            "user_external_id": "user-7", "create_owner": true, "allowed_cidrs": ["192.0.2.0/24"],
            "expires_on": "2027-01-01T00:00:00Z",
        }))
        .await;
    let event = of(&admin, "key.created").await;
    let owner = event["details"]["after"]["owner_id"].clone();
    let after = &event["details"]["after"];
    assert_eq!(event["target_id"], json!(key));
    assert_eq!((&after["api_id"], &after["type"], &after["scopes"]), (&json!(api), &json!("user"), &json!([1])));
    assert_eq!(
        (&after["expires_on"], &event["details"]["owner_created"]),
        (&json!("2027-01-01T00:00:00Z"), &json!(true))
    );
    assert_eq!(event["details"]["personal"], json!(["allowed_cidrs", "metadata", "name", "owner_external_id"]));
    let typed = json!({
        "allowed_cidrs": ["192.0.2.0/24"], "metadata": { "note": "typed" }, "name": "Kim's laptop",
        "owner_external_id": "user-7",
    });
    assert_eq!(event["personal"], json!([{ "subject": owner, "values": { "after": typed } }]), "it is the owner's");
    for typed in ["laptop", "typed", "user-7", "192.0.2"] {
        assert!(!event["details"].to_string().contains(typed), "{typed}");
    }
}

#[tokio::test]
async fn a_member_that_changed_has_what_was_before_and_one_that_did_not_is_not_told() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let role = admin.makes_role("editor", json!({ "name": "Editor", "description": "Edits" })).await;
    let body = json!({ "name": "Editor", "key": "author", "description": null, "is_default_role": true });
    admin.patch(&format!("/api/v1/roles/{role}"), body).await;
    let event = of(&admin, "role.updated").await;
    assert_eq!(
        event["details"],
        json!({
            "before": { "key": "editor", "is_default_role": false },
            "after": { "key": "author", "is_default_role": true },
            "personal": ["description"],
        })
    );
    assert_eq!(event["personal"], json!([{ "subject": role, "values": { "before": { "description": "Edits" } } }]));
}

#[tokio::test]
async fn what_an_application_may_do_is_told_before_and_after() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let (client, _) = admin.makes_application(&["read:apis"], json!({})).await;
    let event = of(&admin, "application.scope_added").await;
    assert_eq!((&event["target_id"], &event["details"]["scope"]), (&json!(client), &json!("read:apis")));
    assert_eq!(
        (&event["details"]["before"], &event["details"]["after"]),
        (&json!({ "scopes": [] }), &json!({ "scopes": [1] }))
    );
    let api = admin.management_api().await;
    let listed = json!({ "applications": [{ "id": client, "operation": "delete" }] });
    admin.patch(&format!("/api/v1/apis/{api}/applications"), listed).await;
    let event = of(&admin, "api.applications_updated").await;
    assert_eq!(event["details"]["before"], json!({ client.clone(): [1] }), "what it lost");
}

#[tokio::test]
async fn what_members_gained_and_lost_is_told_by_their_ids() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let (org, user) = (admin.makes_organization("Acme").await, admin.makes_user("Kim").await);
    let by_default = admin.makes_role("member", json!({ "is_default_role": true })).await;
    let (old, new) = (admin.makes_role("old", json!({})).await, admin.makes_role("new", json!({})).await);
    let permission = admin.makes_permission("orders", json!({})).await;
    let path = format!("/api/v1/organizations/{org}/users");
    let rights = async |body: Value, adds: bool| {
        let reply = if adds { admin.post(&path, body).await } else { admin.patch(&path, body).await };
        assert_eq!(reply.status, 200, "{reply}");
        last(&admin).await["details"]["rights"][&user].clone()
    };
    assert_eq!(rights(json!({ "users": [{ "id": user }] }), true).await, json!({ "roles_given": [by_default] }));
    let body = json!({ "users": [{ "id": user, "roles": ["old"], "permissions": ["orders"] }] });
    let expected = json!({ "roles_given": [old], "roles_taken": [by_default], "permissions_given": [permission] });
    assert_eq!(rights(body, false).await, expected);
    let body = json!({ "users": [{ "id": user, "roles": ["new"], "permissions": [] }] });
    let expected = json!({ "roles_given": [new], "roles_taken": [old], "permissions_taken": [permission] });
    assert_eq!(rights(body, false).await, expected);
}
