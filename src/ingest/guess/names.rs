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
            "traceid",
            "requestid",
            "taskid",
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
    match rank {
        Some(rank) => (1.0 - 0.6 * rank as f64 / names.len() as f64) * 0.95f64.powf(deep),
        None => 0.0,
    }
}

/// The last part of a name without separators, in lower case: `issue.fields.Created_At` -> `createdat`.
pub(super) fn plain(name: &str) -> String {
    let last = name.rsplit('.').next().unwrap_or(name);
    let letters = last.chars().filter(|c| c.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}
