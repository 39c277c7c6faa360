//! What `inspect` shows of a guess, and how much of a large file it reads.

use crate::support::Scratch;
use std::fmt::Write as _;

const STATES: [&str; 3] = ["New", "Work", "Closed"];

/// Three rows of each of some tickets, with columns that could be taken for the case or the time.
fn export(tickets: usize) -> String {
    let mut log = String::from(
        "ticket,incident,requester_id,status,changed_at,created_at,exported_at,assignee.status\n",
    );
    for row in 0..3 * tickets {
        let (case, step) = (row / 3, row % 3);
        let day = format!("2024-{:02}-{:02}", 1 + case / 28 % 12, 1 + case % 28);
        writeln!(
            log,
            "T{case},I{},{},{},{day} 0{step}:30:00,{day} 00:00:00,2025-01-01 00:00:00,busy",
            case / 2,
            case % 5,
            STATES[step],
        )
        .unwrap();
    }
    log
}

#[test]
fn candidates_are_shown_with_score_and_reason_and_misleading_ones_are_low() {
    let scratch = Scratch::new();
    scratch.write("log.csv", export(60));
    let ran = scratch.run(&["inspect", "log.csv"]).ends_with(0);
    let shown = ran.to_string();
    let row = |column: &str| {
        let (_, table) = shown.split_once("candidates for each role").unwrap();
        let mut rows = table
            .lines()
            .map(|line| line.split_whitespace().collect::<Vec<_>>());
        let row = rows.find(|words| words.iter().take(2).any(|word| *word == column));
        row.unwrap_or_else(|| panic!("{column} is not in {shown}"))
            .join(" ")
    };
    assert!(row("ticket").starts_with("case ticket 9"), "{shown}");
    assert!(row("ticket").contains("yes usual name"), "{shown}");
    assert_eq!(
        row("requester_id"),
        "requester_id 0 % numbers a person or another object"
    );
    assert!(
        row("changed_at").starts_with("time changed_at 8"),
        "{shown}"
    );
    assert_eq!(
        row("created_at"),
        "created_at 27 % the same throughout a case"
    );
    assert_eq!(
        row("exported_at"),
        "exported_at 0 % time of an export or a copy"
    );
    assert_eq!(
        row("assignee.status"),
        "assignee.status 0 % belongs to a person"
    );
}

#[test]
fn close_choice_names_the_runner_up_and_the_flag_that_chooses_it() {
    let scratch = Scratch::new();
    scratch.write("log.csv", export(60));
    let line = scratch.run(&["score", "log.csv"]).ends_with(0).to_string();
    let line = line
        .lines()
        .find(|line| line.contains("guessed case = ticket"));
    let line = line.unwrap();
    assert!(line.contains("the case is close: incident (9"), "{line}");
    assert!(line.ends_with("choose it with --case incident"), "{line}");
    let close = &scratch.score(&["log.csv"])["mappings"][0]["close"];
    assert_eq!(close[0]["role"], "case");
    assert_eq!(close[0]["runner_up"], "incident");
    assert!(close[0]["score"].as_f64() < close[0]["chosen_score"].as_f64());
    let inspected = scratch.run(&["inspect", "log.csv"]);
    inspected.says("toleranced score log.csv --case incident");
    // The flag is an answer: the question is not asked again.
    let named = scratch.run(&["score", "log.csv", "--case", "incident"]);
    named.ends_with(0).does_not_say("the case is close");
}

#[test]
fn choice_between_two_names_of_the_same_case_is_not_close() {
    let scratch = Scratch::new();
    let rows = (0..90).map(|row| {
        let (case, step) = (row / 3, row % 3);
        format!(
            "T{case},N{case},{},2024-01-{:02} 0{step}:00:00\n",
            STATES[step],
            1 + case % 28
        )
    });
    let log = format!(
        "ticket,incident,status,changed_at\n{}",
        rows.collect::<String>()
    );
    scratch.write("log.csv", log);
    let ran = scratch.run(&["score", "log.csv"]).ends_with(0);
    ran.says("case = ticket").does_not_say("is close");
}

#[test]
fn start_and_end_of_a_row_per_case_are_shown() {
    let scratch = Scratch::new();
    let rows = (0..30).map(|n| {
        format!(
            "R{n},2024-01-{:02}T08:00:00Z,2024-01-{:02}T09:00:00Z,ok\n",
            1 + n % 28,
            1 + n % 28
        )
    });
    scratch.write(
        "runs.csv",
        format!(
            "id,started_at,finished_at,status\n{}",
            rows.collect::<String>()
        ),
    );
    let ran = scratch.run(&["inspect", "runs.csv"]).ends_with(0);
    ran.says("start (Started)")
        .says("end (Finished)")
        .says("not used, because each row is a case");
}

/// A log of so many MiB, with one row that has a field too few after `broken_at` of it.
fn large(mib: usize, broken_at: Option<usize>) -> String {
    let mut log = String::from("ticket,status,changed_at,note\n");
    let note = "a note \"\"of\"\" two\nlines".to_owned() + &" and more".repeat(20);
    let mut is_broken = false;
    for row in 0.. {
        if log.len() > mib << 20 {
            return log;
        }
        let (case, step) = (row / 3, row % 3);
        let day = format!("2024-{:02}-{:02}", 1 + case / 28 % 12, 1 + case % 28);
        writeln!(
            log,
            "T{case},{},{day} 0{step}:30:00,\"{note}\"",
            STATES[step]
        )
        .unwrap();
        if broken_at.is_some_and(|at| log.len() > at) && !is_broken {
            log.push_str("short\n");
            is_broken = true;
        }
    }
    log
}

#[test]
fn large_file_is_read_at_its_beginning_and_at_a_few_places() {
    let scratch = Scratch::new();
    let log = large(12, None);
    scratch.write("log.csv", &log);
    let ran = scratch.run(&["inspect", "log.csv"]).ends_with(0);
    ran.says("read        the first 8 MiB of 12 MiB; to read all of it, add --all")
        .says("at 8 places")
        .says(", none rejected")
        .says("case: \"ticket\"");
    // A quoted field has line ends: none of them is taken for that of a record.
    let rows = log.matches("\nT").count();
    let all = scratch.run(&["inspect", "log.csv", "--all"]).ends_with(0);
    let count = toleranced_count(rows);
    all.says(&format!("records     {count} -> {count} events"))
        .does_not_say("the first 8 MiB");
    // What is written holds for the whole file.
    let written = scratch
        .run(&["inspect", "log.csv", "--write", "m.yaml"])
        .ends_with(0);
    written.does_not_say("the first 8 MiB");
}

/// A count with separators.
fn toleranced_count(count: usize) -> String {
    format!("{},{:03}", count / 1000, count % 1000)
}

#[test]
fn rejected_record_at_a_later_place_of_a_large_file_is_found() {
    let scratch = Scratch::new();
    // The last place is the end of the file.
    scratch.write("log.csv", large(12, Some((12 << 20) - 20_000)));
    let ran = scratch.run(&["inspect", "log.csv"]).ends_with(1);
    ran.says(", 1 rejected, the first: malformed, at byte 125")
        .says("the header has 4");
}

#[test]
fn beginning_of_other_formats_is_read_without_a_fault() {
    let scratch = Scratch::new();
    let record = |n: usize| {
        let (case, step) = (n / 3, STATES[n % 3]);
        format!(
            "{{\"ticket\":{case},\"status\":\"{step}\",\"changed_at\":{},\"note\":\"{}\"}}",
            1_700_000_000 + n,
            "x".repeat(400)
        )
    };
    let records: Vec<String> = (0..20_000).map(record).collect();
    scratch.write("log.json", format!("[{}]", records.join(",\n")));
    scratch.write("log.ndjson", records.join("\n"));
    let event = |n: usize| {
        format!(
            "<trace><string key=\"concept:name\" value=\"T{n}\"/><event><string key=\"concept:name\" value=\"a\"/><date key=\"time:timestamp\" value=\"2024-01-01T00:00:00Z\"/><string key=\"note\" value=\"{}\"/></event></trace>\n",
            "x".repeat(2000)
        )
    };
    let traces: String = (0..13_000).map(event).collect();
    scratch.write(
        "log.xes",
        format!("<?xml version=\"1.0\"?><log>{traces}</log>"),
    );
    for (file, first) in [("log.json", 8), ("log.ndjson", 8), ("log.xes", 24)] {
        let ran = scratch.run(&["inspect", file]).ends_with(0);
        ran.says(&format!("the first {first} MiB of "))
            .does_not_say("refused");
    }
}
