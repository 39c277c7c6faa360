//! The log against the truth. Bounds are wide enough to hold for any seed but for about one in ten
//! thousand, and the seeds are fixed, so nothing here is flaky.

mod bench;
mod measure;
mod trials;
mod truth;

use super::event::{DAY_US, HOUR_US};
use super::{Event, Soc};
use crate::model::Lifecycle;
use measure::{Case, cases, live, size};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

/// Monday 2026-01-05, 00:00 UTC.
const OPENED: i64 = 1_767_571_200_000_000;
const NINETY_DAYS: i64 = 90 * DAY_US;
const WEEKS: f64 = 90.0 / 7.0;
const SEEDS: [u64; 5] = [1, 2, 3, 42, 2026];

fn lines(events: impl Iterator<Item = Event>) -> Vec<u8> {
    let mut out = Vec::new();
    events.for_each(|event| event.write_ndjson(&mut out));
    out
}

fn history(seed: u64) -> Vec<Event> {
    Soc::reference(seed, OPENED)
        .events(OPENED, OPENED + NINETY_DAYS)
        .collect()
}

/// Cases by id.
type Cases = BTreeMap<String, Case>;

/// The ordinary cases of the history of each seed. Several tests measure them, and simulating them takes seconds.
fn live_histories() -> &'static [Cases; SEEDS.len()] {
    static MADE: OnceLock<[Cases; SEEDS.len()]> = OnceLock::new();
    MADE.get_or_init(|| SEEDS.map(|seed| live(cases(history(seed)))))
}

#[test]
fn same_seed_same_bytes() {
    let run = |seed| {
        let soc = Soc::reference(seed, OPENED);
        lines(soc.events(OPENED, OPENED + 10 * DAY_US))
    };
    assert!(run(5) == run(5));
    assert!(run(5) != run(6));
}

#[test]
fn every_line_is_json_and_in_time_order() {
    let soc = Soc::reference(11, OPENED);
    let text = lines(soc.events(OPENED, OPENED + 7 * DAY_US));
    let mut last = String::new();
    for line in text.split(|b| *b == b'\n').filter(|line| !line.is_empty()) {
        let value: serde_json::Value = serde_json::from_slice(line).expect("JSON");
        let time = value["time"].as_str().expect("a time").to_owned();
        assert!(time >= last, "{time} after {last}");
        last = time;
    }
    assert!(!last.is_empty());
}

#[test]
fn history_and_live_together_are_one_run() {
    let soc = Soc::reference(3, OPENED);
    let whole = lines(soc.events(OPENED, OPENED + 40 * DAY_US));
    // Boundaries in the middle of a day, of an hour, and of a millisecond.
    for boundary in [
        OPENED + 13 * HOUR_US + 1,
        OPENED + 20 * DAY_US + 9 * HOUR_US + 123_456,
    ] {
        let mut joined = lines(soc.events(OPENED, boundary));
        let mut live = soc.live(boundary);
        let mut now = boundary;
        while now < OPENED + 40 * DAY_US {
            now = (now + 7 * HOUR_US + 1_001).min(OPENED + 40 * DAY_US);
            joined.extend(lines(live.until(now)));
        }
        assert!(joined == whole, "boundary {boundary}");
    }
}

#[test]
fn asking_live_for_the_past_yields_nothing_twice() {
    let soc = Soc::reference(3, OPENED);
    let mut live = soc.live(OPENED);
    let first = live.until(OPENED + DAY_US).count();
    assert!(first > 0);
    assert_eq!(live.until(OPENED + DAY_US).count(), 0);
    assert_eq!(live.until(OPENED).count(), 0);
}

#[test]
fn nothing_happens_before_the_opening() {
    let opened = OPENED + 15 * HOUR_US;
    let soc = Soc::reference(9, opened);
    let first = soc
        .events(i64::MIN, opened + DAY_US)
        .next()
        .expect("an event");
    assert!(first.time_us >= opened);
}

#[test]
fn cases_are_well_formed() {
    let events = history(1);
    let horizon = OPENED + NINETY_DAYS;
    let mut open = 0;
    let all = cases(events);
    for (id, case) in &all {
        let mut closed = false;
        for (position, event) in (1..).zip(&case.events) {
            assert_eq!(event.seq, position, "{id}: seq has no gaps");
            assert_eq!(event.process, case.process, "{id}: stays in its process");
            assert_eq!(
                event.lifecycle == Lifecycle::Reopen,
                closed,
                "{id}: after an end only a reopening"
            );
            assert_eq!(
                event.outcome.is_some(),
                event.lifecycle == Lifecycle::End,
                "{id}"
            );
            assert_eq!(event.input.is_some(), position == 1, "{id}");
            closed = event.lifecycle == Lifecycle::End;
        }
        for pair in case.events.windows(2) {
            assert!(pair[0].time_us < pair[1].time_us, "{id}: strictly later");
        }
        open += usize::from(!closed);
        if let Some(parent) = &case.parent {
            let parent = all
                .get(parent)
                .unwrap_or_else(|| panic!("{id}: no parent {parent}"));
            assert!(
                parent.start_us() <= case.start_us(),
                "{id}: begins within its parent"
            );
        }
    }
    assert!((1..300).contains(&open), "{open} cases open at {horizon}");
}

#[test]
fn outcomes_and_inputs_are_declared() {
    let truth = Soc::reference(1, OPENED).truth();
    for case in cases(history(2)).values() {
        let truth = truth
            .iter()
            .find(|t| t.id == case.process)
            .expect("declared");
        if let Some(outcome) = case.outcome() {
            assert!(
                truth.severities.iter().any(|(name, _)| *name == outcome),
                "{}: {outcome}",
                truth.id
            );
        }
    }
}

fn by_process(all: &BTreeMap<String, Case>, id: &str) -> Vec<Case> {
    all.values()
        .filter(|case| case.process == id)
        .cloned()
        .collect()
}

#[test]
fn rates_are_the_true_ones() {
    let runs = live_histories();
    for truth in Soc::reference(1, OPENED).truth() {
        let count: usize = runs.iter().map(|run| by_process(run, truth.id).len()).sum();
        let weeks = WEEKS * SEEDS.len() as f64;
        let expected = truth.cases_per_week * weeks;
        // 15 %, or four Poisson standard deviations where that is more.
        let slack = (0.15 * expected).max(4.0 * expected.sqrt());
        assert!(
            (count as f64 - expected).abs() < slack,
            "{}: {:.2} a week, truly {}",
            truth.id,
            count as f64 / weeks,
            truth.cases_per_week
        );
    }
}

/// Number of cases, and the sum of their deviations.
fn deviation<'a>(cases: impl Iterator<Item = &'a Case>, severities: &[(&str, f64)]) -> (f64, f64) {
    let (mut n, mut sum) = (0.0, 0.0);
    for case in cases {
        let outcome = case.outcome().expect("closed");
        let severity = severities
            .iter()
            .find(|(name, _)| *name == outcome)
            .expect("declared")
            .1;
        n += 1.0;
        sum += if case.is_reopened() { 1.0 } else { severity };
    }
    (n, sum)
}

#[test]
fn deviations_are_the_true_ones_before_and_after_the_drift() {
    // Well past the horizon, so that no case that counts is still open or yet to be reopened.
    let settled = OPENED + NINETY_DAYS + 90 * DAY_US;
    let soc = Soc::reference(4, OPENED);
    let all = live(cases(soc.events(OPENED, settled)));
    for truth in soc.truth() {
        let drift = OPENED + 45 * DAY_US;
        let own: Vec<Case> = by_process(&all, truth.id)
            .into_iter()
            .filter(|case| case.start_us() < OPENED + NINETY_DAYS)
            .collect();
        assert!(own.iter().all(Case::is_closed), "{}: all settled", truth.id);
        let (before, after): (Vec<&Case>, Vec<&Case>) =
            own.iter().partition(|c| c.start_us() < drift);
        for (part, expected) in [
            (before, truth.deviation_before),
            (after, truth.deviation_after),
        ] {
            let (n, sum) = deviation(part.iter().copied(), truth.severities);
            // A value in [0, 1] varies at most as a Bernoulli; 4 deviations and one whole case of slack.
            let slack = 4.0 * (n * expected * (1.0 - expected)).sqrt() + 1.0;
            assert!(
                (sum - n * expected).abs() < slack,
                "{}: {sum} of {n}, truly {expected}",
                truth.id
            );
        }
        assert_eq!(truth.drifts, truth.id == "phishing-triage");
    }
    let truth = soc.truth();
    let phishing = truth
        .iter()
        .find(|t| t.id == "phishing-triage")
        .expect("it is there");
    assert!(
        (0.01..0.02).contains(&phishing.deviation_before),
        "{phishing:?}"
    );
    assert!(
        (0.08..0.10).contains(&phishing.deviation_after),
        "{phishing:?}"
    );
}

#[test]
fn the_drift_can_be_moved() {
    let soc = Soc::reference(4, OPENED).with_drift_at(i64::MAX);
    let all = live(cases(soc.events(OPENED, OPENED + NINETY_DAYS)));
    let truth = soc.truth();
    let phishing = truth
        .iter()
        .find(|t| t.id == "phishing-triage")
        .expect("it is there");
    let closed = by_process(&all, "phishing-triage");
    let (n, sum) = deviation(closed.iter().filter(|c| c.is_closed()), phishing.severities);
    assert!(
        (sum / n - phishing.deviation_before).abs() < 0.01,
        "{sum} of {n}"
    );
}

#[test]
fn lateness_is_the_true_one() {
    let runs = live_histories();
    for truth in Soc::reference(1, OPENED).truth() {
        let Some(hours) = truth.limit_hours else {
            assert!(
                truth.late_ratio == 0.0,
                "{}: late without a limit",
                truth.id
            );
            continue;
        };
        let (mut n, mut late) = (0.0, 0.0);
        for case in runs.iter().flat_map(BTreeMap::values) {
            // Only cases that had the time to be late.
            let limit_us = i64::from(hours) * HOUR_US;
            if case.process == truth.id && case.start_us() + 2 * limit_us < OPENED + NINETY_DAYS {
                let last_us = case.events.last().expect("not empty").time_us;
                n += 1.0;
                late += f64::from(u8::from(last_us - case.start_us() > limit_us));
            }
        }
        let ratio = late / n;
        let slack = 0.005 + 4.0 * (truth.late_ratio * (1.0 - truth.late_ratio) / n).sqrt();
        eprintln!("{}: late {ratio:.4} of {n}", truth.id);
        assert!(
            (ratio - truth.late_ratio).abs() < slack,
            "{}: {ratio}",
            truth.id
        );
    }
}

/// The three reference scenarios must measure as on the drawing, for every seed.
#[test]
fn reference_scenarios_have_their_size_and_frequency() {
    for (seed, all) in SEEDS.into_iter().zip(live_histories()) {
        for truth in Soc::reference(seed, OPENED).truth() {
            let size = size(truth.id, all);
            let rate = by_process(all, truth.id).len() as f64 / WEEKS;
            eprintln!(
                "{seed:>5} {:<24} {:>7.2}/week N {:>6.1} {size:.1?}",
                truth.id,
                rate,
                size.total()
            );
        }
        let total = |id| size(id, all).total();
        let rate = |id| by_process(all, id).len() as f64 / WEEKS;
        let desk = size("service-desk", all);
        // Also in the band for a reader who does not count the closing event as a step.
        assert!(desk.total() <= 6.0 && desk.total() - 1.0 > 3.0, "{desk:?}");
        assert!(rate("service-desk") >= 7.0);
        let incident = total("incident-response");
        assert!(incident > 120.0 && incident <= 400.0, "{seed}: {incident}");
        assert!(rate("incident-response") < 1.0);
        let isolate = total("isolate-host");
        assert!(isolate > 6.0 && isolate <= 30.0, "{seed}: {isolate}");
        let isolations = rate("isolate-host");
        assert!(isolations > 0.0 && isolations < 1.0, "{seed}: {isolations}");
    }
}

#[test]
fn catalog_declares_every_process() {
    let soc = Soc::reference(1, OPENED);
    let yaml: serde_json::Value = serde_saphyr::from_str(&soc.catalog_yaml()).expect("YAML");
    let declared = yaml["processes"].as_array().expect("a list");
    let ids: BTreeSet<&str> = declared.iter().filter_map(|p| p["id"].as_str()).collect();
    let truth = soc.truth();
    assert_eq!(ids, truth.iter().map(|t| t.id).collect());
    for (process, truth) in declared.iter().zip(&truth) {
        assert_eq!(process["id"], truth.id);
        assert_eq!(
            process["criticality"]["outcome"],
            truth.outcome_criticality.word()
        );
        let outcomes = process["outcomes"].as_object().expect("a map");
        assert_eq!(outcomes.len(), truth.severities.len());
        for (name, severity) in truth.severities {
            let declared = &outcomes[*name];
            let declared = declared.get("severity").unwrap_or(declared);
            assert_eq!(declared.as_f64(), Some(*severity), "{}: {name}", truth.id);
        }
    }
}

#[test]
fn history_has_the_size_of_a_demo_and_nights() {
    let events = history(42);
    assert!(
        (150_000..350_000).contains(&events.len()),
        "{} events",
        events.len()
    );
    let at_hour = |hour| {
        let of_hour = events
            .iter()
            .filter(|e| e.time_us.rem_euclid(DAY_US) / HOUR_US == hour);
        of_hour.count()
    };
    assert!(at_hour(10) > 2 * at_hour(3), "nights dip");
}
