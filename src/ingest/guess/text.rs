//! Where the records of a JSON document are.

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

/// The beginning of a JSON text as a whole one: what was not finished is left out, and what is open is closed.
pub(crate) fn completed_json(text: &[u8]) -> Vec<u8> {
    let mut open: Vec<u8> = Vec::new();
    // Where the last whole element or member ends, and what was open there.
    let mut whole: (usize, Vec<u8>) = (0, Vec::new());
    let (mut in_text, mut is_escaped) = (false, false);
    for (at, byte) in text.iter().enumerate() {
        if in_text {
            match byte {
                _ if is_escaped => is_escaped = false,
                b'\\' => is_escaped = true,
                b'"' => in_text = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_text = true,
            b'{' => open.push(b'}'),
            b'[' => open.push(b']'),
            b'}' | b']' => {
                open.pop();
                whole = (at + 1, open.clone());
            }
            b',' => whole = (at, open.clone()),
            _ => {}
        }
    }
    let (end, open) = whole;
    let mut completed = text[..end].to_vec();
    completed.extend(open.iter().rev());
    completed
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_beginning_of_a_document_is_completed() {
        let text = r#"{"count": 3, "items": [{"id": 1, "note": "a, [b"}, {"id": 2, "note": "c\"}"}, {"id": 3"#;
        let read =
            |end: usize| serde_json::from_slice::<Value>(&completed_json(&text.as_bytes()[..end]));
        let first = json!({"id": 1, "note": "a, [b"});
        let second = json!({"id": 2, "note": "c\"}"});
        assert_eq!(
            read(text.len()).unwrap(),
            json!({"count": 3, "items": [first, second]})
        );
        for end in 13..text.len() {
            assert!(read(end).is_ok(), "{}", &text[..end]);
        }
    }

    proptest::proptest! {
        #[test]
        fn nothing_of_any_text_panics(text in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200)) {
            let _ = completed_json(&text);
        }
    }
}
