//! The score of a process as plain data: what is printed, published and stored.
//!
//! The structs group the keys of the JSON output. A field with `flatten` has its keys among those of the process, in the
//! order of the fields. `None` is `null`: unknown.

mod by_executor;
mod clean_cases;

pub(crate) use by_executor::{
    Automation, ComparedBy, ExecutorScore, ExerciseScore, Provenance, ShadowScore, SpreadScore,
};
pub(crate) use clean_cases::{CleanCases, Pace, ScoredCases};

use super::agreement::Agreement;
use super::bounds::Bounds;
use super::breakup::BreakUp;
use super::compare::Comparison;
use super::dependence::Independence;
use super::directions::DirectionScore;
use super::frequency::Frequency;
use super::note::Note;
use super::reason::{NoVerdict, Reason};
use super::stage_times::StageTime;
use super::value::Value;
use crate::model::{Class, Executor, Level, Status, TolClass, words};
use crate::rules::{Determinism, Judgement, PaysBack, Recommendation, ToleranceLevel};
use crate::stats::confidence_sequence;
use serde::Serialize;
use std::collections::BTreeMap;

/// Time from the first event of a case to its end, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Durations {
    /// Exact mean.
    pub mean: f64,
    /// Median, relative error at most 0.5 %.
    pub p50: f64,
    /// 95th percentile, relative error at most 0.5 %.
    pub p95: f64,
}

/// What a size is made of, in steps.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
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

/// A share of cases with its confidence sequence.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Share {
    /// Cases that do; rounded where that is an expectation.
    pub count: i64,
    /// Cases that could.
    pub of: i64,
    /// `count / of`.
    pub share: f64,
    /// Lower bound.
    pub lower: f64,
    /// Upper bound.
    pub upper: f64,
}

impl Share {
    /// So many of those that could; `None` if none could.
    pub(super) fn of(count: f64, of: i64, alpha: f64) -> Option<Share> {
        if of <= 0 {
            return None;
        }
        let n = of as f64;
        let s = count.clamp(0.0, n);
        let ci = confidence_sequence(n, s, alpha);
        Some(Share {
            count: s.round() as i64,
            of,
            share: s / n,
            lower: ci.lower,
            upper: ci.upper,
        })
    }
}

/// What the nominal size was measured on.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BaselineScore {
    /// Cases in it.
    pub cases: i64,
    /// Whether it is complete, and so frozen.
    pub frozen: bool,
    /// End of its last hour; `None` while it is not complete.
    pub until: Option<String>,
    /// Size measured over it, in steps.
    pub size_steps: f64,
}

/// Where the nominal size comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SizeSource {
    /// The catalog says so.
    Declared,
    /// The length of the designed path.
    DesignedPath,
    /// Measured over the first cases, and frozen.
    Baseline,
    /// Measured over the first cases, of which there are too few yet.
    Unfrozen,
}

/// One step directly behind another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Edge {
    /// The first activity; `None` for the start of a case.
    pub from: Option<String>,
    /// The second one; `None` for the end of a case.
    pub to: Option<String>,
    /// How often.
    pub count: i64,
}

/// The steps of a process and what follows what: the most frequent pairs exactly, the rest in one sum.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DirectlyFollows {
    /// The most frequent ones, most frequent first.
    pub edges: Vec<Edge>,
    /// How many further pairs there are.
    pub other_edges: usize,
    /// How often those occurred.
    pub other_count: i64,
}

/// What was lost of what the process is measured from.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LossScore {
    /// Records that did not become events.
    pub lost: i64,
    /// Gaps in a source.
    pub gaps: i64,
    /// Places where a file breaks off or could not be read, and nobody can say how much is missing: too much then.
    pub unknown: i64,
    /// Their share of all records that count.
    pub share: f64,
    /// Whether that is too much to call anything within or outside.
    pub too_much: bool,
    /// The last event of all its sources, where nothing has come for a week since, and so many cases would have begun that
    /// it is not by chance: rates are of the time until then.
    pub silent_since: Option<String>,
}

words! {
    /// What the catalog can declare and a log can measure.
    pub DeclaredFact {
        /// Level of the size.
        Complexity = "complexity",
        /// Level of the rate.
        Frequency = "frequency",
        /// Who runs it.
        Executor = "executor",
        /// Nominal size.
        Size = "size",
    }
}

/// Something that was declared and is otherwise as measured.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Disagreement {
    /// What.
    pub what: DeclaredFact,
    /// As the catalog says.
    pub declared: String,
    /// As measured.
    pub measured: String,
    /// Whether it is beyond doubt: for the frequency, whether the whole interval says so, rather than its middle. The others
    /// have no interval: there, whether it was measured on enough cases.
    pub sure: bool,
}

/// How many cases there are, and what they consist of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CaseCounts {
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
}

impl CaseCounts {
    /// Live cases that have ended.
    pub(crate) fn ended(&self) -> i64 {
        self.cases - self.open_cases
    }
}

/// How often the process runs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Rate {
    /// Cases started per week; 0 where all that ended in the window had begun before it.
    pub cases_per_week: Option<f64>,
    /// Interval of that rate (Gamma-Poisson), widened for over-dispersion where that is known, and for what was lost.
    pub cases_per_week_interval: Option<[f64; 2]>,
}

impl Rate {
    /// The rate with its interval.
    pub(crate) fn bounds(&self) -> Option<Bounds> {
        let (mean, [lower, upper]) = (self.cases_per_week?, self.cases_per_week_interval?);
        Some(Bounds { mean, lower, upper })
    }
}

/// How large the process is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SizeScore {
    /// Measured size N in steps.
    pub size_steps: Option<f64>,
    /// What it is made of.
    pub size_parts: Option<SizeParts>,
    /// The size that sets the tolerance: declared (size, or length of the designed path), else the one of the baseline.
    pub nominal_size_steps: Option<f64>,
    /// Where that comes from.
    pub nominal_size_source: Option<SizeSource>,
    /// What it was measured on, where it is measured.
    pub baseline: Option<BaselineScore>,
    /// Mean number of steps per ended case.
    pub steps_mean: Option<f64>,
}

/// How ended cases turned out, and how long they took.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OutcomeScore {
    /// Time from the first event to the end.
    pub duration_seconds: Option<Durations>,
    /// Ended cases by outcome.
    pub outcomes: BTreeMap<String, i64>,
    /// Chance that two cases end differently: 1 - sum(p^2).
    pub outcome_variance: Option<f64>,
}

/// How alike cases are: between executor kinds, and on the same input.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Consistency {
    /// Each two kinds compared: raw, and on the inputs that both ran.
    pub comparisons: Vec<Comparison>,
    /// Whether the kinds differ in the spread of their durations; `None` where that can't be said.
    pub duration_spread_test: Option<SpreadScore>,
    /// How far runs on the same input end alike; `None` where no input is mapped.
    pub agreement: Option<Agreement>,
}

/// How cases run, and where they leave their design.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Conformance {
    /// Ended cases that were reopened.
    pub reopened: i64,
    /// Cases that went straight through: no person, no rework, no step twice. `None` where nothing says who ran them.
    pub straight_through: Option<Share>,
    /// What follows what.
    pub directly_follows: DirectlyFollows,
    /// Ended cases over their limit.
    pub late: i64,
    /// Ended cases off the designed path.
    pub off_path: i64,
}

/// The levels that decision rules ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Levels {
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
}

/// The observed deviation against the permissible one.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Rating {
    /// The class it needs.
    pub required_class: Class,
    /// The finest class it is shown to hold.
    pub achieved_class: TolClass,
    /// T, in deviations per case; `None` where there is none or the size is unknown.
    pub permissible_deviation: Option<f64>,
    /// Observed deviation with its confidence sequence; `None` while no case has ended, or too many are unknown.
    pub deviation: Option<Bounds>,
    /// Its mean if all unknown cases are as designed, and if all of them are wrong; `None` if no case is unknown.
    pub deviation_range: Option<[f64; 2]>,
    /// How much evidence the cases are that depend on each other.
    #[serde(flatten)]
    pub independence: Independence,
    /// Cases that nothing shows to be right or wrong: their outcome is not classified, or no signal could have shown a
    /// deviation.
    pub unknown_cases: i64,
    /// Observed against permissible; never better than that of a direction.
    pub status: Status,
    /// T / upper bound of the deviation: 1, 1.33 and 1.67 read as for Cp.
    pub capability: Option<f64>,
    /// T / mean; `None` where the mean is 0.
    pub capability_of_mean: Option<f64>,
}

/// What speaks for or against automating it, whoever would run it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Constraints {
    /// Whether the action can't be undone.
    pub irreversible: bool,
    /// Whether automation pays back in time.
    pub pays_back: PaysBack,
    /// Whether each case needs the judgement of a person.
    pub judgement: Judgement,
    /// Whether the same input always has the same outcome.
    #[serde(flatten)]
    pub determinism: DeterminismScore,
}

/// Whether the same input always has the same outcome, and what shows it beside the agreement of runs on one input.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct DeterminismScore {
    /// Whether it has.
    pub determinism: Determinism,
    /// Whether the catalog says so; `None` if it says nothing.
    #[serde(rename = "determinism_declared")]
    pub declared: Option<bool>,
    /// Share of cases outside of the few most frequent variants; `None` if no case has ended, or a sample of variants is kept.
    pub other_variants: Option<Bounds>,
}

/// Who runs the process today.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RunBy {
    /// The operating mode of at least four fifths of its cases, else mixed; as declared where the log does not say.
    pub executor: Executor,
    /// The operating modes side by side.
    pub executors: Vec<ExecutorScore>,
    /// Who ran the steps; `None` while no step of an ended case names its executor.
    pub automation: Option<Automation>,
    /// Whether all cases together are enough to withdraw who runs it, if they are outside.
    #[serde(skip)]
    pub(crate) can_be_withdrawn: bool,
}

/// Runs beside live work.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Trials {
    /// Drills, canary and replayed runs that have ended; in no figure above unless they count as evidence.
    pub exercises: i64,
    /// The same beside live cases; `None` where there are none.
    pub exercise: Option<ExerciseScore>,
    /// Shadow runs that have ended; in no figure above.
    pub shadow_runs: i64,
    /// The same by kind.
    pub shadow: Vec<ShadowScore>,
    /// Kinds whose shadow runs hold what the process needs: it is ready to be delegated to them.
    pub ready_to_delegate: Vec<Executor>,
}

/// Who should run the process.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Advice {
    /// Who; `None` while no case has ended.
    pub recommendation: Option<Recommendation>,
    /// The rule that said so.
    pub rule: Option<String>,
    /// Why, with the figures.
    pub reason: Reason,
    /// What it would be at each criticality, if none is declared: until one is, the recommendation is provisional. Empty if one
    /// is declared, and if nothing is recommended.
    #[serde(rename = "recommendation_by_criticality")]
    pub by_criticality: BTreeMap<Level, Option<Recommendation>>,
}

impl Advice {
    /// Nothing is recommended.
    pub(super) fn none(why: NoVerdict) -> Advice {
        Advice {
            recommendation: None,
            rule: None,
            reason: Reason::Undecided(why),
            by_criticality: BTreeMap::new(),
        }
    }
}

/// Everything derived for a process at one instant.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ProcessScore {
    /// As the logs name it.
    pub id: String,
    /// For people.
    pub name: String,
    /// How many cases there are.
    #[serde(flatten)]
    pub counts: CaseCounts,
    /// How often it runs.
    #[serde(flatten)]
    pub rate: Rate,
    /// How large it is.
    #[serde(flatten)]
    pub size: SizeScore,
    /// How ended cases turned out.
    #[serde(flatten)]
    pub outcome: OutcomeScore,
    /// How alike cases are.
    #[serde(flatten)]
    pub consistency: Consistency,
    /// How cases run.
    #[serde(flatten)]
    pub conformance: Conformance,
    /// The time from the start of a case to each milestone.
    pub stage_times: Vec<StageTime>,
    /// What decision rules ask for.
    #[serde(flatten)]
    pub levels: Levels,
    /// The observed deviation against the permissible one.
    #[serde(flatten)]
    pub rating: Rating,
    /// Misses apart from false alarms, if outcomes have directions.
    pub directions: Vec<DirectionScore>,
    /// The clean cases that are needed until it is within.
    #[serde(flatten)]
    pub clean_cases: CleanCases,
    /// The cases that the deviation rests on.
    #[serde(flatten)]
    pub scored_cases: ScoredCases,
    /// What was lost.
    pub loss: LossScore,
    /// What speaks for or against automating it.
    #[serde(flatten)]
    pub constraints: Constraints,
    /// Who runs it today.
    #[serde(flatten)]
    pub run_by: RunBy,
    /// Exercises and shadow runs.
    #[serde(flatten)]
    pub trials: Trials,
    /// Kinds that run it today and deviate more than it may: to be withdrawn at once.
    pub withdraw: Vec<Executor>,
    /// Rate, trend, pattern, forecast and drivers; `None` where no case was seen.
    pub arrivals: Option<Frequency>,
    /// What it costs in hours, what automating it would save, and whether that pays; `None` where no case has ended.
    pub value: Option<Value>,
    /// Into which parts it could be broken; `None` unless that is the advice, or it is extremely complex.
    pub break_up: Option<BreakUp>,
    /// Declared levels that the measurement contradicts.
    pub disagreements: Vec<Disagreement>,
    /// Who should run it.
    #[serde(flatten)]
    pub advice: Advice,
    /// What one should know about these figures.
    pub notes: Vec<Note>,
}
