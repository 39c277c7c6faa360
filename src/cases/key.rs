//! The key of a case: its namespace and its id in one text.

/// Between the namespace and the id: a control character, which no ticket number has.
pub const KEY_SEPARATOR: char = '\u{1f}';

/// Returns the namespace and the id of a case's key. The namespace is empty if the key has none.
pub(crate) fn split_key(key: &str) -> (&str, &str) {
    key.split_once(KEY_SEPARATOR).unwrap_or(("", key))
}
