//! Reading what a caller sent into a type, with errors that name the field and the rule and never show the value.
//!
//! JSON bodies, forms and query strings become a [`Node`] first, which keeps members that stand twice. From there they
//! are deserialized with an error type of our own, since the texts of serde's usual errors quote what was sent, and what
//! was sent may be a secret in the wrong place.

use std::fmt;

use keyward_wire::ErrorCode;
use percent_encoding::percent_decode;
use serde::de::{self, Deserialize, Deserializer, Visitor};

use crate::front::misfit::{Misfit, shown};

/// How deeply JSON may be nested.
const MAX_DEPTH: usize = 16;

/// What a caller sent, before it has a type. It may hold secrets and does not print.
#[derive(Clone)]
pub(crate) enum Node {
    Null,
    Bool(bool),
    Number(serde_json::Number),
    Text(String),
    List(Vec<Node>),
    Object(Vec<(String, Node)>),
}

/// What was sent is no JSON, or no form; in a sentence that holds nothing of it.
#[derive(Debug)]
pub(crate) struct Malformed(pub(crate) &'static str);

impl Node {
    /// Reads JSON.
    pub(crate) fn from_json(bytes: &[u8]) -> Result<Self, Malformed> {
        let malformed = |_| Malformed("The body is not well-formed JSON.");
        let node: Self = serde_json::from_slice(bytes).map_err(malformed)?;
        if node.depth() > MAX_DEPTH {
            return Err(Malformed("The body is nested more than 16 deep."));
        }
        Ok(node)
    }

    /// Reads a form (`application/x-www-form-urlencoded`), which a query string is too.
    pub(crate) fn from_form(bytes: &[u8]) -> Result<Self, Malformed> {
        // The parser would put a sign in the place of what is not text.
        if percent_decode(bytes).decode_utf8().is_err() {
            return Err(Malformed("The form or query is not UTF-8, percent-encoded."));
        }
        let pairs = form_urlencoded::parse(bytes);
        Ok(Self::Object(pairs.map(|(name, text)| (name.into_owned(), Self::Text(text.into_owned()))).collect()))
    }

    fn depth(&self) -> usize {
        match self {
            Self::List(items) => 1 + items.iter().map(Self::depth).max().unwrap_or(0),
            Self::Object(members) => 1 + members.iter().map(|(_, node)| node.depth()).max().unwrap_or(0),
            _ => 0,
        }
    }

    /// Refuses members that stand more than once, wherever they do.
    pub(super) fn refuse_repeated(&self) -> Result<(), Misfit> {
        match self {
            Self::List(items) => items
                .iter()
                .enumerate()
                .try_for_each(|(at, item)| item.refuse_repeated().map_err(|e| e.within_item(at))),
            Self::Object(members) => {
                let mut names: Vec<&str> = members.iter().map(|(name, _)| name.as_str()).collect();
                names.sort_unstable();
                if let Some(pair) = names.windows(2).find(|pair| pair[0] == pair[1]) {
                    return Err(Misfit::new(ErrorCode::FieldDuplicate, &shown(pair[0]), "stands more than once"));
                }
                members.iter().try_for_each(|(name, node)| node.refuse_repeated().map_err(|e| e.within(name)))
            }
            _ => Ok(()),
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Number(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
        Ok(serde_json::Number::from_f64(value).map_or(Node::Null, Node::Number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Node, E> {
        Ok(Node::Text(text.to_owned()))
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, mut access: A) -> Result<Node, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element()? {
            items.push(item);
        }
        Ok(Node::List(items))
    }

    fn visit_map<A: de::MapAccess<'de>>(self, mut access: A) -> Result<Node, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = access.next_entry()? {
            members.push(member);
        }
        Ok(Node::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::front::reader::read;
    use crate::refusal::Refusal;
    use keyward_wire::keys::{CreateKeyRequest, ListKeysQuery};

    fn json(text: &str) -> String {
        let node = Node::from_json(text.as_bytes());
        let read = node.map_err(Refusal::from).and_then(|node| Ok(read::<CreateKeyRequest>(&node, false)?));
        read.map_or_else(|refusal| format!("{} {}", refusal.code.as_str(), refusal.message), |_| "fine".into())
    }

    #[test]
    fn each_misfit_names_the_field_and_the_rule() {
        for (body, said) in [
            (r#"{"name":"a","api_id":"b"}"#, "fine"),
            (r#"{"name":"a","api_id":"b","type":null,"metadata":{"a":[1,{"b":null}]}}"#, "fine"),
            (r#"{"api_id":"b"}"#, "FIELD_MISSING `name` is missing"),
            (r#"{"name":5,"api_id":"b"}"#, "FIELD_INVALID `name` must be text"),
            (r#"{"name":null,"api_id":"b"}"#, "FIELD_INVALID `name` must be text"),
            (r#"{"name":"a","api_id":"b","scope_ids":"c"}"#, "FIELD_INVALID `scope_ids` must be a list"),
            (r#"{"name":"a","api_id":"b","scope_ids":["c",1]}"#, "FIELD_INVALID `scope_ids[1]` must be text"),
            (r#"{"name":"a","api_id":"b","metadata":[]}"#, "FIELD_INVALID `metadata` must be an object"),
            (
                r#"{"name":"a","api_id":"b","type":"x"}"#,
                "FIELD_INVALID `type` must be one of `user`, `organization`, `environment`",
            ),
            (
                r#"{"name":"a","api_id":"b","expires_on":"x"}"#,
                "FIELD_INVALID `expires_on` must be an RFC 3339 date and time",
            ),
            (r#"{"name":"a","api_id":"b","nam":1}"#, "FIELD_UNKNOWN `nam` is not a field of this request"),
            (r#"{"name":"a","name":"b","api_id":"c"}"#, "FIELD_DUPLICATE `name` stands more than once"),
            (
                r#"{"name":"a","api_id":"b","metadata":{"x":[{"y":1,"y":2}]}}"#,
                "FIELD_DUPLICATE `metadata.x[0].y` stands more than once",
            ),
            (r#"{"name":"a","#, "BODY_MALFORMED The body is not well-formed JSON."),
            ("", "BODY_MALFORMED The body is not well-formed JSON."),
            ("[]", "BODY_MALFORMED The body must be an object."),
        ] {
            assert_eq!(json(body), said, "{body}");
        }
    }

    #[test]
    fn json_is_read_16_deep_and_no_deeper() {
        let nested = |deep: usize| {
            let inner = format!("{}{}", "[".repeat(deep - 2), "]".repeat(deep - 2));
            format!(r#"{{"name":"a","api_id":"b","metadata":{{"a":{inner}}}}}"#)
        };
        assert_eq!(json(&nested(16)), "fine");
        assert_eq!(json(&nested(17)), "BODY_MALFORMED The body is nested more than 16 deep.");
    }

    #[test]
    fn a_secret_in_the_wrong_place_is_not_repeated() {
        let secret = "acme_live_7Jq2mW0ZtB4xR8d0vYt3KpLz1QeWmNc6hUa9XsBf2GjT35KBGM";
        for body in [
            format!(r#"{{"name":"a","api_id":"b","{secret}":1}}"#),
            format!(r#"{{"name":"a","api_id":"b","scope_ids":"{secret}"}}"#),
            format!(r#"{{"name":"a","api_id":"b","type":"{secret}"}}"#),
            format!(r#"{{"name":"a","api_id":"b","expires_on":"{secret}"}}"#),
            format!(r#""{secret}""#),
        ] {
            assert!(!json(&body).contains("7Jq2mW0ZtB4x"), "{body}");
        }
    }

    #[test]
    fn a_query_string_is_read_by_the_same_rules() {
        let read = |query: &str| {
            let node = Node::from_form(query.as_bytes());
            let read = node.map_err(Refusal::from).and_then(|node| Ok(read::<ListKeysQuery>(&node, true)?));
            read.map(|query| query.page_size).map_err(|refusal| refusal.message)
        };
        assert_eq!(read("page_size=7&key_type=user"), Ok(Some(7)));
        assert_eq!(read("page_size=-7"), Err("`page_size` must be a whole number from 0 to 4294967295".into()));
        assert_eq!(read("page_size=7&page_size=8"), Err("`page_size` stands more than once".into()));
        assert_eq!(read("page=7"), Err("`page` is not a field of this request".into()));
        assert_eq!(read("name=%C3%A9"), Ok(None));
        assert_eq!(read("name=%C3"), Err("The form or query is not UTF-8, percent-encoded.".into()));
    }
}
