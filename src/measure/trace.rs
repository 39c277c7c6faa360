//! What drift needs of each case that has ended, in the bucket of its start: cases are compared with those that started at
//! another time, at the same age.

use super::counts::Counts;
use super::sketch::duration_bin;
use crate::cases::Facts;
use crate::codec::{DamagedBytes, Reader, put_i64, put_u64};
use crate::model::{NameId, Names, Origin, Ppm, Span};

/// A case that has ended. Those that are alike are counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Trace {
    /// The bin of its duration; `None` if it is not known when it ended. See [`duration_bin`].
    pub bin: Option<i32>,
    /// Its outcome.
    pub outcome: NameId,
    /// Its deviation.
    pub deviation: Ppm,
    /// The hash of its path.
    pub path: u64,
    /// The hash of its input; 0 if it has none that counts as evidence.
    pub input: u64,
}

impl Trace {
    /// Of a live case that has ended; `None` for any other.
    pub(super) fn of(facts: &Facts, names: &Names) -> Option<Trace> {
        if !facts.complete || facts.origin != Origin::Live {
            return None;
        }
        let is_known = !facts.ends_before_start || facts.duration() > Span::ZERO;
        let is_evident = facts.evident && facts.twin.is_none();
        Some(Trace {
            bin: is_known.then(|| duration_bin(facts.duration())),
            outcome: facts.outcome,
            deviation: facts.deviation,
            path: facts.variant(names),
            input: if is_evident { facts.input } else { 0 },
        })
    }
}

/// What stands for an unknown duration on disk: no span is in this bin.
const UNKNOWN: i32 = i32::MAX;

pub(super) fn encode(traces: &Counts<Trace>, out: &mut Vec<u8>) {
    traces.encode(out, |out, trace| {
        put_i64(out, i64::from(trace.bin.unwrap_or(UNKNOWN)));
        put_u64(out, u64::from(trace.outcome));
        put_u64(out, u64::from(trace.deviation));
        out.extend_from_slice(&trace.path.to_le_bytes());
        put_u64(out, u64::from(trace.input != 0));
        if trace.input != 0 {
            out.extend_from_slice(&trace.input.to_le_bytes());
        }
    });
}

pub(super) fn decode(reader: &mut Reader) -> Result<Counts<Trace>, DamagedBytes> {
    Counts::decode(reader, |reader| {
        let bin = i32::try_from(reader.i64()?).map_err(|_| reader.damaged())?;
        Ok(Trace {
            bin: (bin != UNKNOWN).then_some(bin),
            outcome: NameId(reader.u32()?),
            deviation: Ppm(reader.u32()?),
            path: reader.raw_u64()?,
            input: match reader.u64()? {
                0 => 0,
                _ => reader.raw_u64()?,
            },
        })
    })
}
