//! Where the records of a JSON document are.

use super::guess;
use crate::ingest::path::Path;
use crate::rules::mapping::FormatName;
use serde_json::Value;

/// Where in a JSON document the records are: of the arrays of objects, at most three keys deep, the one that can be read best,
/// and of several such the one with the most elements. `None` for a document that is itself the array, or the record.
pub(crate) fn guess_records(document: &Value) -> Option<Path> {
    best_array(document).map(|(_, path)| path)
}

/// The array of the records of a document, and how many of the fields that are needed were not found in it.
fn best_array(document: &Value) -> Option<(usize, Path)> {
    if !document.is_object() {
        return None;
    }
    let mut arrays: Vec<(String, &[Value])> = Vec::new();
    find_arrays(document, "", 3, &mut |path, items| {
        if arrays.len() < MOST_ARRAYS {
            arrays.push((path.to_owned(), items));
        }
    });
    if arrays.is_empty() {
        return None;
    }
    let guessed = |records: &[Value]| {
        let first = &records[..records.len().min(TRIED)];
        guess(first, FormatName::Json)
    };
    let fits = arrays.iter().map(|(path, items)| {
        let guess = guessed(items);
        ((guess.missing(), guess.is_undated()), items.len(), path)
    });
    // Much can be read as if it were a log without times. One with times is better.
    let best = fits.min_by_key(|((missing, is_undated), len, _)| {
        (missing.len(), *is_undated, usize::MAX - len)
    });
    let ((lacking, _), _, path) = best?;
    // Changes of a case have no case of their own: the document is the case.
    let is_record =
        lacking.contains(&"case") && guessed(std::slice::from_ref(document)).missing().is_empty();
    (!is_record).then(|| (lacking.len(), Path::new(path)))
}

/// Where in documents the records are: as in the one that can be read best. Documents that can be read themselves are the records.
pub(crate) fn guess_records_of(documents: &[Value]) -> Option<Path> {
    let first = &documents[..documents.len().min(TRIED)];
    if documents.len() > 1 && guess(first, FormatName::Json).missing().is_empty() {
        return None;
    }
    let arrays = documents.iter().take(MOST_PAGES).filter_map(best_array);
    let best = arrays.min_by_key(|(lacking, _)| *lacking);
    best.map(|(_, path)| path)
}

/// Where the records are in pages that each line or element of a log is: `None` unless they can be read and the pages can't.
pub(crate) fn guess_pages(pages: &[Value]) -> Option<Path> {
    let path = guess_records_of(pages)?;
    let records = pages.iter().filter_map(|page| path.find(page)?.as_array());
    let records: Vec<Value> = records.flatten().take(TRIED).cloned().collect();
    guess(&records, FormatName::Json)
        .missing()
        .is_empty()
        .then_some(path)
}

/// Arrays, records and pages that are looked at.
const MOST_ARRAYS: usize = 20;
const TRIED: usize = 100;
const MOST_PAGES: usize = 50;

fn find_arrays<'v>(
    value: &'v Value,
    path: &str,
    depth: u8,
    each: &mut impl FnMut(&str, &'v [Value]),
) {
    match value {
        Value::Array(items) if items.first().is_some_and(Value::is_object) => each(path, items),
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

    fn items(lines: usize, item: impl Fn(usize) -> Value) -> Value {
        (0..lines).map(item).collect()
    }

    fn records(lines: usize) -> Value {
        items(
            lines,
            |n| json!({"ticket": n, "status": "new", "timestamp": "2024-01-01T08:00:00Z"}),
        )
    }

    fn found(document: &Value) -> Option<String> {
        guess_records(document).map(|path| path.text().to_owned())
    }

    #[test]
    fn of_several_arrays_the_one_that_can_be_read_has_the_records() {
        let users = items(50, |n| json!({"id": n, "name": "x"}));
        let document = json!({"users": users, "data": {"tickets": records(3)}, "more": records(2)});
        assert_eq!(found(&document).as_deref(), Some("data.tickets"));
        assert_eq!(found(&json!({"users": users})).as_deref(), Some("users"));
    }

    #[test]
    fn a_case_with_its_changes_is_the_record() {
        let history = json!([{"to": "Work", "at": "2024-01-01T08:00:00Z"}, {"to": "Done", "at": "2024-01-01T09:00:00Z"}]);
        let document = json!({"ticket": 1, "status": "Done", "timestamp": "2024-01-01T08:00:00Z", "history": history});
        assert_eq!(found(&document), None);
    }

    #[test]
    fn pages_are_read_even_if_the_first_is_empty() {
        let pages = [
            json!({"page": 1, "items": []}),
            json!({"page": 2, "items": records(2)}),
        ];
        assert_eq!(guess_pages(&pages).unwrap().text(), "items");
        assert!(guess_pages(records(2).as_array().unwrap()).is_none());
    }

    proptest::proptest! {
        #[test]
        fn nothing_of_any_text_panics(text in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200)) {
            let _ = completed_json(&text);
        }
    }
}
