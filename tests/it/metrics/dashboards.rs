//! The dashboards: what is committed is what the generator writes, by the rules of Grafana's linter, and a real Prometheus
//! that scrapes a running daemon and has its past answers every one of their questions.

use crate::support::heavy::Turn;
use crate::support::project::project;
use crate::support::promtool::make_blocks;
use crate::support::servers::{Demo, program, prometheus};
use crate::support::{DEADLINE, Home, wait_until};
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
    let Some(program) = program(&["prometheus"]) else {
        return;
    };
    if python(&["--version"]).is_none() {
        return;
    }
    let _turn = Turn::take();
    let home = Home::new("[]");
    let demo = Demo::start(&home, 2400.0);
    // The past, under the labels that the scrape has.
    let history = home.text_path("history.om");
    let out = demo.run(&["backfill", "--step", "6h", "--output", &history]);
    assert!(out.status.success(), "{out:?}");
    make_blocks(&history, &home.text_path("prometheus"));
    let config = format!(
        "global: {{ scrape_interval: 250ms }}\nscrape_configs:\n- job_name: toleranced\n  static_configs: [{{ targets: ['{}'] }}]\n",
        demo.server.address
    );
    let retention = ["--storage.tsdb.retention.time=10y"];
    let server = prometheus(&home, program, &config, &retention);
    wait_until("scrapes of a whole span", || {
        let query = "count_over_time(up[1m])%20%3E=%2040";
        let answer = server.get(&format!("/api/v1/query?query={query}"))?;
        (!answer.contains(r#""result":[]"#)).then_some(())
    });
    // A question about rates has an answer as soon as cases of each kind have ended in the simulated SOC.
    let url = format!("http://{}", server.address);
    let patience = DEADLINE.as_secs().to_string();
    assert_content(&[
        "tests/dashboards/queries.py",
        "--prometheus",
        &url,
        "--rate-interval",
        "4s",
        "--span",
        "10",
        "--step",
        "1",
        "--patience",
        &patience,
    ]);
    // And the past is there.
    let query = "count(last_over_time(toleranced_process_deviation_ratio[7h]%20offset%2030d))";
    let past = server.get(&format!("/api/v1/query?query={query}")).unwrap();
    assert!(!past.contains(r#""result":[]"#), "{past}");
}
