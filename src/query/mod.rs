//! Read-only questions: current and past scores, history, alarms, the cases behind a figure.
//!
//! Reads the database or the cases of log files, and writes nothing. Knows no HTTP, no pages and no output formats.

mod alarm_cases;
mod case_table;
pub mod counters;
mod drift;
mod history;
mod losses;
mod past;
mod past_windows;
mod scoring;
mod self_metrics;
mod snapshot;
mod worst_cases;

pub use alarm_cases::{AlarmCase, alarm_cases};
pub use case_table::{CaseTable, TableLimits, Taken};
pub use drift::{KeptDrift, LogDrift, budget_of, kept_drift, kept_drift_of, known_changes};
pub use history::History;
pub use losses::losses_of;
pub use past::{PastError, PastScore, PastView, Rules, past_scores};
pub use past_windows::{PastWindows, first_hour, past_windows};
pub use scoring::score_on_all_processors;
pub use self_metrics::{Closed, OwnMetrics};
pub use snapshot::{DriftView, Shared, Snapshot, SourceStatus};
pub use worst_cases::{CaseBehind, Counting, Worst};
