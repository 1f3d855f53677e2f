//! Credentials in a header, and wrong ones wherever they stand.

use insta::assert_snapshot;
use serde_json::json;

use super::Table;
use crate::oauth::{Client, FORM};
use crate::support::{Reply, TestApp};

#[tokio::test]
async fn a_header_that_is_not_plain_basic_is_refused() {
    let app = TestApp::start().await;
    let client = Client::of(&app, &app.admin().await).await;
    let (grant, right) = ("grant_type=client_credentials", "{id}:{secret}");
    let mut table = Table::default();
    for (name, pair, form) in [
        ("no colon", "{id}", grant),
        ("an empty pair", "", grant),
        ("a colon alone", ":", grant),
        ("no id", ":{secret}", grant),
        ("no secret", "{id}:", grant),
        ("a wrong secret", "{id}:canary", grant),
        ("more behind the secret", "{id}:{secret}&canary", grant),
        ("more before the id", "canary={id}:{secret}", grant),
        ("percent signs that encode nothing", "%zz%:%c3%28", grant),
        ("credentials in the body too", right, "grant_type=client_credentials&client_id={id}&client_secret={secret}"),
        ("another id in the body", right, "grant_type=client_credentials&client_id=canary"),
        ("no grant type", right, ""),
    ] {
        table.add(name, &client, &client.basic(pair, form).await);
    }
    let encoded = "Basic e2lkfTp7c2VjcmV0fQ==";
    for (name, headers) in [
        ("bad base64", &["Basic canary!"][..]),
        ("not text behind the base64", &["Basic /////w=="]),
        ("no scheme", &["canary"]),
        ("nothing behind the scheme", &["Basic"]),
        ("a bearer token", &["Bearer canary"]),
        ("an empty header", &[""]),
        ("two headers", &[encoded, encoded]),
    ] {
        table.add(name, &client, &client.send(FORM, grant, headers).await);
    }
    assert_snapshot!(table.0, @r#"
    no colon
        401 invalid_client: The Authorization header is not a Basic one.
        Basic realm="keyward", charset="UTF-8"
    an empty pair
        401 invalid_client: The Authorization header is not a Basic one.
        Basic realm="keyward", charset="UTF-8"
    a colon alone
        401 invalid_client: The client is unknown or its secret is wrong.
        Basic realm="keyward", charset="UTF-8"
    no id
        401 invalid_client: The client is unknown or its secret is wrong.
        Basic realm="keyward", charset="UTF-8"
    no secret
        401 invalid_client: The client is unknown or its secret is wrong.
        Basic realm="keyward", charset="UTF-8"
    a wrong secret
        401 invalid_client: The client is unknown or its secret is wrong.
        Basic realm="keyward", charset="UTF-8"
    more behind the secret
        401 invalid_client: The Authorization header is not a Basic one.
        Basic realm="keyward", charset="UTF-8"
    more before the id
        401 invalid_client: The client is unknown or its secret is wrong.
        Basic realm="keyward", charset="UTF-8"
    percent signs that encode nothing
        401 invalid_client: The client is unknown or its secret is wrong.
        Basic realm="keyward", charset="UTF-8"
    credentials in the body too
        400 invalid_request: The client's credentials stand in the header and in the body; one of them will do.
    another id in the body
        400 invalid_request: `client_id` is another than the one in the Authorization header.
    no grant type
        400 invalid_request: `grant_type` is missing.
    bad base64
        401 invalid_client: The Authorization header is not a Basic one.
        Basic realm="keyward", charset="UTF-8"
    not text behind the base64
        401 invalid_client: The Authorization header is not a Basic one.
        Basic realm="keyward", charset="UTF-8"
    no scheme
        401 invalid_client: The Authorization header is not a Basic one.
        Basic realm="keyward", charset="UTF-8"
    nothing behind the scheme
        401 invalid_client: The Authorization header is not a Basic one.
        Basic realm="keyward", charset="UTF-8"
    a bearer token
        401 invalid_client: The Authorization header is not a Basic one.
        Basic realm="keyward", charset="UTF-8"
    an empty header
        401 invalid_client: The Authorization header is not a Basic one.
        Basic realm="keyward", charset="UTF-8"
    two headers
        400 invalid_request: The Authorization header stands more than once.
    "#);
}

#[tokio::test]
async fn whoever_has_no_right_secret_learns_nothing_about_the_application() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let client = Client::of(&app, &admin).await;
    let user = admin.makes_user("Kim").await;
    let api = admin.makes_api("https://keys.example.org", &[]).await;
    let key = admin.makes_key(json!({ "name": "Key", "api_id": api, "user_id": user })).await.1;
    let token = admin.token.clone().unwrap();
    let sent = |id: &str, secret: &str| {
        format!("grant_type=client_credentials&audience=https://api.example.com&client_id={id}&client_secret={secret}")
    };
    let unknown = client.form(&sent("canary", "{secret}")).await;
    assert_snapshot!(unknown, @r#"
    401
    cache-control: no-store

    {
      "error": "invalid_client",
      "error_description": "The client is unknown or its secret is wrong."
    }
    "#);

    let mut others = vec![client.form(&sent("{id}", "canary")).await];
    for (id, secret) in [
        ("0123456789abcdef0123456789abcdef", "canary"),
        ("{id}", "{id}"),
        ("{id}", key.as_str()),
        ("{id}", token.as_str()),
        ("{id}", "{secret}%00"),
        ("{id}%00", "{secret}"),
        ("{id}%20", "{secret}"),
    ] {
        others.push(client.form(&sent(id, secret)).await);
    }
    app.database.db_run("UPDATE applications SET disabled_at = 1 WHERE name = 'Backend'").await;
    others.push(client.form(&sent("{id}", "{secret}")).await);
    app.database.db_run("UPDATE applications SET disabled_at = NULL WHERE name = 'Backend'").await;
    assert_eq!(client.form(&sent("{id}", "{secret}")).await.status, 200);
    app.database.db_run("UPDATE applications SET deleted_at = 1 WHERE name = 'Backend'").await;
    others.push(client.form(&sent("{id}", "{secret}")).await);
    for other in others {
        assert_eq!((other.status, &other.bytes), (unknown.status, &unknown.bytes));
        let names = |reply: &Reply| reply.headers.keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&other), names(&unknown));
    }
}
