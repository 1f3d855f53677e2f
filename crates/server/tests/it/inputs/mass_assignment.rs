//! What an answer tells cannot be sent back to be stored: each member of an answer is refused by name in a request that
//! has no place for it, and what is taken for Kinde's clients alone leaves no trace.

use std::collections::BTreeSet;

use axum::http::Method;
use serde_json::json;

use super::given::Given;
use super::held::{Held, MARK, Wanted};
use super::members::fields;
use super::operations::{Operation, operations, with_body};
use super::rules::Rule;
use crate::support::TestApp;

/// What rows have and no answer tells.
const OF_ROWS: &[&str] = &[
    "api_id",
    "client_secret",
    "created_at",
    "created_by",
    "deleted_at",
    "disabled_at",
    "hash",
    "id",
    "is_admin",
    "is_management_api",
    "mac",
    "name_folded",
    "org_code",
    "organization_id",
    "owner_id",
    "permissions",
    "revision",
    "revoked_at",
    "role",
    "scopes",
    "secret",
    "secret_version",
    "selector",
    "status",
    "suspended_at",
    "type",
    "user_id",
    "verification_count",
];

/// The names of all members of an answer, wherever they stand in it.
fn names(rule: &Rule, all: &mut BTreeSet<String>) {
    for (name, member) in &rule.members {
        all.insert(name.clone());
        names(member, all);
    }
    if let Some(item) = &rule.item {
        names(item, all);
    }
}

/// What the operations on a resource answer, and what its rows have beside.
fn told(operation: &Operation, all: &[Operation]) -> BTreeSet<String> {
    let mut told: BTreeSet<String> = OF_ROWS.iter().map(|name| (*name).to_owned()).collect();
    for other in all.iter().filter(|other| other.tag == operation.tag) {
        names(&other.answer, &mut told);
    }
    told
}

#[tokio::test]
async fn each_member_of_an_answer_is_refused_where_a_request_has_no_place_for_it() {
    let app = TestApp::start().await;
    let given = Given::make(&app).await;
    let all = operations();
    let (mut faults, mut tried) = (Vec::new(), 0);
    for (operation, body) in with_body() {
        let base = given.base(&operation).await;
        let mut held = Held::begin(&given, &operation).await;
        for name in told(&operation, &all).into_iter().filter(|name| !body.members.contains_key(name)) {
            let mut whole = base.body.clone();
            whole[&name] = json!(MARK);
            let wanted = Wanted { codes: &["FIELD_UNKNOWN"], field: Some(name.clone()), rule: None };
            held.refuse(&format!("{name} is sent back"), given.json(&operation, &base, whole.to_string()), &wanted)
                .await;
        }
        tried += held.tried;
        faults.extend(held.end().await);
    }
    assert!(faults.is_empty(), "{} of {tried}:\n{}", faults.len(), faults.join("\n"));
    assert!(tried > 500, "only {tried} requests were made");
}

#[tokio::test]
async fn what_was_read_cannot_be_sent_back_whole() {
    let app = TestApp::start().await;
    let given = Given::make(&app).await;
    let all = operations();
    let mut sent = 0;
    for (operation, _) in with_body().into_iter().filter(|(operation, _)| operation.method == Method::PATCH) {
        let Some(read) = all.iter().find(|it| it.method == Method::GET && it.path == operation.path) else { continue };
        let base = given.base(&operation).await;
        let reply = given.admin.get(&base.address()).await;
        assert_eq!(reply.status, 200, "{}: {reply}", read.name());
        let before = given.rows().await;
        let refused = given.app.send(given.json(&operation, &base, reply.body.to_string())).await;
        assert_eq!((refused.status, refused.error()), (400, "FIELD_UNKNOWN"), "{}: {refused}", operation.name());
        assert_eq!(given.rows().await, before, "{}", operation.name());
        sent += 1;
    }
    assert!(sent >= 4, "only {sent} resources");
}

#[tokio::test]
async fn what_is_taken_for_kindes_clients_alone_leaves_no_trace() {
    let app = TestApp::start().await;
    let given = Given::make(&app).await;
    let mut taken = 0;
    for (operation, body) in with_body() {
        for field in fields(&body).into_iter().filter(|field| field.rule.is_not_kept()) {
            let mut value = field.rule.sample(0);
            if value.is_string() {
                value = json!("Zq7 is not kept\0");
            }
            // Alone in a change, it makes none.
            let base = given.base(&operation).await;
            let is_change = operation.method == Method::PATCH && !field.name.contains('.');
            let start = if is_change { json!({}) } else { base.body.clone() };
            let before = given.rows().await;
            let whole = field.put(&operation.path, &start, &body, value);
            let reply = given.app.send(given.json(&operation, &base, whole.to_string())).await;
            let name = format!("{}, {}", operation.name(), field.name);
            // The member of an identity that is not kept stands in one that must hold something else.
            let is_taken = (200..300).contains(&reply.status) || reply.error() == "FIELD_MISSING";
            assert!(is_taken, "{name}: {reply}");
            let after = given.rows().await;
            assert!(!is_change || after == before, "{name} changes something");
            assert!(!format!("{after:?}").contains(MARK), "{name} is kept");
            assert!(!String::from_utf8_lossy(&reply.bytes).contains(MARK), "{name} is repeated");
            taken += 1;
        }
    }
    assert!(taken > 40, "only {taken} members");
}
