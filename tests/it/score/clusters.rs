//! Cases with one cause are less evidence than as many independent ones, through the real program.

use crate::support::Scratch;
use crate::support::own_format::{CATALOG, daily_cases, outcome, score, score_with};
use serde_json::Value;

/// One case a day; ten days in a row have one cause, and one cause in eight is wrong throughout.
fn campaigns(with_cluster: bool) -> String {
    daily_cases(800, "human", |nth| {
        let campaign = nth / 10;
        let word = if campaign % 8 == 3 { "bad" } else { "good" };
        let cluster = format!(",\"cluster\":\"campaign {campaign}\"");
        outcome(word) + if with_cluster { &cluster } else { "" }
    })
}

fn width(found: &Value) -> f64 {
    let of = &found["deviation"];
    of["upper"].as_f64().unwrap() - of["lower"].as_f64().unwrap()
}

#[test]
fn the_greater_design_effect_counts_that_by_day_or_that_by_cluster() {
    let scratch = Scratch::new();
    let by_day = score(&scratch, &campaigns(false), CATALOG);
    assert!(by_day["design_effect_by_cluster"].is_null() && by_day["mapped_clusters"].is_null());
    let found = score(&scratch, &campaigns(true), CATALOG);
    assert_eq!(found["mapped_clusters"], 80);
    let by_cluster = found["design_effect_by_cluster"].as_f64().unwrap();
    assert!((9.0..11.0).contains(&by_cluster), "{by_cluster}");
    assert_eq!(found["design_effect"], found["design_effect_by_cluster"]);
    assert!(by_day["design_effect"].as_f64().unwrap() < by_cluster);
    assert_eq!(found["deviation"]["mean"], by_day["deviation"]["mean"]);
    assert!(width(&found) > width(&by_day));
    // Clusters of one case change nothing.
    let alone = daily_cases(300, "human", |nth| {
        let word = if nth % 40 == 7 { "bad" } else { "good" };
        format!("{},\"cluster\":\"{nth}\"", outcome(word))
    });
    let alone = score(&scratch, &alone, CATALOG);
    let effect = alone["design_effect_by_cluster"].as_f64().unwrap();
    assert!((1.0..1.01).contains(&effect), "{effect}");
}

#[test]
fn an_explanation_shows_it_next_to_the_interval() {
    let scratch = Scratch::new();
    score_with(&scratch, &campaigns(true), CATALOG, &[]);
    let args = [
        "explain",
        "p",
        "--map",
        "toleranced",
        "--catalog",
        "catalog.yaml",
        "log.ndjson",
        "--format",
        "json",
    ];
    let explained = scratch.run(&args).ends_with(0).json();
    let figures = explained["figures"].as_array().unwrap().iter();
    let found = figures.filter(|figure| figure["name"] == "independence");
    let found: Vec<&Value> = found.collect();
    let value = found[0]["value"].as_str().unwrap();
    assert!(
        value.contains("800 days, 80 clusters (10.11 by cluster)"),
        "{value}"
    );
    let how = found[0]["formula"].as_str().unwrap();
    assert!(
        how.starts_with("variance of the sums of deviations by cluster")
            && how.contains("clusters are independent of each other"),
        "{how}"
    );
}

#[test]
fn a_clean_record_of_one_campaign_is_that_of_one_cause() {
    let scratch = Scratch::new();
    let clean = |cluster: &str| {
        daily_cases(400, "human", |_| {
            format!("{},\"cluster\":\"{cluster}\"", outcome("good"))
        })
    };
    let found = score(&scratch, &clean("one"), CATALOG);
    assert_eq!(found["independent_cases"], 1.0);
    assert_eq!(found["design_effect_assumed"], true);
    assert_eq!(found["status"], "undetermined");
    // An empty field is no cluster.
    assert_eq!(score(&scratch, &clean(""), CATALOG)["status"], "within");
}
