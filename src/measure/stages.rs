//! How long cases took to reach their milestones, and for how many it is still open.
//!
//! Cases count in the hour in which they started, so that all of them were watched from their start on. Counted by the time at
//! which a milestone was reached, quick cases would be too many in a short window.

use super::counts::Counts;
use super::sketch::Sketch;
use crate::cases::Facts;
use crate::codec::{DamagedBytes, Reader, put_i64, put_u64};
use crate::model::{Hour, NameId, Span, Time};
use std::collections::{BTreeMap, BTreeSet};

/// Stage times of cases. All integers; a commutative group under [`Stages::merge`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stages {
    /// Time from the start to the milestone, of the cases that reached it. A sketch without a case is not there.
    reached: BTreeMap<NameId, Sketch>,
    /// Open cases that have not reached it, by the hour of their start.
    waiting: Counts<(NameId, Hour)>,
    /// Cases that ended without it.
    missed: Counts<NameId>,
}

impl Stages {
    /// Adds (or with sign -1 takes out) what is known for good: what was reached, or can't be reached any more.
    pub(super) fn add_settled(&mut self, facts: &Facts, sign: i64) {
        for stage in &facts.stages {
            match stage.after {
                Some(after) => self.change(stage.milestone, |sketch| sketch.add(after, sign)),
                None if facts.complete => self.missed.add(stage.milestone, sign),
                None => {}
            }
        }
    }

    /// Adds (or with sign -1 takes out) what an open case has not reached yet.
    pub(super) fn add_waiting(&mut self, facts: &Facts, sign: i64) {
        for stage in facts.stages.iter().filter(|stage| stage.after.is_none()) {
            let key = (stage.milestone, facts.start.hour());
            self.waiting.add(key, sign);
        }
    }

    /// Adds `sign` times others.
    pub(super) fn merge(&mut self, other: &Stages, sign: i64) {
        for (milestone, sketch) in &other.reached {
            self.change(*milestone, |own| own.merge(sketch, sign));
        }
        self.waiting.merge(&other.waiting, sign);
        self.missed.merge(&other.missed, sign);
    }

    fn change(&mut self, milestone: NameId, change: impl FnOnce(&mut Sketch)) {
        let sketch = self.reached.entry(milestone).or_default();
        change(sketch);
        if *sketch == Sketch::default() {
            self.reached.remove(&milestone);
        }
    }

    /// Takes some out and puts others in.
    pub(crate) fn replace(&mut self, old: &Stages, new: &Stages) {
        if old != new {
            self.merge(old, -1);
            self.merge(new, 1);
        }
    }

    /// Takes the open cases of others for its own.
    pub(super) fn set_waiting(&mut self, other: &Stages) {
        self.waiting = other.waiting.clone();
    }

    /// Those of cases that started in one hour, as they were at an instant: what was reached later was still waited for.
    /// Which cases had not ended by then is not known.
    pub(crate) fn as_of(&self, started: Hour, as_of: Time) -> Stages {
        let watched = as_of.since(started.start()).max(Span::ZERO);
        let mut then = self.clone();
        for (milestone, sketch) in &self.reached {
            let (by_then, later) = sketch.up_to(watched);
            then.change(*milestone, |sketch| *sketch = by_then);
            then.waiting.add((*milestone, started), later);
        }
        then
    }

    /// All milestones that any case has, reached or not.
    pub(crate) fn milestones(&self) -> BTreeSet<NameId> {
        let reached = self.reached.keys().copied();
        let waiting = self.waiting.iter().map(|((milestone, _), _)| milestone);
        let missed = self.missed.iter().map(|(milestone, _)| milestone);
        reached.chain(waiting).chain(missed).collect()
    }

    /// The times of the cases that reached a milestone; `None` if none did.
    pub(crate) fn reached(&self, milestone: NameId) -> Option<&Sketch> {
        self.reached.get(&milestone)
    }

    /// Open cases that have not reached it, by the hour of their start.
    pub(crate) fn waiting(&self, milestone: NameId) -> impl Iterator<Item = (Hour, i64)> + '_ {
        let all = self.waiting.iter();
        let own = all.filter(move |((name, _), _)| *name == milestone);
        own.map(|((_, hour), count)| (hour, count))
    }

    /// Cases that ended without it.
    pub(crate) fn missed(&self, milestone: NameId) -> i64 {
        self.missed.get(milestone)
    }

    /// The bytes to keep on disk.
    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        put_u64(out, self.reached.len() as u64);
        for (milestone, sketch) in &self.reached {
            put_u64(out, u64::from(*milestone));
            sketch.encode(out);
        }
        self.waiting.encode(out, |out, (milestone, hour)| {
            put_u64(out, u64::from(milestone));
            put_i64(out, i64::from(hour));
        });
        self.missed
            .encode(out, |out, milestone| put_u64(out, u64::from(milestone)));
    }

    /// Reads back what [`Stages::encode`] wrote.
    pub(super) fn decode(reader: &mut Reader) -> Result<Stages, DamagedBytes> {
        let name = |reader: &mut Reader| Ok(NameId(reader.u32()?));
        let mut reached = BTreeMap::new();
        for _ in 0..reader.count()? {
            reached.insert(name(reader)?, Sketch::decode(reader)?);
        }
        Ok(Stages {
            reached,
            waiting: Counts::decode(reader, |reader| {
                let milestone = name(reader)?;
                let hour = Hour::try_from(reader.i64()?).map_err(|_| reader.damaged())?;
                Ok((milestone, hour))
            })?,
            missed: Counts::decode(reader, name)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_reached_after_an_instant_was_still_waited_for_then() {
        let (milestone, hour) = (NameId(7), Hour(100));
        let mut stages = Stages::default();
        for minutes in [5, 30, 90, 300] {
            stages.change(milestone, |sketch| {
                sketch.add(Span::seconds(60 * minutes), 1)
            });
        }
        let then = stages.as_of(hour, Hour(102).start());
        assert_eq!(then.reached(milestone).map(Sketch::count), Some(3));
        assert_eq!(then.waiting(milestone).collect::<Vec<_>>(), [(hour, 1)]);
        assert_eq!(stages.as_of(hour, Hour(200).start()), stages);
        let mut sums = stages.clone();
        sums.replace(&stages, &then);
        assert_eq!(sums, then);
    }
}
