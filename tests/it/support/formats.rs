//! The same 53 events in every format, compression and encoding.

use serde_json::Value;
use std::fmt::Write as _;
use std::io::Write as _;

/// One event of a small log.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) case: String,
    pub(crate) activity: String,
    pub(crate) time: String,
    pub(crate) outcome: String,
}

/// 21 cases whose figures can be worked out by hand: case i starts on 2024-01-i and lasts i hours; the odd ones have
/// three steps, the even ones two; the last one fails.
pub(crate) fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for day in 1..=21 {
        let mut add = |activity: &str, minutes: i32, outcome: &str| {
            rows.push(Row {
                case: format!("T-{day}"),
                activity: activity.to_owned(),
                time: format!(
                    "2024-01-{day:02}T{:02}:{:02}:00Z",
                    minutes / 60,
                    minutes % 60
                ),
                outcome: outcome.to_owned(),
            });
        };
        add("open", 0, "");
        if day % 2 == 1 {
            add("work, \"half\"\ndone für x", day * 30, "");
        }
        let outcome = if day == 21 { "failed" } else { "resolved" };
        add("close", day * 60, outcome);
    }
    rows
}

/// A CSV with everything quoted.
pub(crate) fn csv(rows: &[Row], delimiter: char) -> String {
    let mut text = format!("case{delimiter}activity{delimiter}time{delimiter}outcome\r\n");
    for row in rows {
        let fields = [&row.case, &row.activity, &row.time, &row.outcome];
        let quoted = fields.map(|field| format!("\"{}\"", field.replace('"', "\"\"")));
        text.push_str(&quoted.join(&delimiter.to_string()));
        text.push_str("\r\n");
    }
    text
}

fn record(row: &Row) -> Value {
    serde_json::json!({"case": row.case, "activity": row.activity, "time": row.time, "outcome": row.outcome})
}

pub(crate) fn ndjson(rows: &[Row]) -> String {
    rows.iter()
        .map(|row| format!("{}\n", record(row)))
        .collect()
}

pub(crate) fn json(rows: &[Row]) -> String {
    let records: Vec<Value> = rows.iter().map(record).collect();
    serde_json::to_string_pretty(&records).expect("JSON")
}

pub(crate) fn xes(rows: &[Row]) -> String {
    let escape = |text: &str| {
        let text = text.replace('&', "&amp;").replace('<', "&lt;");
        text.replace('"', "&quot;").replace('\n', "&#10;")
    };
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<log>\n");
    for group in rows.chunk_by(|a, b| a.case == b.case) {
        let _ = writeln!(
            text,
            "<trace><string key=\"concept:name\" value=\"{}\"/>",
            group[0].case
        );
        for row in group {
            let _ = write!(
                text,
                "<event><string key=\"concept:name\" value=\"{}\"/><date key=\"time:timestamp\" value=\"{}\"/>",
                escape(&row.activity),
                row.time
            );
            let _ = writeln!(
                text,
                "<string key=\"outcome\" value=\"{}\"/></event>",
                row.outcome
            );
        }
        text.push_str("</trace>\n");
    }
    text + "</log>\n"
}

pub(crate) fn gz(bytes: impl AsRef<[u8]>) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes.as_ref()).expect("in memory");
    encoder.finish().expect("in memory")
}

pub(crate) fn zst(bytes: impl AsRef<[u8]>) -> Vec<u8> {
    zstd::encode_all(bytes.as_ref(), 1).expect("in memory")
}

pub(crate) fn utf16(text: &str, big: bool, mark: bool) -> Vec<u8> {
    let mark = mark.then_some(0xfeff);
    let units = mark.into_iter().chain(text.encode_utf16());
    let bytes = |unit: u16| {
        if big {
            unit.to_be_bytes()
        } else {
            unit.to_le_bytes()
        }
    };
    units.flat_map(bytes).collect()
}

pub(crate) fn latin1(text: &str) -> Vec<u8> {
    let byte = |c: char| u8::try_from(u32::from(c)).expect("a Latin-1 character");
    text.chars().map(byte).collect()
}
