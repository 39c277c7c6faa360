//! Exports with one row per case: a time for each stage that the case has reached.

use super::columns::Column;
use super::moving;
use super::names::plain;
use serde_json::Value;

/// A stage of a case, and the column with the time at which a case reached it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stage {
    /// What is called so.
    pub activity: &'static str,
    /// The column.
    pub column: String,
    /// What it means for the life of the case, if it is more than a step.
    pub lifecycle: Option<&'static str>,
    /// Every case has reached it.
    pub is_first: bool,
}

/// What columns of a stage are called, in lower case without separators, the most telling first. Of several columns for one
/// stage the first counts.
struct Known {
    activity: &'static str,
    names: &'static [&'static str],
}

const FIRST: &[Known] = &[
    Known {
        activity: "Opened",
        names: &[
            "openedat",
            "opened",
            "openedon",
            "opendate",
            "opentime",
            "dateopened",
            "datetimeopened",
            "createddatetime",
            "createdtimeutc",
            "reporteddate",
            "submitteddate",
            "createdat",
            "createdon",
            "createddate",
            "createdtime",
            "creationdate",
            "creationtime",
            "createdate",
            "createtime",
            "datecreated",
            "timecreated",
            "syscreatedon",
            "created",
            "reportedat",
            "reportedon",
            "reported",
            "submittedat",
            "submitdate",
            "datedouverture",
            "dataapertura",
            "erstelltam",
            "erstellt",
            "angelegtam",
            "eröffnetam",
            "creéle",
            "créé",
            "crééle",
            "datedecréation",
            "datecréation",
            "ouvertle",
            "creado",
            "creada",
            "fechadecreación",
            "fechacreación",
            "fechadeapertura",
            "creatoil",
            "datacreazione",
            "datadicreazione",
            "criado",
            "criadoem",
            "datadecriação",
            "datacriação",
            "abertoem",
        ],
    },
    Known {
        activity: "Started",
        names: &[
            "startedat",
            "startedon",
            "starttime",
            "startdate",
            "starttimestamp",
            "starttimeutc",
            "startts",
            "startat",
            "started",
            "start",
            "begintime",
            "beganat",
            "begin",
        ],
    },
];

const BETWEEN: &[Known] = &[
    Known {
        activity: "Assigned",
        names: &["assignedat", "assignedon", "assigneddate", "assignedtime"],
    },
    Known {
        activity: "Acknowledged",
        names: &[
            "acknowledgedat",
            "acknowledgedon",
            "acknowledgedtime",
            "acknowledged",
            "ackat",
            "acktime",
            "acknowledgetime",
            "acked",
            "ackedat",
            "acknowledgeddate",
            "acknowledgeddatetime",
            "triagedat",
            "triaged",
            "firstresponse",
            "firstreply",
            "firstreplyat",
            "angenommen",
            "angenommenam",
            "firstresponseat",
            "firstresponsetime",
            "firstrespondedat",
            "respondedat",
        ],
    },
    Known {
        activity: "Contained",
        names: &[
            "containedat",
            "containedon",
            "containedtime",
            "containmenttime",
            "contained",
        ],
    },
];

const LAST: &[Known] = &[
    Known {
        activity: "Resolved",
        names: &[
            "resolvedat",
            "resolvedon",
            "resolveddate",
            "resolvedtime",
            "resolveddatetime",
            "resolvedtimestamp",
            "resolvedts",
            "resolvedate",
            "resolvetime",
            "timeresolved",
            "firstresolved",
            "lastresolveddate",
            "actualresolution",
            "resolutiondate",
            "resolutiontime",
            "dateresolved",
            "resolved",
            "solvedat",
            "solvedon",
            "solved",
            "fixedat",
            "restoredat",
            "restored",
            "remediatedat",
            "remediated",
            "gelöstam",
            "gelöst",
            "erledigtam",
            "erledigt",
            "résolule",
            "résolu",
            "datederésolution",
            "resuelto",
            "resuelta",
            "fechaderesolución",
            "risolto",
            "risoltoil",
            "resolvido",
            "resolvidoem",
        ],
    },
    Known {
        activity: "Closed",
        names: &[
            "closedat",
            "closedon",
            "closeddate",
            "closedtime",
            "datetimeclosed",
            "closeddatetime",
            "closedtimeutc",
            "datedeclôture",
            "closle",
            "datachiusura",
            "closedate",
            "closetime",
            "dateclosed",
            "closed",
            "geschlossenam",
            "geschlossen",
            "fermé",
            "ferméle",
            "datedefermeture",
            "cerrado",
            "cerrada",
            "fechadecierre",
            "chiuso",
            "chiusoil",
            "fechado",
            "fechadoem",
            "encerradoem",
        ],
    },
    Known {
        activity: "Finished",
        names: &[
            "finishedat",
            "finishedon",
            "finishtime",
            "finished",
            "finish",
            "completedat",
            "completedon",
            "completeddate",
            "completiondate",
            "completiontime",
            "completed",
            "endedat",
            "endtime",
            "endtimestamp",
            "endtimeutc",
            "enddate",
            "endts",
            "endat",
            "ended",
            "end",
            "stoppedat",
            "stoppedon",
            "stoptime",
            "stopped",
        ],
    },
];

/// Whether a column is called like the time of a stage.
pub(super) fn names_a_stage(name: &str) -> bool {
    let plain = plain(name);
    let all = FIRST.iter().chain(BETWEEN).chain(LAST);
    all.into_iter()
        .any(|known| known.names.contains(&plain.as_str()))
}

/// The stages of an export in which every row is a case, in their usual order. Empty where it is none: where cases have
/// several rows, or no column tells when a case was opened and another when it ended.
pub(super) fn stages(columns: &[Column], records: &[Value], case: Option<&str>) -> Vec<Stage> {
    let case = case.and_then(|name| columns.iter().find(|column| column.name == name));
    let Some(case) = case.filter(|case| is_mostly_unique(case, records.len())) else {
        return Vec::new();
    };
    let find = |known: &Known| {
        let named = |name: &&str| {
            let fits = |column: &&Column| plain(&column.name) == *name && is_time(column);
            columns.iter().find(fits)
        };
        let column = known.names.iter().find_map(named);
        column.map(|column| (known.activity, column))
    };
    let of = |all: &'static [Known]| all.iter().filter_map(find).collect::<Vec<_>>();
    let (first, last) = (of(FIRST), of(LAST));
    let opened = first
        .iter()
        .find(|(_, column)| is_always_there(column, records.len()));
    let (Some(opened), Some(ended)) = (opened, last.last()) else {
        return Vec::new();
    };
    // Rows of one case that begin at different times are its events.
    let moves = moving(records, &case.name, &opened.1.name);
    if moves.is_some_and(|share| share > 0.1) {
        return Vec::new();
    }
    let is_first = |activity: &str| activity == opened.0;
    let all = first
        .iter()
        .chain(&of(BETWEEN))
        .chain(&last)
        .copied()
        .collect::<Vec<_>>();
    let stage = |(activity, column): (&'static str, &Column)| Stage {
        activity,
        column: column.name.clone(),
        lifecycle: match () {
            () if activity == ended.0 => Some("end"),
            () if last.iter().any(|(known, _)| *known == activity) => Some("resolved"),
            () => None,
        },
        is_first: is_first(activity),
    };
    all.into_iter().map(stage).collect()
}

/// Whether most values are other ones. Some rows may be there twice, or again with a later state.
fn is_mostly_unique(case: &Column, records: usize) -> bool {
    case.distinct * 10 >= case.filled * 7 && is_always_there(case, records)
}

fn is_always_there(column: &Column, records: usize) -> bool {
    column.filled * 50 >= records * 49
}

fn is_time(column: &Column) -> bool {
    column.filled > 0 && column.times >= 0.9
}

#[cfg(test)]
mod tests {
    use crate::ingest::guess::guess;
    use crate::rules::mapping::FormatName;
    use serde_json::{Value, json};

    /// Activities with their columns and lifecycles that are found in these rows.
    fn found(row: impl Fn(usize) -> Value) -> Vec<(&'static str, String, Option<&'static str>)> {
        let records: Vec<Value> = (0..60).map(row).collect();
        let stages = guess(&records, FormatName::Csv).stages.into_iter();
        let stages = stages.map(|stage| (stage.activity, stage.column, stage.lifecycle));
        stages.collect()
    }

    fn day(nth: usize) -> String {
        format!("2024-{:02}-{:02} 08:00:00", 1 + nth / 28, 1 + nth % 28)
    }

    #[test]
    fn a_row_with_a_time_of_opening_and_of_closing_is_a_case() {
        let rows = found(|nth| {
            json!({
                "Ticket ID": nth, "Status": "Closed", "Updated": day(nth + 2), "Created": day(nth),
                "Acknowledged at": day(nth), "Date resolved": day(nth), "Closed": if nth % 2 == 0 { "-".to_owned() } else { day(nth) },
            })
        });
        let expected = [
            ("Opened", "Created", None),
            ("Acknowledged", "Acknowledged at", None),
            ("Resolved", "Date resolved", Some("resolved")),
            ("Closed", "Closed", Some("end")),
        ];
        assert_eq!(rows, expected.map(|(a, b, c)| (a, b.to_owned(), c)));
    }

    #[test]
    fn a_run_has_a_start_and_an_end() {
        let rows = found(|nth| json!({"id": nth, "start_time": day(nth), "end_time": day(nth)}));
        let expected = [
            ("Started", "start_time", None),
            ("Finished", "end_time", Some("end")),
        ];
        assert_eq!(rows, expected.map(|(a, b, c)| (a, b.to_owned(), c)));
    }

    #[test]
    fn stages_have_names_in_several_languages() {
        for (opened, closed) in [
            ("Erstellt am", "Geschlossen am"),
            ("Fecha de creación", "Fecha de cierre"),
            ("Créé le", "Fermé le"),
            ("Criado em", "Encerrado em"),
            ("Data di creazione", "Chiuso il"),
        ] {
            let rows = found(|nth| json!({"number": nth, opened: day(nth), closed: day(nth)}));
            let columns: Vec<&str> = rows.iter().map(|(_, column, _)| column.as_str()).collect();
            assert_eq!(columns, [opened, closed]);
        }
    }

    #[test]
    fn rows_of_events_have_no_stages() {
        // Several rows per case.
        assert!(
            found(|nth| json!({"case": nth / 3, "created": day(nth), "closed": day(nth)}))
                .is_empty()
        );
        // No end, no beginning, no time.
        assert!(
            found(|nth| json!({"id": nth, "created": day(nth), "updated": day(nth)})).is_empty()
        );
        assert!(
            found(|nth| json!({"id": nth, "updated": day(nth), "closed": day(nth)})).is_empty()
        );
        assert!(found(|nth| json!({"id": nth, "created": day(nth), "closed": "yes"})).is_empty());
        // A beginning that is often missing.
        let some = |nth: usize| {
            if nth.is_multiple_of(3) {
                Value::Null
            } else {
                day(nth).into()
            }
        };
        assert!(
            found(|nth| json!({"id": nth, "created": some(nth), "closed": day(nth)})).is_empty()
        );
    }
}
