//! The limits that are the same everywhere, and those that a document cannot tell: kept at N, refused at N + 1.

use serde_json::{Value, json};

use super::given::Given;
use super::held::{Held, Wanted};
use super::members::fields;
use super::operations::with_body;
use super::rules::Kind;
use super::values::entries;
use crate::support::TestApp;

/// A body of exactly so many bytes that is well-formed and unknown to every operation.
fn of_bytes(bytes: usize) -> String {
    let empty = json!({ "nobody_knows": "" }).to_string().len();
    json!({ "nobody_knows": "a".repeat(bytes - empty) }).to_string()
}

/// One that is nested so deep.
fn of_depth(deep: usize) -> String {
    format!("{{\"nobody_knows\":{}{}}}", "[".repeat(deep - 1), "]".repeat(deep - 1))
}

#[tokio::test]
async fn each_body_has_a_size_and_a_depth_and_not_one_more() {
    let app = TestApp::start().await;
    let given = Given::make(&app).await;
    let mut faults = Vec::new();
    for (operation, _) in with_body() {
        let base = given.base(&operation).await;
        let mut held = Held::begin(&given, &operation).await;
        let unknown = Wanted { codes: &["FIELD_UNKNOWN"], field: Some("nobody_knows".into()), rule: None };
        let large = Wanted { codes: &["BODY_TOO_LARGE"], ..Wanted::default() };
        let deep = Wanted { codes: &["BODY_MALFORMED"], rule: Some("16 deep".into()), field: None };
        let limit = operation.body_limit();
        for (what, body, wanted) in [
            ("the largest body", of_bytes(limit), &unknown),
            ("one byte more", of_bytes(limit + 1), &large),
            ("the deepest body", of_depth(16), &unknown),
            ("one level more", of_depth(17), &deep),
        ] {
            held.refuse(what, given.json(&operation, &base, body), wanted).await;
        }
        faults.extend(held.end().await);
    }
    assert!(faults.is_empty(), "{}:\n{}", faults.len(), faults.join("\n"));
}

#[tokio::test]
async fn each_list_may_be_as_long_as_the_document_says() {
    let app = TestApp::start().await;
    let given = Given::make(&app).await;
    let mut limited = 0;
    for (operation, body) in with_body() {
        let base = given.base(&operation).await;
        for field in fields(&body) {
            let Some(most) = field.rule.most.filter(|_| field.rule.kind == Kind::List) else {
                let is_kept = field.rule.kind == Kind::List && !field.rule.is_not_kept();
                assert!(!is_kept, "{}: {} has no limit", operation.name(), field.name);
                continue;
            };
            limited += 1;
            let whole = field.put(&operation.path, &base.body, &body, entries(&field.rule, most));
            let reply = given.app.send(given.json(&operation, &base, whole.to_string())).await;
            // What the entries name is not there; that there are not too many is judged before.
            assert!(!reply.message().contains(&format!("{most} entries")), "{}: {reply}", operation.name());
        }
    }
    assert!(limited > 10, "only {limited} lists");
}

#[tokio::test]
async fn a_key_has_100_scopes_64_address_ranges_and_4_kibibytes_of_metadata_and_not_one_more() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let user = admin.makes_user("Kim").await;
    let scopes: Vec<String> = (0..101).map(|nth| format!("scope:{nth}")).collect();
    let api = admin.makes_api("https://wide.example.com", &scopes.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let ranges: Vec<String> = (0..65).map(|nth| format!("10.0.{nth}.0/24")).collect();
    let metadata = |bytes: usize| json!({ "a": "é".repeat((bytes - 8) / 2) });
    for (member, good, bad, rule) in [
        ("scope_ids", json!(scopes[..100]), json!(scopes), "must have at most 100 entries"),
        ("allowed_cidrs", json!(ranges[..64]), json!(ranges), "must have at most 64 entries"),
        ("metadata", metadata(4096), metadata(4098), "must be at most 4 KiB of JSON"),
    ] {
        let body = |value: &Value| json!({ "name": "Key", "api_id": api, "user_id": user, member: value });
        let before = app.revision().await;
        let refused = admin.post("/api/v1/api_keys", body(&bad)).await;
        assert_eq!((refused.status, refused.error()), (400, "FIELD_INVALID"), "{refused}");
        assert_eq!(refused.message(), format!("`{member}` {rule}"));
        assert_eq!(app.revision().await, before);
        let made = admin.post("/api/v1/api_keys", body(&good)).await;
        assert_eq!(made.status, 201, "{made}");
        let read = admin.get(&format!("/api/v1/api_keys/{}", made.text("/api_key/id"))).await;
        let kept = if member == "scope_ids" { "scopes" } else { member };
        assert_eq!(read.body["api_key"][kept].to_string().len(), good.to_string().len(), "{member}");
    }
    assert_eq!(metadata(4096).to_string().len(), 4096);
}

#[tokio::test]
async fn a_hundred_members_join_at_once_and_not_one_more() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let org = admin.makes_organization("Acme").await;
    let path = format!("/api/v1/organizations/{org}/users");
    let mut users = Vec::new();
    for nth in 0..101 {
        users.push(json!({ "id": admin.makes_user(&format!("Kim {nth}")).await }));
    }
    let before = app.revision().await;
    let refused = admin.post(&path, json!({ "users": users })).await;
    assert_eq!((refused.status, refused.message()), (400, "`users` must have 1 to 100 entries"));
    assert_eq!(app.revision().await, before);
    let joined = admin.post(&path, json!({ "users": users[..100] })).await;
    assert_eq!(joined.status, 200, "{joined}");
    assert_eq!(
        admin.get(&format!("{path}?page_size=500")).await.body["organization_users"].as_array().unwrap().len(),
        100
    );
}
