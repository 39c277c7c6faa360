//! The score of a process as plain data: what is printed, published and stored.

use crate::config::tolerance::{Recommendation, ToleranceLevel};
use crate::model::{Class, Executor, Level, Status, TolClass};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A mean with its interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bounds {
    /// Mean.
    pub mean: f64,
    /// Lower bound.
    pub lower: f64,
    /// Upper bound.
    pub upper: f64,
}

/// Time from first to last event of a case, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Durations {
    /// Exact mean.
    pub mean: f64,
    /// Median, relative error at most 0.5 %.
    pub p50: f64,
    /// 95th percentile, relative error at most 0.5 %.
    pub p95: f64,
}

/// What a size is made of, in steps.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SizeParts {
    /// Mean number of steps per case.
    pub steps: f64,
    /// Decisions.
    pub decisions: f64,
    /// Hand-offs between executor kinds per case.
    pub handoffs: f64,
    /// Sub-processes.
    pub sub_processes: f64,
}

/// One kind of executor on this process.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExecutorScore {
    /// The kind.
    pub executor: Executor,
    /// Cases that have ended.
    pub cases: i64,
    /// Deviation, `None` while no case has ended.
    pub deviation: Option<Bounds>,
}

/// Everything derived for a process at one instant. Field names are those of the JSON output; `None` is `null`: unknown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProcessScore {
    /// As the logs name it.
    pub id: String,
    /// For people.
    pub name: String,
    /// Live cases, ended or not.
    pub cases: i64,
    /// Of these, cases that have not ended.
    pub open_cases: i64,
    /// Events of live cases.
    pub events: i64,
    /// Different activities of ended cases.
    pub activities: usize,
    /// Different paths of ended cases.
    pub variants: usize,
    /// Cases started per week.
    pub cases_per_week: Option<f64>,
    /// Interval of that rate (Gamma-Poisson).
    pub cases_per_week_interval: Option<[f64; 2]>,
    /// Measured size N in steps.
    pub size_steps: Option<f64>,
    /// What it is made of.
    pub size_parts: Option<SizeParts>,
    /// The size that sets the tolerance: declared (size, or length of the designed path), else the measured one.
    pub nominal_size_steps: Option<f64>,
    /// Mean number of steps per ended case.
    pub steps_mean: Option<f64>,
    /// Time from first to last event.
    pub duration_seconds: Option<Durations>,
    /// Ended cases by outcome.
    pub outcomes: BTreeMap<String, i64>,
    /// Chance that two cases end differently: 1 - sum(p^2).
    pub outcome_variance: Option<f64>,
    /// Ended cases that were reopened.
    pub reopened: i64,
    /// Ended cases over their limit.
    pub late: i64,
    /// Ended cases off the designed path.
    pub off_path: i64,
    /// Level of the nominal size.
    pub complexity: Option<Level>,
    /// Level of the rate.
    pub frequency: Option<Level>,
    /// Declared, else medium.
    pub criticality: Level,
    /// Whether the criticality is assumed for want of a declaration.
    pub criticality_assumed: bool,
    /// Level of the permissible deviation; `None` while the size is unknown.
    pub tolerance: Option<ToleranceLevel>,
    /// The class it needs.
    pub required_class: Class,
    /// The finest class it is shown to hold.
    pub achieved_class: TolClass,
    /// T, in deviations per case; `None` where there is none or the size is unknown.
    pub permissible_deviation: Option<f64>,
    /// Observed deviation with its confidence sequence; `None` while no case has ended.
    pub deviation: Option<Bounds>,
    /// Observed against permissible.
    pub status: Status,
    /// T / upper bound of the deviation: 1, 1.33 and 1.67 read as for Cp.
    pub capability: Option<f64>,
    /// T / mean; `None` where the mean is 0.
    pub capability_of_mean: Option<f64>,
    /// Further cases without any deviation until it would be `within`; 0 when it is.
    pub clean_runs_missing: Option<u64>,
    /// Who runs it today: declared, else the kind that ran at least four fifths of its cases, else mixed.
    pub executor: Executor,
    /// The kinds side by side.
    pub executors: Vec<ExecutorScore>,
    /// Drills, canary and replayed runs that have ended; not in any figure above.
    pub exercises: i64,
    /// Shadow runs that have ended; not in any figure above.
    pub shadow_runs: i64,
    /// Who should run it; `None` while no case has ended.
    pub recommendation: Option<Recommendation>,
    /// The rule that said so.
    pub rule: Option<String>,
    /// Why, with the figures.
    pub reason: String,
    /// What one should know about these figures.
    pub notes: Vec<String>,
}
