//! From what is in memory to rows of the database.

use super::delivery::Delivery;
use crate::cases::{Case, Facts};
use crate::ingest::Reject;
use crate::model::{Hour, Time};
use crate::store::{CaseRow, QuarantineRow, ReplayState};

/// The row of a case; `None` for one without events.
pub(super) fn case_row(key: &str, case: &Case, facts: Option<&Facts>) -> Option<CaseRow> {
    let facts = facts?;
    // Later than its end where it was audited.
    let last = case.latest()?.time;
    let mut body = Vec::with_capacity(64 + 24 * facts.path.len());
    case.encode(&mut body);
    Some(CaseRow {
        key: key.to_owned(),
        process: facts.process,
        open: !facts.complete,
        last: last.0,
        parent: case.parent().map(str::to_owned),
        body,
    })
}

/// The rows of the records that a delivery could not turn into events; `stream` is the one that they stood in.
pub(super) fn quarantine_rows(
    (delivery, stream): (&Delivery, u64),
    more: &[Reject],
    now: Time,
    hour: Hour,
) -> Vec<QuarantineRow> {
    let all = delivery.batch.rejects.iter().chain(more);
    all.map(|reject| QuarantineRow {
        id: 0,
        at: now.0,
        hour,
        source: delivery.source.to_string(),
        file: delivery.file.clone(),
        stream,
        place: reject.place,
        reason: reject.reason.word().to_owned(),
        detail: reject.detail.clone(),
        format: delivery.format.to_owned(),
        head: delivery.head.to_vec(),
        record: reject.record.clone(),
        state: ReplayState::Kept,
    })
    .collect()
}
