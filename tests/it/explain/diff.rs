//! `diff`: a difference is a change only if the intervals show it.

use crate::support::binary::{json_of, says};
use crate::support::forty_tickets::{home, scored};
use crate::support::tickets::case;
use crate::support::{Scratch, toleranced};
use serde_json::Value;

#[test]
fn a_difference_is_a_change_only_where_the_intervals_tell_it() {
    let home = home();
    // Five days a week later, on which nine of ten cases fail.
    let second: String = (0..40)
        .map(|nth| {
            let outcome = if nth % 10 != 0 { "failed" } else { "done" };
            let day = format!("2026-03-{:02}", 8 + nth / 8);
            case(&format!("U{nth}"), nth * 18, outcome).replace("2026-03-02", &day)
        })
        .collect();
    home.append("log.ndjson", second);
    let config = std::fs::read_to_string(home.path("toleranced.yaml")).unwrap();
    home.write(
        "toleranced.yaml",
        config.replace("window: all", "window: 5d"),
    );
    let daemon = home.start();
    daemon.wait_for_records(240);
    daemon.stop();
    let dates = |from, to| ["diff", "--from", from, "--to", to];
    let text = says(
        &home.run(&dates("2026-03-03", "2026-03-13")),
        0,
        &["\ntickets\n", "changed"],
    );
    assert!(!text.contains("in common"), "{text}");
    let compared = json_of(
        &home.run(
            &[
                &dates("2026-03-03", "2026-03-13")[..],
                &["--format", "json"],
            ]
            .concat(),
        ),
    );
    let claim = |compared: &Value, what: &str| {
        let differing = compared["processes"][0]["differing"]
            .as_array()
            .unwrap()
            .iter();
        let found = differing
            .clone()
            .find(|differing| differing["what"] == what);
        found.map(|differing| differing["claim"].as_str().unwrap().to_owned())
    };
    assert_eq!(claim(&compared, "deviation").as_deref(), Some("changed"));
    assert_eq!(claim(&compared, "required_class"), None);
    assert_eq!(compared["changed"], true);
    // Half of the first day against the whole of it: both could come from the same process.
    let overlapping = dates("2026-03-02T06:00", "2026-03-03");
    let compared = json_of(&home.run(&[&overlapping[..], &["--format", "json"]].concat()));
    assert_eq!(
        claim(&compared, "deviation").as_deref(),
        Some("may_be_chance")
    );
    assert_eq!(compared["changed"], false, "{compared:#}");
    says(&home.run(&overlapping), 0, &["in common"]);
    says(
        &home.run(&[&overlapping[..], &["--exit-code", "tickets"]].concat()),
        0,
        &["may be chance"],
    );
    says(
        &home.run(&[&dates("2026-03-03", "2026-03-13")[..], &["--exit-code"]].concat()),
        1,
        &["changed"],
    );
    // Before anything happened there was nothing.
    says(
        &home.run(&dates("2026-01-01", "2026-03-03")),
        0,
        &["unknown -> "],
    );
}

#[test]
fn two_scores_of_nothing_and_dates_the_wrong_way_round_are_no_comparison() {
    let home = home();
    let log = home.text_path("log.ndjson");
    let daemon = home.start();
    scored(&daemon, 0.1);
    daemon.stop();
    let of_log = |dates: &[&str]| {
        let log = ["diff", "--log", &log, "--map", "toleranced"];
        toleranced(&[&log[..], dates].concat())
    };
    let of_data = |dates: &[&str]| home.run(&[&["diff"][..], dates].concat());
    let before = ["--from", "2020-01-01", "--to", "2020-02-01"];
    let words = ["no event to score: all of them are later than --to (2020-02-01T00:00:00Z)"];
    says(&of_log(&before), 1, &words);
    says(&of_data(&before), 1, &words);
    let reversed = ["--from", "2999-01-01"];
    let of_logs = ["--from lies after the last event of the logs, 2026-03-"];
    says(&of_log(&reversed), 2, &of_logs);
    says(&of_data(&reversed), 2, &["--from lies after now, 2"]);
    // Up to the first event there was nothing, which is a difference to what came.
    let first = ["--from", "2020-01-01", "--to", "2026-03-04"];
    says(&of_log(&first), 0, &["was not there"]);
    // The catalog of the daemon declares it.
    says(&of_data(&first), 0, &["unknown -> "]);
}

#[test]
fn a_database_without_a_case_has_nothing_to_compare() {
    let home = home();
    home.write("log.ndjson", "");
    home.start().stop();
    says(
        &home.run(&["diff", "--from", "2026-01-01"]),
        1,
        &["no event to score: the database holds no case yet"],
    );
}

/// A case a quarter of an hour for 260 days; of these, every tenth fails, and from day 200 on every fourth.
fn log_that_gets_worse() -> String {
    let begin = chrono::NaiveDate::from_ymd_opt(2026, 1, 1).unwrap();
    let mut log = String::from("case,activity,time,outcome\n");
    for day in 0..260_u64 {
        let date = begin + chrono::Days::new(day);
        let every = if day < 200 { 10 } else { 4 };
        for nth in 0..20_u64 {
            let outcome = match (day * 20 + nth * 7) % every {
                0 => "failed",
                _ => "done",
            };
            log.push_str(&format!("{day}-{nth},open,{date} {nth:02}:00:00,\n"));
            log.push_str(&format!(
                "{day}-{nth},close,{date} {nth:02}:10:00,{outcome}\n"
            ));
        }
    }
    log
}

#[test]
fn an_alarm_of_drift_is_a_change_where_the_intervals_show_none() {
    let scratch = Scratch::new();
    scratch.write("log.csv", log_that_gets_worse());
    let compared = |from: &str, to: &str| {
        let args = ["diff", "--from", from, "--to", to, "--log", "log.csv"];
        let json = scratch.run(&[&args[..], &["--format", "json"]].concat());
        let text = scratch.run(&[&args[..], &["--exit-code"]].concat());
        (json.ends_with(0).json(), text)
    };
    let (json, text) = compared("2026-07-20", "2026-08-10");
    let differing = json["processes"][0]["differing"].as_array().unwrap();
    let deviation = differing.iter().find(|one| one["what"] == "deviation");
    assert_eq!(deviation.unwrap()["claim"], "may_be_chance");
    let alarms = json["alarms"].as_array().unwrap();
    let is_of_deviation = |alarm: &&Value| alarm["stream"] == "deviation";
    let alarm = alarms.iter().find(is_of_deviation).expect("an alarm");
    assert_eq!(
        (&alarm["process"], &alarm["direction"]),
        (&"log".into(), &"up".into())
    );
    assert_eq!(json["changed"], true);
    assert_eq!(text.code, Some(1));
    assert!(
        text.stdout.contains("more deviation since about 2026-07"),
        "{}",
        text.stdout
    );
    // Before the change there is neither.
    let (json, text) = compared("2026-06-01", "2026-07-10");
    assert_eq!(
        (&json["alarms"], &json["changed"]),
        (&Value::Array(Vec::new()), &false.into())
    );
    assert_eq!(text.code, Some(0));
}
