//! Every answer has the members that the document describes, and no other: nothing is told that nobody promised.

use serde_json::{Map, Value};

use super::routes::Route;
use crate::support::Reply;

/// The OpenAPI document.
pub(super) struct Described(Value);

impl Described {
    pub(super) fn new() -> Self {
        Self(serde_json::to_value(keyward_server::routes::document()).unwrap())
    }

    /// Holds an answer against what stands there of its route and its status.
    pub(super) fn hold(&self, route: &Route, reply: &Reply) {
        let told = format!("{} {} {}", route.method, route.path, reply.status);
        let Some(operation) = self.0["paths"][route.path].get(route.method.to_lowercase()) else { return };
        let Some(response) = operation["responses"].get(reply.status.to_string()) else {
            panic!("{told} is not described: {reply}")
        };
        match response.pointer("/content/application~1json/schema") {
            Some(schema) => self.walk(schema, &reply.body, &told),
            None => assert!(reply.bytes.is_empty(), "{told} has a body that is not described: {reply}"),
        }
    }

    fn walk(&self, schema: &Value, value: &Value, place: &str) {
        let mut parts = Vec::new();
        self.flatten(schema, &mut parts);
        match value {
            Value::Array(items) => {
                let of_items = parts.iter().find_map(|part| part.get("items"));
                let of_items = of_items.unwrap_or_else(|| panic!("{place} is a list and should not be"));
                items.iter().for_each(|item| self.walk(of_items, item, place));
            }
            Value::Object(members) => self.walk_members(&parts, members, place),
            _ => {}
        }
    }

    fn walk_members(&self, parts: &[&Map<String, Value>], members: &Map<String, Value>, place: &str) {
        if parts.iter().any(|part| part.get("additionalProperties").is_some_and(Value::is_object)) {
            return;
        }
        for (name, value) in members {
            let known = parts.iter().find_map(|part| part.get("properties")?.get(name));
            let known = known.unwrap_or_else(|| panic!("{place} has a member {name}, which is not described"));
            self.walk(known, value, &format!("{place}.{name}"));
        }
    }

    /// A schema with all that it refers to and is made of.
    fn flatten<'a>(&'a self, schema: &'a Value, parts: &mut Vec<&'a Map<String, Value>>) {
        if let Some(named) = schema["$ref"].as_str() {
            self.flatten(self.0.pointer(&named[1..]).unwrap(), parts);
        }
        for made_of in ["allOf", "oneOf"].iter().filter_map(|word| schema[word].as_array()) {
            made_of.iter().for_each(|part| self.flatten(part, parts));
        }
        parts.extend(schema.as_object());
    }
}

#[test]
fn a_member_that_is_not_described_is_seen() {
    use serde_json::json;
    let schemas = json!({ "Key": { "properties": { "id": { "type": "string" } } } });
    let described = Described(json!({ "components": { "schemas": schemas } }));
    let list = json!({ "properties": { "keys": { "items": { "$ref": "#/components/schemas/Key" } } } });
    described.walk(&list, &json!({ "keys": [{ "id": "a" }] }), "");
    for wrong in [json!({ "keys": [{ "id": "a", "mac": "b" }] }), json!({ "hash": 1 }), json!([])] {
        let walked = std::panic::AssertUnwindSafe(|| described.walk(&list, &wrong, ""));
        assert!(std::panic::catch_unwind(walked).is_err(), "{wrong}");
    }
}
