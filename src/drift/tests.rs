//! Does drift hold what it promises? Simulated processes whose truth is known.

mod driver;
mod holidays;
mod process;
mod shown;

use super::critical::CriticalRates;
use super::*;
use crate::model::{Day, Names};
use crate::rules::DriftTerms;
use process::{Nature, Process, Ways, epoch};

const YEAR: i32 = 365;

fn alarms(
    seed: u64,
    ways: Ways,
    (budget, terms): (&Budget, &DriftTerms),
    nature: impl Fn(Day) -> Nature,
) -> Vec<Alarm> {
    let epoch = epoch(Process::new(seed, ways), Day(YEAR), terms, nature);
    fold(&[epoch], Day(YEAR - 1), budget, terms).alarms
}

/// The natures and ways of processes that do not change, and what their baselines need.
fn stable() -> Vec<(&'static str, Ways, Nature, (i64, i32))> {
    let (ways, nature) = (Ways::default(), Nature::default());
    let weekly = Nature {
        wrong: (0.03, 0.10),
        ..nature
    };
    let small = Nature {
        rate: 5.0,
        ..nature
    };
    let dependent = Ways {
        dependence: 0.2,
        ..ways
    };
    let weekends = Ways {
        weekend: 0.3,
        ..ways
    };
    let swelling = Ways {
        swell: Some(120.0),
        ..ways
    };
    let heavy = Ways {
        heavy: true,
        ..ways
    };
    vec![
        ("independent, log-normal durations", ways, nature, (300, 28)),
        ("t5 durations", heavy, nature, (300, 28)),
        ("dependence 0.2", dependent, nature, (300, 28)),
        ("weekly pattern", weekends, weekly, (300, 28)),
        ("changing volume", swelling, nature, (300, 28)),
        ("baseline of 200", ways, nature, (200, 7)),
        ("baseline of 500", ways, nature, (500, 7)),
        ("five cases a day", ways, small, (300, 28)),
    ]
}

#[test]
fn false_alarms_are_as_far_apart_as_promised() {
    const RUNS: u64 = 8;
    let budget = Budget::new(12.0, 1);
    let mut all = 0.0;
    let mut years = 0.0;
    for (name, ways, nature, (baseline_cases, baseline_days)) in stable() {
        let terms = DriftTerms {
            baseline_cases,
            baseline_days,
            ..DriftTerms::default()
        };
        let mut count = 0.0;
        for seed in 0..RUNS {
            for alarm in alarms(seed, ways, (&budget, &terms), |_| nature) {
                // The number of cases does change where it swells: that is no false alarm.
                let is_true = ways.swell.is_some()
                    && matches!(alarm.stream, Stream::FrequencyUp | Stream::FrequencyDown);
                count += f64::from(u8::from(!is_true));
            }
        }
        // With 1.5 expected in each of these, six or more are a chance of 1 in 200.
        assert!(count <= 5.0, "{name}: {count} false alarms");
        all += count;
        years += RUNS as f64 * f64::from(YEAR - 61) / 365.25;
    }
    let expected = budget.expected_per_year(Day(0), 1) * years;
    assert!(
        all <= 2.0 * expected,
        "{all} false alarms, {expected:.1} expected"
    );
}

/// How many of `RUNS` processes of a fleet of 1,000 give an alarm on a stream after they changed in the middle of the year,
/// and the median delay in days.
fn found(stream: Stream, after: Nature) -> (usize, i32) {
    let (budget, terms) = (Budget::new(12.0, 1_000), DriftTerms::default());
    let mut delays: Vec<i32> = (0..RUNS)
        .filter_map(|seed| {
            let nature = |day| {
                if day < Day(182) {
                    Nature::default()
                } else {
                    after
                }
            };
            let found = alarms(seed, Ways::default(), (&budget, &terms), nature);
            let alarm = found.iter().find(|alarm| alarm.stream == stream)?;
            assert!(alarm.raised >= Day(182), "too early: {alarm:?}");
            assert!((alarm.onset - Day(182)).abs() <= 30, "{alarm:?}");
            Some(alarm.raised - Day(181))
        })
        .collect();
    delays.sort_unstable();
    (
        delays.len(),
        delays.get(delays.len() / 2).copied().unwrap_or(0),
    )
}

const RUNS: u64 = 12;

#[test]
fn each_kind_of_change_is_found() {
    let is = Nature::default();
    let wrong = (0.15, 0.15);
    let mix = (0.6, 0.3);
    for (stream, after, most_days) in [
        (Stream::Deviation, Nature { wrong, ..is }, 25),
        (Stream::DurationDispersion, Nature { spread: 1.6, ..is }, 6),
        (Stream::DurationLocation, Nature { shift: 0.4, ..is }, 10),
        (Stream::DurationLocation, Nature { shift: -0.4, ..is }, 10),
        (
            Stream::OutcomeMix,
            Nature {
                outcomes: mix,
                ..is
            },
            20,
        ),
        (Stream::InputVariance, Nature { fickle: 0.1, ..is }, 25),
        (Stream::PathNovelty, Nature { novel: 0.1, ..is }, 12),
        (Stream::FrequencyUp, Nature { rate: 70.0, ..is }, 18),
        (Stream::FrequencyDown, Nature { rate: 20.0, ..is }, 18),
    ] {
        let (count, days) = found(stream, after);
        assert_eq!(count, RUNS as usize, "{stream}");
        assert!(days <= most_days, "{stream}: {days} days at the median");
    }
}

#[test]
fn an_alarm_says_which_way_and_how_far() {
    let (budget, terms) = (Budget::new(12.0, 1_000), DriftTerms::default());
    let after = Nature {
        wrong: (0.2, 0.2),
        spread: 0.3,
        ..Nature::default()
    };
    let nature = |day| {
        if day < Day(182) {
            Nature::default()
        } else {
            after
        }
    };
    let found = alarms(1, Ways::default(), (&budget, &terms), nature);
    let of = |stream| found.iter().find(|alarm| alarm.stream == stream).unwrap();
    let deviation = of(Stream::Deviation);
    assert_eq!(deviation.direction, Direction::Up);
    assert!((0.03..0.07).contains(&deviation.before), "{deviation:?}");
    assert!((0.14..0.26).contains(&deviation.now), "{deviation:?}");
    assert!(deviation.evidence >= 1.0 && deviation.is_open());
    assert_eq!(of(Stream::DurationDispersion).direction, Direction::Down);
    let mix = of(Stream::OutcomeMix);
    assert_eq!(mix.outcome, Some(process::BAD));
}

#[test]
fn one_drift_is_one_alarm_and_ends_when_the_process_is_as_it_was() {
    let (budget, terms) = (Budget::new(12.0, 1_000), DriftTerms::default());
    let bad = Nature {
        wrong: (0.25, 0.25),
        ..Nature::default()
    };
    let nature = |day| {
        if (Day(120)..Day(200)).contains(&day) {
            bad
        } else {
            Nature::default()
        }
    };
    for seed in 0..5 {
        let found = alarms(seed, Ways::default(), (&budget, &terms), nature);
        let deviation = found
            .iter()
            .filter(|alarm| alarm.stream == Stream::Deviation);
        let [alarm] = deviation.collect::<Vec<_>>()[..] else {
            panic!("{found:?}")
        };
        let (day, how) = alarm.ended.unwrap();
        assert_eq!(how, Ended::Resolved);
        assert!((Day(200)..Day(260)).contains(&day), "{alarm:?}");
    }
}

/// A process that changes on day 150, and a second epoch from then on.
fn two_epochs(cause: Cause) -> Vec<Epoch> {
    let terms = DriftTerms::default();
    let after = Nature {
        wrong: (0.25, 0.25),
        ..Nature::default()
    };
    let nature = move |day| {
        if day < Day(150) {
            Nature::default()
        } else {
            after
        }
    };
    let mut first = epoch(Process::new(4, Ways::default()), Day(250), &terms, nature);
    let mut process = Process::new(4, Ways::default());
    let days: Vec<_> = Day(0)
        .until(Day(250))
        .map(|day| process.day(day, &nature(day)))
        .collect();
    let parts: Vec<HourPart> = days[150..178].concat();
    let baseline = learn(&parts, (Day(150), Day(177)), Day(177), &Names::new());
    let digest = |day: Day| (day, baseline.digest(&days[day.0 as usize], None));
    let second = Epoch {
        start: Day(150),
        cause,
        digests: Day(150).until(Day(250)).map(digest).collect(),
        absorbed: Vec::new(),
        baseline: Some(baseline),
        critical: None,
    };
    first.digests.retain(|(day, _)| *day < Day(250));
    vec![first, second]
}

#[test]
fn what_a_known_change_brings_is_explained_and_becomes_the_new_baseline() {
    let (budget, terms) = (Budget::new(12.0, 1), DriftTerms::default());
    let epochs = two_epochs(Cause::Change("prompt 7".to_owned()));
    let drift = fold(&epochs, Day(249), &budget, &terms);
    let raised: Vec<&Alarm> = drift
        .alarms
        .iter()
        .filter(|a| a.stream == Stream::Deviation)
        .collect();
    assert_eq!(raised.len(), 1, "{raised:?}");
    assert_eq!(raised[0].explained_by.as_deref(), Some("prompt 7"));
    assert_eq!(raised[0].ended, Some((Day(178), Ended::Rebaselined)));
    let baseline = drift.baseline.unwrap();
    assert!(baseline.deviation > 0.2, "{baseline:?}");
    assert_eq!(drift.baseline_until, Some(Day(177)));
    // While the new baseline is being learned, the old one is watched.
    let learning = [
        epochs[0].clone(),
        Epoch {
            absorbed: Vec::new(),
            baseline: None,
            ..epochs[1].clone()
        },
    ];
    let drift = fold(&learning, Day(170), &budget, &terms);
    assert!(drift.open().any(|alarm| alarm.explained_by.is_some()));
}

#[test]
fn who_calls_it_the_new_baseline_hears_no_more_of_it() {
    let (budget, terms) = (Budget::new(12.0, 1), DriftTerms::default());
    let epochs = two_epochs(Cause::Rebaseline("as agreed".to_owned()));
    let drift = fold(&epochs, Day(249), &budget, &terms);
    let deviation = |alarm: &&Alarm| alarm.stream == Stream::Deviation;
    assert_eq!(
        drift.alarms.iter().filter(deviation).count(),
        0,
        "{:?}",
        drift.alarms
    );
}

#[test]
fn a_baseline_comes_back_as_it_was_and_damage_is_an_error() {
    let terms = DriftTerms::default();
    let epoch = epoch(Process::new(2, Ways::default()), Day(40), &terms, |_| {
        Nature::default()
    });
    let baseline = epoch.baseline.unwrap();
    let mut bytes = Vec::new();
    baseline.encode(&mut bytes);
    assert_eq!(Baseline::decode(&bytes).unwrap(), baseline);
    for cut in [0, 1, 17, bytes.len() / 2, bytes.len() - 1] {
        assert!(Baseline::decode(&bytes[..cut]).is_err(), "{cut}");
    }
}

#[test]
fn hours_add_up_to_days_in_any_order() {
    let terms = DriftTerms::default();
    let baseline = epoch(Process::new(2, Ways::default()), Day(40), &terms, |_| {
        Nature::default()
    })
    .baseline
    .unwrap();
    let mut parts = Process::new(3, Ways::default()).day(Day(77), &Nature::default());
    let whole = baseline.digest(&parts, Some(process::BAD));
    parts.reverse();
    assert_eq!(baseline.digest(&parts, Some(process::BAD)), whole);
    assert!(whole.cases > 10 && whole.starts == whole.cases);
}

#[test]
fn what_nearly_always_happens_and_what_seldom_comes_give_no_alarm_for_want_of_news() {
    // Half a case a day, always of the same outcome, over four years, at the threshold of a single process.
    let (budget, terms) = (Budget::new(12.0, 1), DriftTerms::default());
    let rare = Nature {
        rate: 0.5,
        wrong: (0.0, 0.0),
        novel: 0.0,
        ..Nature::default()
    };
    let epoch = epoch(
        Process::new(1, Ways::default()),
        Day(4 * YEAR),
        &terms,
        |_| rare,
    );
    let drift = fold(&[epoch], Day(4 * YEAR - 1), &budget, &terms);
    assert!(drift.baseline.is_some());
    let streams: Vec<Stream> = drift.alarms.iter().map(|alarm| alarm.stream).collect();
    assert!(streams.len() <= 1, "{streams:?}");
}

#[test]
fn a_process_without_a_single_case_after_its_baseline_has_stopped() {
    let (budget, terms) = (Budget::new(12.0, 1_000), DriftTerms::default());
    let mut epoch = epoch(Process::new(2, Ways::default()), Day(60), &terms, |_| {
        Nature::default()
    });
    let last = epoch.baseline.as_ref().unwrap().last;
    epoch.digests.retain(|(day, _)| *day <= last);
    let drift = fold(&[epoch], last + 10, &budget, &terms);
    let [alarm] = &drift.alarms[..] else {
        panic!("{:?}", drift.alarms)
    };
    assert_eq!(alarm.stream, Stream::FrequencyDown);
    // A single day is never enough, however empty.
    assert!(
        alarm.raised > last + 1 && alarm.raised <= last + 5,
        "{alarm:?}"
    );
    assert_eq!(drift.days.len(), 10);
}

#[test]
fn a_critical_outcome_has_a_chart_of_its_own() {
    let (budget, terms) = (Budget::new(12.0, 20), DriftTerms::default());
    let rates = CriticalRates {
        acceptable: 0.05,
        unacceptable: 0.10,
    };
    let run = |after: f64| {
        let nature = |day| Nature {
            wrong: if day < Day(182) {
                (0.04, 0.04)
            } else {
                (after, after)
            },
            ..Nature::default()
        };
        let mut epoch = epoch(Process::new(5, Ways::default()), Day(YEAR), &terms, nature);
        epoch.critical = Some(rates);
        let drift = fold(&[epoch], Day(YEAR - 1), &budget, &terms);
        let mut alarms = drift.alarms.into_iter();
        alarms.find(|alarm| alarm.stream == Stream::CriticalOutcome)
    };
    assert_eq!(run(0.04), None);
    let alarm = run(0.15).unwrap();
    assert!((Day(182)..Day(200)).contains(&alarm.raised), "{alarm:?}");
    assert!((Day(180)..Day(190)).contains(&alarm.onset), "{alarm:?}");
    assert_eq!(alarm.before, 0.05);
    assert!((0.1..0.2).contains(&alarm.now), "{alarm:?}");
    assert!(alarm.is_open());
}

#[test]
fn how_soon_follows_from_the_size_of_the_change() {
    let (budget, terms) = (Budget::new(12.0, 20), DriftTerms::default());
    let epoch = epoch(Process::new(5, Ways::default()), Day(120), &terms, |_| {
        Nature::default()
    });
    let soon = |altered| how_soon(&epoch, Day(119), altered, &budget, &terms).unwrap();
    let (double, triple) = (soon(Altered::Deviation(2.0)), soon(Altered::Deviation(3.0)));
    assert!(
        triple.found == triple.of && triple.median < double.median,
        "{double:?} {triple:?}"
    );
    let halved = soon(Altered::Frequency(0.5));
    assert!(
        halved.found == halved.of && halved.median.is_some_and(|days| days <= 10),
        "{halved:?}"
    );
    let young = Epoch {
        digests: Vec::new(),
        ..epoch
    };
    let last = young.baseline.as_ref().unwrap().last;
    assert!(how_soon(&young, last, Altered::Deviation(2.0), &budget, &terms).is_err());
}

#[test]
fn days_without_cases_are_drawn_as_well() {
    let (budget, terms) = (Budget::new(12.0, 20), DriftTerms::default());
    // Two days of five are free, whatever weekday they are.
    let nature = |day: Day| Nature {
        rate: if day.0 % 5 < 2 { 0.0 } else { 20.0 },
        ..Nature::default()
    };
    let mut epoch = epoch(Process::new(5, Ways::default()), Day(160), &terms, nature);
    let soon = |epoch: &Epoch| {
        how_soon(epoch, Day(159), Altered::Frequency(2.0), &budget, &terms).unwrap()
    };
    let whole = soon(&epoch);
    // The database has no row for a day without cases.
    epoch.digests.retain(|(_, digest)| digest.starts > 0);
    assert_eq!(soon(&epoch), whole);
}
