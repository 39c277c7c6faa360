//! Holidays of the configuration and of the command line.

use crate::support::dice::Dice;
use crate::support::own_format::CATALOG;
use crate::support::{Home, Scratch, texts, wait_until};
use chrono::{NaiveDate, TimeDelta};
use std::fmt::Write as _;

/// Public holidays in China.
const HOLIDAYS: [&str; 6] = [
    "2025-10-01",
    "2025-10-02",
    "2025-10-03",
    "2025-10-06",
    "2025-10-07",
    "2025-10-08",
];

/// About 40 cases on every day but holidays, up to the day after the last one.
fn log() -> String {
    let date = |text: &str| text.parse::<NaiveDate>().unwrap();
    let (first, last) = (date("2025-06-03"), date("2025-10-09"));
    let holidays = HOLIDAYS.map(date);
    let mut dice = Dice(7);
    let mut lines = String::from("case,activity,time,outcome\n");
    for nth in 0..=(last - first).num_days() {
        let date = first + TimeDelta::days(nth);
        if holidays.contains(&date) {
            continue;
        }
        for case in 0..34 + dice.below(13) {
            let (hour, minute) = (dice.below(22), dice.below(60));
            writeln!(lines, "{nth}-{case},open,{date}T{hour:02}:{minute:02}:00Z,").unwrap();
            let hour = hour + 1;
            writeln!(
                lines,
                "{nth}-{case},close,{date}T{hour:02}:{minute:02}:00Z,done"
            )
            .unwrap();
        }
    }
    lines
}

#[test]
fn holidays_of_a_country_or_a_file_raise_no_alarm() {
    let scratch = Scratch::new();
    scratch.write("log.csv", log());
    scratch.write("days.txt", HOLIDAYS.join("\n"));
    let alarms_with = |holidays: &[&str]| {
        let args = [&["drift", "log.csv", "--format", "json"][..], holidays].concat();
        let found = scratch.run(&args).json();
        found["alarms"].as_array().unwrap().clone()
    };
    for holidays in ["CN", "DE,CN", "days.txt"] {
        let alarms = alarms_with(&["--holidays", holidays]);
        assert!(alarms.is_empty(), "{holidays}: {alarms:?}");
    }
    // The same days are a drift if they are not known as holidays.
    for holidays in [&[][..], &["--holidays", "DE"]] {
        let alarms = alarms_with(holidays);
        assert_eq!(alarms.len(), 1, "{holidays:?}: {alarms:?}");
        assert_eq!(alarms[0]["stream"], "frequency_down");
    }
}

#[test]
fn a_wrong_holiday_on_the_command_line_is_named_with_the_next_step() {
    let scratch = Scratch::new();
    scratch.write("log.csv", log());
    scratch.write("days.txt", "2025-10-01\n2.10.2025\n");
    let run = |holidays: &str| scratch.run(&["drift", "log.csv", "--holidays", holidays]);
    run("Chna").ends_with(2).says("did you mean `CN (China)`?");
    run("days.txt")
        .ends_with(1)
        .says("days.txt:2: `2.10.2025` is not a date");
    run("none.ics").ends_with(2).says("none.ics: ");
    scratch
        .run(&["drift", "--holidays", "DE"])
        .ends_with(2)
        .says("FILE");
}

#[test]
fn a_wrong_holiday_in_the_configuration_is_named_with_its_place() {
    let holidays = "drift:\n  holidays:\n    countries: [DE, XD]\n    files: [company.ics]\n";
    let home = Home::with_catalog(CATALOG, "", holidays);
    let event = "BEGIN:VEVENT\nDTSTART:20260319\nRRULE:FREQ=DAILY\nEND:VEVENT\n";
    let calendar = format!("BEGIN:VCALENDAR\n{event}END:VCALENDAR\n");
    home.write("company.ics", calendar);
    let out = home.run(&["check"]);
    let (said, errors) = texts(&out);
    let all = format!("{said}{errors}");
    assert_eq!(out.status.code(), Some(1), "{all}");
    let config = std::fs::read_to_string(home.path("toleranced.yaml")).unwrap();
    let line = config.lines().position(|line| line.contains("XD")).unwrap() + 1;
    for words in [
        format!("toleranced.yaml:{line}:21: `drift.holidays.countries`: `XD`"),
        "company.ics:4: RRULE: `FREQ=DAILY` is not read".to_owned(),
    ] {
        assert!(all.contains(&words), "does not say `{words}`:\n{all}");
    }
}

#[test]
fn a_changed_calendar_file_is_read_again() {
    let holidays = "drift: {holidays: {files: [days.txt]}}\n";
    let home = Home::with_catalog(CATALOG, "", holidays);
    home.write("days.txt", "2026-03-19\n");
    home.write("log.ndjson", "");
    let daemon = home.start();
    home.write("next.txt", "2026-03-19\n2026-03-20\n");
    std::fs::rename(home.path("next.txt"), home.path("days.txt")).unwrap();
    // The request or the file watcher finds the change first.
    assert_eq!(daemon.reload().0, 200);
    daemon.wait_for_log("changed=\"drift changed\"");
    // A file that cannot be read leaves the configuration as it is.
    home.write("next.txt", "20.03.2026\n");
    std::fs::rename(home.path("next.txt"), home.path("days.txt")).unwrap();
    let said = wait_until("the refused reload", || {
        let (status, said) = daemon.reload();
        (status != 200).then_some(said)
    });
    assert!(
        said.contains("days.txt:1: `20.03.2026` is not a date"),
        "{said}"
    );
    daemon.stop();
}
