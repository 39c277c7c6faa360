//! Where in a record a value is: `issue.fields.status.name`, `log[0].at`, `items[field=status].to`, `concept:name`.

use super::scalar::Scalar;
use serde_json::Value;

/// A path into a record. A record that has the whole text as a key (a CSV column, a JSON key with a dot in it) is taken
/// at its word before the text is read as a path.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Path {
    text: String,
    parts: Vec<Part>,
}

/// One part of a path.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Part {
    /// The value of this key.
    Key(String),
    /// The element at this index.
    Index(usize),
    /// The first element that has this value under this key: `items[field=status]`.
    Where(String, String),
}

impl Path {
    /// Reads a path. Never fails: what is neither an index nor a `key=value` in brackets belongs to the key.
    pub fn new(text: &str) -> Path {
        let mut parts = Vec::new();
        for piece in pieces(text) {
            let (key, selectors) = split_selectors(piece);
            if !key.is_empty() {
                parts.push(Part::Key(key.to_owned()));
            }
            parts.extend(selectors);
        }
        Path {
            text: text.to_owned(),
            parts,
        }
    }

    /// The path as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Its parts.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// Whether it goes into an array.
    pub fn has_index(&self) -> bool {
        self.parts.iter().any(|part| !matches!(part, Part::Key(_)))
    }

    /// The path without its first key, if that key is `key`.
    pub fn below(&self, key: &str) -> Option<Path> {
        match self.parts.split_first() {
            Some((Part::Key(first), rest)) if first == key => Some(Path {
                text: self.text[key.len()..].trim_start_matches('.').to_owned(),
                parts: rest.to_vec(),
            }),
            _ => None,
        }
    }

    /// The value at this path.
    pub fn find<'v>(&self, record: &'v Value) -> Option<&'v Value> {
        if let Value::Object(map) = record
            && let Some(value) = map.get(&self.text)
        {
            return Some(value);
        }
        find(&self.parts, record)
    }
}

/// The keys on a path, those in its conditions as well.
pub(crate) fn path_keys(path: &Path) -> impl Iterator<Item = &str> {
    path.parts.iter().filter_map(|part| match part {
        Part::Key(key) | Part::Where(key, _) => Some(key.as_str()),
        Part::Index(_) => None,
    })
}

fn find<'v>(parts: &[Part], value: &'v Value) -> Option<&'v Value> {
    let Some((part, rest)) = parts.split_first() else {
        return Some(value);
    };
    match part {
        Part::Key(key) => match value.get(key) {
            Some(inner) => find(rest, inner),
            None => find_dotted(parts, value),
        },
        Part::Index(index) => find(rest, value.get(index)?),
        Part::Where(key, wanted) => {
            let element = value.as_array()?.iter().find(|element| {
                let found = element.get(key).map(Scalar::of_json);
                found.and_then(Scalar::into_text).as_deref() == Some(wanted)
            });
            find(rest, element?)
        }
    }
}

/// A key with dots in it, such as `gen_ai.operation.name` in the attributes of a span.
fn find_dotted<'v>(parts: &[Part], value: &'v Value) -> Option<&'v Value> {
    let mut keys = value.as_object()?.iter();
    keys.find_map(|(key, inner)| find(behind_dotted(parts, key)?, inner))
}

/// The parts behind those that a key with dots consists of.
fn behind_dotted<'p>(parts: &'p [Part], key: &str) -> Option<&'p [Part]> {
    let [Part::Key(first), rest @ ..] = parts else {
        return None;
    };
    let left = key.strip_prefix(first.as_str())?;
    match left.strip_prefix('.') {
        Some(left) => behind_dotted(rest, left),
        None => left.is_empty().then_some(rest),
    }
}

/// The pieces between the dots; a dot in brackets does not part (`attributes[key=gen_ai.tool.name]`).
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut in_brackets = false;
    text.split(move |c: char| {
        match c {
            '[' => in_brackets = true,
            ']' => in_brackets = false,
            _ => {}
        }
        c == '.' && !in_brackets
    })
}

/// `log[0][k=v]` -> (`log`, [0, k=v]); anything else in brackets stays with the key.
fn split_selectors(piece: &str) -> (&str, Vec<Part>) {
    let mut selectors = Vec::new();
    let mut rest = piece;
    while let Some(inner) = rest.strip_suffix(']')
        && let Some((before, inside)) = inner.rsplit_once('[')
    {
        let selector = match (inside.parse(), inside.split_once('=')) {
            (Ok(index), _) => Part::Index(index),
            (_, Some((key, value))) => Part::Where(key.trim().to_owned(), value.trim().to_owned()),
            _ => break,
        };
        selectors.insert(0, selector);
        rest = before;
    }
    (rest, selectors)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_values() {
        let record = serde_json::json!({"a": {"b": [10, {"c": 20}]}, "a.b": 30, "x y": 40});
        let find = |path: &str| Path::new(path).find(&record).cloned();
        assert_eq!(find("a.b"), Some(30.into()));
        assert_eq!(find("a.b[0]"), Some(10.into()));
        assert_eq!(find("a.b[1].c"), Some(20.into()));
        assert_eq!(find("x y"), Some(40.into()));
        assert_eq!(find("a.z"), None);
        assert_eq!(find("a.b[7]"), None);
    }

    #[test]
    fn finds_keys_with_dots_at_any_depth() {
        let record = serde_json::json!({"span": {"gen_ai.tool.name": 1, "gen_ai.usage": {"in": 2}, "a": {"b": 3}}});
        let find = |path: &str| Path::new(path).find(&record).cloned();
        assert_eq!(find("span.gen_ai.tool.name"), Some(1.into()));
        assert_eq!(find("span.gen_ai.usage.in"), Some(2.into()));
        assert_eq!(find("span.a.b"), Some(3.into()));
        assert_eq!(find("span.gen_ai.tool"), None);
        assert_eq!(find("span.gen_ai"), None);
    }

    #[test]
    fn finds_an_element_by_what_it_says() {
        let record = serde_json::json!({"items": [
            {"field": "a.b", "to": 1},
            {"field": "status", "to": [2, 3]},
            {"field": "status", "to": 4},
            {"n": 7, "to": 5}
        ]});
        let find = |path: &str| Path::new(path).find(&record).cloned();
        assert_eq!(find("items[field=a.b].to"), Some(1.into()));
        assert_eq!(find("items[field = status].to[1]"), Some(3.into()));
        assert_eq!(find("items[n=7].to"), Some(5.into()));
        assert_eq!(find("items[field=x].to"), None);
        assert_eq!(find("items[odd].to"), None);
        assert_eq!(
            Path::new("a[odd].b").parts()[0],
            Part::Key("a[odd]".to_owned())
        );
    }

    #[test]
    fn below_an_item() {
        let path = Path::new("item.toString");
        assert_eq!(path.below("item"), Some(Path::new("toString")));
        assert_eq!(Path::new("items.x").below("item"), None);
        assert_eq!(Path::new("item").below("item").unwrap().parts(), []);
    }
}
