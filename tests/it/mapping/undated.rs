//! Logs without any time are read, and nothing is said of when and how long.

use crate::support::Scratch;
use crate::support::scores::{near, only};
use serde_json::{Value, json};

fn is_silent_about_time(score: &Value) {
    for key in [
        "cases_per_week",
        "cases_per_week_interval",
        "frequency",
        "arrivals",
        "duration_seconds",
    ] {
        assert!(score[key].is_null(), "{key}: {}", score[key]);
    }
    assert!(score["recommendation"].is_null());
    let notes = score["notes"].to_string();
    assert!(notes.contains("the log has no times"), "{notes}");
}

/// 6 tasks with 4 trials each, of which every third failed.
fn runs() -> Vec<Value> {
    let run = |n: usize| json!({"task": n / 4, "attempt": n % 4, "passed": !n.is_multiple_of(3), "model": "m"});
    (0..24).map(run).collect()
}

#[test]
fn runs_without_a_time_are_cases_with_a_result() {
    let scratch = Scratch::new();
    let document = scratch.write("a.json", json!(runs()).to_string());
    let lines = runs()
        .iter()
        .map(|run| format!("{run}\n"))
        .collect::<String>();
    let lines = scratch.write("b.ndjson", lines);
    let row = |run: &Value| format!("{},{},{}\n", run["task"], run["attempt"], run["passed"]);
    let rows = runs().iter().map(row).collect::<String>();
    let table = scratch.write("c.csv", format!("task,attempt,passed\n{rows}"));
    for file in [document, lines, table] {
        let scores = scratch.score(&[&file]);
        assert!(scores["from"].is_null() && scores["as_of"].is_null());
        let score = only(&scores);
        assert_eq!(
            (&score["cases"], &score["open_cases"]),
            (&json!(24), &json!(0))
        );
        assert_eq!(score["outcomes"], json!({"failed": 8, "solved": 16}));
        is_silent_about_time(score);
    }
}

#[test]
fn steps_without_a_time_are_in_the_order_of_the_file() {
    let scratch = Scratch::new();
    let steps = ["open", "triage", "close"];
    let row = |n: usize| format!("c{},{}\n", n / 3, steps[n % 3]);
    let rows: String = (0..30).map(row).collect();
    let file = scratch.write("log.csv", format!("case,activity\n{rows}"));
    let scores = scratch.score(&[&file]);
    let score = only(&scores);
    assert_eq!(
        (&score["cases"], &score["events"]),
        (&json!(10), &json!(30))
    );
    assert_eq!(score["outcomes"], json!({"close": 10}));
    is_silent_about_time(score);
}

#[test]
fn written_mapping_of_undated_runs_gives_the_same_figures() {
    let scratch = Scratch::new();
    let file = scratch.write("a.json", json!(runs()).to_string());
    scratch
        .run(&["inspect", &file, "--write", "m.yaml"])
        .ends_with(0);
    let [guessed, written] =
        [vec![&*file], vec![&*file, "--map", "m.yaml"]].map(|args| scratch.score(&args));
    assert_eq!(guessed["processes"], written["processes"]);
}

#[test]
fn what_needs_a_time_says_so() {
    let scratch = Scratch::new();
    let file = scratch.write("a.json", json!(runs()).to_string());
    let drift = scratch.run(&["drift", &file]).ends_with(1);
    assert!(drift.stderr.contains("the log has no times"), "{drift}");
    let table = scratch.run(&["score", &file]).ends_with(0);
    assert!(table.stdout.contains("24 cases, without times"), "{table}");
    for word in ["1900", "week,", "weeks"] {
        assert!(!table.stdout.contains(word), "{word}: {table}");
    }
    let explained = scratch.run(&["explain", "a", &file]).ends_with(0);
    assert!(
        explained.stdout.contains("The log has no times"),
        "{explained}"
    );
    assert!(!explained.stdout.contains("1900"), "{explained}");
    scratch.write("m.yaml", "undated: true\ncase: task\nactivity: attempt\n");
    scratch.write(
        "d.yaml",
        "sources: [{ name: a, paths: [a.json], mapping: m.yaml }]\n",
    );
    let check = scratch.run(&["check", "--config", "d.yaml"]).ends_with(1);
    assert!(
        (check.stdout.clone() + &check.stderr).contains("a source needs the time of each record"),
        "{check}"
    );
}

#[test]
fn undated_mapping_with_a_time_is_refused() {
    let scratch = Scratch::new();
    let file = scratch.write("a.json", json!(runs()).to_string());
    scratch.write(
        "m.yaml",
        "undated: true\ncase: task\nactivity: attempt\ntime: at\n",
    );
    let refused = scratch
        .run(&["score", &file, "--map", "m.yaml"])
        .ends_with(1);
    assert!(
        refused
            .stderr
            .contains("`undated` and `time` exclude each other"),
        "{refused}"
    );
}

#[test]
fn a_table_without_times_whose_cases_have_one_row_each_is_no_log() {
    let scratch = Scratch::new();
    let users: String = (0..60)
        .map(|n| format!("{n},user {n},team {}\n", n % 4))
        .collect();
    let users = scratch.write("users.csv", format!("id,name,group\n{users}"));
    let states = ["New", "Work", "Closed"];
    let tickets: String = (0..60)
        .map(|n| format!("T{n},{},{}\n", states[n % 3], n % 4))
        .collect();
    let tickets = scratch.write("tickets.csv", format!("ticket,status,priority\n{tickets}"));
    for file in [users, tickets] {
        let ran = scratch.run(&["score", &file]).ends_with(1);
        ran.says("--time COLUMN");
    }
}

#[test]
fn milestones_of_undated_steps_have_no_times() {
    let scratch = Scratch::new();
    let steps = ["New", "Assigned", "Resolved"];
    let rows: String = (0..30)
        .map(|n| format!("c{},{}\n", n / 3, steps[n % 3]))
        .collect();
    let file = scratch.write("log.csv", format!("ticket,status\n{rows}"));
    assert_eq!(only(&scratch.score(&[&file]))["stage_times"], json!([]));
}

/// Runs of a benchmark: so many tasks with four trials each, of which the first ones succeed.
fn trials(solved: &[usize]) -> String {
    let tasks = solved.iter().enumerate();
    let runs = tasks.flat_map(|(task, solved)| {
        (0..4).map(move |trial| {
            let reward = if trial < *solved { "1.0" } else { "0.0" };
            format!("{{\"task_id\":{task},\"trial\":{trial},\"reward\":{reward},\"info\":{{}},\"traj\":[]}}")
        })
    });
    format!("[{}]", runs.collect::<Vec<_>>().join(",\n"))
}

#[test]
fn benchmark_without_times_shows_pass_hat_and_the_variance_split_in_the_table() {
    let scratch = Scratch::new();
    scratch.write("results.json", trials(&[4, 3, 2, 2, 1, 0]));
    let ran = scratch.run(&["score", "results.json"]).ends_with(0);
    // Means of C(c, k) / C(4, k): 12/24; (6 + 3 + 1 + 1) / 36; (4 + 1) / 24; 1/6.
    let table = ran.to_string();
    let table = table.split_whitespace().collect::<Vec<_>>().join(" ");
    for figure in [
        "tasks ai 24 6 pass^1 0.5000 [",
        "pass^2 0.3056 [",
        "pass^3 0.2083 [",
        "pass^4 0.1667 [",
        // Within: pass^1 - pass^2. Between: the sample variance of 1, 3/4, 1/2, 1/2, 1/4, 0 less a quarter of that.
        "variance, total 0.2708 variance between inputs 0.0764 variance within inputs 0.1944",
    ] {
        assert!(table.contains(figure), "{figure} is not in {table}");
    }
    assert!(!table.contains("pass^5"), "{table}");
    let scores = scratch.score(&["results.json"]);
    let process = only(&scores);
    assert!(process["cases_per_week"].is_null() && process["frequency"].is_null());
    let kind = &process["agreement"]["kinds"][0];
    near(&kind["success_variance"]["between_inputs"], 0.0763889, 1e-5);
}

#[test]
fn benchmark_with_one_run_of_each_input_says_what_the_split_needs() {
    let scratch = Scratch::new();
    let ids = |from: usize, to: usize| {
        let ids = (from..to).map(|nth| format!("\"task-{nth}\""));
        ids.collect::<Vec<_>>().join(",")
    };
    let report = format!(
        "{{\"submitted_ids\":[{}],\"resolved_ids\":[{}],\"unresolved_ids\":[{}],\"empty_patch_ids\":[],\"error_ids\":[]}}",
        ids(0, 40),
        ids(0, 10),
        ids(10, 40)
    );
    scratch.write("model.run.json", report);
    let ran = scratch.run(&["score", "model.run.json"]).ends_with(0);
    ran.says("pass^1  ")
        .says("0.2500 [")
        .says("each input was run once");
}
