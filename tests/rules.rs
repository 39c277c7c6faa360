//! `toleranced rules`: what Prometheus' own tool says of the rules, and that each alert is tested and explained.

mod common;

use common::{Home, texts, toleranced};
use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use toleranced::export::rules::RuleFile;

fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Runs promtool; `None`, and a message, where it is not installed.
fn promtool(args: &[&str], files: &[PathBuf]) -> Option<Output> {
    match Command::new("promtool").args(args).args(files).output() {
        Ok(output) => Some(output),
        Err(_) => {
            println!("skipped: no promtool on the PATH (Debian: apt-get install prometheus)");
            None
        }
    }
}

fn assert_promtool_is_content(args: &[&str], files: &[PathBuf]) {
    let Some(output) = promtool(args, files) else {
        return;
    };
    let (out, errors) = texts(&output);
    assert!(output.status.success(), "{out}{errors}");
    // What its linter finds leaves the exit code as it is.
    let complaint = ["FAILED", "duplicate"];
    let complains = |text: &String| complaint.iter().any(|word| text.contains(word));
    assert!(![&out, &errors].into_iter().any(complains), "{out}{errors}");
}

/// What `toleranced rules` prints.
fn rules(args: &[&str]) -> String {
    let args: Vec<&str> = ["rules"].iter().chain(args).copied().collect();
    let output = toleranced(&args);
    let (out, errors) = texts(&output);
    assert_eq!(output.status.code(), Some(0), "{errors}");
    assert_eq!(errors, "");
    out
}

fn parsed(yaml: &str) -> RuleFile {
    serde_saphyr::from_str(yaml).unwrap_or_else(|error| panic!("{error}\n{yaml}"))
}

fn default_rules() -> RuleFile {
    parsed(&fs::read_to_string(project("config/prometheus/toleranced.rules.yaml")).unwrap())
}

fn alert_names() -> BTreeSet<String> {
    default_rules()
        .alerts()
        .map(|alert| alert.alert.clone())
        .collect()
}

fn test_files() -> Vec<PathBuf> {
    let folder = fs::read_dir(project("config/prometheus/tests")).unwrap();
    folder.map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn the_default_file_is_what_the_program_prints_and_passes_promtool() {
    let file = project("config/prometheus/toleranced.rules.yaml");
    assert_eq!(rules(&["--default"]), fs::read_to_string(&file).unwrap());
    assert_promtool_is_content(&["check", "rules"], &[file]);
    assert_promtool_is_content(&["test", "rules"], &test_files());
}

#[test]
fn promtool_finds_an_alert_that_is_not_as_tested() {
    let home = Home::tailing();
    let test =
        fs::read_to_string(project("config/prometheus/tests/TolerancedSourceDown.yaml")).unwrap();
    home.write("tests/t.yaml", test);
    home.write(
        "toleranced.rules.yaml",
        rules(&["--default"]).replace("toleranced_source_up == 0", "toleranced_source_up == 1"),
    );
    let Some(output) = promtool(&["test", "rules"], &[home.path("tests/t.yaml")]) else {
        return;
    };
    assert!(!output.status.success(), "a test of rules that can't fail");
}

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
    assert_promtool_is_content(&["check", "rules"], &[home.path("runbooks.yaml")]);
}

/// Names that break what is not careful.
fn hostile() -> Vec<(String, &'static str)> {
    let names = [
        ("{{ $labels.job }}", "high"),
        ("a\"} or vector(1) #", "high"),
        ("back\\slash 'and' quotes\"", "high"),
        ("line\nbreak: - x\r\n\ttab", "medium"),
        ("Störung ☃ 火 😀 \u{202e}rev", "medium"),
        ("a.b|c*(d)[e]$^", "low"),
        ("yes", "low"),
        ("~", "negligible"),
        ("%25 & +", "low"),
    ];
    let long = ("x{{é".repeat(2500), "high");
    let named = names.map(|(name, criticality)| (name.to_owned(), criticality));
    named.into_iter().chain([long]).collect()
}

fn hostile_catalog() -> String {
    let mut catalog = String::from("processes:\n");
    for (name, criticality) in hostile() {
        let name = serde_json::to_string(&name).unwrap();
        catalog += &format!("- {{ id: {name}, name: {name}, criticality: {criticality} }}\n");
    }
    catalog
}

/// The alert on each hostile process has the severity of the catalog, and a process beside it that of its label: a test
/// for promtool, where `label` gives the process as the daemon exports it.
fn hostile_test() -> String {
    let mut series = String::new();
    let mut samples = String::new();
    let severity = |criticality: &str| match criticality {
        "high" => "critical",
        "medium" => "warning",
        _ => "info",
    };
    // The label says the opposite, so that only the catalog can have decided.
    let declared = hostile()
        .into_iter()
        .map(|(name, criticality)| (name, criticality, "low"));
    let others = [
        ("undeclared", "high"),
        ("undeclared too", "low"),
        ("yes!", "medium"),
    ];
    let others = others.map(|(name, criticality)| (name.to_owned(), criticality, criticality));
    for (name, criticality, exported) in declared.chain(others) {
        if name.chars().count() > 120 {
            continue;
        }
        let name = serde_json::to_string(&name).unwrap();
        for (metric, more, value) in [
            (
                "toleranced_process_info",
                format!(",name={name},criticality=\"{exported}\""),
                "1x20",
            ),
            (
                "toleranced_process_status",
                ",status=\"outside\"".to_owned(),
                "1x20",
            ),
            (
                "toleranced_process_deviation_ratio",
                String::new(),
                "0.5x20",
            ),
        ] {
            let one = format!("{metric}{{job=\"toleranced\",instance=\"i\",process={name}{more}}}");
            series += &format!(
                "  - {{ series: {}, values: {value} }}\n",
                serde_json::to_string(&one).unwrap()
            );
        }
        let labels = format!("{{process={name},severity=\"{}\"}}", severity(criticality));
        samples += &format!(
            "    - {{ labels: {}, value: 1 }}\n",
            serde_json::to_string(&labels).unwrap()
        );
    }
    format!(
        "rule_files: [hostile.rules.yaml]\nevaluation_interval: 1m\ntests:\n- interval: 1m\n  input_series:\n{series}\
         \x20 promql_expr_test:\n  - expr: count by (process, severity) (ALERTS{{alertname=\"TolerancedToleranceExceeded\",alertstate=\"firing\"}})\n    \
         eval_time: 10m\n    exp_samples:\n{samples}"
    )
}

#[test]
fn hostile_names_of_a_catalog_stay_names() {
    let home = Home::tailing();
    home.write("catalog.yaml", hostile_catalog());
    let file = home.path("hostile.rules.yaml");
    let printed = rules(&[
        "--catalog",
        &home.text_path("catalog.yaml"),
        "--output",
        file.to_str().unwrap(),
    ]);
    assert_eq!(printed, "", "a file was asked for");
    let yaml = fs::read_to_string(&file).unwrap();
    // Templates are those of the default file: no name has become one.
    let annotations = |file: &RuleFile| {
        let mut texts = BTreeMap::new();
        for alert in file.alerts() {
            texts.insert(
                alert.alert.clone(),
                serde_json::to_string(&alert.annotations).unwrap(),
            );
        }
        texts
    };
    assert_eq!(annotations(&parsed(&yaml)), annotations(&default_rules()));
    assert!(
        yaml.len() < 100_000,
        "long names are cut as their labels are: {}",
        yaml.len()
    );
    assert_promtool_is_content(&["check", "rules"], &[file]);
    home.write("hostile.test.yaml", hostile_test());
    assert_promtool_is_content(&["test", "rules"], &[home.path("hostile.test.yaml")]);
}

#[test]
fn a_catalog_passes_the_tests_of_the_default_rules_where_it_says_what_the_labels_say() {
    let home = Home::tailing();
    home.write(
        "catalog.yaml",
        "processes:\n- { id: isolate host, criticality: high }\n- { id: triage, criticality: high }\n- { id: shadow, criticality: high }\n\
         - { id: phishing, criticality: medium }\n- { id: b, criticality: medium }\n- { id: d, criticality: negligible }\n",
    );
    home.configure(
        "[{name: log, paths: [log.ndjson], mapping: map.yaml}]",
        "catalog: catalog.yaml\n",
    );
    let output = home.run(&[
        "rules",
        "--output",
        &home.text_path("toleranced.rules.yaml"),
    ]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let mut copies = Vec::new();
    for alert in [
        "ToleranceExceeded",
        "DelegatedAiOutsideClass",
        "ProcessStopped",
        "SourceDown",
    ] {
        let name = format!("tests/Toleranced{alert}.yaml");
        home.write(
            &name,
            fs::read(project("config/prometheus").join(&name)).unwrap(),
        );
        copies.push(home.path(&name));
    }
    assert_promtool_is_content(&["check", "rules"], &[home.path("toleranced.rules.yaml")]);
    assert_promtool_is_content(&["test", "rules"], &copies);
}

#[test]
fn links_are_as_asked_for() {
    let file = parsed(&rules(&[
        "--default",
        "--runbook-url",
        "https://wiki.example/run/",
        "--daemon-url",
        "https://soc.example/",
        "--job",
        "soc \"x\"",
    ]));
    let down = file
        .alerts()
        .find(|alert| alert.alert == "TolerancedDown")
        .unwrap();
    assert_eq!(
        down.annotations.runbook_url,
        "https://wiki.example/run/TolerancedDown.md"
    );
    assert!(
        down.expr.contains(r#"up{job="soc \"x\""}"#),
        "{}",
        down.expr
    );
    let drift = file
        .alerts()
        .find(|alert| alert.alert == "TolerancedDriftAlarm")
        .unwrap();
    let page = drift.annotations.dashboard_url.as_deref().unwrap();
    assert!(
        page.starts_with("https://soc.example/processes/{{"),
        "{page}"
    );
}

#[test]
fn what_is_wrong_is_said_and_nothing_is_written() {
    let home = Home::tailing();
    home.write(
        "catalog.yaml",
        "processes:\n- { id: a, criticality: hihg }\n",
    );
    let target = home.text_path("out.yaml");
    let catalog = home.text_path("catalog.yaml");
    let cases: [(&[&str], i32, &str); 5] = [
        (
            &["--catalog", &catalog],
            1,
            "catalog.yaml:2:25: `criticality`",
        ),
        (&["--catalog", "nowhere.yaml"], 2, "nowhere.yaml"),
        (&["--config", "nowhere.yaml"], 2, "nowhere.yaml"),
        (
            &["--default", "--runbook-url", "wiki.example"],
            2,
            "https://",
        ),
        (
            &["--default", "--catalog", &catalog],
            2,
            "cannot be used with",
        ),
    ];
    for (args, code, said) in cases {
        let args: Vec<&str> = ["rules", "--output", &target]
            .iter()
            .chain(args)
            .copied()
            .collect();
        let output = toleranced(&args);
        let (_, errors) = texts(&output);
        assert_eq!(output.status.code(), Some(code), "{args:?}: {errors}");
        assert!(errors.contains(said), "{args:?}: {errors}");
        assert!(!home.path("out.yaml").exists(), "{args:?}");
    }
    let output = toleranced(&["rules", "--default", "--output", "/nowhere/at/all.yaml"]);
    let (_, errors) = texts(&output);
    assert_eq!(output.status.code(), Some(2), "{errors}");
    assert!(errors.contains("/nowhere/at/all.yaml"), "{errors}");
}
