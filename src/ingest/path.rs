//! Where in a record a value is: `issue.fields.status.name`, `log[0].at`, `concept:name`.

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
}

impl Path {
    /// Reads a path. Never fails: what is not an index in brackets belongs to the key.
    pub fn new(text: &str) -> Path {
        let mut parts = Vec::new();
        for piece in text.split('.') {
            let (key, indexes) = split_indexes(piece);
            if !key.is_empty() {
                parts.push(Part::Key(key.to_owned()));
            }
            parts.extend(indexes.into_iter().map(Part::Index));
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
        self.parts.iter().any(|part| matches!(part, Part::Index(_)))
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
        self.parts
            .iter()
            .try_fold(record, |value, part| match part {
                Part::Key(key) => value.get(key),
                Part::Index(index) => value.get(index),
            })
    }
}

/// `log[0][1]` -> (`log`, [0, 1]); anything else in brackets stays with the key.
fn split_indexes(piece: &str) -> (&str, Vec<usize>) {
    let mut indexes = Vec::new();
    let mut rest = piece;
    while let Some(inner) = rest.strip_suffix(']')
        && let Some((before, index)) = inner.rsplit_once('[')
        && let Ok(index) = index.parse()
    {
        indexes.insert(0, index);
        rest = before;
    }
    (rest, indexes)
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
    fn below_an_item() {
        let path = Path::new("item.toString");
        assert_eq!(path.below("item"), Some(Path::new("toString")));
        assert_eq!(Path::new("items.x").below("item"), None);
        assert_eq!(Path::new("item").below("item").unwrap().parts(), []);
    }
}
