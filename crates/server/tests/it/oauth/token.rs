//! `POST /oauth2/token`

use std::time::Duration;

use insta::assert_snapshot;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde_json::{Value, json};

use super::{Client, scope_of};
use crate::support::TestApp;
use crate::support::tokens::{claims_of, header_of};

const FORM: &str =
    "grant_type=client_credentials&client_id={id}&client_secret={secret}&audience=https://api.example.com";

#[tokio::test]
async fn a_form_is_answered_with_a_token_that_the_published_keys_verify() {
    let app = TestApp::start().await;
    let client = Client::of(&app, &app.admin().await).await;
    let reply = client.form(FORM).await;
    assert_snapshot!(reply, @r#"
    200
    cache-control: no-store

    {
      "access_token": "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiIsImtpZCI6Ijk5OjIzOmIyOjcxOmM2OjIwOjk5OjllOjJlOmI1OjM2OjBjOjU0OjE5OjU0OjJlIn0.eyJhdWQiOlsiaHR0cHM6Ly9hcGkuZXhhbXBsZS5jb20iXSwiYXpwIjoiMzg4NDcwMGY2NTBkMDRlMWJmZTRiMmFiNDY5ODBjYWQiLCJleHAiOjE3OTUzNTI0MDAsImd0eSI6WyJjbGllbnRfY3JlZGVudGlhbHMiXSwiaWF0IjoxNzk1MzQ4ODAwLCJpc3MiOiJodHRwczovL2tleXMuZXhhbXBsZS5jb20iLCJqdGkiOiJhYmVjZjc2YTU1M2QzMjBiYjg2ODZjYjM0NzYxMmRjZiIsInNjb3BlIjoicmVhZDpvcmRlcnMgd3JpdGU6b3JkZXJzIiwic2NwIjpbInJlYWQ6b3JkZXJzIiwid3JpdGU6b3JkZXJzIl0sInYiOiIyIn0.gGiUDV0ikMdBkZoMDg1RPb3SwxQtmlJSilVYGX1fz6kpTYZDrfLTETKaAzl6O5ECTLAzVZhNh2m9fI4C1OaGViRNSIIuh23nSSr0DNQpRpniQw2KU_qUiPX08U6mVYdCViQwibmF_xRbackbSRAIC7zAFc2SxLZRsZFIDIhWO1u1eWgsdNwCvcD2hdZkxPziIwAhuT-rrc-WieT_AaldQ982I0ff0xm7X5rWPKsnKlFaQnh5oUgZzxZ-u8Fyn_5xOU6J112lH-WSGgYPLezx0qgs0Ygval0o9dihxBiKoA4dvwuMrc-eREwWro6962RcHEB8jMUDfeOp-2F29R5FNQ",
      "expires_in": 3600,
      "scope": "read:orders write:orders",
      "token_type": "Bearer"
    }
    "#);
    assert_eq!((reply.header("content-type"), reply.header("pragma")), ("application/json", "no-cache"));

    let token = reply.text("/access_token");
    assert_snapshot!(pretty(&header_of(&token)), @r#"
    {
      "alg": "RS256",
      "kid": "99:23:b2:71:c6:20:99:9e:2e:b5:36:0c:54:19:54:2e",
      "typ": "JWT"
    }
    "#);
    assert_snapshot!(pretty(&claims_of(&token)), @r#"
    {
      "aud": [
        "https://api.example.com"
      ],
      "azp": "3884700f650d04e1bfe4b2ab46980cad",
      "exp": 1795352400,
      "gty": [
        "client_credentials"
      ],
      "iat": 1795348800,
      "iss": "https://keys.example.com",
      "jti": "abecf76a553d320bb8686cb347612dcf",
      "scope": "read:orders write:orders",
      "scp": [
        "read:orders",
        "write:orders"
      ],
      "v": "2"
    }
    "#);

    let published: JwkSet = serde_json::from_value(app.anonymous().get("/.well-known/jwks").await.body).unwrap();
    let jwk = published.find(&decode_header(&token).unwrap().kid.unwrap()).unwrap();
    let mut validation = Validation::new(Algorithm::RS256);
    validation.set_audience(&["https://api.example.com"]);
    validation.set_issuer(&["https://keys.example.com"]);
    validation.validate_exp = false; // The library reads the wall clock, and this app has its own.
    let verified = decode::<Value>(&token, &DecodingKey::from_jwk(jwk).unwrap(), &validation).unwrap();
    assert_eq!(verified.claims, claims_of(&token));
}

#[tokio::test]
async fn a_form_json_and_basic_are_answered_alike() {
    let app = TestApp::start().await;
    let client = Client::of(&app, &app.admin().await).await;
    let body = r#"{"grant_type":"client_credentials","client_id":"{id}","client_secret":"{secret}",
        "audience":"https://api.example.com","unknown":{"members":["are","ignored"]}}"#;
    let grant = "grant_type=client_credentials&audience=https://api.example.com&unknown=ignored";
    let encoded: String = client.id.bytes().map(|byte| format!("%{byte:02x}")).collect();
    let replies = [
        client.form(FORM).await,
        client.form(&format!("{FORM}&scope=&unknown=ignored")).await,
        client.send("Application/X-WWW-Form-URLEncoded; charset=UTF-8", FORM, &[]).await,
        client.json(body).await,
        client.send("application/json; charset=utf-8", body, &[]).await,
        client.basic("{id}:{secret}", grant).await,
        client.basic("{id}:{secret}", &format!("{grant}&client_id={{id}}&client_secret=")).await,
        client.basic(&format!("{encoded}:{{secret}}"), grant).await,
    ];
    for reply in &replies {
        assert_eq!(reply.status, 200, "{reply}");
        let mut claims = claims_of(&reply.text("/access_token"));
        let jti = claims.as_object_mut().unwrap().remove("jti");
        assert_eq!(jti.unwrap().as_str().unwrap().len(), 32);
        let mut first = claims_of(&replies[0].text("/access_token"));
        first.as_object_mut().unwrap().remove("jti");
        assert_eq!(claims, first);
    }
}

#[tokio::test]
async fn no_two_tokens_have_the_same_id() {
    let app = TestApp::start().await;
    let client = Client::of(&app, &app.admin().await).await;
    let (one, other) = (client.form(FORM).await, client.form(FORM).await);
    assert_ne!(claims_of(&one.text("/access_token"))["jti"], claims_of(&other.text("/access_token"))["jti"]);
}

#[tokio::test]
async fn the_scopes_are_those_asked_for_each_once_or_all_that_were_granted() {
    let app = TestApp::start().await;
    let client = Client::of(&app, &app.admin().await).await;
    for (asked, got) in [
        ("", "read:orders write:orders"),
        ("+", "read:orders write:orders"),
        ("read:orders", "read:orders"),
        ("write:orders", "write:orders"),
        ("write:orders+read:orders", "write:orders read:orders"),
        ("read:orders+read:orders", "read:orders"),
        ("++write:orders++", "write:orders"),
    ] {
        let reply = client.form(&format!("{FORM}&scope={asked}")).await;
        assert_eq!(scope_of(&reply), got, "{asked}");
        let claims = claims_of(&reply.text("/access_token"));
        assert_eq!(claims["scope"], got);
        assert_eq!(claims["scp"], json!(got.split(' ').collect::<Vec<_>>()));
    }
}

#[tokio::test]
async fn an_application_without_scopes_gets_a_token_without_scopes() {
    let app = TestApp::start().await;
    let (id, secret) = app.admin().await.makes_application(&[], json!({})).await;
    let client = Client { app: &app, id, secret };
    let reply = client.form("grant_type=client_credentials&client_id={id}&client_secret={secret}").await;
    assert_eq!(scope_of(&reply), "");
    let claims = claims_of(&reply.text("/access_token"));
    assert_eq!((&claims["scope"], &claims["scp"]), (&json!(""), &json!([])));
}

#[tokio::test]
async fn the_token_of_an_organizations_application_names_the_organization() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let org = admin.makes_organization("Acme").await;
    let own = admin.makes_m2m(&["read:api_keys"], json!({ "org_code": org })).await;
    assert_snapshot!(pretty(&claims_of(&own.token.unwrap())), @r#"
    {
      "aud": [
        "https://keys.example.com/api"
      ],
      "azp": "6f1384a306c41fc212d05c4045a39c19",
      "exp": 1795352400,
      "gty": [
        "client_credentials"
      ],
      "iat": 1795348800,
      "iss": "https://keys.example.com",
      "jti": "702f5b393f62c0e00a3fc775f4ecf37f",
      "org_code": "org_a192afe3157c",
      "scope": "read:api_keys",
      "scp": [
        "read:api_keys"
      ],
      "v": "2"
    }
    "#);
}

#[tokio::test]
async fn a_token_lives_as_long_as_the_setting_says() {
    let app = TestApp::start_with("public_url = 'https://keys.example.com'\ntoken_lifetime_seconds = 900").await;
    let admin = app.admin().await;
    let client = Client::of(&app, &admin).await;
    let reply = client.form(FORM).await;
    assert_eq!(reply.body["expires_in"], 900);
    let claims = claims_of(&reply.text("/access_token"));
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 900);

    app.advance(Duration::from_secs(899));
    assert_eq!(admin.get("/api/v1/apis").await.status, 200);
    app.advance(Duration::from_secs(1));
    assert_eq!(admin.get("/api/v1/apis").await.error(), "TOKEN_INVALID");
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap()
}
