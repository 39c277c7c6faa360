//! Guessed columns of exports that nobody prepared: a wrong figure is worse than none.

use crate::support::Scratch;
use crate::support::project::shared;
use crate::support::scores::only;

/// Three records of each of 30 tickets.
fn export(header: &str, row: impl Fn(usize, usize) -> String) -> String {
    let rows = (0..90).map(|n| row(n / 3, n % 3) + "\n");
    format!("{header}\n{}", rows.collect::<String>())
}

const STATES: [&str; 3] = ["New", "Work", "Closed"];

#[test]
fn the_time_of_opening_is_not_the_time_of_each_event() {
    let scratch = Scratch::new();
    let log = export(
        "incident,created,status,changed on,assigned to",
        |case, step| {
            let day = case % 28 + 1;
            format!(
                "INC{case},{day}/03/2024 08:00,{},{day}/03/2024 {}:30,Bob",
                STATES[step],
                8 + step
            )
        },
    );
    scratch.write("log.csv", log);
    let scores = scratch.score(&["log.csv"]);
    assert_eq!(only(&scores)["duration_seconds"]["mean"], 7200.0);
    scratch
        .run(&["score", "log.csv"])
        .says("time = changed on (%d/%m/%Y %H:%M)");
}

#[test]
fn the_only_time_there_is_is_taken_whatever_it_is_called() {
    let scratch = Scratch::new();
    let log = export("case,activity,Zeitpunkt", |case, step| {
        format!(
            "{case},{},{}.03.2024 0{step}:00",
            STATES[step],
            case % 28 + 1
        )
    });
    scratch.write("log.csv", log);
    assert_eq!(
        only(&scratch.score(&["log.csv"]))["duration_seconds"]["mean"],
        7200.0
    );
}

#[test]
fn people_are_no_activities() {
    let scratch = Scratch::new();
    let record = |n: usize| {
        format!(
            "{{\"key\":\"S-{}\",\"user\":{{\"name\":\"Bob\",\"type\":\"a\"}},\"assignee\":{{\"name\":\"Eve\"}},\"timestamp\":{}}}\n",
            n / 2,
            1_700_000_000 + n
        )
    };
    scratch.write("log.ndjson", (0..40).map(record).collect::<String>());
    let ran = scratch.run(&["score", "log.ndjson"]).ends_with(1);
    ran.says("can't tell which column is the activity")
        .says("--activity COLUMN");
}

#[test]
fn a_row_per_case_is_said() {
    let scratch = Scratch::new();
    let row = |n: usize| {
        format!(
            "T-{n},{},2024-03-{:02} 08:00,Bob\n",
            STATES[n % 3],
            n % 28 + 1
        )
    };
    let rows: String = (0..50).map(row).collect();
    scratch.write(
        "log.csv",
        format!("Ticket ID,Status,Created,Assignee\n{rows}"),
    );
    scratch
        .run(&["score", "log.csv"])
        .ends_with(0)
        .says("every case has a single event");
}

#[test]
fn payloads_of_vendors_are_read_with_their_preset() {
    let payloads = [
        ("servicenow_incidents_REST.csv", "servicenow-incidents"),
        ("jira_webhook_cloud_resolved.trimmed.json", "jira-webhook"),
        ("n8n_cli_execution.json", "n8n-execution"),
        ("shuffle_execution.json", "shuffle-execution"),
        ("thehive3_webhook.jsonl", "thehive-webhook"),
        (
            "bpic2014_incident_activity.csv",
            "bpic2014-incident-activity",
        ),
    ];
    for (file, preset) in payloads {
        let Some(file) = shared(&format!("samples/{file}")) else {
            return;
        };
        let ran = Scratch::new().run(&["score", &file]);
        match preset {
            "bpic2014-incident-activity" => ran.says(&format!("try --map {preset}")),
            preset => ran.says(&format!("read with the preset {preset}")),
        };
        Scratch::new()
            .run(&["score", &file, "--map", preset])
            .ends_with(0);
    }
}
