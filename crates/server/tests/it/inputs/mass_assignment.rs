//! What an answer tells cannot be sent back to be stored: each member of an answer is refused by name in a request that
//! has no place for it.

use std::collections::BTreeSet;

use axum::http::Method;
use serde_json::json;

use super::given::Given;
use super::held::{Held, MARK, Wanted};
use super::operations::{Operation, operations, with_body};
use super::rules::Rule;
use crate::support::TestApp;

/// What rows have and no answer tells.
const OF_ROWS: &[&str] = &[
    "created_by",
    "deleted_at",
    "hash",
    "is_admin",
    "mac",
    "owner_id",
    "revision",
    "secret",
    "selector",
    "suspended_at",
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
    assert!(tried > 300, "only {tried} requests were made");
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
