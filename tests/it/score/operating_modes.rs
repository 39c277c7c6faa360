//! Who decided a case, and whether a person approved: through the real program.

use crate::support::Scratch;
use crate::support::own_format::{CATALOG, score, score_with};
use serde_json::{Value, json};
use std::fmt::Write as _;

/// One step: activity, executor, and what else its line has.
type Step<'a> = (&'a str, &'a str, &'a str);

const END: &str = ",\"lifecycle\":\"end\"";

/// A case on its own day, one step every minute.
fn add(log: &mut String, day: usize, id: &str, steps: &[Step]) {
    let start = chrono::NaiveDate::from_ymd_opt(2024, 1, 1).unwrap();
    let date = start + chrono::Days::new(day as u64);
    for (minute, (activity, executor, more)) in steps.iter().enumerate() {
        writeln!(
            log,
            "{{\"time\":\"{date}T08:{minute:02}:00Z\",\"process\":\"p\",\"case\":\"{id}\",\"input\":\"i{}\",\"executor\":\"{executor}\",\"activity\":\"{activity}\"{more}}}",
            day % 7
        )
        .unwrap();
    }
}

fn verdict(word: &str) -> String {
    format!(",\"outcome\":\"{word}\"")
}

/// AI decides, and a person approves, or not; code enriches and closes.
fn of_ai(log: &mut String, day: usize, word: &str, approval: Option<&str>) {
    let verdict = verdict(word);
    let mut steps = vec![("enrich", "code", ""), ("verdict", "ai", &*verdict)];
    steps.extend(approval.map(|activity| (activity, "human", "")));
    steps.push(("close", "code", END));
    let id = format!("{}{day}", approval.unwrap_or("alone"));
    add(log, day, &id, &steps);
}

fn of_people(log: &mut String, day: usize, word: &str) {
    let verdict = verdict(word);
    let steps = [
        ("enrich", "code", ""),
        ("verdict", "human", &*verdict),
        ("close", "code", END),
    ];
    add(log, day, &format!("people{day}"), &steps);
}

fn sides(found: &Value) -> Vec<(String, i64, String)> {
    let sides = found["executors"].as_array().unwrap().iter();
    let text = |side: &Value, key: &str| side[key].as_str().unwrap().to_owned();
    sides
        .map(|side| {
            let cases = side["cases"].as_i64().unwrap();
            (text(side, "executor"), cases, text(side, "status"))
        })
        .collect()
}

fn side(mode: &str, cases: i64, status: &str) -> (String, i64, String) {
    (mode.to_owned(), cases, status.to_owned())
}

/// 600 cases each of people, AI with approval, and AI alone, of which every tenth is wrong.
fn three_modes() -> String {
    let mut log = String::new();
    for day in 0..600 {
        of_people(&mut log, day, "good");
        of_ai(&mut log, day, "good", Some("approve"));
        let word = if day % 10 == 0 { "bad" } else { "good" };
        of_ai(&mut log, day, word, None);
    }
    log
}

#[test]
fn people_ai_and_approved_ai_stand_side_by_side() {
    let scratch = Scratch::new();
    let found = score(&scratch, &three_modes(), CATALOG);
    let expected = [
        side("human", 600, "within"),
        side("ai", 600, "outside"),
        side("ai_approved", 600, "within"),
    ];
    assert_eq!(sides(&found), expected);
    assert_eq!(found["executor"], "mixed");
    assert_eq!(found["withdraw"], json!(["ai"]));
    assert_eq!(found["rule"], "withdraw-ai");
    // Each two of them are compared, on the same inputs.
    let pairs = found["comparisons"].as_array().unwrap();
    let pairs: Vec<String> = pairs
        .iter()
        .map(|pair| {
            format!(
                "{} {} {}",
                pair["first"], pair["second"], pair["shared_inputs"]
            )
        })
        .collect();
    let expected = [
        "\"human\" \"ai\" 7",
        "\"human\" \"ai_approved\" 7",
        "\"ai\" \"ai_approved\" 7",
    ];
    assert_eq!(pairs, expected);
    // 10 steps a day: 4 of people, AI and approval, 6 of code.
    let automation = &found["automation"];
    assert_eq!(automation["steps"], 600 * 10);
    for (kind, share) in [("human", 0.2), ("ai", 0.2), ("code", 0.6), ("share", 0.8)] {
        assert!(
            (automation[kind].as_f64().unwrap() - share).abs() < 1e-9,
            "{kind}"
        );
    }
}

#[test]
fn approved_cases_are_no_evidence_for_ai_without_approval() {
    let scratch = Scratch::new();
    let catalog = CATALOG.replace("low", "medium");
    let mut approved = String::new();
    for day in 0..900 {
        of_ai(&mut approved, day, "good", Some("approve"));
    }
    let found = score(&scratch, &approved, &catalog);
    assert_eq!(found["executor"], "ai_approved");
    assert_eq!(sides(&found), [side("ai_approved", 900, "within")]);
    assert_eq!(found["ready_to_delegate"], json!([]));
    let confirmed = &found["executors"][0]["provenance"]["confirmed"];
    assert_eq!(*confirmed, 900);
    // A few cases without approval stay what they are: far too few.
    let mut log = approved.clone();
    for day in 0..12 {
        of_ai(&mut log, day, "bad", None);
    }
    let found = score(&scratch, &log, &catalog);
    assert_eq!(found["executor"], "ai_approved");
    assert_eq!(found["withdraw"], json!(["ai"]));
    // And the other way round: approved errors withdraw nothing that runs without approval.
    let mut log = String::new();
    for day in 0..900 {
        of_ai(&mut log, day, "bad", Some("approve"));
    }
    let found = score(&scratch, &log, CATALOG);
    assert_eq!(found["status"], "outside");
    assert_eq!(found["withdraw"], json!([]));
    assert_ne!(found["recommendation"], "delegate to AI");
}

#[test]
fn approval_after_the_end_changes_no_figure() {
    let scratch = Scratch::new();
    let mut log = String::new();
    for day in 0..40 {
        of_ai(&mut log, day, "good", None);
    }
    // The mapping of the format says that only a reopening reopens, if an event can be one.
    let before = score(&scratch, &log, CATALOG);
    let mut later = log.clone();
    for day in 0..40 {
        let line = log
            .lines()
            .find(|line| line.contains(&format!("\"alone{day}\"")))
            .unwrap();
        let approval = line.replace("T08:00", "T20:00").replace(
            "\"executor\":\"code\",\"activity\":\"enrich\"",
            "\"executor\":\"human\",\"activity\":\"approve\"",
        );
        writeln!(later, "{approval}").unwrap();
    }
    let after = score(&scratch, &later, CATALOG);
    for key in ["executor", "automation", "withdraw", "deviation"] {
        assert_eq!(before[key], after[key], "{key}");
    }
    assert_eq!(sides(&before), sides(&after));
    assert_eq!(before["executor"], "ai");
}

#[test]
fn order_of_the_lines_does_not_matter() {
    let scratch = Scratch::new();
    let log = three_modes();
    let mut lines: Vec<&str> = log.lines().collect();
    lines.sort_by_key(|line| xxhash_rust::xxh3::xxh3_64(line.as_bytes()));
    let shuffled = lines.join("\n") + "\n";
    assert_eq!(
        score(&scratch, &log, CATALOG),
        score(&scratch, &shuffled, CATALOG)
    );
}

#[test]
fn catalog_and_mapping_name_decisions_and_approvals() {
    let scratch = Scratch::new();
    let mut log = String::new();
    for day in 0..40 {
        let steps = [
            ("propose", "ai", ""),
            ("four eyes", "human", ""),
            ("apply", "code", ",\"outcome\":\"good\""),
            ("close", "code", END),
        ];
        add(&mut log, day, &format!("c{day}"), &steps);
    }
    assert_eq!(score(&scratch, &log, CATALOG)["executor"], "code");
    let named = format!("{CATALOG}    decides: [propose]\n    approves: [four eyes]\n");
    assert_eq!(score(&scratch, &log, &named)["executor"], "ai_approved");
    let mapping = "process: process\ncase: case\nactivity: activity\ntime: time\nexecutor: executor\n\
                   outcome: outcome\nlifecycle: { path: lifecycle, default: step }\n\
                   decides: [propose]\napproves: [four eyes]\n";
    scratch.write("map.yaml", mapping);
    let map = ["--map", "map.yaml"];
    let scored = |more: &[&str]| {
        let args = ["log.ndjson", "--catalog", "catalog.yaml"];
        scratch.score(&[&args, more].concat())["processes"][0]["executor"].clone()
    };
    scratch.write("catalog.yaml", CATALOG);
    assert_eq!(scored(&map), "ai_approved");
    // None of the steps is an approval.
    scratch.write("map.yaml", mapping.replace("[four eyes]", "[]"));
    assert_eq!(scored(&map), "ai");
}

#[test]
fn a_step_that_decides_and_approves_is_refused() {
    let scratch = Scratch::new();
    scratch.write("log.ndjson", three_modes());
    let both = "    decides: [verdict]\n    approves: [verdict]\n";
    scratch.write("catalog.yaml", format!("{CATALOG}{both}"));
    let run = |args: &[&str]| scratch.run(&[&["score", "log.ndjson"], args].concat());
    run(&["--map", "toleranced", "--catalog", "catalog.yaml"])
        .ends_with(1)
        .says("catalog.yaml:6")
        .says("`approves`: `verdict` is listed in `decides` as well");
    scratch.write("catalog.yaml", format!("{CATALOG}    approves: ['']\n"));
    run(&["--map", "toleranced", "--catalog", "catalog.yaml"])
        .ends_with(1)
        .says("`approves`: an activity must not be empty");
    scratch.write(
        "map.yaml",
        "case: case\nactivity: activity\ntime: time\ndecides: [verdict]\napproves: [verdict]\n",
    );
    run(&["--map", "map.yaml"])
        .ends_with(1)
        .says("map.yaml:5")
        .says("`approves`: `verdict` is listed in `decides` as well");
}

#[test]
fn explanation_names_the_automation_share() {
    let scratch = Scratch::new();
    score_with(&scratch, &three_modes(), CATALOG, &[]);
    scratch
        .run(&[
            "explain",
            "p",
            "log.ndjson",
            "--map",
            "toleranced",
            "--catalog",
            "catalog.yaml",
        ])
        .ends_with(0)
        .says("automation share")
        .says("of 6,000 steps that name an executor");
}
