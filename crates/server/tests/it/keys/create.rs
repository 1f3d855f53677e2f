//! `POST /api/v1/api_keys`

use insta::assert_snapshot;
use serde_json::json;

use crate::support::TestApp;

#[tokio::test]
async fn an_organization_gets_a_key_whose_secret_is_shown_this_once() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let api = admin.makes_api("https://api.example.com", &["read:orders", "write:orders"]).await;
    let org = admin.makes_organization("Acme").await;
    let body = json!({ "name": "Production", "api_id": api, "org_code": org, "scope_ids": ["read:orders"] });
    let reply = admin.post("/api/v1/api_keys", body).await;
    assert_snapshot!(reply, @r#"
    201
    cache-control: no-store

    {
      "api_key": {
        "id": "api_key_01a20320a20076a9bdac40bf00483dd1",
        "key": "k_live_7UKIQhqbOgvESaz18MEprhCxqBnHSGMHnjsL4GRuT45Z1peb5i"
      },
      "code": "API_KEY_CREATED",
      "message": "API key created",
      "revision": 9
    }
    "#);

    let key = admin.get(&format!("/api/v1/api_keys/{}", reply.text("/api_key/id"))).await;
    assert_snapshot!(key, @r#"
    200
    cache-control: no-store

    {
      "api_key": {
        "allowed_cidrs": [],
        "api_ids": [
          "ee89cceb8c4064c0db0215941d86a66f"
        ],
        "bound_api_ids": null,
        "created_by": "First application",
        "created_on": "2026-11-22T12:00:00Z",
        "expires_on": null,
        "id": "api_key_01a20320a20076a9bdac40bf00483dd1",
        "key_prefix": "k_live",
        "key_suffix": "eb5i",
        "last_verified_ip": null,
        "last_verified_on": null,
        "metadata": null,
        "name": "Production",
        "organization_id": "org_6a27ff807441",
        "owner_external_id": null,
        "scopes": [
          "read:orders"
        ],
        "status": "active",
        "type": "organization",
        "user_id": null,
        "verification_count": 0
      },
      "code": "OK",
      "message": "Success"
    }
    "#);
}

#[tokio::test]
async fn the_owner_must_exist() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let api = admin.makes_api("https://api.example.com", &[]).await;
    let body = json!({ "name": "Production", "api_id": api, "org_code": "org_000000000000" });
    let reply = admin.post("/api/v1/api_keys", body).await;
    assert_snapshot!(reply, @r#"
    400
    cache-control: no-store

    {
      "errors": [
        {
          "code": "OWNER_NOT_FOUND",
          "message": "`org_code` is not the code of an organization"
        }
      ]
    }
    "#);
}
