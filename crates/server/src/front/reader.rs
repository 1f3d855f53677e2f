//! From a [`Node`] to a type, with our own errors.

use keyward_wire::ErrorCode;
use serde::de::{self, Deserialize, DeserializeSeed, Deserializer, Visitor, value};

use crate::front::misfit::Misfit;
use crate::front::node::Node;

/// Turns a node into a type. Where `is_text`, numbers and truth values are written as text.
pub(crate) fn read<T: for<'de> Deserialize<'de>>(node: &Node, is_text: bool) -> Result<T, Misfit> {
    node.refuse_repeated()?;
    T::deserialize(Reader { node, is_text })
}

/// Deserializes from a node.
#[derive(Clone, Copy)]
struct Reader<'a> {
    node: &'a Node,
    is_text: bool,
}

impl<'a> Reader<'a> {
    fn of(self, node: &'a Node) -> Self {
        Self { node, ..self }
    }
}

macro_rules! numbers {
    ($($method:ident $visit:ident $type:ty,)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
            match self.node {
                Node::Text(text) if self.is_text => match text.parse::<$type>() {
                    Ok(value) => visitor.$visit(value),
                    Err(_) => Err(Misfit::must_be(&visitor)),
                },
                _ => self.deserialize_any(visitor),
            }
        })*
    };
}

impl<'de> Deserializer<'de> for Reader<'de> {
    type Error = Misfit;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self.node {
            Node::Null => visitor.visit_unit(),
            Node::Bool(value) => visitor.visit_bool(*value),
            Node::Text(text) => visitor.visit_str(text),
            Node::Number(number) => match (number.as_u64(), number.as_i64()) {
                (Some(value), _) => visitor.visit_u64(value),
                (None, Some(value)) => visitor.visit_i64(value),
                (None, None) => visitor.visit_f64(number.as_f64().unwrap_or(f64::NAN)),
            },
            Node::List(items) => visitor.visit_seq(Items { reader: self, items: items.iter().enumerate(), at: 0 }),
            Node::Object(members) => visitor.visit_map(Members { reader: self, members: members.iter(), value: None }),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        if matches!(self.node, Node::Null) { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        match self.node {
            Node::Text(text) => visitor.visit_enum(value::StrDeserializer::new(text)),
            _ => Err(Misfit::new(ErrorCode::FieldInvalid, "", "must be text")),
        }
    }

    // Members have names: a list of values in the order of our fields is not an object.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        match self.node {
            Node::Object(_) => self.deserialize_any(visitor),
            _ => Err(Misfit::must_be(&visitor)),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_newtype_struct(self)
    }

    numbers! {
        deserialize_u32 visit_u32 u32,
        deserialize_u64 visit_u64 u64,
        deserialize_i64 visit_i64 i64,
        deserialize_bool visit_bool bool,
    }

    serde::forward_to_deserialize_any! {
        i8 i16 i32 i128 u8 u16 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map
        identifier ignored_any
    }
}

struct Items<'a> {
    reader: Reader<'a>,
    items: std::iter::Enumerate<std::slice::Iter<'a, Node>>,
    at: usize,
}

impl<'de> de::SeqAccess<'de> for Items<'de> {
    type Error = Misfit;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Misfit> {
        let Some((at, node)) = self.items.next() else { return Ok(None) };
        self.at = at;
        seed.deserialize(self.reader.of(node)).map(Some).map_err(|error| error.within_item(at))
    }
}

struct Members<'a> {
    reader: Reader<'a>,
    members: std::slice::Iter<'a, (String, Node)>,
    value: Option<&'a (String, Node)>,
}

impl<'de> de::MapAccess<'de> for Members<'de> {
    type Error = Misfit;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Misfit> {
        self.value = self.members.next();
        let Some((name, _)) = self.value else { return Ok(None) };
        seed.deserialize(value::StrDeserializer::new(name)).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Misfit> {
        // serde asks for a value only after the key that goes with it.
        let Some((name, node)) = self.value else { return Err(de::Error::custom("no key was read")) };
        seed.deserialize(self.reader.of(node)).map_err(|error| error.within(name))
    }
}
