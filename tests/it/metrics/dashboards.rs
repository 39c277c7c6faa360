//! The dashboards: what is committed is what the generator writes, by the rules of Grafana's linter, and a real Prometheus
//! that scrapes a running daemon and has its past answers every one of their questions.

use crate::support::Home;
use crate::support::project::project;
use crate::support::promtool::make_blocks;
use crate::support::servers::{Demo, free_address, program, serve};
use std::path::Path;
use std::process::{Command, Output};

/// A script of the project; `None` without Python.
fn python(args: &[&str]) -> Option<Output> {
    match Command::new("python3")
        .args(args)
        .current_dir(project(""))
        .output()
    {
        Ok(output) => Some(output),
        Err(error) => {
            println!("skipped: no python3 on the PATH ({error})");
            None
        }
    }
}

fn assert_content(args: &[&str]) {
    if let Some(output) = python(args) {
        let said = String::from_utf8_lossy(&output.stderr).into_owned()
            + &String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{args:?}:\n{said}");
    }
}

#[test]
fn what_is_committed_is_what_the_generator_writes() {
    assert_content(&["dashboards/generate.py", "--check"]);
}

#[test]
fn they_follow_the_rules_and_show_every_metric() {
    assert_content(&["tests/dashboards/lint.py"]);
    // The rules themselves.
    assert_content(&["tests/dashboards/test_checks.py"]);
}

#[test]
fn prometheus_answers_every_question() {
    let Some(prometheus) = program(&["prometheus"]) else {
        return;
    };
    let home = Home::new("[]");
    let demo = Demo::start(&home, 600.0);
    // The past, under the labels that the scrape has.
    let history = home.text_path("history.om");
    let out = demo.run(&["backfill", "--step", "6h", "--output", &history]);
    assert!(out.status.success(), "{out:?}");
    let data = home.text_path("tsdb");
    make_blocks(&history, &data);
    home.write(
        "prometheus.yml",
        format!(
            "global: {{ scrape_interval: 1s }}\nscrape_configs:\n- job_name: toleranced\n  static_configs: [{{ targets: ['{}'] }}]\n",
            demo.server.address
        ),
    );
    let address = free_address();
    let args = [
        format!("--config.file={}", home.text_path("prometheus.yml")),
        format!("--storage.tsdb.path={data}"),
        "--storage.tsdb.retention.time=10y".to_owned(),
        format!("--web.listen-address={address}"),
    ];
    let log = home.text_path("prometheus.log");
    let server = serve(prometheus, &args, address, Path::new(&log));
    // Rates need some scrapes, and scrapes of a simulated SOC in which something ends.
    std::thread::sleep(std::time::Duration::from_secs(20));
    let url = format!("http://{}", server.address);
    let questions = [
        "tests/dashboards/queries.py",
        "--prometheus",
        &url,
        "--rate-interval",
        "15s",
    ];
    assert_content(&[&questions[..], &["--span", "30", "--step", "5"]].concat());
    // And the past is there.
    let query = "count(last_over_time(toleranced_process_deviation_ratio[7h]%20offset%2030d))";
    let past = server.get(&format!("/api/v1/query?query={query}")).unwrap();
    assert!(!past.contains(r#""result":[]"#), "{past}");
}
