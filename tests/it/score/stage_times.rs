//! Stage times: how long it takes to acknowledge, contain and resolve.

use crate::support::Scratch;
use crate::support::scores::{only, process};
use serde_json::{Value, json};

/// The instant so many minutes after the start of a day.
fn at(minute: u64) -> String {
    let (day, minute) = (1 + minute / 1440, minute % 1440);
    format!("2026-03-{day:02}T{:02}:{:02}:00Z", minute / 60, minute % 60)
}

/// Twenty incidents, one an hour: acknowledged after 1 to 20 minutes, of which the last four are not yet.
fn incidents() -> String {
    let mut lines = String::from("case,activity,time\n");
    for case in 0..20 {
        let start = case * 60;
        lines += &format!("I{case},Opened,{}\n", at(start));
        if case < 16 {
            lines += &format!("I{case},Acknowledged,{}\n", at(start + 1 + case));
        }
        if case < 10 {
            lines += &format!("I{case},Closed,{}\n", at(start + 300));
        }
    }
    lines += &format!("Z,Opened,{}\n", at(3 * 1440));
    lines
}

const CATALOG: &str = "processes: [{id: log, ends: {activities: [Closed]}}]";

fn scored(scratch: &Scratch, more: &[&str]) -> Value {
    let args = [
        "score",
        "log.csv",
        "--format",
        "json",
        "--catalog",
        "c.yaml",
    ];
    scratch.run(&[&args[..], more].concat()).ends_with(0).json()
}

fn stage<'a>(score: &'a Value, milestone: &str) -> &'a Value {
    let times = score["stage_times"].as_array().unwrap();
    let found = times.iter().find(|time| time["milestone"] == milestone);
    found.unwrap_or_else(|| panic!("no {milestone} in {times:?}"))
}

fn scratch(log: &str, catalog: &str) -> Scratch {
    let scratch = Scratch::new();
    scratch.write("log.csv", log);
    scratch.write("c.yaml", catalog);
    scratch
}

#[test]
fn open_cases_are_waited_for() {
    let scratch = scratch(&incidents(), CATALOG);
    let scores = scored(&scratch, &[]);
    let score = only(&scores);
    let acknowledged = stage(score, "acknowledged");
    // The last case has just begun and says nothing. Of the other 20 the 10th is the median, and 4 are still waited for.
    assert_eq!(acknowledged["n"], json!(16));
    assert_eq!(acknowledged["open"], json!(5));
    assert_eq!(acknowledged["never_reached"], json!(0));
    assert_eq!(acknowledged["declared"], json!(false));
    let median = acknowledged["median_seconds"].as_f64().unwrap();
    assert!((median / 600.0 - 1.0).abs() < 0.005, "{median}");
    assert_eq!(acknowledged["p90_seconds"], Value::Null);
    let interval = acknowledged["p90_interval"].as_array().unwrap();
    assert!(interval[0].as_f64().unwrap() > 800.0 && interval[1].is_null());
    let resolved = stage(score, "resolved");
    assert_eq!(
        (&resolved["n"], &resolved["open"]),
        (&json!(10), &json!(11))
    );
    assert_eq!(score["stage_times"].as_array().unwrap().len(), 2);
}

#[test]
fn what_ended_without_a_milestone_never_reaches_it() {
    let ends = incidents().replace("Closed", "Dropped");
    let catalog = "processes: [{id: log, ends: {activities: [Dropped]}, milestones: {resolved: [Closed], seen: [Acknowledged]}}]";
    let scores = scored(&scratch(&ends, catalog), &[]);
    let score = only(&scores);
    let resolved = stage(score, "resolved");
    assert_eq!(
        (&resolved["n"], &resolved["never_reached"]),
        (&json!(0), &json!(10))
    );
    assert_eq!(resolved["median_seconds"], Value::Null);
    assert_eq!(resolved["declared"], json!(true));
    assert_eq!(stage(score, "seen")["n"], json!(16));
    assert_eq!(score["stage_times"].as_array().unwrap().len(), 2);
}

#[test]
fn the_catalog_can_turn_them_off_and_refuses_too_many() {
    let off = scored(
        &scratch(&incidents(), "processes: [{id: log, milestones: {}}]"),
        &[],
    );
    assert_eq!(only(&off)["stage_times"], json!([]));
    let many: Vec<String> = (0..9).map(|nth| format!("m{nth}: [x]")).collect();
    let catalog = format!(
        "processes:\n- id: log\n  milestones: {{{}}}\n",
        many.join(", ")
    );
    let scratch = scratch(&incidents(), &catalog);
    let run = scratch.run(&["score", "log.csv", "--catalog", "c.yaml"]);
    run.ends_with(1).says("`milestones`: 9 are more than 8");
}

/// One row per incident, as ticket systems export them.
fn table() -> String {
    let mut lines = String::from("number,state,opened_at,acknowledged_at,resolved_at\n");
    for case in 0..30u64 {
        let start = case * 60;
        let acknowledged = if case < 28 {
            at(start + 10)
        } else {
            String::new()
        };
        let resolved = if case < 20 {
            at(start + 240)
        } else {
            String::new()
        };
        lines += &format!("I{case},Closed,{},{acknowledged},{resolved}\n", at(start));
    }
    lines
}

#[test]
fn columns_of_a_table_are_found_and_pinned() {
    let scratch = scratch(&table(), "processes: [{id: log, ends: {idle: 30d}}]");
    let as_of = ["--as-of", "2026-03-05"];
    // Told what a row is: else the rows are read as the stages of each case.
    let told = ["--activity", "state", "--time", "opened_at"];
    let flags = [&as_of[..], &told].concat();
    let scores = scored(&scratch, &flags);
    let guessed = scores["mappings"][0]["guessed"].as_str().unwrap();
    assert!(
        guessed.contains("milestone acknowledged = acknowledged_at"),
        "{guessed}"
    );
    let found = only(&scores)["stage_times"].clone();
    let acknowledged = stage(only(&scores), "acknowledged");
    assert_eq!(
        (&acknowledged["n"], &acknowledged["open"]),
        (&json!(28), &json!(2))
    );
    assert_eq!(acknowledged["median_seconds"], json!(600.0));
    // A column is no step.
    assert_eq!(only(&scores)["events"], json!(30));
    // The same by the mapping that is written.
    let write = [&["inspect", "log.csv", "--write", "m.yaml"][..], &told].concat();
    scratch.run(&write).ends_with(0);
    let mapped = scored(&scratch, &[&as_of[..], &["--map", "m.yaml"]].concat());
    assert_eq!(only(&mapped)["stage_times"], found);
    // As stages of each case they give the same times.
    let stages = scored(&scratch, &as_of);
    let again = stage(only(&stages), "acknowledged");
    assert_eq!(again["median_seconds"], json!(600.0));
}

#[test]
fn the_table_for_people_has_a_block_of_them() {
    let scratch = scratch(&incidents(), CATALOG);
    let args = ["score", "log.csv", "--catalog", "c.yaml"];
    let text = scratch.run(&args).ends_with(0).stdout;
    let block = text.split("Stage times: ").nth(1).unwrap();
    let line = block
        .lines()
        .find(|line| line.contains("acknowledged?"))
        .unwrap();
    assert!(line.contains(" 16  ") && line.contains("> 15.0m"), "{line}");
    assert!(
        block.lines().skip(1).take(4).all(|line| line.len() <= 100),
        "{block}"
    );
    assert!(block.contains("declare `milestones` in the catalog"));
    let plain = incidents()
        .replace("Acknowledged", "Step")
        .replace("Closed", "Finished");
    scratch.write("log.csv", plain);
    let text = scratch.run(&["score", "log.csv"]).ends_with(0).stdout;
    assert!(!text.contains("Stage times"));
}

#[test]
fn init_writes_what_was_guessed() {
    let scratch = scratch(&incidents(), CATALOG);
    scratch
        .run(&["init", "log.csv", "--folder", "out"])
        .ends_with(0);
    let catalog = std::fs::read_to_string(scratch.path("out/catalog.yaml")).unwrap();
    let line = "    # milestones: { acknowledged: [\"Acknowledged\"], resolved: [\"Closed\"] }";
    assert!(catalog.contains(line), "{catalog}");
    let pinned = catalog.replace("    # milestones:", "    milestones:");
    scratch.write("c.yaml", pinned);
    let scores = scored(&scratch, &[]);
    assert_eq!(
        stage(process(&scores, "log"), "acknowledged")["declared"],
        json!(true)
    );
}
