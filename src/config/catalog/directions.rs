//! Outcomes that miss something or raise a false alarm, and how many of them are tolerated.

use super::check::Check;
use super::node::Node;
use super::raw::{RawOutcome, RawTolerances};
use crate::model::{Direction, Ppm};
use crate::rules::At;
use std::collections::BTreeMap;
use std::fmt::{Display, Formatter};

/// The direction of an outcome that is neither a miss nor a false alarm, whatever its name is.
const NONE: &str = "none";

/// A direction as the catalog has it: one of the words, or `none`.
#[derive(Clone, Copy)]
struct Declared(Option<Direction>);

impl Declared {
    fn all() -> Vec<Declared> {
        let directions = Direction::ALL.into_iter().map(Some);
        directions.chain([None]).map(Declared).collect()
    }
}

impl Display for Declared {
    fn fmt(&self, out: &mut Formatter) -> std::fmt::Result {
        out.write_str(self.0.map_or(NONE, Direction::word))
    }
}

/// The outcomes of a process, checked.
#[derive(Default)]
pub(super) struct Outcomes {
    pub(super) severities: BTreeMap<String, Ppm>,
    pub(super) directions: BTreeMap<String, Option<Direction>>,
}

impl Check {
    pub(super) fn outcomes(&mut self, raw: &BTreeMap<String, At<Node<RawOutcome>>>) -> Outcomes {
        let mut outcomes = Outcomes::default();
        let mut by_lower: BTreeMap<String, &str> = BTreeMap::new();
        for (name, at) in raw {
            if let Some(other) = by_lower.insert(name.to_lowercase(), name) {
                self.add(
                    at,
                    format!(
                        "`outcomes.{name}` is declared as `{other}` as well: upper and lower case do not matter, so keep one of them"
                    ),
                );
            }
            let severity = match &at.value {
                Node::Map(parts) => {
                    if let Some(direction) = self.direction(parts, name) {
                        outcomes.directions.insert(name.clone(), direction.0);
                    }
                    self.severity(&parts.severity, &format!("outcomes.{name}.severity"))
                }
                _ => self.severity(at, &format!("outcomes.{name}")),
            };
            if let Some(severity) = severity {
                outcomes.severities.insert(name.clone(), Ppm::of(severity));
            }
        }
        outcomes
    }

    fn direction(&mut self, parts: &RawOutcome, name: &str) -> Option<Declared> {
        let field = format!("outcomes.{name}.direction");
        self.word_if_any(&parts.direction, &field, &Declared::all())
    }

    pub(super) fn tolerances(&mut self, raw: &Option<RawTolerances>) -> BTreeMap<Direction, f64> {
        let Some(raw) = raw else {
            return BTreeMap::new();
        };
        let each = [
            (Direction::Missed, &raw.missed),
            (Direction::FalseAlarm, &raw.false_alarm),
        ];
        let each = each.into_iter().filter_map(|(direction, at)| {
            let at = at.as_ref()?;
            Some((
                direction,
                self.share(at, &format!("tolerances.{direction}"))?,
            ))
        });
        each.collect()
    }

    /// A share of the cases, as a number or in percent.
    fn share(&mut self, at: &At<Node>, field: &str) -> Option<f64> {
        let percent = match &at.value {
            Node::Text(text) => text.trim().strip_suffix('%'),
            _ => None,
        };
        let share = match percent {
            Some(percent) => percent.trim().parse().ok().map(|of: f64| of / 100.0),
            None => at.value.number(),
        };
        let share = share.filter(|share| *share > 0.0 && *share < 1.0);
        if share.is_none() {
            let range = "a share of the cases lies above 0 and below 1, such as 0.001 or 0.1 %";
            self.add(at, format!("`{field}`: {range}, not {}", at.value));
        }
        share
    }
}
