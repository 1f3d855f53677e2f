//! Members that fit the document: those that name nothing that is there, those that just keep
//! their limits, and those that are not kept.

use axum::http::Method;
use serde_json::json;

use super::given::Given;
use super::held::{Held, MARK};
use super::members::{fields, last, report, wanted};
use super::operations::{operations, with_body};
use super::rules::Kind;
use super::values::{extremes, nasty};
use crate::matrix::routes::Things;
use crate::support::TestApp;

/// Members that are answered whatever they hold, by method, path and member.
const ANSWERED: &[(&str, &str, &str)] = &[
    ("/api/v1/api_keys/verify", "api_key", "what is no key is answered as an unknown one"),
    ("/api/v1/api_keys/verify", "audience", "a key of another API is answered as that"),
    ("/api/v1/api_keys/verify", "api_id", "a key of another API is answered as that"),
    ("/api/v1/api_keys/verify", "scopes[0]", "a scope that no key can have is one that is missing"),
    ("/api/v1/api_keys/explain", "key_id", "one that is not there is 404, as by its address"),
    ("/api/v1/api_keys/explain", "api_key", "what is no key is explained as an unknown one"),
    ("/api/v1/api_keys/explain", "audience", "a key of another API is explained as that"),
    ("/api/v1/api_keys/explain", "api_id", "a key of another API is explained as that"),
    ("/api/v1/api_keys/explain", "scopes[0]", "a scope that no key can have is one that is missing"),
    ("/api/v1/api_keys/bulk", "filter.org_code", "whoever is not there has no keys, as in the list"),
    ("/api/v1/api_keys/bulk", "filter.user_id", "whoever is not there has no keys, as in the list"),
    ("/api/v1/api_keys/bulk", "filter.api_id", "what is not there has no keys, as in the list"),
    ("/api/v1/api_keys/verify_batch", "keys[0].api_key", "what is no key is answered as an unknown one"),
    ("/api/v1/api_keys/verify_batch", "keys[0].audience", "a key of another API is answered as that"),
    ("/api/v1/api_keys/verify_batch", "keys[0].api_id", "a key of another API is answered as that"),
    ("/api/v1/api_keys/verify_batch", "keys[0].scopes[0]", "a scope that no key can have is one that is missing"),
    ("/api/v1/api_keys/verify_batch", "audience", "a key of another API is answered as that"),
    ("/api/v1/api_keys/verify_batch", "api_id", "a key of another API is answered as that"),
];

#[tokio::test]
async fn a_text_that_names_nothing_is_refused_by_name() {
    let app = TestApp::start().await;
    let given = Given::make(&app).await;
    let things = &given.things;
    let foreign = [&things.api, &things.org, &things.user];
    let unknown = ["", "nothing", "kp_00000000000000000000000000000000"].map(str::to_owned);
    let long = [MARK.repeat(4000)];
    let (mut faults, mut tried) = (Vec::new(), 0);
    for (operation, body) in with_body() {
        let base = given.base(&operation).await;
        let mut held = Held::begin(&given, &operation).await;
        for field in fields(&body) {
            let rule = &field.rule;
            let is_free =
                rule.kind == Kind::Text && rule.values.is_empty() && rule.pattern.is_none() && !rule.is_instant;
            let is_answered = ANSWERED.iter().any(|(path, name, _)| (*path, *name) == (&operation.path, &field.name));
            if !is_free || rule.is_not_kept() || is_answered {
                continue;
            }
            let own = field.place(&mut base.body.clone(), &body).clone();
            for text in foreign.into_iter().chain(&unknown).chain(&long).cloned().chain(nasty()) {
                // That one is there, or is of the kind that is meant.
                if own == json!(text) || is_of_the_kind(&field.name, &text, things) {
                    continue;
                }
                let whole = field.put(&operation.path, &base.body, &body, json!(text));
                let what = format!("{} is {:.40?}", field.name, text);
                held.refuse(&what, given.json(&operation, &base, whole.to_string()), &wanted(&[], &field)).await;
            }
        }
        tried += held.tried;
        faults.extend(held.end().await);
    }
    report(&faults, tried, 200);
}

/// Whether the text is the id of a thing that the member may well name.
fn is_of_the_kind(member: &str, text: &str, things: &Things<'_>) -> bool {
    match last(member) {
        "api_id" | "bound_api_ids[0]" => text == things.api,
        "scope_ids[0]" => text == things.scope,
        "org_code" | "organization_code" => text == things.org,
        "user_id" => text == things.user,
        "id" => (member.starts_with("users") && text == things.user) || text == things.application,
        _ => false,
    }
}

/// Values that keep the document's limits and are refused for another reason, by path and member.
const NOT_ENOUGH: &[(&str, &str, &str)] = &[
    ("/api/v1/api_keys", "type", "another type needs another owner"),
    ("/api/v1/api_keys", "user_external_id", "nobody has that id"),
    ("/api/v1/api_keys", "org_external_id", "nobody has that id"),
    ("/api/v1/api_keys/verify", "min_revision", "a revision to come is 503"),
    ("/api/v1/api_keys/explain", "key_id", "it must be the id of a key"),
    ("/api/v1/api_keys/verify_batch", "min_revision", "a revision to come is 503"),
    ("/api/v1/api_keys/verify_batch", "keys[0].min_revision", "a revision to come is 503"),
    ("/api/v1/apis", "key_policy.default_rate_limits[0].cost", "at most the limit beside it"),
    ("/api/v1/apis/{api_id}", "key_policy.default_rate_limits[0].cost", "at most the limit beside it"),
    ("/api/v1/apis/{api_id}", "confirm", "it must be the token of a preview"),
    (
        "/api/v1/apis/{api_id}/key_policy/preview",
        "key_policy.default_rate_limits[0].cost",
        "at most the limit beside it",
    ),
    ("/api/v1/api_keys/bulk", "confirm", "it must be the token of a preview"),
    ("/api/v1/api_keys/bulk", "filter.scope", "it comes with an API"),
    ("/api/v1/user", "identities[0].type", "each type needs its own member"),
    ("/api/v1/api_keys", "rate_limits[0].cost", "at most the limit beside it"),
    ("/api/v1/api_keys/{key_id}", "rate_limits[0].cost", "at most the limit beside it"),
    ("/api/v1/organization", "rate_limits[0].cost", "at most the limit beside it"),
    ("/api/v1/organization/{org_code}", "rate_limits[0].cost", "at most the limit beside it"),
    ("/api/v1/user", "rate_limits[0].cost", "at most the limit beside it"),
    ("/api/v1/api_keys", "credits.cost", "it says nothing of how many there are"),
    ("/api/v1/api_keys/{key_id}", "credits.cost", "it says nothing of how many there are"),
    ("/api/v1/organization/{org_code}", "credits.cost", "it says nothing of how many there are"),
    ("/api/v1/organization", "credits.cost", "it says nothing of how many there are"),
    ("/api/v1/plans", "credits.cost", "it says nothing of how many there are"),
    ("/api/v1/plans/{plan_id}", "credits.cost", "it says nothing of how many there are"),
    ("/api/v1/user", "credits.cost", "it says nothing of how many there are"),
    ("/api/v1/plans", "rate_limits[0].cost", "at most the limit beside it"),
    ("/api/v1/plans/{plan_id}", "rate_limits[0].cost", "at most the limit beside it"),
];

#[tokio::test]
async fn a_value_that_just_keeps_its_limits_is_taken() {
    let app = TestApp::start().await;
    let given = Given::make(&app).await;
    let (mut faults, mut tried) = (Vec::new(), 0);
    for (operation, body) in with_body() {
        for field in fields(&body) {
            if NOT_ENOUGH.iter().any(|(path, name, _)| (*path, *name) == (&operation.path, &field.name)) {
                continue;
            }
            for (what, value) in extremes(&field.rule, tried) {
                let base = given.base(&operation).await;
                let whole = field.put(&operation.path, &base.body, &body, value);
                let reply = given.app.send(given.json(&operation, &base, whole.to_string())).await;
                tried += 1;
                if !(200..300).contains(&reply.status) {
                    let (name, member) = (operation.name(), &field.name);
                    faults.push(format!("{name}, {member} is {what}: {} {}", reply.status, reply.message()));
                }
            }
        }
    }
    report(&faults, tried, 60);
}

#[tokio::test]
async fn a_body_where_none_is_read_changes_nothing_else() {
    let app = TestApp::start().await;
    let given = Given::make(&app).await;
    let reads = operations().into_iter().filter(|it| it.method == Method::GET && it.body.is_none());
    for operation in reads {
        let base = given.base(&operation).await;
        let before = given.rows().await;
        let request = given.request(&Method::GET, &base.address()).header("content-type", "application/json");
        let reply = app.send(request.body(format!("{{\"{MARK}\":1}}").into()).unwrap()).await;
        assert!(reply.status < 300, "{}: {reply}", operation.name());
        assert_eq!(given.rows().await, before, "{}", operation.name());
    }
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
