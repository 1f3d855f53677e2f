//! What the document says of a value, read into a type.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Number,
    Truth,
    List,
    Object,
    #[default]
    Anything,
}

/// What a value must be.
#[derive(Clone, Debug, Default)]
pub(super) struct Rule {
    pub(super) kind: Kind,
    pub(super) is_nullable: bool,
    /// Whether it must be there, as a member.
    pub(super) is_required: bool,
    /// Characters, entries, or the number itself.
    pub(super) least: Option<u64>,
    pub(super) most: Option<u64>,
    pub(super) pattern: Option<String>,
    pub(super) is_instant: bool,
    /// The values that it may have; all if there are none.
    pub(super) values: Vec<String>,
    pub(super) description: String,
    pub(super) members: BTreeMap<String, Rule>,
    pub(super) item: Option<Box<Rule>>,
}

impl Rule {
    /// Reads a schema of the document, and all that it refers to.
    pub(super) fn read(document: &Value, schema: &Value) -> Self {
        let mut rule = Self::default();
        rule.add(document, schema);
        rule
    }

    fn add(&mut self, document: &Value, schema: &Value) {
        if let Some(reference) = schema["$ref"].as_str() {
            let found = document.pointer(reference.trim_start_matches('#'));
            self.add(document, found.unwrap_or_else(|| panic!("{reference}")));
        }
        for part in ["oneOf", "allOf", "anyOf"].iter().filter_map(|word| schema[*word].as_array()).flatten() {
            self.add(document, part);
        }
        let kinds: Vec<&str> = match &schema["type"] {
            Value::String(kind) => vec![kind.as_str()],
            Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        for kind in kinds {
            match kind {
                "null" => self.is_nullable = true,
                "string" => self.kind = Kind::Text,
                "integer" => self.kind = Kind::Number,
                "boolean" => self.kind = Kind::Truth,
                "array" => self.kind = Kind::List,
                "object" => self.kind = Kind::Object,
                other => panic!("the rules know no {other}"),
            }
        }
        let number = |names: [&str; 3]| names.iter().find_map(|name| schema[*name].as_u64());
        self.least = number(["minLength", "minimum", "minItems"]).or(self.least);
        self.most = number(["maxLength", "maximum", "maxItems"]).or(self.most);
        self.is_instant |= schema["format"] == "date-time";
        if let Some(pattern) = schema["pattern"].as_str() {
            self.pattern = Some(pattern.to_owned());
        }
        if let Some(description) = schema["description"].as_str() {
            self.description = description.to_owned();
        }
        self.values
            .extend(schema["enum"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned));
        if schema["items"].is_object() {
            self.item = Some(Box::new(Self::read(document, &schema["items"])));
        }
        let required: BTreeSet<&str> =
            schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        for (name, member) in schema["properties"].as_object().into_iter().flatten() {
            let read = Self { is_required: required.contains(name.as_str()), ..Self::read(document, member) };
            self.members.insert(name.clone(), read);
        }
    }

    /// Whether it is taken for Kinde's clients, whatever it is, and not kept.
    pub(super) fn is_not_kept(&self) -> bool {
        self.description.contains("Accepted for Kinde's clients")
    }

    /// A value that keeps the rule, if need be the `nth` of many.
    pub(super) fn sample(&self, nth: usize) -> Value {
        match self.kind {
            Kind::Text if self.is_instant => json!("2030-01-01T00:00:00Z"),
            Kind::Text => self.values.first().map_or_else(|| json!(self.text(0, nth)), |value| json!(value)),
            Kind::Number => json!(self.least.unwrap_or(0)),
            Kind::Truth => json!(true),
            Kind::List => json!([self.item.as_ref().map_or(Value::Null, |item| item.sample(nth))]),
            Kind::Object => {
                let required = self.members.iter().filter(|(_, member)| member.is_required);
                Value::Object(required.map(|(name, member)| (name.clone(), member.sample(nth))).collect())
            }
            Kind::Anything => json!({}),
        }
    }

    /// A text of at least so many characters that keeps the pattern, another one for each `nth`.
    pub(super) fn text(&self, length: usize, nth: usize) -> String {
        let address = if self.pattern.as_deref().is_some_and(|pattern| pattern.contains('@')) { "@a" } else { "" };
        // In letters of one case: they fit every pattern, and no two of one character are soon alike.
        let mut number = String::new();
        let mut left = nth;
        while left > 0 || number.is_empty() {
            number.insert(0, char::from(b'a' + u8::try_from(left % 26).unwrap()));
            left /= 26;
        }
        let length = length.max(1).max(self.least.and_then(|least| usize::try_from(least).ok()).unwrap_or(0));
        let filled = length.saturating_sub(number.len() + address.len());
        let text = format!("{}{number}{address}", "k".repeat(filled));
        // A very short one has no room for a number.
        if text.chars().count() > length && address.is_empty() { text[text.len() - length..].to_owned() } else { text }
    }
}
