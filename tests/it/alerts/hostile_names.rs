//! Names of a catalog that would break rules if they were not escaped.

use super::{default_rules, parsed, rules};
use crate::support::Home;
use crate::support::promtool::assert_promtool_accepts;
use std::collections::BTreeMap;
use std::fs;
use toleranced::internals::RuleFile;

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
    assert_promtool_accepts(&["check", "rules"], &[file]);
    home.write("hostile.test.yaml", hostile_test());
    assert_promtool_accepts(&["test", "rules"], &[home.path("hostile.test.yaml")]);
}
