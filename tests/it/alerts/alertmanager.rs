//! From a log to Alertmanager: a daemon, a real Prometheus with the generated rules, a real Alertmanager.

use crate::support::heavy::Turn;
use crate::support::servers::{Demo, Server, program, prometheus, serve};
use crate::support::{Home, texts, wait_until};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use toleranced::internals::{PrometheusRule, RuleFile};

/// The rules as they are generated, but that nothing waits longer than a second.
fn hurried(yaml: &str) -> String {
    let mut rules: RuleFile = serde_saphyr::from_str(yaml).unwrap();
    for rule in rules.groups.iter_mut().flat_map(|group| &mut group.rules) {
        if let PrometheusRule::Alert(alert) = rule {
            alert.r#for = "1s".to_owned();
        }
    }
    rules.to_yaml().unwrap()
}

/// Runs of one process that end so, one a minute from a time on; `from` numbers them.
fn cases(begin: DateTime<Utc>, from: usize, count: usize, outcome: &str) -> String {
    let case = |nth: usize| {
        let line = |seconds: i64, rest: &str| {
            let time =
                begin + TimeDelta::minutes((nth - from) as i64) + TimeDelta::seconds(seconds);
            let time = time.to_rfc3339();
            format!(
                "{{\"time\":\"{time}\",\"process\":\"isolate host\",\"case\":\"{nth}\",\"executor\":\"ai\",{rest}}}\n"
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
    let args = |address: &str| {
        let args = [
            format!("--config.file={}", home.text_path("alertmanager.yml")),
            format!("--storage.path={}", home.text_path("alertmanager")),
            format!("--web.listen-address={address}"),
            "--cluster.listen-address=".to_owned(),
        ];
        args.to_vec()
    };
    serve(program, args, &home.path("alertmanager.log"))
}

fn watching(home: &Home, program: &str, daemon: &str, alertmanager: &Server) -> Server {
    let config = format!(
        "global: {{ scrape_interval: 1s, evaluation_interval: 1s }}\nrule_files: [toleranced.rules.yaml]\n\
         alerting: {{ alertmanagers: [{{ static_configs: [{{ targets: ['{}'] }}] }}] }}\n\
         scrape_configs: [{{ job_name: toleranced, static_configs: [{{ targets: ['{}'] }}] }}]\n",
        alertmanager.address, daemon,
    );
    prometheus(home, program, &config, &["--rules.alert.resend-delay=1s"])
}

/// The alerts of this name that Alertmanager holds as active; `None` where it does not answer.
fn all_active(alertmanager: &Server, name: &str) -> Option<Vec<Value>> {
    let alerts = alertmanager.get("/api/v2/alerts?active=true")?;
    let mut alerts: Vec<Value> = serde_json::from_str(&alerts).unwrap();
    alerts.retain(|alert| alert["labels"]["alertname"] == name);
    Some(alerts)
}

/// The same of one that there is at most once.
fn active(alertmanager: &Server, name: &str) -> Option<Value> {
    let mut of_name = all_active(alertmanager, name)?;
    assert!(of_name.len() <= 1, "{name} several times");
    of_name.pop()
}

fn programs() -> Option<(&'static str, &'static str)> {
    let prometheus = program(&["prometheus"])?;
    Some((
        prometheus,
        program(&["prometheus-alertmanager", "alertmanager"])?,
    ))
}

#[test]
fn what_exceeds_its_tolerance_reaches_alertmanager_and_resolves_when_the_cause_is_gone() {
    let Some((prometheus_program, alertmanager_program)) = programs() else {
        return;
    };
    let _turn = Turn::take();
    let home = home();
    let rules = home.run(&["rules"]);
    assert!(rules.status.success(), "{rules:?}");
    home.write("toleranced.rules.yaml", hurried(&texts(&rules).0));
    // 30 of 400 are wrong where 1 in 100 is permitted.
    let days_ago = |days| Utc::now() - TimeDelta::days(days);
    let of_day = |day: usize| {
        let begin = days_ago(2 + day as i64);
        let first = 40 * day;
        cases(begin, first, 37, "good") + &cases(begin, first + 37, 3, "bad")
    };
    home.write("log.ndjson", (0..10).map(of_day).collect::<String>());
    let daemon = home.start();
    let outside = r#"toleranced_process_status{process="isolate host",status="outside"}"#;
    daemon.wait_for_metric(outside, 1.0);
    let alertmanager = alertmanager(&home, alertmanager_program);
    let prometheus = watching(&home, prometheus_program, &daemon.address(), &alertmanager);

    let alert = wait_until("the alert in Alertmanager", || {
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
    let just_now = Utc::now() - TimeDelta::minutes(11);
    home.append("log.ndjson", cases(just_now, 400, 10, "bad"));
    let by_ai = wait_until("the alert on AI", || {
        active(&alertmanager, "TolerancedDelegatedAiOutsideClass")
    });
    assert_eq!(by_ai["labels"]["executor"], "ai");
    assert_eq!(active(&alertmanager, "TolerancedSourceDown"), None);

    // It was a mistake of the catalog: that outcome is as designed.
    let catalog = std::fs::read_to_string(home.path("catalog.yaml")).unwrap();
    home.write("catalog.yaml", catalog.replace("bad: 1", "bad: 0"));
    assert_eq!(daemon.reload().0, 200);
    wait_until("the alerts to resolve", || {
        let gone = |name| active(&alertmanager, name).is_none();
        (gone("TolerancedToleranceExceeded") && gone("TolerancedDelegatedAiOutsideClass"))
            .then_some(())
    });
    let firing = prometheus.get("/api/v1/alerts").unwrap();
    assert!(!firing.contains("TolerancedToleranceExceeded"), "{firing}");
    // Resolved because all is well, and not because the daemon is gone.
    assert_eq!(daemon.metrics().get(outside), 0.0);
    drop(daemon);
    wait_until("the alert that the daemon is down", || {
        active(&alertmanager, "TolerancedDown")
    });
}

#[test]
fn the_process_of_the_demo_that_drifts_is_told_of_until_that_is_how_it_shall_be() {
    let Some((prometheus_program, alertmanager_program)) = programs() else {
        return;
    };
    let _turn = Turn::take();
    let home = home();
    let demo = Demo::start(&home, 60.0);
    let rules = demo.run(&["rules"]);
    home.write("toleranced.rules.yaml", hurried(&texts(&rules).0));
    let alertmanager = alertmanager(&home, alertmanager_program);
    let _prometheus = watching(
        &home,
        prometheus_program,
        &demo.server.address,
        &alertmanager,
    );
    // More than one of its streams may tell.
    let drifts = || all_active(&alertmanager, "TolerancedDriftAlarm");
    let alert = wait_until("the alert in Alertmanager", || drifts()?.pop());
    let process = alert["labels"]["process"].as_str().unwrap().to_owned();
    let summary = alert["annotations"]["summary"].as_str().unwrap();
    assert!(
        summary.contains("drift") || summary.contains("changed"),
        "{summary}"
    );
    let page = format!("http://{}/processes/{process}", demo.server.address);
    assert_eq!(alert["annotations"]["dashboard_url"], page.as_str());
    // Somebody says that this is how it shall be.
    let flags = [
        "drift",
        "rebaseline",
        &process,
        "--by",
        "SOC lead",
        "--why",
        "agreed",
    ];
    let noted = demo.run(&flags);
    assert!(noted.status.success(), "{noted:?}");
    wait_until("the alerts to resolve", || {
        let gone = |alert: &Value| alert["labels"]["process"] != process.as_str();
        drifts()?.iter().all(gone).then_some(())
    });
}
