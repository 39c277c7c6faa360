//! Exports as tools and spreadsheet programs write them are read without flags.

use crate::support::Scratch;
use crate::support::scores::only;

/// 60 tickets of three changes, an hour apart, of which the last is `Closed`.
fn rows(row: impl Fn(usize, &str, u32, u32) -> String) -> String {
    let mut text = String::new();
    for nth in 0..60 {
        for (hour, state) in [(9, "New"), (10, "Work"), (11, "Closed")] {
            text.push_str(&row(nth, state, 1 + nth as u32 % 28, hour));
        }
    }
    text
}

/// The first event, and the mean duration in seconds, of what must be 180 events in 60 cases.
#[track_caller]
fn read(name: &str, text: impl AsRef<[u8]>) -> (String, f64) {
    let scratch = Scratch::new();
    let file = scratch.write(name, text);
    let scores = scratch.score(&[&file]);
    let score = only(&scores);
    let found = (&scores["events"], &scores["cases"], &scores["quarantined"]);
    assert_eq!(found, (&180.into(), &60.into(), &0.into()), "{name}");
    let first = scores["from"].as_str().unwrap().to_owned();
    (first, score["duration_seconds"]["mean"].as_f64().unwrap())
}

const FIRST: &str = "2024-03-01T09:05:00Z";

#[test]
fn lines_above_the_header_are_passed_over() {
    let row =
        |nth, state: &str, day, hour| format!("T{nth};{state};2024-03-{day:02} {hour:02}:05\n");
    let table = rows(row);
    for titles in [
        "sep=;\n",
        "\u{feff}sep=;\r\n",
        "Changes of tickets\nExported by an analyst\n\n",
        "#TYPE System.Data.DataRow\n",
    ] {
        let text = format!("{titles}Ticket ID;Status;Changed on\n{table}");
        assert_eq!(read("t.csv", text), (FIRST.to_owned(), 7200.0), "{titles}");
    }
}

#[test]
fn times_as_spreadsheets_portals_and_people_write_them() {
    let serial = |nth, state: &str, day: u32, hour: u32| {
        // 45352 is 2024-03-01.
        let time = f64::from(45_351 + day) + (f64::from(hour) * 60.0 + 5.0) / 1440.0;
        format!("T{nth},{state},{time:.10}\n")
    };
    let portal = |nth, state: &str, day, hour| {
        format!("T{nth},{state},\"3/{day}/2024, {hour}:05:00.000 AM\"\n")
    };
    let spanish =
        |nth, state: &str, day, hour| format!("T{nth},{state},{day:02}/mar/24 {hour}:05 a. m.\n");
    let french =
        |nth, state: &str, day, hour| format!("T{nth},{state},{day:02}/mars/24 {hour}:05 AM\n");
    let zoned =
        |nth, state: &str, day, hour| format!("T{nth},{state},{day:02}.03.2024 {hour:02}:05 CET\n");
    for (what, header, table, first) in [
        ("serial", "Changed on", rows(serial), 9),
        ("portal", "TimeGenerated [UTC]", rows(portal), 9),
        ("spanish", "Updated", rows(spanish), 9),
        ("french", "Updated", rows(french), 9),
        ("zone", "changed_at", rows(zoned), 8),
    ] {
        let text = format!("Ticket ID,Status,{header}\n{table}");
        let first = format!("2024-03-01T{first:02}:05:00Z");
        assert_eq!(read("t.csv", text), (first, 7200.0), "{what}");
    }
}

#[test]
fn documents_are_read_however_their_lines_are_broken() {
    let record = |nth, state: &str, day, hour| {
        format!(
            "{{\"ticket\":\"T{nth}\",\"status\":\"{state}\",\"timestamp\":\"2024-03-{day:02}T{hour:02}:05:00Z\",\"tags\":[{{\"k\":\"v\"}}]}}\n"
        )
    };
    let records = rows(record);
    let listed = records.trim_end().replace('\n', ",");
    let pretty = listed.replace("},{\"ticket", "},\n{\"ticket");
    let note = "x".repeat(300_000);
    for (what, text) in [
        ("a record a line", records.clone()),
        ("an array on a line", format!("[{listed}]")),
        (
            "an answer on a line",
            format!("{{\"count\":180,\"items\":[{listed}]}}\n"),
        ),
        (
            "an answer on several lines",
            format!("{{\n\"count\":180,\n\"items\":[\n{pretty}]}}\n"),
        ),
        (
            "records behind each other",
            records.replace(",\"", ",\n \""),
        ),
        (
            "records before much else",
            format!("{{\"items\":[{listed}],\"note\":\"{note}\"}}"),
        ),
    ] {
        assert_eq!(read("t.json", text), (FIRST.to_owned(), 7200.0), "{what}");
    }
}

#[test]
fn a_case_may_be_called_anything_that_numbers_something() {
    let row =
        |nth, state: &str, day, hour| format!("x{nth},{state},2024-03-{day:02} {hour:02}:05\n");
    for name in [
        "workflow_run_id",
        "sessionId",
        "Vorgangs-Nr",
        "ticketRef",
        "run",
        "deal key",
    ] {
        let text = format!("{name},step,timestamp\n{}", rows(row));
        assert_eq!(read("t.csv", text), (FIRST.to_owned(), 7200.0), "{name}");
    }
}

#[test]
fn the_id_of_another_object_is_not_the_case() {
    let record = |nth, state: &str, day, hour| {
        let rule = nth % 7;
        format!(
            "{{\"id\":\"A-{nth}\",\"rule\":{{\"id\":\"50{rule}\"}},\"status\":\"{state}\",\"timestamp\":\"2024-03-{day:02}T{hour:02}:05:00Z\"}}\n"
        )
    };
    assert_eq!(read("t.ndjson", rows(record)), (FIRST.to_owned(), 7200.0));
}

#[test]
fn the_first_letter_with_an_accent_decides_the_encoding_however_late_it_comes() {
    let team = "first responders of the night shift of the operations centre who are reached by telephone only";
    let row = |nth: usize, state: &str, day, hour| {
        let team = if nth > 55 { "Zürich" } else { team };
        format!("T{nth},{state},2024-03-{day:02} {hour:02}:05,{team}\n")
    };
    let mut text = String::from("ticket,status,timestamp,note\n");
    for nth in 0..60 {
        let note = "x".repeat(2_000);
        for (hour, state) in [(9, "New"), (10, "Work"), (11, "Closed")] {
            let row = row(nth, state, 1 + nth as u32 % 28, hour);
            text.push_str(&row.replace('\n', &format!("{note}\n")));
        }
    }
    assert!(text.find('ü') > Some(300_000));
    let old: Vec<u8> = text.chars().map(|c| c as u8).collect();
    let expected = (FIRST.to_owned(), 7200.0);
    assert_eq!(read("t.csv", &text), expected);
    assert_eq!(read("t.csv", &old), expected);
    let scratch = Scratch::new();
    let file = scratch.write("t.csv", &old);
    let text = scratch
        .run(&["score", "--process", "note", &file])
        .ends_with(0)
        .stdout
        .clone();
    assert!(text.contains("Zürich"), "{text}");
}

#[test]
fn a_process_that_only_one_record_of_a_case_names_is_that_of_the_case() {
    let scratch = Scratch::new();
    let mut log = String::new();
    for nth in 0..20 {
        let (day, workflow) = (1 + nth, ["phishing", "malware"][nth % 2]);
        for (minute, named) in [(0, nth % 3 == 0), (1, nth % 3 == 1), (2, nth % 3 == 2)] {
            let named = if named {
                format!(",\"workflow\":\"{workflow}\"")
            } else {
                String::new()
            };
            log.push_str(&format!(
                "{{\"run\":\"{nth}\",\"event\":\"step {minute}\"{named},\"at\":\"2024-01-{day:02}T00:0{minute}:00Z\"}}\n"
            ));
        }
    }
    let file = scratch.write("runs.ndjson", log);
    let scores = scratch.score(&[&file]);
    let found = scores["processes"].as_array().unwrap().iter();
    let found: Vec<_> = found
        .map(|score| (score["id"].as_str().unwrap(), &score["cases"]))
        .collect();
    assert_eq!(found, [("malware", &10.into()), ("phishing", &10.into())]);
}
