//! An outcome that the catalog declares critical: a CUSUM of single cases with exact run lengths.

use super::digest::Digest;
use crate::model::Day;
use crate::stats::{BernoulliCusum, BernoulliDesign, bernoulli_cusum_design};

/// A chart need not wait longer between false alarms than this, in cases: it would hardly find anything any more.
const MOST_CASES: f64 = 1e8;

/// Which share of an outcome is acceptable, and which must be found out soon.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CriticalRates {
    /// Accepted, in (0, 1).
    pub acceptable: f64,
    /// To be found out soon; above `acceptable`, below 1.
    pub unacceptable: f64,
}

/// The chart while it runs.
#[derive(Clone, Copy, Debug)]
pub(super) struct CriticalWatch {
    rates: CriticalRates,
    design: BernoulliDesign,
    chart: BernoulliCusum,
    /// The day on which the chart left 0 last, and what came since.
    since: Day,
    cases: i64,
    wrong: i64,
    /// What was there when the last signal came.
    signalled: Option<Signal>,
    last_signal: Day,
}

/// What led to a signal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Signal {
    pub onset: Day,
    pub share: f64,
}

impl CriticalWatch {
    /// A chart whose false alarms are `threshold` days apart, at so many cases a day.
    pub(super) fn new(
        rates: CriticalRates,
        threshold: f64,
        cases_per_day: f64,
    ) -> Option<CriticalWatch> {
        let wanted = (threshold * cases_per_day.max(1.0)).min(MOST_CASES);
        let design = bernoulli_cusum_design(rates.acceptable, rates.unacceptable, wanted)?;
        Some(CriticalWatch {
            rates,
            design,
            chart: BernoulliCusum::new(design.m, design.h),
            since: Day::MIN,
            cases: 0,
            wrong: 0,
            signalled: None,
            last_signal: Day::MIN,
        })
    }

    /// Takes a day. Says whether it has given a signal.
    pub(super) fn day(&mut self, day: Day, digest: &Digest) -> bool {
        if self.chart.s == 0 {
            (self.since, self.cases, self.wrong) = (day, 0, 0);
        }
        self.cases += digest.cases;
        self.wrong += digest.critical;
        let cases = u64::try_from(digest.cases).unwrap_or(0);
        let wrong = u64::try_from(digest.critical).unwrap_or(0);
        let signal = self.chart.see_many(cases, wrong) > 0;
        if signal {
            self.signalled = Some(Signal {
                onset: self.since,
                share: self.share(),
            });
            self.last_signal = day;
        }
        signal
    }

    /// The share of the outcome since the chart left 0 last.
    pub(super) fn share(&self) -> f64 {
        self.wrong as f64 / self.cases.max(1) as f64
    }

    /// The share that is accepted.
    pub(super) fn acceptable(&self) -> f64 {
        self.rates.acceptable
    }

    /// What led to the last signal.
    pub(super) fn signalled(&self) -> Option<Signal> {
        self.signalled
    }

    /// Whether it has been silent, and come back to 0, since `days` days.
    pub(super) fn is_calm(&self, day: Day, days: Day) -> bool {
        self.chart.s == 0 && day.saturating_sub(self.last_signal) >= days.max(1)
    }

    /// How far the chart is on its way to a signal: a signal at 1.
    pub(super) fn evidence(&self) -> f64 {
        f64::from(self.chart.s) / f64::from(self.design.h)
    }
}
