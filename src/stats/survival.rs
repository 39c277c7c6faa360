//! Times until something happens, where for some it has not happened yet.

use super::Interval;
use super::proportion::clopper_pearson_fraction;

/// Times until something happened, and how long it has not happened for the others so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Times {
    /// Each time at which it happened, with how often.
    pub(crate) happened: Vec<(f64, u64)>,
    /// Each time up to which it had not happened when the observation ended, with how often.
    pub(crate) not_yet: Vec<(f64, u64)>,
}

/// The share for which something has not happened yet, by time (Kaplan & Meier 1958).
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Survival {
    /// Each time at which it happened, with the share from then on.
    steps: Vec<(f64, f64)>,
    /// How far the estimate reaches.
    pub(crate) until: f64,
}

impl Survival {
    /// The share at a time.
    pub(crate) fn at(&self, time: f64) -> f64 {
        match self.steps.partition_point(|(step, _)| *step <= time) {
            0 => 1.0,
            after => self.steps[after - 1].1,
        }
    }

    /// The share at the end of the observation.
    pub(crate) fn last(&self) -> f64 {
        self.steps.last().map_or(1.0, |(_, share)| *share)
    }

    /// The first time at which the share is at most this.
    pub(crate) fn first_at_most(&self, share: f64) -> Option<f64> {
        let reached = |(_, at): &&(f64, f64)| *at <= share + 1e-12;
        self.steps.iter().find(reached).map(|(time, _)| *time)
    }
}

/// A quantile of such times.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct TimeQuantile {
    /// The first time by which it has happened for that share; `None` if that is not reached yet.
    pub(crate) at: Option<f64>,
    /// Lower bound.
    pub(crate) lower: f64,
    /// Upper bound; `None` if the observation is too short or too small for one.
    pub(crate) upper: Option<f64>,
}

/// The estimate at one time.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Step {
    time: f64,
    /// Bounds of the share for which it has not happened just before this time.
    before: Interval,
    /// The share for which it has not happened by then.
    share: f64,
    /// Its bounds.
    bounds: Interval,
}

impl Times {
    /// The quantile `q` in (0, 1), with an interval at confidence `1 - alpha`; `None` without any time.
    ///
    /// The estimate is that of Kaplan and Meier (1958), "Nonparametric estimation from incomplete observations", JASA 53. The
    /// interval is the set of times at which a test does not reject the quantile (Brookmeyer & Crowley 1982, Biometrics 38).
    /// Its bounds of the share are those of Clopper and Pearson on the effective number of cases (Cutler & Ederer 1958), which is
    /// at most the number at risk over the share (Dorey & Korn 1987, Statistics in Medicine 6). If it has happened for all, these
    /// are the exact binomial intervals of order statistics.
    pub(crate) fn quantile(&self, q: f64, alpha: f64) -> Option<TimeQuantile> {
        let steps = self.steps(alpha);
        let last = steps.last()?.time;
        let left = 1.0 - q;
        // A share of exactly 1 - q is computed as a product, which may be off by its rounding.
        let reached = |share: f64| share <= left + 1e-12;
        let first = |holds: &dyn Fn(&Step) -> bool| {
            let found = steps.iter().find(|step| holds(step));
            found.map(|step| step.time)
        };
        let mut lower = last;
        let mut previous = 0.0;
        for step in &steps {
            if step.before.lower <= left {
                lower = previous;
                break;
            }
            if step.bounds.lower <= left {
                lower = step.time;
                break;
            }
            previous = step.time;
        }
        Some(TimeQuantile {
            at: first(&|step| reached(step.share)),
            lower,
            upper: first(&|step| step.bounds.upper <= left),
        })
    }

    /// How many there are.
    pub(crate) fn len(&self) -> u64 {
        let all = self.happened.iter().chain(&self.not_yet);
        all.map(|(_, count)| count).sum()
    }

    /// The share for which it has not happened yet, by time, as long as at least so many were watched for that long.
    pub(crate) fn survival(&self, least: u64) -> Survival {
        let times = self.in_order();
        let mut at_risk: u64 = times.iter().map(|(_, a, b)| a + b).sum();
        let mut share = 1.0;
        let mut found = Survival::default();
        for (time, happened, not_yet) in times {
            if at_risk < least {
                break;
            }
            found.until = time;
            if happened > 0 {
                share *= (at_risk - happened) as f64 / at_risk as f64;
                found.steps.push((time, share));
            }
            at_risk -= happened + not_yet;
        }
        found
    }

    /// Each time once, with how often it happened and how often not yet.
    fn in_order(&self) -> Vec<(f64, u64, u64)> {
        let mut times: Vec<(f64, u64, u64)> = Vec::new();
        times.extend(self.happened.iter().map(|(time, count)| (*time, *count, 0)));
        times.extend(self.not_yet.iter().map(|(time, count)| (*time, 0, *count)));
        times.retain(|(_, happened, not_yet)| happened + not_yet > 0);
        times.sort_by(|a, b| a.0.total_cmp(&b.0));
        times.dedup_by(|next, kept| {
            let is_same = next.0 == kept.0;
            if is_same {
                kept.1 += next.1;
                kept.2 += next.2;
            }
            is_same
        });
        times
    }

    /// The estimate at every time, in order.
    fn steps(&self, alpha: f64) -> Vec<Step> {
        let times = self.in_order();
        let mut at_risk: u64 = times.iter().map(|(_, a, b)| a + b).sum();
        let mut share = 1.0;
        let mut greenwood = 0.0;
        let mut steps = Vec::with_capacity(times.len());
        for (time, happened, not_yet) in times {
            let risk = at_risk as f64;
            let most = if share > 0.0 { risk / share } else { risk };
            let effective = effective(share, greenwood).unwrap_or(most).min(most);
            let before = clopper_pearson_fraction(share * effective, effective, alpha);
            let mut bounds = before;
            if happened > 0 {
                let count = happened as f64;
                share *= 1.0 - count / risk;
                if happened < at_risk {
                    greenwood += count / (risk * (risk - count));
                } else {
                    share = 0.0;
                }
                let after = effective_after(share, greenwood, effective, most);
                bounds = clopper_pearson_fraction(share * after, after, alpha);
            }
            steps.push(Step {
                time,
                before,
                share,
                bounds,
            });
            at_risk -= happened + not_yet;
        }
        steps
    }
}

/// The number of cases without censoring that would give the same variance: `S (1 - S) / var S`, var S after Greenwood. `None`
/// where the share is 0 or 1.
fn effective(share: f64, greenwood: f64) -> Option<f64> {
    let inside = share > 0.0 && share < 1.0 && greenwood > 0.0;
    inside.then(|| (1.0 - share) / (share * greenwood))
}

/// The same behind a step at which it happened; at a share of 0 that of before the step.
fn effective_after(share: f64, greenwood: f64, before: f64, most: f64) -> f64 {
    effective(share, greenwood).unwrap_or(before).min(most)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Remission times in weeks, Freireich et al. (1963), Blood 21; a plus sign of the original is in the second list.
    const TREATED: ([u32; 9], [u32; 12]) = (
        [6, 6, 6, 7, 10, 13, 16, 22, 23],
        [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35],
    );
    const PLACEBO: [u32; 21] = [
        1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23,
    ];

    fn times(happened: &[u32], not_yet: &[u32]) -> Times {
        let each = |times: &[u32]| times.iter().map(|time| (f64::from(*time), 1)).collect();
        Times {
            happened: each(happened),
            not_yet: each(not_yet),
        }
    }

    fn share_at(times: &Times, at: f64) -> f64 {
        let steps = times.steps(0.05);
        let step = steps.iter().rev().find(|step| step.time <= at);
        step.map_or(1.0, |step| step.share)
    }

    #[test]
    fn published_shares_of_two_groups() {
        // Kleinbaum & Klein, "Survival Analysis", 3rd ed., table 2.2 (treated and placebo).
        let treated = times(&TREATED.0, &TREATED.1);
        for (week, share) in [
            (6.0, 0.8571),
            (7.0, 0.8067),
            (10.0, 0.7529),
            (13.0, 0.6902),
            (16.0, 0.6275),
            (22.0, 0.5378),
            (23.0, 0.4482),
            (35.0, 0.4482),
        ] {
            assert!((share_at(&treated, week) - share).abs() < 5e-5, "{week}");
        }
        let placebo = times(&PLACEBO, &[]);
        for (week, share) in [(1.0, 0.9048), (5.0, 0.5714), (8.0, 0.381), (23.0, 0.0)] {
            assert!((share_at(&placebo, week) - share).abs() < 5e-5, "{week}");
        }
        let median = |times: &Times| times.quantile(0.5, 0.05).unwrap().at;
        assert_eq!(
            (median(&treated), median(&placebo)),
            (Some(23.0), Some(8.0))
        );
    }

    #[test]
    fn without_open_cases_bounds_are_order_statistics() {
        // Of 21 the 6th and the 16th hold the median at 97.3 % (David & Nagaraja, "Order Statistics", 3rd ed., section 7.1):
        // P(Bin(21, 1/2) <= 5) = 0.0133, P(Bin(21, 1/2) <= 6) = 0.0392.
        let median = times(&PLACEBO, &[]).quantile(0.5, 0.05).unwrap();
        assert_eq!((median.lower, median.upper), (4.0, Some(12.0)));
        // Of 10 the 2nd and the 9th, at 97.9 %; of 5 no two hold it at 95 %.
        let ten: Vec<u32> = (1..=10).collect();
        let median = times(&ten, &[]).quantile(0.5, 0.05).unwrap();
        assert_eq!(median.at, Some(5.0));
        assert_eq!((median.lower, median.upper), (2.0, Some(9.0)));
        let median = times(&[1, 2, 3, 4, 5], &[]).quantile(0.5, 0.05).unwrap();
        assert_eq!((median.lower, median.upper), (0.0, None));
    }

    #[test]
    fn what_is_not_reached_has_a_lower_bound() {
        let open: Vec<u32> = vec![100; 98];
        let median = times(&[10, 10], &open).quantile(0.5, 0.05).unwrap();
        assert_eq!((median.at, median.upper), (None, None));
        assert_eq!(median.lower, 100.0);
        // The last of the observation was one case alone: it says little.
        let mut open: Vec<u32> = vec![20; 50];
        open.push(1_000);
        let median = times(&[], &open).quantile(0.5, 0.05).unwrap();
        assert_eq!((median.at, median.lower), (None, 20.0));
        assert_eq!(Times::default().quantile(0.5, 0.05), None);
    }

    #[test]
    fn leaving_open_cases_out_would_make_it_look_quicker() {
        let with = times(&TREATED.0, &TREATED.1).quantile(0.5, 0.05).unwrap();
        let without = times(&TREATED.0, &[]).quantile(0.5, 0.05).unwrap();
        assert!(without.at < with.at);
    }

    proptest! {
        #[test]
        fn intervals_hold_the_quantile_and_order_does_not_matter(
            happened in proptest::collection::vec(0u32..50, 0..60),
            not_yet in proptest::collection::vec(0u32..50, 0..60),
            q in 0.05f64..0.95,
        ) {
            let found = times(&happened, &not_yet).quantile(q, 0.05);
            let reversed = |times: &[u32]| times.iter().rev().copied().collect::<Vec<u32>>();
            let again = times(&reversed(&happened), &reversed(&not_yet)).quantile(q, 0.05);
            prop_assert_eq!(found, again);
            prop_assert_eq!(found.is_none(), happened.is_empty() && not_yet.is_empty());
            if let Some(found) = found {
                prop_assert!(found.at.is_none_or(|at| found.lower <= at));
                prop_assert!(found.upper.is_none_or(|upper| found.at.is_some_and(|at| at <= upper)));
            }
        }
    }
}
