//! Reading YAML so that every mistake names its file, line and field.

use super::problem::{Problem, nearest};
use serde::de::DeserializeOwned;
use std::path::{Path, PathBuf};

/// A value together with where it stands in its file.
pub type At<T> = serde_saphyr::Spanned<T>;

/// Names the file that problems are reported against.
#[derive(Debug, Clone)]
pub struct Source {
    /// The file as the user named it.
    pub file: PathBuf,
}

impl Source {
    /// For problems in `file`.
    pub fn new(file: impl Into<PathBuf>) -> Source {
        Source { file: file.into() }
    }

    /// A problem with the value that stands at `at`.
    pub fn problem<T>(&self, at: &At<T>, message: impl Into<String>) -> Problem {
        self.problem_at(at.referenced.line(), at.referenced.column(), message)
    }

    /// A problem with the whole file.
    pub fn whole(&self, message: impl Into<String>) -> Problem {
        self.problem_at(0, 0, message)
    }

    fn problem_at(&self, line: u64, column: u64, message: impl Into<String>) -> Problem {
        Problem {
            file: self.file.clone(),
            line,
            column,
            message: message.into(),
            hint: None,
        }
    }
}

impl Problem {
    /// The same problem with a hint.
    pub fn hint(mut self, hint: impl Into<String>) -> Problem {
        self.hint = Some(hint.into());
        self
    }

    /// The same problem, hinting at the nearest of the known words where one is near.
    pub fn did_you_mean<'a>(self, word: &str, known: impl IntoIterator<Item = &'a str>) -> Problem {
        match nearest(word, known) {
            Some(near) => self.hint(format!("did you mean `{near}`?")),
            None => self,
        }
    }
}

/// Parses a text that stands in `file`.
pub fn read_yaml<T: DeserializeOwned>(text: &str, file: &Path) -> Result<T, Problem> {
    // An empty document is a mapping without keys, which the types then judge.
    let text = if text.trim().is_empty() { "{}" } else { text };
    serde_saphyr::from_str(text).map_err(|error| explain(&error, &Source::new(file)))
}

fn explain(error: &serde_saphyr::Error, source: &Source) -> Problem {
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
        } => problem(format!("`{variant}` is not one of {}", expected.join(", ")))
            .did_you_mean(variant, expected.iter().copied()),
        Error::SerdeMissingField { field, .. } => problem(format!("field `{field}` is missing")),
        other => {
            let text = other.to_string();
            problem(text.lines().next().unwrap_or("not valid YAML").to_owned())
        }
    }
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
}
