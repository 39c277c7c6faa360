//! Each alert has its tests, its runbook and its row in the overview.

use super::{alert_names, default_rules};
use crate::support::project::project;
use crate::support::promtool::assert_promtool_accepts;
use crate::support::{Home, texts, toleranced};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;

#[derive(Deserialize)]
struct TestFile {
    tests: Vec<RuleTest>,
}

#[derive(Deserialize)]
struct RuleTest {
    name: String,
    #[serde(default)]
    alert_rule_test: Vec<AlertTest>,
}

#[derive(Deserialize)]
struct AlertTest {
    alertname: String,
    exp_alerts: Vec<Value>,
}

/// When an alert is expected, in the order of time.
fn expected(test: &RuleTest, alert: &str) -> Vec<bool> {
    let of_alert = test
        .alert_rule_test
        .iter()
        .filter(|case| case.alertname == alert);
    of_alert.map(|case| !case.exp_alerts.is_empty()).collect()
}

#[test]
fn every_alert_is_tested_firing_not_firing_and_resolving() {
    for alert in alert_names() {
        let file = project(&format!("config/prometheus/tests/{alert}.yaml"));
        let text = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{alert}: {error}"));
        let file: TestFile = serde_saphyr::from_str(&text).unwrap();
        let series: Vec<Vec<bool>> = file
            .tests
            .iter()
            .map(|test| expected(test, &alert))
            .collect();
        let resolves = |test: &Vec<bool>| test.windows(2).any(|pair| pair == [true, false]);
        assert!(
            series.iter().any(resolves),
            "{alert}: no test that it resolves"
        );
        let never = |test: &Vec<bool>| !test.is_empty() && test.iter().all(|fires| !fires);
        assert!(
            series.iter().any(never),
            "{alert}: no test of what must not fire"
        );
        assert!(
            file.tests.iter().all(|test| !test.name.is_empty()),
            "{alert}"
        );
    }
}

#[test]
fn every_alert_has_its_runbook_and_every_runbook_its_alert() {
    let folder = fs::read_dir(project("docs/runbooks")).unwrap();
    let pages: BTreeSet<String> = folder
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.file_name().unwrap() != "README.md")
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    assert_eq!(pages, alert_names());
    let overview = fs::read_to_string(project("docs/alerting.md")).unwrap();
    for alert in default_rules().alerts() {
        let link = &alert.annotations.runbook_url;
        let page =
            fs::read_to_string(project(link)).unwrap_or_else(|error| panic!("{link}: {error}"));
        assert!(page.starts_with(&format!("# {}\n", alert.alert)), "{link}");
        for heading in [
            "Meaning",
            "Impact",
            "Diagnosis",
            "Mitigation",
            "Resolution",
            "False alarms",
        ] {
            assert!(
                page.contains(&format!("\n## {heading}\n")),
                "{link}: {heading}"
            );
        }
        let row = format!("| [{}](runbooks/{}.md) |", alert.alert, alert.alert);
        assert!(
            overview.contains(&row),
            "docs/alerting.md has no row of {}",
            alert.alert
        );
    }
}

#[test]
fn commands_in_the_runbooks_are_commands() {
    let mut tried = BTreeSet::new();
    for alert in alert_names() {
        let page = fs::read_to_string(project(&format!("docs/runbooks/{alert}.md"))).unwrap();
        for line in page
            .lines()
            .filter_map(|line| line.strip_prefix("$ toleranced "))
        {
            let words: Vec<&str> = line.split(' ').collect();
            let command = words[0];
            let help = toleranced(&[command, "--help"]);
            assert!(help.status.success(), "{alert}: toleranced {command}");
            let help = texts(&help).0;
            for option in words.iter().filter(|word| word.starts_with("--")) {
                let nested = words
                    .get(1)
                    .map(|sub| toleranced(&[command, sub, "--help"]));
                let nested = nested.map_or(String::new(), |output| texts(&output).0);
                assert!(
                    help.contains(option) || nested.contains(option),
                    "{alert}: {line}"
                );
            }
            tried.insert(command.to_owned());
        }
    }
    assert!(
        tried.len() >= 4,
        "the test has lost sight of the commands: {tried:?}"
    );
}

#[test]
fn expressions_in_the_runbooks_are_promql() {
    let mut rules = String::from("groups:\n- name: runbooks\n  rules:\n");
    let mut count = 0;
    for alert in alert_names() {
        let page = fs::read_to_string(project(&format!("docs/runbooks/{alert}.md"))).unwrap();
        for block in page.split("```promql\n").skip(1) {
            for line in block.split("```").next().unwrap().lines() {
                let quoted = serde_json::to_string(line).unwrap();
                rules += &format!("  - record: runbook:expression:{count}\n    expr: {quoted}\n");
                count += 1;
            }
        }
    }
    assert!(count >= alert_names().len(), "{count} expressions");
    let home = Home::tailing();
    home.write("runbooks.yaml", rules);
    assert_promtool_accepts(&["check", "rules"], &[home.path("runbooks.yaml")]);
}
