//! How much evidence cases are that depend on each other.
//!
//! Cases that end on the same day often have the same cause: a campaign, an outage, a rule that is wrong. The interval of a
//! deviation takes cases for independent of each other, so it is that of fewer cases: `n / deff` with deviations `s / deff`,
//! where the design effect `deff` (Kish 1965, "Survey Sampling") is the variance of the daily sums over the variance that
//! they would have if cases were independent.
//!
//! What remains assumed: days are independent of each other, given the past. Within a day anything may depend.

mod by_cluster;

pub(super) use by_cluster::{ByCluster, Counting, cluster_effect};

use crate::measure::{Counts, Sums};
use crate::model::{Day, Direction, Hour, Ppm};
use serde::Serialize;
use std::collections::BTreeMap;

/// From so many days with a deviation on, the data says how far cases of a day depend on each other. With fewer, a clean record
/// may be that of few causes: where one in twenty causes is bad, and each has ten cases, half of all records of 140 cases are
/// clean.
const DEVIATING_DAYS: usize = 3;

/// How much evidence cases are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Dependence {
    /// Days on which cases ended.
    pub(super) days: i64,
    /// The design effect as measured; `None` if fewer than two days had cases, or no case deviated.
    pub(super) measured: Option<f64>,
    /// The least design effect that is assumed: 1 if enough days had a deviation.
    pub(super) assumed: f64,
    /// How many times larger the variance is because part of the deviations is not seen yet, but expected; at least 1.
    pub(super) not_yet_seen: f64,
    /// By cause, if the mapping says which cases have the same one.
    pub(super) by_cluster: Option<ByCluster>,
}

impl Default for Dependence {
    fn default() -> Dependence {
        Dependence {
            days: 0,
            measured: None,
            assumed: 1.0,
            not_yet_seen: 1.0,
            by_cluster: None,
        }
    }
}

impl Dependence {
    /// How many cases are as much as one independent case, at least 1.
    pub(super) fn design_effect(&self) -> f64 {
        let by_cluster = self.by_cluster.map_or(1.0, |by| by.effect);
        self.by_day().max(by_cluster)
    }

    fn by_day(&self) -> f64 {
        self.measured.unwrap_or(1.0).max(self.assumed)
    }

    /// The same for deviations of which part is not seen yet.
    pub(super) fn with_expected(&self) -> f64 {
        self.design_effect() * self.not_yet_seen
    }

    /// Whether it is greater than what was measured.
    pub(super) fn is_assumed(&self) -> bool {
        match self.by_cluster {
            Some(by) if by.effect > self.by_day() => by.assumed,
            _ => self.assumed > self.measured.unwrap_or(1.0),
        }
    }
}

/// How much evidence cases are that depend on each other.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Independence {
    /// How many of the cases are as much evidence as one independent case, at least 1; `None` if no case is scored.
    pub design_effect: Option<f64>,
    /// Whether that is assumed, because too few days have a deviation to measure it.
    pub design_effect_assumed: bool,
    /// As much evidence as so many independent cases: cases / design effect.
    pub independent_cases: Option<f64>,
    /// Days (UTC) on which the cases ended.
    pub clusters: i64,
    /// How many times larger the variance of the upper bound is because part of the deviations is expected and not seen yet.
    #[serde(skip)]
    pub(crate) not_yet_seen: f64,
    /// The design effect by the clusters of the mapping; the greater one of it and that by day counts. `None` if no case has one.
    pub design_effect_by_cluster: Option<f64>,
    /// Clusters that the mapping names. `None` if no case has one.
    pub mapped_clusters: Option<i64>,
}

impl Independence {
    /// The design effect; 1 if no case is scored.
    pub(crate) fn factor(&self) -> f64 {
        self.design_effect.unwrap_or(1.0)
    }

    /// As how many independent cases they count, if that is fewer than there are.
    pub(crate) fn fewer(&self) -> Option<f64> {
        self.independent_cases.filter(|_| self.factor() > 1.0)
    }
}

/// Ended cases and the sum of their deviations in parts per million, by day. In integers: the order does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Days(BTreeMap<Day, (i64, i64)>);

impl Days {
    /// Adds the cases of some sums, or only those whose outcome is confirmed.
    pub(super) fn add(&mut self, sums: &Sums, confirmed: bool) {
        self.add_cases(sums, confirmed);
        let deviated = match confirmed {
            true => &sums.confirmed_deviated,
            false => &sums.deviated,
        };
        for (hour, ppm) in deviated.iter() {
            self.day(hour).1 += ppm;
        }
    }

    /// The same where a case counts as wrong if it went wrong in this direction.
    pub(super) fn add_directed(&mut self, sums: &Sums, confirmed: bool, direction: Direction) {
        self.add_cases(sums, confirmed);
        for (key, count) in sums.directed.iter() {
            if key.direction == direction && (key.confirmed || !confirmed) {
                self.day(key.hour).1 += count * i64::from(Ppm::ONE);
            }
        }
    }

    fn add_cases(&mut self, sums: &Sums, confirmed: bool) {
        let mut count = |cases: &Counts<Hour>, sign: i64| {
            cases
                .iter()
                .for_each(|(hour, cases)| self.day(hour).0 += sign * cases);
        };
        count(&sums.ended, 1);
        if confirmed {
            count(&sums.self_declared, -1);
        }
    }

    fn day(&mut self, hour: Hour) -> &mut (i64, i64) {
        self.0.entry(hour.day()).or_default()
    }

    /// How far the cases of a day depend on each other. While too few days have a deviation, clusters of so many cases with one
    /// cause are assumed, or of as many as a day has.
    pub(super) fn dependence(&self, cluster: f64) -> Dependence {
        let days = self.0.values().filter(|(cases, _)| *cases > 0);
        let days: Vec<(f64, f64)> = days
            .map(|(cases, ppm)| (*cases as f64, *ppm as f64 / f64::from(Ppm::ONE.0)))
            .collect();
        let deviating = days.iter().filter(|(_, sum)| *sum > 0.0).count();
        Dependence {
            days: days.len() as i64,
            measured: measured(&days),
            by_cluster: None,
            assumed: match deviating < DEVIATING_DAYS {
                true => cases_per_day(&days).min(cluster).max(1.0),
                false => 1.0,
            },
            not_yet_seen: 1.0,
        }
    }
}

/// The mean over cases of how many cases ended on the same day: the design effect if all of them had one cause.
fn cases_per_day(days: &[(f64, f64)]) -> f64 {
    let cases: f64 = days.iter().map(|(n, _)| n).sum();
    let squares: f64 = days.iter().map(|(n, _)| n * n).sum();
    if cases > 0.0 { squares / cases } else { 1.0 }
}

/// The variance of the sum of deviations that the days show, over that of independent cases; at least 1.
fn measured(days: &[(f64, f64)]) -> Option<f64> {
    let n: f64 = days.iter().map(|(n, _)| n).sum();
    let s: f64 = days.iter().map(|(_, s)| s).sum();
    let p = s / n;
    // As the interval has it: cases that deviate in part vary less.
    let independent = n * p * (1.0 - p) * n / (n - 1.0);
    if days.len() < 2 || !independent.is_finite() || independent <= 0.0 {
        return None;
    }
    let off: Vec<f64> = days.iter().map(|(n, s)| s - p * n).collect();
    let around_trend = around_trend(&off, 1).max(around_trend(&off, 2));
    let clustered = around_mean(&off).min(around_trend);
    Some((clustered / independent).max(1.0))
}

/// The variance of a sum from what days are off their expectation (that of a ratio estimator: Cochran 1977, section 6).
fn around_mean(off: &[f64]) -> f64 {
    let m = off.len() as f64;
    m / (m - 1.0) * off.iter().map(|off| off * off).sum::<f64>()
}

/// The same from the differences of neighbouring batches of days (von Neumann 1941): a process that changes slowly, or at one
/// time, is not one whose cases come in clusters. Batches of two days as well, for clusters that span midnight.
fn around_trend(off: &[f64], days: usize) -> f64 {
    let batches: Vec<f64> = off.chunks_exact(days).map(|off| off.iter().sum()).collect();
    let m = batches.len() as f64;
    if m < 2.0 {
        return 0.0;
    }
    let squares = batches.windows(2).map(|pair| (pair[1] - pair[0]).powi(2));
    let of_batches = m / (m - 1.0) * squares.sum::<f64>() / 2.0;
    of_batches * off.len() as f64 / (m * days as f64)
}

#[cfg(test)]
mod simulation;
#[cfg(test)]
mod tests;
