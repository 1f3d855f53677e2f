//! `/api/v1/apis`

mod authorize;
mod delete;
mod key_policy;
mod organizations;
mod register;
mod rights;

use insta::assert_snapshot;
use serde_json::json;

use crate::support::TestApp;

#[tokio::test]
async fn an_api_is_read_with_its_scopes_and_the_applications_that_may_ask_for_it() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let api = admin.makes_api("https://api.example.com", &["write:orders", "read:orders"]).await;
    let (id, _) = admin.makes_application(&[], json!({ "name": "Gateway" })).await;
    let path = format!("/api/v1/apis/{api}");
    admin.patch(&format!("{path}/applications"), json!({ "applications": [{ "id": id }] })).await;
    assert_snapshot!(admin.get(&path).await, @r#"
    200
    cache-control: no-store

    {
      "api": {
        "applications": [
          {
            "id": "846eb9673349f8e487bae55b86039fe8",
            "is_active": true,
            "name": "Gateway",
            "type": "Machine to machine (M2M)"
          }
        ],
        "audience": "https://api.example.com",
        "id": "a192afe3157c85d0c847729f4e08f3a3",
        "is_management_api": false,
        "key_policy": null,
        "key_prefix": "k_live",
        "name": "Orders",
        "scopes": [
          {
            "id": "api_scope_4eead809af5b0cc3e809acafa23864a4",
            "key": "read:orders"
          },
          {
            "id": "api_scope_12d05c4045a39c199899202fd20f0841",
            "key": "write:orders"
          }
        ]
      },
      "code": "OK",
      "message": "Success"
    }
    "#);
}

#[tokio::test]
async fn apis_are_listed_by_name() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    for name in ["b", "Z", "é", "a"] {
        let body = json!({ "name": name, "audience": format!("https://{}.example.com", name.len()) + name });
        assert_eq!(admin.post("/api/v1/apis", body).await.status, 200);
    }
    let listed = admin.get("/api/v1/apis").await;
    let names = listed.body["apis"].as_array().unwrap().iter().map(|api| api["name"].as_str().unwrap());
    assert_eq!(names.collect::<Vec<_>>(), ["a", "b", "Keyward Management API", "Z", "é"]);
}

#[tokio::test]
async fn the_list_has_scopes_if_it_is_asked_for_them() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    admin.makes_api("https://api.example.com", &["write:orders", "read:orders"]).await;
    assert_snapshot!(admin.get("/api/v1/apis").await, @r#"
    200
    cache-control: no-store

    {
      "apis": [
        {
          "audience": "https://keys.example.com/api",
          "id": "e220a8397b1dcdaf6e789e6aa1b965f4",
          "is_management_api": true,
          "key_policy": null,
          "key_prefix": "k_adm",
          "name": "Keyward Management API"
        },
        {
          "audience": "https://api.example.com",
          "id": "a192afe3157c85d0c847729f4e08f3a3",
          "is_management_api": false,
          "key_policy": null,
          "key_prefix": "k_live",
          "name": "Orders"
        }
      ],
      "code": "OK",
      "message": "Success",
      "next_token": null
    }
    "#);
    let expanded = admin.get("/api/v1/apis?expand=scopes").await;
    assert_snapshot!(format!("{:#}", expanded.body["apis"][1]), @r#"
    {
      "audience": "https://api.example.com",
      "id": "a192afe3157c85d0c847729f4e08f3a3",
      "is_management_api": false,
      "key_policy": null,
      "key_prefix": "k_live",
      "name": "Orders",
      "scopes": [
        {
          "id": "api_scope_4eead809af5b0cc3e809acafa23864a4",
          "key": "read:orders"
        },
        {
          "id": "api_scope_12d05c4045a39c199899202fd20f0841",
          "key": "write:orders"
        }
      ]
    }
    "#);
    let own = expanded.body["apis"][0]["scopes"].as_array().unwrap();
    assert!(own.iter().any(|scope| scope["key"] == "verify:api_keys"));
}

#[tokio::test]
async fn an_unknown_api_is_not_found() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    assert_snapshot!(admin.get("/api/v1/apis/00000000000000000000000000000000").await, @r#"
    404
    cache-control: no-store

    {
      "errors": {
        "code": "API_NOT_FOUND",
        "message": "There is no API with this id."
      }
    }
    "#);
    let deleted = admin.makes_api("https://api.example.com", &[]).await;
    app.database.db_run("UPDATE apis SET deleted_at = 1 WHERE NOT is_management_api").await;
    for id in ["nope", "%00", deleted.as_str()] {
        let reply = admin.get(&format!("/api/v1/apis/{id}")).await;
        assert_eq!((reply.status, reply.error()), (404, "API_NOT_FOUND"), "{id}");
    }
    let listed = admin.get("/api/v1/apis").await;
    assert_eq!(listed.body["apis"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_query_that_cannot_be_read_is_refused_by_name() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    for (query, code, message) in [
        ("expand=everything", "FIELD_INVALID", "`expand` must be `scopes`"),
        ("page_size=1", "FIELD_UNKNOWN", "`page_size` is not a field of this request"),
    ] {
        let reply = admin.get(&format!("/api/v1/apis?{query}")).await;
        assert_eq!((reply.status, reply.error(), reply.message()), (400, code, message));
    }
}

#[tokio::test]
async fn an_organizations_application_changes_nothing() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let org = admin.makes_organization("Acme").await;
    let api = admin.makes_api("https://api.example.com", &[]).await;
    let scopes = ["create:apis", "update:apis", "delete:apis"];
    let application = admin.makes_m2m(&scopes, json!({ "org_code": org })).await;
    admin.authorizes(&api, &application).await;
    let before = app.revision().await;
    let other = json!({ "name": "Other", "audience": "other" });
    assert_snapshot!(application.post("/api/v1/apis", other).await, @r#"
    403
    cache-control: no-store

    {
      "errors": [
        {
          "code": "PLATFORM_ONLY",
          "message": "This is not for the application of an organization."
        }
      ]
    }
    "#);
    for reply in [
        application.delete(&format!("/api/v1/apis/{api}")).await,
        application.patch(&format!("/api/v1/apis/{api}/applications"), json!({ "applications": [] })).await,
    ] {
        assert_eq!((reply.status, reply.error()), (403, "PLATFORM_ONLY"), "{reply}");
    }
    assert_eq!(app.revision().await, before);
}
