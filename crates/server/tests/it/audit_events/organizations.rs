//! What the application of an organization sees of the log.

use axum::http::Method;
use serde_json::json;

use super::{PATH, call_from};
use crate::support::TestApp;

#[tokio::test]
async fn an_organization_sees_its_own_events_alone_and_not_where_the_platforms_people_work() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let (own, other) = (admin.makes_organization("Acme").await, admin.makes_organization("Other").await);
    let application = admin.makes_m2m(&["read:audit_events"], json!({ "org_code": own })).await;
    for org in [&own, &other] {
        let path = format!("/api/v1/organization/{org}");
        let renamed = json!({ "name": "Renamed" });
        assert_eq!(call_from(&app, &admin, "192.0.2.7", (Method::PATCH, &path), renamed).await.status, 200);
    }
    let seen = application.get(PATH).await;
    let events = seen.body["audit_events"].as_array().unwrap();
    assert!(events.len() > 2 && events.iter().all(|event| event["org_code"] == json!(own)), "{seen}");
    assert_eq!(events[0]["action"], "organization.updated");
    let named = json!([{ "subject": own, "values": { "before": { "name": "Acme" }, "after": { "name": "Renamed" } } }]);
    assert_eq!(events[0]["personal"], named);
    assert!(!String::from_utf8_lossy(&seen.bytes).contains("192.0.2.7"));
    let all = admin.get(PATH).await;
    assert!(String::from_utf8_lossy(&all.bytes).contains("192.0.2.7"), "the platform sees it");

    for query in [format!("target_id={other}"), format!("target_id={other}&starting_after=99")] {
        assert_eq!(application.get(&format!("{PATH}?{query}")).await.body["audit_events"], json!([]), "{query}");
    }
    assert_eq!(application.get("/api/v1/refusals").await.error(), "PLATFORM_ONLY");
}

#[tokio::test]
async fn a_store_from_before_the_scope_gets_it_and_nobody_who_did_not_ask_has_it() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    assert_eq!(admin.get(PATH).await.status, 200, "the first application of a new store has every scope");
    app.db_change("UPDATE scopes SET key = 'read:nothing' WHERE key = 'read:audit_events'").await;
    assert_eq!(admin.get(PATH).await.error(), "SCOPE_MISSING");
    keyward_server::actions::bootstrap::ensure_management_api(&app.app).await.unwrap();
    let api = admin.management_api().await;
    let scopes = admin.get(&format!("/api/v1/apis/{api}/scopes")).await;
    let keys = scopes.body["scopes"].as_array().unwrap().iter().filter(|scope| scope["key"] == "read:audit_events");
    assert_eq!(keys.count(), 1);
    assert_eq!(admin.get(PATH).await.error(), "SCOPE_MISSING", "nobody gains it unasked");
}
