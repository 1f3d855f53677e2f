//! What is published: the signing keys (RFC 7517) and the description of the server (RFC 8414).

use insta::assert_snapshot;
use keyward_core::ManagementScope;
use serde_json::json;

use crate::support::TestApp;
use crate::support::tokens::{claims_of, header_of};

#[tokio::test]
async fn the_signing_keys_stand_at_both_addresses_and_their_ids_match_the_tokens() {
    let app = TestApp::start().await;
    let (nobody, admin) = (app.anonymous(), app.admin().await);
    let keys = nobody.get("/.well-known/jwks").await;
    assert_snapshot!(keys, @r#"
    200
    cache-control: public, max-age=300

    {
      "keys": [
        {
          "alg": "RS256",
          "e": "AQAB",
          "kid": "99:23:b2:71:c6:20:99:9e:2e:b5:36:0c:54:19:54:2e",
          "kty": "RSA",
          "n": "qdrL8D7BMoUxnbOf_VToUqVhEAHCafS805WRGqifhqrO1vlFYQiq8hNpTxfXanwuUzpvq39MBEPm9iItR8rVqMyO1AAV7YdhQh5Lf9Et8vr4Z9cDv-0rXI8FVW9Ofz6lfIoqJpk7VXjPTGndXw58gbiRJbVPECZ4zpTZp4Nxu_P0JTxQiAMnwVGseC3jSb7cXJ6Fm7Xll-bz_qHwqEWYdZ-LnU0g8ziOqzkob5HPSiSd9IZKtG-aE5GYrMrfYJGUqx-O6RGPJ1-sIk2IKvmzScW8XFL8DUZrS6rNCtIKTs6D0nhwu9osTd3Z1RLGEEg-3V34mQEIn4EKKoFVGS48WQ",
          "use": "sig"
        }
      ]
    }
    "#);
    let twin = nobody.get("/.well-known/jwks.json").await;
    assert_eq!((twin.status, &twin.bytes, twin.header("cache-control")), (200, &keys.bytes, "public, max-age=300"));
    assert_eq!(header_of(admin.token.as_deref().unwrap())["kid"], keys.body["keys"][0]["kid"]);
    let members: Vec<_> = keys.body["keys"][0].as_object().unwrap().keys().collect();
    assert_eq!(members, ["alg", "e", "kid", "kty", "n", "use"], "nothing of the private half");
}

#[tokio::test]
async fn the_server_describes_itself_at_both_addresses_by_the_issuer_of_its_tokens() {
    let app = TestApp::start().await;
    let (nobody, admin) = (app.anonymous(), app.admin().await);
    let described = nobody.get("/.well-known/openid-configuration").await;
    assert_snapshot!(described, @r#"
    200
    cache-control: public, max-age=300

    {
      "grant_types_supported": [
        "client_credentials"
      ],
      "id_token_signing_alg_values_supported": [
        "RS256"
      ],
      "introspection_endpoint": "https://keys.example.com/oauth2/introspect",
      "introspection_endpoint_auth_methods_supported": [
        "client_secret_post",
        "client_secret_basic",
        "Bearer"
      ],
      "issuer": "https://keys.example.com",
      "jwks_uri": "https://keys.example.com/.well-known/jwks",
      "response_types_supported": [],
      "revocation_endpoint": "https://keys.example.com/oauth2/revoke",
      "revocation_endpoint_auth_methods_supported": [
        "none"
      ],
      "scopes_supported": [
        "read:apis",
        "create:apis",
        "update:apis",
        "delete:apis",
        "read:api_scopes",
        "create:api_scopes",
        "update:api_scopes",
        "delete:apis_scopes",
        "create:api_application_scopes",
        "delete:apis_application_scopes",
        "read:applications",
        "create:applications",
        "update:applications",
        "delete:applications",
        "read:organizations",
        "create:organizations",
        "update:organizations",
        "delete:organizations",
        "read:users",
        "create:users",
        "update:users",
        "delete:users",
        "read:api_keys",
        "create:api_keys",
        "update:api_keys",
        "delete:api_keys",
        "verify:api_keys",
        "update:application_tokens",
        "read:organization_users",
        "create:organization_users",
        "update:organization_users",
        "delete:organization_users",
        "read:organization_user_roles",
        "create:organization_user_roles",
        "delete:organization_user_roles",
        "read:organization_user_permissions",
        "create:organization_user_permissions",
        "delete:organization_user_permissions",
        "read:roles",
        "create:roles",
        "update:roles",
        "delete:roles",
        "read:role_permissions",
        "update:role_permissions",
        "delete:role_permissions",
        "read:permissions",
        "create:permissions",
        "update:permissions",
        "delete:permissions",
        "read:system_permissions",
        "read:role_system_permissions",
        "update:role_system_permissions",
        "read:signing_keys",
        "update:signing_keys",
        "read:audit_events",
        "read:plans",
        "create:plans",
        "update:plans",
        "delete:plans"
      ],
      "subject_types_supported": [
        "public"
      ],
      "token_endpoint": "https://keys.example.com/oauth2/token",
      "token_endpoint_auth_methods_supported": [
        "client_secret_post",
        "client_secret_basic"
      ]
    }
    "#);
    let twin = nobody.get("/.well-known/oauth-authorization-server").await;
    assert_eq!((twin.status, &twin.bytes), (200, &described.bytes));
    assert_eq!(claims_of(admin.token.as_deref().unwrap())["iss"], described.body["issuer"]);
}

#[tokio::test]
async fn what_is_described_is_served() {
    let app = TestApp::start_with("").await;
    let nobody = app.anonymous();
    let described = nobody.get("/.well-known/openid-configuration").await;
    let issuer = described.text("/issuer");
    assert_eq!(issuer, "http://localhost:8080");
    let path = |name: &str| described.text(name).strip_prefix(&issuer).unwrap().to_owned();
    assert_eq!(nobody.get(&path("/jwks_uri")).await.status, 200);
    for endpoint in ["/token_endpoint", "/introspection_endpoint"] {
        assert_eq!(nobody.form(&path(endpoint), "").await.error(), "invalid_client");
    }
    assert_eq!(nobody.form(&path("/revocation_endpoint"), "token=garbage").await.status, 200);
}

#[tokio::test]
async fn what_is_listed_is_what_tokens_are() {
    let app = TestApp::start().await;
    let (nobody, admin) = (app.anonymous(), app.admin().await);
    let (described, keys) =
        (nobody.get("/.well-known/openid-configuration").await, nobody.get("/.well-known/jwks").await);
    let header = header_of(admin.token.as_deref().unwrap());
    assert_eq!(described.body["id_token_signing_alg_values_supported"], json!([header["alg"]]));
    assert_eq!(keys.body["keys"][0]["alg"], header["alg"]);
    let known: Vec<&str> = ManagementScope::ALL.iter().map(|scope| scope.key()).collect();
    assert_eq!(described.body["scopes_supported"], json!(known));
}

#[tokio::test]
async fn an_issuer_with_a_path_is_described_with_the_path_in_every_place_where_clients_look() {
    let app = TestApp::start_with("public_url = 'https://example.com/keys/eu/'").await;
    let nobody = app.anonymous();
    let described = nobody.get("/.well-known/oauth-authorization-server").await;
    assert_eq!(described.text("/issuer"), "https://example.com/keys/eu");
    assert_eq!(described.text("/token_endpoint"), "https://example.com/keys/eu/oauth2/token");
    let token = app.admin().await.token.unwrap();
    assert_eq!(claims_of(&token)["iss"], described.body["issuer"]);
    for path in [
        "/.well-known/openid-configuration",
        "/.well-known/oauth-authorization-server/keys/eu",
        "/.well-known/openid-configuration/keys/eu",
        "/keys/eu/.well-known/oauth-authorization-server",
        "/keys/eu/.well-known/openid-configuration",
    ] {
        let same = nobody.get(path).await;
        assert_eq!((same.status, &same.bytes), (200, &described.bytes), "{path}");
        assert_eq!(same.header("cache-control"), "public, max-age=300", "{path}");
        let posted = nobody.post(path, json!({})).await;
        assert_eq!((posted.status, posted.header("allow").contains("GET")), (405, true), "{path}");
    }
}

#[tokio::test]
async fn nothing_is_described_for_another_path_than_the_issuers() {
    for (url, path) in [
        ("https://example.com/keys", "/.well-known/openid-configuration/other"),
        ("https://example.com/keys", "/.well-known/openid-configuration/keys/"),
        ("https://example.com/keys", "/other/.well-known/openid-configuration"),
        ("https://example.com/keys", "/keys/.well-known/jwks"),
        ("https://example.com", "/.well-known/openid-configuration/"),
        ("https://example.com", "//.well-known/openid-configuration"),
        ("https://example.com/:a/*", "/.well-known/openid-configuration/b/c"),
    ] {
        let app = TestApp::start_with(&format!("public_url = '{url}'")).await;
        let reply = app.anonymous().get(path).await;
        assert_eq!((reply.status, reply.error()), (404, "ROUTE_NOT_FOUND"), "{url} {path}");
    }
}
