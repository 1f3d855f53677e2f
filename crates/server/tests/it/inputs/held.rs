//! What a refusal is held to. Faults are gathered, so that one run tells all of them.

use axum::body::Body;
use axum::http::Request;
use keyward_wire::ErrorCode;

use super::given::Given;
use super::operations::Operation;
use crate::support::{Reply, Rows};

/// Stands in every text that is sent, and in no answer.
pub(super) const MARK: &str = "Zq7";

/// What an answer must be.
#[derive(Clone, Debug, Default)]
pub(super) struct Wanted {
    /// Any of these will do; none means any of the catalogue.
    pub(super) codes: &'static [&'static str],
    /// What the message begins by naming.
    pub(super) field: Option<String>,
    /// What else stands in the message.
    pub(super) rule: Option<String>,
}

pub(super) struct Held<'a, 'b> {
    given: &'b Given<'a>,
    operation: &'b Operation,
    before: Rows,
    faults: Vec<String>,
    pub(super) tried: usize,
}

impl<'a, 'b> Held<'a, 'b> {
    pub(super) async fn begin(given: &'b Given<'a>, operation: &'b Operation) -> Self {
        Self { given, operation, before: given.rows().await, faults: Vec::new(), tried: 0 }
    }

    /// Sends what must be refused.
    pub(super) async fn refuse(&mut self, what: &str, request: Request<Body>, wanted: &Wanted) {
        let reply = self.given.app.send(request).await;
        self.tried += 1;
        for fault in faults(self.operation, &reply, wanted) {
            self.faults.push(format!(
                "{}, {what}: {fault}: {} {}",
                self.operation.name(),
                reply.status,
                reply.message()
            ));
        }
    }

    /// Sends what may be answered or refused, but must not break anything.
    pub(super) async fn endure(&mut self, what: &str, request: Request<Body>) {
        let reply = self.given.app.send(request).await;
        self.tried += 1;
        let found = if reply.status < 400 { Vec::new() } else { faults(self.operation, &reply, &Wanted::default()) };
        for fault in found {
            self.faults.push(format!(
                "{}, {what}: {fault}: {} {}",
                self.operation.name(),
                reply.status,
                reply.message()
            ));
        }
    }

    /// What was found, with the tables that have changed.
    pub(super) async fn end(mut self) -> Vec<String> {
        let after = self.given.rows().await;
        for (table, rows) in &after {
            if self.before.get(table) != Some(rows) {
                self.faults.push(format!("{}: the table {table} has changed", self.operation.name()));
            }
        }
        self.faults
    }
}

/// What is wrong with a refusal.
fn faults(operation: &Operation, reply: &Reply, wanted: &Wanted) -> Vec<String> {
    let mut faults = Vec::new();
    if !(400..500).contains(&reply.status) {
        return vec!["is not refused".to_owned()];
    }
    if !operation.statuses.contains(&reply.status) {
        faults.push(format!("{} stands not in the document", reply.status));
    }
    match ErrorCode::ALL.iter().find(|code| code.as_str() == reply.error()) {
        None => faults.push(format!("`{}` is no code", reply.error())),
        Some(code) if code.status() != reply.status => faults.push(format!("{} is another status", reply.error())),
        Some(_) => {}
    }
    if !wanted.codes.is_empty() && !wanted.codes.contains(&reply.error()) {
        faults.push(format!("{} in place of {:?}", reply.error(), wanted.codes));
    }
    let errors = &reply.body["errors"];
    let is_one =
        if reply.status == 404 { errors.is_object() } else { errors.as_array().is_some_and(|list| list.len() == 1) };
    if !is_one || reply.body.as_object().map(serde_json::Map::len) != Some(1) {
        faults.push("has another shape".to_owned());
    }
    if (reply.header("content-type"), reply.header("cache-control")) != ("application/json", "no-store") {
        faults.push("has other headers".to_owned());
    }
    if let Some(field) = &wanted.field {
        let rule = reply.message().strip_prefix(&format!("`{field}")).and_then(|rest| rest.split_once("` "));
        if rule.is_none_or(|(_, rule)| rule.len() < 5) {
            faults.push(format!("does not name `{field}` and the rule"));
        }
    }
    if let Some(rule) = &wanted.rule
        && !reply.message().contains(rule)
    {
        faults.push(format!("does not say {rule}"));
    }
    if String::from_utf8_lossy(&reply.bytes).contains(MARK) {
        faults.push("repeats what was sent".to_owned());
    }
    faults
}

#[test]
fn an_answer_that_is_not_as_it_should_be_is_seen() {
    let operation = super::operations::operations().into_iter().find(|it| it.name() == "POST /api/v1/roles").unwrap();
    let reply = |status: u16, body: serde_json::Value| {
        let mut headers = axum::http::HeaderMap::new();
        headers.insert("content-type", "application/json".parse().unwrap());
        headers.insert("cache-control", "no-store".parse().unwrap());
        Reply { status, headers, bytes: body.to_string().into_bytes(), body }
    };
    let one = |code: &str, message: &str| serde_json::json!({ "errors": [{ "code": code, "message": message }] });
    let wanted = Wanted { codes: &["FIELD_INVALID"], field: Some("name".into()), rule: Some("128".into()) };
    let good = one("FIELD_INVALID", "`name` must be 1 to 128 characters");
    assert_eq!(faults(&operation, &reply(400, good.clone()), &wanted), [""; 0]);
    for (status, body, told) in [
        (200, good.clone(), "is not refused"),
        (503, good.clone(), "is not refused"),
        (409, good, "409 stands not in the document"),
        (400, one("NO_CODE", "`name` must be 1 to 128 characters"), "`NO_CODE` is no code"),
        (413, one("FIELD_INVALID", "`name` must be 1 to 128 characters"), "FIELD_INVALID is another status"),
        (400, one("FIELD_MISSING", "`name` must be 1 to 128 characters"), "in place of"),
        (400, one("FIELD_INVALID", "must be 1 to 128 characters"), "does not name"),
        (400, one("FIELD_INVALID", "`key` must be 1 to 128 characters"), "does not name"),
        (400, one("FIELD_INVALID", "`name` must be shorter"), "does not say 128"),
        (400, one("FIELD_INVALID", "`name` must not be aZq7a, but 128"), "repeats what was sent"),
        (400, serde_json::json!({ "errors": {} }), "has another shape"),
    ] {
        let found = faults(&operation, &reply(status, body), &wanted);
        assert!(found.iter().any(|fault| fault.contains(told)), "{told}: {found:?}");
    }
}
