//! Noting which rules hold from when on, so that a past score can be recomputed by those of then.

use super::Engine;
use crate::config::daemon::Config;
use crate::model::Time;
use crate::store::{Commit, DocumentRow, RulesRow, StoreError};
use std::path::Path;

impl Engine {
    /// Takes secrets out of the configurations that an older version stored whole.
    pub(super) fn forget_secrets(&mut self) -> Result<(), StoreError> {
        for (hash, file, text) in self.store.stored_configurations()? {
            if let Some(text) = Config::without_secrets(&text, Path::new(&file)) {
                self.store.rewrite_document(hash, &text)?;
            }
        }
        Ok(())
    }

    /// Notes the rules of the present configuration with their texts, unless they are those noted last.
    pub(super) fn note_rules(&mut self, now: Time) -> Result<(), StoreError> {
        let hashes = self.config.hashes;
        let row = |at| RulesRow {
            at,
            configuration: hashes.configuration,
            catalog: hashes.catalog,
            tolerance: hashes.tolerance,
        };
        let last = self.store.last_rules()?;
        if last.is_some_and(|last| last == row(last.at)) {
            return Ok(());
        }
        let documents = self.config.documents.iter().map(|document| DocumentRow {
            hash: document.hash,
            kind: document.kind.to_owned(),
            file: document.file.to_string_lossy().into_owned(),
            text: document.text.clone(),
        });
        let commit = Commit {
            documents: documents.collect(),
            rules: Some(row(now.0)),
            ..Commit::default()
        };
        self.store.commit(&commit).map(drop)
    }
}
