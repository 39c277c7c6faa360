//! Drivers of the number of cases.

use crate::support::Scratch;
use crate::support::own_format::{CATALOG, score};
use crate::support::scores::near;
use std::fmt::Write as _;

#[test]
fn drivers_explain_the_rate_and_bad_ones_are_named() {
    let scratch = Scratch::new();
    let mut log = String::new();
    let mut drivers = "date,hosts\n".to_owned();
    let monday = chrono::NaiveDate::from_ymd_opt(2025, 1, 6).unwrap();
    for week in 0..40u64 {
        // Hosts go up and down without a trend; cases go with them.
        let hosts = 100 + 50 * (week * 7 % 5);
        let date = monday + chrono::Days::new(7 * week);
        writeln!(drivers, "{date},{hosts}").unwrap();
        for nth in 0..hosts / 5 {
            let day = date + chrono::Days::new(nth % 7);
            writeln!(
                log,
                "{{\"time\":\"{day}T{:02}:00:00Z\",\"process\":\"p\",\"case\":\"{week}-{nth}\",\"activity\":\"do\"}}",
                nth % 24
            )
            .unwrap();
        }
    }
    scratch.write("drivers.csv", &drivers);
    let catalog = format!("{CATALOG}    drivers: drivers.csv\n");
    let found = score(&scratch, &log, &catalog);
    let elasticity = &found["arrivals"]["elasticities"][0];
    assert_eq!(elasticity["driver"], "hosts");
    near(&elasticity["elasticity"]["mean"], 1.0, 0.05);
    assert!(found["arrivals"]["whole_weeks"].as_u64().unwrap() >= 39);
    assert_eq!(found["arrivals"]["forecast"].as_array().unwrap().len(), 4);
    scratch.write("drivers.csv", drivers.replacen("150", "many", 1));
    let ran = scratch
        .run(&["check", "--catalog", "catalog.yaml"])
        .ends_with(1);
    assert!(
        ran.stderr.contains("drivers.csv:") && ran.stderr.contains("`hosts`: `many`"),
        "{ran}"
    );
}
