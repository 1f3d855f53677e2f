//! Bodies and forms: read as serde_json reads them, but for what is refused on purpose; and a refusal repeats no value.

#![no_main]

use std::fmt;

use keyward_fuzz::front::{read_form, read_json};
use keyward_wire::{
    apis, applications, grants, keys, members, oauth, organizations, permissions, roles, scopes, users, verify,
};
use libfuzzer_sys::fuzz_target;
use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde_json::Value;

/// How deeply JSON is nested, and how many members it has, those that stand twice counted twice.
#[derive(Default)]
struct Shape {
    depth: usize,
    members: usize,
}

impl<'de> Deserialize<'de> for Shape {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Measured;
        impl<'de> Visitor<'de> for Measured {
            type Value = Shape;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("JSON")
            }

            fn visit_unit<E>(self) -> Result<Shape, E> {
                Ok(Shape::default())
            }

            fn visit_bool<E>(self, _: bool) -> Result<Shape, E> {
                Ok(Shape::default())
            }

            fn visit_u64<E>(self, _: u64) -> Result<Shape, E> {
                Ok(Shape::default())
            }

            fn visit_i64<E>(self, _: i64) -> Result<Shape, E> {
                Ok(Shape::default())
            }

            fn visit_f64<E>(self, _: f64) -> Result<Shape, E> {
                Ok(Shape::default())
            }

            fn visit_str<E>(self, _: &str) -> Result<Shape, E> {
                Ok(Shape::default())
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, mut access: A) -> Result<Shape, A::Error> {
                let mut shape = Shape { depth: 1, members: 0 };
                while let Some(inner) = access.next_element::<Shape>()? {
                    shape.depth = shape.depth.max(1 + inner.depth);
                    shape.members += inner.members;
                }
                Ok(shape)
            }

            fn visit_map<A: de::MapAccess<'de>>(self, mut access: A) -> Result<Shape, A::Error> {
                let mut shape = Shape { depth: 1, members: 0 };
                while let Some((_, inner)) = access.next_entry::<String, Shape>()? {
                    shape.depth = shape.depth.max(1 + inner.depth);
                    shape.members += 1 + inner.members;
                }
                Ok(shape)
            }
        }
        deserializer.deserialize_any(Measured)
    }
}

fn members(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.iter().map(members).sum(),
        Value::Object(named) => named.values().map(|value| 1 + members(value)).sum(),
        _ => 0,
    }
}

/// Whether a body may be read at all: it is JSON, not too deep, and no member stands twice.
fn plain(bytes: &[u8]) -> Option<Value> {
    let value: Value = serde_json::from_slice(bytes).ok()?;
    let shape: Shape = serde_json::from_slice(bytes).ok()?;
    (shape.depth <= 16 && shape.members == members(&value)).then_some(value)
}

/// Texts that would be known again in a sentence.
fn marks<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::String(text) if text.len() >= 12 && text.bytes().any(|byte| byte.is_ascii_digit()) => found.push(text),
        Value::Array(items) => items.iter().for_each(|item| marks(item, found)),
        Value::Object(named) => named.values().for_each(|value| marks(value, found)),
        _ => {}
    }
}

fn tells_no_value(sentence: &str, value: &Value) {
    let mut found = Vec::new();
    marks(value, &mut found);
    let names = value.to_string();
    for mark in found {
        // What stands as a name too may be repeated as one, and one number is ours.
        let is_name = names.matches(mark).count() > 1 || "9007199254740991".contains(mark);
        assert!(is_name || !sentence.contains(mark), "a value is repeated: {sentence}");
    }
}

fn same<T: for<'de> Deserialize<'de>>(bytes: &[u8], plain: Option<&Value>) {
    let ours = read_json::<T>(bytes);
    match plain {
        None => assert!(ours.is_err(), "what should be refused is read"),
        Some(value) => {
            let theirs = serde_json::from_slice::<T>(bytes);
            let name = std::any::type_name::<T>();
            // A list in the place of an object is one to serde, member by member, and none to us.
            let is_list = ours.as_ref().is_err_and(|sentence| sentence.ends_with("must be an object"));
            let differ = ours.is_ok() != theirs.is_ok() && !(is_list && theirs.is_ok());
            assert!(!differ, "{name}: {:?} and {:?}", ours.as_ref().err(), theirs.err());
            if let Err(sentence) = ours {
                tells_no_value(&sentence, value);
            }
        }
    }
}

macro_rules! each {
    ($do:ident $arguments:tt: $($type:ty),* $(,)?) => {{ $($do::<$type> $arguments;)* }};
}

fn body(bytes: &[u8]) {
    let plain = plain(bytes);
    if let Ok(read) = read_json::<Value>(bytes) {
        assert_eq!(Some(&read), plain.as_ref(), "it is read as something else");
    } else {
        assert!(plain.is_none(), "what is plain is refused");
    }
    each!(same(bytes, plain.as_ref()):
        apis::CreateApiRequest, grants::UpdateApiApplicationsRequest, applications::CreateApplicationRequest,
        applications::UpdateApplicationRequest, keys::CreateKeyRequest, members::AddMembersRequest,
        members::UpdateMembersRequest, oauth::TokenRequest, organizations::CreateOrganizationRequest,
        organizations::UpdateOrganizationRequest, permissions::CreatePermissionRequest, roles::CreateRoleRequest,
        roles::UpdateRolePermissionsRequest, scopes::CreateScopeRequest, scopes::UpdateScopeRequest,
        users::CreateUserRequest, users::UpdateUserRequest, verify::VerifyKeyRequest,
    );
}

fn text<T: for<'de> Deserialize<'de>>(bytes: &[u8]) {
    let read = read_form::<T>(bytes);
    let mut names: Vec<_> = form_urlencoded::parse(bytes).map(|(name, _)| name.into_owned()).collect();
    names.sort_unstable();
    let is_twice = names.windows(2).any(|pair| pair[0] == pair[1]);
    let is_text = percent_encoding::percent_decode(bytes).decode_utf8().is_ok();
    assert!(read.is_err() || is_text && !is_twice, "what should be refused is read");
}

fuzz_target!(|bytes: &[u8]| {
    match bytes.split_first() {
        Some((b'?', form)) => each!(text(form):
            keys::ListKeysQuery, oauth::TokenRequest, oauth::IntrospectionRequest, users::ListUsersQuery,
            users::SearchUsersQuery, organizations::ListOrganizationsQuery,
        ),
        _ => body(bytes),
    }
});
