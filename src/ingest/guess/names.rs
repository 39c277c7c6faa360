//! How well the name of a column fits a field.

/// Names that speak for a field, best first, in lower case without separators; and how much the last of them speaks
/// less than the first.
const NAMES: &[(&str, &[&str])] = &[
    (
        "case",
        &[
            "case:concept:name",
            "caseid",
            "case",
            "ticketid",
            "ticket",
            "incidentid",
            "incidentnumber",
            "incident",
            "issuekey",
            "casenumber",
            "alertid",
            "executionid",
            "runid",
            "workflowrunid",
            "playbookrunid",
            "jobid",
            "sessionid",
            "conversationid",
            "threadid",
            "traceid",
            "requestid",
            "taskid",
            "run",
            "job",
            "session",
            "conversation",
            "number",
            "issue",
            "key",
            "id",
            "sysid",
        ],
    ),
    (
        "activity",
        &[
            "concept:name",
            "activity",
            "activityname",
            "incidentactivitytype",
            "activitytype",
            "action",
            "step",
            "stepname",
            "event",
            "eventname",
            "eventtype",
            "operation",
            "task",
            "taskname",
            "status",
            "state",
            "incidentstate",
            "type",
            "name",
        ],
    ),
    (
        "time",
        &[
            "time:timestamp",
            "timestamp",
            "time",
            "eventtime",
            "datetime",
            "datestamp",
            "date",
            "ts",
            "occurredat",
            "when",
            "at",
            "createdat",
            "createdon",
            "syscreatedon",
            "starttime",
            "startedat",
            "updatedat",
            "sysupdatedon",
            "completetimestamp",
            "startdate",
            "changedat",
            "changedon",
            "updated",
            "modified",
            "lastmodifiedtime",
            "lastmodifiedat",
            "lastmodified",
            "lastupdatetime",
            "lastupdatedtime",
            "lastupdatedat",
            "lastupdated",
            "lastchanged",
            "timegenerated",
            "openedat",
            "created",
        ],
    ),
    (
        "process",
        &[
            "process",
            "processid",
            "processname",
            "playbook",
            "playbookname",
            "playbookid",
            "workflow",
            "workflowname",
            "workflowid",
            "runbook",
            "procedure",
        ],
    ),
    (
        "outcome",
        &[
            "outcome",
            "resolution",
            "resolutionname",
            "result",
            "closecode",
            "conclusion",
            "verdict",
            "disposition",
            "resolutionstatus",
            "resolutioncode",
            "resolutionreason",
            "closurecode",
            "closurereason",
            "closereason",
            "classification",
        ],
    ),
    (
        "executor",
        &[
            "executor",
            "executorkind",
            "executortype",
            "actortype",
            "performedby",
            "actorkind",
        ],
    ),
    ("lifecycle", &["lifecycle"]),
    (
        "sequence",
        &[
            "seq",
            "sequence",
            "sequencenumber",
            "incidentactivitynumber",
        ],
    ),
    (
        "reopened",
        &[
            "reopencount",
            "reopencounter",
            "reopenedcount",
            "reopens",
            "reopenings",
            "timesreopened",
            "numberofreopens",
            "reopened",
            "wasreopened",
            "isreopened",
            "reopen",
        ],
    ),
    ("event_id", &["eventid", "eventuuid"]),
    (
        "input",
        &["input", "inputsignature", "alertrule", "rulename"],
    ),
    (
        "parent",
        &[
            "parent",
            "parentcase",
            "parentid",
            "parentincident",
            "parentkey",
        ],
    ),
];

/// Objects whose id is that of the case. The id of any other object is that of a rule, a host or a person.
const CASES: &[&str] = &[
    "case",
    "ticket",
    "incident",
    "issue",
    "alert",
    "notable",
    "offense",
    "request",
    "execution",
    "run",
    "job",
    "session",
    "trace",
    "record",
    "data",
    "fields",
    "attributes",
    "properties",
    "event",
    "item",
    "payload",
    "body",
    "result",
    "object",
];

/// How well a name fits a case whose name is in no list: what ends like this numbers something.
const NUMBERS_SOMETHING: f64 = 0.35;

/// 1 for the best name of a field, less for those behind it, 0 for any other.
pub(super) fn name_fit(field: &str, name: &str) -> f64 {
    let Some((_, names)) = NAMES.iter().find(|(known, _)| *known == field) else {
        return 0.0;
    };
    let plain = plain(name);
    let rank = names
        .iter()
        .position(|known| *known == name || *known == plain);
    let deep = name.matches('.').count() as f64;
    let fit = match rank {
        Some(rank) => 1.0 - 0.6 * rank as f64 / names.len() as f64,
        None if field == "case" && numbers_something(name) => NUMBERS_SOMETHING,
        None => 0.0,
    };
    let other = match field == "case" && is_of_another_object(name) {
        true => 0.5,
        false => 1.0,
    };
    fit * other * 0.95f64.powf(deep)
}

/// Whether a name ends like that of a number or key: `Vorgangs-ID`, `caseRef`, `ticket_no`.
fn numbers_something(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or(name);
    let is_small = |c: char| c.is_lowercase() || c.is_ascii_digit();
    // A word begins behind a separator, or with a capital behind a small letter.
    let mut begins = 0;
    let mut before = None;
    for (at, c) in last.char_indices() {
        let is_new = match before {
            Some(before) => c.is_uppercase() && is_small(before),
            None => false,
        };
        if is_new {
            begins = at;
        }
        if !c.is_alphanumeric() {
            begins = at + c.len_utf8();
        }
        before = Some(c);
    }
    let word = last[begins..].to_lowercase();
    begins > 0
        && matches!(
            word.as_str(),
            "id" | "key" | "no" | "nr" | "number" | "ref" | "uid" | "guid"
        )
}

/// Whether a path leads into an object that is not the case: `rule.id`.
fn is_of_another_object(name: &str) -> bool {
    let mut parts = name.rsplit('.').skip(1);
    parts.next().is_some_and(|part| {
        let part = plain(part);
        !CASES
            .iter()
            .any(|case| part == *case || part.strip_suffix('s') == Some(case))
    })
}

/// The last part of a name without separators, in lower case: `issue.fields.Created_At` -> `createdat`. A unit or zone in
/// brackets behind it is left out: `Created [UTC]`.
pub(super) fn plain(name: &str) -> String {
    let last = name.rsplit('.').next().unwrap_or(name).trim_end();
    let last = match (last.rfind(['[', '(']), last.ends_with([']', ')'])) {
        (Some(at), true) if at > 0 => &last[..at],
        _ => last,
    };
    let letters = last.chars().filter(|c| c.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_number_something() {
        for name in [
            "Vorgangs-ID",
            "caseRef",
            "ticket_no",
            "flow run id",
            "a.b.deal_key",
            "x nr",
        ] {
            assert!(numbers_something(name), "{name}");
        }
        for name in ["valid", "monkey", "piano", "uid", "paid", "note", "idle"] {
            assert!(!numbers_something(name), "{name}");
        }
    }

    #[test]
    fn the_id_of_another_object_is_behind_that_of_the_record() {
        assert!(name_fit("case", "id") > name_fit("case", "rule.id") * 1.8);
        assert!(name_fit("case", "issue.id") > name_fit("case", "rule.id") * 1.8);
        assert!(name_fit("case", "alerts.id") > name_fit("case", "agent.id") * 1.8);
    }
}
