//! Texts in YAML.

/// A text as YAML can't misread it: a YAML double-quoted scalar.
pub(crate) fn quoted(text: &str) -> String {
    // A JSON string is one.
    serde_json::Value::from(text).to_string()
}
