//! Rows that each tell a change of a field: its name, its old and its new value.

use super::columns::Column;
use super::names::{may_be_case, plain};
use super::{Choice, Guess};
use crate::ingest::path::Path;
use serde_json::Value;
use std::collections::BTreeMap;

/// Names of the column with the name of the field, and of the one with its new value.
const FIELDS: &[&str] = &[
    "field",
    "fieldname",
    "fieldlabel",
    "fieldid",
    "attribute",
    "attributename",
    "property",
    "propertyname",
    "changedfield",
    "columnname",
    "campo",
    "champ",
    "feld",
    "feldname",
    "veld",
    "pole",
    "フィールド",
    "項目",
];
const NEW_VALUES: &[&str] = &[
    "newvalue",
    "newval",
    "newstring",
    "tostring",
    "tovalue",
    "new",
    "to",
    "after",
    "valuenew",
    "nuevovalor",
    "valornuevo",
    "neuerwert",
    "nouvellevaleur",
    "novovalor",
    "nuovovalore",
    "valorenuovo",
    "nieuwewaarde",
    "nowawartosc",
    "新しい値",
    "変更後",
];

/// What the field with the state of a case is called, the most telling first.
const STATES: &[&str] = &[
    "incidentstate",
    "casestatus",
    "ticketstatus",
    "status",
    "state",
    "stage",
    "estado",
    "statut",
    "etat",
    "zustand",
    "stato",
    "situacao",
    "stan",
    "ステータス",
    "状態",
    "statusid",
    "stateid",
    "phase",
    "workflowstate",
];

/// Changes of the state of a case among the changes of its fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StateChanges {
    /// The column with the names of fields.
    pub field: String,
    /// How the state is called in it.
    pub state: String,
    /// The column with the state that a case has come to.
    pub new: String,
}

/// Finds out if rows are changes of fields, among them of the state.
pub(super) fn state_changes(columns: &[Column], records: &[Value]) -> Option<StateChanges> {
    let find = |names: &[&str]| {
        let mut named = columns.iter();
        named.find(|column| names.contains(&plain(&column.name).as_str()))
    };
    let (field, new) = (find(FIELDS)?, find(NEW_VALUES)?);
    let fields = Path::new(&field.name);
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for record in records {
        if let Some(name) = fields.find(record).and_then(Value::as_str) {
            *counts.entry(name.trim()).or_default() += 1;
        }
    }
    let rank = |name: &str| STATES.iter().position(|state| *state == plain(name));
    let state = counts
        .iter()
        .filter_map(|(name, count)| Some((rank(name)?, *count, *name)));
    // Two fields may tell the same change.
    let (.., state) = state.min_by_key(|(rank, count, _)| (*rank, usize::MAX - count))?;
    Some(StateChanges {
        field: field.name.clone(),
        state: state.to_owned(),
        new: new.name.clone(),
    })
}

impl Guess {
    /// Takes the id of another object as the case if there is no better one and its values repeat as those of cases do: each in a
    /// few records. Splunk calls a notable event by its `rule_id`.
    pub(super) fn take_other_object(
        &mut self,
        columns: &[Column],
        taken: &[String],
        records: usize,
    ) {
        if self.fields.contains_key("case") {
            return;
        }
        let repeats = |column: &&Column| {
            let is_full = column.filled * 50 >= records * 49;
            is_full
                && column.distinct > 2
                && column.distinct < column.filled
                && column.distinct * 12 >= column.filled
        };
        let mut fitting = columns.iter().filter(repeats);
        let found =
            fitting.find(|column| may_be_case(&column.name) && !taken.contains(&column.name));
        if let Some(column) = found {
            let choice = Choice {
                column: column.name.clone(),
                sure: 0.3,
            };
            self.fields.insert("case", choice);
        }
    }

    /// Takes the new value of a state as the activity, where rows are changes of fields.
    pub(super) fn take_changes(&mut self, columns: &[Column], records: &[Value]) {
        self.state_changes = state_changes(columns, records);
        if let Some(changes) = &self.state_changes {
            let of_change = [&changes.field, &changes.new];
            self.fields
                .retain(|_, choice| !of_change.contains(&&choice.column));
            let choice = Choice {
                column: changes.new.clone(),
                sure: 0.9,
            };
            self.fields.insert("activity", choice);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::guess;
    use crate::rules::mapping::FormatName;
    use serde_json::json;

    #[test]
    fn rows_with_changes_of_fields_are_steps_where_the_state_changes() {
        for (case, time, field, new, state) in [
            (
                "documentkey",
                "sys_created_on",
                "fieldname",
                "newvalue",
                "incident_state",
            ),
            ("Key", "Date", "Field", "New Value", "status"),
            ("CaseId", "CreatedDate", "Field", "NewValue", "Status"),
        ] {
            let records: Vec<_> = (0..60)
                .map(|n| {
                    let field_name = if n % 2 == 0 { state } else { "priority" };
                    json!({case: format!("x{}", n / 6), field: field_name, "Old Value": "a", new: format!("v{}", n % 4),
                        time: format!("2024-01-{:02} 08:00:00", 1 + n % 28)})
                })
                .collect();
            let found = guess(&records, FormatName::Csv);
            let changes = found.state_changes.clone().unwrap();
            assert_eq!(
                (changes.field.as_str(), changes.state.as_str()),
                (field, state)
            );
            assert_eq!(found.column("activity"), Some(new));
            assert_eq!(
                (found.column("case"), found.column("time")),
                (Some(case), Some(time))
            );
        }
    }
}
