//! Audiences and scopes.

use insta::assert_snapshot;
use serde_json::json;

use super::Table;
use crate::oauth::Client;
use crate::support::TestApp;

#[tokio::test]
async fn an_audience_or_a_scope_that_was_not_granted_is_refused() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let client = Client::of(&app, &admin).await;
    admin.makes_api("https://other.example.com", &["read:canary"]).await;
    let mut table = Table::default();
    for (name, more) in [
        ("an unknown audience", "audience=https://canary.example.com"),
        ("the API of others", "audience=https://other.example.com"),
        ("an audience with a slash more", "audience=https://api.example.com/"),
        ("two audiences", "audience=https://api.example.com%20https://keys.example.com/api"),
        ("an audience that is blank", "audience=%20"),
        ("an unknown scope", "audience=https://api.example.com&scope=canary"),
        ("a scope of another API", "audience=https://api.example.com&scope=read:apis"),
        ("a scope that was not granted", "audience=https://api.example.com&scope=delete:orders"),
        ("one right, one wrong", "audience=https://api.example.com&scope=read:orders%20canary"),
        ("a scope in capitals", "audience=https://api.example.com&scope=READ:ORDERS"),
        ("scopes with a comma", "audience=https://api.example.com&scope=read:orders,write:orders"),
        ("scopes with a line break", "audience=https://api.example.com&scope=read:orders%0Awrite:orders"),
        ("a scope with quotes", "audience=https://api.example.com&scope=%22read:orders%22"),
        ("a scope of the management API", "scope=read:apis"),
    ] {
        let form = format!("grant_type=client_credentials&client_id={{id}}&client_secret={{secret}}&{more}");
        table.add(name, &client, &client.form(&form).await);
    }
    assert_snapshot!(table.0, @"
    an unknown audience
        400 unauthorized_client: The client is not authorised for this audience. These would do: https://keys.example.com/api https://api.example.com
    the API of others
        400 unauthorized_client: The client is not authorised for this audience. These would do: https://keys.example.com/api https://api.example.com
    an audience with a slash more
        400 unauthorized_client: The client is not authorised for this audience. These would do: https://keys.example.com/api https://api.example.com
    two audiences
        400 unauthorized_client: The client is not authorised for this audience. These would do: https://keys.example.com/api https://api.example.com
    an audience that is blank
        400 unauthorized_client: The client is not authorised for this audience. These would do: https://keys.example.com/api https://api.example.com
    an unknown scope
        400 invalid_scope: A scope is unknown or was not granted to this client.
    a scope of another API
        400 invalid_scope: A scope is unknown or was not granted to this client.
    a scope that was not granted
        400 invalid_scope: A scope is unknown or was not granted to this client.
    one right, one wrong
        400 invalid_scope: A scope is unknown or was not granted to this client.
    a scope in capitals
        400 invalid_scope: A scope is unknown or was not granted to this client.
    scopes with a comma
        400 invalid_scope: A scope is unknown or was not granted to this client.
    scopes with a line break
        400 invalid_scope: A scope is unknown or was not granted to this client.
    a scope with quotes
        400 invalid_scope: A scope is unknown or was not granted to this client.
    a scope of the management API
        400 invalid_scope: A scope is unknown or was not granted to this client.
    ");

    let created = admin.post("/api/v1/applications", json!({ "name": "Lonely", "type": "m2m" })).await;
    let lonely = Client {
        app: &app,
        id: created.text("/application/client_id"),
        secret: created.text("/application/client_secret"),
    };
    let mut table = Table::default();
    let form = "grant_type=client_credentials&client_id={id}&client_secret={secret}";
    table.add("no grant of any API", &lonely, &lonely.form(form).await);
    assert_snapshot!(table.0, @"
    no grant of any API
        400 unauthorized_client: The client is not authorised for any audience.
    ");
}

#[tokio::test]
async fn an_audience_that_cannot_be_written_in_a_description_is_left_out_of_it() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let client = Client::of(&app, &admin).await;
    for audience in ["https://bücher.example.com", r#"https://"quoted".example.com"#] {
        let api = admin.makes_api(audience, &[]).await;
        let body = json!({ "applications": [{ "id": client.id }] });
        assert_eq!(admin.patch(&format!("/api/v1/apis/{api}/applications"), body).await.status, 200);
    }
    let form = "grant_type=client_credentials&client_id={id}&client_secret={secret}&audience=urn:canary";
    let mut table = Table::default();
    table.add("an unknown audience", &client, &client.form(form).await);
    assert_snapshot!(table.0, @"
    an unknown audience
        400 unauthorized_client: The client is not authorised for this audience. These would do: https://keys.example.com/api https://api.example.com
    ");
}
