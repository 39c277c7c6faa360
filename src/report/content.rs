//! What a report says, as plain data: the JSON format is this, the others are written from it.

use crate::config::Hashes;
use crate::rules::Recommendation;
use crate::score::{DeclaredFact, DirectionScore, StageTime};
use serde::Serialize;

/// Version of the JSON format.
pub(super) const VERSION: u32 = 1;

/// A re-scoring report of one period.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Report {
    /// Version of this format.
    pub version: u32,
    /// The program that made it, with its version.
    pub made_by: String,
    /// What it is about.
    pub period: PeriodSaid,
    /// What it is compared with.
    pub previous: PeriodSaid,
    /// The scoring window in words: figures rest on so long a time up to the end of the period. `None`: on all there is.
    pub window: Option<String>,
    /// Days that the windows at the end and at the beginning of the period have in common.
    pub shared_days: i64,
    /// What the figures rest on.
    #[serde(serialize_with = "in_hex")]
    pub hashes: Hashes,
    /// How many processes are in which state, at the end and at the beginning.
    pub standing: [Standing; 2],
    /// What changed in the period.
    pub changes: Vec<ChangeSaid>,
    /// What to do, the most urgent first.
    pub actions: Vec<Action>,
    /// Changes against the past of a process that were found or stand in the period.
    pub alarms: Vec<AlarmSaid>,
    /// The processes.
    pub board: Vec<Row>,
    /// Kinds of executors of processes that more than one kind runs.
    pub executors: Vec<ExecutorRow>,
    /// Misses apart from false alarms.
    pub directions: Vec<DirectionRow>,
    /// The time from the start of a case to each milestone.
    pub stages: Vec<StageRow>,
    /// Declared against measured.
    pub disagreements: Vec<DisagreementRow>,
    /// What was expected at the beginning of the period, and what came.
    pub predictions: Vec<Prediction>,
    /// What is expected from now on.
    pub expectations: Vec<Expectation>,
    /// What could not be judged, and what it needs.
    pub undetermined: Vec<Open>,
    /// What the data lack.
    pub quality: Vec<Quality>,
    /// Ends of the last eight periods, the present one last.
    pub trend_ends: Vec<String>,
}

impl Report {
    /// What it is about, what it is compared with, and what the figures rest on.
    pub(super) fn when(&self) -> String {
        let (first, last, before) = (&self.period.from, self.last_day(), &self.previous.name);
        let rests = match (&self.window, self.shared_days) {
            (Some(window), days) if days > 0 => format!(
                "Each figure rests on the {window} up to the end of its period, {days} days of which it shares with the figure of {before}, so that figures change slowly"
            ),
            (Some(window), _) => {
                format!("Each figure rests on the {window} up to the end of its period")
            }
            (None, _) => "Each figure rests on everything up to the end of its period".to_owned(),
        };
        format!("{first} to the end of {last} (UTC), compared with {before}. {rests}.")
    }

    /// The last day of the period.
    pub(super) fn last_day(&self) -> String {
        let end = self.period.to.parse::<chrono::NaiveDate>().ok();
        let last = end.and_then(|end| end.pred_opt());
        last.map_or_else(|| self.period.to.clone(), |day| day.to_string())
    }
}

/// A period in words and dates.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct PeriodSaid {
    /// As part of a file name: `2026-03`, `2026-W14`, `2026-Q1`, or its first and last day.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// Its first day, `YYYY-MM-DD`.
    pub from: String,
    /// The day after its last.
    pub to: String,
}

/// How many processes are in which state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Standing {
    /// All of them.
    pub processes: usize,
    /// Within their tolerance.
    pub within: usize,
    /// Outside.
    pub outside: usize,
    /// Not to be told.
    pub undetermined: usize,
    /// Without a tolerance to hold.
    pub no_tolerance: usize,
}

/// What changed of a process.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ChangeSaid {
    /// The process.
    pub process: String,
    /// Its name for people.
    pub name: String,
    /// `required_class`, `achieved_class`, `status` or `recommendation`.
    pub what: &'static str,
    /// What it was; empty for a process that had no score.
    pub from: String,
    /// What it is.
    pub to: String,
    /// Why, with the figures.
    pub reason: String,
}

/// Something to do.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Action {
    /// The process.
    pub process: String,
    /// Its name for people.
    pub name: String,
    /// `withdraw`, `look_into`, `break_up`, `codify`, `delegate`, `approve`.
    pub kind: ActionKind,
    /// How pressing it is.
    pub group: ActionGroup,
    /// In words.
    pub what: String,
    /// What must be done before it; `None` if nothing.
    pub first: Option<String>,
    /// How much it deviates and what is permissible, in words, of what deviates too much.
    pub trouble: Option<String>,
    /// Cases a week that deviate wholly, or more that do so in part, beyond what is permissible: `(mean deviation -
    /// permissible) * cases a week`; since the drift that stands began, if there is one.
    pub excess_per_week: Option<f64>,
    /// Hours a year that it is worth, upkeep taken off: lower bound, mean, upper bound. `None` where not known.
    pub hours_per_year: Option<[f64; 3]>,
    /// Hours a year that people spend on it now, and the part of them that it is assumed to take over (the catalog's
    /// `automation.share`).
    pub of_hours: Option<(f64, f64)>,
    /// How sure that is.
    pub confidence: String,
    /// Why.
    pub why: String,
}

/// Kinds of things to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ActionKind {
    /// AI or code that deviates more than it may.
    Withdraw,
    /// A process outside its tolerance.
    LookInto,
    /// Nobody can hold it as a whole.
    BreakUp,
    /// To code.
    Codify,
    /// To AI, unattended.
    Delegate,
    /// To AI whose outcome a person approves.
    Approve,
}

/// How pressing things to do are, the most pressing first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ActionGroup {
    /// AI or code does harm.
    Stop,
    /// Too much goes wrong.
    Mend,
    /// It can be done better.
    Improve,
    /// It may cost more than it saves.
    Doubtful,
}

/// A drift alarm.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct AlarmSaid {
    /// The process.
    pub process: String,
    /// Its name for people.
    pub name: String,
    /// The stream.
    pub stream: &'static str,
    /// In words.
    pub what: String,
    /// The day after which the evidence was there.
    pub raised: String,
    /// The estimated first day of the change.
    pub onset: String,
    /// The mean that was expected.
    pub was: f64,
    /// The mean from the onset to the alarm; of the deviation, from the onset to the end of the period.
    pub became: f64,
    /// Both with their unit.
    pub figures: String,
    /// The processes of an alarm about several, by name; else empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub processes: Vec<String>,
    /// How rare such evidence is by chance.
    pub confidence: Option<String>,
    /// Other changes about its onset, in words.
    pub also: Option<String>,
    /// The known change that it is put down to, or the alarm about several processes that it is one of.
    pub explained_by: Option<String>,
    /// When it ended.
    pub ended: Option<String>,
    /// The days about it.
    pub days: Vec<DaySaid>,
}

impl AlarmSaid {
    /// Names of processes that a report lists of an alarm about several; JSON has all.
    const MOST_PROCESSES: usize = 10;

    /// Which processes it is about, how rare such evidence is, and what else changed: sentences behind the change itself.
    pub(super) fn further(&self) -> Vec<String> {
        let shown = &self.processes[..self.processes.len().min(Self::MOST_PROCESSES)];
        let more = match self.processes.len() - shown.len() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let which = format!("Processes: {}{more}.", shown.join(", "));
        let which = (!shown.is_empty()).then_some(which);
        let said = [which, self.confidence.clone(), self.also.clone()];
        said.into_iter().flatten().collect()
    }
}

/// A day about a drift alarm.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct DaySaid {
    /// The day.
    pub day: String,
    /// Mean deviation of the cases that ended; `None` without cases.
    pub deviation: Option<f64>,
    /// What the baseline expected.
    pub expected: Option<f64>,
    /// Evidence over threshold.
    pub evidence: f32,
}

/// A process on the board.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Row {
    /// The process.
    pub process: String,
    /// For people.
    pub name: String,
    /// The class that it needs.
    pub required_class: String,
    /// The finest class that it is shown to hold.
    pub achieved_class: String,
    /// Observed against permissible.
    pub status: &'static str,
    /// Cases that count as evidence.
    pub cases: i64,
    /// Deviation: lower bound, mean, upper bound.
    pub deviation: Option<[f64; 3]>,
    /// What is permissible.
    pub permissible: Option<f64>,
    /// Cases a week.
    pub cases_per_week: Option<f64>,
    /// Who runs it.
    pub executor: &'static str,
    /// Who runs it by the log, where the catalog says otherwise.
    pub executor_measured: Option<String>,
    /// Who should.
    pub recommendation: Option<Recommendation>,
    /// Mean deviation at the ends of the last eight periods.
    pub trend: Vec<Option<f64>>,
}

/// One kind of executor of a process.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ExecutorRow {
    /// The process.
    pub process: String,
    /// Its name for people.
    pub name: String,
    /// The kind.
    pub executor: &'static str,
    /// Cases that ended.
    pub cases: i64,
    /// Deviation: lower bound, mean, upper bound.
    pub deviation: Option<[f64; 3]>,
    /// Against what is permissible.
    pub status: &'static str,
    /// Median time from the first event to the end, in seconds.
    pub median_seconds: Option<f64>,
}

/// The cases of a process that went wrong in one direction.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct DirectionRow {
    /// The process.
    pub process: String,
    /// Its name for people.
    pub name: String,
    /// The direction and how many they are.
    #[serde(flatten)]
    pub score: DirectionScore,
}

/// The time from the start of a case to a milestone.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct StageRow {
    /// The process.
    pub process: String,
    /// Its name for people.
    pub name: String,
    /// The milestone and its times.
    #[serde(flatten)]
    pub time: StageTime,
}

/// A declaration that the measurement contradicts.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct DisagreementRow {
    /// The process.
    pub process: String,
    /// Its name for people.
    pub name: String,
    /// What is declared.
    pub what: DeclaredFact,
    /// As the catalog says.
    pub declared: String,
    /// As measured.
    pub measured: String,
    /// Whether it is beyond doubt.
    pub sure: bool,
}

/// What was expected of a process at the beginning of the period, and what came.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Prediction {
    /// The process.
    pub process: String,
    /// Its name for people.
    pub name: String,
    /// The day on which an earlier report said so; `None` if none did: then it is what one would have said.
    pub said_on: Option<String>,
    /// Hours a year that people spent at the beginning: lower bound, mean, upper bound.
    pub spent_then: [f64; 3],
    /// Hours a year that were said to be saved if it was automated, upkeep taken off.
    pub said_to_be_saved: [f64; 3],
    /// Hours a year that people spent at the pace of the period; `None` where that is not known.
    pub spent_now: Option<[f64; 3]>,
    /// Spent then minus spent now.
    pub saved: Option<f64>,
    /// Whether the means differ by more than chance: the intervals do not overlap.
    pub shown: bool,
    /// The part of the cases that AI or code decided, before the period and in it; `None` where no case had ended.
    pub automated: [Option<f64>; 2],
}

/// What automation is said to save from now on: the report of the next period is held against it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Expectation {
    /// The process.
    pub process: String,
    /// Hours a year that people spend: lower bound, mean, upper bound.
    pub spent: [f64; 3],
    /// Hours a year that automation would save, upkeep taken off.
    pub saved: [f64; 3],
}

/// A process that could not be judged.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Open {
    /// The process.
    pub process: String,
    /// Its name for people.
    pub name: String,
    /// What it needs.
    pub needs: String,
}

/// What the data of a process lack.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Quality {
    /// The process.
    pub process: String,
    /// Its name for people.
    pub name: String,
    /// In words.
    pub what: String,
}

fn in_hex<S: serde::Serializer>(hashes: &Hashes, to: S) -> Result<S::Ok, S::Error> {
    let hex = |hash: u64| format!("{hash:016x}");
    let named = [
        ("configuration", hex(hashes.configuration)),
        ("catalog", hex(hashes.catalog)),
        ("tolerance", hex(hashes.tolerance)),
    ];
    to.collect_map(named)
}
