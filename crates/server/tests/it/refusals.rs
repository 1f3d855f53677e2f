//! `/api/v1/refusals`

use std::net::SocketAddr;
use std::time::Duration;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Method;
use insta::assert_snapshot;
use keyward_server::actions::refusals::{MOST_KINDS_AN_HOUR, forget_refusals, write_refusals};
use keyward_server::jobs;
use serde_json::{Value, json};

use crate::support::{Actor, Reply, TestApp, hours};

const PATH: &str = "/api/v1/refusals";

async fn from(app: &TestApp, actor: &Actor<'_>, address: &str, path: &str) -> Reply {
    let mut request = actor.request(Method::GET, path).body(Body::empty()).unwrap();
    let peer = SocketAddr::new(address.parse().unwrap(), 4711);
    request.extensions_mut().insert(ConnectInfo(peer));
    app.send(request).await
}

/// What is stored, as code, route and count.
async fn listed(admin: &Actor<'_>, query: &str) -> Vec<(String, String, u64)> {
    let reply = admin.get(&format!("{PATH}?{query}")).await;
    let rows = reply.body["refusals"].as_array().unwrap_or_else(|| panic!("{reply}"));
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let mut rows: Vec<_> =
        rows.iter().map(|row| (text(&row["code"]), text(&row["route"]), row["count"].as_u64().unwrap())).collect();
    rows.sort();
    rows
}

#[tokio::test]
async fn what_was_refused_is_counted_by_its_kind_and_takes_no_revision() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let lacking = admin.makes_m2m(&["read:apis"], json!({})).await;
    let revision = app.revision().await;
    for _ in 0..3 {
        from(&app, &lacking, "::ffff:192.0.2.7", "/api/v1/users").await;
        app.advance(Duration::from_secs(2));
    }
    assert_eq!(admin.get(PATH).await.body["refusals"], json!([]), "not on the request's own path");
    write_refusals(&app.app).await.unwrap();
    assert_snapshot!(admin.get(PATH).await, @r#"
    200
    cache-control: no-store

    {
      "code": "OK",
      "has_more": false,
      "message": "Success",
      "refusals": [
        {
          "actor_id": "a192afe3157c85d0c847729f4e08f3a3",
          "actor_kind": "application",
          "address": "192.0.2.7",
          "code": "SCOPE_MISSING",
          "count": 3,
          "first_on": "2026-11-22T12:00:00Z",
          "hour_on": "2026-11-22T12:00:00Z",
          "id": "refusal_00079c141f42f4940c3dae06a8437d1c",
          "last_on": "2026-11-22T12:00:04Z",
          "route": "GET /api/v1/users"
        }
      ]
    }
    "#);
    assert_eq!(app.revision().await, revision);

    // Counted on in the same row.
    from(&app, &lacking, "192.0.2.7", "/api/v1/users").await;
    write_refusals(&app.app).await.unwrap();
    assert_eq!(listed(&admin, "").await, [("SCOPE_MISSING".into(), "GET /api/v1/users".into(), 4)]);
}

#[tokio::test]
async fn each_kind_of_refusal_is_told_and_what_is_no_refusal_is_not() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let (client, secret) = admin.makes_application(&["read:apis"], json!({})).await;
    app.anonymous().get("/api/v1/apis").await;
    app.bearer("garbage").get("/api/v1/api_keys/api_key_1").await;
    let token = |client: &str, secret: &str, more: &str| {
        format!("grant_type=client_credentials&client_id={client}&client_secret={secret}{more}")
    };
    for form in [
        token(&client, "wrong", ""),
        token(&client, "wrong", ""),
        token("0123456789abcdef0123456789abcdef", "wrong", ""),
        token(&client, &secret, "&scope=read:users"),
        token(&client, &secret, "&audience=https://nowhere.example"),
        "grant_type=password".to_owned(),
    ] {
        assert!(app.anonymous().form("/oauth2/token", &form).await.status >= 400);
    }
    admin.get("/api/v1/nothing").await;
    admin.get("/api/v1/api_keys/api_key_1").await;
    admin.post("/api/v1/user", json!({ "nam": 1 })).await;
    write_refusals(&app.app).await.unwrap();
    let route = |code: &str, route: &str, count| (code.to_owned(), route.to_owned(), count);
    let token = "POST /oauth2/token";
    assert_eq!(
        listed(&admin, "").await,
        [
            route("TOKEN_INVALID", "GET /api/v1/api_keys/{key_id}", 1),
            route("TOKEN_MISSING", "GET /api/v1/apis", 1),
            // One without a client id, and one with the id of none.
            route("invalid_client", token, 2),
            route("invalid_client", token, 2),
            route("invalid_scope", token, 1),
            route("unauthorized_client", token, 1),
        ]
    );
    let of_client = format!("actor_id={client}");
    let named =
        [route("invalid_client", token, 2), route("invalid_scope", token, 1), route("unauthorized_client", token, 1)];
    assert_eq!(listed(&admin, &of_client).await, named, "the application that was named, whatever its secret");
    assert_eq!(listed(&admin, "code=TOKEN_MISSING").await.len(), 1);
}

#[tokio::test]
async fn pages_follow_one_another_and_an_address_is_found_however_it_is_written() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    for last in 1..=5 {
        from(&app, &app.anonymous(), &format!("2001:db8::{last}"), "/api/v1/apis").await;
    }
    write_refusals(&app.app).await.unwrap();
    let (mut seen, mut query) = (Vec::new(), "page_size=2".to_owned());
    loop {
        let page = admin.get(&format!("{PATH}?{query}")).await.body;
        seen.extend(page["refusals"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()));
        if page["has_more"] == false {
            break;
        }
        query = format!("page_size=2&starting_after={}", seen.last().unwrap());
    }
    seen.dedup();
    assert_eq!((seen.len(), seen.is_sorted_by(|a, b| a > b)), (5, true));
    assert_eq!(listed(&admin, "address=2001:0DB8:0:0::3").await.len(), 1);
    for (query, message) in [
        ("address=office", "`address` must be an IPv4 or IPv6 address"),
        ("code=", "`code` must be 1 to 254 characters, none of them a control character"),
        ("page_size=501", "`page_size` must be 1 to 500"),
        ("route=x", "`route` is not a field of this request"),
    ] {
        let reply = admin.get(&format!("{PATH}?{query}")).await;
        assert_eq!((reply.status, reply.message()), (400, message), "{query}");
    }
}

#[tokio::test]
async fn an_hour_keeps_so_many_kinds_apart_and_counts_the_rest_together() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    // As many as an hour has room for but one, as if they had been written before.
    let hour = "2026-11-22T12:00:00Z".parse::<keyward_core::Timestamp>().unwrap();
    let mut tx = app.app.tally().await.unwrap();
    for number in 1..MOST_KINDS_AN_HOUR {
        let row = keyward_server::actions::refusals::RefusalRow {
            id: format!("refusal_{number}"),
            hour_at: hour,
            code: "TOKEN_INVALID".into(),
            route: "GET /".into(),
            actor_kind: None,
            actor_id: None,
            address: None,
            count: 1,
            first_at: hour,
            last_at: hour,
        };
        keyward_store::refusals::insert_refusal(&mut tx, &row).await.unwrap();
    }
    tx.commit().await.unwrap();
    for last in 1..=4 {
        from(&app, &app.anonymous(), &format!("192.0.2.{last}"), "/api/v1/apis").await;
    }
    for _ in 0..2 {
        write_refusals(&app.app).await.unwrap();
        from(&app, &app.anonymous(), "192.0.2.9", "/api/v1/apis").await;
    }
    write_refusals(&app.app).await.unwrap();
    assert_eq!(listed(&admin, "code=TOKEN_MISSING").await.len(), 1, "the last one that there was room for");
    assert_eq!(listed(&admin, "code=OTHER").await, [("OTHER".into(), String::new(), 5)], "nothing is lost");
    assert_eq!(app.database.db_number("SELECT COUNT(*) FROM refusals").await, 10_001);
}

#[tokio::test]
async fn what_cannot_be_written_is_counted_on() {
    let app = TestApp::start().await;
    app.anonymous().get("/api/v1/apis").await;
    app.app.close().await;
    assert!(write_refusals(&app.app).await.is_err());
    app.anonymous().get("/api/v1/apis").await;
    let counts: Vec<_> = app.app.refusal_log.take().values().map(|counted| counted.count).collect();
    assert_eq!(counts, [2]);
}

#[tokio::test]
async fn at_the_end_the_last_ones_are_written() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    app.anonymous().get("/api/v1/apis").await;
    jobs::write_refusals(app.app.clone(), std::future::ready(())).await;
    assert_eq!(listed(&admin, "").await, [("TOKEN_MISSING".into(), "GET /api/v1/apis".into(), 1)]);
}

#[tokio::test]
async fn they_are_forgotten_when_the_settings_say_so() {
    let app = TestApp::start_with("refusals_kept_days = 2").await;
    app.anonymous().get("/api/v1/apis").await;
    write_refusals(&app.app).await.unwrap();
    app.advance(hours(48));
    assert!(!forget_refusals(&app.app).await.unwrap(), "the hour that it was in is not over for two days yet");
    app.advance(hours(1));
    assert!(forget_refusals(&app.app).await.unwrap());
    assert!(!forget_refusals(&app.app).await.unwrap());
    assert_eq!(app.database.db_number("SELECT COUNT(*) FROM refusals").await, 0);
}

#[tokio::test]
async fn whoever_is_told_to_slow_down_is_counted_too() {
    let settings = "public_url = 'https://keys.example.com'\nfailures_per_address_per_minute = 3";
    let app = TestApp::start_with(settings).await;
    let admin = app.admin().await;
    for _ in 0..4 {
        from(&app, &app.bearer("garbage"), "198.51.100.7", "/api/v1/apis").await;
    }
    write_refusals(&app.app).await.unwrap();
    let route = |code: &str, count| (code.to_owned(), "GET /api/v1/apis".to_owned(), count);
    assert_eq!(listed(&admin, "").await, [route("RATE_LIMITED", 1), route("TOKEN_INVALID", 3)]);
}
