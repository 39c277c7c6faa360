//! A small log in the program's own format, and its score.

use super::binary::Scratch;
use super::scores::only;
use serde_json::Value;
use std::fmt::Write as _;

/// One case of two steps in the program's own format, an hour after the one before; `more` goes into its last line.
pub(crate) fn case(log: &mut String, nth: usize, id: &str, executor: &str, more: &str) {
    case_at(log, (2026, nth * 60), id, executor, more);
}

/// The same a day after the one before: cases of one day may have one cause, and are less evidence.
pub(crate) fn daily_case(log: &mut String, nth: usize, id: &str, executor: &str, more: &str) {
    case_at(log, (2018, nth * 1440), id, executor, more);
}

/// One case so many minutes after the 5th of January of a year.
fn case_at(log: &mut String, (year, minutes): (i32, usize), id: &str, executor: &str, more: &str) {
    let at = |minute: usize| {
        let minutes = minutes + minute;
        let (day, hour) = (minutes / 1440, minutes / 60 % 24);
        let date =
            chrono::NaiveDate::from_ymd_opt(year, 1, 5).unwrap() + chrono::Days::new(day as u64);
        format!("{date}T{hour:02}:{:02}:00Z", minutes % 60)
    };
    let head = format!("\"process\":\"p\",\"case\":\"{id}\",\"executor\":\"{executor}\"");
    writeln!(
        log,
        "{{\"time\":\"{}\",{head},\"activity\":\"open\"{}}}",
        at(0),
        origin_of(more)
    )
    .unwrap();
    writeln!(
        log,
        "{{\"time\":\"{}\",{head},\"activity\":\"close\",\"lifecycle\":\"end\"{more}}}",
        at(5)
    )
    .unwrap();
}

/// Both lines of a case say what kind of run it is.
fn origin_of(more: &str) -> String {
    let key = ",\"origin\":";
    more.find(key).map_or(String::new(), |at| {
        let rest = &more[at + key.len()..];
        let end = rest[1..].find('"').unwrap() + 2;
        format!("{key}{}", &rest[..end])
    })
}

/// So many cases of one kind, one an hour.
pub(crate) fn cases(count: usize, executor: &str, more: impl Fn(usize) -> String) -> String {
    let mut log = String::new();
    for nth in 0..count {
        case(&mut log, nth, &format!("c{nth}"), executor, &more(nth));
    }
    log
}

/// So many cases of one kind, one a day.
pub(crate) fn daily_cases(count: usize, executor: &str, more: impl Fn(usize) -> String) -> String {
    let mut log = String::new();
    for nth in 0..count {
        daily_case(&mut log, nth, &format!("c{nth}"), executor, &more(nth));
    }
    log
}

/// The field of an outcome.
pub(crate) fn outcome(word: &str) -> String {
    format!(",\"outcome\":\"{word}\"")
}

/// Process `p`: class c, T 2 % at two steps.
pub(crate) const CATALOG: &str =
    "processes:\n  - id: p\n    criticality: low\n    outcomes: { good: 0, bad: 1 }\n";

/// The score of the only process of a log.
pub(crate) fn score(scratch: &Scratch, log: &str, catalog: &str) -> Value {
    score_with(scratch, log, catalog, &[])
}

/// The same with further flags.
pub(crate) fn score_with(scratch: &Scratch, log: &str, catalog: &str, more: &[&str]) -> Value {
    scratch.write("log.ndjson", log);
    scratch.write("catalog.yaml", catalog);
    let args = [
        "log.ndjson",
        "--map",
        "toleranced",
        "--catalog",
        "catalog.yaml",
    ];
    only(&scratch.score(&[&args, more].concat())).clone()
}
