//! What changed between two scores of a process: the rows of the ledger.

use super::shape::ProcessScore;
use serde::Serialize;

/// One thing that changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// The process.
    pub process: String,
    /// `required_class`, `achieved_class`, `status` or `recommendation`.
    pub what: &'static str,
    /// What it was; empty for a process that had no score.
    pub from: String,
    /// What it is.
    pub to: String,
    /// Why, with the figures.
    pub reason: String,
}

/// What is compared, and how it reads.
type Column = (&'static str, fn(&ProcessScore) -> String);

/// The changes from one score of a process to the next. A first score is a change from nothing.
pub fn changes(before: Option<&ProcessScore>, after: &ProcessScore) -> Vec<Change> {
    let columns: [Column; 4] = [
        ("required_class", |score| score.required_class.to_string()),
        ("achieved_class", |score| score.achieved_class.to_string()),
        ("status", |score| score.status.to_string()),
        ("recommendation", |score| {
            score
                .recommendation
                .map_or(String::new(), |r| r.to_string())
        }),
    ];
    columns
        .into_iter()
        .filter_map(|(what, read)| {
            let from = before.map(read).unwrap_or_default();
            let to = read(after);
            (from != to).then(|| Change {
                process: after.id.clone(),
                what,
                from,
                to,
                reason: after.reason.clone(),
            })
        })
        .collect()
}
