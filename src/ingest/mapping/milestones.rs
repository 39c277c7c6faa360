//! Columns that say when the case reached a milestone.

use super::Refusal;
use super::row::Row;
use super::{EventMapping, Mapping};
use crate::ingest::batch::{EventBatch, ReachedRef};
use crate::model::Time;

impl Mapping {
    /// The times that a record has of milestones, each with the number of its field.
    pub(super) fn reached(
        &self,
        event: &EventMapping,
        row: &impl Row,
    ) -> Result<Vec<(usize, Option<Time>)>, Refusal> {
        let mut reached = Vec::new();
        for (nth, (name, field)) in event.milestones.iter().enumerate() {
            let read = self.time_in(field, (&format!("milestones.{name}"), true), row)?;
            reached.push((nth, read.map(|read| read.time)));
        }
        Ok(reached)
    }
}

/// Keeps times of milestones beside the event that has them.
pub(super) fn keep_reached(
    event: &EventMapping,
    reached: &[(usize, Option<Time>)],
    out: &mut EventBatch,
) -> ReachedRef {
    let mut named = Vec::with_capacity(reached.len());
    for (nth, time) in reached {
        if let Some((name, _)) = event.milestones.get(*nth) {
            named.push((out.names.intern(name), *time));
        }
    }
    out.keep_reached(&named)
}
