//! A request for an operation, with values that a test chooses.

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};

use super::places::{Operation, Part, Place};
use crate::support::Actor;

/// The request with these values in these places.
pub(super) fn request(caller: &Actor<'_>, operation: &Operation, values: &[(&Place, Value)]) -> Request<Body> {
    let mut caller = caller.clone();
    if operation.path == "/oauth2/token" {
        // Whoever asks for a token shows no other one.
        caller.token = None;
    }
    let mut path = operation.path.clone();
    let mut query = form_urlencoded::Serializer::new(String::new());
    let mut headers = Vec::new();
    let mut body = Value::Null;
    for (place, value) in values {
        let text = value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
        match place.part {
            Part::Path => path = path.replace(&format!("{{{}}}", place.name), &text),
            Part::Query => _ = query.append_pair(&place.name, &text),
            Part::Header => headers.push((place.name.as_str(), text)),
            Part::Body => set(&mut body, &place.name, value.clone()),
        }
    }
    let query = query.finish();
    let address = if query.is_empty() { path } else { format!("{path}?{query}") };
    let mut request = caller.request(operation.method.clone(), &address);
    for (name, value) in headers {
        request = request.header(name, value);
    }
    let has_body = operation.places.iter().any(|place| place.part == Part::Body);
    if !has_body {
        return request.body(Body::empty()).unwrap();
    }
    let body = if body.is_null() { json!({}) } else { body };
    request.header("content-type", "application/json").body(Body::from(body.to_string())).unwrap()
}

/// Puts a value where a dotted name says; what stands on the way is made.
fn set(body: &mut Value, name: &str, value: Value) {
    let (member, below) = name.split_once('.').map_or((name, None), |(member, below)| (member, Some(below)));
    let inner = if member == "[]" {
        if !body.is_array() {
            *body = json!([]);
        }
        let entries = body.as_array_mut().unwrap();
        if entries.is_empty() {
            entries.push(Value::Null);
        }
        entries.last_mut().unwrap()
    } else {
        if !body.is_object() {
            *body = json!({});
        }
        &mut body[member]
    };
    match below {
        Some(below) => set(inner, below, value),
        None => *inner = value,
    }
}
