use super::*;
use crate::model::metrics;
use proptest::prelude::*;
use std::path::Path;

/// Metrics that are not in the table (yet): those of the reports, and those that the daemon is about to export.
fn basis(processes: &[(&str, Level)]) -> Basis {
    let mut basis = Basis::new(
        &Catalog::default(),
        &Tolerance::builtin(),
        Span::seconds(15),
    );
    let declared = processes.iter();
    basis.criticality = declared
        .map(|(id, level)| ((*id).to_owned(), *level))
        .collect();
    basis
}

fn parsed(yaml: &str) -> RuleFile {
    serde_saphyr::from_str(yaml).unwrap_or_else(|error| panic!("{error}\n{yaml}"))
}

/// The rules of an alert: severity and expression.
fn of<'a>(file: &'a RuleFile, name: &str) -> Vec<(Severity, &'a str)> {
    let alerts = file.alerts().filter(|alert| alert.alert == name);
    alerts
        .map(|alert| (alert.labels.severity, alert.expr.as_str()))
        .collect()
}

#[test]
fn severity_follows_criticality_of_the_catalog_and_of_the_metric_for_all_others() {
    let file = generate(&basis(&[
        ("isolate", Level::High),
        ("phishing", Level::Medium),
        ("vpn", Level::Low),
        ("chores", Level::Negligible),
    ]));
    let rules = of(&file, "TolerancedToleranceExceeded");
    let find = |severity, part: &str| {
        let mut found = rules
            .iter()
            .filter(|(of, expr)| *of == severity && expr.contains(part));
        assert!(found.next().is_some(), "{severity:?} {part}: {rules:?}");
        assert!(
            found.next().is_none(),
            "{severity:?} {part} twice: {rules:?}"
        );
    };
    find(Severity::Critical, r#"{process="isolate"}"#);
    find(Severity::Warning, r#"{process="phishing"}"#);
    find(Severity::Info, r#"{process=~"chores|vpn"}"#);
    for (severity, matcher) in [
        (Severity::Critical, r#"{criticality="high"}"#),
        (Severity::Warning, r#"{criticality="medium"}"#),
        (Severity::Info, r#"{criticality!~"high|medium"}"#),
    ] {
        find(severity, matcher);
        let others = rules.iter().find(|(_, expr)| expr.contains(matcher));
        let (_, expr) = others.unwrap();
        assert!(
            expr.contains(r#"process!~"isolate|phishing|chores|vpn""#),
            "{expr}"
        );
    }
    // One rule for each severity: `promtool check rules` takes two of the same name and labels for a mistake.
    assert_eq!(rules.len(), 3);
}

#[test]
fn without_a_catalog_no_process_is_left_out() {
    let file = generate(&basis(&[]));
    for (_, expr) in of(&file, "TolerancedToleranceExceeded") {
        assert!(!expr.contains("process!"), "{expr}");
    }
    assert_eq!(of(&file, "TolerancedToleranceExceeded").len(), 3);
}

#[test]
fn long_ids_are_matched_as_they_are_exported() {
    let id = "é".repeat(10_000);
    let file = generate(&basis(&[(&id, Level::High)]));
    let (_, expr) = of(&file, "TolerancedDriftAlarm")[0];
    let exported = format!("process=\"{}\"", label(&id));
    assert!(expr.contains(&exported), "{expr}");
    assert!(
        !expr.contains(&id[..400]),
        "the label is cut, and so must the matcher be"
    );
}

#[test]
fn every_metric_in_the_rules_is_in_the_table_with_its_labels() {
    let file = generate(&basis(&[("p", Level::High)]));
    let mut texts: Vec<String> = Vec::new();
    for group in &file.groups {
        for rule in &group.rules {
            match rule {
                Rule::Record(record) => texts.push(record.expr.clone()),
                Rule::Alert(alert) => {
                    texts.push(alert.expr.clone());
                    texts.push(alert.annotations.summary.clone());
                    texts.push(alert.annotations.description.clone());
                }
            }
        }
    }
    let token = regex::Regex::new(r"(?:^|[^:a-z_])(toleranced_[a-z_]+)").unwrap();
    let mut count = 0;
    for text in &texts {
        for found in token.captures_iter(text) {
            let name = &found[1];
            let known = metrics::ALL.iter().any(|metric| metric.name == name);
            assert!(known, "{name} is no metric: {text}");
            count += 1;
        }
    }
    assert!(
        count > 50,
        "the test has lost sight of the metrics: {count}"
    );
}

#[test]
fn thresholds_follow_the_configuration() {
    let mut basis = basis(&[]);
    let stale = |basis: &Basis| {
        let file = generate(basis);
        of(&file, "TolerancedScoresStale")[0].1.to_owned()
    };
    assert!(stale(&basis).ends_with("> 600"), "{}", stale(&basis));
    basis.score_every = Span::seconds(3600);
    assert!(stale(&basis).ends_with("> 36000"), "{}", stale(&basis));
    basis.most_loss = 0.2;
    let file = generate(&basis);
    assert!(of(&file, "TolerancedLostTooMuch")[0].1.ends_with("> 0.2"));
}

#[test]
fn links_take_the_base_and_no_template_of_it() {
    let mut basis = basis(&[]);
    basis.runbook_url = "https://wiki.example/{{ x }}/".to_owned();
    basis.daemon_url = Some("https://soc.example/t/".to_owned());
    for alert in generate(&basis).alerts() {
        let runbook = format!(
            r#"https://wiki.example/{{{{ "{{{{" }}}} x }}}}/{}.md"#,
            alert.alert
        );
        assert_eq!(alert.annotations.runbook_url, runbook);
        match &alert.annotations.dashboard_url {
            Some(url) => assert!(url.starts_with("https://soc.example/t/"), "{url}"),
            None => assert_eq!(alert.alert, "TolerancedDown"),
        }
    }
}

#[test]
fn the_default_file_in_the_project_is_what_is_generated() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let file = folder.join("config/prometheus/toleranced.rules.yaml");
    let kept = std::fs::read_to_string(file).unwrap();
    let made = generate(&basis(&[])).to_yaml().unwrap();
    assert!(
        kept == made,
        "write it anew: toleranced rules --default --output config/prometheus/toleranced.rules.yaml"
    );
}

proptest! {
    #[test]
    fn whatever_processes_are_called_the_yaml_says_what_was_meant(
        ids in prop::collection::vec(any::<String>(), 0..5),
        job in any::<String>(),
    ) {
        let declared: Vec<(&str, Level)> = ids.iter().map(|id| (id.as_str(), Level::Medium)).collect();
        let mut basis = basis(&declared);
        basis.job = job;
        let file = generate(&basis);
        prop_assert_eq!(parsed(&file.to_yaml().unwrap()), file);
    }
}
