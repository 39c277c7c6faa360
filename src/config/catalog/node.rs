//! Whatever stands at a place of the catalog.
//!
//! A type that refuses a value while it is parsed knows neither the field nor the words that the field allows, and ends the
//! reading there. So what has a vocabulary or a range is taken as it stands, and judged afterwards.

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt;
use std::marker::PhantomData;

/// A value of any kind: mappings are read as `M`, the elements of lists as `S`.
#[derive(Debug)]
pub(super) enum Node<M = IgnoredAny, S = IgnoredAny> {
    Text(String),
    Number(f64),
    Map(M),
    List(Vec<S>),
    Nothing,
}

impl<M, S> Node<M, S> {
    /// The number that stands there, in quotes or not.
    pub(super) fn number(&self) -> Option<f64> {
        match self {
            Node::Number(number) => Some(*number),
            Node::Text(text) => text.trim().parse().ok(),
            _ => None,
        }
    }
}

/// As a message names it.
impl<M, S> fmt::Display for Node<M, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Node::Text(text) => write!(f, "`{text}`"),
            Node::Number(number) => write!(f, "`{number}`"),
            Node::Map(_) => f.write_str("a mapping"),
            Node::List(_) => f.write_str("a list"),
            Node::Nothing => f.write_str("nothing"),
        }
    }
}

/// For fields where even nothing is a value that has to be judged, while a field that is not there is none.
pub(super) fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    from: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
}

impl<'de, M: Deserialize<'de>, S: Deserialize<'de>> Deserialize<'de> for Node<M, S> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Node<M, S>, D::Error> {
        from.deserialize_any(AnyNode(PhantomData))
    }
}

struct AnyNode<M, S>(PhantomData<(M, S)>);

impl<'de, M: Deserialize<'de>, S: Deserialize<'de>> Visitor<'de> for AnyNode<M, S> {
    type Value = Node<M, S>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Node::Text(value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Node::Number(value as f64))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Node::Number(value as f64))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Node::Number(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
        Ok(Node::Text(value.to_owned()))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Node::Nothing)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut elements = Vec::new();
        while let Some(element) = list.next_element()? {
            elements.push(element);
        }
        Ok(Node::List(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        M::deserialize(MapAccessDeserializer::new(map)).map(Node::Map)
    }
}
