//! Past scores from the database are those of `score --as-of` and those that the daemon had, by the rules of then.

use crate::support::binary::{json_of, says};
use crate::support::forty_tickets::{catalog, explained, home, scored};
use crate::support::scores::by_id;
use crate::support::{Home, toleranced};
use serde_json::Value;
use std::collections::BTreeMap;

#[test]
fn any_past_score_of_a_whole_soc_is_that_of_score_as_of() {
    let home = Home::new("[{name: log, paths: [soc.ndjson], mapping: toleranced}]");
    let (log, catalog) = (home.text_path("soc.ndjson"), home.text_path("catalog.yaml"));
    let args = [
        "simulate",
        "--span",
        "9d",
        "--from",
        "2026-01-01",
        "--output",
        &log,
        "--catalog",
        &catalog,
    ];
    says(&toleranced(&args), 0, &[]);
    let sources = "[{name: log, paths: [soc.ndjson], mapping: toleranced, flush_after: 100ms}]";
    home.configure(sources, "catalog: catalog.yaml\n");
    let events = std::fs::read_to_string(&log).unwrap().lines().count();
    let daemon = home.start();
    daemon.wait_for_records(events);
    daemon.stop();
    let instants = [
        "2026-01-03",
        "2026-01-05T13:37:11.123Z",
        "2026-01-08",
        "2026-02-20",
    ];
    for pair in instants.chunks(2) {
        let compared = json_of(&home.run(&[
            "diff", "--from", pair[0], "--to", pair[1], "--format", "json",
        ]));
        for (side, as_of) in [("from", pair[0]), ("to", pair[1])] {
            let args = [
                "score",
                "--format",
                "json",
                "--as-of",
                as_of,
                "--map",
                "toleranced",
                "--catalog",
                &catalog,
                &log,
            ];
            let expected = json_of(&toleranced(&args));
            let expected_scores = by_id(&expected["processes"]);
            let sides = compared["processes"].as_array().unwrap().iter();
            let found: BTreeMap<String, Value> = sides
                .map(|process| {
                    (
                        process["process"].as_str().unwrap().to_owned(),
                        process[side].clone(),
                    )
                })
                .collect();
            assert_eq!(found, expected_scores, "{side} {as_of}");
            assert_eq!(compared[side]["as_of"], expected["as_of"]);
            assert_eq!(compared[side]["cases"], expected["cases"]);
        }
    }
    // The same by way of `explain`, from the database and from the log.
    let args = [
        "explain",
        "phishing-triage",
        "--as-of",
        "2026-01-05",
        "--format",
        "json",
        "--cases",
        "7",
    ];
    let stored = json_of(&home.run(&args));
    let mapped = ["--map", "toleranced", "--catalog", &catalog, &log];
    let read = json_of(&toleranced(&[&args[..], &mapped[..]].concat()));
    for part in ["score", "figures", "rules_tried", "would_change"] {
        assert_eq!(stored[part], read[part], "{part}");
    }
    let ids = |document: &Value| -> Vec<Value> {
        let cases = document["cases"].as_array().unwrap().iter();
        cases.map(|case| case["id"].clone()).collect()
    };
    assert_eq!((ids(&stored).len(), ids(&stored)), (7, ids(&read)));
}

#[test]
fn a_score_of_before_a_change_of_the_catalog_comes_out_by_the_rules_of_then() {
    let home = home();
    let daemon = home.start();
    let (then, as_it_was) = scored(&daemon, 0.1);
    home.write("catalog.yaml", catalog("0.5", ""));
    assert_eq!(daemon.reload().0, 200);
    let (now, as_it_is) = scored(&daemon, 0.05);
    // Beside the running daemon.
    let past = explained(&home, &["--as-of", &then]);
    assert_eq!(past["score"], as_it_was);
    assert_eq!(past["as_of"], Value::from(then.as_str()));
    assert_eq!(
        past["rules"]["changed_since"],
        serde_json::json!(["catalog"])
    );
    let present = explained(&home, &["--as-of", &now]);
    assert_eq!(present["score"], as_it_is);
    assert_eq!(present["rules"]["changed_since"], serde_json::json!([]));
    daemon.stop();
    // Without it, and without its configuration.
    let data = home.text_path("data");
    let args = [
        "explain", "tickets", "--data", &data, "--format", "json", "--as-of", &then,
    ];
    assert_eq!(json_of(&toleranced(&args))["score"], as_it_was);
    // The cases of then by the rules of now, which only the rate tells from the score of now.
    let restated = explained(&home, &["--as-of", &then, "--rules", "now"]);
    assert_eq!(restated["score"]["deviation"], as_it_is["deviation"]);
    let ledger = explained(&home, &[])["ledger"].clone();
    let ledger = ledger.as_array().unwrap();
    let changed: Vec<bool> = ledger
        .iter()
        .map(|row| row["changed_since"] == serde_json::json!(["catalog"]))
        .collect();
    assert!(
        changed[0] && changed.is_sorted_by(|a, b| a >= b),
        "{changed:?}"
    );
    let earlier = explained(&home, &["--as-of", &then])["ledger"]
        .as_array()
        .unwrap()
        .len();
    assert_eq!(earlier, changed.iter().filter(|changed| **changed).count());
    says(
        &home.run(&["explain", "tickets", "--as-of", &then]),
        0,
        &[
            "since then changed: catalog",
            "by other rules than now: catalog changed since",
        ],
    );
    let compared = home.run(&["diff", "--from", &then, "--to", &now, "--format", "json"]);
    let compared = json_of(&compared);
    assert_eq!(compared["rules_changed"], serde_json::json!(["catalog"]));
    assert_eq!(compared["processes"][0]["from"], as_it_was);
    assert_eq!(compared["processes"][0]["to"], as_it_is);
    says(
        &home.run(&["diff", "--from", &then, "--to", &now]),
        0,
        &["The rules differ (catalog)", "--rules now"],
    );
    // What nobody has reloaded does not hold yet.
    home.write("catalog.yaml", catalog("0.25", ""));
    let untaken = explained(&home, &[]);
    assert_eq!(untaken["rules"]["configuration_on_disk_not_taken"], true);
    assert_eq!(untaken["score"]["deviation"], as_it_is["deviation"]);
    let mean = explained(&home, &["--rules", "now"])["score"]["deviation"]["mean"]
        .as_f64()
        .unwrap();
    assert!((mean - 0.025).abs() < 1e-9, "{mean}");
}
