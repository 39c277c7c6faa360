//! Scores from the buckets of the database: hours that are summed up already, where whole cases would take too long.
//!
//! What was corrected or arrived later counts where it belongs. Names, catalog and tolerances are those of now, and so are
//! the nominal sizes.

use super::losses::losses_of;
use super::rules::{PreparedRules, Rules};
use super::{Detail, Measurement, ScoreRequest, ScoreSource};
use crate::codec::DamagedBytes;
use crate::config::daemon::Config;
use crate::measure::{
    Baseline, BucketKey, Counts, Coverage, Evidence, FollowUp, Loss, Measured, ProcessSums, Sums,
    TotalKey, Waiting, Windows,
};
use crate::model::{Hour, NameId, Names, Ppm};
use crate::store::{Store, StoreError, TotalRow};
use crossbeam_channel::{Receiver, bounded};
use std::collections::BTreeMap;

/// So many buckets are handed over at once.
const AT_ONCE: usize = 1_000;

/// Sums of processes.
pub(super) type SumsByProcess = BTreeMap<NameId, ProcessSums>;

/// A bucket as it is kept.
type Kept = (BucketKey, Vec<u8>);

/// The buckets of a database, with what scores rest on beside them.
pub(super) struct StoredBuckets<'a> {
    pub store: &'a Store,
    pub names: Names,
    baselines: BTreeMap<NameId, Baseline>,
    feeds: Vec<(String, NameId)>,
    coverage: Coverage,
    /// The cases that are open now, and may deviate.
    open: Vec<(TotalKey, Counts<Waiting>)>,
    /// Is told how many of how many hours have been read.
    progress: Box<dyn FnMut(u64, u64) + 'a>,
}

impl<'a> StoredBuckets<'a> {
    /// Reads all but the buckets, and makes the rules of a configuration ready for them.
    pub(super) fn open(
        store: &'a Store,
        config: &Config,
    ) -> Result<(StoredBuckets<'a>, PreparedRules), StoreError> {
        let mut buckets = StoredBuckets {
            store,
            names: store.names()?,
            baselines: store
                .baselines()?
                .into_iter()
                .map(|(process, finder)| (process, finder.baseline()))
                .filter(|(_, baseline)| baseline.sums.cases > 0)
                .collect(),
            feeds: store.feeds()?,
            coverage: store.coverage()?,
            open: open_now(store)?,
            progress: Box::new(|_, _| {}),
        };
        let rules = PreparedRules::new(Rules::of(config), &mut buckets.names);
        Ok((buckets, rules))
    }

    /// The same, and `progress` is told how many of how many hours have been read.
    pub(super) fn with_progress(self, progress: impl FnMut(u64, u64) + 'a) -> StoredBuckets<'a> {
        StoredBuckets {
            progress: Box::new(progress),
            ..self
        }
    }

    /// What was measured for a request, by its sums.
    pub(super) fn measured(
        &self,
        request: &ScoreRequest,
        mut processes: SumsByProcess,
    ) -> Measurement {
        self.set_open_then(request, &mut processes);
        let known = |process: &NameId| Some((*process, self.baselines.get(process)?.clone()));
        let measured = Measured {
            baselines: processes.keys().filter_map(known).collect(),
            coverage: self.coverage.clone(),
            processes,
        };
        Measurement {
            measured,
            ..Measurement::default()
        }
    }

    /// Which cases were open at a past instant is known of those that deviated then: they were over their limit, or were reopened and
    /// are open still. The milestones that were waited for are known of all.
    fn set_open_then(&self, request: &ScoreRequest, processes: &mut SumsByProcess) {
        for (process, sums) in processes.iter_mut() {
            for part in sums.parts.values_mut() {
                let overdue = std::mem::take(&mut part.overdue);
                part.forget_open();
                let open_then = |(_, until): &(Hour, Hour)| *until > request.period.last.hour();
                for ((start, _), count) in overdue.iter().filter(|(key, _)| open_then(key)) {
                    let waiting = Waiting::on_time(start);
                    add_if_overdue(part, (waiting, count), *process, request);
                }
            }
        }
        for ((process, executor, origin), waiting) in &self.open {
            let key = BucketKey {
                process: *process,
                executor: *executor,
                origin: *origin,
                hour: Hour::MIN,
            };
            let part = processes.entry(*process).or_default().part(&key);
            for (waiting, count) in waiting.iter() {
                let then = waiting.as_of(request.period.last.hour());
                add_if_overdue(part, (then, count), *process, request);
            }
        }
        processes.values_mut().for_each(ProcessSums::drop_zeros);
        processes.retain(|_, sums| !sums.parts.is_empty());
    }

    /// The hours that any of the requests needs: from the first to before the last.
    fn hours(&self, requests: &[ScoreRequest]) -> Result<(Hour, Hour), StoreError> {
        let first = |request: &ScoreRequest| request.period.earliest_hour(&request.rules.windows);
        let from = requests.iter().map(first).min();
        let ends = requests
            .iter()
            .map(|request| request.period.last.hour() + 1);
        let end = ends.max().unwrap_or(Hour::MIN);
        let known = first_hour(self.store)?.unwrap_or(end);
        Ok((from.unwrap_or(end).max(known), end))
    }

    /// The sums of what counts for each request, with the cases that were open when they began.
    pub(super) fn sums(
        &mut self,
        requests: &[ScoreRequest],
    ) -> Result<Vec<SumsByProcess>, StoreError> {
        let (from, end) = self.hours(requests)?;
        let (store, progress) = (self.store, &mut self.progress);
        let summing = Summing::new(requests, &self.names);
        let (send, receive) = bounded::<Vec<Kept>>(8);
        // One thread reads the database, another makes sums of what it reads.
        std::thread::scope(|scope| {
            let summing = scope.spawn(|| summing.sum(&receive));
            let mut batch = Vec::with_capacity(AT_ONCE);
            let read = store.each_bucket_as_kept(from, end, &mut |key, body| {
                batch.push((key, body));
                if batch.len() < AT_ONCE {
                    return true;
                }
                progress((key.hour - from) as u64, (end - from) as u64);
                // Nobody takes it any more where what was read before is damaged.
                send.send(std::mem::take(&mut batch)).is_ok()
            });
            let last = send.send(batch).is_ok();
            drop(send);
            let summed = summing
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            read?;
            let summed = summed.map_err(|(key, damage)| store.damaged_bucket(&key, damage))?;
            debug_assert!(last, "who sums ends early with an error only");
            Ok(summed)
        })
    }
}

impl ScoreSource for StoredBuckets<'_> {
    type Error = StoreError;

    fn names(&self) -> &Names {
        &self.names
    }

    fn measure(&mut self, requests: &[ScoreRequest]) -> Result<Vec<Measurement>, StoreError> {
        let sums = self.sums(requests)?;
        let of_requests = requests.iter().zip(sums);
        Ok(of_requests
            .map(|(request, sums)| self.measured(request, sums))
            .collect())
    }

    fn losses(&self, evidence: &Evidence) -> Result<BTreeMap<NameId, Loss>, StoreError> {
        losses_of(self.store, self.feeds.iter(), evidence)
    }
}

/// The open cases of all processes that may deviate.
fn open_now(store: &Store) -> Result<Vec<(TotalKey, Counts<Waiting>)>, StoreError> {
    let totals = store.totals()?.into_iter();
    let totals = totals.filter(|row| !row.sums.waiting.is_empty());
    let key = |row: &TotalRow| (row.process, row.executor, row.origin);
    Ok(totals.map(|row| (key(&row), row.sums.waiting)).collect())
}

/// Adds open cases to a part, if they had passed their limit within the period or deviated then.
fn add_if_overdue(
    part: &mut Sums,
    (waiting, count): (Waiting, i64),
    process: NameId,
    request: &ScoreRequest,
) {
    let limit = request.rules.book.of(process).limit;
    let passed = limit.map(|limit| waiting.passes(limit));
    let passed = passed.filter(|passed| *passed <= request.period.as_of);
    let counts = |hour: Hour| request.period.has(&request.rules.windows, process, hour);
    let is_overdue = passed.is_some_and(|passed| counts(passed.hour()));
    let deviates = waiting.deviation > Ppm::ZERO && counts(waiting.last);
    if is_overdue || deviates {
        part.open += count;
        part.waiting.add(waiting, count);
    }
}

/// The first hour that the database has something of.
pub(crate) fn first_hour(store: &Store) -> Result<Option<Hour>, StoreError> {
    let mut first = None;
    store.each_bucket_as_kept(Hour::MIN, Hour::MAX, &mut |key, _| {
        first = Some(key.hour);
        false
    })?;
    Ok(first)
}

/// The sums of requests, as buckets come in.
struct Summing<'a> {
    names: &'a Names,
    sums: Vec<(&'a ScoreRequest<'a>, SumsByProcess)>,
}

impl<'a> Summing<'a> {
    fn new(requests: &'a [ScoreRequest<'a>], names: &'a Names) -> Summing<'a> {
        let nothing = |request| (request, SumsByProcess::new());
        Summing {
            names,
            sums: requests.iter().map(nothing).collect(),
        }
    }

    fn sum(
        mut self,
        from: &Receiver<Vec<Kept>>,
    ) -> Result<Vec<SumsByProcess>, (BucketKey, DamagedBytes)> {
        for (key, body) in from.iter().flatten() {
            self.add(&key, &body).map_err(|damage| (key, damage))?;
        }
        Ok(self.sums.into_iter().map(|(_, sums)| sums).collect())
    }

    fn add(&mut self, key: &BucketKey, body: &[u8]) -> Result<(), DamagedBytes> {
        let counts = |(request, _): &&mut (&ScoreRequest, SumsByProcess)| {
            let windows: &Windows = &request.rules.windows;
            request.period.has(windows, key.process, key.hour)
        };
        let (mut whole, mut slim) = (None, None);
        for (request, processes) in self.sums.iter_mut().filter(counts) {
            let own = processes.entry(key.process).or_default();
            if request.detail == Detail::Everything {
                let sums = read_once(&mut whole, body, Sums::decode)?;
                own.merge(key, sums, 1);
                let then = sums.stages.as_of(key.hour, request.period.last);
                own.part(key).stages.replace(&sums.stages, &then);
                let then = sums.follow_up.as_of(key.hour, request.period.last);
                own.part(key).follow_up.replace(&sums.follow_up, &then);
                continue;
            }
            let sums = match requires_confirmed(request, self.names.text(key.process)) {
                true => read_once(&mut whole, body, Sums::decode)?,
                false => read_once(&mut slim, body, Sums::decode_deviations)?,
            };
            only_deviations(own.part(key), sums);
            let then = sums.follow_up.as_of(key.hour, request.period.last);
            own.part(key).follow_up.replace(&FollowUp::default(), &then);
        }
        Ok(())
    }
}

fn read_once<'s>(
    known: &'s mut Option<Sums>,
    body: &[u8],
    decode: impl Fn(&[u8]) -> Result<Sums, DamagedBytes>,
) -> Result<&'s Sums, DamagedBytes> {
    match known {
        Some(sums) => Ok(sums),
        none => Ok(none.insert(decode(body)?)),
    }
}

/// Whether only confirmed outcomes of a process count: these stand far behind in a bucket.
fn requires_confirmed(request: &ScoreRequest, process: &str) -> bool {
    let declared = request.rules.rules.catalog.processes.get(process);
    declared.is_some_and(|process| process.require_confirmed)
}

/// Adds what a mean deviation is made from.
fn only_deviations(part: &mut Sums, sums: &Sums) {
    part.cases += sums.cases;
    part.settled += sums.settled;
    part.reopened += sums.reopened;
    part.unknown.merge(&sums.unknown, 1);
    part.overdue.merge(&sums.overdue, 1);
    part.unnamed_outcomes += sums.unnamed_outcomes;
    part.outcomes.merge(&sums.outcomes, 1);
    part.deviations.merge(&sums.deviations, 1);
    part.confirmed.merge(&sums.confirmed, 1);
}
