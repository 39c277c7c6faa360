//! A record that shows how a case stands tells by a count, or by yes or no, that the case was reopened.

use crate::support::Scratch;
use crate::support::scores::only;

/// Rows of 400 tickets of 40 days, every fourth of which was reopened.
fn rows(row: impl Fn(usize, bool, &str) -> String) -> String {
    let at = |nth: usize| format!("2024-{:02}-{:02}", 1 + nth / 10 / 28, 1 + nth / 10 % 28);
    (0..400)
        .map(|nth| row(nth, nth % 4 == 0, &at(nth)))
        .collect()
}

/// Mean deviation and status of the only process.
fn scored(text: &str, args: &[&str]) -> (Option<f64>, String) {
    let scratch = Scratch::new();
    let file = scratch.write("tickets.csv", text);
    let args = [args, &[file.as_str()]].concat();
    let scores = scratch.score(&args);
    let score = only(&scores);
    let status = score["status"].as_str().unwrap().to_owned();
    (score["deviation"]["mean"].as_f64(), status)
}

#[test]
fn a_counter_is_guessed_and_what_it_counts_is_rework() {
    for (column, yes, no) in [
        ("reopen_count", "2", "0"),
        ("Reopened", "Yes", "no"),
        ("Times reopened", "1.0", "0.0"),
        ("was_reopened", "TRUE", "FALSE"),
    ] {
        let text = rows(|nth, reopened, day| {
            let told = if reopened { yes } else { no };
            format!("{nth},Closed,{day} 08:00:00,{told}\n")
        });
        let header = format!("ticket_id,status,created_at,{column}\n");
        let found = scored(&(header + &text), &[]);
        assert_eq!(found, (Some(0.25), "outside".to_owned()), "{column}");
    }
}

#[test]
fn a_column_of_another_kind_with_such_a_name_is_not_guessed() {
    let text = rows(|nth, _, day| format!("{nth},Closed,{day} 08:00:00,by the customer\n"));
    let found = scored(
        &format!("ticket_id,status,created_at,reopened\n{text}"),
        &[],
    );
    assert_ne!(found.1, "outside");
}

#[test]
fn values_that_tell_nothing_lose_no_event() {
    let text = rows(|nth, reopened, day| {
        let told = if reopened { "1" } else { "n/a" };
        format!("{nth},Closed,{day} 08:00:00,{told}\n")
    });
    let text = format!("ticket_id,status,created_at,reopen_count\n{text}");
    let scratch = Scratch::new();
    let map = scratch.write(
        "map.yaml",
        "case: ticket_id\nactivity: status\ntime: created_at\nreopened: reopen_count\nterminal: [Closed]\n",
    );
    let file = scratch.write("tickets.csv", text);
    let scores = scratch.score(&["--map", &map, &file]);
    let score = only(&scores);
    assert_eq!(score["cases"], 400);
    assert_eq!(score["deviation"]["mean"], 0.25);
}

#[test]
fn the_preset_of_the_incident_table_reads_its_counter() {
    let text = rows(|nth, reopened, day| {
        let count = u8::from(reopened);
        format!(
            "INC{nth},7,software,{day} 08:00:00,{day} 13:00:00,{day} 15:00:00,{count},Solved (Permanently)\n"
        )
    });
    let header = "number,state,category,opened_at,resolved_at,closed_at,reopen_count,close_code\n";
    let found = scored(
        &format!("{header}{text}"),
        &["--map", "servicenow-incidents"],
    );
    assert_eq!(found, (Some(0.25), "outside".to_owned()));
}
