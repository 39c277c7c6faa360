//! What is wrong in a file, where, and what to do about it.

use std::fmt;
use std::path::PathBuf;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file, as the user named it.
    pub file: PathBuf,
    /// Line, counted from 1; 0 where the whole file is meant.
    pub line: u64,
    /// Column, counted from 1; 0 where the whole line is meant.
    pub column: u64,
    /// What is wrong, with the name of the field.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
        }
        if self.column > 0 {
            write!(f, ":{}", self.column)?;
        }
        write!(f, ": {}", self.message)?;
        match &self.hint {
            Some(hint) => write!(f, " ({hint})"),
            None => Ok(()),
        }
    }
}

/// Everything that is wrong, in the order of the files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Problems(pub Vec<Problem>);

impl Problems {
    /// Ok if nothing is wrong.
    pub fn into_result<T>(self, value: T) -> Result<T, Problems> {
        if self.0.is_empty() {
            Ok(value)
        } else {
            Err(self)
        }
    }
}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Problems {
        Problems(vec![problem])
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (nth, problem) in self.0.iter().enumerate() {
            if nth > 0 {
                writeln!(f)?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

/// A value together with where it stands in its file.
pub(crate) type At<T> = serde_saphyr::Spanned<T>;

/// Names the file that problems are reported against.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    /// The file as the user named it.
    pub file: PathBuf,
}

impl Source {
    /// For problems in `file`.
    pub(crate) fn new(file: impl Into<PathBuf>) -> Source {
        Source { file: file.into() }
    }

    /// A problem with the value that stands at `at`.
    pub(crate) fn problem<T>(&self, at: &At<T>, message: impl Into<String>) -> Problem {
        self.problem_at(at.referenced.line(), at.referenced.column(), message)
    }

    /// A problem with the whole file.
    pub(crate) fn whole(&self, message: impl Into<String>) -> Problem {
        self.problem_at(0, 0, message)
    }

    pub(crate) fn problem_at(&self, line: u64, column: u64, message: impl Into<String>) -> Problem {
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

/// The nearest of the known words to a misspelt one, if one is near enough to be meant.
pub(crate) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(word, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= 1 + candidate.len().min(word.len()) / 4)
        .min()
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_words_are_suggested_and_far_ones_not() {
        let known = ["criticality", "outcomes", "executor"];
        assert_eq!(nearest("critcality", known), Some("criticality"));
        assert_eq!(nearest("outcome", known), Some("outcomes"));
        assert_eq!(nearest("banana", known), None);
    }
}
