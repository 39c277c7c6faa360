//! An export with one row per case is read as the stages of each case, and a written mapping reads it the same way.

use crate::support::Scratch;
use crate::support::scores::only;
use serde_json::Value;

/// 300 tickets of 60 days: opened, acknowledged after 5 minutes, resolved after an hour, closed after two. Every fifth was
/// reopened, and every tenth is not closed yet.
fn tickets() -> String {
    let mut text = String::from(
        "Number;Priority;State;Opened at;Acknowledged at;Resolved at;Closed at;Reopen count;Queue\n",
    );
    for nth in 0..300 {
        let day = format!("{:02}.{:02}.2024", 1 + nth / 5 % 28, 1 + nth / 140);
        let (state, closed) = match nth % 10 {
            9 => ("Resolved", String::new()),
            _ => ("Closed", format!("{day} 10:00:00")),
        };
        let count = u8::from(nth % 5 == 0);
        text.push_str(&format!(
            "INC{nth};3;{state};{day} 08:00:00;{day} 08:05:00;{day} 09:00:00;{closed};{count};phishing\n"
        ));
    }
    text
}

fn figures(score: &Value) -> (i64, i64, f64, f64) {
    let number = |value: &Value| value.as_f64().unwrap();
    (
        score["cases"].as_i64().unwrap(),
        score["open_cases"].as_i64().unwrap(),
        number(&score["duration_seconds"]["mean"]),
        number(&score["deviation"]["mean"]),
    )
}

#[test]
fn each_row_is_a_case_with_its_stages() {
    let scratch = Scratch::new();
    let file = scratch.write("tickets.csv", tickets());
    let scores = scratch.score(&[&file]);
    let score = only(&scores);
    assert_eq!(
        (score["id"].as_str(), &scores["events"]),
        (Some("tickets"), &1170.into())
    );
    let (cases, open, duration, deviation) = figures(score);
    assert_eq!((cases, open, duration), (300, 30, 7200.0));
    assert!((deviation - 60.0 / 270.0).abs() < 1e-9, "{deviation}");
    assert_eq!(score["activities"], 4);
}

#[test]
fn a_written_mapping_gives_the_figures_of_the_call_that_wrote_it() {
    let scratch = Scratch::new();
    let file = scratch.write("tickets.csv", tickets());
    for flags in [
        &[][..],
        &["--process", "Queue", "--time-zone", "Europe/Rome"],
        &["--process-name", "queue: one", "--outcome", "State"],
        &[
            "--case",
            "Number",
            "--activity",
            "State",
            "--time",
            "Opened at",
            "--time-format",
            "%d.%m.%Y %H:%M:%S",
        ],
    ] {
        let direct = scratch.score(&[flags, &[file.as_str()]].concat());
        let write = ["inspect", &file, "--write", "map.yaml", "--force"];
        scratch.run(&[&write[..], flags].concat()).ends_with(0);
        let written = scratch.score(&["--map", "map.yaml", &file]);
        assert_eq!(direct["processes"], written["processes"], "{flags:?}");
        assert_eq!(direct["from"], written["from"], "{flags:?}");
    }
}

#[test]
fn a_run_that_names_its_state_has_it_as_its_outcome() {
    let scratch = Scratch::new();
    let runs: String = (0..200)
        .map(|nth| {
            let status = if nth % 5 == 0 { "failed" } else { "succeeded" };
            let day = format!("2024-{:02}-{:02}", 1 + nth / 56, 1 + nth / 2 % 28);
            format!(
                "{{\"id\":{nth},\"workflow\":\"isolate\",\"status\":\"{status}\",\"started_at\":\"{day}T10:00:00Z\",\"finished_at\":\"{day}T10:07:30Z\"}}\n"
            )
        })
        .collect();
    let file = scratch.write("runs.ndjson", runs);
    let scores = scratch.score(&[&file]);
    let score = only(&scores);
    assert_eq!(score["id"], "isolate");
    assert_eq!(figures(score), (200, 0, 450.0, 0.2));
    assert_eq!(score["outcomes"]["failed"], 40);
}

/// Mean seconds until the end, cases and processes.
fn read(scratch: &Scratch, files: &[&str]) -> (Vec<String>, i64, f64) {
    let scores = scratch.score(files);
    let all = scores["processes"].as_array().unwrap();
    let ids = all
        .iter()
        .map(|score| score["id"].as_str().unwrap().to_owned());
    let cases = all
        .iter()
        .map(|score| score["cases"].as_i64().unwrap())
        .sum();
    let durations = all
        .iter()
        .map(|score| score["duration_seconds"]["mean"].as_f64().unwrap());
    (
        ids.collect(),
        cases,
        durations.sum::<f64>() / all.len() as f64,
    )
}

fn hour_long(
    header: &str,
    rows: std::ops::Range<u32>,
    row: impl Fn(u32, &str) -> String,
) -> String {
    let rows = rows.map(|nth| row(nth, &format!("2024-01-{:02}", 1 + nth % 28)));
    format!("{header}\n{}", rows.collect::<String>())
}

#[test]
fn what_a_row_refers_to_is_not_its_case() {
    for other in [
        "requester_id",
        "assignee_id",
        "alert_id",
        "problem_id",
        "Caller ID",
    ] {
        for own in ["id", "Number", "key", "#", "No.", "uuid"] {
            let scratch = Scratch::new();
            let header = format!("{own},{other},status,created_at,solved_at");
            let text = hour_long(&header, 0..40, |nth, day| {
                format!("{nth},{},closed,{day} 09:00,{day} 10:00\n", 70 + nth % 9)
            });
            scratch.write("t.csv", text);
            let found = read(&scratch, &["t.csv"]);
            assert_eq!(found, (vec!["t".to_owned()], 40, 3600.0), "{own} {other}");
        }
    }
}

#[test]
fn a_row_that_is_there_twice_leaves_the_layout_as_it_is() {
    let scratch = Scratch::new();
    let mut text = hour_long("Ticket,Status,Created,Resolved", 0..6, |nth, day| {
        format!("T{nth},Closed,{day} 09:00,{day} 10:00\n")
    });
    text.push_str("T2,Closed,2024-01-03 09:00,2024-01-03 10:00\n");
    scratch.write("t.csv", text);
    assert_eq!(
        read(&scratch, &["t.csv"]),
        (vec!["t".to_owned()], 6, 3600.0)
    );
}

#[test]
fn one_column_shows_day_and_month_of_the_others() {
    let scratch = Scratch::new();
    let text = hour_long("Ticket,Created,Resolved", 1..12, |nth, _| {
        let last = if nth == 11 { 16 } else { nth };
        format!("T{nth},01/{nth:02}/2024 09:00,01/{last:02}/2024 10:00\n")
    });
    scratch.write("t.csv", text);
    let (_, cases, seconds) = read(&scratch, &["t.csv"]);
    assert_eq!(
        (cases, seconds),
        (11, (11.0 * 3600.0 + 5.0 * 86_400.0) / 11.0)
    );
}

#[test]
fn exports_of_several_files_are_joined_by_their_names_and_kept_apart_otherwise() {
    let export = |rows: std::ops::Range<u32>, month: u32| {
        hour_long("Ticket,Created,Resolved", rows, |nth, _| {
            let day = format!("2024-{month:02}-{:02}", 1 + nth);
            format!("{nth},{day} 09:00,{day} 10:00\n")
        })
    };
    let scratch = Scratch::new();
    for (name, rows, month) in [
        ("t-1.csv", 1..5, 1),
        ("t-2.csv", 5..9, 1),
        ("2024-01-01.csv", 1..5, 1),
        ("2024-01-02.csv", 5..9, 1),
        ("phishing.csv", 1..5, 1),
        ("malware.csv", 1..5, 2),
    ] {
        scratch.write(name, export(rows, month));
    }
    let one = |id: &str| (vec![id.to_owned()], 8, 3600.0);
    assert_eq!(read(&scratch, &["t-1.csv", "t-2.csv"]), one("t"));
    let dated = ["2024-01-01.csv", "2024-01-02.csv"];
    assert_eq!(read(&scratch, &dated), one("log"));
    let both = vec!["malware".to_owned(), "phishing".to_owned()];
    assert_eq!(
        read(&scratch, &["phishing.csv", "malware.csv"]),
        (both, 8, 3600.0)
    );
}
