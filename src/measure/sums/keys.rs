//! Keys of which sums keep a sample where they are many.

use crate::measure::sampled::Hashed;
use crate::model::{NameId, Ppm};

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
