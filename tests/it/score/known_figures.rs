//! Figures that are known from elsewhere: computed by hand, or with pandas (see data/README.md of the shared data).

use crate::support::Scratch;
use crate::support::formats::{csv, rows};
use crate::support::project::{project, shared};
use crate::support::scores::{near, only};
use serde_json::Value;

/// cases, events, activities, variants; median, 95th percentile and mean of the duration; steps per case.
struct Reference {
    counts: [u64; 4],
    seconds: [f64; 3],
    steps: f64,
}

#[track_caller]
fn check(score: &Value, want: &Reference) {
    let names = ["cases", "events", "activities", "variants"];
    for (name, want) in names.into_iter().zip(want.counts) {
        assert_eq!(score[name], want, "{name} of {}", score["id"]);
    }
    for (name, want) in ["p50", "p95", "mean"].into_iter().zip(want.seconds) {
        near(&score["duration_seconds"][name], want, 0.01);
    }
    near(&score["duration_seconds"]["mean"], want.seconds[2], 1e-5);
    near(&score["steps_mean"], want.steps, 1e-3);
}

fn of(file: &str, counts: [u64; 4], seconds: [f64; 3], steps: f64) -> Option<Value> {
    let file = shared(&format!("logs/{file}.xes.gz"))?;
    let scores = Scratch::new().score(&[&file]);
    assert_eq!(
        (&scores["quarantined"], &scores["duplicates"]),
        (&0.into(), &0.into())
    );
    let want = Reference {
        counts,
        seconds,
        steps,
    };
    check(only(&scores), &want);
    assert_eq!(only(&scores)["open_cases"], 0);
    Some(scores["processes"][0].clone())
}

#[test]
fn figures_worked_out_by_hand() {
    let scratch = Scratch::new();
    let file = scratch.write("tickets.csv", csv(&rows(), ','));
    let scores = scratch.score(&[&file]);
    let score = only(&scores);
    let want = Reference {
        counts: [21, 53, 3, 2],
        seconds: [39_600.0, 72_000.0, 39_600.0],
        steps: 53.0 / 21.0,
    };
    check(score, &want);
    // One decision between two ways that are as good as equally likely: 2^1 - 1.
    near(&score["size_steps"], 53.0 / 21.0 + 1.0, 1e-9);
    near(&score["cases_per_week"], 21.0 * 7.0 / 20.875, 1e-9);
    near(&score["outcome_variance"], 40.0 / 441.0, 1e-9);
    assert_eq!(
        score["outcomes"],
        serde_json::json!({"failed": 1, "resolved": 20})
    );
    near(&score["deviation"]["mean"], 1.0 / 21.0, 1e-9);
    // Class m at 3.5 steps: 0.1 mm, and kappa 0.1.
    near(&score["permissible_deviation"], 0.01, 1e-9);
    let words = [
        "complexity",
        "frequency",
        "criticality",
        "tolerance",
        "required_class",
        "status",
    ];
    let words = words.map(|key| score[key].as_str().unwrap_or("none"));
    assert_eq!(words, ["low", "high", "medium", "low", "m", "undetermined"]);
    assert_eq!(
        (&score["id"], &score["reopened"]),
        (&"tickets".into(), &0.into())
    );
}

#[test]
fn five_of_a_hundred_have_the_published_confidence_sequence() {
    let scratch = Scratch::new();
    let mut text = String::from("case,activity,time,outcome\n");
    for case in 0..100 {
        let outcome = if case % 20 == 0 { "wrong" } else { "fine" };
        // One a day: as many independent cases.
        let day = chrono::NaiveDate::from_ymd_opt(2024, 1, 1).unwrap() + chrono::Days::new(case);
        text += &format!("{case},do,{day} 00:00:00,{outcome}\n");
    }
    let log = scratch.write("log.csv", text);
    let catalog = "processes:\n- { id: log, criticality: low, outcomes: { wrong: 1, fine: 0 } }\n";
    let catalog = scratch.write("catalog.yaml", catalog);
    let scores = scratch.score(&[&log, "--catalog", &catalog]);
    let deviation = &only(&scores)["deviation"];
    near(&deviation["mean"], 0.05, 1e-9);
    near(&deviation["lower"], 0.007_149_5, 1e-4);
    near(&deviation["upper"], 0.155_794_4, 1e-5);
}

#[test]
fn the_help_desk_log() {
    let seconds = [3.44384e6, 5.00918e6, 3.5301e6];
    let Some(score) = of("Helpdesk", [4580, 21348, 14, 226], seconds, 4.661) else {
        return;
    };
    // Events that repeat the activity before them are no steps.
    near(&score["size_steps"], 6.543, 0.005);
    near(&score["deviation"]["mean"], 0.034, 0.02);
    near(&score["deviation"]["lower"], 0.024, 0.02);
    // Eleven cases never reach a resolved state, so nothing shows if they are right: the upper bound takes them to be wrong.
    assert_eq!(score["unknown_cases"], 11);
    near(&score["deviation"]["upper"], 0.0477, 0.02);
    assert_eq!(score["achieved_class"], "c");
}

#[test]
fn the_closed_problems_of_bpi_2013() {
    let seconds = [7.08672e6, 5.70112e7, 1.54557e7];
    of(
        "BPI_Challenge_2013_closed_problems",
        [1487, 6660, 7, 327],
        seconds,
        4.479,
    );
}

#[test]
fn the_sepsis_log() {
    let seconds = [461_668.0, 1.41536e7, 2.45973e6];
    of("SEPSIS", [1050, 15214, 16, 846], seconds, 14.49);
}

#[test]
fn the_environmental_permit_log() {
    let seconds = [2868.58, 2.06604e6, 467_264.0];
    of("env_permit", [1434, 8577, 27, 116], seconds, 5.981);
}

/// The reference takes every case as complete; the presets say that a case ends when it is closed. So counts of cases
/// and events are those of the preset, and the rest those of the preset without its ends.
#[test]
fn the_github_archive() {
    let Some(file) = shared("logs/httpwg_issues.json.gz") else {
        return;
    };
    let archives = [
        (
            "issues",
            91,
            [685, 3746, 3, 72],
            [2.42672e6, 3.49273e7, 8.27838e6],
            5.469,
        ),
        (
            "pulls",
            0,
            [585, 2641, 8, 159],
            [270_834.0, 1.03397e7, 2.01862e6],
            4.515,
        ),
    ];
    for (name, open, counts, seconds, steps) in archives {
        let scratch = Scratch::new();
        let preset = format!("github-{name}-export");
        let scores = scratch.score(&["--map", &preset, &file]);
        let score = only(&scores);
        assert_eq!(
            (&scores["cases"], &scores["events"]),
            (&counts[0].into(), &counts[1].into())
        );
        assert_eq!(
            (&score["cases"], &score["events"]),
            (&counts[0].into(), &counts[1].into())
        );
        assert_eq!(score["activities"], counts[2]);
        if open > 0 {
            assert_eq!(score["open_cases"], open);
        }
        let presets = project("config/presets");
        let text = std::fs::read_to_string(presets.join(format!("{preset}.yaml"))).unwrap();
        let endless = text.replace("    lifecycle: { const: end }\n", "");
        assert_ne!(endless, text);
        let map = scratch.write("endless.yaml", endless);
        let scores = scratch.score(&["--map", &map, &file]);
        check(
            only(&scores),
            &Reference {
                counts,
                seconds,
                steps,
            },
        );
    }
}
