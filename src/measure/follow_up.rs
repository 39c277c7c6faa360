//! How long after their resolution cases were challenged, and how long the others were watched.
//!
//! Cases count in the hour in which they were first resolved, so that all of them were watched from then on.

use super::counts::Counts;
use super::sketch::Sketch;
use crate::cases::Facts;
use crate::codec::{DamagedBytes, Reader, put_i64, put_u64};
use crate::model::{Hour, Ppm, Span, Time};

/// What happened to cases after they were resolved. All integers; a commutative group under [`FollowUp::merge`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FollowUp {
    /// Time from the resolution until the case was reopened or a review reversed its outcome, of the cases to which that happened.
    pub challenged: Sketch,
    /// Sum of the deviations of these, in parts per million.
    pub challenged_ppm: i64,
    /// Of these, cases that were reopened.
    pub reopened: i64,
    /// The others by the hour of their resolution and by their deviation; `None` for those that have not ended.
    pub watched: Counts<(Hour, Option<Ppm>)>,
}

impl FollowUp {
    /// Adds (or with sign -1 takes out) a case; nothing for one that was never resolved.
    pub(super) fn add(&mut self, facts: &Facts, sign: i64) {
        let Some(resolution) = facts.resolution else {
            return;
        };
        match resolution.delay() {
            Some(delay) => {
                self.challenged.add(delay, sign);
                self.challenged_ppm += sign * i64::from(facts.deviation);
                self.reopened += sign * i64::from(facts.reopened > 0);
            }
            None => {
                let deviation = facts.complete.then_some(facts.deviation);
                self.watched.add((resolution.at.hour(), deviation), sign);
            }
        }
    }

    /// Adds `sign` times others.
    pub(super) fn merge(&mut self, other: &FollowUp, sign: i64) {
        self.challenged.merge(&other.challenged, sign);
        self.challenged_ppm += sign * other.challenged_ppm;
        self.reopened += sign * other.reopened;
        self.watched.merge(&other.watched, sign);
    }

    /// Takes some out and puts others in.
    pub(crate) fn replace(&mut self, old: &FollowUp, new: &FollowUp) {
        if old != new {
            self.merge(old, -1);
            self.merge(new, 1);
        }
    }

    /// Those of cases that were resolved in one hour, as they were at an instant: what was challenged later was still watched.
    /// Shares of sums that are not known by the time are taken to be alike.
    pub(crate) fn as_of(&self, resolved: Hour, as_of: Time) -> FollowUp {
        let watched = as_of.since(resolved.start()).max(Span::ZERO);
        let (challenged, later) = self.challenged.up_to(watched);
        if later == 0 {
            return self.clone();
        }
        let mut then = self.clone();
        let all = i128::from(challenged.count() + later).max(1);
        let share = |sum: i64| (i128::from(sum) * i128::from(challenged.count()) / all) as i64;
        then.challenged_ppm = share(self.challenged_ppm);
        then.reopened = share(self.reopened);
        then.challenged = challenged;
        // Their later end is in another hour, so they are not among the ended ones.
        then.watched.add((resolved, None), later);
        then
    }

    /// The bytes to keep on disk.
    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        self.challenged.encode(out);
        put_i64(out, self.challenged_ppm);
        put_i64(out, self.reopened);
        self.watched.encode(out, |out, (hour, deviation)| {
            put_i64(out, i64::from(hour));
            put_u64(out, deviation.map_or(0, |ppm| u64::from(ppm) + 1));
        });
    }

    /// Reads back what [`FollowUp::encode`] wrote.
    pub(super) fn decode(reader: &mut Reader) -> Result<FollowUp, DamagedBytes> {
        Ok(FollowUp {
            challenged: Sketch::decode(reader)?,
            challenged_ppm: reader.i64()?,
            reopened: reader.i64()?,
            watched: Counts::decode(reader, |reader| {
                let hour = Hour::try_from(reader.i64()?).map_err(|_| reader.damaged())?;
                let deviation = reader.u32()?.checked_sub(1).map(Ppm);
                Ok((hour, deviation))
            })?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_challenged_after_an_instant_was_still_watched_then() {
        let hour = Hour(100);
        let mut cases = FollowUp::default();
        for minutes in [5, 90, 300] {
            cases.challenged.add(Span::seconds(60 * minutes), 1);
            cases.challenged_ppm += 1_000_000;
        }
        cases.watched.add((hour, Some(Ppm::ZERO)), 4);
        let then = cases.as_of(hour, Hour(102).start());
        assert_eq!(then.challenged.count(), 2);
        assert_eq!(then.challenged_ppm, 2_000_000);
        assert_eq!(then.watched.get((hour, None)), 1);
        assert_eq!(cases.as_of(hour, Hour(200).start()), cases);
        let mut sums = cases.clone();
        sums.replace(&cases, &then);
        assert_eq!(sums, then);
    }
}
