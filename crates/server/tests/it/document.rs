//! The OpenAPI document: kept whole, and held to the rules of the house.

use std::collections::BTreeSet;

use insta::assert_snapshot;
use keyward_server::routes::document;
use serde_json::Value;

use crate::support::TestApp;

fn read() -> Value {
    serde_json::to_value(document()).unwrap()
}

/// Method, path and operation.
fn operations(document: &Value) -> Vec<(&str, &str, &Value)> {
    let paths = document["paths"].as_object().unwrap();
    let each = paths.iter().flat_map(|(path, operations)| {
        let operations = operations.as_object().unwrap().iter();
        operations.map(move |(method, operation)| (method.as_str(), path.as_str(), operation))
    });
    each.collect()
}

#[test]
fn the_document_is_the_one_that_was_agreed_on() {
    assert_snapshot!(serde_json::to_string_pretty(&read()).unwrap());
}

#[tokio::test]
async fn the_document_is_served() {
    let app = TestApp::start().await;
    let reply = app.anonymous().get("/openapi.json").await;
    assert_eq!((reply.status, reply.header("content-type")), (200, "application/json"));
    assert_eq!(reply.body, read());
    assert!(reply.text("/openapi").starts_with("3.1."), "{}", reply.text("/openapi"));
}

#[test]
fn each_operation_has_a_name_of_its_own_one_tag_and_a_summary() {
    let document = read();
    let verbs = [
        "get",
        "list",
        "search",
        "create",
        "delete",
        "update",
        "add",
        "remove",
        "rotate",
        "revoke",
        "verify",
        "explain",
        "preview",
        "introspect",
    ];
    let mut names = BTreeSet::new();
    for (method, path, operation) in operations(&document) {
        let name = operation["operationId"].as_str().unwrap_or_else(|| panic!("{method} {path}"));
        let (verb, resource) = name.split_once('_').unwrap_or_else(|| panic!("{name}"));
        assert!(verbs.contains(&verb) && !resource.is_empty(), "{name} is not <verb>_<resource>");
        assert!(names.insert(name), "{name} stands twice");
        assert_eq!(operation["tags"].as_array().map(Vec::len), Some(1), "{name}");
        assert!(operation["summary"].is_string(), "{name}");
    }
}

#[test]
fn each_operation_documents_one_success_and_a_body_for_each_failure() {
    let document = read();
    for (method, path, operation) in operations(&document) {
        let responses = operation["responses"].as_object().unwrap();
        let successes: Vec<_> = responses.keys().filter(|status| status.starts_with('2')).collect();
        assert_eq!(successes.len(), 1, "{method} {path}: {successes:?}");
        for (status, response) in responses {
            assert!(response["description"].as_str().is_some_and(|text| !text.is_empty()), "{method} {path} {status}");
            // RFC 7009 section 2.2: the status says all.
            let has_none = status == "204" || (path == "/oauth2/revoke" && status == "200");
            assert!(has_none || response["content"].is_object(), "{method} {path} {status} has no body");
        }
    }
}

#[test]
fn whatever_takes_a_credential_may_answer_429_and_nothing_else_does() {
    let document = read();
    for (method, path, operation) in operations(&document) {
        let takes_one = path.starts_with("/api/v1/") || path.starts_with("/oauth2/");
        let response = &operation["responses"]["429"];
        assert_eq!(response.is_object(), takes_one, "{method} {path}");
        if takes_one {
            let named: Vec<_> = response["headers"].as_object().unwrap().keys().collect();
            assert_eq!(named, ["RateLimit", "RateLimit-Policy", "RateLimit-Reset", "Retry-After"], "{method} {path}");
        }
    }
}

#[test]
fn what_needs_no_bearer_token_says_so() {
    let document = read();
    assert_eq!(document["security"], serde_json::json!([{ "bearer": [] }]));
    for (method, path, operation) in operations(&document) {
        let is_open = operation["security"] == serde_json::json!([{}]);
        assert_eq!(is_open, !path.starts_with("/api/v1/"), "{method} {path}: {}", operation["security"]);
    }
}

#[test]
fn a_schema_has_a_name_for_people_and_each_of_its_members_is_described() {
    let document = read();
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        assert!(!name.contains('_'), "{name}");
        // The description of a member that may be null stands beside its reference.
        let described = |member: &Value| {
            ["/description", "/$ref", "/oneOf/0/$ref"].iter().any(|place| member.pointer(place).is_some())
                || member.pointer("/oneOf/1/$ref").is_some()
        };
        for (member, inner) in schema["properties"].as_object().into_iter().flatten() {
            assert!(described(inner), "{name}.{member} is not described");
        }
    }
}

/// The names of types that stand more than once in these sources.
fn twice(sources: &[String]) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let mut twice = Vec::new();
    for line in sources.iter().flat_map(|source| source.lines()) {
        let rest = ["pub struct ", "pub enum "].iter().find_map(|word| line.strip_prefix(word));
        let Some(name) = rest.and_then(|rest| rest.split(|c: char| !c.is_alphanumeric()).next()) else { continue };
        if !seen.insert(name.to_owned()) {
            twice.push(name.to_owned());
        }
    }
    twice
}

/// Of two types with one name, the document would have the schema of the later one for both.
#[test]
fn no_two_types_have_one_name() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../wire/src");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap());
    let sources: Vec<String> = files.collect();
    assert!(sources.len() > 10, "the types have moved, and little was read");
    assert_eq!(twice(&sources), [""; 0]);
    assert_eq!(twice(&["pub struct A {\n}\npub enum B<T> {".into(), "pub struct B;".into()]), ["B"]);
}
