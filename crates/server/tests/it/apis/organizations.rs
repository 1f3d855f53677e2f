//! What the application of an organization sees of APIs: those that it is authorised for.

use insta::assert_snapshot;
use serde_json::json;

use crate::support::{Actor, TestApp};

/// An application of an organization, authorised for one of two APIs: who it is, the APIs, and the organization.
async fn application<'a>(app: &'a TestApp, admin: &Actor<'_>) -> (Actor<'a>, String, String, String) {
    let org = admin.makes_organization("Acme").await;
    let own = admin.makes_api("https://own.example.com", &["read:orders"]).await;
    let other = admin.makes_api("https://other.example.com", &["read:secrets"]).await;
    let scopes = ["read:apis", "read:api_scopes", "create:api_keys"];
    let (id, secret) = admin.makes_application(&scopes, json!({ "name": "Of Acme", "org_code": org })).await;
    let second = admin.post("/api/v1/applications", json!({ "name": "Other", "type": "m2m" })).await;
    let listed = json!({ "applications": [{ "id": id }, { "id": second.text("/application/id") }] });
    admin.patch(&format!("/api/v1/apis/{own}/applications"), listed.clone()).await;
    admin
        .patch(&format!("/api/v1/apis/{other}/applications"), json!({ "applications": [listed["applications"][1]] }))
        .await;
    (app.sign_in(&id, &secret).await, own, other, org)
}

#[tokio::test]
async fn it_lists_those_that_it_is_authorised_for() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let (application, ..) = application(&app, &admin).await;
    let listed = application.get("/api/v1/apis?expand=scopes").await;
    let names: Vec<_> = listed.body["apis"].as_array().unwrap().iter().map(|api| &api["audience"]).collect();
    // The tokens that it asks with are for the management API.
    assert_eq!(names, ["https://keys.example.com/api", "https://own.example.com"], "{listed}");
}

#[tokio::test]
async fn it_reads_an_api_with_itself_alone_among_its_applications() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let (application, own, ..) = application(&app, &admin).await;
    assert_snapshot!(application.get(&format!("/api/v1/apis/{own}")).await, @r#"
    200
    cache-control: no-store

    {
      "api": {
        "applications": [
          {
            "id": "c5fc89075299106c37b2fa361adea7cd",
            "is_active": true,
            "name": "Of Acme",
            "type": "Machine to machine (M2M)"
          }
        ],
        "audience": "https://own.example.com",
        "id": "6f1384a306c41fc212d05c4045a39c19",
        "is_management_api": false,
        "key_policy": null,
        "key_prefix": "k_live",
        "name": "Orders",
        "scopes": [
          {
            "id": "api_scope_e9c7191857e774b84eead809af5b0cc3",
            "key": "read:orders"
          }
        ]
      },
      "code": "OK",
      "message": "Success"
    }
    "#);
    assert_eq!(application.get(&format!("/api/v1/apis/{own}/scopes")).await.text("/scopes/0/key"), "read:orders");
}

#[tokio::test]
async fn another_api_is_as_one_that_is_not_there() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let (application, _, other, _) = application(&app, &admin).await;
    let scope = admin.get(&format!("/api/v1/apis/{other}/scopes")).await.text("/scopes/0/id");
    for rest in ["", "/scopes", &format!("/scopes/{scope}")] {
        let foreign = application.get(&format!("/api/v1/apis/{other}{rest}")).await;
        let unknown = application.get(&format!("/api/v1/apis/{}{rest}", "0".repeat(32))).await;
        assert_eq!((foreign.status, foreign.to_string()), (404, unknown.to_string()));
    }
}

#[tokio::test]
async fn it_makes_keys_for_its_apis_alone() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let (application, own, other, org) = application(&app, &admin).await;
    let key = |api: &str| json!({ "name": "Key", "api_id": api, "org_code": org });
    assert_eq!(application.post("/api/v1/api_keys", key(&own)).await.status, 201);
    let foreign = application.post("/api/v1/api_keys", key(&other)).await;
    assert_eq!((foreign.status, foreign.error()), (400, "API_UNKNOWN"));
}

#[tokio::test]
async fn what_is_taken_from_it_is_gone_at_once() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let (application, own, ..) = application(&app, &admin).await;
    let detail = admin.get(&format!("/api/v1/apis/{own}")).await;
    let listed = detail.body["api"]["applications"].as_array().unwrap();
    let id = listed.iter().find(|row| row["name"] == "Of Acme").unwrap()["id"].clone();
    let taken = json!({ "applications": [{ "id": id, "operation": "delete" }] });
    admin.patch(&format!("/api/v1/apis/{own}/applications"), taken).await;
    assert_eq!(application.get(&format!("/api/v1/apis/{own}")).await.status, 404);
}
