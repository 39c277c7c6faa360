//! How many names processes and sources may bring.
//!
//! Names (activities, outcomes, versions) are kept for ever, so their number is limited: for each process, for each source, and in all.
//! A name counts for the process and source that bring it first. Beyond a limit new names count as `other`; names that are known are not
//! affected. The first names of a process are always kept, so that no other one can use up its room.
//!
//! What a source has used is released when its mapping changes or it is removed: its names stay, but do not count for any limit.

use crate::config::daemon::{Config, Limits};
use crate::config::sources::SourceConfig;
use crate::ingest::suggested_match;
use crate::model::hash_text;
use crate::query::NameExcess;
use crate::store::{DamagedRow, DamagedTable, Store, StoreError};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Names that each process has, whatever others have used up.
const RESERVED: usize = 50;
/// Different names that count as `other` kept for each process, to suggest a `match`.
const SAMPLES: usize = 200;
/// Processes that are shown at most.
const MOST_SHOWN: usize = 100;
/// The key under which the database has what is used.
const KEY: &str = "names_used";

/// What a source has used.
#[derive(Debug, Default, Serialize, Deserialize)]
struct SourceUse {
    /// Hash of its mapping: with another one it begins anew.
    mapping: u64,
    /// Names by process.
    processes: BTreeMap<String, usize>,
}

/// A name that an event speaks of.
#[derive(Clone, Copy, Debug)]
pub(super) struct NewName<'a> {
    pub source: &'a str,
    pub process: &'a str,
    /// The field of the mapping that it comes from.
    pub field: &'static str,
    pub text: &'a str,
}

/// Names of a process and source that count as `other`.
#[derive(Debug)]
struct Excess {
    limit: (&'static str, usize),
    folded: u64,
    samples: BTreeSet<(&'static str, String)>,
    /// Whether it is in the log, and with a suggestion.
    logged: Option<bool>,
}

/// Keeps account of names.
#[derive(Debug, Default)]
pub(super) struct NameBudget {
    used: BTreeMap<String, SourceUse>,
    /// The sums of this, because they are asked for with each event beyond a limit.
    by_process: BTreeMap<String, usize>,
    by_source: BTreeMap<String, usize>,
    total: usize,
    is_unwritten: bool,
    excess: BTreeMap<(String, String), Excess>,
    view: Arc<Vec<NameExcess>>,
    is_view_old: bool,
}

impl NameBudget {
    /// Loads what is used. A damaged row releases everything.
    pub(super) fn load(
        store: &Store,
        config: &Config,
    ) -> Result<(NameBudget, Vec<DamagedRow>), StoreError> {
        let mut budget = NameBudget::default();
        let mut damaged = Vec::new();
        if let Some(text) = store.meta(KEY)? {
            match serde_json::from_str(&text) {
                Ok(used) => budget.used = used,
                Err(error) => {
                    damaged.push(DamagedRow::new(DamagedTable::Meta, KEY, error.to_string()));
                }
            }
        }
        budget.configure(config);
        Ok((budget, damaged))
    }

    /// Releases what sources have used whose mapping has changed, or that are gone.
    pub(super) fn configure(&mut self, config: &Config) {
        let mappings: BTreeMap<&str, u64> = config
            .sources
            .iter()
            .map(|source| (source.name.as_str(), mapping_hash(source)))
            .collect();
        self.used.retain(|source, used| {
            let is_same = mappings.get(source.as_str()) == Some(&used.mapping);
            let names: usize = used.processes.values().sum();
            if !is_same && names > 0 {
                tracing::info!(
                    source,
                    names,
                    "the mapping has changed: its names do not count for limits any more"
                );
            }
            self.is_unwritten |= !is_same;
            is_same
        });
        for (source, mapping) in mappings {
            let used = self.used.entry(source.to_owned()).or_default();
            used.mapping = mapping;
        }
        self.count();
        // What still exceeds a limit shows up again.
        self.excess.clear();
        self.is_view_old = true;
    }

    fn count(&mut self) {
        self.by_process.clear();
        self.by_source.clear();
        self.total = 0;
        for (source, used) in &self.used {
            for (process, names) in &used.processes {
                *self.by_process.entry(process.clone()).or_default() += names;
                *self.by_source.entry(source.clone()).or_default() += names;
                self.total += names;
            }
        }
    }

    /// Whether there is room for a new name. If so it is taken, else the name counts as `other`.
    pub(super) fn admit(&mut self, name: NewName, limits: &Limits) -> bool {
        match self.exceeded(name, limits) {
            None => {
                self.take(name);
                true
            }
            Some(limit) => {
                self.note_excess(name, limit);
                false
            }
        }
    }

    /// The limit that a new name would exceed, and how many names it allows.
    fn exceeded(&self, name: NewName, limits: &Limits) -> Option<(&'static str, usize)> {
        let of_process = self.by_process.get(name.process).copied().unwrap_or(0);
        if of_process >= limits.process_names {
            return Some(("limits.process_names", limits.process_names));
        }
        if of_process < RESERVED {
            return None;
        }
        let of_source = self.by_source.get(name.source).copied().unwrap_or(0);
        if of_source >= limits.source_names {
            return Some(("limits.source_names", limits.source_names));
        }
        (self.total >= limits.names).then_some(("limits.names", limits.names))
    }

    fn take(&mut self, name: NewName) {
        let used = self.used.entry(name.source.to_owned()).or_default();
        *used.processes.entry(name.process.to_owned()).or_default() += 1;
        *self.by_process.entry(name.process.to_owned()).or_default() += 1;
        *self.by_source.entry(name.source.to_owned()).or_default() += 1;
        self.total += 1;
        self.is_unwritten = true;
    }

    fn note_excess(&mut self, name: NewName, limit: (&'static str, usize)) {
        let key = (name.source.to_owned(), name.process.to_owned());
        let excess = self.excess.entry(key).or_insert_with(|| Excess {
            limit,
            folded: 0,
            samples: BTreeSet::new(),
            logged: None,
        });
        excess.limit = limit;
        excess.folded += 1;
        if excess.samples.len() < SAMPLES {
            excess.samples.insert((name.field, name.text.to_owned()));
        }
        self.is_view_old = true;
    }

    /// What is used, for the next commit, if that has changed.
    pub(super) fn row(&mut self) -> Option<(String, String)> {
        if !std::mem::take(&mut self.is_unwritten) {
            return None;
        }
        match serde_json::to_string(&self.used) {
            Ok(text) => Some((KEY.to_owned(), text)),
            Err(error) => {
                tracing::error!(%error, "can't write how many names are used; after a restart they count anew");
                None
            }
        }
    }

    /// Whether there is something to write.
    pub(super) fn is_waiting(&self) -> bool {
        self.is_unwritten
    }

    /// Who exceeds a limit, the most frequent first. What is new is logged.
    pub(super) fn view(&mut self) -> Arc<Vec<NameExcess>> {
        if !std::mem::take(&mut self.is_view_old) {
            return self.view.clone();
        }
        let mut all: Vec<NameExcess> = Vec::new();
        for ((source, process), excess) in &mut self.excess {
            let shown = excess.shown(source, process);
            let has_suggestion = shown.suggestion.is_some();
            if excess.logged.is_none_or(|logged| !logged && has_suggestion) {
                excess.logged = Some(has_suggestion);
                warn(&shown);
            }
            all.push(shown);
        }
        all.sort_by_key(|excess| std::cmp::Reverse(excess.folded));
        all.truncate(MOST_SHOWN);
        self.view = Arc::new(all);
        self.view.clone()
    }
}

impl Excess {
    fn shown(&self, source: &str, process: &str) -> NameExcess {
        let mut fields: BTreeMap<&'static str, Vec<&str>> = BTreeMap::new();
        for (field, text) in &self.samples {
            fields.entry(field).or_default().push(text);
        }
        let most = fields.into_iter().max_by_key(|(_, names)| names.len());
        let (field, names) = most.unwrap_or(("activity", Vec::new()));
        NameExcess {
            source: source.to_owned(),
            process: process.to_owned(),
            limit: self.limit.0,
            allowed: self.limit.1,
            folded: self.folded,
            field,
            example: names
                .first()
                .map(|name| (*name).to_owned())
                .unwrap_or_default(),
            suggestion: suggested_match(names),
        }
    }
}

fn warn(excess: &NameExcess) {
    let next_step = match &excess.suggestion {
        Some(lines) => format!(
            "names contain numbers: put this under the field `{}` of the mapping and reload\n{lines}",
            excess.field
        ),
        None => format!(
            "map a field with fewer values to `{}`, or raise {}, and reload",
            excess.field, excess.limit
        ),
    };
    tracing::warn!(
        source = excess.source,
        process = excess.process,
        limit = excess.limit,
        allowed = excess.allowed,
        example = excess.example,
        next_step = %next_step,
        "too many different names; further ones count as `other`"
    );
}

/// By its words: a mapping has parts that know no equality.
fn mapping_hash(source: &SourceConfig) -> u64 {
    hash_text(&format!("{:?}", source.mapping))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> Limits {
        Limits {
            process_names: 100,
            source_names: 150,
            names: 200,
            ..Limits::default()
        }
    }

    /// How many of so many new names are admitted.
    fn admitted(budget: &mut NameBudget, source: &str, process: &str, count: usize) -> usize {
        let names = (0..count).map(|nth| format!("{process} {nth}"));
        let is_admitted = |text: &String| {
            let name = NewName {
                source,
                process,
                field: "activity",
                text,
            };
            budget.admit(name, &limits())
        };
        names.filter(is_admitted).count()
    }

    fn exceeded(budget: &mut NameBudget) -> Vec<(String, &'static str)> {
        let view = budget.view();
        let all = view.iter().map(|one| (one.process.clone(), one.limit));
        all.collect()
    }

    #[test]
    fn each_limit_is_named_and_the_first_names_of_a_process_are_kept() {
        let mut budget = NameBudget::default();
        assert_eq!(admitted(&mut budget, "a", "p", 110), 100);
        assert_eq!(admitted(&mut budget, "a", "q", 110), 50);
        assert_eq!(admitted(&mut budget, "b", "r", 110), 50);
        assert_eq!(admitted(&mut budget, "c", "s", 110), 50);
        let expected = [
            ("q", "limits.source_names"),
            ("r", "limits.names"),
            ("s", "limits.names"),
            ("p", "limits.process_names"),
        ];
        let expected = expected.map(|(process, limit)| (process.to_owned(), limit));
        assert_eq!(exceeded(&mut budget), expected);
        assert!(budget.view()[0].suggestion.is_some());
        // From another source it is the same process.
        assert_eq!(admitted(&mut budget, "c", "p", 10), 0);
    }

    #[test]
    fn change_of_a_mapping_releases_the_names_of_its_source_only() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("toleranced.yaml");
        std::fs::write(folder.path().join("a.yaml"), MAPPING).unwrap();
        std::fs::write(folder.path().join("b.yaml"), MAPPING).unwrap();
        let config = || {
            let text = "sources:\n- { name: a, paths: [a], mapping: a.yaml }\n- { name: b, paths: [b], mapping: b.yaml }\n";
            Config::parse(text, &file).unwrap()
        };
        let mut store = Store::open(&folder.path().join("data")).unwrap();
        let (mut budget, _) = NameBudget::load(&store, &config()).unwrap();
        assert_eq!(admitted(&mut budget, "a", "p", 110), 100);
        assert_eq!(admitted(&mut budget, "b", "q", 90), 90);
        let commit = crate::store::Commit {
            meta: budget.row().into_iter().collect(),
            ..Default::default()
        };
        store.commit(&commit).unwrap();
        let (mut budget, damaged) = NameBudget::load(&store, &config()).unwrap();
        assert!(damaged.is_empty() && budget.total == 190);
        assert_eq!(admitted(&mut budget, "a", "p", 10), 0);
        std::fs::write(
            folder.path().join("a.yaml"),
            MAPPING.replace("step", "kind"),
        )
        .unwrap();
        budget.configure(&config());
        assert_eq!(budget.total, 90);
        assert!(budget.view().is_empty());
        assert_eq!(admitted(&mut budget, "a", "p", 110), 100);
    }

    const MAPPING: &str = "format: ndjson\ncase: case\nactivity: step\ntime: time\n";
}
