//! Keys of which sums keep a sample where they are many.

use crate::codec::{DamagedBytes, Reader, put_i64, put_u64};
use crate::measure::sampled::Hashed;
use crate::model::{Direction, Hour, NameId, Ppm};

/// What the share of cases that went wrong in a direction is measured from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct DirectedKey {
    /// The hour in which they ended.
    pub(crate) hour: Hour,
    /// How they went wrong.
    pub(crate) direction: Direction,
    /// Whether somebody else than who set the outcome has confirmed it.
    pub(crate) confirmed: bool,
}

impl DirectedKey {
    pub(super) fn encode(self, out: &mut Vec<u8>) {
        put_i64(out, i64::from(self.hour));
        put_u64(out, self.direction as u64 * 2 + u64::from(self.confirmed));
    }

    pub(super) fn decode(reader: &mut Reader) -> Result<DirectedKey, DamagedBytes> {
        let hour = Hour::try_from(reader.i64()?).map_err(|_| reader.damaged())?;
        let code = reader.u64()?;
        let at = usize::try_from(code / 2).unwrap_or(usize::MAX);
        let direction = Direction::ALL.get(at).copied();
        Ok(DirectedKey {
            hour,
            direction: direction.ok_or_else(|| reader.damaged())?,
            confirmed: code % 2 == 1,
        })
    }
}

/// What the dependence of cases with one cause is measured from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ClusterKey {
    /// A hash of what they have in common.
    pub(crate) cluster: u64,
    /// How far they deviated.
    pub(crate) deviation: Ppm,
    /// How they went wrong, if their outcome says so.
    pub(crate) direction: Option<Direction>,
    /// Whether somebody else than who set the outcome has confirmed it.
    pub(crate) confirmed: bool,
}

impl ClusterKey {
    pub(super) fn encode(self, out: &mut Vec<u8>) {
        let [cluster, rest] = self.words();
        out.extend_from_slice(&cluster.to_le_bytes());
        put_u64(out, rest);
    }

    pub(super) fn decode(reader: &mut Reader) -> Result<ClusterKey, DamagedBytes> {
        let words = [reader.raw_u64()?, reader.u64()?];
        ClusterKey::from_words(words).ok_or_else(|| reader.damaged())
    }
}

impl Hashed for ClusterKey {
    fn hash(&self) -> u64 {
        self.cluster
    }

    fn words(&self) -> [u64; 2] {
        let direction = self.direction.map_or(0, |direction| direction as u32 + 1);
        let flags = direction << 1 | u32::from(self.confirmed);
        [self.cluster, two_in_one(flags, self.deviation.0)]
    }

    fn from_words([cluster, rest]: [u64; 2]) -> Option<ClusterKey> {
        let (flags, deviation) = one_to_two(rest);
        let direction = match (flags >> 1) as usize {
            0 => None,
            nth => Some(*Direction::ALL.get(nth - 1)?),
        };
        Some(ClusterKey {
            cluster,
            deviation: Ppm(deviation),
            direction,
            confirmed: flags & 1 == 1,
        })
    }
}

/// What agreement is measured from: runs by input, outcome and deviation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RunKey {
    /// The input signature.
    pub input: u64,
    /// How it ended.
    pub outcome: NameId,
    /// How far it deviated.
    pub deviation: Ppm,
    /// Whether nothing shows if it was as designed; then it may have deviated all the same.
    pub unknown: bool,
}

/// In the word of a deviation, which is far below: that nothing is known of it.
const UNKNOWN: u32 = 1 << 31;

impl RunKey {
    /// The deviation, and whether it is known, in one word.
    pub(super) fn deviation_word(&self) -> u32 {
        self.deviation.0 | if self.unknown { UNKNOWN } else { 0 }
    }

    /// With what [`RunKey::deviation_word`] gave.
    pub(super) fn with_deviation_word(input: u64, outcome: NameId, word: u32) -> RunKey {
        RunKey {
            input,
            outcome,
            deviation: Ppm(word & !UNKNOWN),
            unknown: word & UNKNOWN != 0,
        }
    }
}

impl Hashed for RunKey {
    fn hash(&self) -> u64 {
        self.input
    }

    fn words(&self) -> [u64; 2] {
        [
            self.input,
            two_in_one(self.outcome.0, self.deviation_word()),
        ]
    }

    fn from_words([input, rest]: [u64; 2]) -> Option<RunKey> {
        let (outcome, deviation) = one_to_two(rest);
        Some(RunKey::with_deviation_word(
            input,
            NameId(outcome),
            deviation,
        ))
    }
}

/// What shadow runs are compared by: the case they shadow, whether they ended like it, and how far they deviated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TwinKey {
    /// A hash of the key of that case.
    pub case: u64,
    /// Whether they ended like it.
    pub alike: bool,
    /// How far they deviated; otherwise than it is 1.
    pub deviation: Ppm,
}

impl Hashed for TwinKey {
    fn hash(&self) -> u64 {
        self.case
    }

    fn words(&self) -> [u64; 2] {
        [
            self.case,
            two_in_one(u32::from(self.alike), self.deviation.0),
        ]
    }

    fn from_words([case, rest]: [u64; 2]) -> Option<TwinKey> {
        let (alike, deviation) = one_to_two(rest);
        Some(TwinKey {
            case,
            alike: alike == 1,
            deviation: Ppm(deviation),
        })
        .filter(|_| alike < 2)
    }
}

fn two_in_one(high: u32, low: u32) -> u64 {
    u64::from(high) << 32 | u64::from(low)
}

fn one_to_two(both: u64) -> (u32, u32) {
    ((both >> 32) as u32, both as u32)
}
