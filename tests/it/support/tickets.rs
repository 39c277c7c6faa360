//! A small log of tickets with an id for each event, and its mapping.

/// The mapping of [`Home::new`]: toleranced's own lines, with an id for each event.
pub(crate) const MAPPING: &str = "format: ndjson\nprocess: process\ncase: case\nactivity: activity\ntime: time\n\
    sequence: seq\nevent_id: id\nexecutor: executor\nlifecycle: { path: lifecycle, default: step }\n\
    outcome: outcome\ninput: input\nparent: parent\n";

/// One line of a log in the format of [`MAPPING`].
pub(crate) fn line(id: &str, case: &str, activity: &str, minute: u32, more: &str) -> String {
    let (hour, minute) = (minute / 60, minute % 60);
    format!(
        "{{\"id\":\"{id}\",\"process\":\"tickets\",\"case\":\"{case}\",\"activity\":\"{activity}\",\
         \"time\":\"2026-03-02T{hour:02}:{minute:02}:00Z\"{more}}}\n"
    )
}

/// A case of three steps in the format of [`MAPPING`], which ends with this outcome.
pub(crate) fn case(name: &str, minute: u32, outcome: &str) -> String {
    let end = format!(",\"lifecycle\":\"end\",\"outcome\":\"{outcome}\"");
    [
        line(&format!("{name}-1"), name, "open", minute, ""),
        line(&format!("{name}-2"), name, "work", minute + 1, ""),
        line(&format!("{name}-3"), name, "close", minute + 2, &end),
    ]
    .concat()
}
