//! The ids in each path: unknown, of another kind, of something else, no ids at all.

use axum::body::Body;

use super::given::Given;
use super::held::{Held, Wanted};
use super::operations::{Place, operations};
use crate::support::TestApp;

/// Texts that are no ids, as they stand in an address.
const UNKNOWN: &[&str] = &["0", "99999999999999999999", "Zq7%00", "%2e%2e%2fapis", "Zq7'%20OR%20'1'='1"];

/// An id of the right form that nothing has.
fn unknown(name: &str) -> &'static str {
    match name {
        "scope_id" => "api_scope_00000000000000000000000000000000",
        "org_code" => "org_000000000000",
        "user_id" => "kp_00000000000000000000000000000000",
        "plan_id" => "plan_00000000000000000000000000000000",
        "key_id" => "api_key_00000000000000000000000000000000",
        "role_id" | "permission_id" => "00000000-0000-7000-8000-000000000000",
        _ => "00000000000000000000000000000000",
    }
}

/// What is there, by the name of the parameter that it would do for.
async fn made(given: &Given<'_>) -> Vec<(&'static str, String)> {
    let admin = &given.admin;
    let role = admin.makes_role("spare", serde_json::json!({})).await;
    let permission = admin.makes_permission("spare", serde_json::json!({})).await;
    let plan = admin.post("/api/v1/plans", serde_json::json!({ "name": "Spare" })).await.text("/plan/id");
    let things = &given.things;
    vec![
        ("api_id", things.api.clone()),
        ("application_id", things.application.clone()),
        ("user_id", things.user.clone()),
        ("role_id", role),
        ("permission_id", permission),
        ("plan_id", plan),
    ]
}

#[tokio::test]
async fn an_id_that_nothing_of_its_kind_has_is_not_found() {
    let app = TestApp::start().await;
    let given = Given::make(&app).await;
    let made = made(&given).await;
    let long = ["a".repeat(65)];
    let (mut faults, mut tried) = (Vec::new(), 0);
    for operation in operations() {
        let named: Vec<String> = operation.parameters_in(Place::Path).map(|own| own.name.clone()).collect();
        if named.is_empty() {
            continue;
        }
        let base = given.base(&operation).await;
        let mut held = Held::begin(&given, &operation).await;
        for name in named {
            let wanted = Wanted { codes: NOT_FOUND, ..Wanted::default() };
            let foreign = made.iter().filter(|(kind, _)| *kind != name).map(|(_, id)| id.as_str());
            for id in
                UNKNOWN.iter().copied().chain([unknown(&name)]).chain(long.iter().map(String::as_str)).chain(foreign)
            {
                let request = request(&given, &operation, &base, &name, id);
                held.refuse(&format!("{name} is {id:.40}"), request, &wanted).await;
            }
            let wanted = Wanted { codes: &["FIELD_INVALID"], rule: Some("The path is not UTF-8".into()), field: None };
            for id in ["%FF", "Zq7%C3"] {
                held.refuse(&format!("{name} is {id}"), request(&given, &operation, &base, &name, id), &wanted).await;
            }
        }
        tried += held.tried;
        faults.extend(held.end().await);
    }
    assert!(faults.is_empty(), "{} of {tried}:\n{}", faults.len(), faults.join("\n"));
    assert!(tried > 500, "only {tried} requests were made");
}

/// Every code of what is not found, but for the one of a route that is not there.
const NOT_FOUND: &[&str] = &[
    "API_NOT_FOUND",
    "SCOPE_NOT_FOUND",
    "APPLICATION_NOT_FOUND",
    "ORGANIZATION_NOT_FOUND",
    "USER_NOT_FOUND",
    "MEMBER_NOT_FOUND",
    "ROLE_NOT_FOUND",
    "PERMISSION_NOT_FOUND",
    "PLAN_NOT_FOUND",
    "SECRET_NOT_FOUND",
    "API_KEY_NOT_FOUND",
];

fn request(
    given: &Given<'_>,
    operation: &super::operations::Operation,
    base: &super::given::Base,
    name: &str,
    id: &str,
) -> axum::http::Request<Body> {
    let in_braces = format!("{{{name}}}");
    let segments = operation.path.split('/').zip(base.path.split('/'));
    let path: Vec<&str> = segments.map(|(template, own)| if template == in_braces { id } else { own }).collect();
    let other = super::given::Base { path: path.join("/"), ..base.clone() };
    match &operation.body {
        Some(_) => given.json(operation, &other, base.body.to_string()),
        None => given.request(&operation.method, &other.address()).body(Body::empty()).unwrap(),
    }
}
