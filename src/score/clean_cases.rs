//! How many clean cases are needed until a process is shown to be within its tolerance, and how long they take.

use super::dependence::Dependence;
use super::deviation::{Target, status};
use super::directions::{Claim, claims};
use super::frequency::Frequency;
use super::input::ProcessInput;
use super::observed::Observed;
use super::process_score::{CleanCases, Pace};
use super::reason::UnreachableReason;
use crate::measure::Sums;
use crate::model::{DAY_US, Direction, Hour, Origin, Span, Status, Time};
use crate::stats::clean_runs_missing;
use std::collections::BTreeMap;

/// How many further clean cases until it would be within, and when, else why not.
pub(super) fn clean_cases(
    input: &ProcessInput,
    target: Target,
    arrivals: Option<&Frequency>,
) -> CleanCases {
    let pace = pace(input, arrivals);
    // Each of them has to hold: the one that takes most cases decides.
    let claims = claims(input, target).into_iter().rev();
    let each = claims.map(|claim| clean_cases_of(input, &claim, &pace));
    let open = |(needed, _): &(Option<u64>, _)| needed.unwrap_or(u64::MAX);
    let (needed, never) = each.max_by_key(open).unwrap_or_default();
    let is_waiting = needed.is_some_and(|needed| needed > 0);
    let is_undated = input.is_undated();
    let no_pace = (is_waiting && pace.per_week <= 0.0 && !is_undated).then(|| why_no_pace(input));
    let unreachable = never.or(no_pace);
    let weeks = needed.filter(|_| unreachable.is_none() && !is_undated);
    CleanCases {
        needed,
        for_days: for_days(input, &input.scored()),
        weeks: weeks.and_then(|needed| weeks_until(needed, &pace)),
        pace,
        unreachable,
    }
}

/// How many further clean cases until one deviation would be within, else why not. If that is open for several of them, the
/// first one is told.
fn clean_cases_of(
    input: &ProcessInput,
    claim: &Claim,
    pace: &Pace,
) -> (Option<u64>, Option<UnreachableReason>) {
    let pace = &Pace {
        deviated: input
            .window
            .map_or_else(Vec::new, |_| deviated(input, claim.direction)),
        ..pace.clone()
    };
    let for_ever = clean_cases_for(input, &claim.observed, claim.target);
    let never = match for_ever {
        None => Some(why_no_number(input, claim)),
        Some(0) => None,
        Some(_) => why_never(input, claim, pace),
    };
    let needed = match (for_ever, pace.most(), &never) {
        (Some(1..), Some(most), None) => Some(needed_in_sliding_window(input, most, claim, pace)),
        _ => for_ever,
    };
    (needed, never)
}

/// How fast scored cases come now.
fn pace(input: &ProcessInput, arrivals: Option<&Frequency>) -> Pace {
    // As much of what starts becomes evidence as did before.
    let change = arrivals.filter(|arrivals| arrivals.cases_per_week.mean > 0.0);
    let change = change.map_or(1.0, |arrivals| {
        arrivals.recent_per_week() / arrivals.cases_per_week.mean
    });
    let weeks = Span::as_weeks;
    Pace {
        per_week: match input.is_undated() {
            true => 0.0,
            false => scored_per_week(input) * change,
        },
        window_weeks: input.window.map(weeks),
        covered_weeks: input.covered.weeks(),
        deviated: input
            .window
            .map_or_else(Vec::new, |_| deviated(input, None)),
    }
}

/// The shares of the deviations, or of the cases that went wrong in a direction, by how many weeks ago they were. By day: that is fine enough for a forecast, and keeps
/// little.
fn deviated(input: &ProcessInput, direction: Option<Direction>) -> Vec<(f64, f64)> {
    let mut days: BTreeMap<i64, i64> = BTreeMap::new();
    let mut add = |sums: &Sums| {
        let mut count = |hour: Hour, by: i64| {
            *days.entry(i64::from(hour).div_euclid(24)).or_default() += by;
        };
        match direction {
            None => sums
                .deviated
                .iter()
                .for_each(|(hour, ppm)| count(hour, ppm)),
            Some(direction) => {
                let directed = sums.directed.iter();
                directed
                    .filter(|(key, _)| key.direction == direction)
                    .for_each(|(key, cases)| count(key.hour, cases));
            }
        }
    };
    add(input.live);
    if input.declared.exercises_count {
        add(&input.parts.of_origin(Origin::Exercise));
    }
    let all: i64 = days.values().sum();
    let ago = |day: i64| input.as_of.since(Time((day + 1) * DAY_US)).as_weeks();
    let share = |(day, ppm)| (ago(day), ppm as f64 / all as f64);
    days.into_iter().map(share).collect()
}

/// The least number of clean cases, up to `most`, with which it is within while what counts now leaves the window. With that
/// many all of it has, and it is.
fn needed_in_sliding_window(input: &ProcessInput, most: f64, claim: &Claim, pace: &Pace) -> u64 {
    let (now, target) = (claim.observed, claim.target);
    let is_within = |more: u64| {
        let more = more as f64;
        let (n, s) = pace.left_after(more, (now.cases as f64, now.greatest()));
        let n = (n + more).round().max(1.0);
        let dependence = Dependence {
            // Whether they end on enough days is asked apart.
            days: i64::MAX,
            ..now.dependence
        };
        let then = Observed::known(n as i64, s.min(n), dependence);
        status(input, &then, target) == Status::Within
    };
    let (mut low, mut high) = (0, most.ceil() as u64);
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        match is_within(middle) {
            true => high = middle,
            false => low = middle,
        }
    }
    high.max(for_days(input, &now))
}

/// How many further cases it takes at least until they have ended on enough days, if as many end on a day as before.
fn for_days(input: &ProcessInput, observed: &Observed) -> u64 {
    let days = observed.dependence.days;
    let missing = (input.terms.tolerance.least_days - days).max(0) as f64;
    let per_day = match days {
        0 => scored_per_week(input) / 7.0,
        days => observed.cases as f64 / days as f64,
    };
    (missing * per_day.max(1.0)) as u64
}

fn why_no_pace(input: &ProcessInput) -> UnreachableReason {
    match input.declared.require_confirmed && input.live.cases > 0 {
        true => UnreachableReason::NothingConfirmed,
        false => UnreachableReason::NoneLately,
    }
}

/// Where cases leave the window before there are enough of them, however clean they all are.
fn why_never(input: &ProcessInput, claim: &Claim, pace: &Pace) -> Option<UnreachableReason> {
    let (window, at_once) = (input.window?, pace.most()?);
    let dependence = Dependence {
        days: 0,
        ..claim.observed.dependence
    };
    let none = Observed::known(0, 0.0, dependence);
    let needed = clean_cases_for(input, &none, claim.target)?;
    (at_once < needed as f64).then_some(UnreachableReason::WindowTooShort {
        window,
        per_week: pace.per_week,
        needed,
    })
}

/// How many further clean cases until these would be within, if all that is unknown of them is wrong; `None` where that can't
/// be, or too little is known of them.
pub(super) fn clean_cases_for(
    input: &ProcessInput,
    observed: &Observed,
    target: Target,
) -> Option<u64> {
    let t = target.permissible?;
    let is_known = observed.is_measured() || observed.cases == 0;
    if input.lost_too_much() || input.unknown_too_many(observed) || !is_known {
        return None;
    }
    let lost = input.loss.share();
    let limit = (t - lost) / (1.0 - lost);
    let (n, s) = (observed.cases.max(0) as f64, observed.greatest());
    let design_effect = observed.dependence.with_expected();
    let alpha = input.terms.tolerance.alpha;
    let needed = clean_runs_missing(n, s, design_effect, limit, alpha)?;
    let for_young = observed.clean_cases_for_young(limit);
    Some(needed.max(for_days(input, observed)).max(for_young))
}

fn why_no_number(input: &ProcessInput, claim: &Claim) -> UnreachableReason {
    let (observed, target) = (claim.observed, claim.target);
    let lost = input.loss.share();
    let Some(limit) = target.permissible else {
        return match target.nominal {
            Some(_) => UnreachableReason::NoTolerance,
            None => UnreachableReason::NoSize(input.no_verdict()),
        };
    };
    if input.loss.unknown > 0 {
        UnreachableReason::UnknownLoss
    } else if input.lost_too_much() {
        let most = input.terms.tolerance.most_loss;
        UnreachableReason::TooMuchLost { lost, most }
    } else if observed.cases > 0 && !observed.is_measured() {
        UnreachableReason::NothingMeasurable
    } else if input.unknown_too_many(&observed) {
        UnreachableReason::TooManyUnknown {
            unknown: observed.unknown,
            of: observed.cases,
        }
    } else if lost >= limit {
        UnreachableReason::LossTakesAll { lost, limit }
    } else {
        UnreachableReason::TooMany
    }
}

/// Cases, and exercises where they count, that are scored in a week.
fn scored_per_week(input: &ProcessInput) -> f64 {
    let per_week = |sums: &Sums| input.scored_in(sums).cases as f64 / input.covered.weeks();
    let live = per_week(input.live);
    match input.declared.exercises_count {
        true => live + per_week(&input.parts.of_origin(Origin::Exercise)),
        false => live,
    }
}

/// How long so many cases take at the present rate; `None` where that is 0.
fn weeks_until(needed: u64, pace: &Pace) -> Option<f64> {
    if needed == 0 {
        return Some(0.0);
    }
    (pace.per_week > 0.0).then(|| needed as f64 / pace.per_week)
}
