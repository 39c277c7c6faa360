//! From the digests of finished days to alarms: the whole history of a process, every time, in a millisecond a year.
//!
//! Nothing is carried from one fold to the next, so late data cannot leave a trace: the alarms are those that would have
//! been raised had everything come in time.

use super::baseline::{Baseline, BaselineSummary};
use super::budget::Budget;
use super::critical::CriticalWatch;
use super::detect::{Detectors, Room};
use super::digest::Digest;
use super::epoch::{Cause, Epoch, explained};
use super::plan::watched_until;
use super::stream::{Direction, Stream};
use crate::model::{Day, NameId, Ppm, words};
use crate::rules::DriftTerms;
use crate::stats::{Bet, Ewma, EwmaPoint, Interval, Mixture, proportion_limits};

/// Evidence beyond so many times the threshold is forgotten, so that an alarm ends when the change does.
const MOST_EVIDENCE: f64 = 10.0;
/// Weight of the latest day in the moving average that is drawn, and its limits in standard deviations (Montgomery,
/// Introduction to Statistical Quality Control, section 9.2: 0.05 to 0.25, about 3).
const EWMA_WEIGHT: f64 = 0.2;
const EWMA_WIDTH: f64 = 3.0;
/// The mix of outcomes of so many days is held against that of the baseline.
const STABILITY_DAYS: i32 = 28;

words! {
    /// How an alarm ended.
    pub Ended {
        /// The evidence has gone: the process is as it was.
        Resolved = "resolved",
        /// A new baseline took over.
        Rebaselined = "rebaselined",
    }
}

/// A change that was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Alarm {
    /// The stream.
    pub stream: Stream,
    /// The first day of its epoch.
    pub epoch: Day,
    /// The day after which the evidence was there.
    pub raised: Day,
    /// The estimated first day of the change.
    pub onset: Day,
    /// Which way.
    pub direction: Direction,
    /// Which outcome has become more frequent; `None` for one that the baseline did not have, and for other streams.
    pub outcome: Option<NameId>,
    /// The mean that was expected since the onset, in units of the stream.
    pub before: f64,
    /// The mean since the onset.
    pub now: f64,
    /// Evidence over threshold when it was raised.
    pub evidence: f64,
    /// When and how it ended.
    pub ended: Option<(Day, Ended)>,
    /// The known change that it is put down to.
    pub explained_by: Option<String>,
}

impl Alarm {
    /// Whether it stands.
    pub fn is_open(&self) -> bool {
        self.ended.is_none()
    }
}

/// How a stream stands.
#[derive(Clone, Debug, PartialEq)]
pub struct StreamState {
    /// The stream.
    pub stream: Stream,
    /// Evidence over threshold: an alarm at 1.
    pub evidence: f64,
    /// Whether its alarm stands.
    pub alarm: bool,
    /// The mean that is expected, and the mean, since its CUSUM left zero last.
    pub before: f64,
    /// See `before`.
    pub now: f64,
}

/// One finished day of a process that is watched.
#[derive(Clone, Debug, PartialEq)]
pub struct DayPoint {
    /// The day.
    pub day: Day,
    /// Cases that ended.
    pub cases: i64,
    /// Cases that began.
    pub starts: i64,
    /// Their mean deviation; `None` without cases.
    pub deviation: Option<f64>,
    /// What was expected.
    pub expected: Option<f64>,
    /// Control limits of the mean deviation of so many cases (p-chart, three standard deviations). For display: alarms come
    /// from the evidence.
    pub limits: Option<Interval>,
    /// The moving average of the mean deviation (EWMA, weight 0.2), with its control limits. For display.
    pub ewma: Option<EwmaPoint>,
    /// Evidence over threshold, in the order of [`ProcessDrift::streams`].
    pub evidence: Vec<f32>,
}

/// Everything about the drift of one process.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ProcessDrift {
    /// The baseline that is watched; `None` while the first one is being learned, or the one that somebody has called new.
    pub baseline: Option<BaselineSummary>,
    /// Last day of that baseline.
    pub baseline_until: Option<Day>,
    /// The streams that are watched.
    pub streams: Vec<StreamState>,
    /// All alarms, by the day on which they were raised.
    pub alarms: Vec<Alarm>,
    /// The days since the end of that baseline.
    pub days: Vec<DayPoint>,
    /// How far the outcomes of the last four weeks are from the mix of the baseline: population stability index. For
    /// display only; see `stats::population_stability`. `None` without cases.
    pub outcome_stability: Option<f64>,
    /// Known changes, each with the day from which on it holds.
    pub changes: Vec<(Day, String)>,
    /// The last day that counts.
    pub until: Option<Day>,
    /// The threshold of the evidence on that day.
    pub threshold: f64,
}

/// Folds the epochs of a process, ascending, up to the end of the day `until`.
pub fn fold(epochs: &[Epoch], until: Day, budget: &Budget, terms: &DriftTerms) -> ProcessDrift {
    let mut drift = ProcessDrift {
        until: Some(until),
        threshold: budget.threshold(until),
        changes: epochs
            .iter()
            .flat_map(Epoch::changes)
            .map(|(day, what)| (day, what.to_owned()))
            .collect(),
        ..ProcessDrift::default()
    };
    for (nth, epoch) in epochs.iter().enumerate() {
        let Some(baseline) = &epoch.baseline else {
            if matches!(epoch.cause, Cause::Rebaseline(_)) {
                drift.forget_baseline();
            }
            continue;
        };
        let last = watched_until(&epochs[nth + 1..], until);
        let mut watch = Watch::new(&epochs[nth..], baseline, budget, terms);
        watch.run(last, budget);
        let over = match last < until {
            true => Some(last + 1),
            // Agreed of a day that has not been looked at yet: what stands is over all the same.
            false => agreed(&epochs[nth + 1..]),
        };
        if let Some(day) = over {
            watch.end(day);
        }
        drift.alarms.append(&mut watch.alarms);
        drift.baseline = Some(baseline.summary());
        drift.baseline_until = Some(baseline.last);
        drift.streams = watch.states();
        drift.days = watch.days;
        let recent = epoch.digests.iter();
        let recent = recent.filter(|(day, _)| (last - STABILITY_DAYS + 1..=last).contains(day));
        drift.outcome_stability = baseline.outcome_stability(recent.map(|(_, digest)| digest));
    }
    drift
        .alarms
        .sort_by_key(|alarm| (alarm.raised, alarm.stream));
    drift
}

/// The first day that somebody calls the new baseline, of some epochs.
fn agreed(epochs: &[Epoch]) -> Option<Day> {
    let mut epochs = epochs.iter();
    let found = epochs.find(|epoch| matches!(epoch.cause, Cause::Rebaseline(_)));
    found.map(|epoch| epoch.start)
}

/// A stream while it is watched.
struct Running {
    stream: Stream,
    mixture: Mixture,
    /// Its alarm that stands, by its place among the alarms.
    alarm: Option<usize>,
    /// No alarm before this day.
    quiet_until: Day,
    evidence: f64,
}

struct Watch<'a> {
    epoch: &'a Epoch,
    /// It and those after it.
    epochs: &'a [Epoch],
    baseline: &'a Baseline,
    /// Days without another alarm of a stream after one.
    cool_down: i32,
    detectors: Detectors,
    room: Room,
    running: Vec<Running>,
    critical: Option<CriticalWatch>,
    /// The alarm of the critical outcome that stands.
    critical_alarm: Option<usize>,
    /// No other alarm of it before this day.
    critical_quiet_until: Day,
    alarms: Vec<Alarm>,
    days: Vec<DayPoint>,
    ewma: Ewma,
}

impl<'a> Watch<'a> {
    fn new(
        epochs: &'a [Epoch],
        baseline: &'a Baseline,
        budget: &Budget,
        terms: &DriftTerms,
    ) -> Watch<'a> {
        let epoch = &epochs[0];
        let detectors = Detectors::new(baseline, budget, terms);
        let running = detectors.streams().map(|(stream, bets)| Running {
            stream,
            mixture: Mixture::new(bets),
            alarm: None,
            quiet_until: Day::MIN,
            evidence: 0.0,
        });
        let watch = |rates| {
            let per_day = baseline.summary().cases_per_day;
            CriticalWatch::new(rates, budget.threshold(baseline.last), per_day)
        };
        Watch {
            critical: epoch.critical.and_then(watch),
            critical_alarm: None,
            critical_quiet_until: Day::MIN,
            epoch,
            epochs,
            baseline,
            cool_down: terms.cool_down_days,
            running: running.collect(),
            detectors,
            room: Room::default(),
            alarms: Vec::new(),
            days: Vec::new(),
            ewma: Ewma::new(EWMA_WEIGHT, EWMA_WIDTH),
        }
    }

    /// Takes every day after the baseline up to `last`; days that are missing had no cases.
    fn run(&mut self, last: Day, budget: &Budget) {
        let nothing = Digest::default();
        let epoch = self.epoch;
        let mut digests = epoch.digests.iter().peekable();
        for day in (self.baseline.last + 1).until(last + 1) {
            while digests.next_if(|(of, _)| *of < day).is_some() {}
            let digest = digests.next_if(|(of, _)| *of == day);
            self.day(day, digest.map_or(&nothing, |(_, digest)| digest), budget);
        }
    }

    fn day(&mut self, day: Day, digest: &Digest, budget: &Budget) {
        let threshold = budget.threshold(day);
        let running = &mut self.running;
        let step = |nth: usize, bets: &[Bet]| {
            let one = &mut running[nth];
            // A single component can carry a mixture as far as this.
            let cap = MOST_EVIDENCE * threshold * bets.len() as f64;
            one.mixture.step(day.0, bets, cap);
            one.evidence = one.mixture.evidence() / threshold;
        };
        let room = &mut self.room;
        let expected = self.detectors.bets(day, digest, threshold, room, step);
        for nth in 0..self.running.len() {
            self.judge(nth, day, threshold);
        }
        self.judge_critical(day, digest, threshold);
        let critical = self.critical.map(|watch| watch.evidence() as f32);
        let evidence = self.running.iter().map(|one| one.evidence as f32);
        let mean = |ppm: i64| ppm as f64 / f64::from(Ppm::ONE.0) / digest.cases as f64;
        let deviation = (digest.cases > 0).then(|| mean(digest.deviation_ppm));
        let seen = deviation.zip(expected);
        self.days.push(DayPoint {
            day,
            cases: digest.cases,
            starts: digest.starts,
            deviation,
            expected,
            limits: expected.and_then(|p| proportion_limits(p, digest.cases.max(0) as u64)),
            ewma: seen.map(|(deviation, expected)| {
                let sd = (expected * (1.0 - expected) / digest.cases as f64).sqrt();
                self.ewma.next(deviation, expected, sd)
            }),
            evidence: evidence.chain(critical).collect(),
        });
    }

    /// Raises an alarm, or ends the one that stands. Between the two thresholds (A, and its square root) nothing happens:
    /// one drift is one alarm.
    fn judge(&mut self, nth: usize, day: Day, threshold: f64) {
        let one = &self.running[nth];
        match one.alarm {
            None if one.evidence >= 1.0 && day >= one.quiet_until => self.raise(nth, day),
            Some(at) if one.evidence * threshold.sqrt() < 1.0 => {
                self.alarms[at].ended = Some((day, Ended::Resolved));
                let one = &mut self.running[nth];
                one.alarm = None;
                one.quiet_until = day + self.cool_down;
                one.mixture.reset();
            }
            _ => {}
        }
    }

    fn raise(&mut self, nth: usize, day: Day) {
        let one = &self.running[nth];
        let Some((component, state)) = one.mixture.leading() else {
            return;
        };
        let Some(leading) = self.detectors.leading(nth, component) else {
            return;
        };
        let explained_by = explained(self.epochs, Day(state.since));
        let known = |nth: usize| self.baseline.outcomes.get(nth).copied();
        let count = state.count.max(1.0);
        self.alarms.push(Alarm {
            stream: one.stream,
            epoch: self.epoch.start,
            raised: day,
            onset: Day(state.since),
            direction: leading.direction,
            outcome: leading.outcome.and_then(known),
            before: state.expected / count,
            now: state.sum / count,
            evidence: one.evidence,
            ended: None,
            explained_by,
        });
        self.running[nth].alarm = Some(self.alarms.len() - 1);
    }

    fn judge_critical(&mut self, day: Day, digest: &Digest, threshold: f64) {
        let Some(watch) = &mut self.critical else {
            return;
        };
        let signal = watch.day(day, digest, threshold);
        match self.critical_alarm {
            None if signal && day >= self.critical_quiet_until => {
                let Some(found) = watch.signalled() else {
                    return;
                };
                self.critical_alarm = Some(self.alarms.len());
                let explained_by = explained(self.epochs, found.onset);
                self.alarms.push(Alarm {
                    stream: Stream::CriticalOutcome,
                    epoch: self.epoch.start,
                    raised: day,
                    onset: found.onset,
                    direction: Direction::Up,
                    outcome: None,
                    before: watch.acceptable(),
                    now: found.share,
                    evidence: 1.0,
                    ended: None,
                    explained_by,
                });
            }
            Some(at) if watch.is_calm(day, self.cool_down) => {
                self.alarms[at].ended = Some((day, Ended::Resolved));
                self.critical_alarm = None;
                self.critical_quiet_until = day + self.cool_down;
            }
            _ => {}
        }
    }

    /// Ends what stands, because another baseline takes over.
    fn end(&mut self, day: Day) {
        let standing = self.running.iter_mut().filter_map(|one| one.alarm.take());
        for at in standing.chain(self.critical_alarm.take()) {
            self.alarms[at].ended = Some((day, Ended::Rebaselined));
        }
    }

    fn states(&self) -> Vec<StreamState> {
        let state = |one: &Running| {
            let leading = one
                .mixture
                .leading()
                .map(|(_, state)| *state)
                .unwrap_or_default();
            let count = leading.count.max(1.0);
            StreamState {
                stream: one.stream,
                evidence: one.evidence,
                alarm: one.alarm.is_some(),
                before: leading.expected / count,
                now: leading.sum / count,
            }
        };
        let critical = self.critical.map(|watch| StreamState {
            stream: Stream::CriticalOutcome,
            evidence: watch.evidence(),
            alarm: self.critical_alarm.is_some(),
            before: watch.acceptable(),
            now: watch.share(),
        });
        self.running.iter().map(state).chain(critical).collect()
    }
}

impl ProcessDrift {
    /// Nothing is held against a baseline that somebody has called over, while the next one is being learned.
    fn forget_baseline(&mut self) {
        (self.baseline, self.baseline_until) = (None, None);
        self.streams.clear();
        self.days.clear();
        self.outcome_stability = None;
    }

    /// Alarms that stand.
    pub fn open(&self) -> impl Iterator<Item = &Alarm> {
        self.alarms.iter().filter(|alarm| alarm.is_open())
    }
}
