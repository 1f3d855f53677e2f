//! Rights that are sought in several steps.

use axum::http::Method;
use keyward_core::ManagementScope;
use serde_json::json;

use super::ways::Stage;
use super::{all_but, tries_every_way};
use crate::support::TestApp;

/// What the first of the chain lacks, and so all who come after.
const LACKING: &str = "read:users";

#[tokio::test]
async fn what_one_lacks_those_that_it_makes_lack_too() {
    let app = TestApp::start().await;
    let stage = Stage::set(&app).await;
    let held = all_but(LACKING);
    let first = stage.token_with(&held).await;
    // An application of the first, a key of that, an application of the key, each with all that its maker has.
    let second = first.makes_m2m(&held, json!({})).await;
    let third = second.makes_environment_key(&held, json!({})).await;
    let fourth = third.makes_m2m(&held, json!({})).await;
    for caller in [&first, &second, &third, &fourth] {
        tries_every_way(&stage, caller, LACKING).await;
        assert_eq!(caller.get("/api/v1/users").await.error(), "SCOPE_MISSING");
        assert_eq!(caller.get("/api/v1/apis").await.status, 200);
    }
}

#[tokio::test]
async fn whoever_may_only_create_keys_makes_nobody_who_may_more() {
    let app = TestApp::start().await;
    let stage = Stage::set(&app).await;
    let only = ["create:api_keys"];
    let mut makers = vec![stage.token_with(&only).await];
    // Each makes the next.
    for _ in 0..3 {
        let maker = makers.last().unwrap();
        let key = json!({ "name": "Next", "type": "environment", "api_id": stage.management, "scope_ids": only });
        let (_, secret) = maker.makes_key(key).await;
        makers.push(app.bearer(&secret));
    }
    let before = app.revision().await;
    for maker in &makers {
        for scope in ManagementScope::ALL.iter().map(|scope| scope.key()).filter(|key| !only.contains(key)) {
            let wider =
                json!({ "name": "More", "type": "environment", "api_id": stage.management, "scope_ids": [scope] });
            assert_eq!(maker.post("/api/v1/api_keys", wider).await.error(), "RIGHTS_EXCEEDED", "{scope}");
        }
        assert_eq!(maker.post("/api/v1/applications", json!({ "name": "B", "type": "m2m" })).await.status, 403);
    }
    assert_eq!(app.revision().await, before);
}

#[tokio::test]
async fn an_application_is_made_and_authorised_without_a_right() {
    let app = TestApp::start().await;
    let stage = Stage::set(&app).await;
    let maker = stage.token_with(&["create:applications", "update:apis"]).await;
    let made = maker.post("/api/v1/applications", json!({ "name": "New", "type": "m2m" })).await;
    let (id, secret) = (made.text("/application/client_id"), made.text("/application/client_secret"));
    let form = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}");
    assert_eq!(app.anonymous().form("/oauth2/token", &form).await.error(), "unauthorized_client");

    let listed = json!({ "applications": [{ "id": id }] });
    let path = format!("/api/v1/apis/{}/applications", stage.management);
    assert_eq!(maker.patch(&path, listed.clone()).await.status, 200);
    let token = app.anonymous().form("/oauth2/token", &form).await;
    assert_eq!(token.body["scope"], "");
    assert_eq!(app.bearer(&token.text("/access_token")).get("/api/v1/apis").await.error(), "SCOPE_MISSING");

    // Taken away and given back, an authorisation comes without what it had.
    let (id, secret) = stage.admin.makes_application(&["read:apis"], json!({})).await;
    let again = json!({ "applications": [{ "id": id }] });
    let taken = json!({ "applications": [{ "id": id, "operation": "delete" }] });
    for change in [taken, again] {
        assert_eq!(maker.patch(&path, change).await.status, 200);
    }
    let form = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}");
    assert_eq!(app.anonymous().form("/oauth2/token", &form).await.body["scope"], "");
}

#[tokio::test]
async fn the_scopes_of_the_management_api_are_nobodys_to_change() {
    let app = TestApp::start().await;
    let stage = Stage::set(&app).await;
    let scopes = format!("/api/v1/apis/{}/scopes", stage.management);
    let one = format!("{scopes}/{}", stage.scope_id("read:apis"));
    let before = app.revision().await;
    for (method, path, body) in [
        (Method::POST, &scopes, Some(json!({ "key": "everything" }))),
        (Method::PATCH, &one, Some(json!({ "description": "Everything" }))),
        (Method::DELETE, &one, None),
    ] {
        let reply = stage.admin.call(method.clone(), path, body).await;
        assert_eq!((reply.status, reply.error()), (400, "MANAGEMENT_API"), "{method}: {reply}");
    }
    let reply = stage.admin.delete(&format!("/api/v1/apis/{}", stage.management)).await;
    assert_eq!((reply.status, reply.error()), (400, "MANAGEMENT_API"), "{reply}");
    assert_eq!(app.revision().await, before);
}

#[tokio::test]
async fn what_was_refused_left_every_credential_as_it_was() {
    let app = TestApp::start().await;
    let stage = Stage::set(&app).await;
    let (id, secret) = stage.admin.makes_application(&all_but(""), json!({})).await;
    let machine = stage.admin.makes_environment_key(&["read:users"], json!({})).await;
    let caller = stage.token_with(&["update:applications", "update:api_keys", "read:api_keys"]).await;
    let keys = caller.get("/api/v1/api_keys").await;
    let key = keys.body["api_keys"].as_array().unwrap().iter().find(|key| key["name"] == "Machine").unwrap();
    let key = format!("/api/v1/api_keys/{}", key["id"].as_str().unwrap());
    assert_eq!(caller.put(&key).await.error(), "RIGHTS_EXCEEDED");
    let secrets = format!("/api/v1/applications/{id}/secrets");
    assert_eq!(caller.post(&secrets, json!({ "grace_seconds": 0 })).await.error(), "RIGHTS_EXCEEDED");
    assert_eq!(machine.get("/api/v1/users").await.status, 200, "its secret is the same");
    app.sign_in(&id, &secret).await;
}
