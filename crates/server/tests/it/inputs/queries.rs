//! The query of each operation: missing, twice, unknown, out of range, not what it should be.

use axum::body::Body;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::given::{Base, Given};
use super::held::{Held, MARK, Wanted};
use super::operations::{Operation, Parameter, Place, operations};
use super::rules::{Kind, Rule};
use super::values::{bad_texts, extremes, nasty};
use crate::support::TestApp;

fn with_query() -> Vec<(Operation, Vec<Parameter>)> {
    let each = operations().into_iter().map(|it| (it.clone(), it.parameters_in(Place::Query).cloned().collect()));
    let with_query: Vec<(Operation, Vec<Parameter>)> = each.filter(|(_, own): &(_, Vec<_>)| !own.is_empty()).collect();
    assert!(with_query.len() > 10, "the document has moved, and little was read");
    with_query
}

/// As it stands in an address.
fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

fn request(given: &Given<'_>, operation: &Operation, base: &Base) -> axum::http::Request<Body> {
    let request = given.request(&operation.method, &base.address());
    match &operation.body {
        Some(_) => request.header("content-type", "application/json").body(Body::from(base.body.to_string())),
        None => request.body(Body::empty()),
    }
    .unwrap()
}

/// Values that break the rule of a parameter: as they stand in an address, and the limit that the message must tell.
fn bad_values(rule: &Rule) -> Vec<(String, Option<u64>)> {
    let texts = |list: &[&str]| list.iter().map(|text| ((*text).to_owned(), None)).collect::<Vec<_>>();
    match rule.kind {
        Kind::Number => {
            let mut all = texts(&[
                "",
                MARK,
                "-1",
                "1.5",
                "1.0",
                "1e1",
                "0x1",
                "+",
                "%201",
                "1%20",
                "1,000",
                "99999999999999999999",
            ]);
            all.extend(rule.least.filter(|least| *least > 0).map(|least| ((least - 1).to_string(), Some(least))));
            all.extend(rule.most.map(|most| ((most + 1).to_string(), Some(most))));
            all
        }
        Kind::Truth => texts(&["", MARK, "1", "0", "yes", "TRUE", "True", "null", "true%20"]),
        Kind::Text => {
            let bad = bad_texts(rule).into_iter().map(|(_, text, limit)| (encoded(&text), limit));
            // A list with commas between: one entry too many, and none where some are asked for.
            let is_list = rule.description.contains("at most 100");
            let lists =
                if is_list { vec![list(101), (",".to_owned(), None), (String::new(), None)] } else { Vec::new() };
            bad.chain(lists).collect()
        }
        _ => Vec::new(),
    }
}

fn list(count: u64) -> (String, Option<u64>) {
    let entries: Vec<String> = (0..count).map(|nth| format!("entry-{nth}")).collect();
    (entries.join(","), Some(count - 1))
}

#[tokio::test]
async fn a_parameter_that_breaks_a_rule_is_refused_by_name() {
    let app = TestApp::start().await;
    let given = Given::make(&app).await;
    let (mut faults, mut tried) = (Vec::new(), 0);
    for (operation, parameters) in with_query() {
        let base = given.base(&operation).await;
        let mut held = Held::begin(&given, &operation).await;
        for Parameter { name, rule, .. } in &parameters {
            let named = |code| Wanted { codes: code, field: Some(name.clone()), rule: None };
            for (value, limit) in bad_values(rule) {
                let wanted = Wanted { rule: limit.map(|limit| limit.to_string()), ..named(&["FIELD_INVALID"]) };
                let bad = request(&given, &operation, &base.with(name, &value));
                held.refuse(&format!("{name} is {value:.40}"), bad, &wanted).await;
            }
            let mut twice = base.with(name, "1");
            twice.query.push((name.clone(), "1".into()));
            let twice = request(&given, &operation, &twice);
            held.refuse(&format!("{name} is there twice"), twice, &named(&["FIELD_DUPLICATE"])).await;
            if rule.is_required {
                let without = request(&given, &operation, &base.without(name));
                held.refuse(&format!("{name} is missing"), without, &named(&["FIELD_MISSING"])).await;
            }
            for bytes in ["%FF", "%C3", "a%C0%AFb", "%ED%A0%80"] {
                let wanted = Wanted { codes: &["BODY_MALFORMED"], ..Wanted::default() };
                let bad = request(&given, &operation, &base.with(name, bytes));
                held.refuse(&format!("{name} is {bytes}"), bad, &wanted).await;
            }
        }
        let unknown = Wanted { codes: &["FIELD_UNKNOWN"], field: Some("nobody_knows".into()), rule: None };
        held.refuse("one is unknown", request(&given, &operation, &base.with("nobody_knows", MARK)), &unknown).await;
        tried += held.tried;
        faults.extend(held.end().await);
    }
    assert!(faults.is_empty(), "{} of {tried}:\n{}", faults.len(), faults.join("\n"));
    assert!(tried > 400, "only {tried} requests were made");
}

#[tokio::test]
async fn a_parameter_that_names_nothing_finds_nothing_and_breaks_nothing() {
    let app = TestApp::start().await;
    let given = Given::make(&app).await;
    let tokens = ["name_asc", "name_asc \0", "name_asc nobody", "id_asc 0", "key_asc a\u{7f}", "name_asc ' OR 1=1"];
    let tokens = tokens.map(|text| URL_SAFE_NO_PAD.encode(text));
    let others = ["", "null", "kp_00", "*", "a,b", ",,,", "Zq7%00", "%00"];
    let mut faults = Vec::new();
    for (operation, parameters) in with_query() {
        let base = given.base(&operation).await;
        let mut held = Held::begin(&given, &operation).await;
        // What changes something would do so, whatever is asked for beside: it is tried with ids alone.
        let reads = operation.method == axum::http::Method::GET;
        for Parameter { name, .. } in parameters.iter().filter(|own| reads && own.rule.kind == Kind::Text) {
            let hostile = nasty().into_iter().map(|text| encoded(&text));
            let tokens = tokens.iter().filter(|_| name == "next_token").cloned();
            for value in hostile.chain(others.map(str::to_owned)).chain(tokens).chain([MARK.repeat(2000)]) {
                let request = request(&given, &operation, &base.with(name, &value));
                held.endure(&format!("{name} is {value:.40}"), request).await;
            }
        }
        // What must be named is an id.
        for Parameter { name, .. } in parameters.iter().filter(|own| own.rule.is_required) {
            for value in ["", "null", "kp_00", "org_000000000000", given.things.api.as_str(), "Zq7%00", "%2e%2e%2f"] {
                let unknown = request(&given, &operation, &base.with(name, value));
                held.refuse(&format!("{name} is {value}"), unknown, &Wanted::default()).await;
            }
        }
        faults.extend(held.end().await);
    }
    assert!(faults.is_empty(), "{}:\n{}", faults.len(), faults.join("\n"));
}

#[tokio::test]
async fn a_parameter_that_just_keeps_its_limits_is_taken() {
    let app = TestApp::start().await;
    let given = Given::make(&app).await;
    let (mut faults, mut tried) = (Vec::new(), 0);
    for (operation, parameters) in with_query() {
        let base = given.base(&operation).await;
        for Parameter { name, rule, .. } in &parameters {
            // Of an address no schema tells the two formats.
            if name == "address" {
                continue;
            }
            if name == "page_size" {
                assert_eq!((rule.least, rule.most), (Some(1), Some(500)), "{}", operation.name());
            }
            let texts =
                extremes(rule, 0).into_iter().map(|(_, value)| value.as_str().map_or(value.to_string(), encoded));
            let lists = rule.description.contains("at most 100").then(|| list(100).0);
            for value in texts.chain(lists) {
                let reply = given.app.send(request(&given, &operation, &base.with(name, &value))).await;
                tried += 1;
                if !(200..300).contains(&reply.status) {
                    faults.push(format!("{}, {name} is {value:.40}: {}", operation.name(), reply.message()));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}:\n{}", faults.len(), faults.join("\n"));
    assert!(tried > 40, "only {tried} requests were made");
}

#[tokio::test]
async fn where_there_are_no_parameters_one_is_refused_by_name() {
    let app = TestApp::start().await;
    let given = Given::make(&app).await;
    let before = app.revision().await;
    let mut tried = 0;
    for operation in operations().iter().filter(|operation| operation.parameters_in(Place::Query).next().is_none()) {
        // What is open to all is asked by strangers, who add what they like.
        if !operation.path.starts_with("/api/v1/") {
            continue;
        }
        let request = given.request(&operation.method, &format!("{}?page_size=0", operation.path));
        let reply = app.send(request.body(Body::empty()).unwrap()).await;
        let said = (reply.status, reply.error(), reply.message());
        assert_eq!(said, (400, "FIELD_UNKNOWN", "`page_size` is not a field of this request"), "{}", operation.path);
        tried += 1;
    }
    assert!(tried > 30, "{tried}");
    assert_eq!(app.revision().await, before);
}
