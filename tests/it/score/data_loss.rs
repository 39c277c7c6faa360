//! Lost records count in the scores of the time in which they were lost, and in no other.

use crate::support::Scratch;
use crate::support::own_format::{CATALOG, daily_cases, outcome, score};
use crate::support::scores::{near, only};
use serde_json::Value;

const BAD: usize = 8;

/// 400 cases of two steps, an hour apart, from 2026-01-05; bad lines behind the nth of them.
fn log(bad_behind: usize) -> String {
    let begin = chrono::NaiveDate::from_ymd_opt(2026, 1, 5).unwrap();
    let mut log = String::new();
    for nth in 0..400 {
        let (date, hour) = (begin + chrono::Days::new(nth as u64 / 24), nth % 24);
        let head = format!("\"process\":\"p\",\"case\":\"c{nth}\",\"executor\":\"human\"");
        log.push_str(&format!(
            "{{\"time\":\"{date}T{hour:02}:00:00Z\",{head},\"activity\":\"open\"}}\n\
             {{\"time\":\"{date}T{hour:02}:05:00Z\",{head},\"activity\":\"close\",\"lifecycle\":\"end\",\"outcome\":\"good\"}}\n"
        ));
        if nth == bad_behind {
            log.push_str(&"{\"case\":\n".repeat(BAD));
        }
    }
    log
}

fn scratch(bad_behind: usize) -> Scratch {
    let scratch = Scratch::new();
    scratch.write("log.ndjson", log(bad_behind));
    scratch
}

fn loss(scratch: &Scratch, flags: &[&str]) -> Value {
    let args = [&["log.ndjson", "--map", "toleranced"], flags].concat();
    only(&scratch.score(&args))["loss"].clone()
}

fn assert_loss(scratch: &Scratch, flags: &[&str], lost: usize, events: usize) {
    let found = loss(scratch, flags);
    assert_eq!(found["lost"], lost, "{flags:?}");
    let share = lost as f64 / (events + lost) as f64;
    near(&found["share"], share, 1e-9);
}

/// The last 101 cases: those that ended in the hours 299 to 399.
const WINDOW: [&str; 2] = ["--window", "100h"];

/// The first 49 cases.
const AS_OF: [&str; 2] = ["--as-of", "2026-01-07T00:30:00Z"];

#[test]
fn a_window_has_its_own_loss() {
    assert_loss(&scratch(99), &[], BAD, 800);
    assert_loss(&scratch(99), &WINDOW, 0, 202);
    assert_loss(&scratch(349), &WINDOW, BAD, 202);
}

#[test]
fn what_is_lost_later_was_not_lost_yet() {
    assert_loss(&scratch(10), &AS_OF, BAD, 98);
    assert_loss(&scratch(99), &AS_OF, 0, 98);
    // Before the first event of all.
    let early = Scratch::new();
    early.write("log.ndjson", "{\"case\":\n".repeat(BAD) + &log(usize::MAX));
    assert_loss(&early, &AS_OF, BAD, 98);
    assert_loss(&early, &WINDOW, 0, 202);
}

#[test]
fn a_file_that_has_nothing_else_counts_at_all_times_and_twice_no_more_than_once() {
    let scratch = scratch(usize::MAX);
    scratch.write("bad.ndjson", "{\"case\":\n".repeat(BAD));
    let flags = [&["bad.ndjson", "bad.ndjson"][..], &WINDOW].concat();
    assert_loss(&scratch, &flags, BAD, 202);
}

#[test]
fn an_explanation_has_the_loss_of_its_own_time() {
    let says_lost = |bad_behind, flags: &[&str]| {
        let args = [
            "explain",
            "p",
            "log.ndjson",
            "--map",
            "toleranced",
            "--format",
            "json",
        ];
        let ran = scratch(bad_behind).run(&[&args, flags].concat());
        ran.ends_with(0)
            .json()
            .to_string()
            .contains("\"lost records\"")
    };
    assert!(says_lost(349, &WINDOW) && !says_lost(99, &WINDOW));
    assert!(says_lost(10, &AS_OF) && !says_lost(99, &AS_OF));
}

#[test]
fn loss_widens_and_beyond_a_share_nothing_is_within() {
    let scratch = Scratch::new();
    let clean = daily_cases(400, "human", |_| outcome("good"));
    let whole = score(&scratch, &clean, CATALOG);
    assert_eq!(whole["status"], "within");
    assert_eq!(whole["loss"]["share"], 0.0);
    let upper = whole["deviation"]["upper"].as_f64().unwrap();
    // 800 events and 8 records that are none: a share of 8 / 808.
    let some = format!("{clean}{}", "{\"case\":\n".repeat(8));
    let some = score(&scratch, &some, CATALOG);
    let share = 8.0 / 808.0;
    near(&some["loss"]["share"], share, 1e-9);
    near(
        &some["deviation"]["upper"],
        upper * (1.0 - share) + share,
        1e-9,
    );
    assert_eq!(some["deviation"]["mean"], 0.0);
    let rate = |score: &Value, end: usize| score["cases_per_week_interval"][end].as_f64().unwrap();
    assert_eq!(some["cases_per_week"], whole["cases_per_week"]);
    assert!(rate(&some, 1) > rate(&whole, 1) && rate(&some, 0) == rate(&whole, 0));
    let much = format!("{clean}{}", "{\"case\":\n".repeat(60));
    let much = score(&scratch, &much, CATALOG);
    assert_eq!(much["status"], "undetermined");
    assert_eq!(much["loss"]["too_much"], true);
    let notes = much["notes"].to_string();
    assert!(notes.contains("60 records were lost"), "{notes}");
}
