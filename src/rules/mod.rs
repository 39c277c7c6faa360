//! The declared rules as checked types: catalog, tolerance table, decision table, mappings, drift budget.
//!
//! Pure. Knows no files, clocks or YAML: `config` reads and checks what users write.

mod catalog;
mod decision;
mod drift;
mod drivers;
pub mod mapping;
mod problem;
mod tolerance;

pub use catalog::{Automation, Catalog, CriticalOutcome, Ends, PathStep, Process};
pub use decision::{OneOf, PaysBack, Precision, Recommendation, ToleranceLevel, Trial};
pub use drift::DriftTerms;
pub(crate) use drivers::date_of;
pub use drivers::{DriverRow, Drivers};
pub use problem::{At, Problem, Problems, Source, nearest};
pub use tolerance::{RawWeights, Rule, Tolerance, When};
