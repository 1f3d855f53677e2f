//! `PATCH /api/v1/applications/{application_id}` and `PATCH /api/v1/applications/{application_id}/tokens`

use insta::assert_snapshot;
use serde_json::json;

use crate::support::TestApp;
use crate::support::tokens::claims_of;

#[tokio::test]
async fn absent_members_stay_null_clears_and_a_value_sets() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let api = admin.makes_api("https://api.example.com", &[]).await;
    let (id, _) = admin.makes_application(&[], json!({ "bound_api_ids": [api] })).await;
    let path = format!("/api/v1/applications/{id}");
    assert_snapshot!(admin.patch(&path, json!({ "name": "Renamed" })).await, @r#"
    200
    cache-control: no-store

    {
      "code": "OK",
      "message": "Success",
      "revision": 8
    }
    "#);
    let read = admin.get(&path).await;
    assert_eq!((read.text("/application/name"), read.text("/application/bound_api_ids/0")), ("Renamed".into(), api));
    assert_eq!(admin.patch(&path, json!({ "bound_api_ids": null })).await.status, 200);
    assert_eq!(admin.get(&path).await.body["application"]["bound_api_ids"], json!(null));
}

#[tokio::test]
async fn what_is_so_already_makes_no_revision() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let (id, _) = admin.makes_application(&[], json!({ "name": "Backend" })).await;
    let path = format!("/api/v1/applications/{id}");
    let first = admin.patch(&path, json!({ "name": "Renamed" })).await.body["revision"].clone();
    let again = admin.patch(&path, json!({ "name": "Renamed", "is_enabled": true })).await.body["revision"].clone();
    assert_eq!(first, again);
    let ignored = json!({ "redirect_uris": ["https://a.example"], "is_ask_for_name": true, "language_key": "en" });
    assert_eq!(admin.patch(&path, ignored).await.body["revision"], first);
}

#[tokio::test]
async fn a_disabled_application_is_worth_nothing_until_it_is_enabled() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let (id, secret) = admin.makes_application(&["read:apis"], json!({})).await;
    let token = app.sign_in(&id, &secret).await;
    let path = format!("/api/v1/applications/{id}");
    assert_eq!(admin.patch(&path, json!({ "is_enabled": false })).await.status, 200);
    assert_eq!(token.get("/api/v1/apis").await.error(), "TOKEN_INVALID");
    let form = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}");
    assert_eq!(app.anonymous().form("/oauth2/token", &form).await.error(), "invalid_client");
    assert_eq!(admin.get(&path).await.body["application"]["is_enabled"], false);
    assert_eq!(admin.patch(&path, json!({ "is_enabled": true })).await.status, 200);
    assert_eq!(token.get("/api/v1/apis").await.status, 200);
}

#[tokio::test]
async fn nobody_sets_an_application_free_that_may_do_more_than_they() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let api = admin.makes_api("https://api.example.com", &[]).await;
    let (strong, _) = admin.makes_application(&["delete:apis"], json!({ "bound_api_ids": [api] })).await;
    let weak = admin.makes_m2m(&["update:applications"], json!({})).await;
    let path = format!("/api/v1/applications/{strong}");
    let before = app.revision().await;
    assert_eq!(weak.patch(&path, json!({ "bound_api_ids": null })).await.error(), "RIGHTS_EXCEEDED");
    assert_eq!(app.revision().await, before);
    assert_eq!(weak.patch(&path, json!({ "is_enabled": false, "name": "Stopped" })).await.status, 200);
    assert_eq!(weak.patch(&path, json!({ "is_enabled": true })).await.error(), "RIGHTS_EXCEEDED");
    let bound = admin.makes_m2m(&["update:applications", "delete:apis"], json!({ "bound_api_ids": [api] })).await;
    assert_eq!(bound.patch(&path, json!({ "bound_api_ids": null })).await.error(), "RIGHTS_EXCEEDED");
    assert_eq!(bound.patch(&path, json!({ "is_enabled": true })).await.status, 200);
}

#[tokio::test]
async fn tokens_live_as_long_as_is_said_from_then_on() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let (id, secret) = admin.makes_application(&["read:apis"], json!({})).await;
    let path = format!("/api/v1/applications/{id}/tokens");
    let kindes = json!({
        "access_token_lifetime": 60, "refresh_token_lifetime": 1, "id_token_lifetime": 2,
        "authenticated_session_lifetime": 3, "is_hasura_mapping_enabled": false,
    });
    assert_eq!(admin.patch(&path, kindes).await.status, 200);
    let claims = claims_of(&app.sign_in(&id, &secret).await.token.unwrap());
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 60);
    assert_eq!(admin.get(&format!("/api/v1/applications/{id}")).await.body["application"]["access_token_lifetime"], 60);
    for (seconds, status) in [(59, 400), (604_800, 200), (604_801, 400), (0, 400)] {
        let reply = admin.patch(&path, json!({ "access_token_lifetime": seconds })).await;
        assert_eq!(reply.status, status, "{seconds}: {reply}");
    }
    assert_eq!(admin.patch(&path, json!({})).await.status, 200, "nothing is asked for");
}

#[tokio::test]
async fn what_breaks_a_rule_changes_nothing() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let (id, _) = admin.makes_application(&[], json!({})).await;
    let before = app.revision().await;
    for (body, message) in [
        (json!({ "name": "" }), "`name` must be 1 to 128 characters"),
        (json!({ "name": "a".repeat(129) }), "`name` must be 1 to 128 characters"),
        (json!({ "name": "New", "bound_api_ids": [] }), "`bound_api_ids` must have 1 to 100 entries"),
        (json!({ "name": "New", "bound_api_ids": ["x"] }), "`bound_api_ids[0]` is not the id of an API"),
        (json!({ "is_enabled": "yes" }), "`is_enabled` must be true or false"),
        (json!({ "type": "spa" }), "`type` is not a field of this request"),
        (json!({ "org_code": "org_1" }), "`org_code` is not a field of this request"),
    ] {
        let reply = admin.patch(&format!("/api/v1/applications/{id}"), body.clone()).await;
        assert_eq!((reply.status, reply.message()), (400, message), "{body}");
    }
    assert_eq!(app.revision().await, before);
    for path in ["/api/v1/applications/nope", "/api/v1/applications/nope/tokens"] {
        assert_eq!(admin.patch(path, json!({})).await.error(), "APPLICATION_NOT_FOUND");
    }
}
