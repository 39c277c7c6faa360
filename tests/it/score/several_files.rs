//! Files that are read in one call give the figures that each of them gives alone, and a split log those of the whole.

use crate::support::Scratch;
use crate::support::scores::process;
use proptest::prelude::*;
use serde_json::Value;

/// A log of tickets numbered from 1, one a day from this year on; every tenth is reopened, and some are still open.
fn tickets(year: u32, header: &str) -> String {
    let mut text = format!("{header}\n");
    for row in ticket_rows(year) {
        text.push_str(&row);
    }
    text
}

fn ticket_rows(year: u32) -> Vec<String> {
    let first = chrono::NaiveDate::from_ymd_opt(year as i32, 1, 1).unwrap();
    let mut rows = Vec::new();
    for nth in 1..=200_u64 {
        let day = first + chrono::Days::new(nth);
        let mut states = vec!["New", "Assigned", "Resolved"];
        if nth % 10 == 0 {
            states.extend(["Assigned", "Resolved"]);
        }
        if nth > 195 {
            states.truncate(2);
        }
        for (hour, state) in states.iter().enumerate() {
            rows.push(format!("{nth},{state},{day} {hour:02}:10:00\n"));
        }
    }
    rows
}

const TICKETS: &str = "ticket_id,status,changed_at";
const ALERTS: &str = "alert_id,state,timestamp";

fn alone(scratch: &Scratch, file: &str, id: &str) -> Value {
    process(&scratch.score(&[file]), id).clone()
}

#[test]
fn logs_that_have_nothing_in_common_are_scored_as_if_alone() {
    let scratch = Scratch::new();
    scratch.write("tickets.csv", tickets(2019, TICKETS));
    scratch.write("alerts.csv", tickets(2024, ALERTS));
    for others in [
        &["alerts.csv", "tickets.csv"][..],
        &["tickets.csv", "alerts.csv"],
    ] {
        let together = scratch.score(others);
        for (file, id) in [("tickets.csv", "tickets"), ("alerts.csv", "alerts")] {
            let of_both = process(&together, id);
            assert_eq!(of_both, &alone(&scratch, file, id), "{others:?}");
            assert_eq!(of_both["cases"], 200, "{id}");
            assert!(of_both["deviation"]["mean"].as_f64() > Some(0.09), "{id}");
        }
        assert_eq!(together["logs"].as_array().unwrap().len(), 2);
    }
}

#[test]
fn what_one_file_declares_stops_no_guess_of_another() {
    let scratch = Scratch::new();
    scratch.write("tickets.csv", tickets(2019, TICKETS));
    let rows = ticket_rows(2022).concat().replace('\n', ",step\n");
    let header = "case,activity,time,lifecycle";
    scratch.write("jobs.csv", format!("{header}\n{rows}"));
    let together = scratch.score(&["tickets.csv", "jobs.csv"]);
    assert_eq!(
        process(&together, "tickets"),
        &alone(&scratch, "tickets.csv", "tickets")
    );
}

#[test]
fn a_file_that_can_not_be_read_changes_no_figure_of_the_others() {
    let scratch = Scratch::new();
    scratch.write("tickets.csv", tickets(2019, TICKETS));
    scratch.write("junk.csv", "\u{1}\u{2}\u{3}");
    scratch.write(
        "times.csv",
        "alert_id,state,timestamp\n1,open,soon\n".repeat(900),
    );
    let expected = alone(&scratch, "tickets.csv", "tickets");
    for other in ["junk.csv", "absent.csv", "times.csv"] {
        let ran = scratch.run(&["score", "--format", "json", "tickets.csv", other]);
        assert_eq!(process(&ran.json(), "tickets"), &expected, "{other}");
    }
    let ran = scratch.run(&["score", "--format", "json", "tickets.csv", "absent.csv"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.stderr.contains("absent.csv"), "{}", ran.stderr);
}

#[test]
fn a_file_that_breaks_off_leaves_other_logs_alone() {
    let scratch = Scratch::new();
    scratch.write("tickets.csv", tickets(2019, TICKETS));
    let rows = ticket_rows(2024);
    let (one, other) = rows.split_at(300);
    let open = "7,\"never closed,2024-07-07 10:00:00\n";
    let torn = format!("{ALERTS}\n{}{open}{}", one.concat(), other.concat());
    scratch.write("alerts.csv", torn);
    let together = scratch.score(&["tickets.csv", "alerts.csv"]);
    assert_eq!(process(&together, "alerts")["loss"]["unknown"], 1);
    assert_eq!(
        process(&together, "tickets"),
        &alone(&scratch, "tickets.csv", "tickets")
    );
}

#[test]
fn files_whose_names_differ_in_numbers_are_one_log() {
    let scratch = Scratch::new();
    let rows = ticket_rows(2019);
    scratch.write("tickets.csv", tickets(2019, TICKETS));
    let (one, other) = rows.split_at(rows.len() / 2);
    for (name, rows) in [("tickets-2019-01.csv", one), ("tickets-2019-02.csv", other)] {
        scratch.write(name, format!("{TICKETS}\n{}", rows.concat()));
    }
    let split = scratch.score(&["tickets-2019-02.csv", "tickets-2019-01.csv"]);
    let whole = alone(&scratch, "tickets.csv", "tickets");
    assert_eq!(process(&split, "tickets"), &whole);
    assert_eq!(split["logs"][0]["files"].as_array().unwrap().len(), 2);
}

#[test]
fn an_explanation_of_several_logs_agrees_with_their_scores() {
    let scratch = Scratch::new();
    scratch.write("tickets.csv", tickets(2019, TICKETS));
    scratch.write("alerts.csv", tickets(2024, ALERTS));
    let both = ["tickets.csv", "alerts.csv"];
    let scores = scratch.score(&both);
    for id in ["tickets", "alerts"] {
        let ran = scratch.run(&["explain", id, both[0], both[1], "--format", "json"]);
        let explained = ran.ends_with(0).json();
        assert_eq!(explained["score"], *process(&scores, id), "{id}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_pipe_with_a_name_is_read_once() {
    let scratch = Scratch::new();
    let text = tickets(2019, TICKETS);
    scratch.write("alerts.csv", tickets(2024, ALERTS));
    for files in [&["/dev/stdin"][..], &["alerts.csv", "/dev/stdin"]] {
        let args = [&["score", "--format", "json"], files].concat();
        let scores = scratch.run_with(&args, text.as_bytes()).ends_with(0).json();
        let all = scores["processes"].as_array().unwrap().iter();
        let cases: u64 = all.map(|score| score["cases"].as_u64().unwrap()).sum();
        assert_eq!(cases, 200 * files.len() as u64, "{files:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// However the rows of a log are dealt to files.
    #[test]
    fn a_split_log_has_the_figures_of_the_whole(deal in prop::collection::vec(0..4_usize, 40)) {
        let scratch = Scratch::new();
        let whole = tickets(2019, TICKETS);
        scratch.write("tickets.csv", &whole);
        let mut files = vec![format!("{TICKETS}\n"); 4];
        for (nth, row) in ticket_rows(2019).iter().enumerate() {
            files[deal[nth % deal.len()]].push_str(row);
        }
        let mut args = vec!["--process-name".to_owned(), "tickets".to_owned()];
        for (nth, text) in files.iter().enumerate() {
            if text.lines().count() > 1 {
                let name = format!("part-{nth}.csv");
                scratch.write(&name, text);
                args.push(name);
            }
        }
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let split = scratch.score(&args);
        prop_assert_eq!(process(&split, "tickets"), &alone(&scratch, "tickets.csv", "tickets"));
    }
}
