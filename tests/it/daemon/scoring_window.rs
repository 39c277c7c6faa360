//! The scoring window of a process of its own.

use crate::support::{Home, wait_until};
use std::time::SystemTime;

const EVENTS: &str = r#"toleranced_ingest_events_total{source="in"}"#;

#[test]
fn the_rate_of_a_process_with_its_own_window_is_that_of_its_window() {
    let home = Home::new("[]");
    home.write(
        "map.yaml",
        "process: process\ncase: case\nactivity: { const: run }\ntime: time\n",
    );
    home.write("catalog.yaml", "processes:\n- { id: own, window: 7d }\n");
    home.write(
        "toleranced.yaml",
        "listen: 127.0.0.1:0\ndata_dir: data\ncatalog: catalog.yaml\nscore: {every: 200ms, window: 90d}\n\
         sources: [{name: in, paths: [log.ndjson], mapping: map.yaml}]\n",
    );
    let now = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap()
        .as_secs();
    // One case an hour over thirty days, in both processes.
    let lines: String = (1..=720)
        .flat_map(|hour| ["own", "default"].map(|process| (hour, process)))
        .map(|(hour, process)| {
            let time = now - hour * 3600;
            format!("{{\"process\":\"{process}\",\"case\":\"{process}-{hour}\",\"time\":{time}}}\n")
        })
        .collect();
    home.write("log.ndjson", lines);
    let daemon = home.start();
    daemon.wait_for_metric(EVENTS, 1440.0);
    for process in ["own", "default"] {
        wait_until(format!("the rate of {process}"), || {
            let scores = daemon.json("/api/v1/processes");
            let score = scores["processes"]
                .as_array()?
                .iter()
                .find(|score| score["id"] == process)?;
            let rate = score["cases_per_week"].as_f64()?;
            (160.0..176.0).contains(&rate).then_some(())
        });
    }
    daemon.stop();
}
