//! Past scores from the database: the same logs, cut off at the instant, scored in one shot.

use crate::support::in_process::{compiled, decoded};
use proptest::prelude::*;
use std::fmt::Write as _;
use std::path::Path;
use toleranced::internals::{
    CaseTable, Config, Delivery, Engine, Evidence, LogCases, Loss, Mapping, PastError, PastView,
    Period, PreparedRules, ProcessScore, Rules, ScoreRequest, Store, TableLimits, Time,
    past_scores, score_at,
};

const MINUTE: i64 = 60_000_000;

/// 2026-03-02.
const BEGIN: i64 = 1_772_409_600_000_000;

const MAPPING: &str = "format: ndjson\nprocess: process\ncase: case\nactivity: activity\ntime: time\nsequence: seq\n\
    event_id: id\nexecutor: executor\nlifecycle: { path: lifecycle, default: step }\noutcome: outcome\nparent: parent\n\
    exercise: mode == 'drill'\nshadow: mode == 'shadow'\n";

/// Two catalogs under which the same cases are judged differently.
const CATALOGS: [&str; 2] = [
    "processes:\n  - id: p0\n    criticality: high\n    outcomes: { good: 0, bad: 1 }\n    duration_limit: 20h\n\
     \x20 - id: p1\n    criticality: low\n    ends: { idle: 9h }\n    window: 40h\n",
    "processes:\n  - id: p0\n    criticality: low\n    outcomes: { good: 0.5, bad: 0.25 }\n    path: [a0, a1, a2]\n\
     \x20 - id: p1\n    criticality: high\n    ends: { activities: [a3] }\n    resolved: [a2]\n\
     \x20 - id: p2\n    ends: { idle: 30h }\n",
];

#[derive(Clone, Debug)]
struct Event {
    case: u8,
    process: u8,
    activity: u8,
    minute: i64,
    lifecycle: u8,
    outcome: u8,
    executor: u8,
}

fn event() -> impl Strategy<Value = Event> {
    let first = (0u8..9, 0u8..3, 0u8..4, 0i64..4000);
    (first, 0u8..8, 0u8..4, 0u8..4).prop_map(
        |((case, process, activity, minute), lifecycle, outcome, executor)| Event {
            case,
            // A case seldom changes its process.
            process: if lifecycle == 7 { process } else { case % 3 },
            activity,
            minute,
            lifecycle,
            outcome,
            executor,
        },
    )
}

fn line(nth: usize, event: &Event) -> String {
    let time = (BEGIN + event.minute * MINUTE) / 1000;
    let mut line = format!(
        "{{\"id\":\"e{nth}\",\"seq\":{nth},\"process\":\"p{}\",\"case\":\"c{}\",\"activity\":\"a{}\",\"time\":{time}",
        event.process, event.case, event.activity
    );
    let words = [
        (
            "lifecycle",
            ["end", "reopen", "resolved"].get(event.lifecycle as usize),
        ),
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
    // A case has one parent, however often it says so; the parents have none.
    if event.case >= 4 {
        write!(line, ",\"parent\":\"c{}\"", event.case % 4).unwrap();
    }
    match event.case {
        7 => line.push_str(",\"mode\":\"drill\""),
        8 => line.push_str(",\"mode\":\"shadow\""),
        _ => {}
    }
    line + "}\n"
}

fn config(folder: &Path, catalog: usize, window: &str) -> Config {
    let text = format!(
        "data_dir: data\ncatalog: catalog{catalog}.yaml\ntolerance: tolerance.yaml\nscore: {{window: {window}}}\nlimits: {{cached_cases: 3}}\n"
    );
    Config::parse(&text, &folder.join("toleranced.yaml")).unwrap()
}

fn home() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (nth, catalog) in CATALOGS.iter().enumerate() {
        std::fs::write(folder.path().join(format!("catalog{nth}.yaml")), catalog).unwrap();
    }
    // Small baselines, so that there is something behind them.
    let tolerance = toleranced::internals::DEFAULT_TOLERANCE.replace("cases: 300", "cases: 2");
    std::fs::write(folder.path().join("tolerance.yaml"), tolerance).unwrap();
    folder
}

fn table(mapping: &Mapping, lines: &[String], until: Time) -> CaseTable {
    let mut table = CaseTable::new();
    let mut batch = decoded(mapping, 1, &lines.concat());
    batch.events.retain(|event| event.time <= until);
    let limits = TableLimits {
        case_events: 10_000,
    };
    table.take(&batch, limits);
    table.settle();
    table
}

fn scores(table: &mut CaseTable, config: &Config, as_of: Time) -> Vec<ProcessScore> {
    // As the daemon has it: a process may have its own window.
    let rules = PreparedRules::new(Rules::of(config), &mut table.names);
    let loss = &|_: &Evidence| Loss::default();
    let request = ScoreRequest::new(&rules, Period::until(as_of));
    let Ok(found) = score_at(
        &mut LogCases {
            table,
            part: None,
            loss,
        },
        &request,
    );
    found.scores
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_same_as_if_nothing_later_had_been_there(
        events in proptest::collection::vec(event(), 1..120),
        instants in proptest::collection::vec(-100i64..5000, 1..4),
        catalog in 0usize..2,
        window in prop_oneof![Just("all"), Just("1d")],
        pages in 1usize..6,
    ) {
        let lines: Vec<String> = events.iter().enumerate().map(|(nth, event)| line(nth, event)).collect();
        let folder = home();
        let config = config(folder.path(), catalog, window);
        let mapping = compiled(MAPPING, "p");
        let now = Time(BEGIN + 6000 * MINUTE);
        let mut engine = Engine::open(config.clone(), now).unwrap();
        for part in lines.chunks(lines.len().div_ceil(pages)) {
            let batch = decoded(&mapping, 1, &part.concat());
            engine.take(Delivery { batch, ..Delivery::default() }, now).unwrap();
            engine.commit().unwrap();
        }
        engine.rescore(now).unwrap();
        let store = Store::open_read_only(&config.data_dir).unwrap();
        // As a daemon that runs has it, and at once as of all instants.
        let instants: Vec<Time> = instants.iter().map(|minute| Time(BEGIN + minute * MINUTE)).chain([now]).collect();
        let rules = Rules::then(&store, now).unwrap();
        prop_assert_eq!(&rules.catalog, &config.catalog);
        prop_assert_eq!((rules.window, rules.hashes), (config.window, config.hashes));
        let views: Vec<PastView> = instants
            .iter()
            .map(|as_of| PastView { rules: &rules, as_of: *as_of, cases_of: Some(("p0", 100)) })
            .collect();
        let mut ticks = 0;
        let past = past_scores(&store, &views, &mut |count| ticks = count).unwrap();
        let mut all = table(&mapping, &lines, Time(i64::MAX));
        prop_assert_eq!(ticks, all.len() as u64);
        for (past, as_of) in past.iter().zip(&instants) {
            let mut cut = table(&mapping, &lines, *as_of);
            let expected = scores(&mut cut, &config, *as_of);
            prop_assert_eq!(&past.scores, &expected);
            prop_assert_eq!(past.cases, cut.len() as u64);
            // The same from a table that knows more.
            prop_assert_eq!(&scores(&mut all, &config, *as_of), &expected);
            // The cases behind it are those that make up its deviation.
            let p0 = past.scores.iter().find(|score| score.id == "p0").unwrap();
            prop_assert_eq!(past.behind.len() as i64, p0.scored_cases.count);
            let sum: f64 = past.behind.iter().map(|case| case.deviation).sum();
            if let Some(deviation) = p0.rating.deviation {
                // What is expected of young cases is in none of them.
                let expected = deviation.mean * past.behind.len() as f64 - sum;
                let has_young = p0.notes.iter().any(|note| note.to_string().contains("too young"));
                prop_assert!(expected > -1e-9 && (expected < 1e-9 || has_young));
            }
        }
        let held: Vec<ProcessScore> = engine.scores().values().cloned().collect();
        prop_assert_eq!(&past.last().unwrap().scores, &held);
    }
}

#[test]
fn the_rules_of_then_are_those_that_the_daemon_ran_with() {
    let folder = home();
    let at = |minute: i64| Time(BEGIN + minute * MINUTE);
    let of = |catalog| config(folder.path(), catalog, "all");
    let mut engine = Engine::open(of(0), at(10)).unwrap();
    // The same again is no news, neither in a reload nor after a restart.
    engine.reconfigure(of(0), at(15)).unwrap();
    engine.reconfigure(of(1), at(20)).unwrap();
    drop(engine);
    drop(Engine::open(of(1), at(30)).unwrap());
    drop(Engine::open(of(0), at(40)).unwrap());
    let store = Store::open_read_only(&of(0).data_dir).unwrap();
    let log: Vec<i64> = store
        .rules_log()
        .unwrap()
        .iter()
        .map(|row| row.at)
        .collect();
    assert_eq!(log, [10, 20, 40].map(|minute| at(minute).0));
    for (minute, catalog) in [(0, 0), (10, 0), (19, 0), (20, 1), (35, 1), (40, 0), (99, 0)] {
        let rules = Rules::then(&store, at(minute)).unwrap();
        assert_eq!(rules.catalog, of(catalog).catalog, "minute {minute}");
    }
    assert_eq!(Rules::latest(&store).unwrap().since, Some(at(40)));
}

#[test]
fn without_any_rules_noted_there_is_no_past() {
    let folder = tempfile::tempdir().unwrap();
    drop(Store::open(folder.path()).unwrap());
    let store = Store::open_read_only(folder.path()).unwrap();
    assert!(matches!(Rules::latest(&store), Err(PastError::NoRules)));
}
