//! Parameters that are missing, doubled or of the wrong type.

use insta::assert_snapshot;

use super::Table;
use crate::oauth::Client;
use crate::support::TestApp;

#[tokio::test]
async fn a_form_that_lacks_something_or_says_it_twice_is_refused() {
    let app = TestApp::start().await;
    let client = Client::of(&app, &app.admin().await).await;
    let mut table = Table::default();
    for (name, form) in [
        ("nothing at all", ""),
        ("no grant type", "client_id={id}&client_secret={secret}"),
        ("an empty grant type", "grant_type=&client_id={id}&client_secret={secret}"),
        ("an unknown grant type", "grant_type=canary&client_id={id}&client_secret={secret}"),
        ("the grant type in capitals", "grant_type=CLIENT_CREDENTIALS&client_id={id}&client_secret={secret}"),
        ("a code", "grant_type=authorization_code&code=canary&client_id={id}&client_secret={secret}"),
        ("a refresh token", "grant_type=refresh_token&refresh_token=canary&client_id={id}&client_secret={secret}"),
        ("a password", "grant_type=password&username=canary&password=canary&client_id={id}&client_secret={secret}"),
        ("no client id", "grant_type=client_credentials&client_secret={secret}"),
        ("an empty client id", "grant_type=client_credentials&client_id=&client_secret={secret}"),
        ("no client secret", "grant_type=client_credentials&client_id={id}"),
        ("an empty client secret", "grant_type=client_credentials&client_id={id}&client_secret="),
        ("the grant type twice", "grant_type=client_credentials&grant_type=client_credentials&client_id={id}"),
        ("the client id twice", "grant_type=client_credentials&client_id={id}&client_id=canary&client_secret={secret}"),
        (
            "the secret twice",
            "grant_type=client_credentials&client_id={id}&client_secret={secret}&client_secret=canary",
        ),
        ("the scope twice", "grant_type=client_credentials&client_id={id}&client_secret={secret}&scope=&scope="),
        ("an unknown parameter twice", "grant_type=client_credentials&client_id={id}&client_secret={secret}&x=1&x=2"),
        ("a secret as a name, twice", "{secret}=1&{secret}=1"),
        ("separators alone", "&&==&"),
        ("percent signs that encode nothing", "grant_type=%&client_id=%zz&client_secret=%c"),
    ] {
        table.add(name, &client, &client.form(form).await);
    }
    assert_snapshot!(table.0, @"
    nothing at all
        401 invalid_client: `client_id` is missing.
    no grant type
        400 invalid_request: `grant_type` is missing.
    an empty grant type
        400 invalid_request: `grant_type` is missing.
    an unknown grant type
        400 unsupported_grant_type: The grant type must be client_credentials.
    the grant type in capitals
        400 unsupported_grant_type: The grant type must be client_credentials.
    a code
        400 unsupported_grant_type: The grant type must be client_credentials.
    a refresh token
        400 unsupported_grant_type: The grant type must be client_credentials.
    a password
        400 unsupported_grant_type: The grant type must be client_credentials.
    no client id
        401 invalid_client: `client_id` is missing.
    an empty client id
        401 invalid_client: `client_id` is missing.
    no client secret
        401 invalid_client: `client_secret` is missing.
    an empty client secret
        401 invalid_client: `client_secret` is missing.
    the grant type twice
        400 invalid_request: `grant_type` stands more than once
    the client id twice
        400 invalid_request: `client_id` stands more than once
    the secret twice
        400 invalid_request: `client_secret` stands more than once
    the scope twice
        400 invalid_request: `scope` stands more than once
    an unknown parameter twice
        400 invalid_request: `x` stands more than once
    a secret as a name, twice
        400 invalid_request: `...` stands more than once
    separators alone
        401 invalid_client: `client_id` is missing.
    percent signs that encode nothing
        400 unsupported_grant_type: The grant type must be client_credentials.
    ");
}

#[tokio::test]
async fn json_of_the_wrong_shape_is_refused() {
    let app = TestApp::start().await;
    let client = Client::of(&app, &app.admin().await).await;
    let mut table = Table::default();
    for (name, body) in [
        ("nothing at all", ""),
        ("an empty object", "{}"),
        ("half an object", r#"{"grant_type":"canary""#),
        ("a list", r#"["canary"]"#),
        ("the values in a list, without their names", r#"["client_credentials","{id}","{secret}",null,null]"#),
        ("a text", r#""canary""#),
        ("null", "null"),
        ("a form", "grant_type=client_credentials&client_id={id}&client_secret={secret}"),
        ("no grant type", r#"{"client_id":"{id}","client_secret":"{secret}"}"#),
        ("null for a grant type", r#"{"grant_type":null,"client_id":"{id}","client_secret":"{secret}"}"#),
        ("a number for a grant type", r#"{"grant_type":7,"client_id":"{id}","client_secret":"{secret}"}"#),
        ("a list of secrets", r#"{"grant_type":"client_credentials","client_id":"{id}","client_secret":["{secret}"]}"#),
        ("an object for an id", r#"{"grant_type":"client_credentials","client_id":{"canary":1},"client_secret":"x"}"#),
        (
            "a list of scopes",
            r#"{"grant_type":"client_credentials","client_id":"{id}","client_secret":"{secret}","scope":["canary"]}"#,
        ),
        (
            "a list of audiences",
            r#"{"grant_type":"client_credentials","client_id":"{id}","client_secret":"{secret}","audience":["canary"]}"#,
        ),
        ("a member twice", r#"{"client_id":"{id}","client_id":"canary"}"#),
        ("a secret as a member, twice", r#"{"{secret}":1,"{secret}":1}"#),
        ("no client id", r#"{"grant_type":"client_credentials","client_secret":"{secret}"}"#),
        ("no secret", r#"{"grant_type":"client_credentials","client_id":"{id}"}"#),
        ("seventeen lists deep", r#"{"x":[[[[[[[[[[[[[[[[["canary"]]]]]]]]]]]]]]]]]}"#),
    ] {
        table.add(name, &client, &client.json(body).await);
    }
    assert_snapshot!(table.0, @"
    nothing at all
        400 invalid_request: The body is not well-formed JSON.
    an empty object
        401 invalid_client: `client_id` is missing.
    half an object
        400 invalid_request: The body is not well-formed JSON.
    a list
        400 invalid_request: The body must be an object.
    the values in a list, without their names
        400 invalid_request: The body must be an object.
    a text
        400 invalid_request: The body must be an object.
    null
        400 invalid_request: The body must be an object.
    a form
        400 invalid_request: The body is not well-formed JSON.
    no grant type
        400 invalid_request: `grant_type` is missing.
    null for a grant type
        400 invalid_request: `grant_type` is missing.
    a number for a grant type
        400 invalid_request: `grant_type` must be text
    a list of secrets
        400 invalid_request: `client_secret` must be text
    an object for an id
        400 invalid_request: `client_id` must be text
    a list of scopes
        400 invalid_request: `scope` must be text
    a list of audiences
        400 invalid_request: `audience` must be text
    a member twice
        400 invalid_request: `client_id` stands more than once
    a secret as a member, twice
        400 invalid_request: `...` stands more than once
    no client id
        401 invalid_client: `client_id` is missing.
    no secret
        401 invalid_client: `client_secret` is missing.
    seventeen lists deep
        400 invalid_request: The body is nested more than 16 deep.
    ");
}
