//! An outcome that the catalog declares critical: a CUSUM of single cases with exact run lengths.

use super::digest::Digest;
use crate::model::Day;
use crate::stats::{BernoulliCusum, BernoulliDesign, bernoulli_cusum_design};

/// A chart need not wait longer between false alarms than this, in cases: it would hardly find anything any more.
const MOST_CASES: f64 = 1e8;
/// The chart is designed anew when its false alarms should be this much further apart than it was made for.
const REDESIGN: f64 = 2.0;
/// Weight of a day in the volume that it is designed for: about the last four weeks.
const VOLUME_WEIGHT: f64 = 1.0 / 28.0;

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
    /// Cases between false alarms that it is designed for.
    wanted: f64,
    /// Cases a day of late.
    volume: f64,
    /// The day on which the chart left 0 last, and what came since.
    since: Day,
    cases: i64,
    wrong: i64,
    /// What was there when the last signal came.
    signalled: Option<Signal>,
    last_signal: Day,
    /// What came after that day.
    cases_after: i64,
    wrong_after: i64,
}

/// What led to a signal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Signal {
    pub onset: Day,
    pub share: f64,
    /// Cases since the onset.
    cases: i64,
}

/// Cases that a chart should have between false alarms that are `threshold` days apart.
fn wanted(threshold: f64, cases_per_day: f64) -> f64 {
    (threshold * cases_per_day.max(1.0)).min(MOST_CASES)
}

impl CriticalWatch {
    /// A chart whose false alarms are `threshold` days apart, at so many cases a day.
    pub(super) fn new(
        rates: CriticalRates,
        threshold: f64,
        cases_per_day: f64,
    ) -> Option<CriticalWatch> {
        let wanted = wanted(threshold, cases_per_day);
        let design = bernoulli_cusum_design(rates.acceptable, rates.unacceptable, wanted)?;
        Some(CriticalWatch {
            rates,
            design,
            chart: BernoulliCusum::new(design.m, design.h),
            wanted,
            volume: cases_per_day,
            since: Day::MIN,
            cases: 0,
            wrong: 0,
            signalled: None,
            last_signal: Day::MIN,
            cases_after: 0,
            wrong_after: 0,
        })
    }

    /// Keeps the promise while the fleet or the process grows: the chart goes on from where it is, with a higher limit.
    fn grow(&mut self, threshold: f64) {
        let wanted = wanted(threshold, self.volume);
        if wanted < REDESIGN * self.wanted {
            return;
        }
        let CriticalRates {
            acceptable,
            unacceptable,
        } = self.rates;
        if let Some(design) = bernoulli_cusum_design(acceptable, unacceptable, wanted) {
            (self.design, self.wanted) = (design, wanted);
            self.chart.h = design.h;
        }
    }

    /// Takes a day, on which false alarms should be `threshold` days apart. Says whether it has given a signal.
    pub(super) fn day(&mut self, day: Day, digest: &Digest, threshold: f64) -> bool {
        self.grow(threshold);
        self.volume += VOLUME_WEIGHT * (digest.ended as f64 - self.volume);
        if self.chart.s == 0 {
            (self.since, self.cases, self.wrong) = (day, 0, 0);
        }
        self.cases += digest.ended;
        self.wrong += digest.critical;
        let cases = u64::try_from(digest.ended).unwrap_or(0);
        let wrong = u64::try_from(digest.critical).unwrap_or(0);
        let signal = self.chart.see_many(cases, wrong) > 0;
        if signal {
            self.signalled = Some(Signal {
                onset: self.since,
                share: self.share(),
                cases: self.cases,
            });
            self.last_signal = day;
            (self.cases_after, self.wrong_after) = (0, 0);
        } else {
            self.cases_after += digest.ended;
            self.wrong_after += digest.critical;
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

    /// Whether the drift is over: since the last signal `days` days have gone by and as many cases have come as had led to it, of
    /// which no more than the acceptable share had the outcome. The chart alone does not tell: it comes back to 0 while a small
    /// drift goes on.
    pub(super) fn is_calm(&self, day: Day, days: i32) -> bool {
        let led = self.signalled.map_or(0, |signal| signal.cases);
        let accepted = self.rates.acceptable * self.cases_after as f64;
        self.chart.s == 0
            && day.since(self.last_signal) >= days.max(1)
            && self.cases_after >= led
            && self.wrong_after as f64 <= accepted
    }

    /// How far the chart is on its way to a signal: a signal at 1.
    pub(super) fn evidence(&self) -> f64 {
        f64::from(self.chart.s) / f64::from(self.design.h)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATES: CriticalRates = CriticalRates {
        acceptable: 0.05,
        unacceptable: 0.10,
    };
    const THRESHOLD: f64 = 100.0;

    fn watch() -> CriticalWatch {
        CriticalWatch::new(RATES, THRESHOLD, 20.0).unwrap()
    }

    fn of(cases: i64, critical: i64) -> Digest {
        Digest {
            ended: cases,
            critical,
            ..Digest::default()
        }
    }

    #[test]
    fn a_small_drift_that_goes_on_is_not_over_though_the_chart_is_back_at_0() {
        const COOL_DOWN: i32 = 14;
        let mut watch = watch();
        let mut days = 0..;
        let mut next = |watch: &mut CriticalWatch, critical: i64| {
            let day = days.next().unwrap();
            (day, watch.day(Day(day), &of(20, critical), THRESHOLD))
        };
        while !next(&mut watch, 4).1 {}
        // 6 % of 20 cases a day: no signal any more, and at 0 with each day that has none.
        let mut at_0 = 0;
        for critical in [0, 1, 2, 2, 1].into_iter().cycle().take(100) {
            let (day, signal) = next(&mut watch, critical);
            assert!(!signal && !watch.is_calm(Day(day), COOL_DOWN), "{day}");
            at_0 += u32::from(watch.chart.s == 0);
        }
        assert!(at_0 >= 20, "{at_0}");
        // 120 of 2,000 cases: 400 more without one, and it is 5 % again.
        let calm = (1..=40).find(|_| {
            let (day, _) = next(&mut watch, 0);
            watch.is_calm(Day(day), COOL_DOWN)
        });
        assert_eq!(calm, Some(20));
    }

    #[test]
    fn the_limit_grows_with_the_fleet_and_with_the_process() {
        let mut grown = watch();
        let first = grown.design;
        grown.day(Day(0), &of(20, 0), 1.9 * THRESHOLD);
        assert_eq!(grown.design, first);
        grown.day(Day(1), &of(20, 0), 4.0 * THRESHOLD);
        assert!(grown.design.h > first.h && grown.chart.h == grown.design.h);
        assert!(grown.design.arl_acceptable >= 4.0 * THRESHOLD * 20.0);
        let mut busy = watch();
        for day in 0..200 {
            busy.day(Day(day), &of(200, 0), THRESHOLD);
        }
        // It is designed anew at each doubling, so never for less than half of what comes.
        assert!(busy.design.arl_acceptable >= 0.5 * THRESHOLD * 199.0);
        // Fewer cases only make false alarms rarer.
        let design = busy.design;
        busy.day(Day(200), &of(0, 0), THRESHOLD);
        assert_eq!(busy.design, design);
    }
}
