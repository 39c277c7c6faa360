//! Rejects as rows of the quarantine.

use super::delivery::Delivery;
use crate::ingest::Reject;
use crate::model::{Hour, Time};
use crate::store::{QuarantineRow, ReplayState};

/// The rows of the rejects of a delivery: of the decoder's, and of `more`. `stream` is the one that contains the records.
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
        hash: super::hash_of(reject),
        is_raw: true,
        state: ReplayState::Kept,
    })
    .collect()
}
