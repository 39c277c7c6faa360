//! Break-up advice: into which parts a process could be broken, what each of them would hold, and where its deviation and
//! its decisions come from.
//!
//! Knows counts only, no cases: what a part is like is told from the transitions into, within and out of it.

mod advice;
mod chain;
pub(super) mod cut_reason;
mod dominators;
mod flow;
mod judge;
mod parts;
#[cfg(test)]
mod tests;

use self::advice::Advice;
use self::cut_reason::CutReason;
use self::flow::Flow;
use super::bounds::Bounds;
use crate::model::{Class, Executor, Level, NameId, Names, Ppm, Status, TolClass};
use crate::rules::{Determinism, Judgement, Recommendation, Tolerance, ToleranceLevel, Trial};
use serde::Serialize;

/// With more activities it is no process that anybody could look at; the search would take its time, too.
const MOST_ACTIVITIES: usize = 1_000;

/// What is known of the ended live cases of a process. Counts below 1 are passed over.
#[derive(Clone, Debug, Default)]
pub(crate) struct PathCounts {
    /// How many there are.
    pub cases: i64,
    /// How often an activity was followed directly by another, or by [`crate::measure::END`]. Every visit of an activity
    /// has one follower, so visits that nothing led to are starts.
    pub follows: Vec<((NameId, NameId), i64)>,
    /// Cases by the activity that their deviation is put down to, and by the deviation: each case counts once. `None`
    /// where nothing could count as a deviation.
    pub blamed: Option<Vec<((NameId, Ppm), i64)>>,
}

/// What the advice needs beside the counts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BreakUpTerms<'a> {
    /// The names.
    pub names: &'a Names,
    /// Table, levels, decisions.
    pub tolerance: &'a Tolerance,
    /// The class that the process needs, and so its parts.
    pub required_class: Class,
    /// Its criticality, and so that of its parts.
    pub criticality: Level,
    /// Who runs it today.
    pub executor: Executor,
    /// Status of what AI runs of the whole.
    pub ai_status: Status,
    /// Status of what code runs of the whole.
    pub code_status: Status,
    /// What the shadow runs of AI show, of the whole.
    pub ai_shadow: Trial,
    /// Whether the whole misses more than is tolerated.
    pub misses_too_much: bool,
    /// What the shadow runs of code show, of the whole.
    pub code_shadow: Trial,
    /// Whether its action can't be undone.
    pub irreversible: bool,
    /// Whether each case of the whole needs judgement, and so each of its parts.
    pub judgement: Judgement,
    /// Whether the whole is declared to be deterministic.
    pub determinism: Determinism,
    /// Cases started per week.
    pub cases_per_week: Option<f64>,
    /// Share of the records that were lost: it widens the bounds of the parts like those of the whole.
    pub lost: f64,
    /// Whether that is too much to call anything within or outside.
    pub lost_too_much: bool,
    /// The design effect of the whole, and so of its parts: which cases of a part depend on each other is not counted.
    pub design_effect: f64,
    /// Whether cases ended on too few days to call anything within.
    pub too_few_days: bool,
    /// Whether only confirmed outcomes count: which part a confirmed deviation is put down to is not known, so that parts
    /// have no deviation then.
    pub requires_confirmed: bool,
}

/// Into which parts a process could be broken.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BreakUp {
    /// In the order of the way; empty where there is no cut.
    pub parts: Vec<Part>,
    /// Why it is cut so, or why not at all.
    pub reason: CutReason,
    /// Share of the transitions between activities that are too rare to be followed, in \[0, 1\]; they count in sizes and
    /// entries all the same. `None` while no case has ended.
    pub ignored_transitions_ratio: Option<f64>,
    /// Whether every activity is in one of the parts.
    pub covers_all_activities: bool,
    /// Activities that are in none.
    pub uncovered_activities: Vec<String>,
    /// The transition back that stands most in the way, where there is no cut or a part is still extremely complex; `None`
    /// also where nothing comes back too often.
    pub jump_back: Option<JumpBack>,
    /// The activity with the greatest share of the deviation; `None` where there is none.
    pub largest_source: Option<LargestSource>,
    /// The activity that adds most to the decisions; `None` where nothing is decided.
    pub largest_decision: Option<LargestDecision>,
}

/// A part of a process that is entered at one place and left at one place.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Part {
    /// The activities that usual cases come in by, the most frequent first: one; or several, if they are the ways on from
    /// one decision before.
    pub entry: Vec<String>,
    /// The activities that usual cases leave from, the most frequent first: one; or several, if they lead to one activity
    /// or to the end.
    pub exit: Vec<String>,
    /// Its activities in the order of the way, at most 30, with rare ones behind the one they belong to.
    pub activities: Vec<String>,
    /// How many there are.
    pub activities_total: usize,
    /// How often it was entered, by usual transitions and others.
    pub entries: i64,
    /// Of these, at another activity than those of `entry`.
    pub entries_elsewhere: i64,
    /// How often it was left from another activity than those of `exit`.
    pub exits_elsewhere: i64,
    /// Entries per case.
    pub entries_per_case: f64,
    /// Entries per week.
    pub entries_per_week: Option<f64>,
    /// Cases that come through it, at most: exact where none comes in twice.
    pub cases: i64,
    /// Its size in steps per entry: steps and decisions.
    pub size_steps: f64,
    /// Of these, steps taken.
    pub steps: f64,
    /// Of these, decisions.
    pub decisions: f64,
    /// Level of its size.
    pub complexity: Level,
    /// Level of its rate.
    pub frequency: Option<Level>,
    /// Level of its permissible deviation.
    pub tolerance: ToleranceLevel,
    /// Permissible deviation of the class at this size, per entry.
    pub permissible_deviation: Option<f64>,
    /// The deviations put down to its activities, per entry, with the confidence sequence of one part looked at alone, widened
    /// by what was lost; `None` where only confirmed outcomes count.
    pub deviation: Option<Bounds>,
    /// Its share of the deviation of the process, in \[0, 1\].
    pub deviation_share_ratio: Option<f64>,
    /// Observed against permissible.
    pub status: Status,
    /// The finest class that it is shown to hold.
    pub achieved_class: TolClass,
    /// Who should run it; `None` while its rate is unknown.
    pub recommendation: Option<Recommendation>,
    /// The rule that said so.
    pub rule: Option<String>,
}

/// A transition that leads back over places where the process could be cut otherwise.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct JumpBack {
    /// From this activity.
    pub from: String,
    /// To that one.
    pub to: String,
    /// So often per case.
    pub per_case: f64,
    /// Over so many places where too many cases come back.
    pub places: usize,
}

/// The activity with the greatest share of the deviation.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LargestSource {
    /// Its name.
    pub activity: String,
    /// Its share of the sum of all deviations, in \[0, 1\].
    pub share_ratio: f64,
    /// Cases whose deviation is put down to it.
    pub cases: i64,
}

/// The activity that adds most to the decisions.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LargestDecision {
    /// Its name.
    pub activity: String,
    /// What it adds to D, in steps per case.
    pub steps: f64,
    /// Its share of D, in \[0, 1\].
    pub share_ratio: f64,
}

/// Proposes how to break a process up.
///
/// Rare transitions are left out (at most 5 % of all, see `Flow::usual`), and the rest is cut where the cases pass one
/// activity, and at most one in five goes around it or comes back (see `cut`). Of the cuts those are made that give the
/// most parts of at least four steps, but not more than twelve; a part that is extremely complex all the same is taken
/// apart further along its branches. Size, permissible deviation, class and recommendation of a part are those of a
/// process: per entry instead of per case, with the criticality, the required class and the executor of the whole. Hand-offs
/// and sub-processes are not in the size of a part: so the sizes of the parts, each times its entries per case, add up to
/// L + D of the process.
pub(crate) fn break_up(counts: &PathCounts, terms: BreakUpTerms) -> BreakUp {
    let flow = Flow::new(counts.cases, &counts.follows, terms.names);
    let advice = Advice::new(&flow, counts, terms);
    if counts.cases <= 0 || flow.edges.is_empty() {
        return advice.no_cut(CutReason::NoneEnded);
    }
    if flow.end() > MOST_ACTIVITIES + 1 {
        return advice.no_cut(CutReason::TooManyActivities(MOST_ACTIVITIES));
    }
    advice.propose()
}
