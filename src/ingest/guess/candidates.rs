//! The columns that could have a role, how well each fits it, and why. The best one was chosen.

use super::fit::Fit;
use super::two_columns::with_joined_times;
use super::{Guess, moving};
use crate::ingest::path::Path;
use serde_json::Value;
use std::collections::BTreeMap;

/// Roles whose candidates are shown.
const ROLES: [&str; 6] = ["case", "activity", "time", "outcome", "executor", "process"];

/// A role is shown with so many candidates at most.
const MOST_OF_ROLE: usize = 4;

/// A candidate with this share of the score of the chosen column is close to it.
const CLOSE: f64 = 0.8;

/// A column with a lower score is never named as a runner-up: a column with it would not have been chosen either.
const LEAST_OF_RUNNER_UP: f64 = 0.3;

/// What a score is multiplied with if the column has one value for each case.
const STILL: f64 = 0.3;
const THROUGHOUT: &str = "the same throughout a case";

/// How well the columns fit each role, by their place among the columns.
pub(super) type Fits = BTreeMap<&'static str, Vec<(usize, Fit)>>;

/// A column that could have a role.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Candidate {
    /// The role, such as `case`.
    pub role: String,
    /// The column.
    pub column: String,
    /// How well it fits, 0 to 1.
    pub score: f64,
    /// The main reason, in a few words.
    pub why: String,
    /// Whether it was chosen.
    pub is_chosen: bool,
}

/// A role for which another column fits nearly as well as the chosen one.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct CloseCall {
    /// The role, which is also the name of the flag that names its column.
    pub role: &'static str,
    /// The chosen column.
    pub chosen: String,
    /// Its score, 0 to 1.
    pub chosen_score: f64,
    /// The runner-up.
    pub runner_up: String,
    /// Its score, 0 to 1.
    pub score: f64,
}

/// Keeps the fit of a column for a role, if there is something to say about it.
pub(super) fn keep(fits: &mut Fits, role: &'static str, column: usize, fit: Fit) {
    if ROLES.contains(&role) && (fit.score > 0.0 || fit.is_misleading) {
        fits.entry(role).or_default().push((column, fit));
    }
}

impl Guess {
    /// The candidates of each role, the chosen one first, then the best.
    pub(crate) fn candidates(&self, records: &[Value]) -> Vec<Candidate> {
        let records = &*with_joined_times(records);
        let mut all = Vec::new();
        for role in ROLES {
            if role == "time" {
                self.add_stages(&mut all);
            }
            let mut of_role = self.candidates_of(role, records, None);
            // Those are in the table already.
            of_role.retain(|candidate| !self.is_stage(&candidate.column));
            of_role.sort_by(|a, b| {
                let by_score = b.score.total_cmp(&a.score);
                b.is_chosen.cmp(&a.is_chosen).then(by_score)
            });
            of_role.truncate(MOST_OF_ROLE);
            all.append(&mut of_role);
        }
        all
    }

    /// The roles for which the choice was close. `named` are the columns that a person named for a role.
    pub(crate) fn close_calls(&self, records: &[Value], named: &[(&str, &str)]) -> Vec<CloseCall> {
        let roles = ROLES.into_iter();
        let close = roles.filter(|role| self.is_used(role) && self.is_close_by_name(role));
        let mut close = close.peekable();
        if close.peek().is_none() || self.undated.is_some() || self.spans.is_some() {
            return Vec::new();
        }
        let records = &*with_joined_times(records);
        let of_role = |role: &str| named.iter().find(|(known, _)| *known == role);
        let case = of_role("case").map(|(_, column)| *column);
        let is_named = |column: &str| named.iter().any(|(_, named)| *named == column);
        let call = |role: &'static str| {
            let chosen = self.fields.get(role)?;
            let rivals = self.candidates_of(role, records, case).into_iter();
            let rivals = rivals.filter(|rival| {
                !rival.is_chosen
                    && !is_named(&rival.column)
                    && self.taken_as(&rival.column).is_none()
                    && rival.score >= LEAST_OF_RUNNER_UP
                    && rival.score >= CLOSE * chosen.sure
                    && !says_the_same(role, records, &chosen.column, &rival.column)
            });
            let best = rivals.max_by(|a, b| a.score.total_cmp(&b.score))?;
            Some(CloseCall {
                role,
                chosen: chosen.column.clone(),
                chosen_score: chosen.sure,
                runner_up: best.column,
                score: best.score,
            })
        };
        close.filter_map(call).collect()
    }

    /// Whether another column comes close, before its values are compared with those of the case.
    fn is_close_by_name(&self, role: &str) -> bool {
        let (Some(chosen), Some(fits)) = (self.fields.get(role), self.fits.get(role)) else {
            return false;
        };
        fits.iter().any(|(column, fit)| {
            self.columns[*column].name != chosen.column
                && fit.score >= LEAST_OF_RUNNER_UP.max(CLOSE * chosen.sure)
        })
    }

    /// The candidates of a role in the order of the columns.
    fn candidates_of(
        &self,
        role: &'static str,
        records: &[Value],
        named_case: Option<&str>,
    ) -> Vec<Candidate> {
        let chosen = self.fields.get(role).filter(|_| self.is_used(role));
        let case = named_case.or(self.column("case"));
        let mut found: Vec<Candidate> = Vec::new();
        for (column, fit) in self.fits.get(role).into_iter().flatten() {
            let name = &self.columns[*column].name;
            let is_chosen = chosen.is_some_and(|choice| choice.column == *name);
            let mut candidate = Candidate {
                role: role.to_owned(),
                column: name.clone(),
                score: fit.score,
                why: fit.why.to_owned(),
                is_chosen,
            };
            if let (Some(choice), true) = (chosen, is_chosen) {
                let by_values = (choice.sure - fit.score).abs() > 1e-9;
                candidate.score = choice.sure;
                if by_values {
                    candidate.why = self.why_else(role).to_owned();
                }
            } else if let Some(other) = self.taken_as(name) {
                candidate.why = format!("chosen as {other}");
            } else if !self.is_used(role) {
                candidate.why = "not used, because each row is a case".to_owned();
            } else if role == "time"
                && case.is_some_and(|case| is_still(records, case, name))
                && fit.score > 0.0
            {
                candidate.score *= STILL;
                candidate.why = THROUGHOUT.to_owned();
            }
            found.push(candidate);
        }
        let is_listed = found.iter().any(|candidate| candidate.is_chosen);
        if let Some(choice) = chosen.filter(|_| !is_listed) {
            found.push(Candidate {
                role: role.to_owned(),
                column: choice.column.clone(),
                score: choice.sure,
                why: self.why_else(role).to_owned(),
                is_chosen: true,
            });
        }
        found
    }

    /// Why a column was chosen that does not fit best by its name.
    fn why_else(&self, role: &str) -> &'static str {
        match role {
            _ if self.spans.is_some() => "the records are spans, and it is called so in them",
            "time" => "it changes within a case",
            "case" if !self.stages.is_empty() => {
                "a different value in each row, and each row is a case"
            }
            "case" => "its values repeat as those of a case do",
            _ => "its values fit",
        }
    }

    /// The times at which a case was opened, closed and so on, if each row is a case.
    fn add_stages(&self, all: &mut Vec<Candidate>) {
        for stage in &self.stages {
            let info = self.info(&stage.column);
            let edge = match stage.lifecycle {
                _ if stage.is_first => "start",
                Some("end") => "end",
                _ => "time",
            };
            all.push(Candidate {
                role: format!("{edge} ({})", stage.activity),
                column: stage.column.clone(),
                score: info.map_or(0.0, |info| if info.is_empty { 0.0 } else { info.times }),
                why: match &stage.only_in {
                    Some((column, _)) => format!("last change, if {column} says so"),
                    None if info.is_some_and(|info| info.is_empty) => {
                        "usual name, no value yet".to_owned()
                    }
                    None => "usual name, and its values are times".to_owned(),
                },
                is_chosen: true,
            });
        }
    }

    fn is_stage(&self, column: &str) -> bool {
        self.stages.iter().any(|stage| stage.column == column)
    }

    /// The role that a column was chosen for.
    fn taken_as(&self, column: &str) -> Option<String> {
        if self.is_stage(column) {
            return Some("the time of a stage".to_owned());
        }
        let mut fields = self.fields.iter();
        let (field, _) =
            fields.find(|(field, choice)| choice.column == column && self.is_used(field))?;
        Some((*field).to_owned())
    }
}

/// Whether a column has one value for each case that has several records.
fn is_still(records: &[Value], case: &str, column: &str) -> bool {
    moving(records, case, column).is_some_and(|share| share <= 0.1)
}

/// Whether two columns give the same figures: they tell the same records apart, as the number of a ticket and its internal id
/// do, or their times are the same.
fn says_the_same(role: &str, records: &[Value], a: &str, b: &str) -> bool {
    let (a, b) = (Path::new(a), Path::new(b));
    let (mut ahead, mut back) = (BTreeMap::new(), BTreeMap::new());
    records.iter().all(|record| {
        let text = |path: &Path| path.find(record).map(Value::to_string);
        let (a, b) = (text(&a), text(&b));
        match role {
            "time" => a == b,
            _ => {
                *ahead.entry(a.clone()).or_insert_with(|| b.clone()) == b
                    && *back.entry(b).or_insert_with(|| a.clone()) == a
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::guess::guess;
    use crate::rules::mapping::FormatName;
    use serde_json::json;

    fn rows(make: impl Fn(usize) -> Value) -> Vec<Value> {
        (0..60).map(make).collect()
    }

    fn step(nth: usize) -> &'static str {
        ["a", "b", "c"][nth % 3]
    }

    fn minute(nth: usize) -> String {
        format!("2024-03-01T08:{nth:02}:00Z")
    }

    /// Candidates of a role with their score in percent and reason.
    fn of(records: &[Value], role: &str) -> Vec<(String, u32, String)> {
        let guess = guess(records, FormatName::Ndjson);
        let all = guess.candidates(records).into_iter();
        let of_role = all.filter(|candidate| candidate.role == role);
        of_role
            .map(|candidate| {
                let percent = (candidate.score * 100.0).round() as u32;
                (candidate.column, percent, candidate.why)
            })
            .collect()
    }

    #[test]
    fn misleading_candidates_are_low_and_say_why() {
        let records = rows(|n| {
            json!({
                "id": n / 3, "rule": {"id": n / 6}, "requester_id": n % 5, "action": step(n),
                "assignee": {"name": "Bob", "action": "x"}, "time": minute(n), "exported_at": "2024-04-01T00:00:00Z",
                "created": minute(n / 3),
            })
        });
        let cases = of(&records, "case");
        assert_eq!(
            (cases[0].0.as_str(), cases[0].2.as_str()),
            ("id", "less usual name")
        );
        let why = |column: &str, all: &[(String, u32, String)]| {
            let found = all.iter().find(|(name, _, _)| name == column);
            found.map(|(_, score, why)| (*score <= 31, why.clone()))
        };
        let low = |why: &str| Some((true, why.to_owned()));
        assert_eq!(why("rule.id", &cases), low("belongs to another object"));
        assert_eq!(
            why("requester_id", &cases),
            low("numbers a person or another object")
        );
        let times = of(&records, "time");
        assert_eq!(times[0].0, "time");
        assert_eq!(why("created", &times), low("the same throughout a case"));
        let activities = of(&records, "activity");
        assert_eq!(
            why("assignee.action", &activities),
            low("belongs to a person")
        );
    }

    #[test]
    fn the_time_of_a_copy_is_low() {
        let records = rows(
            |n| json!({"case": n / 3, "action": "a", "time": minute(n), "export_date": minute(n), "fetched": minute(n)}),
        );
        let times = of(&records, "time");
        let low = |column: &str| {
            let copy = "time of an export or a copy";
            let mut low = times.iter();
            low.any(|(name, score, why)| name == column && *score < 30 && why == copy)
        };
        assert!(times[0].0 == "time", "{times:?}");
        assert!(low("export_date") && low("fetched"), "{times:?}");
    }

    #[test]
    fn a_runner_up_is_named_if_it_is_close_and_gives_other_cases() {
        let calls = |make: &dyn Fn(usize) -> Value| {
            let records = rows(make);
            guess(&records, FormatName::Ndjson).close_calls(&records, &[])
        };
        let close = calls(
            &|n| json!({"ticket": n / 3, "incident": n / 6, "action": step(n), "time": minute(n)}),
        );
        assert_eq!(close.len(), 1, "{close:?}");
        assert_eq!(
            (close[0].role, close[0].runner_up.as_str()),
            ("case", "incident")
        );
        // The same cases by another name.
        let alike = calls(
            &|n| json!({"ticket": n / 3, "incident": format!("I{}", n / 3), "action": step(n), "time": minute(n)}),
        );
        assert_eq!(alike, []);
        // The time of opening is no rival of the time of the event.
        let opening = calls(
            &|n| json!({"ticket": n / 3, "action": step(n), "updated_at": minute(n), "created_at": minute(n / 3)}),
        );
        assert_eq!(opening, []);
    }

    #[test]
    fn a_start_and_an_end_are_shown_for_a_row_per_case() {
        let records = rows(
            |n| json!({"id": n, "started_at": minute(n), "finished_at": minute(n), "state": "done"}),
        );
        let guess = guess(&records, FormatName::Ndjson);
        let roles: Vec<(String, String)> = guess
            .candidates(&records)
            .into_iter()
            .map(|found| (found.role, found.column))
            .collect();
        let has = |role: &str, column: &str| roles.contains(&(role.to_owned(), column.to_owned()));
        assert!(
            has("start (Started)", "started_at") && has("end (Finished)", "finished_at"),
            "{roles:?}"
        );
    }
}
