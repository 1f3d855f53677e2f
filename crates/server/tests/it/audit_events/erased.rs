//! Personal values, erased from the log.

use axum::http::Method;
use keyward_server::actions::audit::{erase_subject, verify_events};
use keyward_server::caller::Caller;
use serde_json::{Value, json};

use super::{PATH, call_from, last};
use crate::support::TestApp;

#[tokio::test]
async fn with_the_profile_what_the_log_says_of_a_user_is_erased_and_the_chain_still_fits() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let api = admin.makes_api("https://api.example.com", &[]).await;
    let user = admin.makes_user("Kim-canary").await;
    let kept = admin.makes_user("Lee-canary").await;
    let path = format!("/api/v1/user?id={user}");
    admin.patch(&path, json!({ "family_name": "Canary-Smith", "provided_id": "canary-7" })).await;
    admin.makes_key(json!({ "name": "Key of canary", "api_id": api, "user_id": user })).await;
    let before = verify_events(&app.app, Vec::new()).await.unwrap();
    assert_eq!(admin.delete(&format!("{path}&is_delete_profile=true")).await.status, 200);

    let left = admin.get(&format!("{PATH}?target_id={user}")).await;
    assert_eq!(left.body["audit_events"].as_array().unwrap().len(), 3, "the events stay: {left}");
    assert_eq!(last(&admin).await["details"], json!({ "with_profile": true }));
    let all = String::from_utf8(admin.get(PATH).await.bytes).unwrap();
    for gone in ["Kim-canary", "Canary-Smith", "canary-7", "Key of canary"] {
        assert!(!all.contains(gone), "{gone}");
    }
    assert!(all.contains("Lee-canary") && all.contains(&kept), "others stay");
    let erased =
        app.database.db_number("SELECT COUNT(*) FROM audit_personal WHERE content IS NULL AND salt IS NULL").await;
    let after = verify_events(&app.app, Vec::new()).await.unwrap();
    assert_eq!((erased, before.erased, after.erased, after.personal), (3, 0, 3, before.personal));
    assert_eq!(after.events, before.events + 1);
}

#[tokio::test]
async fn without_the_profile_nothing_is_erased() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let user = admin.makes_user("Kim").await;
    assert_eq!(admin.delete(&format!("/api/v1/user?id={user}")).await.status, 200);
    assert_eq!(verify_events(&app.app, Vec::new()).await.unwrap().erased, 0);
    let created = admin.get(&format!("{PATH}?target_id={user}&action=user.created")).await;
    let values = &created.body["audit_events"][0]["personal"][0]["values"];
    assert_eq!(*values, json!({ "after": { "given_name": "Kim" } }));
}

#[tokio::test]
async fn anybody_else_is_erased_by_an_event_of_its_own() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let body = json!({ "name": "Acme" });
    call_from(&app, &admin, "192.0.2.7", (Method::POST, "/api/v1/organization"), body).await;
    let actor = last(&admin).await["actor_id"].as_str().unwrap().to_owned();
    let revision = app.revision().await;
    assert_eq!(erase_subject(&app.app, &Caller::command_line(), "nobody").await.unwrap(), 0);
    assert_eq!(app.revision().await, revision, "where nothing is kept, nothing is changed");
    // The name that it was made with, and the address of the one call that had one.
    assert_eq!(erase_subject(&app.app, &Caller::command_line(), &actor).await.unwrap(), 2);
    let event = last(&admin).await;
    let said = (&event["action"], &event["target_id"], &event["actor_kind"]);
    assert_eq!(said, (&json!("audit.erased"), &json!(actor), &json!("command_line")));
    let all = admin.get(PATH).await;
    assert!(!String::from_utf8_lossy(&all.bytes).contains("192.0.2.7"));
    let rows =
        all.body["audit_events"].as_array().unwrap().iter().flat_map(|event| event["personal"].as_array().unwrap());
    let nulls: Vec<_> = rows.filter(|row| row["values"] == Value::Null).map(|row| &row["subject"]).collect();
    assert_eq!(nulls, [&json!(actor), &json!(actor)], "that something stood there can still be seen");
    assert_eq!(verify_events(&app.app, Vec::new()).await.unwrap().erased, 2);
    assert_eq!(erase_subject(&app.app, &Caller::command_line(), &actor).await.unwrap(), 0, "once");
}
