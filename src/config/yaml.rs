//! Reading YAML so that every mistake names its file, line and field.

use crate::rules::{Problem, Source};
use serde::de::DeserializeOwned;
use std::path::Path;

/// Parses a text that stands in `file`.
pub(crate) fn read_yaml<T: DeserializeOwned>(text: &str, file: &Path) -> Result<T, Problem> {
    // An empty document is a mapping without keys, which the types then judge.
    let text = if text.trim().is_empty() { "{}" } else { text };
    serde_saphyr::from_str_with_options(text, options())
        .map_err(|error| explain(&error, text, &Source::new(file)))
}

/// `.nan` where any kind of value may stand is a text, so that who knows the field refuses it.
fn options() -> serde_saphyr::Options {
    serde_saphyr::options! {
        // A catalog of 10,000 processes (`limits.processes`) with all their keys.
        budget: serde_saphyr::budget! {
            max_nodes: 2_000_000,
            max_events: 8_000_000,
        },
        non_finite_float_policy: serde_saphyr::options::NonFiniteFloatPolicy::AsString,
    }
}

fn explain(error: &serde_saphyr::Error, yaml: &str, source: &Source) -> Problem {
    use serde_saphyr::Error;
    let (line, column) = error
        .location()
        .map_or((0, 0), |at| (at.line(), at.column()));
    let problem = |message: String| source.problem_at(line, column, message);
    match error.without_snippet() {
        Error::SerdeUnknownField {
            field, expected, ..
        } => {
            let unknown = problem(format!("unknown field `{field}`"));
            let near = unknown
                .clone()
                .did_you_mean(field, expected.iter().copied());
            if near.hint.is_some() {
                near
            } else {
                unknown.hint(format!("known here: {}", expected.join(", ")))
            }
        }
        Error::SerdeUnknownVariant {
            variant, expected, ..
        } => problem(in_field(
            yaml,
            line,
            column,
            &format!("`{variant}` is not one of {}", expected.join(", ")),
        ))
        .did_you_mean(variant, expected.iter().copied()),
        Error::SerdeMissingField { field, .. } => problem(format!("field `{field}` is missing")),
        other => {
            let text = other.to_string();
            let what = text.lines().next().unwrap_or("not valid YAML");
            // The place stands in front of the message already.
            let place = format!(" at line {line}, column {column}");
            let what = what.strip_suffix(&place).unwrap_or(what);
            problem(in_field(yaml, line, column, plainly(what)))
        }
    }
}

/// What a value has to be, for those who write files and not parsers.
fn plainly(what: &str) -> &str {
    match what {
        "expected sequence start" => "must be a list",
        "expected mapping start" => "must be a mapping such as `key: value`",
        "expected string scalar" => "must be a text",
        "invalid boolean" => "must be true or false",
        "invalid floating point" => "must be a number",
        "invalid u8" | "invalid u16" | "invalid u32" | "invalid u64" | "invalid usize" => {
            "must be a whole number"
        }
        text if text.starts_with("budget breached") => {
            "too large: a file may have 2,000,000 values at most, and few references to each"
        }
        other => other,
    }
}

fn in_field(yaml: &str, line: u64, column: u64, what: &str) -> String {
    match field_at(yaml, line, column) {
        Some(field) => format!("`{field}`: {what}"),
        None => what.to_owned(),
    }
}

/// The key of the value that stands at a place: the last one before it in its line. Where nothing stands behind the key, the
/// place is that of its colon.
fn field_at(yaml: &str, line: u64, column: u64) -> Option<&str> {
    let line = yaml
        .lines()
        .nth(usize::try_from(line).ok()?.checked_sub(1)?)?;
    let before = usize::try_from(column).ok()?.checked_sub(1)?;
    let end = line
        .char_indices()
        .nth(before)
        .map_or(line.len(), |(at, _)| at);
    let key = if line[end..].starts_with(':') {
        &line[..end]
    } else {
        line[..end].trim_end().strip_suffix([' ', ':'])?
    };
    let start = key
        .rfind(|c: char| "{,[ \t".contains(c))
        .map_or(0, |at| at + 1);
    let key = key[start..].trim_matches(['"', '\'']);
    (!key.is_empty()).then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Deserialize, Debug)]
    #[serde(deny_unknown_fields)]
    struct Sample {
        #[allow(dead_code, reason = "only parsed")]
        criticality: String,
    }

    fn fail(text: &str) -> Problem {
        read_yaml::<Sample>(text, Path::new("catalog.yaml")).unwrap_err()
    }

    #[test]
    fn a_misspelt_key_is_named_with_its_line_and_the_near_match() {
        let problem = fail("# comment\ncritcality: high\n");
        assert_eq!((problem.line, problem.column), (2, 1));
        assert_eq!(
            problem.to_string(),
            "catalog.yaml:2:1: unknown field `critcality` (did you mean `criticality`?)"
        );
    }

    #[test]
    fn a_missing_key_and_broken_yaml_are_named() {
        assert!(fail("{}").message.contains("`criticality` is missing"));
        assert!(fail("").message.contains("`criticality` is missing"));
        assert!(fail("criticality: [1,\n").line > 0);
    }

    #[test]
    fn a_value_of_the_wrong_kind_is_named_with_its_field() {
        #[derive(Deserialize, Debug)]
        struct Number {
            #[allow(dead_code, reason = "only parsed")]
            outcomes: std::collections::BTreeMap<String, f64>,
        }
        for text in [
            "outcomes: { done: 0, failed: much }",
            "outcomes:\n  failed: much\n",
        ] {
            let problem = read_yaml::<Number>(text, Path::new("c.yaml")).unwrap_err();
            assert!(
                problem.message.starts_with("`failed`: must be a number"),
                "{problem}"
            );
        }
    }

    #[test]
    fn what_a_value_has_to_be_is_said_in_words_and_with_its_field() {
        #[derive(Deserialize, Debug)]
        #[serde(rename_all = "lowercase")]
        enum Word {
            High,
            Low,
        }
        #[derive(Deserialize, Debug)]
        #[allow(dead_code, reason = "only parsed")]
        struct Many {
            list: Option<Vec<String>>,
            #[serde(default)]
            map: std::collections::BTreeMap<String, String>,
            flag: Option<bool>,
            count: Option<u64>,
            text: Option<String>,
            word: Option<Word>,
        }
        for (text, said) in [
            ("list: x\n", "`list`: must be a list"),
            ("map:\n", "`map`: must be a mapping"),
            ("map: [x]\n", "`map`: must be a mapping"),
            ("flag: maybe\n", "`flag`: must be true or false"),
            ("count: 1.5\n", "`count`: must be a whole number"),
            ("text: [x]\n", "`text`: must be a text"),
            (
                "word: hihg\n",
                "`word`: `hihg` is not one of high, low (did",
            ),
        ] {
            let problem = read_yaml::<Many>(text, Path::new("c.yaml")).unwrap_err();
            assert!(problem.to_string().contains(said), "{problem}");
        }
    }
}
