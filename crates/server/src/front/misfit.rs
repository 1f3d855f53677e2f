//! Why something is not of the wanted type, in words that never hold the value.

use std::fmt;

use keyward_core::KeySecret;
use keyward_wire::ErrorCode;
use serde::de;

/// The longest name of an unknown member that is repeated in an error.
const MAX_SHOWN_NAME: usize = 40;

/// Why a node is not of the wanted type.
#[derive(Debug)]
pub(crate) struct Misfit {
    pub(crate) code: ErrorCode,
    /// Where it stands, as a path of names; empty for the whole.
    pub(crate) field: String,
    /// What it breaks; it reads on from the field.
    pub(crate) rule: String,
}

impl Misfit {
    pub(super) fn new(code: ErrorCode, field: &str, rule: impl Into<String>) -> Self {
        Self { code, field: field.to_owned(), rule: rule.into() }
    }

    pub(super) fn must_be(what: &dyn de::Expected) -> Self {
        // Derived types call themselves "struct Name"; to a caller that is an object.
        let what = what.to_string();
        let plain = match what.as_str() {
            text if text.starts_with("struct ") || text == "a map" => "an object",
            "a sequence" => "a list",
            "a boolean" => "true or false",
            "a string" => "text",
            "u8" => "a whole number from 0 to 255",
            "u16" => "a whole number from 0 to 65535",
            "u32" => "a whole number from 0 to 4294967295",
            // Revisions, which are never larger.
            "u64" => "a whole number from 0 to 9007199254740991",
            "i32" | "i64" => "a whole number",
            text => text,
        };
        Self::new(ErrorCode::FieldInvalid, "", format!("must be {plain}"))
    }

    pub(super) fn within(mut self, name: &str) -> Self {
        let joint = if self.field.is_empty() || self.field.starts_with('[') { "" } else { "." };
        self.field = format!("{}{joint}{}", shown(name), self.field);
        self
    }

    pub(super) fn within_item(mut self, at: usize) -> Self {
        let joint = if self.field.is_empty() || self.field.starts_with('[') { "" } else { "." };
        self.field = format!("[{at}]{joint}{}", self.field);
        self
    }
}

/// A member's name as it may be repeated: not at any length, not if it is a secret, and only of the characters that
/// RFC 6749 section 5.2 allows in a description.
pub(super) fn shown(name: &str) -> String {
    let is_plain = name.len() <= MAX_SHOWN_NAME && name.bytes().all(|b| b.is_ascii_graphic() && !b"`\"\\".contains(&b));
    if is_plain && KeySecret::parse(name).is_none() { name.to_owned() } else { "...".to_owned() }
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` {}", self.field, self.rule)
    }
}

impl std::error::Error for Misfit {}

impl de::Error for Misfit {
    // The text of a custom error may hold the value.
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self::new(ErrorCode::FieldInvalid, "", "is not as it should be")
    }

    fn invalid_type(_: de::Unexpected<'_>, wanted: &dyn de::Expected) -> Self {
        Self::must_be(wanted)
    }

    fn invalid_value(_: de::Unexpected<'_>, wanted: &dyn de::Expected) -> Self {
        Self::must_be(wanted)
    }

    fn invalid_length(_: usize, wanted: &dyn de::Expected) -> Self {
        Self::must_be(wanted)
    }

    fn unknown_variant(_: &str, known: &'static [&'static str]) -> Self {
        let known: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
        let one_of = if known.len() == 1 { "" } else { "one of " };
        Self::new(ErrorCode::FieldInvalid, "", format!("must be {one_of}{}", known.join(", ")))
    }

    fn unknown_field(name: &str, _: &'static [&'static str]) -> Self {
        Self::new(ErrorCode::FieldUnknown, &shown(name), "is not a field of this request")
    }

    fn missing_field(name: &'static str) -> Self {
        Self::new(ErrorCode::FieldMissing, name, "is missing")
    }

    fn duplicate_field(name: &'static str) -> Self {
        Self::new(ErrorCode::FieldDuplicate, name, "stands more than once")
    }
}
