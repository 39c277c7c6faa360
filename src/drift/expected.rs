//! What is expected of each unit of a series, and how much it varies: learnt from the units before a possible change.

use super::series::{DayClass, Kind, Series};
use super::slow_levels::{Excess, SlowLevel, slow_levels};
use crate::stats::chi_square_quantile;

/// A unit counts at most so many standard deviations beyond what is expected (Huber 1964), so that no single one can raise
/// an alarm.
const SHARE_CAP: f64 = 3.0;
/// The same for counts, whose days vary more.
const COUNT_CAP: f64 = 2.5;
/// What units vary beyond independent cases is taken for so much more than was measured.
const DISPERSION_MARGIN: f64 = 1.1;
/// Units of which each resembles those before it are looked for over so many units.
const LAGS: usize = 7;
/// What they add to the variance of a sum is taken for so much more than was measured.
const SERIAL_MARGIN: f64 = 1.5;
/// Weekdays and the like count for themselves if they differ by more than chance would with a probability of 1 %.
const CLASS_CONFIDENCE: f64 = 0.99;
/// Classes of units are told apart from so many events on.
const LEAST_EVENTS: f64 = 30.0;
/// Days that the calendar names are expected to be as those before, of which there must be so many.
const LEAST_SPECIAL: f64 = 4.0;
/// Days of a reference that can tell the places in a month, and the months of a year, apart.
const MONTHS_DAYS: usize = 84;
/// See `MONTHS_DAYS`.
const YEARS_DAYS: usize = 730;
/// Standard deviation of a steady growth of the number of cases, per day, before it is seen: 30 % a year.
const GROWTH: f64 = 0.3 / 365.25;

/// What is expected, and how much it varies.
#[derive(Clone, Debug)]
pub(super) struct Fit {
    /// It was learnt from so many units.
    pub units: usize,
    /// Mean observation, or cases per day.
    pub mean: f64,
    /// What each unit should hold of them: its observations, or 1 day, more or less by its place in the calendar.
    pub exposure: Vec<f64>,
    /// Variance of a sum of many units, over that of units that have nothing to do with each other.
    pub serial: f64,
    /// How far the level wanders by itself; empty for shares.
    pub slow: Vec<SlowLevel>,
    /// Correlation between the cases of a unit.
    pub correlation: f64,
    /// Sums over the units before each: of the bounded observations, and of the exposure, as many as are worth as much as
    /// independent ones.
    sums: Vec<(f64, f64)>,
}

impl Fit {
    /// Learns from the first units of a series.
    pub(super) fn of(series: &Series, classes: &[DayClass], units: usize) -> Fit {
        let mut exposure = exposures(series, classes, units);
        let mut mean = mean(series, &exposure, units);
        if series.kind == Kind::Count {
            let growth = growth(series, &exposure, units, mean);
            let middle = units as f64 / 2.0;
            for (at, exposure) in exposure.iter_mut().enumerate() {
                *exposure *= (growth * (at as f64 - middle)).exp();
            }
            mean = self::mean(series, &exposure, units);
        }
        let spread = Spread::of(series, &exposure, mean, units);
        let bounded = spread.bounded(series, &exposure, mean);
        let weights = spread.weights(series, &exposure, mean);
        let mut sums = Vec::with_capacity(exposure.len() + 1);
        let mut sum = (0.0, 0.0);
        sums.push(sum);
        for ((x, e), weight) in bounded.iter().zip(&exposure).zip(&weights) {
            if *e > 0.0 {
                sum.0 += x * weight;
                sum.1 += e * weight;
            }
            sums.push(sum);
        }
        let unit = |at: usize| {
            (
                bounded[at] - exposure[at] * mean,
                exposure[at] * mean,
                weights[at],
            )
        };
        let learnt = (0..units).map(unit);
        let (serial, slow) = match series.kind {
            Kind::Share => (serial(learnt, series, mean), Vec::new()),
            Kind::Count => {
                let excess = learnt.map(|(off, expected, _)| {
                    (expected > 0.0).then(|| Excess {
                        relative: off / expected,
                        expected,
                    })
                });
                (1.0, slow_levels(excess, spread.correlation))
            }
        };
        Fit {
            units,
            mean,
            exposure,
            serial,
            slow,
            correlation: spread.correlation,
            sums,
        }
    }

    /// The bounded observations and the exposure of the units `from..to`.
    pub(super) fn between(&self, from: usize, to: usize) -> (f64, f64) {
        let ((x0, e0), (x1, e1)) = (self.sums[from], self.sums[to]);
        (x1 - x0, e1 - e0)
    }

    /// The variance of a unit that is as expected, in units of its sum.
    pub(super) fn variance(&self, series: &Series, at: usize) -> f64 {
        let spread = Spread {
            ratio: series.variance_ratio,
            correlation: self.correlation,
        };
        let expected = self.exposure[at] * self.mean;
        nominal(series.kind, expected, self.mean) * spread.inflation(series, at, expected)
    }
}

/// Variance of a unit of independent yes-or-no cases, or of independent arrivals.
fn nominal(kind: Kind, expected: f64, mean: f64) -> f64 {
    match kind {
        Kind::Count => expected,
        Kind::Share => expected * (1.0 - mean).max(0.02),
    }
}

fn mean(series: &Series, exposure: &[f64], units: usize) -> f64 {
    let (mut x, mut e) = series.prior;
    for at in (0..units).filter(|at| exposure[*at] > 0.0) {
        x += series.x[at];
        e += exposure[at];
    }
    if e > 0.0 { x / e } else { 0.0 }
}

/// The observations of each unit, more or less by its place in the calendar.
fn exposures(series: &Series, classes: &[DayClass], units: usize) -> Vec<f64> {
    let mut exposure = series.n.clone();
    if series.unit > 1 {
        return exposure;
    }
    adjust(series, &mut exposure, units, &|at| classes[at].weekday, 7);
    if series.kind == Kind::Count {
        adjust_special(series, &mut exposure, units, classes);
    }
    if units >= MONTHS_DAYS {
        adjust(
            series,
            &mut exposure,
            units,
            &|at| classes[at].place_in_month,
            3,
        );
    }
    if units >= YEARS_DAYS {
        adjust(series, &mut exposure, units, &|at| classes[at].month, 12);
    }
    exposure
}

/// Days that the calendar names: as those before, or not looked at while there are few.
fn adjust_special(series: &Series, exposure: &mut [f64], units: usize, classes: &[DayClass]) {
    let mean = mean(series, exposure, units);
    let is_special = |at: &usize| classes[*at].special == 1;
    let (mut x, mut expected, mut days) = (0.0, 0.0, 0.0);
    for at in (0..units).filter(is_special) {
        x += series.x[at];
        expected += exposure[at] * mean;
        days += 1.0;
    }
    let factor = match days >= LEAST_SPECIAL && expected > 0.0 {
        true => (x + 0.5) / (expected + 0.5),
        false => 0.0,
    };
    for at in (0..exposure.len()).filter(is_special) {
        exposure[at] *= factor;
    }
}

/// Gives each class of units its own mean, if the classes differ by more than chance.
fn adjust(
    series: &Series,
    exposure: &mut [f64],
    units: usize,
    class: &dyn Fn(usize) -> usize,
    classes: usize,
) {
    let seen: f64 = (0..units).map(|at| series.x[at]).sum();
    let mean = mean(series, exposure, units);
    // Of few events nothing tells how they are spread over the classes.
    if mean <= 0.0 || seen < LEAST_EVENTS * series.event {
        return;
    }
    let (mut x, mut expected, mut numbers) = ([0.0; 12], [0.0; 12], [0.0f64; 12]);
    for at in (0..units).filter(|at| exposure[*at] > 0.0) {
        x[class(at)] += series.x[at];
        expected[class(at)] += exposure[at] * mean;
        numbers[class(at)] += 1.0;
    }
    let mut factors = [1.0; 12];
    let mut between = 0.0;
    for of in (0..classes).filter(|of| expected[*of] > 0.0) {
        between += (x[of] - expected[of]).powi(2) / nominal(series.kind, expected[of], mean);
        // Half a unit as expected keeps a class of few units from being certain.
        let half = 0.5 * expected[of] / numbers[of];
        factors[of] = ((x[of] + half) / (expected[of] + half)).max(0.02);
    }
    let (mut within, mut free) = (0.0, -(classes as f64));
    for at in (0..units).filter(|at| exposure[*at] > 0.0) {
        let expected = exposure[at] * mean * factors[class(at)];
        within += (series.x[at] - expected).powi(2) / nominal(series.kind, expected, mean);
        free += 1.0;
    }
    let least = match series.kind {
        Kind::Count => 1.0,
        // Ranks can be nearly the same each Friday.
        Kind::Share if series.down => 0.05,
        Kind::Share => 1.0,
    };
    let dispersion = (within / free.max(1.0)).max(least);
    let limit = chi_square_quantile(CLASS_CONFIDENCE, classes as f64 - 1.0);
    if limit.is_some_and(|limit| between / dispersion > limit) {
        for (at, exposure) in exposure.iter_mut().enumerate() {
            *exposure *= factors[class(at)];
        }
    }
}

/// Steady growth per day of the number of cases: least squares with a prior.
fn growth(series: &Series, exposure: &[f64], units: usize, mean: f64) -> f64 {
    if mean <= 0.0 {
        return 0.0;
    }
    let middle = units as f64 / 2.0;
    let (mut with, mut squares, mut pearson) = (0.0, 0.0, 0.0);
    for at in (0..units).filter(|at| exposure[*at] > 0.0) {
        let expected = exposure[at] * mean;
        let (off, time) = (series.x[at] - expected, at as f64 - middle);
        with += time * off;
        squares += time * time * expected;
        pearson += off * off / expected;
    }
    let dispersion = (pearson / (units as f64 - 1.0).max(1.0)).max(1.0);
    with / (squares + dispersion / (GROWTH * GROWTH))
}

/// How the cases of a unit vary.
#[derive(Clone, Copy, Debug)]
struct Spread {
    /// Variance of a case, over that of a yes or no.
    ratio: f64,
    /// Correlation between the cases of a unit; for counts the relative variance of a unit beyond that of independent cases.
    correlation: f64,
}

impl Spread {
    /// By the method of moments, from bounded observations: the bound follows from what was found before.
    fn of(series: &Series, exposure: &[f64], mean: f64, units: usize) -> Spread {
        let mut spread = Spread {
            ratio: series.variance_ratio,
            correlation: 0.0,
        };
        for _ in 0..3 {
            let (mut found, mut independent, mut common) = (0.0, 0.0, 0.0);
            for at in (0..units).filter(|at| exposure[*at] * mean > 0.0) {
                let expected = exposure[at] * mean;
                let nominal = nominal(series.kind, expected, mean);
                let inflation = spread.inflation(series, at, expected);
                let off = spread.bound(series, at, expected, mean) - expected;
                found += off * off / (nominal * inflation);
                independent += spread.ratio / inflation;
                common += size(series, at, expected) / inflation;
            }
            if common > 0.0 {
                spread.correlation = ((found - independent) / common).clamp(0.0, 1.0);
            }
        }
        spread.correlation *= DISPERSION_MARGIN;
        spread
    }

    fn inflation(self, series: &Series, at: usize, expected: f64) -> f64 {
        self.ratio + self.correlation * size(series, at, expected)
    }

    fn bound(self, series: &Series, at: usize, expected: f64, mean: f64) -> f64 {
        let nominal = nominal(series.kind, expected, mean);
        let sd = (nominal * self.inflation(series, at, expected)).sqrt();
        let cap = match series.kind {
            Kind::Count => COUNT_CAP * sd,
            Kind::Share => SHARE_CAP * sd,
        };
        // One case of a rare kind must count.
        let least = if self.ratio < 1.0 && series.down {
            0.0
        } else {
            series.event
        };
        series.x[at].clamp((expected - cap).max(0.0), expected + cap.max(least))
    }

    fn bounded(self, series: &Series, exposure: &[f64], mean: f64) -> Vec<f64> {
        let of = |at: usize| match exposure[at] * mean {
            expected if expected > 0.0 => self.bound(series, at, expected, mean),
            // What has never been seen may be seen once a unit.
            _ => series.x[at].min(series.event),
        };
        (0..exposure.len()).map(of).collect()
    }

    /// By how much each unit counts: what many cases that depend on each other say is worth that of fewer.
    fn weights(self, series: &Series, exposure: &[f64], mean: f64) -> Vec<f64> {
        let weight = |at: usize| self.ratio / self.inflation(series, at, exposure[at] * mean);
        (0..exposure.len()).map(weight).collect()
    }
}

/// With how many others each case of a unit varies together.
fn size(series: &Series, at: usize, expected: f64) -> f64 {
    match series.kind {
        Kind::Count => expected,
        Kind::Share => (series.n[at] - 1.0).max(0.0),
    }
}

/// Variance of a sum of units over that of units that have nothing to do with each other (Newey & West 1987).
fn serial(units: impl Iterator<Item = (f64, f64, f64)> + Clone, series: &Series, mean: f64) -> f64 {
    let off: Vec<f64> = units.clone().map(|(off, _, weight)| off * weight).collect();
    let ratio = series.variance_ratio;
    let nominal =
        units.map(|(_, expected, weight)| nominal(series.kind, expected, mean) * weight * ratio);
    let nominal: f64 = nominal.sum::<f64>().max(1e-9);
    let squares: f64 = off.iter().map(|off| off * off).sum();
    let mut common = 0.0;
    for lag in 1..=LAGS.min(off.len() / 4) {
        let weight = 1.0 - lag as f64 / (LAGS + 1) as f64;
        let products = off.iter().skip(lag).zip(&off).map(|(a, b)| a * b);
        common += 2.0 * weight * products.sum::<f64>();
    }
    let found = squares.max(nominal);
    (found / nominal) * (1.0 + SERIAL_MARGIN * (common / found).max(0.0))
}
