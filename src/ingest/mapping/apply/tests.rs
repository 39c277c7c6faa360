//! Whether records become the events that a mapping says.

use super::*;
use crate::ingest::mapping::{Circumstances, compile};
use crate::model::Time;
use crate::rules::mapping::MappingSpec;
use serde_json::json;

fn preview(mapping: &str, record: &Value) -> Preview {
    let file = std::path::Path::new("m.yaml");
    let spec = MappingSpec::parse(mapping, file).unwrap();
    let circumstances = Circumstances {
        default_process: "p",
        namespace: "",
        latest: Time(i64::MAX),
    };
    compile(&spec, file, circumstances).unwrap().preview(record)
}

/// One field of each event.
fn column(preview: &Preview, name: &str) -> Vec<String> {
    let of = |event: &Vec<(&str, String)>| {
        let field = event.iter().find(|(known, _)| *known == name);
        field.map_or_else(String::new, |(_, value)| value.clone())
    };
    preview.events.iter().map(of).collect()
}

#[test]
fn elements_see_those_around_them() {
    let record = json!({"id": 1, "outer": "mine", "a": [
        {"n": "x", "at": "2024-01-01", "b": [{"n": "y"}, {"n": "z"}]},
        {"n": "v", "at": "2024-01-02", "b": [{"n": "w"}]}
    ]});
    let text = "case: id\nactivity: '{outer.n}-{item.n}'\ntime: outer.at\nevents:\n- each: a[].b[]\n  where: \"outer.n == 'x' || item.n == 'w'\"\n";
    let found = preview(text, &record);
    assert_eq!(column(&found, "activity"), ["x-y", "x-z", "v-w"]);
    assert_eq!(column(&found, "time")[2], "2024-01-02T00:00:00Z");
    // Where nothing is around, the words are fields like any other.
    let plain = preview(
        "case: id\nactivity: outer\ntime: { const: '2024-01-01' }\n",
        &record,
    );
    assert_eq!(column(&plain, "activity"), ["mine"]);
}

#[test]
fn an_optional_event_without_a_time_is_none() {
    let text = "case: id\nevents:\n- { activity: { const: opened }, time: opened }\n- { activity: { const: closed }, time: closed, optional: true }\n";
    let open = preview(
        text,
        &json!({"id": 1, "opened": "2024-01-01", "closed": ""}),
    );
    assert_eq!(column(&open, "activity"), ["opened"]);
    assert!(open.problem.is_none());
    let closed = preview(
        text,
        &json!({"id": 1, "opened": "2024-01-01", "closed": "2024-01-02"}),
    );
    assert_eq!(column(&closed, "activity"), ["opened", "closed"]);
    // A time that is there and can't be read is a mistake, as ever.
    let odd = preview(
        text,
        &json!({"id": 1, "opened": "2024-01-01", "closed": "soon"}),
    );
    assert_eq!(odd.problem.unwrap().0, Reason::UnreadableTime);
    let none = preview(text, &json!({"id": 1, "closed": "2024-01-02"}));
    assert_eq!(none.problem.unwrap().0, Reason::MissingTime);
}

#[test]
fn a_process_that_has_no_name_is_the_default_one() {
    let text = "case: id\nactivity: { first: ['{a}/{b}', a, c] }\ntime: at\nprocess: kind\n";
    let record = json!({"id": 1, "at": "2024-01-01", "a": "x"});
    let found = preview(text, &record);
    assert_eq!(column(&found, "process"), ["p"]);
    assert_eq!(column(&found, "activity"), ["x"]);
    let record = json!({"id": 1, "at": "2024-01-01", "a": "x", "b": "y", "kind": "k"});
    let found = preview(text, &record);
    assert_eq!(column(&found, "process"), ["k"]);
    assert_eq!(column(&found, "activity"), ["x/y"]);
}

#[test]
fn hands_on_time_is_never_below_zero_nor_beside_a_number_of_days() {
    for (text, unit, seconds) in [
        ("1:30", 60.0, 5400),
        ("0:10:30", 60.0, 630),
        ("1899-12-30 00:10:00", 60.0, 600),
        ("30-Dec-1899 0:10", 60.0, 600),
        (" 2.5 ", 60.0, 150),
        ("0", 60.0, 0),
        ("0:00", 60.0, 0),
    ] {
        assert_eq!(hands_on_seconds(text, unit), Some(seconds), "{text}");
    }
    for wrong in [
        "-5",
        "-1:00",
        "-0:10",
        "-0:10:30",
        "-0:00:10",
        "0:-0:10",
        "- 0:10",
        "-1 day, 23:50:00",
        "1 day 2:00",
        "-1899-12-30 0:10",
        "nan",
        "NaN:10",
        "inf",
        "1:2:3:4",
        "8761:00",
    ] {
        assert_eq!(hands_on_seconds(wrong, 60.0), None, "{wrong}");
    }
}

/// What becomes of a record: events, rejects, and the bytes that are kept of both.
fn mapped(mapping: &str, record: &Value) -> (usize, Vec<Reject>, usize) {
    let file = std::path::Path::new("m.yaml");
    let spec = MappingSpec::parse(mapping, file).unwrap();
    let circumstances = Circumstances {
        default_process: "p",
        namespace: "",
        latest: Time(i64::MAX),
    };
    let mapping = compile(&spec, file, circumstances).unwrap();
    let mut out = EventBatch::default();
    let place = Place {
        stream: 0,
        offset: 0,
        record: 0,
    };
    let raw = record.to_string();
    mapping.apply_value(record, place, raw.as_bytes(), &mut out);
    let rejects = out.rejects.iter().map(|reject| reject.bytes());
    let kept = out.event_bytes() + rejects.sum::<usize>();
    (out.events.len(), out.rejects, kept)
}

const EACH: &str =
    "case: id\nactivity: item.n\ntime: { const: '2024-01-01' }\nevents:\n- each: a\n";

fn elements(count: usize) -> Vec<Value> {
    vec![json!({"n": "x"}); count]
}

#[test]
fn a_long_text_of_a_record_is_not_repeated_for_any_number_of_elements() {
    let record = json!({"id": "c", "text": "c".repeat(100_000), "a": elements(20_000)});
    let mapping = format!("{EACH}executor: {{ path: text, default: ai }}\n");
    let (events, rejects, kept) = mapped(&mapping, &record);
    assert!(events > 0 && events < 500, "{events}");
    assert!(kept < 1 << 20, "{kept}");
    assert_eq!(rejects.len(), 1);
    assert_eq!(rejects[0].reason, Reason::TooLong);
}

#[test]
fn a_name_or_key_that_is_too_long_is_rejected() {
    let long = "x".repeat(5_000);
    for record in [
        json!({"id": long, "a": [{"n": "x"}]}),
        json!({"id": "c", "a": [{"n": long}]}),
    ] {
        let (events, rejects, _) = mapped(EACH, &record);
        assert_eq!((events, rejects.len()), (0, 1));
        assert_eq!(rejects[0].reason, Reason::TooLong, "{}", rejects[0].detail);
    }
}

#[test]
fn ordinary_records_with_many_elements_are_mapped_whole() {
    let record = json!({"id": "INC0012345678", "text": "t".repeat(5_000), "a": elements(20_000)});
    let text = EACH.replace(
        "- each: a",
        "- each: a\n  where: \"text != 'x' && item.n == 'x' && record.id != ''\"",
    );
    for mapping in [EACH, &text] {
        let (events, rejects, _) = mapped(mapping, &record);
        assert_eq!((events, rejects.len()), (20_000, 0), "{rejects:?}");
    }
}

#[test]
fn rejects_of_one_record_keep_a_bounded_part_of_it() {
    let record = json!({"text": "t".repeat(100_000), "a": elements(10_000)});
    let (events, rejects, kept) = mapped(EACH, &record);
    assert_eq!(events, 0);
    assert!(kept < 8 << 20, "{kept}");
    assert_eq!(rejects[0].record.len(), Reject::KEPT);
    assert_eq!(rejects[0].reason, Reason::MissingCase);
}
