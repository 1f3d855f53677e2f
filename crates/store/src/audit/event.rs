//! What a change did, as an action tells it.

use keyward_core::{OrgCode, Salts, personal_hash};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::PersonalRow;
use crate::Revision;
use crate::change::{Actor, Origin};

/// What a change did, for the audit log.
///
/// The event itself names ids and never a personal value, so that it may be kept for ever. What people typed or are called
/// by is told as [`Self::personal`], and stands in a row that can be erased.
#[derive(Clone, Debug)]
pub struct NewEvent {
    pub(crate) action: &'static str,
    pub(crate) target_id: String,
    pub(crate) org_code: Option<OrgCode>,
    pub(crate) erased_subject: Option<String>,
    facts: Map<String, Value>,
    values: Values,
    /// By whom the values are about.
    personal: Vec<(String, Values)>,
}

/// What was before and what is after. A member that is absent had no value.
#[derive(Clone, Debug, Default, Serialize)]
struct Values {
    #[serde(skip_serializing_if = "Map::is_empty")]
    before: Map<String, Value>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    after: Map<String, Value>,
}

impl Values {
    fn tell(&mut self, name: &str, before: Value, after: Value) {
        if before == after {
            return;
        }
        for (side, value) in [(&mut self.before, before), (&mut self.after, after)] {
            if !value.is_null() {
                side.insert(name.to_owned(), value);
            }
        }
    }

    fn is_empty(&self) -> bool {
        self.before.is_empty() && self.after.is_empty()
    }

    fn names(&self) -> impl Iterator<Item = &String> {
        self.before.keys().chain(self.after.keys().filter(|name| !self.before.contains_key(*name)))
    }
}

impl NewEvent {
    /// That something was done, such as `key.created`, to what has this id.
    pub fn new(action: &'static str, target_id: impl ToString) -> Self {
        Self {
            action,
            target_id: target_id.to_string(),
            org_code: None,
            erased_subject: None,
            facts: Map::new(),
            values: Values::default(),
            personal: Vec::new(),
        }
    }

    /// It concerns this organization, which may read of it.
    pub fn in_organization(self, org_code: Option<OrgCode>) -> Self {
        Self { org_code, ..self }
    }

    /// Something that is so, and is not personal.
    pub fn fact(mut self, name: &str, value: impl Serialize) -> Self {
        self.facts.insert(name.to_owned(), json!(value));
        self
    }

    /// A value that is not personal, before and after; `()` where there is none. Told if the two differ.
    pub fn value(mut self, name: &str, before: impl Serialize, after: impl Serialize) -> Self {
        self.values.tell(name, json!(before), json!(after));
        self
    }

    /// A personal value about the target, before and after; `()` where there is none. Told if the two differ.
    pub fn personal(self, name: &str, before: impl Serialize, after: impl Serialize) -> Self {
        let target = self.target_id.clone();
        self.personal_of(&target, name, before, after)
    }

    /// The same about somebody else than the target, such as the owner of a key.
    pub fn personal_of(mut self, subject: &str, name: &str, before: impl Serialize, after: impl Serialize) -> Self {
        let at = self.personal.iter().position(|(known, _)| known == subject).unwrap_or_else(|| {
            self.personal.push((subject.to_owned(), Values::default()));
            self.personal.len() - 1
        });
        self.personal[at].1.tell(name, json!(before), json!(after));
        self
    }

    /// With it the personal values about a subject are erased, in all events before.
    pub fn erasing(self, subject: impl ToString) -> Self {
        Self { erased_subject: Some(subject.to_string()), ..self }
    }

    /// Whether no value is another than before.
    pub fn is_unchanged(&self) -> bool {
        self.values.is_empty() && self.personal.iter().all(|(_, values)| values.is_empty())
    }

    /// What it says that is not personal: facts, values before and after, and which personal values there are.
    pub(crate) fn details(&self) -> String {
        let mut details = self.facts.clone();
        for (side, values) in [("before", &self.values.before), ("after", &self.values.after)] {
            if !values.is_empty() {
                details.insert(side.to_owned(), Value::Object(values.clone()));
            }
        }
        let names: Vec<_> = self.personal.iter().flat_map(|(_, values)| values.names()).collect();
        if !names.is_empty() {
            details.insert("personal".to_owned(), json!(names));
        }
        Value::Object(details).to_string()
    }

    /// The rows of its personal values, and the list of their hashes for the event itself. Where the change was asked for
    /// from is about the actor.
    pub(crate) fn personal_rows(
        &self,
        revision: Revision,
        (actor, origin): (&Actor, &Origin),
        salts: &Salts,
    ) -> (Vec<PersonalRow>, String) {
        let told = self.personal.iter().filter(|(_, values)| !values.is_empty());
        let mut contents: Vec<_> = told.map(|(subject, values)| (subject.clone(), json!(values).to_string())).collect();
        if let Some(origin) = origin.personal() {
            let subject = if actor.id.is_empty() { actor.kind.as_str().to_owned() } else { actor.id.clone() };
            contents.push((subject, origin.to_string()));
        }
        let mut rows = Vec::new();
        let mut hashes = Vec::new();
        for (number, (subject, content)) in (0..).zip(contents) {
            let salt = salts.salt(number);
            let hash = personal_hash(&salt, &subject, &content);
            hashes.push((subject.clone(), keyward_core::ids::hex(&hash)));
            rows.push(PersonalRow { revision, number, subject, salt: Some(salt.to_vec()), content: Some(content) });
        }
        (rows, json!(hashes).to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_did_not_change_is_not_told_and_personal_values_are_told_by_name_alone() {
        let event = NewEvent::new("user.updated", "kp_1")
            .fact("grace_seconds", 60)
            .value("is_suspended", false, true)
            .value("same", 1, 1)
            .personal("given_name", "Kim", "Lee")
            .personal("email", (), "lee@example.com")
            .personal("phone", "+44", ())
            .personal("username", None::<String>, None::<String>);
        assert!(!event.is_unchanged());
        assert_eq!(
            event.details(),
            r#"{"after":{"is_suspended":true},"before":{"is_suspended":false},"grace_seconds":60,"personal":["given_name","phone","email"]}"#
        );
        let salts = Salts::generate(&mut |bytes| bytes.fill(1));
        let (rows, _) = event.personal_rows(7, (&Actor::system(), &Origin::default()), &salts);
        assert_eq!(rows.len(), 1);
        let content =
            r#"{"after":{"email":"lee@example.com","given_name":"Lee"},"before":{"given_name":"Kim","phone":"+44"}}"#;
        assert_eq!((rows[0].subject.as_str(), rows[0].content.as_deref()), ("kp_1", Some(content)));
    }

    #[test]
    fn an_event_in_which_nothing_changed_knows_it() {
        let event = NewEvent::new("user.updated", "kp_1").fact("seen", true).value("a", 1, 1).personal("b", "c", "c");
        assert!(event.is_unchanged());
        assert_eq!(event.details(), r#"{"seen":true}"#);
    }
}
