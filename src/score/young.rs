//! Cases that were resolved so recently that a reopening, or a review that reverses them, may still come.
//!
//! How long that takes is estimated on the process's own past, by Kaplan & Meier (1958) from the resolution on. The chance that a
//! case is still challenged, if it was not until its age, is `1 - S(end) / S(age)`. Summed up, that is what the estimate puts on the
//! cases that were not watched to the end (redistribution to the right: Efron 1967, "The two sample problem with censored data").

use crate::measure::{FollowUp, Sums};
use crate::model::{Hour, Ppm, Span, Time};
use crate::stats::{Survival, Times, clopper_pearson_fraction};

/// The usual delay is that by which so many of all challenges have come.
const USUAL: f64 = 0.8;

/// The estimate reaches as far as one in so many cases was watched: beyond, one case would move it too much.
const WATCHED: u64 = 10;

/// At most so many times as many challenges as were seen within the watched time are expected in all.
const LATER: f64 = 4.0;

/// Of fewer challenges nobody can tell how long they take: what is still to come moves the upper bound, and not the mean.
const LEAST_CHALLENGES: i64 = 5;

/// If most cases are young, so many times as many challenges as expected must be within as well.
pub(super) const IF_MOST_ARE_YOUNG: f64 = 10.0;

/// When cases of a process are challenged after their resolution.
#[derive(Clone, Debug)]
pub(super) struct Maturity {
    survival: Survival,
    /// The share that is not challenged as long as cases were watched.
    never: f64,
    /// The share that is never challenged, at least. What comes later than cases were watched is not known. It is taken to be as
    /// much at most, compared with all before, as what came in the second half of that time is, compared with the first half.
    never_at_least: f64,
    /// Whether enough challenges were seen to tell how many are still to come.
    is_known: bool,
    /// The usual delay, in seconds; `None` if it is longer than cases have been watched.
    usual: Option<f64>,
    /// The mean deviation of cases that were challenged.
    deviation: f64,
    /// How long cases have been watched, at most: until then.
    end: Time,
}

/// What cases may still show.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Young {
    /// Ended cases that are younger than the usual delay, and were not challenged.
    pub(super) cases: i64,
    /// The sum of the deviations of cases that were challenged.
    pub(super) challenged: f64,
    /// The sum of deviations that is still expected of them, beyond what they deviate by already.
    pub(super) expected: f64,
    /// What of it the mean includes: nothing if few challenges were seen.
    pub(super) in_mean: f64,
    /// The same at most, as far as few challenges tell.
    pub(super) expected_at_most: f64,
    /// As a multiple of the variance of a sum of which all is seen: the inverse of the share of challenges that were seen.
    pub(super) inflation: f64,
}

impl Default for Young {
    fn default() -> Young {
        Young {
            cases: 0,
            challenged: 0.0,
            expected: 0.0,
            in_mean: 0.0,
            expected_at_most: 0.0,
            inflation: 1.0,
        }
    }
}

impl Young {
    /// Those of both.
    pub(super) fn with(self, other: Young) -> Young {
        Young {
            cases: self.cases + other.cases,
            challenged: self.challenged + other.challenged,
            expected: self.expected + other.expected,
            in_mean: self.in_mean + other.in_mean,
            expected_at_most: self.expected_at_most + other.expected_at_most,
            inflation: self.inflation.max(other.inflation),
        }
    }
}

impl Maturity {
    /// Of the live cases of a process, which were watched until a time. `None` if none was challenged.
    pub(super) fn of(live: &Sums, end: Time, alpha: f64) -> Option<Maturity> {
        let follow_up = &live.follow_up;
        let count = follow_up.challenged.count();
        if count <= 0 {
            return None;
        }
        let times = Times {
            happened: follow_up.challenged.bins_seconds().collect(),
            not_yet: watched_seconds(follow_up, end),
        };
        let survival = times.survival(times.len().div_ceil(WATCHED));
        let never = survival.last();
        Some(Maturity {
            usual: survival.first_at_most(1.0 - USUAL * (1.0 - never)),
            never,
            never_at_least: never_at_least(&survival, count as f64, alpha),
            is_known: count >= LEAST_CHALLENGES,
            survival,
            deviation: Ppm::shares(follow_up.challenged_ppm) / count as f64,
            end,
        })
    }

    /// By when four in five challenges have come; `None` if that is longer than cases have been watched.
    pub(super) fn usual(&self) -> Option<Span> {
        self.usual.map(|seconds| Span::seconds(seconds as i64))
    }

    /// What the ended cases of some sums may still show. `reopened` of them, or open ones beside them, were reopened: those that
    /// were resolved before the window make up for what is still to come.
    pub(super) fn young(&self, sums: &Sums, reopened: i64) -> Young {
        let follow_up = &sums.follow_up;
        let challenged = follow_up.challenged.count();
        let (mut young, mut expected, mut at_most) = (0, 0.0, 0.0);
        let (mut all, mut seen) = (challenged as f64, challenged as f64);
        for ((hour, deviation), count) in follow_up.watched.iter() {
            let Some(deviation) = deviation else {
                continue;
            };
            let age = age_seconds(hour, self.end);
            let now = self.survival.at(age);
            let headroom = (self.deviation - deviation.share()).max(0.0);
            expected += count as f64 * (1.0 - self.never / now) * headroom;
            at_most += count as f64 * (1.0 - self.never_at_least / now) * headroom;
            all += count as f64;
            seen += count as f64 * (1.0 - now) / (1.0 - self.never).max(f64::MIN_POSITIVE);
            if self.usual.is_none_or(|usual| age < usual) {
                young += count;
            }
        }
        let earlier = (reopened - follow_up.reopened).max(0) as f64 * self.deviation;
        let expected = (expected - earlier).max(0.0);
        Young {
            in_mean: if self.is_known { expected } else { 0.0 },
            cases: young,
            challenged: Ppm::shares(follow_up.challenged_ppm),
            expected,
            expected_at_most: (at_most - earlier).max(0.0),
            inflation: if seen > 0.0 { all / seen } else { 1.0 },
        }
    }
}

/// The share that is never challenged, at least.
fn never_at_least(survival: &Survival, challenged: f64, alpha: f64) -> f64 {
    let seen = 1.0 - survival.last();
    if seen <= 0.0 {
        return 1.0;
    }
    let second_half = (survival.at(survival.until / 2.0) - survival.last()) / seen;
    let late = clopper_pearson_fraction(second_half * challenged, challenged, alpha).upper;
    (1.0 - seen * (1.0 / (1.0 - late)).min(LATER)).max(0.0)
}

fn watched_seconds(follow_up: &FollowUp, end: Time) -> Vec<(f64, u64)> {
    let watched = follow_up.watched.iter().filter(|(_, count)| *count > 0);
    watched
        .map(|((hour, _), count)| (age_seconds(hour, end), count as u64))
        .collect()
}

/// How long cases were watched that were resolved in an hour, by whole hours.
fn age_seconds(resolved: Hour, end: Time) -> f64 {
    let age = end
        .since(resolved.saturating_add(1).start())
        .max(Span::ZERO);
    age.0 as f64 / 1e6
}

#[cfg(test)]
mod simulation;
