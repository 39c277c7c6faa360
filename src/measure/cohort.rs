//! Cases that started in the same time, as far as they have ended: what a size is measured on. Those that end first are the
//! quick ones, so a size must not be measured by the time of the end.

use super::counts::Counts;
use super::sketch::Sketch;
use super::sums::{END, Sums};
use crate::cases::Facts;
use crate::codec::{DamagedBytes, Reader, put_i64, put_u64};
use crate::model::NameId;

/// Sums over cases that started together. All integers; a commutative group under [`Cohort::merge`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cohort {
    /// Cases that have ended.
    pub cases: i64,
    /// Their steps.
    pub steps: i64,
    /// Hand-offs between executor kinds.
    pub handoffs: i64,
    /// How often an activity was followed directly by another (or by `END`).
    pub follows: Counts<(NameId, NameId)>,
    /// Hands-on time of people.
    pub hands_on: Sketch,
    /// Cases by the process of their parent case.
    pub called_by: Counts<NameId>,
}

impl Cohort {
    /// Adds (or with sign -1 takes out) a case that has ended; nothing for an open one.
    pub(super) fn add(&mut self, facts: &Facts, sign: i64) {
        if !facts.complete {
            return;
        }
        self.cases += sign;
        self.steps += sign * facts.path.len() as i64;
        self.handoffs += sign * i64::from(facts.handoffs);
        let followers = facts.path.iter().skip(1).copied().chain([END]);
        for (activity, next) in facts.path.iter().zip(followers) {
            self.follows.add((*activity, next), sign);
        }
        if let Some(span) = facts.hands_on {
            self.hands_on.add(span, sign);
        }
        if facts.parent_process.is_some() {
            self.called_by.add(facts.parent_process, sign);
        }
    }

    /// Adds `sign` times another cohort.
    pub(super) fn merge(&mut self, other: &Cohort, sign: i64) {
        self.cases += sign * other.cases;
        self.steps += sign * other.steps;
        self.handoffs += sign * other.handoffs;
        self.follows.merge(&other.follows, sign);
        self.hands_on.merge(&other.hands_on, sign);
        self.called_by.merge(&other.called_by, sign);
    }

    /// The cohort of cases that all started and ended in the bucket of these sums.
    pub(super) fn of_ended(sums: &Sums) -> Cohort {
        Cohort {
            cases: sums.cases,
            steps: sums.steps,
            handoffs: sums.handoffs,
            follows: sums.follows.clone(),
            hands_on: sums.hands_on.clone(),
            called_by: sums.called_by.clone(),
        }
    }

    /// The same as sums of which nothing else is known.
    pub(super) fn sums(&self) -> Sums {
        Sums {
            cases: self.cases,
            steps: self.steps,
            handoffs: self.handoffs,
            follows: self.follows.clone(),
            hands_on: self.hands_on.clone(),
            ..Sums::default()
        }
    }

    /// The bytes to keep on disk.
    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        for count in [self.cases, self.steps, self.handoffs] {
            put_i64(out, count);
        }
        let id = |out: &mut Vec<u8>, id: NameId| put_u64(out, u64::from(id));
        self.follows.encode(out, |out, (from, to)| {
            id(out, from);
            id(out, to);
        });
        self.hands_on.encode(out);
        self.called_by.encode(out, id);
    }

    /// Reads back what [`Cohort::encode`] wrote.
    pub(super) fn decode(reader: &mut Reader) -> Result<Cohort, DamagedBytes> {
        let name = |reader: &mut Reader| Ok(NameId(reader.u32()?));
        Ok(Cohort {
            cases: reader.i64()?,
            steps: reader.i64()?,
            handoffs: reader.i64()?,
            follows: Counts::decode(reader, |reader| Ok((name(reader)?, name(reader)?)))?,
            hands_on: Sketch::decode(reader)?,
            called_by: Counts::decode(reader, name)?,
        })
    }
}
