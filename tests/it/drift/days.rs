//! Which days drift judges, and what becomes of alarms, at instants that the test chooses: the engine without a daemon.

use crate::support::in_process::{compiled, decoded};
use std::fmt::Write as _;
use std::ops::Range;
use std::path::Path;
use toleranced::internals::Config;
use toleranced::internals::Mapping;
use toleranced::internals::{AlarmRow, MarkKind, MarkRow, Span, Store};
use toleranced::internals::{Day, HOUR_US, Time};
use toleranced::internals::{Delivery, Engine};
use toleranced::internals::{Ended, ProcessDrift, Stream};
use toleranced::internals::{KeptDrift, kept_drift};

/// 2026-01-01.
const FIRST: Day = Day(20_454);

/// Cases that begin in a day, two in an hour.
const CASES: i32 = 40;

const MAPPING: &str = "format: ndjson\nprocess: process\ncase: case\nactivity: activity\ntime: time\nexecutor: executor\n\
    outcome: outcome\n";

/// Events that say when a case has ended.
const ENDING: &str = "lifecycle: { path: lifecycle, default: step }\n";

/// An engine whose clock is the test's.
struct Bench {
    folder: tempfile::TempDir,
    mapping: Mapping,
    engine: Engine,
    deliveries: u64,
}

fn config(folder: &Path) -> Config {
    let text = "data_dir: data\ncatalog: catalog.yaml\ndrift: {false_alarms_per_year: 12}\n";
    Config::parse(text, &folder.join("toleranced.yaml")).unwrap()
}

/// At noon of a day, counted from the first.
fn noon(nth: i32) -> Time {
    (FIRST + nth).start().plus(Span(12 * HOUR_US))
}

impl Bench {
    fn new(mapping: &str, process: &str) -> Bench {
        let folder = tempfile::tempdir().unwrap();
        let catalog = format!("processes:\n- {{ id: p, criticality: low, {process} }}\n");
        std::fs::write(folder.path().join("catalog.yaml"), catalog).unwrap();
        Bench {
            mapping: compiled(mapping, "p"),
            engine: Engine::open(config(folder.path()), noon(0)).unwrap(),
            folder,
            deliveries: 0,
        }
    }

    fn deliver(&mut self, lines: &str, now: Time) {
        self.deliveries += 1;
        let delivery = Delivery {
            source: "in".into(),
            batch: decoded(&self.mapping, self.deliveries, lines),
            ..Delivery::default()
        };
        self.engine.take(delivery, now).unwrap();
    }

    fn restart(mut self, now: Time) -> Bench {
        let config = config(self.folder.path());
        drop(self.engine);
        self.engine = Engine::open(config, now).unwrap();
        self
    }

    /// What is found as of an instant.
    fn drift(&mut self, now: Time) -> ProcessDrift {
        self.engine.rescore(now).unwrap();
        let config = config(self.folder.path());
        let (processes, _) = kept_drift(self.engine.store(), &config).unwrap();
        let [KeptDrift { drift, .. }] = &processes[..] else {
            panic!("{processes:?}")
        };
        drift.clone()
    }

    fn alarms(&self) -> Vec<AlarmRow> {
        self.engine.store().alarms().unwrap()
    }

    fn deviation_alarm(&self) -> AlarmRow {
        let alarms = self.alarms();
        let mut of_stream = alarms.iter().filter(|row| row.stream == "deviation");
        let (alarm, other) = (of_stream.next().cloned(), of_stream.next());
        assert_eq!(other, None);
        alarm.unwrap()
    }

    fn agree(&self, nth: i32, now: Time) {
        let mark = MarkRow {
            day: FIRST + nth,
            process: "p".to_owned(),
            kind: MarkKind::Rebaseline,
            text: "agreed".to_owned(),
            by: "SOC lead".to_owned(),
            noted_at: now.0,
        };
        self.engine.store().add_mark(&mark).unwrap();
    }
}

fn watches(drift: &ProcessDrift, stream: Stream) -> bool {
    drift.streams.iter().any(|state| state.stream == stream)
}

/// A number from 0 to 1 that only depends on the case.
fn random(nth: i32, case: i32) -> f64 {
    let mut x = (nth as u64 * 1_000 + case as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((x ^ (x >> 31)) >> 11) as f64 / (1u64 << 53) as f64
}

fn event(lines: &mut String, case: &str, time: Time, what: &str) {
    writeln!(
        lines,
        r#"{{"process":"p","case":"{case}","time":"{time}","executor":"human",{what}}}"#
    )
    .unwrap();
}

/// When a case begins, and when it ends some minutes and whole days later.
fn times(nth: i32, case: i32, days: i32) -> (Time, Time) {
    let hour = i64::from(case / 2) * HOUR_US;
    let minutes = 5 + (50.0 * random(nth, case)) as i64;
    let end = (FIRST + nth + days)
        .start()
        .plus(Span(hour + minutes * (HOUR_US / 60)));
    ((FIRST + nth).start().plus(Span(hour)), end)
}

const OPEN: &str = r#""activity":"open""#;

/// Days of cases that end by an event, of which a share is bad: from the day 60 on it is another.
fn ended(days: Range<i32>) -> String {
    let mut lines = String::new();
    for nth in days {
        for case in 0..CASES {
            let (id, (begin, end)) = (format!("{nth}-{case}"), times(nth, case, 0));
            let share = if nth < 60 { 0.05 } else { 0.35 };
            let outcome = if random(nth, case + 500) < share {
                "bad"
            } else {
                "good"
            };
            event(&mut lines, &id, begin, OPEN);
            let close = format!(r#""activity":"close","lifecycle":"end","outcome":"{outcome}""#);
            event(&mut lines, &id, end, &close);
        }
    }
    lines
}

fn ending() -> Bench {
    Bench::new(
        &format!("{MAPPING}{ENDING}"),
        "outcomes: { good: 0, bad: 1 }",
    )
}

#[test]
fn cases_that_end_by_being_idle_give_no_alarm_at_the_edge() {
    let process = "ends: { activities: [Closed], idle: 7d }, outcomes: { open: 0, Closed: 0 }";
    let mut bench = Bench::new(MAPPING, process);
    for (days, last) in [(0..70, 69), (70..77, 76), (77..84, 83)] {
        let mut lines = String::new();
        for nth in days {
            for case in 0..CASES {
                let (id, (begin, end)) = (format!("{nth}-{case}"), times(nth, case, 0));
                event(&mut lines, &id, begin, OPEN);
                // One in five is left as it is.
                if case % 5 > 0 {
                    event(&mut lines, &id, end, r#""activity":"Closed""#);
                }
            }
        }
        bench.deliver(&lines, noon(last + 1));
        let drift = bench.drift(noon(last + 1));
        assert_eq!(drift.alarms, [], "{last}");
        // The day of the latest event has not ended, and seven days before it have not settled.
        assert_eq!(drift.until, Some(FIRST + last - 1 - 7));
        assert!(watches(&drift, Stream::OutcomeMix));
    }
}

#[test]
fn cases_that_nothing_ends_give_no_alarm_at_the_edge() {
    let mut bench = Bench::new(MAPPING, "outcomes: { open: 0, close: 0 }");
    let mut lines = String::new();
    for nth in 0..84 {
        for case in 0..CASES {
            let (id, (begin, end)) = (format!("{nth}-{case}"), times(nth, case, 3));
            event(&mut lines, &id, begin, OPEN);
            if nth + 3 < 84 {
                event(&mut lines, &id, end, r#""activity":"close""#);
            }
        }
    }
    bench.deliver(&lines, noon(84));
    let drift = bench.drift(noon(84));
    assert_eq!(drift.alarms, []);
    // Nearly all take three days and some minutes, so four days have not settled.
    assert_eq!(drift.until, Some(FIRST + 82 - 4));
    assert!(watches(&drift, Stream::OutcomeMix));
    // No case counts as ended before the day 3.
    assert_eq!(drift.baseline.unwrap().from, "2026-01-04");
}

#[test]
fn a_case_that_began_long_ago_does_not_spoil_the_baseline() {
    let mut bench = ending();
    let mut lines = ended(0..59);
    event(&mut lines, "old", noon(-300), OPEN);
    let close = r#""activity":"close","lifecycle":"end","outcome":"good""#;
    event(&mut lines, "old", noon(5), close);
    bench.deliver(&lines, noon(59));
    let drift = bench.drift(noon(59));
    let baseline = drift.baseline.unwrap();
    assert_eq!(
        (baseline.from.as_str(), baseline.cases_per_day),
        ("2026-01-01", 40.0)
    );
    assert_eq!(drift.alarms, []);
}

#[test]
fn a_source_that_is_configured_no_longer_has_not_gone_on_after_a_restart_either() {
    let mut bench = ending();
    bench.deliver(&ended(0..59), noon(59));
    let before = bench.drift(noon(120));
    assert_eq!(before.until, Some(FIRST + 57));
    assert_eq!(before.alarms, []);
    // The configuration names no source.
    let mut bench = bench.restart(noon(120));
    assert_eq!(bench.drift(noon(120)), before);
    assert_eq!(bench.alarms(), []);
}

#[test]
fn who_calls_the_onset_the_new_baseline_keeps_the_alarm_as_one_that_was_true() {
    let mut bench = ending();
    bench.deliver(&ended(0..84), noon(84));
    bench.drift(noon(84));
    let alarm = bench.deviation_alarm();
    assert!(alarm.is_open() && alarm.raised >= FIRST + 60, "{alarm:?}");
    bench.agree(60, noon(84));
    let drift = bench.drift(noon(84));
    assert!(
        drift.baseline.is_none() && drift.streams.is_empty(),
        "being learned"
    );
    let over = bench.deviation_alarm();
    assert_eq!(
        (over.id, over.how.as_deref()),
        (alarm.id, Some("rebaselined"))
    );
    assert_eq!(over.ended, Some(FIRST + 84), "the day on which it was said");
    // Reports tell of it all the same.
    let told = drift.alarms.iter();
    let told: Vec<_> = told
        .filter(|alarm| alarm.stream == Stream::Deviation)
        .collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0].raised, alarm.raised);
    assert_eq!(told[0].ended, Some((FIRST + 84, Ended::Rebaselined)));
    // And so it stays.
    let mut bench = bench.restart(noon(90));
    bench.drift(noon(90));
    assert_eq!(bench.deviation_alarm(), over);
}

#[test]
fn who_calls_today_the_new_baseline_ends_alarms_though_the_source_lags() {
    let mut bench = ending();
    bench.deliver(&ended(0..84), noon(84));
    bench.drift(noon(100));
    assert!(bench.deviation_alarm().is_open());
    bench.agree(100, noon(100));
    bench.drift(noon(100));
    let over = bench.deviation_alarm();
    assert_eq!(over.how.as_deref(), Some("rebaselined"));
    assert_eq!(over.ended, Some(FIRST + 100));
}

#[test]
fn what_failed_to_be_written_raises_no_alarm_twice() {
    let mut bench = ending();
    bench.deliver(&ended(0..84), noon(84));
    let file = Store::file_in(&config(bench.folder.path()).data_dir);
    let db = rusqlite::Connection::open(file).unwrap();
    // What is written last of all fails, when the alarms are written already.
    db.execute_batch(
        "CREATE TRIGGER full BEFORE INSERT ON meta WHEN NEW.key = 'drift_terms'
         BEGIN SELECT RAISE(ABORT, 'disk full'); END",
    )
    .unwrap();
    assert!(bench.engine.rescore(noon(84)).is_err());
    let written = bench.alarms();
    assert!(!written.is_empty());
    db.execute_batch("DROP TRIGGER full").unwrap();
    bench.drift(noon(84));
    assert_eq!(bench.alarms(), written);
}

#[test]
fn days_that_come_before_the_first_one_leave_an_alarm_acknowledged() {
    let mut bench = ending();
    bench.deliver(&ended(10..84), noon(84));
    bench.drift(noon(84));
    let alarm = bench.deviation_alarm();
    let store = bench.engine.store();
    assert!(store.acknowledge(alarm.id, "SOC lead", "known", 1).unwrap());
    bench.deliver(&ended(0..10), noon(84));
    let drift = bench.drift(noon(84));
    assert_eq!(drift.baseline.unwrap().from, "2026-01-01");
    let after = bench.deviation_alarm();
    assert_eq!((after.id, after.epoch), (alarm.id, FIRST));
    assert_eq!(after.acknowledged_by.as_deref(), Some("SOC lead"));
    assert!(after.is_open());
}
