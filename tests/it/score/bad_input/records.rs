//! Records that are rejected between good ones.

use super::{GOOD, GOOD_2, score};
use crate::support::Scratch;
use crate::support::scores::{only, refused};
use std::fmt::Write as _;

#[test]
fn words_for_no_value_are_neither_cases_nor_outcomes() {
    let scratch = Scratch::new();
    let log = "case,activity,time,outcome\n1,a,2024-01-01,good\n1,b,2024-01-02,?\n2,a,2024-01-01,N/A\n?,a,2024-01-03,NULL\n-100,a,2024-01-03,\n";
    scratch.write("log.csv", log);
    let scores = scratch.score(&["log.csv"]);
    assert_eq!(
        (&scores["cases"], refused(&scores, "missing_case")),
        (&2.into(), 2)
    );
    assert_eq!(
        only(&scores)["outcomes"],
        serde_json::json!({"a": 1, "good": 1})
    );
    scratch.run(&["inspect", "log.csv", "--write", "m.yaml"]);
    let saved = scratch.score(&["--map", "m.yaml", "log.csv"]);
    assert_eq!(saved["processes"], scores["processes"]);
}

#[test]
fn bad_lines_between_good_ones() {
    let mut log = GOOD.as_bytes().to_vec();
    log.extend(b"\0\0\0\0\n{\"case\":\n[1]\n\"text\"\n\n");
    log.extend(b"{\"case\":\"2\",\"activity\":\"\xff\xfe\",\"time\":\"2024-01-01\"}\n");
    log.extend(b"{\"activity\":\"a\",\"time\":\"2024-01-01\"}\n{\"case\":\"3\",\"time\":\"2024-01-01\"}\n{\"case\":\"3\",\"activity\":\"a\"}\n");
    log.extend(b"{\"case\":\"3\",\"activity\":\"a\",\"time\":\"soon\"}\n{\"case\":\"3\",\"activity\":\"a\",\"time\":\"2999-01-01\"}\n");
    log.extend(b"{\"case\":\"3\",\"activity\":\"a\",\"time\":\"1970-01-01\"}\n");
    log.extend(GOOD_2.repeat(20).as_bytes());
    log.extend(b"{\"case\":\"4\",\"activity\":\"a\",\"ti");
    let scores = score("log.ndjson", log).ends_with(0).json();
    assert_eq!(
        (&scores["events"], &scores["cases"]),
        (&21.into(), &1.into())
    );
    let reasons = [
        "malformed",
        "invalid_utf8",
        "missing_case",
        "missing_activity",
        "missing_time",
        "unreadable_time",
        "implausible_time",
    ];
    assert_eq!(
        reasons.map(|reason| refused(&scores, reason)),
        [5, 1, 1, 1, 1, 1, 2]
    );
    assert_eq!(scores["quarantined"], 12);
    assert_eq!(scores["records"], 33);
}

#[test]
fn rows_of_another_width_and_times_that_are_none() {
    let mut text = String::from("case,activity,time\n");
    for row in 0..30 {
        let _ = writeln!(text, "{row},a,2024-01-{:02} 10:00", row % 28 + 1);
    }
    text += "1,a\n1,a,2024-01-01,more\n1,a,2024-01-01,\n1,a,?\n1,a,31.12.\n1,a,2024-02-30 10:00\n\"open quote,a,2024-01-01\n";
    let scores = score("log.csv", text).ends_with(0).json();
    assert_eq!(scores["events"], 31);
    assert_eq!(
        [
            refused(&scores, "malformed"),
            refused(&scores, "unreadable_time")
        ],
        [3, 3]
    );
}

#[test]
fn hands_on_time_below_zero_is_refused_as_a_number_and_as_a_clock() {
    let scratch = Scratch::new();
    scratch.write(
        "map.yaml",
        "process: { const: p }\ncase: case\nactivity: activity\ntime: time\nhands_on: spent\n",
    );
    let below = ["-5", "-1:00", "-0:10", "-0:10:30", "0:-0:10", "-1 day 0:10"];
    let fine = ["0", "0:10", "1899-12-30 0:10", "10", ""];
    let mut text = String::from("case,activity,time,spent\n");
    for (row, spent) in below.iter().chain(&fine).enumerate() {
        let _ = writeln!(text, "{row},a,2024-01-01,{spent}");
    }
    scratch.write("log.csv", text);
    let scores = scratch.score(&["--map", "map.yaml", "log.csv"]);
    assert_eq!(scores["cases"], fine.len());
    assert_eq!(refused(&scores, "invalid_value"), below.len() as u64);
    let first = &scores["quarantine"][0]["first"]["detail"];
    assert!(first.to_string().contains("`hands_on`: `-5`"), "{first}");
}
