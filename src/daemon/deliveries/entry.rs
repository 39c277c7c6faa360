//! The entry of one delivery in the ledger, and the counters that rise with it.

use super::delivery::Delivery;
use super::observations::BatchObservation;
use crate::ingest::{Reason, Reject};
use crate::measure::Loss;
use crate::model::metrics;
use crate::query::counters::Counters;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What the engine made of the events of a delivery.
#[derive(Debug, Default)]
pub(in crate::daemon) struct AssembledBatch {
    /// Events that are new.
    pub accepted: u64,
    /// Events that an earlier delivery contained.
    pub duplicates: u64,
    /// Events that no case could take, by their places in the batch.
    pub rejects: Vec<Reject>,
    /// The processes of the events, and when they were active.
    pub observation: BatchObservation,
}

impl AssembledBatch {
    /// Turns the places of its rejects into offsets of the file, and adds their records if the bytes are known.
    pub(super) fn complete_rejects(&mut self, delivery: &Delivery) {
        for reject in &mut self.rejects {
            reject.place = delivery.batch.offset_of(reject.place);
            let record = delivery.raw.as_ref().map(|raw| raw.record(reject.place));
            reject.record = record.map_or(Vec::new(), Reject::kept);
        }
    }
}

/// One delivery, as the ledger has it.
#[derive(Debug)]
pub(in crate::daemon) struct DeliveryEntry {
    source: Arc<str>,
    records: u64,
    filtered: u64,
    accepted: u64,
    duplicates: u64,
    rejected: BTreeMap<Reason, u64>,
    notice: Option<&'static str>,
    /// Events accepted, and what was lost.
    pub(super) loss: Loss,
}

impl DeliveryEntry {
    /// The entry of a delivery, `lost_rejects` of whose rejects are lost with it.
    pub(super) fn new(
        delivery: &Delivery,
        assembled: &AssembledBatch,
        lost_rejects: usize,
    ) -> DeliveryEntry {
        let batch = &delivery.batch;
        let gaps = i64::from(delivery.gap);
        let lost = lost_rejects as i64 + gaps;
        let mut rejected = BTreeMap::new();
        for reject in batch.rejects.iter().chain(&assembled.rejects) {
            *rejected.entry(reject.reason).or_default() += 1;
        }
        DeliveryEntry {
            source: delivery.source.clone(),
            records: batch.records,
            filtered: batch.filtered,
            accepted: assembled.accepted,
            duplicates: assembled.duplicates,
            rejected,
            notice: delivery.notice,
            loss: Loss {
                records: assembled.accepted as i64 + lost,
                lost,
                gaps,
                unknown: 0,
            },
        }
    }

    /// The first record was counted as a rejected one when it was unfinished.
    pub(super) fn without_first_record(&mut self, delivery: &Delivery) {
        self.records = self.records.saturating_sub(1);
        let Some(place) = delivery.first_record else {
            return;
        };
        let rejects = &delivery.batch.rejects;
        if let Some(first) = rejects.iter().find(|reject| reject.place == place.offset)
            && let Some(count) = self.rejected.get_mut(&first.reason)
        {
            *count -= 1;
        }
    }

    /// Raises the counters of the source.
    pub(in crate::daemon) fn count(&self, counters: &mut Counters) {
        let source = &*self.source;
        for (metric, count) in [
            (metrics::EVENTS, self.accepted),
            (metrics::DUPLICATES, self.duplicates),
            (metrics::RECORDS, self.records),
            (metrics::FILTERED, self.filtered),
        ] {
            counters.add(metric.name, &[source], count);
        }
        if let Some(notice) = self.notice {
            counters.add(metrics::SOURCE_NOTICES.name, &[source, notice], 1);
        }
        for (reason, count) in &self.rejected {
            let labels = [source, reason.word()];
            counters.add(metrics::QUARANTINED.name, &labels, *count);
        }
    }
}
