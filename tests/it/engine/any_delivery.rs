//! Whatever way the events come in, the scores are those of one shot.

use crate::support::in_process::{compiled, decoded};
use proptest::prelude::*;
use std::fmt::Write as _;
use std::path::Path;
use toleranced::internals::{
    CaseTable, Config, Delivery, Engine, LogCases, Loss, Mapping, Period, PreparedRules,
    ProcessScore, Rules, ScoreRequest, Span, TableLimits, Time, score_at,
};

const MINUTE: i64 = 60_000_000;

const HOUR: i64 = 60 * MINUTE;

/// 2026-03-02.
const BEGIN: i64 = 1_772_409_600_000_000;

const MAPPING: &str = "format: ndjson\nprocess: process\ncase: case\nactivity: activity\ntime: time\nsequence: seq\n\
    event_id: id\nexecutor: executor\nlifecycle: { path: lifecycle, default: step }\ntransition: transition\noutcome: outcome\ninput: input\n\
    parent: parent\nhands_on: hands_on\nreviewed: reviewed\nshadow: origin == 'shadow'\nexercise: origin == 'exercise'\n\
    milestones: { seen: seen, acknowledged: acknowledged }\n";

/// Two catalogs under which the same cases are judged differently.
const CATALOGS: [&str; 2] = [
    "processes:\n  - id: p0\n    criticality: high\n    outcomes: { good: 0, bad: 1 }\n    duration_limit: 20h\n\
     \x20 - id: p1\n    criticality: low\n    ends: { idle: 9h }\n    milestones: { contained: [a1, a2] }\n    exercises_count: true\n    require_confirmed: true\n",
    "processes:\n  - id: p0\n    criticality: low\n    outcomes: { good: 0.5, bad: 0.25 }\n    path: [a0, a1, a2]\n\
     \x20 - id: p1\n    criticality: high\n    ends: { activities: [a3] }\n    resolved: [a2]\n\
     \x20   epoch: 2026-03-03\n\
     \x20 - id: p2\n    ends: { idle: 30h }\n    parent: p0\n",
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
    parent: u8,
    /// Live, exercise, shadow.
    origin: u8,
    reviewed: bool,
    minutes: u8,
}

fn event() -> impl Strategy<Value = Event> {
    let first = (0u8..9, 0u8..3, 0u8..4, 0i64..4000);
    let last = (0u8..30, 0u8..12, 0u8..6, 0u8..9);
    (first, 0u8..8, 0u8..4, 0u8..4, last).prop_map(
        |(
            (case, process, activity, minute),
            lifecycle,
            outcome,
            executor,
            (parent, origin, reviewed, minutes),
        )| Event {
            case,
            // A case seldom changes its process.
            process: if lifecycle == 7 { process } else { case % 3 },
            activity,
            minute,
            lifecycle,
            outcome,
            executor,
            parent,
            origin: origin.saturating_sub(9),
            reviewed: reviewed == 0,
            minutes,
        },
    )
}

fn line(nth: usize, event: &Event) -> String {
    let time = (BEGIN + event.minute * MINUTE) / 1000;
    let mut line = format!(
        "{{\"id\":\"e{nth}\",\"seq\":{nth},\"process\":\"p{}\",\"case\":\"c{}\",\"activity\":\"a{}\",\"time\":{time}",
        event.process, event.case, event.activity
    );
    let origin = ["live", "exercise", "shadow"][event.origin as usize];
    write!(
        line,
        ",\"origin\":\"{origin}\",\"reviewed\":{}",
        event.reviewed
    )
    .unwrap();
    if event.minutes > 4 {
        write!(line, ",\"hands_on\":{}", event.minutes).unwrap();
    }
    if event.minutes.is_multiple_of(3) {
        // Seldom before the case began.
        let milestone = ["seen", "acknowledged"][usize::from(event.reviewed)];
        let at = time - i64::from(event.minutes) * MINUTE / 1000;
        write!(line, ",\"{milestone}\":{at}").unwrap();
    }
    if event.minutes.is_multiple_of(2) {
        write!(line, ",\"input\":\"i{}\"", event.case % 4).unwrap();
    }
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
        (
            "transition",
            ["start", "complete", "other"].get((event.minute % 7) as usize),
        ),
    ];
    for (field, word) in words {
        if let Some(word) = word {
            write!(line, ",\"{field}\":\"{word}\"").unwrap();
        }
    }
    if event.parent < 9 && event.parent != event.case {
        write!(line, ",\"parent\":\"c{}\"", event.parent).unwrap();
    }
    line + "}\n"
}

/// What happens between two deliveries.
#[derive(Clone, Copy, Debug)]
enum Step {
    Nothing,
    Commit,
    /// What was not committed is lost with the process, and delivered again.
    Crash,
    Rescore,
    Catalog(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => Just(Step::Nothing),
        3 => Just(Step::Commit),
        2 => Just(Step::Crash),
        2 => Just(Step::Rescore),
        1 => (0usize..2).prop_map(Step::Catalog),
    ]
}

fn config(folder: &Path, catalog: usize, window: &str) -> Config {
    let text = format!(
        "data_dir: data\ncatalog: catalog{catalog}.yaml\ntolerance: tolerance.yaml\nscore: {{window: {window}}}\nlimits: {{cached_cases: 3}}\n"
    );
    Config::parse(&text, &folder.join("toleranced.yaml")).unwrap()
}

fn one_shot(config: &Config, mapping: &Mapping, lines: &[String], now: Time) -> Vec<ProcessScore> {
    let mut table = CaseTable::new();
    table.take(
        &decoded(mapping, 1, &lines.concat()),
        TableLimits {
            case_events: 10_000,
        },
    );
    table.settle();
    let rules = PreparedRules::new(Rules::of(config), &mut table.names);
    let request = ScoreRequest::new(&rules, Period::until(now));
    let mut cases = LogCases {
        table: &table,
        part: None,
        loss: &|_| Loss::default(),
    };
    let Ok(found) = score_at(&mut cases, &request);
    found.scores
}

fn assert_same(found: &[ProcessScore], expected: &[ProcessScore]) -> Result<(), TestCaseError> {
    // Records that come again are read again, but nothing was lost of any.
    let lines = |scores: &[ProcessScore]| {
        let mut scores = scores.to_vec();
        for score in &mut scores {
            assert_eq!(score.loss.lost, 0);
        }
        serde_json::to_string_pretty(&scores).unwrap()
    };
    let (found, expected) = (lines(found), lines(expected));
    let differing = found.lines().zip(expected.lines()).find(|(a, b)| a != b);
    prop_assert!(
        found == expected,
        "found and expected: {:?}\n{}",
        differing,
        found
    );
    Ok(())
}

proptest! {
    #[test]
    fn any_split_order_repetition_crash_and_recount_gives_the_scores_of_one_shot(
        events in proptest::collection::vec(event(), 1..120),
        order in proptest::collection::vec(any::<u32>(), 200),
        repeated in proptest::collection::vec(any::<prop::sample::Index>(), 0..30),
        script in proptest::collection::vec((1usize..25, step()), 1..30),
        last_catalog in 0usize..2,
        window in prop_oneof![Just("all"), Just("1d")],
    ) {
        let lines: Vec<String> = events.iter().enumerate().map(|(nth, event)| line(nth, event)).collect();
        let mut deliveries: Vec<&String> = lines.iter().collect();
        deliveries.extend(repeated.iter().map(|index| index.get(&lines)));
        let mut keyed: Vec<(u32, &String)> = order.iter().copied().cycle().zip(deliveries).collect();
        keyed.sort_by_key(|(key, _)| *key);
        let stream: Vec<&str> = keyed.iter().map(|(_, line)| line.as_str()).collect();

        let folder = tempfile::tempdir().unwrap();
        for (nth, catalog) in CATALOGS.iter().enumerate() {
            std::fs::write(folder.path().join(format!("catalog{nth}.yaml")), catalog).unwrap();
        }
        // Small baselines, so that there is something behind them.
        let tolerance = toleranced::internals::DEFAULT_TOLERANCE.replace("cases: 300", "cases: 4");
        std::fs::write(folder.path().join("tolerance.yaml"), tolerance).unwrap();
        let mapping = compiled(MAPPING, "p");
        let (mut at, mut committed, mut catalog) = (0, 0, 0);
        let mut now = Time(BEGIN + 1000 * MINUTE);
        let mut engine = Engine::open(config(folder.path(), catalog, window), now).unwrap();
        let mut script = script.into_iter().cycle();
        let mut crashes = 0;
        while at < stream.len() {
            let (count, step) = script.next().unwrap();
            let end = (at + count).min(stream.len());
            let batch = decoded(&mapping, 1, &stream[at..end].concat());
            engine.take(Delivery { batch, ..Delivery::default() }, now).unwrap();
            at = end;
            match step {
                Step::Nothing => {}
                Step::Commit => {
                    engine.commit().unwrap();
                    committed = at;
                }
                // A script of nothing but crashes would never end.
                Step::Crash if crashes < 20 => {
                    crashes += 1;
                    drop(engine);
                    engine = Engine::open(config(folder.path(), catalog, window), now).unwrap();
                    at = committed;
                }
                Step::Crash => {}
                Step::Rescore => {
                    now = now.plus(Span(7 * HOUR));
                    engine.rescore(now).unwrap();
                    committed = at;
                }
                Step::Catalog(other) => {
                    catalog = other;
                    engine.reconfigure(config(folder.path(), catalog, window), now).unwrap();
                    committed = at;
                }
            }
        }
        let config = config(folder.path(), last_catalog, window);
        if last_catalog == catalog {
            engine.commit().unwrap();
        } else {
            engine.reconfigure(config.clone(), now).unwrap();
        }
        // Whole hours, and behind everything.
        let now = now.max(Time(BEGIN + 4000 * MINUTE)).plus(Span(HOUR));
        engine.rescore(now).unwrap();
        let expected = one_shot(&config, &mapping, &lines, now);
        let found: Vec<ProcessScore> = engine.scores().values().cloned().collect();
        assert_same(&found, &expected)?;
        // The same from the disk alone.
        drop(engine);
        let mut engine = Engine::open(config, now).unwrap();
        engine.rescore(now).unwrap();
        let found: Vec<ProcessScore> = engine.scores().values().cloned().collect();
        assert_same(&found, &expected)?;
    }
}
