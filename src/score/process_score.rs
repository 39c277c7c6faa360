//! The score of a process as plain data: what is printed, published and stored.
//!
//! The structs group the keys of the JSON output. A field with `flatten` has its keys among those of the process, in the
//! order of the fields. `None` is `null`: unknown.

use super::agreement::Agreement;
use super::bounds::Bounds;
use super::breakup::BreakUp;
use super::compare::Comparison;
use super::dependence::Independence;
use super::directions::DirectionScore;
use super::frequency::Frequency;
use super::note::Note;
use super::reason::{NoVerdict, Reason, ShadowReason, ShadowRuns, UnreachableReason};
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

/// The cases of this process in one operating mode.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ExecutorScore {
    /// The operating mode.
    pub executor: Executor,
    /// Cases that have ended.
    pub cases: i64,
    /// Cases started per week.
    pub cases_per_week: Option<f64>,
    /// Deviation, `None` while no case has ended.
    pub deviation: Option<Bounds>,
    /// How much evidence they are.
    #[serde(flatten)]
    pub independence: Independence,
    /// Misses apart from false alarms.
    pub directions: Vec<DirectionScore>,
    /// Its deviation against the permissible one of the process, and its directions against theirs.
    pub status: Status,
    /// Whether these are enough cases to withdraw it, if they are outside.
    #[serde(skip)]
    pub(crate) can_be_withdrawn: bool,
    /// The finest class it is shown to hold.
    pub achieved_class: TolClass,
    /// T / upper bound of the deviation.
    pub capability: Option<f64>,
    /// Time from the first event to the end.
    pub duration_seconds: Option<Durations>,
    /// Spread of the durations: the ratio of the 84th to the 16th percentile, which for log-normal durations is
    /// exp(2 sigma); 1 where all are equal.
    pub duration_spread: Option<f64>,
    /// Who vouches for its outcomes.
    pub provenance: Provenance,
}

/// Who ran the steps of ended cases, as shares of those that name an executor.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Automation {
    /// Steps that name their executor.
    pub steps: i64,
    /// Share of people.
    pub human: f64,
    /// Share of AI.
    pub ai: f64,
    /// Share of code.
    pub code: f64,
    /// Share of AI and code together: the automation share.
    pub share: f64,
}

/// A test whether executor kinds differ in the spread of their durations (Brown-Forsythe, on logarithms).
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct SpreadScore {
    /// W: about 1 where spreads are alike.
    pub statistic: f64,
    /// The chance of such a W or a larger one where they are alike.
    pub p_value: f64,
}

/// Who vouches for the outcomes of ended cases.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Provenance {
    /// Somebody else than who set the outcome confirmed it.
    pub confirmed: i64,
    /// Nobody did, but the case was not reopened for as long as it takes for an outcome to stand.
    pub stood: i64,
    /// Set by who ran the case, and neither confirmed nor old enough to have stood.
    pub self_declared: i64,
}

/// Runs of one kind whose outcome was not acted on, against what was done.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ShadowScore {
    /// The kind.
    pub executor: Executor,
    /// Shadow runs that have ended.
    pub runs: i64,
    /// What they are compared by.
    pub compared_by: ComparedBy,
    /// How many could be compared: with a live case that has ended as designed.
    pub compared: i64,
    /// Of these, the ones that ended like what was done.
    pub like_done: Option<Share>,
    /// The deviation of those that could be compared: as of any case, and 1 where it ended otherwise than what was done and
    /// stood.
    pub deviation: Option<Bounds>,
    /// How much evidence they are; days are those of all shadow runs.
    #[serde(flatten)]
    pub independence: Independence,
    /// That deviation against the permissible one of the process; not `within` where all runs, compared or not, by how they
    /// say themselves that they ended, are not.
    pub status: Status,
    /// Whether the process could be delegated to this kind: only when the shadow deviation is `within`, and AI never
    /// where the action can't be undone and class f is needed.
    pub ready: bool,
    /// Further clean runs until it is, if all of them are clean.
    pub clean_runs_missing: Option<u64>,
    /// Why it is not ready, or on what it rests.
    pub reason: ShadowReason,
}

impl ShadowScore {
    /// How many runs its deviation is that of.
    pub(crate) fn counted(&self) -> ShadowRuns {
        ShadowRuns {
            executor: self.executor,
            runs: self.runs,
            compared: self.compared,
        }
    }
}

/// What shadow runs are compared by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ComparedBy {
    /// Each with the case it shadows, which it names as its parent.
    Case,
    /// With live runs on the same input.
    Input,
    /// Those that name a case with that, the others by input.
    CaseAndInput,
    /// Nothing: they prove nothing.
    Nothing,
}

/// Drills, canary and replayed runs beside live cases.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ExerciseScore {
    /// Exercises that have ended.
    pub cases: i64,
    /// Their deviation.
    pub deviation: Option<Bounds>,
    /// Whether the catalog lets them count as evidence.
    pub counted: bool,
    /// Deviation of live cases alone.
    pub live_deviation: Option<Bounds>,
    /// Whether exercises and live cases are shown to differ: their intervals do not overlap.
    pub differs_from_live: Option<bool>,
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

/// The clean cases that are needed until the process is within its tolerance.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CleanCases {
    /// Further cases without any deviation until it would be `within`; 0 when it is.
    #[serde(rename = "clean_runs_missing")]
    pub needed: Option<u64>,
    /// How many cases it takes at least until they have ended on enough days.
    #[serde(skip)]
    pub(crate) for_days: u64,
    /// Weeks until those have run, at the present rate of cases (and of exercises, where they count); `None` where they never
    /// will.
    #[serde(rename = "clean_runs_missing_weeks")]
    pub weeks: Option<f64>,
    /// How fast scored cases come, and how long they count: what the future is told by.
    #[serde(flatten)]
    pub pace: Pace,
    /// Why no number of them would do, where `needed` is `None`; why they will never be in the window at once, where it is
    /// not.
    #[serde(rename = "clean_runs_withheld")]
    pub unreachable: Option<UnreachableReason>,
}

impl CleanCases {
    /// Why the clean cases that are needed will never be there at once.
    pub(crate) fn why_never(&self) -> Option<&UnreachableReason> {
        self.needed?;
        self.unreachable.as_ref()
    }
}

/// How fast scored cases come, and how long they count.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Pace {
    /// Cases a week that become evidence, at the present rate: that of the last 13 whole weeks, or of all the time that is
    /// covered where those say too little.
    #[serde(rename = "evidence_per_week")]
    pub per_week: f64,
    /// How long they count, in weeks; `None`: for ever.
    pub window_weeks: Option<f64>,
    /// How long what counts now took to come.
    #[serde(skip)]
    pub(super) covered_weeks: f64,
    /// Of the deviations that count now, which share is of cases that ended so many weeks ago. Empty without a window.
    #[serde(skip)]
    pub(super) deviated: Vec<(f64, f64)>,
}

impl Pace {
    /// What is left of `n` cases that deviate by `s` in all, as it counts now, when so many more have come at this pace. The
    /// deviations leave when their time is up; the cases, which make less of a difference, as evenly as they came.
    pub fn left_after(&self, more: f64, (n, s): (f64, f64)) -> (f64, f64) {
        let Some(window) = self.window_weeks.filter(|_| self.per_week > 0.0) else {
            return (n, s);
        };
        let left = window - more / self.per_week;
        let n = n * (left / self.covered_weeks.min(window)).clamp(0.0, 1.0);
        let kept = self.deviated.iter().filter(|(ago, _)| *ago < left);
        let share: f64 = kept.map(|(_, share)| share).sum();
        (n, (s * share).min(n))
    }

    /// How many more can be in the window at once.
    pub fn most(&self) -> Option<f64> {
        let window = self.window_weeks.filter(|_| self.per_week > 0.0)?;
        Some((window * self.per_week).floor())
    }
}

/// The cases that the deviation rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ScoredCases {
    /// Ended live ones; with exercises, or only the confirmed ones, where the catalog says so.
    #[serde(rename = "evidence_cases")]
    pub count: i64,
    /// Who vouches for the outcomes.
    pub provenance: Provenance,
    /// Whether only confirmed outcomes count.
    pub requires_confirmed: bool,
    /// Why these are no evidence for a recommendation, if they are not.
    #[serde(skip)]
    pub(super) unusable: Option<NoVerdict>,
}

impl ScoredCases {
    /// Whether outcomes have to be confirmed, and none is.
    pub(crate) fn is_unconfirmed(&self) -> bool {
        self.requires_confirmed && self.count == 0
    }
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
