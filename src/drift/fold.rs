//! From the digests of finished days to alarms: the whole history of a process, every time, in a millisecond a year.
//!
//! Nothing is carried from one fold to the next, so late data cannot leave a trace: the alarms are those that would have
//! been raised had everything come in time.

use super::baseline::{Baseline, BaselineSummary};
use super::budget::Budget;
use super::change_point::{Change, Reference};
use super::chart::{StreamChart, points};
use super::critical::CriticalWatch;
use super::digest::Digest;
use super::epoch::{Cause, Epoch, explained};
use super::limits::limit;
use super::plan::watched_until;
use super::series::{DayClass, Days, Series, day_classes, direction};
use super::stream::{Direction, Stream};
use super::unusual::{UnusualDay, unusual_days};
use crate::model::{Day, NameId, Ppm, words};
use crate::rules::DriftTerms;
use crate::stats::{Ewma, EwmaPoint, Interval, proportion_limits};
use std::collections::BTreeMap;

/// An alarm is over when what came since speaks so much more for the process as it was than for the change: the logarithm of
/// the likelihood ratio.
const CALM: f64 = 5.0;
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
    /// The days of every stream that has given an alarm since that baseline, with what was expected of them.
    pub(crate) charts: Vec<StreamChart>,
    /// Days that are left out of what is expected: imports, batch clean-ups.
    pub(crate) unusual_days: Vec<UnusualDay>,
    /// The last day that counts.
    pub until: Option<Day>,
    /// The evidence that an alarm needed on that day: the logarithm of a likelihood ratio.
    pub threshold: f64,
}

/// Folds the epochs of a process, ascending, up to the end of the day `until`.
pub fn fold(epochs: &[Epoch], until: Day, budget: &Budget, terms: &DriftTerms) -> ProcessDrift {
    let mut drift = ProcessDrift {
        until: Some(until),
        threshold: limit(budget.years_between_alarms(until)),
        changes: epochs
            .iter()
            .flat_map(Epoch::changes)
            .map(|(day, what)| (day, what.to_owned()))
            .collect(),
        ..ProcessDrift::default()
    };
    let nothing = Digest::default();
    for (nth, epoch) in epochs.iter().enumerate() {
        let Some(baseline) = &epoch.baseline else {
            if matches!(epoch.cause, Cause::Rebaseline(_)) {
                drift.forget_baseline();
            }
            continue;
        };
        let last = watched_until(&epochs[nth + 1..], until);
        let mut watch = Watch::new(&epochs[nth..], baseline, (last, &nothing), budget, terms);
        watch.run(last, budget);
        let over = match last < until {
            true => Some(last + 1),
            // Agreed of a day that has not been looked at yet: what stands is over all the same.
            false => agreed(&epochs[nth + 1..]),
        };
        if let Some(day) = over {
            watch.end(day);
        }
        drift.baseline = Some(baseline.summary());
        drift.baseline_until = Some(baseline.last);
        drift.streams = watch.states();
        drift.unusual_days = std::mem::take(&mut watch.unusual);
        drift.charts = watch.charts();
        drift.alarms.append(&mut watch.alarms);
        drift.days = std::mem::take(&mut watch.days);
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

/// The days of an epoch from its first day to `last`; days without cases say `nothing`.
fn complete<'a>(epoch: &'a Epoch, last: Day, nothing: &'a Digest) -> Vec<&'a Digest> {
    let known: BTreeMap<Day, &Digest> = epoch
        .digests
        .iter()
        .map(|(day, digest)| (*day, digest))
        .collect();
    let days = epoch.start.until(last + 1);
    days.map(|day| known.get(&day).copied().unwrap_or(nothing))
        .collect()
}

/// Which of so many days are left out of what is expected.
fn left_out(first: Day, days: usize, unusual: &[UnusualDay]) -> Vec<bool> {
    let mut out = vec![false; days];
    for unusual in unusual {
        if let Ok(at) = usize::try_from(unusual.day - first)
            && let Some(out) = out.get_mut(at)
        {
            *out = true;
        }
    }
    out
}

impl Running {
    fn new(series: Series) -> Running {
        Running {
            reference: Reference::new(series),
            seen: 0,
            evidence: 0.0,
            standing: None,
            quiet_until: Day::MIN,
            means: (0.0, 0.0),
        }
    }
}

/// A series while it is watched.
struct Running {
    reference: Reference,
    /// Units that have been looked at.
    seen: usize,
    /// Evidence over limit.
    evidence: f64,
    /// Its alarm that stands.
    standing: Option<Standing>,
    /// No alarm before this day.
    quiet_until: Day,
    /// Means of the change that is most likely now.
    means: (f64, f64),
}

/// An alarm that stands.
#[derive(Clone, Copy, Debug)]
struct Standing {
    /// Its place among the alarms.
    alarm: usize,
    change: Change,
    /// Units known when it was raised.
    raised: usize,
    /// How much the units since then speak for that all is as it was, never below 0.
    calm: f64,
}

struct Watch<'a> {
    epoch: &'a Epoch,
    /// It and those after it.
    epochs: &'a [Epoch],
    baseline: &'a Baseline,
    /// Days without another alarm of a stream after one.
    cool_down: i32,
    /// A change by less than this factor is not worth an alarm.
    smallest_change: f64,
    /// The days since the first one of the epoch, complete.
    days_of: Vec<&'a Digest>,
    /// Those that are left out, because many times as many cases started or ended as usual.
    unusual: Vec<UnusualDay>,
    classes: Vec<DayClass>,
    running: Vec<Running>,
    /// The streams that are watched, in order.
    streams: Vec<Stream>,
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
        (last, nothing): (Day, &'a Digest),
        budget: &Budget,
        terms: &DriftTerms,
    ) -> Watch<'a> {
        let epoch = &epochs[0];
        let days_of = complete(epoch, last, nothing);
        let classes = day_classes(epoch.start, days_of.len(), &terms.calendar);
        let learnt = usize::try_from(baseline.last - baseline.first + 1).unwrap_or(0);
        let unusual = unusual_days(epoch.start, &days_of, learnt);
        let days = Days {
            baseline,
            digests: &days_of,
            left_out: left_out(epoch.start, days_of.len(), &unusual),
        };
        let running: Vec<Running> = days.series().into_iter().map(Running::new).collect();
        let mut streams: Vec<Stream> = running
            .iter()
            .map(|one| one.reference.series.stream)
            .collect();
        streams.dedup();
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
            smallest_change: terms.smallest_change,
            days_of,
            unusual,
            classes,
            running,
            streams,
            alarms: Vec::new(),
            days: Vec::new(),
            ewma: Ewma::new(EWMA_WEIGHT, EWMA_WIDTH),
        }
    }

    /// Takes every day after the baseline up to `last`; days that are missing had no cases.
    fn run(&mut self, last: Day, budget: &Budget) {
        for day in (self.baseline.last + 1).until(last + 1) {
            self.day(day, budget);
        }
    }

    fn day(&mut self, day: Day, budget: &Budget) {
        let place = usize::try_from(day - self.epoch.start).unwrap_or(0);
        let Some(digest) = self.days_of.get(place).copied() else {
            return;
        };
        let years = budget.years_between_alarms(day);
        for nth in 0..self.running.len() {
            self.look(nth, day, place + 1, years);
        }
        self.judge_critical(day, digest, budget.threshold(day));
        let critical = self.critical.map(|watch| watch.evidence() as f32);
        let of = |stream: &Stream| self.evidence_of(*stream) as f32;
        let evidence = self.streams.iter().map(of).chain(critical).collect();
        let point = self.point(day, place, digest, evidence);
        self.days.push(point);
    }

    fn evidence_of(&self, stream: Stream) -> f64 {
        let of_stream = self
            .running
            .iter()
            .filter(|one| one.reference.series.stream == stream);
        of_stream.map(|one| one.evidence).fold(0.0, f64::max)
    }

    fn point(&mut self, day: Day, place: usize, digest: &Digest, evidence: Vec<f32>) -> DayPoint {
        let mean = |ppm: i64| ppm as f64 / f64::from(Ppm::ONE.0) / digest.cases as f64;
        let deviation = (digest.cases > 0).then(|| mean(digest.deviation_ppm));
        let expected = self.expected_deviation(place);
        let seen = deviation.zip(expected);
        DayPoint {
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
            evidence,
        }
    }

    /// The mean deviation that is expected of a day, by the day's place in the epoch.
    fn expected_deviation(&self, place: usize) -> Option<f64> {
        let mut running = self.running.iter();
        let of = running.find(|one| one.reference.series.stream == Stream::Deviation)?;
        let series = &of.reference.series;
        let unit = place / series.unit;
        let before = of.standing.map_or(unit, |standing| standing.change.onset);
        let fit = of.reference.fit_before(before.max(series.baseline))?;
        let (n, exposure) = (series.n.get(unit)?, fit.exposure.get(unit)?);
        (*n > 0.0).then(|| (fit.mean * exposure / n).clamp(0.0, 1.0))
    }

    /// Looks at the units of a series that are complete when so many days have ended.
    fn look(&mut self, nth: usize, day: Day, days: usize, years: f64) {
        let one = &mut self.running[nth];
        let series = &one.reference.series;
        let units = (days.saturating_sub(series.lag) / series.unit).min(series.n.len());
        if units <= one.seen {
            return;
        }
        let limit = limit(years) + series.shared_by.ln();
        let fresh = one.seen..units;
        one.seen = units;
        match &mut one.standing {
            Some(standing) => {
                let of = &one.reference;
                let (change, raised) = (standing.change, standing.raised);
                for unit in fresh {
                    standing.calm = (standing.calm + of.as_before(&change, raised, unit)).max(0.0);
                }
                let (calm, change) = (standing.calm, standing.change);
                let evidence = of
                    .evidence(change.onset, units, 0.0)
                    .map_or(0.0, |found| found.0);
                one.evidence = evidence / limit;
                one.means = of.means(&change, units);
                if calm >= CALM {
                    self.resolve(nth, day, units);
                }
            }
            None => {
                one.reference.learn(&self.classes, units);
                let found = one.reference.change(units, limit);
                let found = one.reference.silence(units, limit).or(found);
                one.evidence = found.map_or(0.0, |found| found.evidence / limit);
                if let Some(found) = found {
                    one.means = one.reference.means(&found, units);
                }
                // No alarm is about the baseline alone.
                let due = day >= one.quiet_until && units > one.reference.series.baseline;
                if one.evidence >= 1.0 && due {
                    self.raise(nth, day, units, limit);
                }
            }
        }
    }

    fn raise(&mut self, nth: usize, day: Day, units: usize, limit: f64) {
        let one = &self.running[nth];
        let exact = || one.reference.exact_change(units);
        let Some(change) = one.reference.silence(units, limit).or_else(exact) else {
            return;
        };
        let (before, now) = one.reference.means(&change, units);
        let factor = if now > before {
            now / before
        } else {
            before / now
        };
        if factor < self.smallest_change {
            return;
        }
        let series = &one.reference.series;
        let onset = self.epoch.start + i32::try_from(change.onset * series.unit).unwrap_or(0);
        let known = |nth: usize| self.baseline.outcomes.get(nth).copied();
        self.alarms.push(Alarm {
            stream: series.stream,
            epoch: self.epoch.start,
            raised: day,
            onset,
            direction: direction(change.is_up),
            outcome: series.outcome.and_then(known),
            before,
            now,
            evidence: change.evidence / limit,
            ended: None,
            explained_by: explained(self.epochs, onset),
        });
        let alarm = self.alarms.len() - 1;
        let one = &mut self.running[nth];
        one.evidence = change.evidence / limit;
        one.standing = Some(Standing {
            alarm,
            change,
            raised: units,
            calm: 0.0,
        });
    }

    /// Ends an alarm: the process is as it was. What it was meanwhile is no reference.
    fn resolve(&mut self, nth: usize, day: Day, units: usize) {
        let one = &mut self.running[nth];
        let Some(standing) = one.standing.take() else {
            return;
        };
        self.alarms[standing.alarm].ended = Some((day, Ended::Resolved));
        one.quiet_until = day + self.cool_down;
        one.evidence = 0.0;
        one.reference
            .exclude(standing.change.onset..units, &self.classes);
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
        let standing = self
            .running
            .iter_mut()
            .filter_map(|one| one.standing.take());
        let standing: Vec<usize> = standing.map(|standing| standing.alarm).collect();
        for at in standing.into_iter().chain(self.critical_alarm.take()) {
            self.alarms[at].ended = Some((day, Ended::Rebaselined));
        }
    }

    /// The days of the streams that have given an alarm.
    fn charts(&self) -> Vec<StreamChart> {
        let known = |one: &Running| {
            let series = &one.reference.series;
            series
                .outcome
                .and_then(|nth| self.baseline.outcomes.get(nth).copied())
        };
        let alarmed = |one: &&Running| {
            let of = (one.reference.series.stream, known(one));
            self.alarms
                .iter()
                .any(|alarm| (alarm.stream, alarm.outcome) == of)
        };
        let chart = |one: &Running| {
            let changed = one.standing.map(|standing| standing.change.onset);
            StreamChart {
                stream: one.reference.series.stream,
                outcome: known(one),
                days_per_point: one.reference.series.unit,
                points: points(&one.reference, self.epoch.start, one.seen, changed),
            }
        };
        self.running.iter().filter(alarmed).map(chart).collect()
    }

    fn states(&self) -> Vec<StreamState> {
        let state = |stream: &Stream| {
            let of_stream = self
                .running
                .iter()
                .filter(|one| one.reference.series.stream == *stream);
            let leads = |a: &&Running, b: &&Running| {
                let of = |one: &Running| (one.standing.is_some(), one.evidence);
                of(a)
                    .partial_cmp(&of(b))
                    .unwrap_or(std::cmp::Ordering::Equal)
            };
            let leading = of_stream.max_by(leads);
            let (before, now) = leading.map_or((0.0, 0.0), |one| one.means);
            StreamState {
                stream: *stream,
                evidence: leading.map_or(0.0, |one| one.evidence),
                alarm: leading.is_some_and(|one| one.standing.is_some()),
                before,
                now,
            }
        };
        let critical = self.critical.map(|watch| StreamState {
            stream: Stream::CriticalOutcome,
            evidence: watch.evidence(),
            alarm: self.critical_alarm.is_some(),
            before: watch.acceptable(),
            now: watch.share(),
        });
        self.streams.iter().map(state).chain(critical).collect()
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
