//! What comes together while a configuration is read: the texts it names, their hashes, and what is wrong.

use crate::model::hash_text;
use crate::rules::{At, Problem, Problems, Source};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A text that the scores rest on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Its hash, as in [`Hashes`]; that of the configuration covers the mapping files, too.
    pub hash: u64,
    /// `configuration`, `catalog`, `tolerance` or `mapping`.
    pub kind: &'static str,
    /// The file it stood in; empty for what is built in.
    pub file: PathBuf,
    /// The text.
    pub text: Arc<str>,
}

/// Hashes of what the scores rest on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Hashes {
    /// toleranced.yaml and mapping files.
    pub configuration: u64,
    /// The catalog.
    pub catalog: u64,
    /// The tolerance table.
    pub tolerance: u64,
}

impl Document {
    pub(super) fn new(hash: u64, kind: &'static str, file: &Path, text: &str) -> Document {
        Document {
            hash,
            kind,
            file: file.to_owned(),
            text: text.into(),
        }
    }
}

/// Collects what a configuration names, and what is wrong with it.
pub(super) struct Loader {
    pub(super) source: Source,
    pub(super) folder: PathBuf,
    pub(super) problems: Problems,
    pub(super) files: Vec<PathBuf>,
    pub(super) hashes: Hashes,
    pub(super) documents: Vec<Document>,
}

impl Loader {
    /// Of a configuration file, of which nothing but the text is known yet.
    pub(super) fn new(text: &str, file: &Path) -> Loader {
        Loader {
            source: Source::new(file),
            folder: file.parent().unwrap_or(Path::new("")).to_owned(),
            problems: Problems::default(),
            files: vec![file.to_owned()],
            hashes: Hashes {
                configuration: hash_text(text),
                ..Hashes::default()
            },
            documents: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, problem: Problem) {
        self.problems.0.push(problem);
    }

    /// Keeps a text that scores rest on; gives its hash.
    pub(super) fn keep(&mut self, kind: &'static str, file: &Path, text: &str) -> u64 {
        let hash = hash_text(text);
        self.documents.push(Document::new(hash, kind, file, text));
        hash
    }

    /// The text of a file that the configuration names.
    pub(super) fn read(&mut self, at: &At<PathBuf>, field: &str) -> Option<(PathBuf, String)> {
        let file = self.folder.join(&at.value);
        self.files.push(file.clone());
        match std::fs::read_to_string(&file) {
            Ok(text) => Some((file, text)),
            Err(error) => {
                let message = format!("`{field}`: {}: {error}", file.display());
                self.add(self.source.problem(at, message));
                None
            }
        }
    }
}
