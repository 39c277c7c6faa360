//! The last lines of logs that have no line end and can't be read.
//!
//! Such a line is rejected after `flush_after`, so that it is counted if the program that wrote it has ended. Its rest may come later. Then
//! the rejection is taken back, because the full line is delivered. So the place of each of these lines is known until it is finished.

use super::delivery::{Delivery, RecordPlace};
use crate::ingest::Reason;
use crate::model::Hour;
use crate::store::{Store, StoreError};
use std::collections::BTreeMap;

/// The number of lines that are recognised: at most one of each log.
const MOST: usize = 100_000;

/// The rejected lines, with the hours in which they count as lost. After a start, those in the quarantine.
#[derive(Debug, Default)]
pub(super) struct UnfinishedRecords(BTreeMap<(String, RecordPlace), Hour>);

impl UnfinishedRecords {
    /// Loads those in the quarantine.
    pub(super) fn load(store: &Store) -> Result<UnfinishedRecords, StoreError> {
        let rows = store.quarantined_for(Reason::Unfinished.word())?;
        let rows = rows.into_iter().map(|(source, log, offset, hour)| {
            let place = RecordPlace { log, offset };
            ((source, place), hour)
        });
        Ok(UnfinishedRecords(rows.collect()))
    }

    /// Forgets the line with which a delivery begins, if it was rejected before. Returns the hour in which it counts as lost.
    pub(super) fn take(&mut self, delivery: &Delivery) -> Option<Hour> {
        let place = delivery.first_record.filter(|_| !self.0.is_empty())?;
        self.0.remove(&(delivery.source.to_string(), place))
    }

    /// Notes the line of a delivery if it is unfinished. `before` is the hour in which it counts as lost from an earlier delivery.
    /// Returns this hour if the line is finished now.
    pub(super) fn note(
        &mut self,
        delivery: &Delivery,
        before: Option<Hour>,
        hour: Hour,
    ) -> Option<Hour> {
        let place = delivery.first_record.filter(|_| delivery.is_unfinished);
        let Some(place) = place else {
            return before;
        };
        if self.0.len() >= MOST {
            self.0.pop_first();
        }
        let key = (delivery.source.to_string(), place);
        self.0.insert(key, before.unwrap_or(hour));
        None
    }
}
