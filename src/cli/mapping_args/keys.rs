//! Which presets could read a file, by the keys of its records: parsing all presets takes longer than scoring a small file.

use crate::ingest::Path;
use crate::ingest::path_keys;
use rustc_hash::FxHashSet;
use serde_json::Value;

/// All keys of some records, at any depth. A key with dots in it counts as its parts, too, because a path can mean either.
pub(super) struct Keys<'v>(FxHashSet<&'v str>);

impl<'v> Keys<'v> {
    pub(super) fn of(records: &'v [Value]) -> Keys<'v> {
        let mut keys = Keys(FxHashSet::default());
        records.iter().for_each(|record| keys.add(record));
        keys
    }

    fn add(&mut self, value: &'v Value) {
        match value {
            Value::Object(map) => {
                for (key, value) in map {
                    if self.0.insert(key) {
                        self.0.extend(key.split('.'));
                    }
                    self.add(value);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.add(item)),
            _ => {}
        }
    }

    /// Whether a path could lead to a value.
    fn may_have(&self, path: &str) -> bool {
        self.0.contains(path) || path_keys(&Path::new(path)).all(|key| self.0.contains(key))
    }

    /// Whether records with all fields of a signature could be there.
    pub(super) fn may_be_recognized(&self, preset: &str) -> bool {
        let mut signatures = signatures(preset).into_iter();
        signatures.any(|fields| fields.iter().all(|field| self.may_have(field)))
    }

    /// Whether a preset could read the records, although they do not have all that it is recognised by: what it needs could be
    /// there, and half of a signature.
    pub(super) fn may_be_read(&self, preset: &str) -> bool {
        let needed = ["records", "case", "activity", "time"];
        let mut plain = needed.iter().filter_map(|field| plain_path(preset, field));
        let signatures = signatures(preset);
        let has_half = |fields: &Vec<&str>| {
            let there = fields.iter().filter(|field| self.may_have(field)).count();
            there * 2 >= fields.len()
        };
        plain.all(|path| self.may_have(path))
            && (signatures.is_empty() || signatures.iter().any(has_half))
    }
}

/// The fields of each signature in the text of a preset.
fn signatures(preset: &str) -> Vec<Vec<&str>> {
    let Some((_, text)) = preset.split_once("\nrecognized_by:") else {
        return Vec::new();
    };
    // Up to the next field of the mapping.
    let is_next = |line: &&str| line.starts_with(|c: char| c.is_alphabetic());
    let lines = text.lines().skip(1).take_while(|line| !is_next(line));
    let lists = lines.filter_map(|line| Some(line.split_once("fields: [")?.1));
    lists.map(list).collect()
}

/// The texts of a list, up to its closing bracket.
fn list(mut text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    loop {
        text = text.trim_start_matches([' ', ',']);
        let (item, rest) = match text.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => text.split_at(text.find([',', ']']).unwrap_or(text.len())),
        };
        if item.is_empty() {
            return found;
        }
        found.push(item);
        text = rest;
    }
}

/// The path that a field of a mapping is, if it is nothing but a path.
fn plain_path<'p>(preset: &'p str, field: &str) -> Option<&'p str> {
    let of_field = |line: &'p str| line.strip_prefix(field)?.strip_prefix(": ");
    let path = preset.lines().find_map(of_field)?.trim();
    let is_plain = !path.starts_with(['{', '[', '"', '\'', '&', '*', '|', '>']);
    is_plain.then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::mapping::PRESETS;
    use crate::rules::mapping::MappingSpec;
    use serde_json::json;

    #[test]
    fn signatures_are_those_of_the_parsed_presets() {
        for (name, text) in PRESETS {
            let spec = MappingSpec::preset(name).unwrap().unwrap();
            let fields = spec
                .recognized_by
                .into_iter()
                .map(|signature| signature.fields);
            let fields: Vec<Vec<String>> = fields.collect();
            assert_eq!(signatures(text), fields, "{name}");
        }
    }

    #[test]
    fn plain_paths_are_those_of_the_parsed_presets() {
        for (name, text) in PRESETS {
            let spec = MappingSpec::preset(name).unwrap().unwrap();
            for (field, parsed) in [
                ("case", spec.case),
                ("activity", spec.activity),
                ("time", spec.time),
            ] {
                if let Some(path) = plain_path(text, field) {
                    let parsed = parsed.unwrap().value.0.path;
                    assert_eq!(parsed.as_deref(), Some(path), "{name}: {field}");
                }
            }
        }
    }

    #[test]
    fn keys_with_dots_and_keys_of_lists_count() {
        let records = [json!({"a.b": 1, "c": [{"d": {"e f": 2}}]})];
        let keys = Keys::of(&records);
        for path in ["a.b", "c[0].d", "c[d=x].d.e f", "a", "d"] {
            assert!(keys.may_have(path), "{path}");
        }
        for path in ["a.x", "c[0].x", "x"] {
            assert!(!keys.may_have(path), "{path}");
        }
        assert!(keys.may_be_recognized(
            "x: 1\nrecognized_by:\n  - { fields: [a.b, \"c[0].d\"] }\ncase: a\n"
        ));
        assert!(
            !keys.may_be_recognized("x: 1\nrecognized_by:\n  - { fields: [a.b, z] }\ncase: a\n")
        );
    }
}
