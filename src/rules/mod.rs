//! The declared rules as checked types: catalog, tolerance table, decision table, mappings, drift budget.
//!
//! Pure. Knows no files, clocks or YAML: `config` reads and checks what users write.

mod calendar;
mod catalog;
mod decision;
mod drift;
mod drivers;
pub(crate) mod mapping;
mod milestones;
mod problem;
mod tolerance;

pub(crate) use calendar::Calendar;
pub use catalog::Catalog;
pub(crate) use catalog::{Automation, CRITICALITIES, CriticalOutcome, Ends, PathStep, Process};
pub(crate) use decision::{
    Determinism, Judgement, OneOf, PaysBack, Precision, Recommendation, ToleranceLevel, Trial,
};
pub use drift::DriftTerms;
pub(crate) use drivers::{DriverRow, Drivers};
pub(crate) use milestones::{GUESSED, milestone_of_column, milestone_of_step, milestone_problems};
pub(crate) use problem::{At, Problem, Problems, Source, nearest};
pub use tolerance::Tolerance;
pub(crate) use tolerance::{DeterminismLimits, RawWeights, Rule, When, plain_name};
