//! Since when a series is unlike what was before: every split of its units is a candidate, and the reference grows.

use super::expected::Fit;
use super::series::{DayClass, Kind, Series};
use super::slow_levels::mean_correlation;

/// Units after a split that are compared with all before it: between these a change is seen nearly as well.
const WINDOWS: [usize; 24] = [
    3, 4, 5, 6, 7, 8, 10, 12, 14, 17, 21, 25, 28, 35, 42, 50, 60, 75, 90, 120, 150, 180, 240, 365,
];
/// Units of a reference, at least; see `LEAST_REFERENCE_DAYS`.
const LEAST_REFERENCE: usize = 8;
/// Days of a reference, at least.
const LEAST_REFERENCE_DAYS: usize = 28;
/// The same for counts, which wander by themselves.
const LEAST_COUNT_DAYS: usize = 56;
/// What is expected is learnt anew when the reference has grown by this factor.
const GROWN: f64 = 1.15;
/// Standard deviation of the level of a count from month to month that is of no interest, relative to it.
const COUNT_WANDER: f64 = 0.07;
/// The same of a share, in logits.
const SHARE_WANDER: f64 = 0.05;
/// Correlation of these levels from day to day.
const WANDER_CORRELATION: f64 = 0.95;
/// Part of a case that is taken for one of the reference, so that few cases are no stronger evidence than they are.
const CONTINUITY: f64 = 0.75;

/// Days without a case, at least, before a process is said to have stopped.
const SILENT_DAYS: usize = 3;
/// The cases missing since then must be so many times those of the longest gap before, and of the evidence an alarm needs.
const SILENCE: f64 = 2.0;

/// A change that the units up to some end speak for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Change {
    /// Logarithm of the likelihood ratio, after all allowances.
    pub evidence: f64,
    /// Its first unit.
    pub onset: usize,
    /// Whether it goes up.
    pub is_up: bool,
}

/// A series with what is expected of it.
#[derive(Clone, Debug)]
pub(super) struct Reference {
    pub series: Series,
    fits: Vec<Fit>,
    next_fit: usize,
    /// Mean correlation of the level within so many units.
    wander: Vec<f64>,
}

impl Reference {
    pub(super) fn new(series: Series) -> Reference {
        let days = |units: usize| (units * series.unit) as f64;
        let wander =
            (0..=series.n.len()).map(|units| mean_correlation(days(units), WANDER_CORRELATION));
        Reference {
            wander: wander.collect(),
            next_fit: least_units(&series),
            fits: Vec::new(),
            series,
        }
    }

    /// Learns what is expected from as many units as are complete.
    pub(super) fn learn(&mut self, classes: &[DayClass], complete: usize) {
        while self.next_fit <= complete {
            self.fits
                .push(Fit::of(&self.series, classes, self.next_fit));
            self.next_fit = (self.next_fit as f64 * GROWN) as usize + 1;
        }
    }

    /// Leaves units out from now on, and learns again without them.
    pub(super) fn exclude(&mut self, units: std::ops::Range<usize>, classes: &[DayClass]) {
        let complete = self.fits.last().map_or(0, |fit| fit.units);
        for at in units.start..units.end.min(self.series.n.len()) {
            (self.series.n[at], self.series.x[at]) = (0.0, 0.0);
        }
        self.fits.clear();
        self.next_fit = least_units(&self.series);
        self.learn(classes, complete);
    }

    /// What the units before one say; `None` if they are too few.
    pub(super) fn fit_before(&self, unit: usize) -> Option<&Fit> {
        let known = self.fits.partition_point(|fit| fit.units <= unit);
        known.checked_sub(1).and_then(|at| self.fits.get(at))
    }

    /// The change that the units before `end` speak for most; `None` if there is none to compare. Evidence below `limit` need
    /// not be exact.
    pub(super) fn change(&self, end: usize, limit: f64) -> Option<Change> {
        let windows = WINDOWS.into_iter().take_while(|window| 2 * window <= end);
        self.best(windows.map(|window| end - window), end, limit)
    }

    /// The same among all splits.
    pub(super) fn exact_change(&self, end: usize) -> Option<Change> {
        let last = end.saturating_sub(WINDOWS[0]);
        self.best((end.div_ceil(2)..=last).rev(), end, 0.0)
    }

    /// That no case has started any more: without one in so many days that many were expected, and more than in any gap before.
    /// How much the level wanders need not be known for that.
    pub(super) fn silence(&self, end: usize, limit: f64) -> Option<Change> {
        let series = &self.series;
        if series.kind != Kind::Count || !series.down {
            return None;
        }
        let gone = series.x[..end]
            .iter()
            .rev()
            .take_while(|x| **x == 0.0)
            .count();
        let onset = end - gone;
        let fit = self.fit_before(onset).filter(|_| gone >= SILENT_DAYS)?;
        let expected =
            |from: usize, to: usize| fit.exposure[from..to].iter().sum::<f64>() * fit.mean;
        let mut longest: f64 = 0.0;
        let mut from = 0;
        for at in 0..=onset {
            if at == onset || series.x[at] > 0.0 {
                longest = longest.max(expected(from, at));
                from = at + 1;
            }
        }
        let missing = expected(onset, end);
        (missing > SILENCE * longest.max(limit)).then_some(Change {
            evidence: missing / SILENCE,
            onset,
            is_up: false,
        })
    }

    fn best(&self, splits: impl Iterator<Item = usize>, end: usize, limit: f64) -> Option<Change> {
        let least = match self.series.kind {
            Kind::Count => LEAST_COUNT_DAYS,
            Kind::Share if self.series.prior.1 > 0.0 => self.series.baseline,
            Kind::Share => least_units(&self.series),
        };
        let mut best: Option<Change> = None;
        // What is left out, or says nothing, is no beginning.
        let says = |onset: &usize| self.series.n.get(*onset).is_some_and(|n| *n > 0.0);
        for onset in splits.take_while(|onset| *onset >= least).filter(says) {
            let Some((evidence, is_up)) = self.evidence(onset, end, limit) else {
                continue;
            };
            if best.is_none_or(|best| evidence > best.evidence) {
                best = Some(Change {
                    evidence,
                    onset,
                    is_up,
                });
            }
        }
        best
    }

    /// The evidence that the units `onset..end` are unlike those before, and whether they are higher.
    pub(super) fn evidence(&self, onset: usize, end: usize, limit: f64) -> Option<(f64, bool)> {
        let series = &self.series;
        let fit = self.fit_before(onset)?;
        let (x1, e1) = fit.between(onset, end);
        let (before, all) = fit.between(0, onset);
        let (x0, e0) = (before + series.prior.0, all + series.prior.1);
        if e1 <= 0.0 || e0 <= 0.0 || x0 + x1 <= 0.0 {
            return None;
        }
        // Cases after the change beyond those expected if there were none.
        let excess = (x1 * e0 - x0 * e1) / (e0 + e1);
        let is_up = excess > 0.0;
        if !series.is_watched(is_up) {
            return None;
        }
        let (x, e) = (x0 + x1, e0 + e1);
        let mean = x / e;
        let free = match series.kind {
            Kind::Count => 1.0,
            Kind::Share => (1.0 - mean).max(0.0),
        };
        let ratio = series.variance_ratio;
        // Fisher information about the logarithm of the rates, or the logits, on both sides.
        let information = free * mean * e0 * e1 / e / ratio;
        let wander = match series.kind {
            Kind::Count => COUNT_WANDER,
            Kind::Share => SHARE_WANDER,
        };
        let window = end - onset;
        let level = wander * wander * (self.wander[window] + self.wander[onset]);
        let variance = fit.serial + information * level;
        let roughly =
            0.5 * excess * excess * e / (e0 * e1 * mean * free.max(1e-9) * ratio) / variance;
        if roughly < 0.3 * limit {
            return Some((roughly, is_up));
        }
        let counted = match series.down && series.kind == Kind::Share {
            true => 0.0,
            false => excess.abs().min(CONTINUITY * series.event) * excess.signum(),
        };
        let sides = [(x1 - counted, e1), (x0 + counted, e0)];
        let plain = ln_ratio(series.kind, sides) / ratio;
        Some((
            self.allowed(fit, plain, (variance, information), (window, onset)),
            is_up,
        ))
    }

    /// Evidence that holds however the level wanders by itself.
    fn allowed(
        &self,
        fit: &Fit,
        plain: f64,
        (variance, information): (f64, f64),
        (window, onset): (usize, usize),
    ) -> f64 {
        if fit.slow.len() < 2 {
            return plain / variance;
        }
        let days = |units: usize| (units * self.series.unit) as f64;
        let beyond_a_day = |units: usize, correlation: f64| {
            mean_correlation(days(units), correlation) - 1.0 / days(units)
        };
        let chance = fit.slow.iter().map(|way| {
            let level =
                beyond_a_day(window, way.correlation) + beyond_a_day(onset, way.correlation);
            let level = way.deviation * way.deviation * level.max(0.0);
            way.probability * (-plain / (variance + information * level)).exp()
        });
        -chance.sum::<f64>().ln()
    }

    /// The mean that was expected since a change, and the mean since, in units of the stream: per observation, or per day.
    pub(super) fn means(&self, change: &Change, end: usize) -> (f64, f64) {
        let series = &self.series;
        let since = change.onset..end.min(series.n.len());
        let n: f64 = series.n[since.clone()].iter().sum();
        let x: f64 = series.x[since.clone()].iter().sum();
        let Some(fit) = self.fit_before(change.onset).filter(|_| n > 0.0) else {
            return (0.0, 0.0);
        };
        let (x0, e0) = fit.between(0, change.onset);
        let before = (x0 + series.prior.0) / (e0 + series.prior.1).max(f64::MIN_POSITIVE);
        let exposure: f64 = fit.exposure[since].iter().sum();
        (before * exposure / n, x / n)
    }

    /// How much more likely a unit is if all is as it was than if the change goes on: the logarithm of the ratio.
    pub(super) fn as_before(&self, change: &Change, raised: usize, unit: usize) -> f64 {
        let Some(fit) = self.fit_before(change.onset) else {
            return 0.0;
        };
        let prior = self.series.prior;
        let (x0, e0) = fit.between(0, change.onset);
        let (x1, e1) = fit.between(change.onset, raised);
        let (x, e) = fit.between(unit, unit + 1);
        // Never 0 or all of them: a single case must not decide.
        let before = (x0 + prior.0 + 0.5) / (e0 + prior.1 + 1.0);
        let after = (x1 + 0.5) / (e1 + 1.0);
        let ln = match self.series.kind {
            Kind::Count => x * (before / after).ln() - e * (before - after),
            Kind::Share => {
                x * (before / after).ln() + (e - x) * ((1.0 - before) / (1.0 - after)).ln()
            }
        };
        match ln.is_finite() {
            true => ln / (fit.serial * self.series.variance_ratio),
            false => 0.0,
        }
    }
}

fn least_units(series: &Series) -> usize {
    (LEAST_REFERENCE_DAYS / series.unit).max(LEAST_REFERENCE)
}

/// Logarithm of the likelihood ratio of two means, each with its own, against one for both.
fn ln_ratio(kind: Kind, sides: [(f64, f64); 2]) -> f64 {
    let [(x1, e1), (x0, e0)] = sides;
    let own = |x: f64, e: f64| match kind {
        Kind::Count => x_ln(x, x / e),
        Kind::Share => x_ln(x, x / e) + x_ln(e - x, 1.0 - x / e),
    };
    own(x1, e1) + own(x0, e0) - own(x0 + x1, e0 + e1)
}

fn x_ln(x: f64, y: f64) -> f64 {
    if x > 0.0 { x * y.max(1e-300).ln() } else { 0.0 }
}
