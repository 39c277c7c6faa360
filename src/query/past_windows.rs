//! Scores at instants of the past, had the daemon run then: from the buckets in the database.
//!
//! What was corrected or arrived later counts where it belongs. Names, catalog and tolerances are those of now, and so are
//! the nominal sizes.

use super::losses::losses_of;
use super::scoring::score_on_all_processors;
use crate::codec::DamagedBytes;
use crate::config::daemon::Config;
use crate::measure::{Baseline, BucketKey, Coverage, Evidence, ProcessSums, Sums, Windows};
use crate::model::{HOUR_US, Hour, NameId, Names, Time};
use crate::score::{ProcessScore, Terms, mean_deviation};
use crate::store::{Store, StoreError};
use crossbeam_channel::{Receiver, bounded};
use std::collections::{BTreeMap, BTreeSet};

/// What past scores rest on beside the sums of a window.
pub(super) struct Grounds<'a> {
    pub config: &'a Config,
    pub names: Names,
    pub windows: Windows,
    baselines: BTreeMap<NameId, Baseline>,
    feeds: Vec<(String, NameId)>,
    coverage: Coverage,
}

impl<'a> Grounds<'a> {
    pub fn read(store: &Store, config: &'a Config) -> Result<Grounds<'a>, StoreError> {
        let mut names = store.names()?;
        let windows = Windows::new(config.window, &config.catalog, &mut names);
        Ok(Grounds {
            config,
            windows,
            baselines: store.baselines()?.into_iter().collect(),
            feeds: store.feeds()?,
            coverage: store.coverage()?,
            names,
        })
    }

    /// The first hour of any window that ends at an instant.
    pub fn first_hour(&self, at: Time) -> Hour {
        let spans = self.windows.all().into_iter();
        let firsts = spans.map(|span| span.map_or(Hour::MIN, |span| at.plus(-span).hour()));
        firsts.min().unwrap_or(Hour::MIN)
    }

    fn terms(&self) -> Terms<'_> {
        Terms {
            catalog: &self.config.catalog,
            tolerance: &self.config.tolerance,
            names: &self.names,
        }
    }

    /// The scores as of an instant, from what lies within the windows that end there.
    pub fn score(
        &self,
        store: &Store,
        mut processes: BTreeMap<NameId, ProcessSums>,
        at: Time,
    ) -> Result<Vec<ProcessScore>, StoreError> {
        without_open_cases(&mut processes);
        let since = |process| self.windows.since(process, at);
        self.score_since(store, processes, &since, at)
    }

    /// The scores of what was counted from an instant to another, with nothing of before.
    fn score_between(
        &self,
        store: &Store,
        processes: BTreeMap<NameId, ProcessSums>,
        from: Time,
        to: Time,
    ) -> Result<Vec<ProcessScore>, StoreError> {
        self.score_since(store, processes, &|_| Some(from), to)
    }

    fn baselines_of(&self, processes: &Window) -> BTreeMap<NameId, Baseline> {
        let known = |process: &NameId| Some((*process, self.baselines.get(process)?.clone()));
        processes.keys().filter_map(known).collect()
    }

    fn score_since(
        &self,
        store: &Store,
        processes: BTreeMap<NameId, ProcessSums>,
        since: &dyn Fn(Option<NameId>) -> Option<Time>,
        to: Time,
    ) -> Result<Vec<ProcessScore>, StoreError> {
        let mut evidence = Evidence {
            // Of what was lost in an hour that begins at the end, nothing belongs to it.
            to: to.plus(-1),
            windows: self.windows.clone(),
            baselines: self.baselines_of(&processes),
            processes,
            ..Evidence::default()
        };
        evidence.cover(&self.coverage, since);
        evidence.losses = losses_of(store, self.feeds.iter(), &evidence)?;
        evidence.to = to;
        Ok(score_on_all_processors(&evidence, self.terms()))
    }
}

/// Who was open at a past instant is not kept.
fn without_open_cases(processes: &mut Window) {
    for sums in processes.values_mut() {
        sums.parts
            .values_mut()
            .for_each(|part| (part.open, part.open_events) = (0, 0));
        sums.drop_zeros();
    }
    processes.retain(|_, sums| !sums.parts.is_empty());
}

/// Scores at the last two of some instants, and what comes before.
#[derive(Debug, Default)]
pub struct PastWindows {
    /// The scores at the last instant but one, and at the last.
    pub scores: [Vec<ProcessScore>; 2],
    /// The scores of what was between these alone, however long the scoring window is, of the processes that were chosen.
    pub between: Vec<ProcessScore>,
    /// The mean deviation by process at each instant.
    pub deviations: Vec<BTreeMap<String, f64>>,
}

/// Sums of processes.
type Window = BTreeMap<NameId, ProcessSums>;

/// A bucket as it is kept.
type Kept = (BucketKey, Vec<u8>);

/// So many buckets are handed over at once.
const AT_ONCE: usize = 1_000;

/// The scores at the beginnings of hours, which rise; nothing where there are less than two of them. What was between the
/// last two is scored for those processes that `of_between` chooses by their score before. `progress` is told how many of how
/// many hours have been read.
pub fn past_windows(
    store: &Store,
    config: &Config,
    ends: &[Hour],
    of_between: &dyn Fn(&ProcessScore) -> bool,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<PastWindows, StoreError> {
    let grounds = Grounds::read(store, config)?;
    let [.., then, now] = *ends else {
        return Ok(PastWindows::default());
    };
    let from = grounds.first_hour(start_of(ends[0]));
    let from = from.max(first_hour(store)?.unwrap_or(now));
    let (send, receive) = bounded::<Vec<Kept>>(8);
    // One thread reads the database, another makes sums of what it reads.
    let sums = std::thread::scope(|scope| {
        let summing = scope.spawn(|| Summing::new(&grounds, ends).sum(&receive));
        let mut batch = Vec::with_capacity(AT_ONCE);
        let read = store.each_bucket_as_kept(from, now, &mut |key, body| {
            batch.push((key, body));
            if batch.len() < AT_ONCE {
                return true;
            }
            progress((key.hour - from) as u64, (now - from) as u64);
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
        Ok::<Summing, StoreError>(summed)
    })?;
    let deviations = sums.deviations();
    let [window_then, window_now] = sums.whole;
    let scored_then = grounds.score(store, window_then, start_of(then))?;
    let chosen = scored_then.iter().filter(|score| of_between(score));
    let chosen: BTreeSet<&str> = chosen.map(|score| score.id.as_str()).collect();
    let mut between = sums.between;
    between.retain(|process, _| chosen.contains(grounds.names.text(*process)));
    without_open_cases(&mut between);
    let mut between = grounds.score_between(store, between, start_of(then), start_of(now))?;
    // Those that are declared and had no case join them, chosen or not.
    between.retain(|score| chosen.contains(score.id.as_str()));
    Ok(PastWindows {
        deviations,
        between,
        scores: [
            scored_then,
            grounds.score(store, window_now, start_of(now))?,
        ],
    })
}

/// The first hour that the database has something of.
pub fn first_hour(store: &Store) -> Result<Option<Hour>, StoreError> {
    let mut first = None;
    store.each_bucket_as_kept(Hour::MIN, Hour::MAX, &mut |key, _| {
        first = Some(key.hour);
        false
    })?;
    Ok(first)
}

/// The windows that end at some hours, as buckets come in.
struct Summing<'a> {
    grounds: &'a Grounds<'a>,
    ends: &'a [Hour],
    /// All of the last two.
    whole: [Window; 2],
    /// All between the ends of these.
    between: Window,
    /// Deviations alone, of each.
    slim: Vec<Window>,
}

impl<'a> Summing<'a> {
    fn new(grounds: &'a Grounds<'a>, ends: &'a [Hour]) -> Summing<'a> {
        Summing {
            grounds,
            ends,
            whole: Default::default(),
            between: Window::new(),
            slim: vec![Window::new(); ends.len().saturating_sub(2)],
        }
    }

    fn sum(mut self, from: &Receiver<Vec<Kept>>) -> Result<Self, (BucketKey, DamagedBytes)> {
        for (key, body) in from.iter().flatten() {
            self.add(&key, &body).map_err(|damage| (key, damage))?;
        }
        Ok(self)
    }

    fn add(&mut self, key: &BucketKey, body: &[u8]) -> Result<(), DamagedBytes> {
        let windows = &self.grounds.windows;
        let within = |end: &Hour| {
            key.hour < *end && key.hour >= windows.first_hour(key.process, start_of(*end))
        };
        let (early, late) = self.ends.split_at(self.slim.len());
        let is_between = late.first().is_some_and(|then| key.hour >= *then);
        if is_between || late.iter().any(within) {
            let sums = Sums::decode(body)?;
            for (window, end) in self.whole.iter_mut().zip(late) {
                if within(end) {
                    window.entry(key.process).or_default().merge(key, &sums, 1);
                }
            }
            if is_between {
                let own = self.between.entry(key.process).or_default();
                own.merge(key, &sums, 1);
            }
        }
        if early.iter().any(within) {
            let sums = match self.requires_confirmed(key.process) {
                true => Sums::decode(body)?,
                false => Sums::decode_deviations(body)?,
            };
            for (window, end) in self.slim.iter_mut().zip(early) {
                if within(end) {
                    let parts = window.entry(key.process).or_default();
                    only_deviations(parts.part(key), &sums);
                }
            }
        }
        Ok(())
    }

    /// Whether only confirmed outcomes of a process count: these stand far behind in a bucket.
    fn requires_confirmed(&self, process: NameId) -> bool {
        let declared = &self.grounds.config.catalog.processes;
        let declared = declared.get(self.grounds.names.text(process));
        declared.is_some_and(|process| process.require_confirmed)
    }

    fn deviations(&self) -> Vec<BTreeMap<String, f64>> {
        let terms = self.grounds.terms();
        let of = |window: &Window| {
            let known = window.iter().filter_map(|(process, parts)| {
                let name = self.grounds.names.text(*process).to_owned();
                Some((name, mean_deviation(*process, parts, terms)?))
            });
            known.collect()
        };
        self.slim.iter().chain(&self.whole).map(of).collect()
    }
}

/// Adds what a mean deviation is made from.
fn only_deviations(part: &mut Sums, sums: &Sums) {
    part.cases += sums.cases;
    part.settled += sums.settled;
    part.unnamed_outcomes += sums.unnamed_outcomes;
    part.outcomes.merge(&sums.outcomes, 1);
    part.deviations.merge(&sums.deviations, 1);
    part.confirmed.merge(&sums.confirmed, 1);
}

pub(super) fn start_of(hour: Hour) -> Time {
    Time(i64::from(hour) * HOUR_US)
}
