//! Whichever way one asks about a process, the answer is the same: board, API, metrics, page, `score`, `explain`, `diff`,
//! `drift` and report.

use crate::support::binary::{json_of, says};
use crate::support::fleets::soc;
use crate::support::scores::by_id;
use crate::support::scrape::Metrics;
use crate::support::{Daemon, Home, toleranced, wait_until};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const STATUSES: [&str; 4] = ["within", "outside", "undetermined", "no_tolerance"];

/// One in so many processes is explained as well, which reads the whole history each time.
const EXPLAINED: usize = 4;

/// What is claimed of a process: its status, what it achieves, and who should run it.
type Claim = [String; 3];

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// The JSON of a command whose exit code tells whether there is a difference.
fn parsed(output: &std::process::Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap()
}

fn claim(score: &Value) -> Claim {
    ["status", "achieved_class", "recommendation"].map(|key| text(&score[key]))
}

fn claims(scores: &BTreeMap<String, Value>) -> BTreeMap<String, Claim> {
    let claims = scores.iter().map(|(id, score)| (id.clone(), claim(score)));
    claims.collect()
}

/// The claims of the board, as its spreadsheet has them.
fn of_board(daemon: &Daemon) -> BTreeMap<String, Claim> {
    let (_, csv) = daemon.get("/processes.csv");
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let header = reader.headers().unwrap().clone();
    let column = |name: &str| header.iter().position(|known| known == name).unwrap();
    let of_claim = ["status", "achieved_class", "recommendation"].map(column);
    let id = column("id");
    let rows = reader.records().map(|row| {
        let row = row.unwrap();
        let claim = of_claim.map(|column| row[column].to_owned());
        (row[id].to_owned(), claim)
    });
    rows.collect()
}

/// The claims that the metrics make. What is not known has no series, or an empty label.
fn of_metrics(metrics: &Metrics, ids: &BTreeMap<String, Claim>) -> BTreeMap<String, Claim> {
    let label = |series: &str, name: &str| {
        let from = series.split(&format!("{name}=\"")).nth(1)?;
        Some(from.split('"').next()?.to_owned())
    };
    let mut found = BTreeMap::new();
    for id in ids.keys() {
        let of_process = format!("process=\"{id}\"");
        let series = metrics
            .samples
            .iter()
            .filter(|(series, value)| series.contains(&of_process) && **value == 1.0);
        let mut claim = Claim::default();
        for (series, _) in series {
            if series.starts_with("toleranced_process_status{") {
                claim[0] = label(series, "status").unwrap();
            } else if series.starts_with("toleranced_process_tolerance_class{")
                && series.contains("kind=\"achieved\"")
            {
                claim[1] = label(series, "class").unwrap();
            } else if series.starts_with("toleranced_process_info{") {
                claim[2] = label(series, "recommendation").unwrap();
            }
        }
        found.insert(id.clone(), claim);
    }
    found
}

/// A simulated SOC of some weeks that end now, and a daemon that has read it.
fn simulated(seed: &str) -> (Home, Daemon) {
    let home = Home::new("[{name: log, paths: [soc.ndjson], mapping: toleranced}]");
    let (log, catalog) = (home.text_path("soc.ndjson"), home.text_path("catalog.yaml"));
    let args = [
        "simulate",
        "--span",
        "13d",
        "--seed",
        seed,
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
    daemon.wait_for_next_score();
    (home, daemon)
}

#[test]
fn every_view_claims_the_same_of_every_process() {
    let (home, daemon) = simulated("5");
    let scores = by_id(&daemon.json("/api/v1/processes")["processes"]);
    let claimed = claims(&scores);
    let has = |status: &&&str| claimed.values().any(|claim| claim[0] == **status);
    assert!(
        claimed.len() > 10 && STATUSES.iter().filter(has).count() > 1,
        "{claimed:?}"
    );
    assert_eq!(of_board(&daemon), claimed, "board");
    let metrics = of_metrics(&daemon.metrics(), &claimed);
    for (nth, (id, claim)) in claimed.iter().enumerate() {
        // The class is shown where one is achieved.
        let shown = &metrics[id];
        assert_eq!(
            [&shown[0], &shown[2]],
            [&claim[0], &claim[2]],
            "{id}: metrics"
        );
        let (_, page) = daemon.get(&format!("/processes/{id}"));
        assert!(page.contains(&claim[2]), "{id}: page: {}", claim[2]);
        if nth.is_multiple_of(EXPLAINED) {
            let explained = json_of(&home.run(&["explain", id, "--format", "json"]));
            assert_eq!(&self::claim(&explained["score"]), claim, "{id}: explain");
        }
    }
    daemon.stop();
    of_a_past_instant(&home);
}

/// At the end of a past day.
fn of_a_past_instant(home: &Home) {
    let day = |ago: i64| {
        let day = chrono::Utc::now().date_naive() - chrono::Days::new(ago.unsigned_abs());
        day.to_string()
    };
    let (from, to) = (day(8), day(2));
    let (log, catalog) = (home.text_path("soc.ndjson"), home.text_path("catalog.yaml"));
    let score = [
        "score",
        "--map",
        "toleranced",
        "--catalog",
        &catalog,
        "--as-of",
        &to,
        "--format",
        "json",
        &log,
    ];
    let scored = json_of(&toleranced(&score));
    let claimed = claims(&by_id(&scored["processes"]));
    let compared = parsed(&home.run(&["diff", "--from", &from, "--to", &to, "--format", "json"]));
    let period = format!("{from}..{to}");
    let report = json_of(&home.run(&["report", "--period", &period, "--format", "json"]));
    let of_report: BTreeMap<String, Claim> = report["board"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (text(&row["process"]), claim(row)))
        .collect();
    for (nth, side) in compared["processes"].as_array().unwrap().iter().enumerate() {
        let id = text(&side["process"]);
        assert_eq!(claim(&side["to"]), claimed[&id], "{id}: diff");
        assert_eq!(of_report[&id], claimed[&id], "{id}: report");
        if nth.is_multiple_of(EXPLAINED) {
            let args = ["explain", &id, "--as-of", &to, "--format", "json"];
            let explained = json_of(&home.run(&args));
            assert_eq!(claim(&explained["score"]), claimed[&id], "{id}: explain");
        }
    }
    assert_eq!(of_report, claimed);
}

/// The alarms of a list, without what only one of the views tells.
fn alarms(list: &Value) -> Vec<Value> {
    let alarms = list.as_array().unwrap().iter();
    let mut told: Vec<Value> = alarms
        .map(|alarm| {
            json!([
                alarm["process"],
                alarm["stream"],
                alarm["raised"],
                alarm["onset"]
            ])
        })
        .collect();
    told.sort_by_key(Value::to_string);
    told
}

#[test]
fn every_view_tells_of_the_same_drift_alarms() {
    let (home, daemon) = soc();
    let told = wait_until("alarms", || {
        let told = alarms(&daemon.json("/api/v1/alarms")["alarms"]);
        (!told.is_empty()).then_some(told)
    });
    let drift = parsed(&home.run(&["drift", "--format", "json"]));
    assert_eq!(alarms(&drift["alarms"]), told);
    // All of them were raised within these instants.
    let period = ["2026-01-20", "2026-04-02"];
    let args = [
        "diff", "--from", period[0], "--to", period[1], "--format", "json",
    ];
    assert_eq!(alarms(&parsed(&home.run(&args))["alarms"]), told);
    let args = ["report", "--period", &period.join(".."), "--format", "json"];
    assert_eq!(alarms(&json_of(&home.run(&args))["alarms"]), told);
    // The board counts them.
    let (_, csv) = daemon.get("/processes.csv");
    for alarm in &told {
        let id = alarm[0].as_str().unwrap();
        let of_process = told.iter().filter(|told| told[0] == alarm[0]).count();
        let row = csv.lines().find(|row| row.starts_with(id)).unwrap();
        assert!(row.ends_with(&format!(",{of_process}")), "{row}");
    }
}
