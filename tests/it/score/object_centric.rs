//! Object-centric logs (OCEL 2.0): each object type is a process, each object a case.

use crate::support::Scratch;
use crate::support::scores::by_id;
use serde_json::{Value, json};

/// Incidents with two alerts each. The first and the last event belong to the incident and to both alerts, and the last one is
/// linked to the incident twice.
fn log(incidents: u32) -> Value {
    let (mut events, mut objects) = (Vec::new(), Vec::new());
    let link = |id: &str, qualifier: &str| json!({"objectId": id, "qualifier": qualifier});
    for nth in 0..incidents {
        let (incident, alerts) = (format!("i{nth}"), [format!("a{nth}"), format!("b{nth}")]);
        let outcome = ["true positive", "false positive"][nth as usize % 2];
        objects.push(json!({
            "id": incident, "type": "incident", "relationships": [link(&alerts[0], "has"), link(&alerts[1], "has")],
            "attributes": [{"name": "outcome", "value": "unknown", "time": "1970-01-01T00:00:00Z"},
                {"name": "outcome", "value": outcome, "time": "2024-02-01T00:00:00Z"}],
        }));
        let of_alerts = [link(&alerts[0], ""), link(&alerts[1], "")];
        for (step, hour) in [("raised", 6), ("investigated", 7), ("closed", 9)] {
            let mut links = vec![link(&incident, step)];
            if step != "investigated" {
                links.extend(of_alerts.clone());
            }
            if step == "closed" {
                links.push(link(&incident, "ends"));
            }
            events.push(json!({
                "id": format!("{step}-{nth}"), "type": step, "relationships": links,
                "time": format!("2024-01-{:02}T{hour:02}:00:00Z", 1 + nth % 28), "attributes": [{"name": "tool", "value": "siem"}],
            }));
        }
        objects.extend(alerts.map(|id| json!({"id": id, "type": "alert"})));
    }
    let kinds = |names: &[&str]| -> Vec<Value> {
        names
            .iter()
            .map(|name| json!({"name": name, "attributes": []}))
            .collect()
    };
    json!({
        "objectTypes": kinds(&["incident", "alert"]), "eventTypes": kinds(&["raised", "investigated", "closed"]),
        "objects": objects, "events": events,
    })
}

fn xml(log: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let links = |item: &Value| -> String {
        let links = item["relationships"].as_array().into_iter().flatten();
        links
            .map(|link| {
                format!(
                    "<relationship object-id=\"{}\" qualifier=\"{}\"/>",
                    text(&link["objectId"]),
                    text(&link["qualifier"])
                )
            })
            .collect()
    };
    let attributes = |item: &Value| -> String {
        let all = item["attributes"].as_array().into_iter().flatten();
        all.map(|one| {
            format!(
                "<attribute name=\"{}\" time=\"{}\">{}</attribute>",
                text(&one["name"]),
                text(&one["time"]),
                text(&one["value"])
            )
        })
        .collect()
    };
    let items = |key: &str, tag: &str| -> String {
        let all = log[key].as_array().unwrap().iter();
        all.map(|item| {
            format!(
                "<{tag} id=\"{}\" type=\"{}\" time=\"{}\"><attributes>{}</attributes><objects>{}</objects></{tag}>",
                text(&item["id"]), text(&item["type"]), text(&item["time"]), attributes(item), links(item)
            )
        })
        .collect()
    };
    format!(
        "<?xml version='1.0' encoding='UTF-8'?>\n<log><object-types/><event-types/><objects>{}</objects><events>{}</events></log>",
        items("objects", "object"),
        items("events", "event")
    )
}

fn database(log: &Value, path: &std::path::Path) {
    let database = rusqlite::Connection::open(path).unwrap();
    database
        .execute_batch(
            "create table event(ocel_id text, ocel_type text); create table object(ocel_id text, ocel_type text);
            create table event_object(ocel_event_id text, ocel_object_id text, ocel_qualifier text);
            create table object_object(ocel_source_id text, ocel_target_id text, ocel_qualifier text);
            create table event_map_type(ocel_type text, ocel_type_map text); create table object_map_type(ocel_type text, ocel_type_map text);
            insert into event_map_type values ('raised', 'raised'), ('investigated', 'investigated'), ('closed', 'closed');
            insert into object_map_type values ('incident', 'Incident'), ('alert', 'Alert'); begin;
            create table event_raised(ocel_id text, ocel_time timestamp, tool text); create table event_investigated(ocel_id text, ocel_time timestamp, tool text);
            create table event_closed(ocel_id text, ocel_time timestamp, tool text);
            create table object_Incident(ocel_id text, ocel_time timestamp, ocel_changed_field text, outcome text); create table object_Alert(ocel_id text);",
        )
        .unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    for event in log["events"].as_array().unwrap() {
        let (id, kind, time) = (
            text(&event["id"]),
            text(&event["type"]),
            text(&event["time"]),
        );
        database
            .execute("insert into event values (?, ?)", [&id, &kind])
            .unwrap();
        database
            .execute(
                &format!("insert into event_{kind} values (?, ?, 'siem')"),
                [&id, &time],
            )
            .unwrap();
        for link in event["relationships"].as_array().unwrap() {
            database
                .execute(
                    "insert into event_object values (?, ?, ?)",
                    [&id, &text(&link["objectId"]), &text(&link["qualifier"])],
                )
                .unwrap();
        }
    }
    for object in log["objects"].as_array().unwrap() {
        let id = text(&object["id"]);
        database
            .execute(
                "insert into object values (?, ?)",
                [&id, &text(&object["type"])],
            )
            .unwrap();
        for attribute in object["attributes"].as_array().into_iter().flatten() {
            let row = [&id, &text(&attribute["time"]), &text(&attribute["value"])];
            database
                .execute("insert into object_Incident values (?, ?, null, ?)", row)
                .unwrap();
        }
    }
    database.execute_batch("commit").unwrap();
}

#[test]
fn objects_are_cases_and_an_event_counts_once_in_each() {
    let scratch = Scratch::new();
    let log = log(40);
    scratch.write("soc.jsonocel", log.to_string());
    scratch.write("soc.xml", xml(&log));
    database(&log, &scratch.path("soc.sqlite"));
    let mut all = Vec::new();
    for file in ["soc.jsonocel", "soc.xml", "soc.sqlite"] {
        let scores = scratch.score(&[file]);
        // Three events of an incident, and two of each of its two alerts.
        assert_eq!(scores["events"], 40 * (3 + 2 * 2), "{file}");
        assert_eq!(
            (&scores["quarantined"], &scores["duplicates"]),
            (&0.into(), &0.into()),
            "{file}"
        );
        let processes = by_id(&scores["processes"]);
        assert_eq!(
            processes.keys().collect::<Vec<_>>(),
            ["alert", "incident"],
            "{file}"
        );
        assert_eq!(
            (
                &processes["incident"]["cases"],
                &processes["alert"]["cases"]
            ),
            (&40.into(), &80.into())
        );
        let ran = scratch.run(&["score", file]).ends_with(0);
        ran.says("the preset ocel")
            .says("120 events of 120 objects of 2 types")
            .says("outcome = case:outcome");
        all.push(processes);
    }
    assert!(all[0] == all[1] && all[1] == all[2]);
    scratch
        .run(&["inspect", "soc.xml", "--write", "m.yaml"])
        .ends_with(0)
        .says("OCEL 2.0 (XML)");
    assert_eq!(
        by_id(&scratch.score(&["--map", "m.yaml", "soc.xml"])["processes"]),
        all[0]
    );
    assert_eq!(
        by_id(&scratch.score(&["--map", "ocel", "soc.xml"])["processes"]),
        all[0]
    );
    let database = std::fs::read(scratch.path("soc.sqlite")).unwrap();
    let piped = scratch.run_with(&["score", "--format", "json", "-"], &database);
    assert_eq!(by_id(&piped.ends_with(0).json()["processes"]), all[0]);
}

#[test]
fn what_is_wrong_in_a_log_is_counted_and_the_rest_is_read() {
    let scratch = Scratch::new();
    let mut log = log(40);
    log["events"][0]["relationships"]
        .as_array_mut()
        .unwrap()
        .push(json!({"objectId": "gone", "qualifier": ""}));
    log["events"][1]["time"] = "soon".into();
    log["events"][2]["attributes"] = json!({"tool": "siem"});
    scratch.write("soc.json", log.to_string());
    let ran = scratch.run(&["score", "--format", "json", "soc.json"]);
    let scores = ran.json();
    // The first incident keeps its first event, and its alerts lose their last.
    assert_eq!(scores["events"], 40 * 7 - 4);
    let reasons: Vec<&str> = scores["quarantine"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["reason"].as_str().unwrap())
        .collect();
    assert_eq!(reasons, ["malformed", "missing_case", "unreadable_time"]);
    let ran = scratch.run(&["score", "soc.json"]);
    ran.says("1 link to objects that the log does not have, first of event raised-0 to gone")
        .says("1 part of the log can't be read");
    let text = log.to_string();
    scratch.write("cut.json", &text[..text.len() * 9 / 10]);
    let ran = scratch.run(&["score", "--format", "json", "cut.json"]);
    assert!(ran.json()["quarantine"].to_string().contains("truncated"));
}

#[test]
fn a_database_that_is_no_log_says_the_next_step() {
    let scratch = Scratch::new();
    let database = rusqlite::Connection::open(scratch.path("tickets.db")).unwrap();
    database
        .execute_batch("create table ticket(id, state); insert into ticket values (1, 'new');")
        .unwrap();
    drop(database);
    let ran = scratch.run(&["score", "tickets.db"]).ends_with(1);
    ran.says("no OCEL 2.0 log")
        .says("it has ticket")
        .says("sqlite3 -header -csv FILE");
    scratch.write(
        "old.json",
        "{\"ocel:global-log\": {\"ocel:version\": \"1.0\"}, \"ocel:events\": {}}",
    );
    scratch
        .run(&["score", "old.json"])
        .ends_with(1)
        .says("OCEL 1.0")
        .says("Convert it to OCEL 2.0");
}
