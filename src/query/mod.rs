//! Read-only questions: current and past scores, history, alarms, the cases behind a figure.
//!
//! Reads the database or the cases of log files, and writes nothing. Knows no HTTP, no pages and no output formats.

mod alarm_cases;
mod alarm_story;
mod case_table;
mod clock_health;
mod common_alarms;
pub(crate) mod counters;
mod drift;
mod log_parts;
mod name_excess;
mod scores;
mod self_metrics;
mod snapshot;
mod store_health;

pub(crate) use alarm_cases::{AlarmCase, AlarmCases, alarm_cases};
pub(crate) use alarm_story::{AlarmStories, AlarmStory, chart_of, outcome_names};
pub use case_table::CaseTable;
pub use case_table::TableLimits;
pub(crate) use clock_health::ClockJump;
pub(crate) use common_alarms::{common_alarms, is_part, with_common_cause, with_common_causes};
pub use drift::KeptDrift;
pub use drift::kept_drift;
pub(crate) use drift::{LogDrift, budget_of, kept_drift_of, known_changes};
pub use log_parts::LogPart;
pub(crate) use log_parts::log_parts;
pub(crate) use name_excess::NameExcess;
pub use scores::LogCases;
pub use scores::PastError;
pub use scores::PastView;
pub use scores::PreparedRules;
pub use scores::Rules;
pub use scores::ScoreRequest;
pub use scores::past_scores;
pub use scores::score_at;
pub(crate) use scores::{
    CaseBehind, History, PartedLogs, ScoresAsOf, first_hour, losses_of, past_windows,
    scores_of_evidence,
};
pub(crate) use self_metrics::{Closed, LoginFailure, OwnMetrics};
pub(crate) use snapshot::{DriftView, InHand, SetAside, Shared, Snapshot, SourceStatus};
pub(crate) use store_health::StoreCheck;
