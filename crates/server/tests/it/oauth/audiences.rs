//! The audience of a token: how the management API may be called, and that a registered API comes first.

use std::fmt::Write;

use insta::assert_snapshot;
use serde_json::json;

use super::Client;
use crate::support::tokens::claims_of;
use crate::support::{Actor, TestApp};

/// Asks for a token for each audience, and then for the list of APIs with it.
async fn try_each(app: &TestApp, admin: &Actor<'_>, audiences: &[&str]) -> String {
    let (id, secret) = admin.makes_application(&["read:apis"], json!({})).await;
    let client = Client { app, id, secret };
    let mut table = String::new();
    for audience in audiences {
        let form =
            format!("grant_type=client_credentials&client_id={{id}}&client_secret={{secret}}&audience={audience}");
        let reply = client.form(&form).await;
        if reply.status != 200 {
            writeln!(table, "{audience}: {} {}", reply.status, reply.error()).unwrap();
            continue;
        }
        let token = reply.text("/access_token");
        let echoed = claims_of(&token)["aud"].clone();
        let wanted =
            if audience.is_empty() { json!([app.app.issuer.management_audience()]) } else { json!([audience]) };
        assert_eq!(echoed, wanted, "the audience is that which was asked for");
        let used = app.bearer(&token).get("/api/v1/apis").await;
        writeln!(table, "{audience}: {}, and then {}", reply.status, used.status).unwrap();
    }
    table
}

#[tokio::test]
async fn with_a_public_address_the_management_api_has_that_name_alone() {
    let app = TestApp::start().await;
    let tried = [
        "",
        "https://keys.example.com/api",
        "https://keys.example.com/api/v1",
        "http://keys.example.com/api",
        "http://keys.example.com/api/v1",
        "https://http://keys.example.com/api",
        "https://keys.example.com",
        "https://keys.example.com/",
        "https://keys.example.com/api/",
        "https://keys.example.com/api/v2",
        "https://keys.example.com:443/api",
        "https://KEYS.EXAMPLE.COM/api",
        "keys.example.com/api",
        "https://localhost/api",
        "https://evil.example/api",
    ];
    assert_snapshot!(try_each(&app, &app.admin().await, &tried).await, @"
    : 200, and then 200
    https://keys.example.com/api: 200, and then 200
    https://keys.example.com/api/v1: 200, and then 200
    http://keys.example.com/api: 200, and then 200
    http://keys.example.com/api/v1: 200, and then 200
    https://http://keys.example.com/api: 200, and then 200
    https://keys.example.com: 400 unauthorized_client
    https://keys.example.com/: 400 unauthorized_client
    https://keys.example.com/api/: 400 unauthorized_client
    https://keys.example.com/api/v2: 400 unauthorized_client
    https://keys.example.com:443/api: 400 unauthorized_client
    https://KEYS.EXAMPLE.COM/api: 400 unauthorized_client
    keys.example.com/api: 400 unauthorized_client
    https://localhost/api: 400 unauthorized_client
    https://evil.example/api: 400 unauthorized_client
    ");
}

#[tokio::test]
async fn without_a_public_address_the_management_api_has_every_name_of_this_machine() {
    let app = TestApp::start_with("").await;
    // The actors' requests are sent to keys.example.com.
    let tried = [
        "",
        "http://localhost:8080/api",
        "https://localhost/api/v1",
        "http://127.0.0.1:9999/api",
        "http://[::1]:8080/api",
        "https://http://127.0.0.1:8080/api",
        "https://keys.example.com/api",
        "http://10.0.0.1/api",
        "http://localhost.evil.example/api",
        "http://a@localhost/api",
        "https://evil.example/api",
    ];
    assert_snapshot!(try_each(&app, &app.admin().await, &tried).await, @"
    : 200, and then 200
    http://localhost:8080/api: 200, and then 200
    https://localhost/api/v1: 200, and then 200
    http://127.0.0.1:9999/api: 200, and then 200
    http://[::1]:8080/api: 200, and then 200
    https://http://127.0.0.1:8080/api: 200, and then 200
    https://keys.example.com/api: 200, and then 200
    http://10.0.0.1/api: 400 unauthorized_client
    http://localhost.evil.example/api: 400 unauthorized_client
    http://a@localhost/api: 400 unauthorized_client
    https://evil.example/api: 400 unauthorized_client
    ");
}

#[tokio::test]
async fn a_token_of_another_host_is_worth_nothing_without_a_public_address() {
    let app = TestApp::start_with("").await;
    let admin = app.admin().await;
    let (id, secret) = admin.makes_application(&["read:apis"], json!({})).await;
    let client = Client { app: &app, id, secret };
    let form =
        "grant_type=client_credentials&client_id={id}&client_secret={secret}&audience=http://keys.example.com/api";
    let token = client.form(form).await.text("/access_token");
    let request = app.bearer(&token).request(axum::http::Method::GET, "/api/v1/apis");
    let mut request = request.body(axum::body::Body::empty()).unwrap();
    request.headers_mut().insert("host", "other.example.com".parse().unwrap());
    assert_eq!(app.send(request).await.error(), "TOKEN_INVALID");
}

#[tokio::test]
async fn a_registered_api_wins_over_the_management_api_and_its_tokens_open_nothing_else() {
    let app = TestApp::start_with("").await;
    let admin = app.admin().await;
    // Another server of the same laptop: any loopback name will do for the management API until an API has it.
    let alias = "http://localhost:3000/api";
    let (id, secret) = admin.makes_application(&["read:apis"], json!({})).await;
    let client = Client { app: &app, id: id.clone(), secret };
    let form = format!("grant_type=client_credentials&client_id={{id}}&client_secret={{secret}}&audience={alias}");
    let before = client.form(&form).await.text("/access_token");
    assert_eq!(app.bearer(&before).get("/api/v1/apis").await.status, 200);

    let api = admin.makes_api(alias, &["read:apis"]).await;
    assert_eq!(client.form(&form).await.error(), "unauthorized_client");
    let path = format!("/api/v1/apis/{api}/applications");
    admin.patch(&path, json!({ "applications": [{ "id": id }] })).await;
    let scope = admin.get(&format!("/api/v1/apis/{api}/scopes")).await.text("/scopes/0/id");
    admin.call(axum::http::Method::POST, &format!("{path}/{id}/scopes/{scope}"), None).await;
    let reply = client.form(&form).await;
    assert_eq!(claims_of(&reply.text("/access_token"))["scope"], "read:apis", "a scope of the registered API");
    let used = app.bearer(&reply.text("/access_token")).get("/api/v1/apis").await;
    assert_eq!((used.status, used.error()), (401, "TOKEN_INVALID"));
}
