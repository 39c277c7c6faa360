//! Activities whose names contain ids have no size, and a note says so.

use crate::support::Scratch;
use crate::support::scores::only;

/// 100 cases of three steps; the second one names a host.
fn log(host: impl Fn(usize) -> usize) -> String {
    let mut text = String::from("case,activity,time,outcome\n");
    for nth in 0..100 {
        let day = format!("2024-{:02}-{:02}", 1 + nth / 28, 1 + nth % 28);
        let host = host(nth);
        text.push_str(&format!(
            "{nth},open,{day} 08:00:00,\n{nth},isolate host-{host},{day} 08:05:00,\n{nth},close,{day} 09:00:00,done\n"
        ));
    }
    text
}

#[test]
fn names_with_ids_have_no_size_and_no_verdict() {
    let scratch = Scratch::new();
    let file = scratch.write("log.csv", log(|nth| nth));
    let scores = scratch.score(&[&file]);
    let score = only(&scores);
    assert_eq!(score["size_steps"], serde_json::Value::Null);
    assert_eq!(score["status"], "undetermined");
    assert_eq!(score["recommendation"], serde_json::Value::Null);
    let text = scratch.run(&["score", &file]).ends_with(0);
    let text = text.says("100 of 102 activities were seen once, such as `isolate host-0`");
    text.says("Take these out with `match` in the mapping");
}

#[test]
fn a_match_or_a_declared_size_gives_a_verdict() {
    let scratch = Scratch::new();
    let file = scratch.write("log.csv", log(|nth| nth));
    let map = "case: case\ntime: time\noutcome: outcome\nactivity: { path: activity, match: [{ regex: '^isolate .*$', value: isolate }, { regex: '(.*)', value: $1 }] }\n";
    scratch.write("map.yaml", map);
    let scores = scratch.score(&["--map", "map.yaml", &file]);
    assert_eq!(only(&scores)["size_steps"], 3.0);
    scratch.write("catalog.yaml", "processes: [{id: log, size: 3}]\n");
    let scores = scratch.score(&["--catalog", "catalog.yaml", &file]);
    let score = only(&scores);
    assert_eq!(score["nominal_size_steps"], 3.0);
    assert!(score["recommendation"].is_string(), "{score:#}");
}

#[test]
fn names_that_come_again_have_a_size() {
    let scratch = Scratch::new();
    let file = scratch.write("log.csv", log(|nth| nth / 2));
    let scores = scratch.score(&[&file]);
    assert!(only(&scores)["size_steps"].is_number());
}
