//! The operations of the document, with what each takes.

use std::collections::BTreeSet;

use axum::http::Method;
use keyward_server::routes::document;
use serde_json::Value;

use super::rules::Rule;

/// Held elsewhere: RFC 6749 has shapes and codes of its own, and `oauth/malformed` is the table of them.
const ELSEWHERE: &[&str] = &["/oauth2/token", "/oauth2/introspect", "/oauth2/revoke"];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Path,
    Query,
    Header,
}

#[derive(Clone, Debug)]
pub(super) struct Parameter {
    pub(super) name: String,
    pub(super) place: Place,
    pub(super) rule: Rule,
}

#[derive(Clone, Debug)]
pub(super) struct Operation {
    pub(super) method: Method,
    /// With names in braces.
    pub(super) path: String,
    pub(super) tag: String,
    pub(super) parameters: Vec<Parameter>,
    pub(super) body: Option<Rule>,
    /// What it answers when all is well.
    pub(super) answer: Rule,
    pub(super) statuses: BTreeSet<u16>,
}

impl Operation {
    pub(super) fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    pub(super) fn parameters_in(&self, place: Place) -> impl Iterator<Item = &Parameter> {
        self.parameters.iter().filter(move |parameter| parameter.place == place)
    }

    /// Bytes that its body may have.
    pub(super) fn body_limit(&self) -> usize {
        if self.path.ends_with("/verify") { 64 * 1024 } else { 1024 * 1024 }
    }
}

/// Every operation of the management API.
pub(super) fn operations() -> Vec<Operation> {
    let document = serde_json::to_value(document()).unwrap();
    let mut operations = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        if ELSEWHERE.contains(&path.as_str()) {
            continue;
        }
        for (method, operation) in methods.as_object().unwrap() {
            operations.push(read(&document, path, method, operation));
        }
    }
    assert!(operations.len() > 70, "the document has moved, and little was read");
    operations
}

/// Those with a body.
pub(super) fn with_body() -> Vec<(Operation, Rule)> {
    let with_body: Vec<_> =
        operations().into_iter().filter_map(|operation| operation.body.clone().map(|body| (operation, body))).collect();
    assert!(with_body.len() > 20, "the document has moved, and little was read");
    with_body
}

fn read(document: &Value, path: &str, method: &str, operation: &Value) -> Operation {
    let json = |place: &Value| {
        let schema = &place["content"]["application/json"]["schema"];
        schema.is_object().then(|| Rule::read(document, schema))
    };
    let responses = operation["responses"].as_object().unwrap();
    let success = responses.iter().find(|(status, _)| status.starts_with('2')).unwrap().1;
    Operation {
        method: method.to_uppercase().parse().unwrap(),
        path: path.to_owned(),
        tag: operation["tags"][0].as_str().unwrap().to_owned(),
        parameters: operation["parameters"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|it| parameter(document, it))
            .collect(),
        body: json(&operation["requestBody"]),
        answer: json(success).unwrap_or_default(),
        statuses: responses.keys().map(|status| status.parse().unwrap()).collect(),
    }
}

fn parameter(document: &Value, parameter: &Value) -> Parameter {
    let place = match parameter["in"].as_str().unwrap() {
        "path" => Place::Path,
        "query" => Place::Query,
        "header" => Place::Header,
        other => panic!("the operations know no parameter in {other}"),
    };
    let mut rule = Rule::read(document, &parameter["schema"]);
    rule.is_required = parameter["required"] == true;
    if let Some(description) = parameter["description"].as_str() {
        rule.description = description.to_owned();
    }
    Parameter { name: parameter["name"].as_str().unwrap().to_owned(), place, rule }
}
