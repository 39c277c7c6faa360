//! From a log to Alertmanager: a daemon, a real Prometheus with the generated rules, a real Alertmanager.

mod common;

use common::server::{Server, free_address, program, serve};
use common::{Daemon, Home, texts, wait_for};
use serde_json::Value;
use toleranced::export::rules::{Rule, RuleFile};

/// The rules as they are generated, but that nothing waits longer than a second.
fn hurried(yaml: &str) -> String {
    let mut rules: RuleFile = serde_saphyr::from_str(yaml).unwrap();
    for rule in rules.groups.iter_mut().flat_map(|group| &mut group.rules) {
        if let Rule::Alert(alert) = rule {
            alert.r#for = "1s".to_owned();
        }
    }
    rules.to_yaml().unwrap()
}

/// Runs of one process that end so; `from` numbers them.
fn cases(from: usize, count: usize, outcome: &str) -> String {
    let case = |nth: usize| {
        let (day, hour, minute) = (2 + nth / 500, nth / 50 % 10, nth % 50);
        let line = |time: u32, rest: &str| {
            format!(
                "{{\"time\":\"2026-03-{day:02}T{hour:02}:{minute:02}:{time:02}Z\",\"process\":\"isolate host\",\"case\":\"{nth}\",\"executor\":\"ai\",{rest}}}\n"
            )
        };
        let end = format!("\"activity\":\"close\",\"lifecycle\":\"end\",\"outcome\":\"{outcome}\"");
        line(0, "\"activity\":\"open\"") + &line(30, &end)
    };
    (from..from + count).map(case).collect()
}

fn home() -> Home {
    let home = Home::new("[]");
    home.write(
        "catalog.yaml",
        "processes:\n- { id: isolate host, name: 'Isolate {{ a }} host', criticality: high, size: 12, outcomes: { good: 0, bad: 1 } }\n",
    );
    home.configure(
        "[{name: runs, paths: [log.ndjson], mapping: toleranced}]",
        "catalog: catalog.yaml\n",
    );
    home
}

fn alertmanager(home: &Home, program: &str) -> Server {
    home.write(
        "alertmanager.yml",
        "route: { receiver: nobody, group_wait: 0s }\nreceivers: [{ name: nobody }]\n",
    );
    let address = free_address();
    let args = [
        format!("--config.file={}", home.text_path("alertmanager.yml")),
        format!("--storage.path={}", home.text_path("alertmanager")),
        format!("--web.listen-address={address}"),
        "--cluster.listen-address=".to_owned(),
    ];
    serve(program, &args, address, &home.path("alertmanager.log"))
}

fn prometheus(home: &Home, program: &str, daemon: &Daemon, alertmanager: &Server) -> Server {
    let config = format!(
        "global: {{ scrape_interval: 1s, evaluation_interval: 1s }}\nrule_files: [toleranced.rules.yaml]\n\
         alerting: {{ alertmanagers: [{{ static_configs: [{{ targets: ['{}'] }}] }}] }}\n\
         scrape_configs: [{{ job_name: toleranced, static_configs: [{{ targets: ['{}'] }}] }}]\n",
        alertmanager.address,
        daemon.address(),
    );
    home.write("prometheus.yml", config);
    let address = free_address();
    let args = [
        format!("--config.file={}", home.text_path("prometheus.yml")),
        format!("--storage.tsdb.path={}", home.text_path("prometheus")),
        format!("--web.listen-address={address}"),
        "--rules.alert.resend-delay=1s".to_owned(),
    ];
    serve(program, &args, address, &home.path("prometheus.log"))
}

/// The alert of this name that Alertmanager holds as active.
fn active(alertmanager: &Server, name: &str) -> Option<Value> {
    let alerts = alertmanager.get("/api/v2/alerts?active=true")?;
    let alerts: Vec<Value> = serde_json::from_str(&alerts).unwrap();
    let mut of_name = alerts
        .into_iter()
        .filter(|alert| alert["labels"]["alertname"] == name);
    let found = of_name.next();
    assert!(of_name.next().is_none(), "{name} twice");
    found
}

#[test]
fn what_exceeds_its_tolerance_reaches_alertmanager_and_resolves_when_the_cause_is_gone() {
    let programs = (
        program(&["prometheus"]),
        program(&["prometheus-alertmanager", "alertmanager"]),
    );
    let (Some(prometheus_program), Some(alertmanager_program)) = programs else {
        return;
    };
    let home = home();
    let rules = home.run(&["rules"]);
    assert!(rules.status.success(), "{rules:?}");
    home.write("toleranced.rules.yaml", hurried(&texts(&rules).0));
    // 30 of 400 are wrong where 1 in 100 is permitted.
    home.write("log.ndjson", cases(0, 370, "good") + &cases(370, 30, "bad"));
    let daemon = home.start();
    let outside = r#"toleranced_process_status{process="isolate host",status="outside"}"#;
    daemon.wait_for_metric(outside, 1.0);
    let alertmanager = alertmanager(&home, alertmanager_program);
    let prometheus = prometheus(&home, prometheus_program, &daemon, &alertmanager);

    let alert = wait_for("the alert in Alertmanager", || {
        active(&alertmanager, "TolerancedToleranceExceeded")
    });
    assert_eq!(alert["labels"]["severity"], "critical");
    assert_eq!(alert["labels"]["process"], "isolate host");
    assert_eq!(
        alert["annotations"]["summary"],
        "Isolate {{ a }} host is outside its tolerance: 7.5% deviation per case, 1% permissible"
    );
    let page = format!("http://{}/processes/isolate%20host", daemon.address());
    assert_eq!(alert["annotations"]["dashboard_url"], page.as_str());
    assert_eq!(
        alert["annotations"]["runbook_url"],
        "docs/runbooks/TolerancedToleranceExceeded.md"
    );
    // AI goes on, and Prometheus sees it.
    home.append("log.ndjson", cases(400, 10, "bad"));
    let by_ai = wait_for("the alert on AI", || {
        active(&alertmanager, "TolerancedDelegatedAiOutsideClass")
    });
    assert_eq!(by_ai["labels"]["executor"], "ai");
    assert_eq!(active(&alertmanager, "TolerancedSourceDown"), None);

    // It was a mistake of the catalog: that outcome is as designed.
    let catalog = std::fs::read_to_string(home.path("catalog.yaml")).unwrap();
    home.write("catalog.yaml", catalog.replace("bad: 1", "bad: 0"));
    assert_eq!(daemon.reload().0, 200);
    wait_for("the alerts to resolve", || {
        let gone = |name| active(&alertmanager, name).is_none();
        (gone("TolerancedToleranceExceeded") && gone("TolerancedDelegatedAiOutsideClass"))
            .then_some(())
    });
    let firing = prometheus.get("/api/v1/alerts").unwrap();
    assert!(!firing.contains("TolerancedToleranceExceeded"), "{firing}");
    // Resolved because all is well, and not because the daemon is gone.
    assert_eq!(daemon.metrics().get(outside), 0.0);
    drop(daemon);
    wait_for("the alert that the daemon is down", || {
        active(&alertmanager, "TolerancedDown")
    });
}
