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
            "ticketnummer",
            "vorgangsnummer",
            "fallnummer",
            "vorgang",
            "numéro",
            "numero",
            "número",
            "nummer",
            "chamado",
            "number",
            "issue",
            "key",
            "id",
            "sysid",
            "iid",
            "uuid",
            "no",
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
        None if field == "case" && name.trim() == "#" => 0.4,
        None if field == "case" && refers_to_another(name) => 0.0,
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

/// What a row refers to and is not: persons, groups, hosts, rules and the like. Their numbers repeat, as those of cases do.
const REFERRED: &[&str] = &[
    "requester",
    "user",
    "assignee",
    "owner",
    "caller",
    "reporter",
    "author",
    "agent",
    "analyst",
    "customer",
    "contact",
    "organization",
    "organisation",
    "company",
    "account",
    "tenant",
    "group",
    "team",
    "department",
    "queue",
    "project",
    "service",
    "asset",
    "host",
    "device",
    "sensor",
    "rule",
    "policy",
    "template",
    "product",
    "category",
    "parent",
    "problem",
    "change",
    "location",
    "site",
    "subscription",
    "workspace",
    "brand",
    "form",
    "tag",
];

/// Whether a name is that of the number of something else: `requester_id`.
pub(super) fn refers_to_another(name: &str) -> bool {
    let plain = plain(name);
    let number = ["id", "key", "no", "nr", "number", "ref", "uid", "guid"];
    let of = |ending: &&str| plain.strip_suffix(*ending);
    let mut objects = number.iter().filter_map(of);
    objects.any(|object| REFERRED.contains(&object))
}

/// Whether a name is in the list of those of a case.
pub(super) fn is_usual_case(name: &str) -> bool {
    let plain = plain(name);
    let mut names = NAMES.iter().filter(|(field, _)| *field == "case");
    name.trim() == "#" || names.any(|(_, names)| names.contains(&plain.as_str()))
}

/// Whether a name says that it numbers tickets, whose rows may be their history.
pub(super) fn names_a_ticket(name: &str) -> bool {
    let plain = plain(name);
    let words = ["case", "ticket", "incident", "issuekey"];
    words.iter().any(|word| plain.starts_with(word))
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
    let last = name
        .trim_end_matches(['.', ' '])
        .rsplit('.')
        .next()
        .unwrap_or(name);
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
    fn the_number_of_a_person_or_host_is_no_case() {
        for name in [
            "requester_id",
            "assigneeId",
            "Caller ID",
            "host_id",
            "organization_id",
            "problem_no",
        ] {
            assert_eq!(name_fit("case", name), 0.0, "{name}");
        }
        for name in ["workflow_run_id", "#", "No.", "uuid", "iid"] {
            assert!(name_fit("case", name) > 0.0, "{name}");
        }
    }

    #[test]
    fn the_id_of_another_object_is_behind_that_of_the_record() {
        assert!(name_fit("case", "id") > name_fit("case", "rule.id") * 1.8);
        assert!(name_fit("case", "issue.id") > name_fit("case", "rule.id") * 1.8);
        assert!(name_fit("case", "alerts.id") > name_fit("case", "agent.id") * 1.8);
    }
}
