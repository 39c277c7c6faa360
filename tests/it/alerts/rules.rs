//! `toleranced rules`: the rules that it prints, and its options.

use super::{parsed, rules};
use crate::support::project::project;
use crate::support::promtool::{assert_promtool_accepts, promtool};
use crate::support::{Home, texts, toleranced};
use std::fs;
use std::path::PathBuf;

fn test_files() -> Vec<PathBuf> {
    let folder = fs::read_dir(project("config/prometheus/tests")).unwrap();
    folder.map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn the_default_file_is_what_the_program_prints_and_passes_promtool() {
    let file = project("config/prometheus/toleranced.rules.yaml");
    assert_eq!(rules(&["--default"]), fs::read_to_string(&file).unwrap());
    assert_promtool_accepts(&["check", "rules"], &[file]);
    assert_promtool_accepts(&["test", "rules"], &test_files());
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
    let Some(output) = promtool(&["test", "rules"], &[home.path("tests/t.yaml")], "") else {
        return;
    };
    assert!(!output.status.success(), "a test of rules that can't fail");
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
    assert_promtool_accepts(&["check", "rules"], &[home.path("toleranced.rules.yaml")]);
    assert_promtool_accepts(&["test", "rules"], &copies);
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
