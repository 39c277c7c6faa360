//! Answers that have their records in a list: `{"count": 2, "runs": [{...}, {...}]}`.

use crate::ingest::batch::EventBatch;
use crate::ingest::mapping::{Mapping, Place};
use serde_json::Value;
use xxhash_rust::xxh3::xxh3_64;

/// Maps a record, or each record of the list that it is or has. Says whether it is one of these.
pub(super) fn apply_listed(
    mapping: &Mapping,
    value: &Value,
    (place, raw): (Place, &[u8]),
    out: &mut EventBatch,
) -> bool {
    if let Some(items) = list_of(&mapping.lists, value) {
        let mut offset = place.offset;
        for item in items {
            let text = item.to_string();
            let at = Place {
                offset,
                record: xxh3_64(text.as_bytes()),
                ..place
            };
            if !apply_listed(mapping, item, (at, text.as_bytes()), out) {
                return false;
            }
            // Events of a record are at most as many as its bytes, so their places differ.
            offset += text.len() as u64;
        }
        return true;
    }
    if value.is_object() {
        mapping.apply_value(value, place, raw, out);
    }
    value.is_object()
}

/// The records of an answer, if it has a list of them.
pub(crate) fn list_of<'v>(lists: &[String], value: &'v Value) -> Option<&'v [Value]> {
    if lists.is_empty() {
        return None;
    }
    let is_list = |items: &&Vec<Value>| items.iter().all(Value::is_object);
    match value {
        Value::Array(items) => Some(items),
        Value::Object(map) => {
            let mut lists = lists.iter().filter_map(|key| map.get(key));
            lists
                .find_map(|list| list.as_array().filter(is_list))
                .map(Vec::as_slice)
        }
        _ => None,
    }
}
