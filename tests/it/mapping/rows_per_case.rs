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
