//! What one transaction writes: positions, cases, sums, counters, quarantine, scores.

use super::drift::{AlarmRow, DriftRow};
use super::quarantine::QuarantineRow;
use super::removed::Removal;
use crate::measure::{BucketKey, Loss, Stretch, Sums};
use crate::model::{Executor, Hour, NameId, Origin, Time};
use std::sync::Arc;

/// A case to write.
#[derive(Clone, Debug)]
pub struct CaseRow {
    /// Its key.
    pub key: String,
    /// The process it belongs to.
    pub process: NameId,
    /// Whether it is open.
    pub open: bool,
    /// Its last event, in microseconds since 1970.
    pub last: i64,
    /// The key of its parent case.
    pub parent: Option<String>,
    /// The case itself.
    pub body: Vec<u8>,
}

/// What a commit adds to a bucket.
///
/// Encoded, because a large commit has many of them and sums take 20 times the room in memory.
#[derive(Clone, Debug)]
pub struct BucketRow {
    /// Which one.
    pub key: BucketKey,
    /// The encoded sums to add.
    pub(super) change: Box<[u8]>,
}

impl BucketRow {
    /// The row that adds these sums to a bucket.
    pub fn of(key: BucketKey, change: &Sums) -> BucketRow {
        let mut body = Vec::with_capacity(64);
        change.encode(&mut body);
        let change = body.into_boxed_slice();
        BucketRow { key, change }
    }
}

/// Sums over all time.
#[derive(Clone, Debug)]
pub struct TotalRow {
    /// The process.
    pub process: NameId,
    /// The executor kind.
    pub executor: Executor,
    /// Live, exercise or shadow.
    pub origin: Origin,
    /// The sums, without what would grow for ever (starts by hour, variants, follows).
    pub sums: Sums,
}

/// What Prometheus sees rise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CounterRow {
    /// Name of the metric.
    pub name: String,
    /// Its labels, as the exporter wrote them.
    pub labels: String,
    /// Its value.
    pub value: i64,
}

/// How far a file was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileRow {
    /// The source.
    pub source: String,
    /// The file source's number of it.
    pub id: u32,
    /// The file source's state, as JSON.
    pub state: String,
    /// Hash of its first record: the identity of its events.
    pub stream: u64,
}

/// A change of class, status or recommendation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerRow {
    /// When, in microseconds since 1970.
    pub at: i64,
    /// The process.
    pub process: String,
    /// What changed.
    pub what: String,
    /// What it was.
    pub from: String,
    /// What it became.
    pub to: String,
    /// Why.
    pub reason: String,
    /// Hash of the configuration.
    pub configuration: u64,
    /// Hash of the catalog.
    pub catalog: u64,
    /// Hash of the tolerance table.
    pub tolerance: u64,
    /// Whether it was made while the clock of the system was not believed, or by a clock that was wrong.
    pub is_clock_in_doubt: bool,
}

/// A text that scores rest on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentRow {
    /// Its hash.
    pub hash: u64,
    /// `configuration`, `catalog`, `tolerance` or `mapping`.
    pub kind: String,
    /// The file it stood in; empty for what is built in.
    pub file: String,
    /// The text.
    pub text: Arc<str>,
}

/// Which texts hold from an instant on; 0 stands for one that was not given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RulesRow {
    /// From when on, in microseconds since 1970.
    pub at: i64,
    /// Hash of the configuration.
    pub configuration: u64,
    /// Hash of the catalog.
    pub catalog: u64,
    /// Hash of the tolerance table.
    pub tolerance: u64,
}

/// Everything that is written at once.
#[derive(Clone, Debug, Default)]
pub struct Commit {
    /// New names, with their numbers.
    pub names: Vec<(NameId, String)>,
    /// Positions of files that were read further.
    pub positions: Vec<FileRow>,
    /// Positions that are no longer needed: source and number.
    pub positions_forgotten: Vec<(String, u32)>,
    /// Exports read whole: source, hash of the content, path, time.
    pub exports_done: Vec<(String, u64, String, i64)>,
    /// Exports that are to be read again: source and path.
    pub exports_forgotten: Vec<(String, String)>,
    /// Cases that changed.
    pub cases: Vec<CaseRow>,
    /// What is added to buckets.
    pub buckets: Vec<BucketRow>,
    /// Totals that changed.
    pub totals: Vec<TotalRow>,
    /// Counters that rose.
    pub counters: Vec<CounterRow>,
    /// Records that did not become events.
    pub quarantine: Vec<QuarantineRow>,
    /// Quarantined records kept at most; the oldest go first. 0 leaves them alone.
    pub quarantine_most: usize,
    /// Quarantined records that were replayed: number, and whether they became events.
    pub replayed: Vec<(i64, bool)>,
    /// Unfinished records in the quarantine that are finished now: source, stream and place.
    pub finished: Vec<(String, u64, u64)>,
    /// Scores: process, time, JSON.
    pub scores: Vec<(String, i64, String)>,
    /// Changes.
    pub ledger: Vec<LedgerRow>,
    /// Changes that are dated later than this were made by a clock that was wrong.
    pub ledger_in_doubt_after: Option<Time>,
    /// Texts that scores rest on; one that is known already stays.
    pub documents: Vec<DocumentRow>,
    /// Which of them hold from now on, where that has changed.
    pub rules: Option<RulesRow>,
    /// Values kept under a name.
    pub meta: Vec<(String, String)>,
    /// Baselines that changed: process and body.
    pub baselines: Vec<(NameId, Vec<u8>)>,
    /// Records read and lost, to add: source and hour.
    pub losses: Vec<(String, Hour, Loss)>,
    /// Processes that a source has told of for the first time.
    pub feeds: Vec<(String, NameId)>,
    /// From when to when a namespace has told of a process, where that has changed.
    pub coverage: Vec<(String, NameId, Stretch)>,
    /// Whether all buckets and totals are written anew. They start from the sums of removed cases.
    pub clear_sums: bool,
    /// Epochs, baselines and days of drift that changed, by process.
    pub drift: Vec<DriftRow>,
    /// Alarms about several processes that are new or otherwise than they were.
    pub common_alarms: Vec<AlarmRow>,
    /// Cases that are removed after the retention period.
    pub removal: Removal,
}

impl Commit {
    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.positions.is_empty()
            && self.positions_forgotten.is_empty()
            && self.exports_done.is_empty()
            && self.exports_forgotten.is_empty()
            && self.cases.is_empty()
            && self.buckets.is_empty()
            && self.totals.is_empty()
            && self.counters.is_empty()
            && self.quarantine.is_empty()
            && self.replayed.is_empty()
            && self.finished.is_empty()
            && self.scores.is_empty()
            && self.common_alarms.is_empty()
            && self.ledger.is_empty()
            && self.ledger_in_doubt_after.is_none()
            && self.documents.is_empty()
            && self.rules.is_none()
            && self.meta.is_empty()
            && self.baselines.is_empty()
            && self.losses.is_empty()
            && self.feeds.is_empty()
            && self.coverage.is_empty()
            && !self.clear_sums
            && self.drift.is_empty()
            && self.removal.is_empty()
    }
}
