//! The same cases get the same verdict: however they are written down, whatever their steps are called, whatever is repeated,
//! and whatever else is read.

use crate::support::Scratch;
use crate::support::formats::{Row, csv, json, ndjson, xes};
use crate::support::scores::process;
use proptest::prelude::*;
use serde_json::Value;

/// What happens in a case.
#[derive(Clone, Debug)]
struct Course {
    /// Hours since the case before.
    pause: u32,
    /// Minutes of each step.
    step: u32,
    /// Which optional steps there are.
    is_enriched: bool,
    is_escalated: bool,
    /// How often it goes on after it was resolved.
    reopened: u8,
    outcome: &'static str,
    is_open: bool,
}

fn course() -> impl Strategy<Value = Course> {
    let outcome = prop::sample::select(vec!["resolved", "resolved", "failed", "odd word"]);
    let reopened = prop::sample::select(vec![0, 0, 0, 0, 1, 2]);
    let flags = (any::<bool>(), any::<bool>(), prop::bool::weighted(0.05));
    (4..60_u32, 2..300_u32, flags, reopened, outcome).prop_map(
        |(pause, step, (is_enriched, is_escalated, is_open), reopened, outcome)| Course {
            pause,
            step,
            is_enriched,
            is_escalated,
            reopened,
            outcome,
            is_open,
        },
    )
}

fn courses() -> impl Strategy<Value = Vec<Course>> {
    prop::collection::vec(course(), 25..70)
}

/// The rows of these cases, each case in one piece.
fn rows(courses: &[Course]) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut begin = chrono::DateTime::from_timestamp(1_704_067_200, 0).unwrap();
    for (nth, course) in courses.iter().enumerate() {
        begin += chrono::Duration::hours(course.pause.into());
        let mut steps = vec!["New", "Triage"];
        steps.extend(course.is_enriched.then_some("Enrichment"));
        steps.extend(course.is_escalated.then_some("Escalation"));
        if !course.is_open {
            steps.push("Resolved");
        }
        for _ in 0..course.reopened {
            steps.extend(["Triage", "Resolved"]);
        }
        for (step, activity) in (0_u32..).zip(&steps) {
            let time = begin + chrono::Duration::minutes((step * course.step).into());
            let ends = *activity == "Resolved";
            rows.push(Row {
                case: format!("INC-{nth:04}"),
                activity: (*activity).to_owned(),
                time: time.format("%Y-%m-%dT%H:%M:%SZ").to_string(),
                outcome: if ends { course.outcome } else { "" }.to_owned(),
            });
        }
    }
    rows
}

const CATALOG: &str = "processes:\n  - id: p\n    outcomes: {resolved: 0, failed: 1}\n";

/// A designed path, which escalations leave.
const PATHS: &str = "processes:
  - id: p
    outcomes: {resolved: 0, failed: 1, odd word: 0}
    path: [New, Triage, 'Enrichment?', Resolved]
";

/// Scores a file as process `p`.
fn scored(scratch: &Scratch, args: &[&str]) -> Value {
    let named = [&["--process-name", "p"], args].concat();
    process(&scratch.score(&named), "p").clone()
}

/// The fields in which two scores differ.
fn differences(have: &Value, want: &Value) -> Vec<String> {
    let (have, want) = (have.as_object().unwrap(), want.as_object().unwrap());
    assert_eq!(have.len(), want.len());
    let differing = want
        .iter()
        .filter(|(key, value)| have.get(*key) != Some(value));
    differing
        .map(|(key, value)| format!("{key}: {} and not {value}", have[key]))
        .collect()
}

/// What is claimed of a process.
fn verdict(score: &Value) -> Vec<(&'static str, Value)> {
    let claims = [
        "status",
        "deviation",
        "deviation_range",
        "unknown_cases",
        "achieved_class",
        "size_steps",
        "cases",
        "open_cases",
        "reopened",
        "off_path",
        "design_effect",
        "recommendation",
        "stage_times",
    ];
    claims.map(|key| (key, score[key].clone())).to_vec()
}

const NONE: Vec<String> = Vec::new();

/// The score without names of steps.
fn nameless(mut score: Value) -> Value {
    let fields = score.as_object_mut().unwrap();
    for named in ["directly_follows", "outcomes", "stage_times", "notes"] {
        fields.remove(named);
    }
    score
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3))]

    #[test]
    fn in_every_format_and_by_every_mapping(courses in courses()) {
        let scratch = Scratch::new();
        let rows = rows(&courses);
        scratch.write("log.csv", csv(&rows, ','));
        scratch.write("semicolons.csv", csv(&rows, ';'));
        scratch.write("log.ndjson", ndjson(&rows));
        scratch.write("log.json", json(&rows));
        scratch.write("log.xes", xes(&rows));
        scratch.write("catalog.yaml", CATALOG);
        for catalog in [&[][..], &["--catalog", "catalog.yaml"]] {
            let of = |args: &[&str]| scored(&scratch, &[catalog, args].concat());
            let guessed = of(&["log.csv"]);
            for file in ["semicolons.csv", "log.ndjson", "log.json", "log.xes"] {
                prop_assert_eq!(differences(&of(&[file]), &guessed), NONE, "{}", file);
            }
            let columns = ["--case", "case", "--activity", "activity", "--time", "time"];
            let flags = [&columns[..], &["--outcome", "outcome", "log.csv"]].concat();
            prop_assert_eq!(differences(&of(&flags), &guessed), NONE, "columns by flags");
            scratch.run(&["inspect", "log.csv", "--process-name", "p", "--write", "map.yaml", "--force"]).ends_with(0);
            prop_assert_eq!(differences(&of(&["--map", "map.yaml", "log.csv"]), &guessed), NONE, "written mapping");
            prop_assert_eq!(differences(&of(&["--map", "xes", "log.xes"]), &guessed), NONE, "preset");
        }
    }

    #[test]
    fn whatever_the_steps_between_are_called(courses in courses()) {
        let scratch = Scratch::new();
        let mut rows = rows(&courses);
        scratch.write("log.csv", csv(&rows, ','));
        for row in &mut rows {
            row.activity = match row.activity.as_str() {
                "Enrichment" => "Look-up of the sender",
                "Escalation" => "Handed to level 2",
                "Triage" => "Erste Sichtung",
                same => same,
            }.to_owned();
        }
        scratch.write("renamed.csv", csv(&rows, ','));
        prop_assert_eq!(differences(&nameless(scored(&scratch, &["renamed.csv"])), &nameless(scored(&scratch, &["log.csv"]))), NONE);
    }

    #[test]
    fn however_often_rows_are_repeated(courses in courses(), repeated in prop::collection::vec(1..3_usize, 17)) {
        let scratch = Scratch::new();
        let rows = rows(&courses);
        scratch.write("log.csv", csv(&rows, ','));
        let twice: Vec<Row> = rows.iter().enumerate()
            .flat_map(|(nth, row)| vec![row.clone(); repeated[nth % repeated.len()]])
            .collect();
        scratch.write("twice.csv", csv(&twice, ','));
        scratch.write("catalog.yaml", PATHS);
        for catalog in [&[][..], &["--catalog", "catalog.yaml"]] {
            let of = |file| verdict(&scored(&scratch, &[catalog, &[file]].concat()));
            prop_assert_eq!(of("twice.csv"), of("log.csv"));
        }
        // The export as a whole, once more under another name.
        scratch.write("again.csv", csv(&rows, ','));
        prop_assert_eq!(differences(&scored(&scratch, &["log.csv", "again.csv"]), &scored(&scratch, &["log.csv"])), NONE);
    }

    #[test]
    fn whatever_else_is_read(courses in courses(), others in courses()) {
        let scratch = Scratch::new();
        let mine = rows(&courses);
        let header = "ticket,step,at,result\n";
        let lines = |process: Option<&str>, rows: &[Row], prefix: &str| -> String {
            let line = |row: &Row| {
                let process = process.map(|name| format!("{name},")).unwrap_or_default();
                format!("{process}{prefix}{},{},{},{}\n", row.case, row.activity, row.time, row.outcome)
            };
            rows.iter().map(line).collect()
        };
        scratch.write("tickets.csv", format!("{header}{}", lines(None, &mine, "")));
        let alone = process(&scratch.score(&["tickets.csv"]), "tickets").clone();
        // Another log in the same call.
        let unrelated = format!("alert_id,state,timestamp,closed_as\n{}", lines(None, &rows(&others), "A"));
        scratch.write("alerts.csv", unrelated);
        let both = scratch.score(&["tickets.csv", "alerts.csv"]);
        prop_assert_eq!(differences(process(&both, "tickets"), &alone), NONE);
        // Conforming cases of another process in the same file.
        // They begin and end with those of the process, so that it has not fallen silent.
        let conforming: Vec<Course> = courses.iter()
            .map(|course| Course { reopened: 0, outcome: "resolved", is_open: false, ..course.clone() })
            .collect();
        let header = format!("process,{header}");
        let my_part = lines(Some("tickets"), &mine, "");
        scratch.write("one.csv", format!("{header}{my_part}"));
        scratch.write("two.csv", format!("{header}{my_part}{}", lines(Some("other"), &rows(&conforming), "O")));
        let of = |file| verdict(process(&scratch.score(&[file]), "tickets"));
        prop_assert_eq!(of("two.csv"), of("one.csv"));
    }
}
