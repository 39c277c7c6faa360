//! The sources of events that a configuration names.

use super::loader::Loader;
use super::span::SpanText;
use crate::model::{Span, hash_pair};
use crate::rules::At;
use crate::rules::mapping::MappingSpec;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// One source of events.
#[derive(Debug, Clone)]
pub struct SourceConfig {
    /// Its name: in metrics, and the namespace of its cases unless the mapping says otherwise.
    pub name: String,
    /// How it is read.
    pub kind: SourceKind,
    /// Files, globs or folders.
    pub paths: Vec<String>,
    /// Globs of files to pass over.
    pub exclude: Vec<String>,
    /// The mapping.
    pub mapping: MappingSpec,
    /// The mapping as the configuration names it.
    pub mapping_file: PathBuf,
    /// A last line without line end counts as finished after this span without growth.
    pub flush_after: Span,
}

/// How a source is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SourceKind {
    /// Log files that grow: tailed.
    Files,
    /// A folder for exports: each file is read once, whole.
    Drop,
    /// What is sent to `POST /ingest/{source}`: kept in a folder of the daemon's own until it is read.
    Push,
}

impl SourceConfig {
    /// Whether it is read in the same way. Their words are compared: a mapping has parts that know no equality.
    pub fn is_same(&self, other: &SourceConfig) -> bool {
        format!("{self:?}") == format!("{other:?}")
    }
}

impl SourceKind {
    /// Whether its files are exports, each whole in itself and read once.
    pub fn has_exports(self) -> bool {
        matches!(self, SourceKind::Drop | SourceKind::Push)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawSource {
    name: At<String>,
    #[serde(default)]
    r#type: Option<SourceKind>,
    #[serde(default)]
    paths: Option<At<Vec<String>>>,
    #[serde(default)]
    exclude: Vec<String>,
    mapping: At<String>,
    #[serde(default)]
    flush_after: Option<SpanText>,
}

impl Loader {
    /// What a source reads.
    fn paths(
        &mut self,
        kind: SourceKind,
        name: &At<String>,
        given: Option<At<Vec<String>>>,
        data_dir: &Path,
    ) -> Vec<String> {
        let own = data_dir.join("push").join(&name.value);
        match (kind, given) {
            (SourceKind::Push, None) => vec![own.to_string_lossy().into_owned()],
            (SourceKind::Push, Some(at)) => {
                let message = format!(
                    "`paths`: source `{}` is sent what it reads, so it has none",
                    name.value
                );
                self.add(self.source.problem(&at, message));
                Vec::new()
            }
            (_, Some(at)) if !at.value.is_empty() => {
                at.value.iter().map(|path| self.rooted(path)).collect()
            }
            (_, _) => {
                let message = format!("`paths`: source `{}` reads nothing", name.value);
                self.add(self.source.problem(name, message));
                Vec::new()
            }
        }
    }

    pub(super) fn sources(&mut self, raw: Vec<RawSource>, data_dir: &Path) -> Vec<SourceConfig> {
        let mut names = BTreeSet::new();
        let mut sources = Vec::new();
        for source in raw {
            let name = source.name.value.clone();
            let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
            if name.is_empty() || !name.chars().all(plain) {
                let message = "`name`: a source is named with letters, digits, `-`, `_` and `.`";
                self.add(self.source.problem(&source.name, message));
            }
            if !names.insert(name.clone()) {
                let message = format!("`name`: there are two sources `{name}`");
                self.add(self.source.problem(&source.name, message));
            }
            let kind = source.r#type.unwrap_or(SourceKind::Files);
            let paths = self.paths(kind, &source.name, source.paths, data_dir);
            let mapping = self.mapping(&source.mapping);
            sources.push(SourceConfig {
                kind,
                paths,
                exclude: source
                    .exclude
                    .iter()
                    .map(|path| self.rooted(path))
                    .collect(),
                mapping,
                mapping_file: PathBuf::from(&source.mapping.value),
                flush_after: source.flush_after.map_or(Span::seconds(10), |span| span.0),
                name,
            });
        }
        sources
    }

    fn rooted(&self, path: &str) -> String {
        self.folder.join(path).to_string_lossy().into_owned()
    }

    fn mapping(&mut self, at: &At<String>) -> MappingSpec {
        let loaded = match MappingSpec::preset(&at.value) {
            Some(preset) => preset,
            None => {
                let file = self.folder.join(&at.value);
                match std::fs::read_to_string(&file) {
                    Ok(text) => {
                        self.files.push(file.clone());
                        let hash = self.keep("mapping", &file, &text);
                        self.hashes.configuration = hash_pair(self.hashes.configuration, hash);
                        MappingSpec::parse(&text, &file)
                    }
                    Err(error) => {
                        let message = format!(
                            "`mapping`: `{}` is no preset, and as a file: {}: {error}",
                            at.value,
                            file.display()
                        );
                        let known = super::mapping::PRESETS.iter().map(|(name, _)| *name);
                        let problem = self.source.problem(at, message);
                        Err(problem.did_you_mean(&at.value, known).into())
                    }
                }
            }
        };
        if let Ok(spec) = &loaded
            && spec.undated
        {
            let message = format!("`mapping`: `{}` is for records without a time", at.value);
            let problem = self.source.problem(at, message);
            let hint = "a source needs the time of each record; score such files with `toleranced score --map`";
            self.problems.0.push(problem.hint(hint));
        }
        loaded.unwrap_or_else(|problems| {
            self.problems.0.extend(problems.0);
            MappingSpec::default()
        })
    }
}
