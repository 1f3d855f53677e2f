//! An OpenAPI document as flat names: one for each parameter, member of a request and member of an answer.

use std::collections::BTreeMap;

use serde_json::Value;

/// Names with their types; a name that is required ends with `*`.
pub(super) type Names = BTreeMap<String, String>;

/// What an operation takes and answers.
#[derive(Debug, Default, serde::Deserialize)]
pub(super) struct Operation {
    pub(super) parameters: Names,
    pub(super) request: Names,
    /// By status.
    pub(super) responses: BTreeMap<String, Names>,
}

/// The operations of a document, by method and path.
pub(super) fn operations(document: &Value) -> BTreeMap<String, Operation> {
    let mut operations = BTreeMap::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            if operation.get("operationId").is_some() {
                let name = format!("{} {path}", method.to_uppercase());
                operations.insert(name, read(document, operation));
            }
        }
    }
    operations
}

fn read(document: &Value, operation: &Value) -> Operation {
    let mut read = Operation::default();
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        if parameter["in"] == "query" {
            let star = if parameter["required"] == true { "*" } else { "" };
            let name = format!("{}{star}", parameter["name"].as_str().unwrap());
            read.parameters.insert(name, kind(resolve(document, &parameter["schema"])));
        }
    }
    flatten(document, &operation["requestBody"]["content"]["application/json"]["schema"], "", false, &mut read.request);
    for (status, response) in operation["responses"].as_object().unwrap() {
        let mut names = Names::new();
        if status.starts_with('2') {
            flatten(document, &response["content"]["application/json"]["schema"], "", false, &mut names);
        }
        let bare = names.into_iter().map(|(name, kind)| (name.trim_end_matches('*').to_owned(), kind));
        read.responses.insert(status.clone(), bare.collect());
    }
    read
}

/// Follows references, and passes over the alternative that is null.
fn resolve<'a>(document: &'a Value, mut schema: &'a Value) -> &'a Value {
    loop {
        if let Some(reference) = schema["$ref"].as_str() {
            let found = document.pointer(reference.trim_start_matches('#'));
            schema = found.unwrap_or_else(|| panic!("{reference}"));
        } else if let Some(alternatives) = schema["oneOf"].as_array()
            && let Some(other) = alternatives.iter().find(|alternative| alternative["type"] != "null")
        {
            schema = other;
        } else {
            return schema;
        }
    }
}

/// The type without null, and the values where they are listed.
fn kind(schema: &Value) -> String {
    let kind = match &schema["type"] {
        Value::String(kind) => kind.as_str(),
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null").unwrap_or("any"),
        _ if schema["properties"].is_object() => "object",
        _ => "any",
    };
    let mut values: Vec<&str> = schema["enum"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    values.sort_unstable();
    if values.is_empty() { kind.to_owned() } else { format!("{kind} {}", values.join("/")) }
}

fn flatten(document: &Value, schema: &Value, prefix: &str, is_required: bool, names: &mut Names) {
    let schema = resolve(document, schema);
    for part in schema["allOf"].as_array().into_iter().flatten() {
        flatten(document, part, prefix, is_required, names);
    }
    if schema["allOf"].is_array() && !schema["properties"].is_object() {
        return;
    }
    let kind = kind(schema);
    if kind == "array" {
        flatten(document, &schema["items"], &format!("{prefix}[]"), false, names);
    }
    let required: Vec<&str> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    for (name, member) in schema["properties"].as_object().into_iter().flatten() {
        let joint = if prefix.is_empty() { "" } else { "." };
        let is_required = required.contains(&name.as_str());
        flatten(document, member, &format!("{prefix}{joint}{name}"), is_required, names);
    }
    if !prefix.is_empty() {
        let star = if is_required { "*" } else { "" };
        names.insert(format!("{prefix}{star}"), kind);
    }
}
