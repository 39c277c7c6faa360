//! What is stored of rejected records: only mapped fields, without names of persons.

use crate::config::daemon::Config;
use crate::daemon::mask_key::MaskKey;
use crate::daemon::source::{dialect, mapping_of};
use crate::ingest::decode::read_header;
use crate::ingest::{KeptRecords, Reason, without_values};
use crate::model::{Span, Time, hash_bytes};
use crate::store::{QuarantineRow, Store, StoreError};
use std::collections::BTreeMap;

/// Rows that are rewritten at once.
const ROWS_AT_ONCE: usize = 500;

/// Decides what is stored, by source.
#[derive(Debug, Default)]
pub(super) struct StoredRecords {
    /// `None` if records are kept as they were read.
    by_source: Option<BTreeMap<String, KeptRecords>>,
    key: MaskKey,
}

impl StoredRecords {
    /// As a configuration says.
    pub(super) fn of(config: &Config) -> Result<StoredRecords, StoreError> {
        let key = MaskKey::load(&config.data_dir)?;
        if config.quarantine.keep_raw {
            return Ok(StoredRecords {
                by_source: None,
                key,
            });
        }
        let kept = config.sources.iter().filter_map(|source| {
            // A mapping that can't be compiled has kept the configuration from being used before this.
            let mapping = mapping_of(source, Span::ZERO, Time(0)).ok()?;
            Some((source.name.clone(), KeptRecords::of(mapping)))
        });
        Ok(StoredRecords {
            by_source: Some(kept.collect()),
            key,
        })
    }

    /// What is stored instead of a row that has a record as it was read.
    pub(super) fn row(&self, mut row: QuarantineRow) -> QuarantineRow {
        let Some(by_source) = &self.by_source else {
            return row;
        };
        let mask = |value: &str| self.key.mask(value);
        let source = by_source.get(&row.source);
        row.record = match source {
            // Of a source that is configured no more, nobody knows which fields it needs.
            None => Vec::new(),
            Some(kept) if row.format == "csv" => {
                let header = read_header(&row.head, dialect(kept.mapping(), &row.head));
                kept.of_row(&header, &row.record, &mask)
            }
            Some(kept) => kept.of_json(&row.record, &mask),
        };
        let reason = row.reason.parse().unwrap_or(Reason::PredicateFailed);
        row.detail = without_values(reason, &row.detail);
        row.is_raw = false;
        row
    }

    /// Rewrites what an older version, or `quarantine.keep_raw`, has stored as it was read.
    pub(super) fn rewrite_raw(&self, store: &mut Store) -> Result<(), StoreError> {
        let (mut behind, mut count) = (0, 0);
        loop {
            let rows = store.raw_quarantined(behind, ROWS_AT_ONCE)?;
            let Some(last) = rows.last() else { break };
            behind = last.id;
            let has_no_hash = |row: &QuarantineRow| row.hash == 0 && !row.record.is_empty();
            let rows: Vec<QuarantineRow> = rows
                .into_iter()
                .filter(|row| self.by_source.is_some() || has_no_hash(row))
                .map(|row| self.row(with_hash(row)))
                .collect();
            count += rows.len();
            store.rewrite_quarantined(&rows)?;
        }
        if count > 0 && self.by_source.is_some() {
            tracing::info!(
                records = count,
                "removed the fields of quarantined records that are not mapped (quarantine.keep_raw is false)"
            );
        }
        Ok(())
    }
}

/// Older versions stored no hash.
fn with_hash(mut row: QuarantineRow) -> QuarantineRow {
    let record = row.record.trim_ascii();
    if row.hash == 0 && !record.is_empty() {
        row.hash = hash_bytes(record).max(1);
    }
    row
}
