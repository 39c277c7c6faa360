//! Spans that no preset knows: the parent of a span is a span, and a trace ends with its root.

use crate::support::Scratch;
use crate::support::scores::only;
use serde_json::json;

/// Traces of 6 seconds, their root last, as one row a span.
fn spans() -> Vec<[String; 6]> {
    let mut all = Vec::new();
    for trace in 0..6 {
        let day = trace + 1;
        for (nth, (name, from, to)) in [("look up", 1, 2), ("judge", 3, 5), ("agent", 0, 6)]
            .iter()
            .enumerate()
        {
            let id = |nth: usize| format!("s{trace}{nth}");
            let parent = if nth == 2 { String::new() } else { id(2) };
            let at = |second: &i32| format!("2024-05-{day:02}T00:00:{second:02}Z");
            let name = (*name).to_owned();
            all.push([format!("t{trace}"), id(nth), parent, name, at(from), at(to)]);
        }
    }
    all
}

#[test]
fn traces_have_the_length_of_their_root() {
    let scratch = Scratch::new();
    let rows = spans()
        .iter()
        .map(|row| format!("{}\n", row.join(",")))
        .collect::<String>();
    let header = "trace_id,span_id,parent_id,name,start_time,end_time";
    let table = scratch.write("a.csv", format!("{header}\n{rows}"));
    let line = |[trace, id, parent, name, start, end]: &[String; 6]| {
        let parent = Some(parent).filter(|parent| !parent.is_empty());
        let span = json!({"traceId": trace, "id": id, "parentSpanId": parent, "operationName": name,
            "status": if trace == "t1" && parent.is_none() { "ERROR" } else { "UNSET" }, "startTime": start, "endTime": end});
        format!("{span}\n")
    };
    let lines = scratch.write("b.ndjson", spans().iter().map(line).collect::<String>());
    for file in [table, lines] {
        let scores = scratch.score(&[&file]);
        let score = only(&scores);
        assert_eq!(
            (&score["cases"], &score["events"]),
            (&json!(6), &json!(24)),
            "{file}"
        );
        assert_eq!(score["duration_seconds"]["mean"], 6.0, "{file}");
        if file.ends_with("ndjson") {
            assert_eq!(score["outcomes"], json!({"completed": 5, "error": 1}));
        }
        scratch
            .run(&["inspect", &file, "--write", "m.yaml", "--force"])
            .ends_with(0);
        let written = scratch.score(&[&file, "--map", "m.yaml"]);
        assert_eq!(written["processes"], scores["processes"]);
    }
}
