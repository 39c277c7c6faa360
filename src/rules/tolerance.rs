//! The tolerance table, the levels and the decision table, as checked types.

use super::decision::{
    Determinism, Judgement, OneOf, PaysBack, Precision, Recommendation, ToleranceLevel, Trial,
};
use crate::model::{Class, Direction, Executor, Level, Ppm, Span, Status, TolClass};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Tolerances and decisions, checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Tolerance {
    /// Permissible deviation per unit of the table, in deviations per case.
    pub kappa: f64,
    /// Error probability of intervals.
    pub alpha: f64,
    /// Class by criticality.
    pub classes: BTreeMap<Level, Class>,
    /// Lower end of the first range of sizes, in steps.
    pub lower: f64,
    /// Upper ends of the ranges, in steps, inclusive, ascending.
    pub upper: Vec<f64>,
    /// One value per range; `None` where there is no tolerance.
    pub rows: BTreeMap<Class, Vec<Option<f64>>>,
    /// Complexity is low / medium / high up to these sizes in steps, extremely high above.
    pub complexity: [f64; 3],
    /// Frequency is high from the first, medium from the second rate on, in cases per week.
    pub frequency: [f64; 2],
    /// Tolerance is low up to the first, high from the second permissible deviation on.
    pub tolerance: [f64; 2],
    /// The highest level of a class, so that a large process of a fine class does not count as forgiving.
    pub most_tolerant: BTreeMap<Class, ToleranceLevel>,
    /// What a deviation is made of beside the severity of the outcome.
    pub weights: RawWeights,
    /// Severity of undeclared outcomes, by their plain name.
    pub outcome_severity: BTreeMap<String, Ppm>,
    /// Direction of outcomes of which the catalog says nothing, by their plain name.
    pub outcome_direction: BTreeMap<String, Direction>,
    /// Beyond this share of cases that nothing shows to be right or wrong, nothing is called within.
    pub most_unknown: f64,
    /// On so many days cases must have ended before anything is called within.
    pub least_days: i64,
    /// So many cases of a day are assumed to have one cause while too few days have a deviation.
    pub assumed_cluster: f64,
    /// Nothing is recommended before so many cases have ended.
    pub least_cases: i64,
    /// Nothing is recommended if the last case ended longer ago.
    pub oldest: Span,
    /// From when on a process counts as deterministic.
    pub determinism: DeterminismLimits,
    /// The size that sets the tolerance is measured over the first so many cases.
    pub baseline_cases: i64,
    /// Beyond this share of lost records nothing is called within or outside.
    pub most_loss: f64,
    /// AI or code is withdrawn for what fewer cases show only if one of them ended in the declared critical outcome.
    pub withdrawal_cases: i64,
    /// An unconfirmed outcome counts as having stood after this long.
    pub stands_after: Span,
    /// Automation must pay back within so many months.
    pub horizon_months: f64,
    /// The decision table.
    pub recommendations: Vec<Rule>,
}

impl Tolerance {
    /// The severity of an outcome that nobody declares, by its name; `None` for a name that the list does not have.
    pub fn severity_by_name(&self, outcome: &str) -> Option<Ppm> {
        self.outcome_severity.get(&plain_name(outcome)).copied()
    }
}

/// A name without what tools write differently: `Timed Out`, `timed_out` and `TimedOut` are the same outcome.
pub(crate) fn plain_name(name: &str) -> String {
    let letters = name.chars().filter(|c| c.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}

/// From when on a process counts as deterministic.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DeterminismLimits {
    /// Greatest chance that two runs of one executor type on the same input end differently.
    pub differing: f64,
    /// So many of its most frequent variants are its main ones.
    pub variants: u32,
    /// Greatest share of cases outside of the main variants.
    pub others: f64,
}

impl Default for DeterminismLimits {
    fn default() -> DeterminismLimits {
        DeterminismLimits {
            differing: 0.05,
            variants: 3,
            others: 0.1,
        }
    }
}

/// Weights of what a case's deviation is made of.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawWeights {
    /// The case was reopened.
    pub rework: f64,
    /// The case took longer than its limit.
    pub lateness: f64,
    /// One step off the designed path.
    pub path_step: f64,
}

/// Conditions of a rule; what is not named may be anything.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct When {
    /// Complexity level.
    pub complexity: Option<OneOf<Level>>,
    /// Frequency level.
    pub frequency: Option<OneOf<Level>>,
    /// Criticality level.
    pub criticality: Option<OneOf<Level>>,
    /// Tolerance level.
    pub tolerance: Option<OneOf<ToleranceLevel>>,
    /// Status.
    pub status: Option<OneOf<Status>>,
    /// Who runs it today.
    pub executor: Option<OneOf<Executor>>,
    /// The class it needs.
    pub required_class: Option<OneOf<Class>>,
    /// The class it holds.
    pub achieved_class: Option<OneOf<TolClass>>,
    /// Achieved against required.
    pub precision: Option<OneOf<Precision>>,
    /// Status of the cases that AI decided without approval.
    pub ai_status: Option<OneOf<Status>>,
    /// Status of the cases that code decided without approval.
    pub code_status: Option<OneOf<Status>>,
    /// What the shadow runs of AI show.
    pub ai_shadow: Option<OneOf<Trial>>,
    /// What the shadow runs of code show.
    pub code_shadow: Option<OneOf<Trial>>,
    /// Whether the action can't be undone.
    pub irreversible: Option<OneOf<bool>>,
    /// Whether automation pays back in time.
    pub pays_back: Option<OneOf<PaysBack>>,
    /// Whether each case needs the judgement of a person.
    pub judgement: Option<OneOf<Judgement>>,
    /// Whether the same input always has the same outcome.
    pub determinism: Option<OneOf<Determinism>>,
}

/// One row of the decision table.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Its name, kept with each score it made.
    pub name: String,
    /// When it holds.
    #[serde(default)]
    pub when: When,
    /// What it says.
    pub then: Recommendation,
    /// Why, in one sentence.
    pub because: String,
}
