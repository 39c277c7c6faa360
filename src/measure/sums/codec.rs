//! How sums are kept on disk.

use super::{RunKey, Sums, TwinKey, Waiting};
use crate::codec::{DamagedBytes, Reader, put_i64, put_u64};
use crate::measure::cohort::Cohort;
use crate::measure::counts::Counts;
use crate::measure::follow_up::FollowUp;
use crate::measure::sampled::{Hashed, Sampled};
use crate::measure::sketch::Sketch;
use crate::measure::stages::Stages;
use crate::measure::trace;
use crate::model::{Executor, Hour, NameId, Ppm};

/// First byte of stored sums.
pub(super) const VERSION: u8 = 10;

/// First byte of sums that know of no case what drift compares by its start.
pub(super) const VERSION_WITHOUT_TRACES: u8 = 9;

/// First byte of sums that know nothing of what happened after the resolution, of cases that were overdue, of what was missed, and
/// of causes.
pub(super) const VERSION_WITHOUT_FOLLOW_UP: u8 = 8;

/// First byte of sums that know neither who ran how many steps nor milestones.
pub(super) const VERSION_WITHOUT_STEPS_BY: u8 = 7;

/// First byte of sums that know neither which cases nothing shows to be right or wrong, nor when they ended. Later versions must go
/// on reading this one: sums of removed cases can't be counted again.
pub(super) const VERSION_WITHOUT_UNKNOWN: u8 = 6;

/// First byte of sums that keep a sample of inputs, paths and shadowed cases only, where those are many.
pub(super) const VERSION_SAMPLES_ONLY: u8 = 5;

impl Sums {
    /// The bytes to keep on disk.
    pub fn encode(&self, out: &mut Vec<u8>) {
        self.encode_as(VERSION, out);
    }

    fn encode_numbers(&self, out: &mut Vec<u8>) {
        for count in [
            self.open,
            self.open_events,
            self.cases,
            self.steps,
            self.settled,
            self.reopened,
            self.late,
            self.strayed,
            self.unnamed_outcomes,
            self.handoffs,
            self.with_input,
            self.known_executor,
            self.straight,
            self.without_people,
        ] {
            put_i64(out, count);
        }
    }

    pub(super) fn encode_as(&self, version: u8, out: &mut Vec<u8>) {
        out.push(version);
        self.starts
            .encode(out, |out, hour| put_i64(out, i64::from(hour)));
        self.encode_numbers(out);
        let id = |out: &mut Vec<u8>, id: NameId| put_u64(out, u64::from(id));
        let ppm = |out: &mut Vec<u8>, share: Ppm| put_u64(out, u64::from(share));
        self.outcomes.encode(out, id);
        self.deviations.encode(out, ppm);
        if knows_unknown(version) {
            self.encode_doubts(out);
        }
        if version > VERSION_WITHOUT_FOLLOW_UP {
            self.encode_follow_up(out);
        }
        self.durations.encode(out);
        self.follows.encode(out, |out, (from, to)| {
            id(out, from);
            id(out, to);
        });
        self.variants
            .encode(out, |out, hash| out.extend_from_slice(&hash.to_le_bytes()));
        self.called_by.encode(out, id);
        self.runs.encode(out, |out, key| {
            out.extend_from_slice(&key.input.to_le_bytes());
            id(out, key.outcome);
            put_u64(out, u64::from(key.deviation_word()));
        });
        self.hands_on.encode(out);
        self.confirmed.encode(out, ppm);
        if knows_unknown(version) {
            self.confirmed_unknown.encode(out, ppm);
        }
        self.self_declared
            .encode(out, |out, hour| put_i64(out, i64::from(hour)));
        self.blamed.encode(out, |out, (activity, deviation)| {
            id(out, activity);
            ppm(out, deviation);
        });
        self.versions.encode(out, id);
        let hour = |out: &mut Vec<u8>, hour: Hour| put_i64(out, i64::from(hour));
        self.deviated.encode(out, hour);
        if knows_unknown(version) {
            self.ended.encode(out, hour);
            self.confirmed_deviated.encode(out, hour);
        }
        self.twins.encode(out, |out, key| {
            out.extend_from_slice(&key.case.to_le_bytes());
            put_u64(out, u64::from(key.alike));
            ppm(out, key.deviation);
        });
        if knows_unknown(version) {
            self.encode_cohort(out);
        }
        if version > VERSION_WITHOUT_STEPS_BY {
            self.steps_by
                .encode(out, |out, kind| put_u64(out, kind as u64));
            self.stages.encode(out);
        }
        if version > VERSION_WITHOUT_FOLLOW_UP {
            self.encode_directions(out);
        }
        if version > VERSION_WITHOUT_TRACES {
            trace::encode(&self.traces, out);
        }
    }

    /// Open cases that may deviate, and what is unknown of those that have ended.
    fn encode_doubts(&self, out: &mut Vec<u8>) {
        let id = |out: &mut Vec<u8>, id: NameId| put_u64(out, u64::from(id));
        let ppm = |out: &mut Vec<u8>, share: Ppm| put_u64(out, u64::from(share));
        self.waiting.encode(out, |out, waiting| {
            put_i64(out, i64::from(waiting.start));
            ppm(out, waiting.deviation);
            put_i64(out, i64::from(waiting.last));
        });
        for counts in [&self.mapped, &self.unknown] {
            counts.encode(out, |out, (outcome, share)| {
                id(out, outcome);
                ppm(out, share);
            });
        }
    }

    fn encode_follow_up(&self, out: &mut Vec<u8>) {
        put_i64(out, self.ends_before_start);
        self.follow_up.encode(out);
        self.overdue.encode(out, |out, (start, until)| {
            put_i64(out, i64::from(start));
            put_i64(out, i64::from(until));
        });
    }

    fn encode_cohort(&self, out: &mut Vec<u8>) {
        // Most cases end in the hour in which they start.
        let is_of_ended = self.cohort == Cohort::of_ended(self);
        put_u64(out, u64::from(is_of_ended));
        if !is_of_ended {
            self.cohort.encode(out);
        }
    }

    /// Reads back what [`Sums::encode`] wrote, in this version or the one before.
    pub fn decode(bytes: &[u8]) -> Result<Sums, DamagedBytes> {
        let reader = &mut Reader::new(bytes);
        let version = version(reader)?;
        let begun = Sums::begun(version, reader)?;
        let mut sums = Sums {
            durations: Sketch::decode(reader)?,
            follows: Counts::decode(reader, |reader| Ok((name(reader)?, name(reader)?)))?,
            variants: sampled(version, reader, Reader::raw_u64)?,
            called_by: Counts::decode(reader, name)?,
            runs: sampled(version, reader, |reader| {
                let (input, outcome) = (reader.raw_u64()?, name(reader)?);
                Ok(RunKey::with_deviation_word(input, outcome, reader.u32()?))
            })?,
            hands_on: Sketch::decode(reader)?,
            confirmed: Counts::decode(reader, ppm)?,
            confirmed_unknown: if_known(version, reader, ppm)?,
            self_declared: Counts::decode(reader, hour)?,
            blamed: Counts::decode(reader, |reader| Ok((name(reader)?, ppm(reader)?)))?,
            versions: Counts::decode(reader, name)?,
            deviated: Counts::decode(reader, hour)?,
            ended: if_known(version, reader, hour)?,
            confirmed_deviated: if_known(version, reader, hour)?,
            twins: sampled(version, reader, |reader| {
                Ok(TwinKey {
                    case: reader.raw_u64()?,
                    alike: reader.u64()? != 0,
                    deviation: ppm(reader)?,
                })
            })?,
            ..begun
        };
        if knows_unknown(version) {
            sums.cohort = match reader.u64()? {
                0 => Cohort::decode(reader)?,
                _ => Cohort::of_ended(&sums),
            };
        } else {
            // As far as it is known: the hours of confirmed cases are not.
            sums.ended = sums.self_declared.clone();
        }
        if version > VERSION_WITHOUT_STEPS_BY {
            sums.steps_by = Counts::decode(reader, executor)?;
            sums.stages = Stages::decode(reader)?;
        }
        sums.decode_directions(version, reader)?;
        if version > VERSION_WITHOUT_TRACES {
            sums.traces = trace::decode(reader)?;
        }
        Ok(sums)
    }

    /// Reads back nothing but what stands first: counts of cases, outcomes and deviations. The rest is as if nothing had
    /// been counted.
    pub fn decode_deviations(bytes: &[u8]) -> Result<Sums, DamagedBytes> {
        let reader = &mut Reader::new(bytes);
        let version = version(reader)?;
        Sums::begun(version, reader)
    }

    fn begun(version: u8, reader: &mut Reader) -> Result<Sums, DamagedBytes> {
        let mut sums = Sums {
            starts: Counts::decode(reader, hour)?,
            open: reader.i64()?,
            open_events: reader.i64()?,
            cases: reader.i64()?,
            steps: reader.i64()?,
            settled: reader.i64()?,
            reopened: reader.i64()?,
            late: reader.i64()?,
            strayed: reader.i64()?,
            unnamed_outcomes: reader.i64()?,
            handoffs: reader.i64()?,
            with_input: reader.i64()?,
            known_executor: reader.i64()?,
            straight: reader.i64()?,
            without_people: reader.i64()?,
            outcomes: Counts::decode(reader, name)?,
            deviations: Counts::decode(reader, ppm)?,
            waiting: if_known(version, reader, |reader| {
                Ok(Waiting {
                    start: hour(reader)?,
                    deviation: ppm(reader)?,
                    last: hour(reader)?,
                })
            })?,
            mapped: if_known(version, reader, |reader| Ok((name(reader)?, ppm(reader)?)))?,
            unknown: if_known(version, reader, |reader| Ok((name(reader)?, ppm(reader)?)))?,
            ..Sums::default()
        };
        if version > VERSION_WITHOUT_FOLLOW_UP {
            sums.ends_before_start = reader.i64()?;
            sums.follow_up = FollowUp::decode(reader)?;
            sums.overdue = Counts::decode(reader, |reader| Ok((hour(reader)?, hour(reader)?)))?;
        }
        Ok(sums)
    }
}

fn version(reader: &mut Reader) -> Result<u8, DamagedBytes> {
    match reader.u8()? {
        version @ VERSION_SAMPLES_ONLY..=VERSION => Ok(version),
        _ => Err(reader.damaged()),
    }
}

/// Whether sums of this version know which cases nothing shows to be right or wrong, and when they ended.
fn knows_unknown(version: u8) -> bool {
    version > VERSION_WITHOUT_UNKNOWN
}

/// Counts that sums of an older version don't have.
fn if_known<'a, K: Ord + Copy>(
    version: u8,
    reader: &mut Reader<'a>,
    key: impl FnMut(&mut Reader<'a>) -> Result<K, DamagedBytes>,
) -> Result<Counts<K>, DamagedBytes> {
    match knows_unknown(version) {
        true => Counts::decode(reader, key),
        false => Ok(Counts::default()),
    }
}

fn sampled<'a, K: Hashed>(
    version: u8,
    reader: &mut Reader<'a>,
    key: impl FnMut(&mut Reader<'a>) -> Result<K, DamagedBytes>,
) -> Result<Sampled<K>, DamagedBytes> {
    match version {
        VERSION_SAMPLES_ONLY => Sampled::decode_sample(reader, key),
        _ => Sampled::decode(reader, key),
    }
}

fn name(reader: &mut Reader) -> Result<NameId, DamagedBytes> {
    Ok(NameId(reader.u32()?))
}

fn ppm(reader: &mut Reader) -> Result<Ppm, DamagedBytes> {
    Ok(Ppm(reader.u32()?))
}

fn executor(reader: &mut Reader) -> Result<Executor, DamagedBytes> {
    let kind = Executor::ALL.get(usize::from(u8::try_from(reader.u64()?).unwrap_or(u8::MAX)));
    kind.copied().ok_or_else(|| reader.damaged())
}

fn hour(reader: &mut Reader) -> Result<Hour, DamagedBytes> {
    Hour::try_from(reader.i64()?).map_err(|_| reader.damaged())
}
