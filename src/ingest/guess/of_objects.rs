//! Outcomes in the attributes of objects: each type of object has its own, so no column is in most records.

use super::names::name_fit;
use super::{Column, Guess};

/// Different values of an outcome in a sample.
const MOST_OUTCOMES: usize = 50;

impl Guess {
    /// The columns that are called as outcomes are, the best name first. Those of objects have `prefix` before their name, and come
    /// before those of events.
    pub(crate) fn outcomes_by_name(&self, prefix: &str) -> Vec<&str> {
        let is_outcome = |column: &&Column| {
            column.filled > 0 && column.times < 0.5 && column.distinct <= MOST_OUTCOMES
        };
        let fit = |column: &Column| {
            let own = column.name.strip_prefix(prefix);
            let name = own.unwrap_or(&column.name);
            (own.is_some(), name_fit("outcome", name))
        };
        let named = self.columns.iter().filter(is_outcome);
        let named = named.map(|column| (fit(column), column.name.as_str()));
        let mut named: Vec<_> = named.filter(|((_, fit), _)| *fit > 0.0).collect();
        named.sort_by(|((one_own, one), _), ((other_own, other), _)| {
            other_own.cmp(one_own).then(other.total_cmp(one))
        });
        named.into_iter().map(|(_, name)| name).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::guess;
    use crate::rules::mapping::FormatName;
    use serde_json::json;

    #[test]
    fn the_outcomes_of_all_types_are_found() {
        let records: Vec<_> = (0..40)
            .map(|nth| match nth % 4 {
                0 => json!({"ocel:oid": nth, "case:resolution": "fixed", "result": "ok"}),
                1 => {
                    json!({"ocel:oid": nth, "case:verdict": "benign", "case:outcome": "2024-01-01"})
                }
                _ => json!({"ocel:oid": nth, "case:size": 7}),
            })
            .collect();
        let found = guess(&records, FormatName::Ndjson);
        let names = found.outcomes_by_name("case:");
        assert_eq!(names, ["case:resolution", "case:verdict", "result"]);
    }
}
