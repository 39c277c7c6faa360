//! The elements of a record that make events of their own: of an array, of arrays in arrays, of trees.

use crate::ingest::path::Path;
use serde_json::Value;

/// Where those elements are.
#[derive(Debug)]
pub(super) struct Each {
    /// One path for each array (or object) on the way; the second starts at the elements of the first.
    levels: Vec<Path>,
    /// Where an element has more such elements.
    recurse: Option<Path>,
}

/// One element.
#[derive(Clone, Copy, Debug)]
pub(super) struct Element<'a> {
    /// The element.
    pub(super) item: &'a Value,
    /// Its key if it is in an object, else the key of the nearest element around it that has one.
    pub(super) key: Option<&'a str>,
    /// The elements around it, the nearest last.
    pub(super) outers: &'a [&'a Value],
}

type Visit<'f> = &'f mut dyn FnMut(Element);

impl Each {
    /// Reads `histories[].items[]`: a path for each array, with `[]` behind it; behind the last it may be left out.
    pub(super) fn new(text: &str, recurse: Option<&str>) -> Each {
        let mut pieces: Vec<&str> = text.split("[]").collect();
        if pieces.len() > 1 && pieces.last().is_some_and(|last| last.is_empty()) {
            pieces.pop();
        }
        let level = |piece: &&str| Path::new(piece.trim_start_matches('.'));
        Each {
            levels: pieces.iter().map(level).collect(),
            recurse: recurse.map(Path::new),
        }
    }

    /// The path of each array on the way, and that of more such elements in an element.
    pub(super) fn paths(&self) -> (&[Path], Option<&Path>) {
        (&self.levels, self.recurse.as_ref())
    }

    /// Visits the elements in the order of the record, an element before those in it.
    pub(super) fn visit(&self, record: &Value, visit: Visit) {
        self.level(&self.levels, record, None, &mut Vec::new(), visit);
    }

    fn level<'v>(
        &self,
        levels: &[Path],
        value: &'v Value,
        key: Option<&'v str>,
        outers: &mut Vec<&'v Value>,
        visit: Visit,
    ) {
        let [path, deeper @ ..] = levels else {
            let outers = outers.as_slice();
            visit(Element {
                item: value,
                key,
                outers,
            });
            return;
        };
        let mut element = |own: Option<&'v str>, item: &'v Value| {
            let key = own.or(key);
            if deeper.is_empty() {
                self.level(deeper, item, key, outers, visit);
            }
            // A record is never nested deeper than the JSON parser allows, so this comes to an end.
            let (levels, more) = match &self.recurse {
                _ if !deeper.is_empty() => (deeper, true),
                Some(recurse) => (std::slice::from_ref(recurse), true),
                None => (deeper, false),
            };
            if more {
                outers.push(item);
                self.level(levels, item, key, outers, visit);
                outers.pop();
            }
        };
        match path.find(value) {
            Some(Value::Array(items)) => items.iter().for_each(|item| element(None, item)),
            Some(Value::Object(items)) => items
                .iter()
                .for_each(|(key, item)| element(Some(key), item)),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// Each element's name, key, and the names of those around it.
    fn found(each: &str, recurse: Option<&str>, record: &Value) -> Vec<String> {
        let mut found = Vec::new();
        let name = |value: &Value| {
            value
                .get("n")
                .map_or_else(|| value.to_string(), Value::to_string)
        };
        Each::new(each, recurse).visit(record, &mut |element| {
            let outers: Vec<String> = element.outers.iter().copied().map(name).collect();
            let key = element.key.unwrap_or("-");
            found.push(format!("{} {key} {}", name(element.item), outers.join("/")));
        });
        found
    }

    #[test]
    fn arrays_and_arrays_in_arrays() {
        let record = json!({"a": {"b": [{"n": 1, "c": [{"n": 2}, {"n": 3}]}, {"n": 4}, {"n": 5, "c": [{"n": 6}]}]}});
        assert_eq!(found("a.b", None, &record), ["1 - ", "4 - ", "5 - "]);
        assert_eq!(found("a.b[]", None, &record), found("a.b", None, &record));
        let inner = ["2 - 1", "3 - 1", "6 - 5"];
        assert_eq!(found("a.b[].c", None, &record), inner);
        assert_eq!(found("a.b[].c[]", None, &record), inner);
        assert!(found("a.z[].c", None, &record).is_empty());
    }

    #[test]
    fn objects_give_keys_and_arrays_in_them_keep_those() {
        let record = json!({"runs": {"x": [{"n": 1}, {"n": 2}], "y": [{"n": 3}]}});
        let keyed: Vec<String> = found("runs[][]", None, &record)
            .iter()
            .map(|text| text[..3].to_owned())
            .collect();
        assert_eq!(keyed, ["1 x", "2 x", "3 y"]);
    }

    #[test]
    fn trees_are_gone_through_from_the_top() {
        let record = json!({"tasks": {
            "a": {"n": 1, "sub": {"tasks": {"b": {"n": 2, "sub": {"tasks": {"c": {"n": 3}}}}}}},
            "d": {"n": 4}
        }});
        let want = ["1 a ", "2 b 1", "3 c 1/2", "4 d "];
        assert_eq!(found("tasks", Some("sub.tasks"), &record), want);
    }
}
