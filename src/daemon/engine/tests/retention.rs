//! What is measured does not depend on whether old cases were removed.

use super::*;
use crate::measure::BucketKey;
use crate::query::{PastView, Rules, past_scores};
use crate::score::ProcessScore;
use proptest::prelude::*;
use std::fmt::Write;

const DAY: i64 = 24 * 60;

const MAPPING: &str = "format: ndjson\nprocess: process\ncase: case\nactivity: activity\ntime: time\nevent_id: id\n\
    input: input\nexecutor: executor\nlifecycle: { path: lifecycle, default: step }\noutcome: outcome\nparent: parent\n\
    exercise: mode == 'drill'\nshadow: mode == 'shadow'\n";

/// Declared ends, time-outs, and processes without an end.
const CATALOG: &str = "processes:\n  - { id: p0, outcomes: { good: 0, bad: 1 }, ends: { activities: [close] } }\n\
    \x20 - { id: p1, ends: { idle: 9h }, outcomes: { good: 0 } }\n";

/// The longest time-out of the catalog, in minutes.
const IDLE: i64 = 9 * 60;

fn config(folder: &Path, retention: Option<Span>) -> Config {
    std::fs::write(folder.join("map.yaml"), MAPPING).unwrap();
    let tolerance = crate::internals::DEFAULT_TOLERANCE.replace("cases: 300", "cases: 4");
    std::fs::write(folder.join("tolerance.yaml"), tolerance).unwrap();
    let catalog = folder.join("catalog.yaml");
    if !catalog.exists() {
        std::fs::write(&catalog, CATALOG).unwrap();
    }
    let text = "data_dir: data\ncatalog: catalog.yaml\ntolerance: tolerance.yaml\nscore: {window: 2d}\n\
         limits: {cached_cases: 5}\nsources: [{name: in, type: drop, paths: [in], mapping: map.yaml}]\n";
    let config = Config::parse(text, &folder.join("toleranced.yaml")).unwrap();
    Config {
        retention,
        ..config
    }
}

/// An engine with its folder.
struct Bench {
    folder: tempfile::TempDir,
    retention: Option<Span>,
    engine: Option<Engine>,
}

impl Bench {
    fn new(retention: Option<Span>) -> Bench {
        let folder = tempfile::tempdir().unwrap();
        let mut bench = Bench {
            folder,
            retention,
            engine: None,
        };
        bench.restart(0);
        bench
    }

    fn restart(&mut self, minute: i64) {
        self.engine = None;
        let config = config(self.folder.path(), self.retention);
        self.engine = Some(Engine::open(config, at(minute)).unwrap());
    }

    /// Restarts with a catalog that says the same in another text.
    fn recount(&mut self, minute: i64) {
        let file = self.folder.path().join("catalog.yaml");
        let text = std::fs::read_to_string(&file).unwrap();
        std::fs::write(&file, format!("{text}# The same.\n")).unwrap();
        self.restart(minute);
    }

    fn engine(&mut self) -> &mut Engine {
        self.engine.as_mut().unwrap()
    }

    fn take(&mut self, lines: &str, minute: i64) {
        let file = Path::new("map.yaml");
        let spec = MappingSpec::parse(MAPPING, file).unwrap();
        let circumstances = Circumstances {
            default_process: "p",
            namespace: "in",
            latest: Time(i64::MAX),
        };
        let mapping = compile(&spec, file, circumstances).unwrap();
        let mut batch = EventBatch::default();
        LineDecoder::new(&mapping).decode(1, 0, lines.as_bytes(), &mut batch);
        assert!(batch.rejects.is_empty(), "{:?}", batch.rejects);
        let delivery = Delivery {
            source: "in".into(),
            batch,
            ..Delivery::default()
        };
        self.engine().take(delivery, at(minute)).unwrap();
        self.engine().commit().unwrap();
    }

    /// Scores, removes what is old, and scores again.
    fn score(&mut self, minute: i64) {
        let engine = self.engine();
        engine.stop_removal();
        engine.rescore(at(minute)).unwrap();
        while engine.is_removing() {
            engine.remove_some().unwrap();
        }
        engine.rescore(at(minute)).unwrap();
        engine.stop_removal();
    }

    fn buckets(&mut self) -> Vec<(BucketKey, Sums)> {
        let mut all = Vec::new();
        let mut each = |key, sums: Sums| all.push((key, without_open(sums)));
        let store = &self.engine().store;
        store.each_bucket(Hour::MIN, Hour::MAX, &mut each).unwrap();
        all.retain(|(_, sums)| !sums.is_zero());
        all
    }

    fn totals(&mut self) -> Vec<String> {
        let rows = self.engine().store.totals().unwrap();
        let shown = rows.into_iter().map(|row| {
            let sums = without_open(row.sums);
            format!("{:?} {} {} {sums:?}", row.process, row.executor, row.origin)
        });
        let mut all: Vec<String> = shown.collect();
        all.sort();
        all
    }

    fn counters(&mut self) -> BTreeMap<(String, String), i64> {
        let rows = self.engine().store.counters().unwrap().rows.into_iter();
        rows.filter(|row| row.name != metrics::CASES_REMOVED.name)
            .map(|row| ((row.name, row.labels), row.value))
            .collect()
    }

    /// Cases that are open, and open ones that were removed.
    fn open(&mut self) -> (i64, i64) {
        let store = &self.engine().store;
        let open = |rows: Vec<crate::store::TotalRow>| rows.iter().map(|row| row.sums.open).sum();
        (
            open(store.totals().unwrap()),
            open(store.removed_totals().unwrap()),
        )
    }

    fn number(&mut self, query: &str) -> i64 {
        let file = Store::file_in(&self.folder.path().join("data"));
        let db = rusqlite::Connection::open(file).unwrap();
        db.query_row(query, [], |row| row.get(0)).unwrap()
    }

    fn rows(&mut self, table: &str) -> i64 {
        self.number(&format!("SELECT count(*) FROM {table}"))
    }

    fn scores(&mut self) -> String {
        serde_json::to_string_pretty(self.engine().scores()).unwrap()
    }

    /// The scores as of an instant, from the cases.
    fn past(&mut self, minute: i64) -> (Vec<ProcessScore>, u64, u64, bool) {
        let store = Store::open_read_only(&self.folder.path().join("data")).unwrap();
        let rules = Rules::latest(&store).unwrap();
        let view = PastView {
            rules: &rules,
            as_of: at(minute),
            cases_of: Some(("p0", 1_000)),
        };
        let past = past_scores(&store, &[view], &mut |_| {}).unwrap().remove(0);
        let behind = past.behind.len() as u64 + past.removed.behind;
        (past.scores, past.cases, behind, past.removed.is_cut)
    }
}

fn without_open(mut sums: Sums) -> Sums {
    sums.set_open(&Sums::default());
    sums
}

#[derive(Clone, Debug)]
struct Event {
    case: u8,
    activity: u8,
    minute: i64,
    outcome: u8,
    executor: u8,
}

fn event() -> impl Strategy<Value = Event> {
    (0u8..24, 0u8..4, 0i64..6 * DAY, 0u8..4, 0u8..4).prop_map(
        |(case, activity, minute, outcome, executor)| Event {
            case,
            activity,
            // Cases last up to a day.
            minute: i64::from(case % 6) * DAY + minute % DAY,
            outcome,
            executor,
        },
    )
}

fn line(nth: usize, event: &Event) -> String {
    let time = at(event.minute).0 / 1000;
    let (case, activity) = (
        event.case,
        ["a", "b", "c", "close"][event.activity as usize],
    );
    let mut line = format!(
        "{{\"id\":\"e{nth}\",\"process\":\"p{}\",\"case\":\"c{case}\",\"activity\":\"{activity}\",\"time\":{time},\
         \"input\":\"i{}\"",
        case % 3,
        case % 4
    );
    let words = [
        ("outcome", ["good", "bad"].get(event.outcome as usize)),
        (
            "executor",
            ["human", "ai", "code"].get(event.executor as usize),
        ),
    ];
    for (field, word) in words {
        if let Some(word) = word {
            write!(line, ",\"{field}\":\"{word}\"").unwrap();
        }
    }
    if case >= 12 {
        // Of the same day: a case that names a removed one as its parent is another matter.
        write!(line, ",\"parent\":\"c{}\"", case - 6).unwrap();
    }
    match case {
        22 => line.push_str(",\"mode\":\"drill\""),
        20 | 23 => line.push_str(",\"mode\":\"shadow\""),
        _ => {}
    }
    line + "}\n"
}

/// Compares an engine that removes with one that does not.
fn check(with: &mut Bench, without: &mut Bench, minute: i64) {
    assert_eq!(with.buckets(), without.buckets(), "minute {minute}");
    assert_eq!(with.totals(), without.totals(), "minute {minute}");
    assert_eq!(with.counters(), without.counters(), "minute {minute}");
    let coverage = |bench: &mut Bench| bench.engine().store.coverage().unwrap();
    assert_eq!(coverage(with), coverage(without), "minute {minute}");
    assert_eq!(with.rows("ledger"), without.rows("ledger"));
    let (open, removed) = with.open();
    let (all_open, none) = without.open();
    assert_eq!((open + removed, none), (all_open, 0), "minute {minute}");
    let cases = with.rows("cases") + with.rows("removed_cases");
    assert_eq!(cases, without.rows("cases"), "minute {minute}");
    if removed == 0 {
        assert_eq!(with.scores(), without.scores(), "minute {minute}");
        // Retention is a day at least, so all that was removed had ended by then.
        for as_of in [minute, minute - 5 * 60] {
            let (then, expected) = (with.past(as_of), without.past(as_of));
            assert_eq!(then, expected, "as of minute {as_of}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn figures_with_and_without_removal_are_the_same(
        events in proptest::collection::vec(event(), 1..150),
        instants in proptest::collection::vec(0i64..6 * DAY, 1..4),
        retention in 1i64..4,
        all_end in any::<bool>(),
    ) {
        let mut events = events;
        if all_end {
            // One more event ends each case.
            let ends = (0..24).filter(|case| events.iter().any(|event| event.case == *case));
            let ends: Vec<Event> = ends.map(|case| Event {
                case, activity: 3, minute: i64::from(case % 6) * DAY + DAY, outcome: 0, executor: 1,
            }).collect();
            events.extend(ends);
        }
        let lines: Vec<String> = events.iter().enumerate().map(|(nth, event)| line(nth, event)).collect();
        let (early, late): (Vec<usize>, Vec<usize>) = (0..lines.len()).partition(|nth| events[*nth].case % 6 < 4);
        let some = |chosen: &[usize]| chosen.iter().map(|nth| lines[*nth].as_str()).collect::<String>();
        let mut benches = [Some(Span::days(retention)), None].map(Bench::new);
        let mut instants: Vec<i64> = instants.iter().map(|minute| 5 * DAY + minute).collect();
        instants.sort_unstable();
        for (nth, minute) in instants.iter().enumerate() {
            for bench in &mut benches {
                if nth == 0 {
                    bench.take(&some(&early), *minute);
                }
                if nth + 1 == instants.len() {
                    bench.take(&some(&late), *minute);
                }
                bench.score(*minute);
                // An export that comes again says nothing new.
                bench.take(&some(&early), *minute);
                bench.score(*minute);
            }
            let [with, without] = &mut benches;
            check(with, without, *minute);
        }
        let last = instants.last().copied().unwrap_or(0) + IDLE;
        for step in [Bench::score, Bench::restart, Bench::score, Bench::recount, Bench::score, Bench::restart, Bench::score] {
            let [with, without] = &mut benches;
            step(with, last);
            step(without, last);
            if with.engine().scores().is_empty() {
                continue;
            }
            check(with, without, last);
        }
    }
}

fn event_line(id: &str, case: &str, activity: &str, minute: i64, more: &str) -> String {
    let time = at(minute).0 / 1000;
    format!(
        "{{\"id\":\"{id}\",\"process\":\"p0\",\"case\":\"{case}\",\"activity\":\"{activity}\",\"time\":{time}{more}}}\n"
    )
}

const WEEK: Option<Span> = Some(Span::WEEK);

#[test]
fn open_case_leaves_the_open_ones_once_and_stays_counted_as_started() {
    let mut bench = Bench::new(WEEK);
    let lines = event_line("1", "left", "a", 0, "") + &event_line("2", "new", "a", 9 * DAY, "");
    bench.take(&lines, 9 * DAY);
    for step in [
        Bench::score,
        Bench::restart,
        Bench::recount,
        Bench::score,
        Bench::restart,
    ] {
        step(&mut bench, 9 * DAY);
        bench.score(9 * DAY);
        assert_eq!(bench.open(), (1, 1));
        let open: i64 = bench
            .engine()
            .open_cases()
            .iter()
            .map(|(_, _, open)| open)
            .sum();
        assert_eq!(open, 1);
        let started: i64 = bench.buckets().iter().map(|(_, sums)| sums.started()).sum();
        assert_eq!(started, 2);
        assert!(!bench.engine().sums.has_endless(NameId(1)));
        assert_eq!(
            seen(bench.engine(), metrics::CASES_REMOVED.name, &["p0"]),
            Some(1)
        );
    }
}

#[test]
fn known_event_of_a_removed_case_is_a_duplicate_and_a_later_one_is_rejected() {
    let mut bench = Bench::new(WEEK);
    let known = event_line("1", "old", "a", 0, "") + &event_line("2", "old", "close", 5, "");
    bench.take(&known, 9 * DAY);
    bench.score(9 * DAY);
    assert_eq!((bench.rows("cases"), bench.rows("removed_cases")), (0, 1));
    let before = (bench.buckets(), bench.totals());
    bench.restart(9 * DAY);
    bench.take(&known, 9 * DAY);
    let rejected = ["in", "case_removed"];
    let quarantined = metrics::QUARANTINED.name;
    assert_eq!(
        seen(bench.engine(), metrics::DUPLICATES.name, &["in"]),
        Some(2)
    );
    assert_eq!(seen(bench.engine(), quarantined, &rejected), Some(0));
    bench.take(&event_line("3", "old", "reopen", 9 * DAY, ""), 9 * DAY);
    assert_eq!(seen(bench.engine(), quarantined, &rejected), Some(1));
    let rows = bench
        .engine()
        .store
        .quarantined(&QuarantineFilter::default(), 9)
        .unwrap();
    assert_eq!(rows[0].reason, "case_removed");
    assert!(!rows[0].detail.contains("old"), "{}", rows[0].detail);
    assert_eq!((bench.rows("cases"), bench.rows("removed_cases")), (0, 1));
    assert_eq!((bench.buckets(), bench.totals()), before);
}

#[test]
fn case_stays_as_long_as_one_that_it_called_is_newer() {
    let mut bench = Bench::new(WEEK);
    let lines = [
        event_line("1", "top", "close", 0, ""),
        event_line("2", "middle", "close", 1, ",\"parent\":\"top\""),
        event_line("3", "low", "close", 6 * DAY, ",\"parent\":\"middle\""),
        event_line("4", "alone", "close", 2, ""),
        // Each names the other one, or itself.
        event_line("5", "ring", "close", 3, ",\"parent\":\"gnir\""),
        event_line("6", "gnir", "close", 3, ",\"parent\":\"ring\""),
        event_line("7", "self", "close", 3, ",\"parent\":\"self\""),
    ];
    bench.take(&lines.concat(), 8 * DAY);
    bench.score(8 * DAY);
    assert_eq!((bench.rows("cases"), bench.rows("removed_cases")), (3, 4));
    bench.score(14 * DAY);
    assert_eq!((bench.rows("cases"), bench.rows("removed_cases")), (0, 7));
}

#[test]
fn nothing_is_removed_without_a_retention_or_by_a_clock_in_doubt() {
    let lines = event_line("1", "old", "close", 0, "");
    let mut bench = Bench::new(None);
    bench.take(&lines, 9 * DAY);
    bench.score(900 * DAY);
    assert_eq!(bench.rows("cases"), 1);
    bench.retention = WEEK;
    bench.restart(900 * DAY);
    bench.engine().is_clock_in_doubt = true;
    bench.score(900 * DAY);
    assert_eq!(bench.rows("cases"), 1);
    bench.engine().is_clock_in_doubt = false;
    bench.score(900 * DAY);
    assert_eq!(bench.rows("cases"), 0);
}

#[test]
fn rejected_records_go_with_the_hour_they_are_about() {
    let mut bench = Bench::new(WEEK);
    bench.take(&event_line("1", "old", "close", 0, ""), 0);
    bench.score(9 * DAY);
    bench.take(&event_line("2", "old", "close", 9 * DAY, ""), 9 * DAY);
    assert_eq!(bench.rows("quarantine"), 1);
    bench.score(15 * DAY);
    assert_eq!(bench.rows("quarantine"), 1);
    bench.score(17 * DAY);
    assert_eq!(bench.rows("quarantine"), 0);
    let rejected = ["in", "case_removed"];
    assert_eq!(
        seen(bench.engine(), metrics::QUARANTINED.name, &rejected),
        Some(1)
    );
}

#[test]
fn past_score_says_what_was_removed() {
    let mut bench = Bench::new(WEEK);
    let lines: String = (0..5)
        .map(|nth| event_line(&nth.to_string(), &format!("c{nth}"), "close", nth, ""))
        .collect();
    bench.take(&lines, 10);
    bench.score(10);
    let (_, cases, behind, is_cut) = bench.past(10);
    assert_eq!((cases, behind, is_cut), (5, 5, false));
    bench.score(9 * DAY);
    assert_eq!(bench.rows("cases"), 0);
    let (_, cases, behind, is_cut) = bench.past(10);
    assert_eq!((cases, behind, is_cut), (5, 5, false));
    let (_, cases, _, is_cut) = bench.past(2);
    assert_eq!((cases, is_cut), (5, true));
}
