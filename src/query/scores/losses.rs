//! The data loss of each process within the time that its sums cover.

use crate::measure::{Evidence, Loss};
use crate::model::{Hour, NameId};
use crate::store::{Store, StoreError};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// What was lost of each process within the time that its sums cover: of its sources the one that lost most.
pub(crate) fn losses_of<'f>(
    store: &Store,
    feeds: impl Iterator<Item = &'f (String, NameId)>,
    evidence: &Evidence,
) -> Result<BTreeMap<NameId, Loss>, StoreError> {
    let to = evidence.to.hour();
    let mut by_hour: BTreeMap<Hour, BTreeMap<String, Loss>> = BTreeMap::new();
    let mut losses: BTreeMap<NameId, Loss> = BTreeMap::new();
    for (source, process) in feeds {
        let from = evidence.from_of(*process);
        let of_sources = match by_hour.entry(from.hour()) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(slot) => {
                let found = store.losses_between(from.hour(), to)?;
                slot.insert(found.into_iter().collect())
            }
        };
        if let Some(loss) = of_sources.get(source) {
            let worst = losses.entry(*process).or_default();
            *worst = worst.worse(*loss);
        }
    }
    Ok(losses)
}
