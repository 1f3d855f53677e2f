//! Events, listed.

use std::time::Duration;

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::PATH;
use crate::support::{Actor, TestApp};

fn actions(events: &Value) -> Vec<&str> {
    events.as_array().unwrap().iter().map(|event| event["action"].as_str().unwrap()).collect()
}

async fn list(admin: &Actor<'_>, query: &str) -> Value {
    let reply = admin.get(&format!("{PATH}?{query}")).await;
    assert_eq!(reply.status, 200, "{reply}");
    reply.body
}

#[tokio::test]
async fn the_newest_comes_first_with_what_was_before_and_after() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let user = admin.makes_user("Kim").await;
    let path = format!("/api/v1/user?id={user}");
    admin.patch(&path, json!({ "given_name": "Lee", "is_suspended": true })).await;
    let mut reply = admin.get(&format!("{PATH}?page_size=1")).await;
    // Ids of requests and links follow from what else a test does; these are looked at in other tests.
    for (member, length) in [("request_id", 16), ("chain", 64)] {
        let value = &mut reply.body["audit_events"][0][member];
        assert_eq!(value.as_str().map(str::len), Some(length));
        *value = json!("...");
    }
    assert_snapshot!(reply, @r#"
    200
    cache-control: no-store

    {
      "audit_events": [
        {
          "action": "user.suspended",
          "actor_id": "6a77afab0f7c9370179642d8cde95015",
          "actor_kind": "application",
          "chain": "...",
          "created_on": "2026-11-22T12:00:00Z",
          "details": {
            "after": {
              "is_suspended": true
            },
            "before": {
              "is_suspended": false
            },
            "personal": [
              "given_name"
            ]
          },
          "org_code": null,
          "personal": [
            {
              "subject": "kp_a192afe3157c85d0c847729f4e08f3a3",
              "values": {
                "after": {
                  "given_name": "Lee"
                },
                "before": {
                  "given_name": "Kim"
                }
              }
            }
          ],
          "request_id": "...",
          "revision": 6,
          "target_id": "kp_a192afe3157c85d0c847729f4e08f3a3"
        }
      ],
      "code": "OK",
      "has_more": true,
      "message": "Success"
    }
    "#);
}

#[tokio::test]
async fn pages_follow_one_another_without_gap_or_overlap() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    for name in ["a", "b", "c"] {
        admin.makes_user(name).await;
    }
    let (mut seen, mut query) = (Vec::new(), "page_size=2".to_owned());
    loop {
        let page = list(&admin, &query).await;
        let events = page["audit_events"].as_array().unwrap();
        seen.extend(events.iter().map(|event| event["revision"].as_i64().unwrap()));
        if page["has_more"] == false {
            break;
        }
        admin.makes_user("newer").await;
        query = format!("page_size=2&starting_after={}", seen.last().unwrap());
    }
    let first = seen[0];
    assert_eq!(seen, (1..=first).rev().collect::<Vec<_>>(), "there is one for each revision");
}

#[tokio::test]
async fn each_filter_keeps_what_it_names() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let user = admin.makes_user("Kim").await;
    app.advance(Duration::from_secs(30 * 60));
    admin.patch(&format!("/api/v1/user?id={user}"), json!({ "given_name": "Lee" })).await;
    let actor = list(&admin, "page_size=1").await["audit_events"][0]["actor_id"].as_str().unwrap().to_owned();
    for (query, expected) in [
        ("action=user.created", vec!["user.created"]),
        (&format!("target_id={user}"), vec!["user.updated", "user.created"]),
        (&format!("target_id={user}&action=user.updated"), vec!["user.updated"]),
        (&format!("actor_id={actor}"), vec!["user.updated", "user.created"]),
        ("created_after=2026-11-22T12:30:00Z", vec!["user.updated"]),
        ("created_before=2026-11-22T12:30:00Z&page_size=1", vec!["user.created"]),
        ("action=user", vec![]),
        ("created_after=2027-01-01T00:00:00Z", vec![]),
    ] {
        assert_eq!(actions(&list(&admin, query).await["audit_events"]), expected, "{query}");
    }
}

#[tokio::test]
async fn what_breaks_a_rule_is_refused_by_name() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    for (query, message) in [
        ("page_size=0", "`page_size` must be 1 to 500"),
        ("page_size=501", "`page_size` must be 1 to 500"),
        ("starting_after=x", "`starting_after` must be a whole number from 0 to 9007199254740991"),
        ("action=", "`action` must be 1 to 254 characters, none of them a control character"),
        ("actor_id=%00", "`actor_id` must be 1 to 254 characters, none of them a control character"),
        ("target_id=", "`target_id` must be 1 to 254 characters, none of them a control character"),
        ("created_after=yesterday", "`created_after` must be an RFC 3339 date and time"),
        ("actor=x", "`actor` is not a field of this request"),
    ] {
        let reply = admin.get(&format!("{PATH}?{query}")).await;
        assert_eq!((reply.status, reply.message()), (400, message), "{query}");
    }
}
