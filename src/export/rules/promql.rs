//! Names in PromQL: whatever they contain, they stay names.

use std::fmt::Write as _;

/// A PromQL string in double quotes. Letters and digits of every script stay readable; controls, marks that turn the
/// direction of writing and the like become escapes, which PromQL takes from Go.
pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            ' '..='~' => out.push(c),
            _ if c.is_alphanumeric() => out.push(c),
            _ => write!(out, "\\U{:08x}", u32::from(c)).expect("a string takes everything"),
        }
    }
    out.push('"');
    out
}

/// A matcher for the series whose label has one of these values.
pub(crate) fn one_of(name: &str, values: &[String]) -> String {
    match values {
        [value] => format!("{name}={}", quoted(value)),
        values => format!("{name}=~{}", quoted(&alternatives(values))),
    }
}

/// A matcher for the series whose label has none of these values; empty, which matches all, where there is none.
pub(crate) fn none_of(name: &str, values: &[String]) -> String {
    match values {
        [] => String::new(),
        [value] => format!("{name}!={}", quoted(value)),
        values => format!("{name}!~{}", quoted(&alternatives(values))),
    }
}

/// Prometheus anchors its expressions, so these match whole values only.
fn alternatives(values: &[String]) -> String {
    let escaped: Vec<String> = values.iter().map(|value| regex::escape(value)).collect();
    escaped.join("|")
}

/// A selector; matchers that are empty are left out.
pub(crate) fn series(metric: &str, matchers: &[&str]) -> String {
    let matchers: Vec<&str> = matchers
        .iter()
        .copied()
        .filter(|matcher| !matcher.is_empty())
        .collect();
    if matchers.is_empty() {
        return metric.to_owned();
    }
    format!("{metric}{{{}}}", matchers.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_end_a_string_or_hide_in_it_is_escaped() {
        assert_eq!(quoted(r#"a "b" \ {{ $x }}"#), r#""a \"b\" \\ {{ $x }}""#);
        assert_eq!(quoted("Störung 火 1"), "\"Störung 火 1\"");
        assert_eq!(
            quoted("a\n\0\u{202e}\u{1f600}"),
            r#""a\U0000000a\U00000000\U0000202e\U0001f600""#
        );
    }

    #[test]
    fn one_value_is_compared_and_several_are_matched_whole() {
        let values = ["a.b".to_owned(), "c|d".to_owned()];
        assert_eq!(one_of("process", &values[..1]), r#"process="a.b""#);
        assert_eq!(one_of("process", &values), r#"process=~"a\\.b|c\\|d""#);
        assert_eq!(none_of("process", &values[..1]), r#"process!="a.b""#);
        assert_eq!(none_of("process", &values), r#"process!~"a\\.b|c\\|d""#);
        assert_eq!(series("m", &["", &none_of("process", &[])]), "m");
        assert_eq!(
            series("m", &["", "a=\"b\"", "c=\"d\""]),
            r#"m{a="b",c="d"}"#
        );
    }
}
