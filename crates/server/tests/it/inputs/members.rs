//! The members of each body: missing, null, of another type, too long, too many, unknown, twice.

use serde_json::{Value, json};

use super::given::Given;
use super::held::{Held, MARK, Wanted};
use super::operations::with_body;
use super::rules::Rule;
use super::values::bad_values;
use crate::support::TestApp;

/// What must stand beside a member for its own rule to be the one that is broken: path, member, what replaces the body's.
fn beside(path: &str, member: &str) -> Value {
    match (path, member) {
        ("/api/v1/api_keys", "user_external_id" | "org_external_id" | "user_id") => json!({ "org_code": null }),
        ("/api/v1/api_keys", "scope_ids[0]") => json!({}),
        ("/api/v1/api_keys/explain", "api_key") => json!({ "key_id": null }),
        ("/api/v1/user", "identities[0].details.email") => identity("email"),
        ("/api/v1/user", "identities[0].details.phone") => identity("phone"),
        ("/api/v1/user", "identities[0].details.username") => identity("username"),
        _ => json!({}),
    }
}

fn identity(kind: &str) -> Value {
    json!({ "identities": [{ "type": kind, "details": { kind: "a@example.com" } }] })
}

/// A member of a body, wherever it stands.
#[derive(Clone, Debug)]
pub(super) struct Field {
    /// As messages name it.
    pub(super) name: String,
    steps: Vec<Step>,
    pub(super) rule: Rule,
}

#[derive(Clone, Debug)]
enum Step {
    Member(String),
    Item,
}

/// Every member of a body, with those inside.
pub(super) fn fields(body: &Rule) -> Vec<Field> {
    let mut all = Vec::new();
    walk(body, "", &[], &mut all);
    all
}

fn walk(rule: &Rule, prefix: &str, steps: &[Step], all: &mut Vec<Field>) {
    for (name, member) in &rule.members {
        let joint = if prefix.is_empty() { "" } else { "." };
        let name = format!("{prefix}{joint}{name}");
        let steps: Vec<Step> = steps.iter().cloned().chain([Step::Member(last(&name).to_owned())]).collect();
        all.push(Field { name: name.clone(), steps: steps.clone(), rule: member.clone() });
        walk(member, &name, &steps, all);
    }
    if let Some(item) = &rule.item {
        let description = if item.description.is_empty() { &rule.description } else { &item.description };
        let item = &Rule { is_required: false, description: description.clone(), ..(**item).clone() };
        let (name, steps) = (format!("{prefix}[0]"), steps.iter().cloned().chain([Step::Item]).collect::<Vec<_>>());
        all.push(Field { name: name.clone(), steps: steps.clone(), rule: item.clone() });
        walk(item, &name, &steps, all);
    }
}

pub(super) fn last(name: &str) -> &str {
    name.rsplit_once('.').map_or(name, |(_, last)| last)
}

impl Field {
    /// A body with this value in the member's place.
    pub(super) fn put(&self, path: &str, base: &Value, body: &Rule, value: Value) -> Value {
        let mut whole = base.clone();
        for (name, value) in beside(path, &self.name).as_object().unwrap() {
            match value {
                Value::Null => whole.as_object_mut().unwrap().remove(name),
                value => whole.as_object_mut().unwrap().insert(name.clone(), value.clone()),
            };
        }
        *self.place(&mut whole, body) = value;
        whole
    }

    /// A body without the member.
    fn take(&self, base: &Value, body: &Rule) -> Value {
        let mut whole = base.clone();
        let (Some(Step::Member(name)), outer) = (self.steps.last(), &self.steps[..self.steps.len() - 1]) else {
            panic!("{} is no member", self.name)
        };
        let outer = Self { steps: outer.to_vec(), ..self.clone() };
        outer.place(&mut whole, body).as_object_mut().unwrap().remove(name);
        whole
    }

    /// The member's place, with what must be there around it.
    pub(super) fn place<'v>(&self, whole: &'v mut Value, body: &Rule) -> &'v mut Value {
        let (mut place, mut rule) = (whole, body);
        for step in &self.steps {
            if place.is_null() {
                *place = rule.sample(0);
            }
            (place, rule) = match step {
                Step::Member(name) => {
                    (place.as_object_mut().unwrap().entry(name).or_insert(Value::Null), &rule.members[name])
                }
                Step::Item => {
                    let list = place.as_array_mut().unwrap();
                    if list.is_empty() {
                        list.push(Value::Null);
                    }
                    (&mut list[0], rule.item.as_deref().unwrap())
                }
            };
        }
        if place.is_null() {
            *place = rule.sample(0);
        }
        place
    }
}

pub(super) fn wanted(codes: &'static [&'static str], field: &Field) -> Wanted {
    Wanted { codes, field: Some(field.name.clone()), rule: None }
}

pub(super) fn report(faults: &[String], tried: usize, least: usize) {
    assert!(faults.is_empty(), "{} of {tried}:\n{}", faults.len(), faults.join("\n"));
    assert!(tried >= least, "only {tried} requests were made");
}

#[tokio::test]
async fn a_value_that_breaks_a_rule_is_refused_by_name() {
    let app = TestApp::start().await;
    let given = Given::make(&app).await;
    let (mut faults, mut tried) = (Vec::new(), 0);
    for (operation, body) in with_body() {
        let base = given.base(&operation).await;
        let mut held = Held::begin(&given, &operation).await;
        for field in fields(&body) {
            for bad in bad_values(&field.rule) {
                let whole = field.put(&operation.path, &base.body, &body, bad.value);
                let wanted =
                    Wanted { rule: bad.limit.map(|limit| limit.to_string()), ..wanted(&["FIELD_INVALID"], &field) };
                let what = format!("{} is {}", field.name, bad.what);
                held.refuse(&what, given.json(&operation, &base, whole.to_string()), &wanted).await;
            }
        }
        tried += held.tried;
        faults.extend(held.end().await);
    }
    report(&faults, tried, 800);
}

#[tokio::test]
async fn a_member_that_is_missing_unknown_or_there_twice_is_refused_by_name() {
    let app = TestApp::start().await;
    let given = Given::make(&app).await;
    let (mut faults, mut tried) = (Vec::new(), 0);
    for (operation, body) in with_body() {
        let base = given.base(&operation).await;
        let mut held = Held::begin(&given, &operation).await;
        for field in fields(&body) {
            if field.rule.is_required {
                let whole = field.take(&base.body, &body).to_string();
                let what = format!("{} is missing", field.name);
                held.refuse(&what, given.json(&operation, &base, whole), &wanted(&["FIELD_MISSING"], &field)).await;
            }
            if matches!(field.steps.last(), Some(Step::Member(_))) {
                let whole = field.put(&operation.path, &base.body, &body, json!(MARK)).to_string();
                let twice = whole.replace(&format!("\"{MARK}\""), &format!("null,\"{}\":null", last(&field.name)));
                let what = format!("{} is there twice", field.name);
                held.refuse(&what, given.json(&operation, &base, twice), &wanted(&["FIELD_DUPLICATE"], &field)).await;
            }
        }
        for (name, whole) in with_unknown(&operation.path, &base.body, &body) {
            let wanted = Wanted { codes: &["FIELD_UNKNOWN"], field: Some(name.clone()), rule: None };
            held.refuse(&format!("{name} is unknown"), given.json(&operation, &base, whole.to_string()), &wanted).await;
        }
        tried += held.tried;
        faults.extend(held.end().await);
    }
    report(&faults, tried, 150);
}

/// The body with a member that it has no place for: at the top, and in each object inside.
fn with_unknown(path: &str, base: &Value, body: &Rule) -> Vec<(String, Value)> {
    let mut top = base.clone();
    top["nobody_knows"] = json!(MARK);
    let mut all = vec![("nobody_knows".to_owned(), top)];
    for field in fields(body).into_iter().filter(|field| !field.rule.members.is_empty()) {
        let mut inside = field.rule.sample(0);
        inside["nobody_knows"] = json!(MARK);
        all.push((format!("{}.nobody_knows", field.name), field.put(path, base, body, inside)));
    }
    all
}
