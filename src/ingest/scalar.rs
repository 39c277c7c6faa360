//! One value of a record, borrowed from it where possible.

use serde_json::Value;
use std::borrow::Cow;

/// One value of a record.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Scalar<'a> {
    /// The record does not have it, or has null.
    #[default]
    Missing,
    /// A boolean.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Any other number.
    Float(f64),
    /// A text; an empty one reads as missing.
    Text(Cow<'a, str>),
}

impl<'a> Scalar<'a> {
    /// From a JSON value; arrays and objects read as missing.
    pub fn of_json(value: &'a Value) -> Scalar<'a> {
        match value {
            Value::Bool(yes) => Scalar::Bool(*yes),
            Value::Number(number) => match (number.as_i64(), number.as_f64()) {
                (Some(int), _) => Scalar::Int(int),
                (None, Some(float)) if number.is_f64() => Scalar::Float(float),
                // Whole numbers beyond 63 bits keep their digits.
                _ => Scalar::Text(Cow::Owned(number.to_string())),
            },
            Value::String(text) => Scalar::Text(Cow::Borrowed(text)),
            Value::Null | Value::Array(_) | Value::Object(_) => Scalar::Missing,
        }
    }

    /// The same value, borrowed from this one.
    pub fn borrowed(&self) -> Scalar<'_> {
        match self {
            Scalar::Missing => Scalar::Missing,
            Scalar::Bool(yes) => Scalar::Bool(*yes),
            Scalar::Int(int) => Scalar::Int(*int),
            Scalar::Float(float) => Scalar::Float(*float),
            Scalar::Text(text) => Scalar::Text(Cow::Borrowed(text)),
        }
    }

    /// The text of the value, without the white space around it; `None` for a missing or empty one.
    pub fn into_text(self) -> Option<Cow<'a, str>> {
        match self {
            Scalar::Missing => None,
            Scalar::Bool(yes) => Some(Cow::Borrowed(if yes { "true" } else { "false" })),
            Scalar::Int(int) => Some(Cow::Owned(int.to_string())),
            Scalar::Float(float) => Some(Cow::Owned(float.to_string())),
            Scalar::Text(Cow::Borrowed(text)) => {
                let text = text.trim();
                (!text.is_empty()).then_some(Cow::Borrowed(text))
            }
            Scalar::Text(Cow::Owned(text)) => {
                let trimmed = text.trim();
                match trimmed.len() {
                    0 => None,
                    len if len == text.len() => Some(Cow::Owned(text)),
                    _ => Some(Cow::Owned(trimmed.to_owned())),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts() {
        let text = |json: &str| {
            let value: Value = serde_json::from_str(json).unwrap();
            Scalar::of_json(&value).into_text().map(Cow::into_owned)
        };
        assert_eq!(text("\" a \""), Some("a".to_owned()));
        assert_eq!(text("\"  \""), None);
        assert_eq!(text("null"), None);
        assert_eq!(text("17"), Some("17".to_owned()));
        assert_eq!(text("1.5"), Some("1.5".to_owned()));
        assert_eq!(text("true"), Some("true".to_owned()));
        assert_eq!(
            text("18446744073709551615"),
            Some("18446744073709551615".to_owned())
        );
        assert_eq!(text("[1]"), None);
    }
}
