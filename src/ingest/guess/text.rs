//! Where the records of a document are.

use crate::ingest::path::Path;
use serde_json::Value;

/// Where in a JSON document the records are: the array of objects with the most elements, at most three keys deep.
/// `None` for a document that is itself the array, or the record.
pub(crate) fn guess_records(document: &Value) -> Option<Path> {
    let mut best: Option<(usize, String)> = None;
    find_arrays(document, "", 3, &mut |path, len| {
        if !path.is_empty() && best.as_ref().is_none_or(|(most, _)| len > *most) {
            best = Some((len, path.to_owned()));
        }
    });
    match document {
        Value::Object(_) => best.map(|(_, path)| Path::new(&path)),
        _ => None,
    }
}

fn find_arrays(value: &Value, path: &str, depth: u8, each: &mut impl FnMut(&str, usize)) {
    match value {
        Value::Array(items) if items.first().is_some_and(Value::is_object) => {
            each(path, items.len())
        }
        Value::Object(map) if depth > 0 => {
            for (key, value) in map {
                let below = if path.is_empty() {
                    key.clone()
                } else {
                    format!("{path}.{key}")
                };
                find_arrays(value, &below, depth - 1, each);
            }
        }
        _ => {}
    }
}
