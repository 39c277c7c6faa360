//! What to do now: what does harm first, then what saves hours.

use super::content::{Action, ActionGroup, ActionKind};
use super::drifted::Since;
use super::findings::TOO_LONG;
use super::words::{self, whole_number};
use crate::model::{Executor, Status};
use crate::rules::Recommendation;
use crate::score::{Bounds, DeclaredFact, DirectionScore, ExecutorScore, ProcessScore};
use crate::stats::clean_runs_missing;

/// What is to be done about a process. `since`: how it deviates since the drift that stands; `alpha`: error probability of
/// the intervals.
pub(super) fn actions(score: &ProcessScore, since: Option<&Since>, alpha: f64) -> Vec<Action> {
    let about = About {
        score,
        since,
        alpha,
    };
    if let Some(kind) = score.withdraw.first() {
        return vec![about.withdraw(*kind)];
    }
    let outside = score.rating.status == Status::Outside;
    let mend = outside.then(|| about.look_into());
    mend.into_iter().chain(about.improve()).collect()
}

/// The most pressing first: within what does harm by the harm, else by the hours.
pub(super) fn sort(actions: &mut [Action]) {
    let by = |action: &Action| match action.group {
        ActionGroup::Stop | ActionGroup::Mend => action.excess_per_week,
        ActionGroup::Improve | ActionGroup::Doubtful => action.hours_per_year.map(|hours| hours[1]),
    };
    let by = |action: &Action| by(action).unwrap_or(f64::NEG_INFINITY);
    actions.sort_by(|a, b| {
        let pressing = a.group.cmp(&b.group);
        pressing
            .then(by(b).total_cmp(&by(a)))
            .then(a.kind.cmp(&b.kind))
            .then(a.process.cmp(&b.process))
    });
}

struct About<'a> {
    score: &'a ProcessScore,
    since: Option<&'a Since>,
    alpha: f64,
}

impl About<'_> {
    fn action(&self, kind: ActionKind, group: ActionGroup, what: String) -> Action {
        Action {
            process: self.score.id.clone(),
            name: self.score.name.clone(),
            kind,
            group,
            what,
            first: None,
            trouble: None,
            excess_per_week: None,
            hours_per_year: None,
            of_hours: None,
            confidence: String::new(),
            why: self.score.advice.reason.without_figures(),
        }
    }

    fn withdraw(&self, kind: Executor) -> Action {
        let rate = self.side(kind).and_then(|side| side.cases_per_week);
        let rate = rate.or(self.score.rate.cases_per_week);
        let many = rate.map_or(String::new(), |rate| {
            format!(" (about {} cases a week)", words::rate(rate))
        });
        let what = match kind {
            Executor::Code => format!(
                "switch the code off until it is repaired; meanwhile people do its cases, or check each{many}"
            ),
            _ => format!(
                "from now on a person approves each outcome of AI{many}, or people do it without AI"
            ),
        };
        let mut action = self.action(ActionKind::Withdraw, ActionGroup::Stop, what);
        match self.side(kind) {
            // It is what that kind decided without approval that deviates, and not the process.
            Some(side) if self.score.rating.status != Status::Outside => {
                self.blame_side(&mut action, side)
            }
            _ => self.blame_process(&mut action),
        }
        let otherwise = self
            .score
            .disagreements
            .iter()
            .find(|one| one.what == DeclaredFact::Executor);
        if let Some(one) = otherwise {
            let said = words::disagreement(one.what, &one.declared, &one.measured, one.sure);
            action.why = format!("{}; {said}", action.why);
        }
        action
    }

    fn look_into(&self) -> Action {
        let what = "look at the cases that ended wrong, and find out why; or say that it need not be so exact".to_owned();
        let mut action = self.action(ActionKind::LookInto, ActionGroup::Mend, what);
        action.why = format!(
            "As it is run today ({}) it deviates more than it may, whoever is to run it later",
            words::executor(self.score.run_by.executor.word())
        );
        self.blame_process(&mut action);
        action
    }

    fn improve(&self) -> Option<Action> {
        let runs_it = |kind: Executor| self.score.run_by.executor == kind;
        let (kind, what) = match self.score.advice.recommendation? {
            Recommendation::BreakUp => (
                ActionKind::BreakUp,
                "break it into sub-processes, and have each of them measured".to_owned(),
            ),
            Recommendation::Code if runs_it(Executor::CodeApproved) => (
                ActionKind::Codify,
                "let code decide without a person's approval".to_owned(),
            ),
            Recommendation::Code if !runs_it(Executor::Code) => (
                ActionKind::Codify,
                self.all_of_it("have code run", Executor::Code),
            ),
            Recommendation::Ai if runs_it(Executor::AiApproved) => (
                ActionKind::Delegate,
                "let AI decide without a person's approval".to_owned(),
            ),
            Recommendation::Ai if !runs_it(Executor::Ai) => (
                ActionKind::Delegate,
                self.all_of_it("have AI run", Executor::Ai),
            ),
            Recommendation::AiWithApproval if runs_it(Executor::Ai) => (
                ActionKind::Approve,
                "have a person approve each outcome of AI".to_owned(),
            ),
            Recommendation::AiWithApproval if !runs_it(Executor::AiApproved) => (
                ActionKind::Approve,
                "let AI propose and a person approve".to_owned(),
            ),
            _ => return None,
        };
        let value = self
            .score
            .value
            .as_ref()
            .filter(|_| kind != ActionKind::BreakUp);
        let hours = value.and_then(|value| value.net_hours_per_year).map(three);
        let group = match hours {
            Some([lower, ..]) if lower <= 0.0 => ActionGroup::Doubtful,
            _ => ActionGroup::Improve,
        };
        let mut action = self.action(kind, group, what);
        action.first = self.first(kind);
        action.hours_per_year = hours;
        action.of_hours = hours.and_then(|_| self.of_hours());
        action.confidence = match hours {
            Some([.., upper]) if upper <= 0.0 => "it costs more hours than it saves".to_owned(),
            Some([lower, ..]) if lower <= 0.0 => "it may cost more hours than it saves".to_owned(),
            Some([lower, ..]) => format!(
                "if it does, at least {} h are very likely",
                whole_number(lower)
            ),
            None if kind == ActionKind::BreakUp => self.how_it_stands(),
            None => match &self.score.value {
                Some(value) => format!("how many hours it saves is not known: {}", value.reason),
                None => "how many hours it saves is not known".to_owned(),
            },
        };
        Some(action)
    }

    fn side(&self, kind: Executor) -> Option<&ExecutorScore> {
        self.score.executor_of(kind)
    }

    fn blame_process(&self, action: &mut Action) {
        self.blame_deviation(action);
        self.blame_directions(action);
    }

    /// What is missed, or the false alarms, if they are outside.
    fn blame_directions(&self, action: &mut Action) {
        let outside = |of: &&DirectionScore| of.status == Some(Status::Outside);
        let each = self.score.directions.iter().filter(outside);
        let mut said: Vec<String> = each.map(ToString::to_string).collect();
        if said.is_empty() {
            return;
        }
        // Without an excess, the deviation as a whole is not what is wrong.
        let whole = action.trouble.take();
        said.extend(whole.filter(|_| action.excess_per_week.is_some()));
        action.trouble = Some(said.join("; "));
        action.confidence = self.how_it_stands();
    }

    fn blame_deviation(&self, action: &mut Action) {
        let score = self.score;
        let (Some(observed), Some(limit)) =
            (score.rating.deviation, score.rating.permissible_deviation)
        else {
            return;
        };
        let of_window = words::deviation(three(observed));
        let permissible = words::percent(limit);
        match self.since.filter(|since| since.deviation > limit) {
            Some(since) => {
                let excess = (since.deviation - limit) * since.cases_per_week;
                action.excess_per_week = Some(excess);
                action.trouble = Some(format!(
                    "since about {} its deviation is {}, and {permissible} is permissible; over the whole time that figures rest on it is {of_window}",
                    since.day,
                    words::percent(since.deviation)
                ));
            }
            None => {
                let excess = score
                    .rate
                    .cases_per_week
                    .map(|rate| (observed.mean - limit) * rate);
                action.excess_per_week = excess.filter(|excess| *excess > 0.0);
                action.trouble = Some(format!(
                    "its deviation is {of_window}, and {permissible} is permissible"
                ));
            }
        }
        action.confidence = self.how_it_stands();
    }

    fn blame_side(&self, action: &mut Action, side: &ExecutorScore) {
        let (Some(observed), Some(limit)) =
            (side.deviation, self.score.rating.permissible_deviation)
        else {
            return;
        };
        let name = words::executor(side.executor.word());
        let excess = side
            .cases_per_week
            .map(|rate| (observed.mean - limit) * rate);
        action.excess_per_week = excess.filter(|excess| *excess > 0.0);
        action.trouble = Some(format!(
            "the deviation of what {name} decided without approval is {}, and {} is permissible",
            words::deviation(three(observed)),
            words::percent(limit)
        ));
        action.confidence = format!(
            "how sure: very likely {name} is outside ({})",
            words::cases(side.cases)
        );
    }

    /// How sure it is where the process stands, and whose word the outcomes are.
    fn how_it_stands(&self) -> String {
        let ended = words::cases(self.score.scored_cases.count);
        let own = self.score.scored_cases.provenance.self_declared;
        let word = match own {
            0 => String::new(),
            own => format!(
                "; {} of their outcomes are the word of who ran them, and nobody has checked",
                words::count(own)
            ),
        };
        match self.score.rating.status {
            Status::Outside => format!("how sure: very likely it is outside ({ended}{word})"),
            Status::Within => format!("it is within its tolerance today ({ended}{word})"),
            _ => format!("whether it is within its tolerance is not known yet ({ended})"),
        }
    }

    fn all_of_it(&self, have_run: &str, kind: Executor) -> String {
        match part_of(self.score, kind).filter(|part| *part >= 0.05) {
            Some(part) => format!(
                "{have_run} all of it, not just {:.0} % of the cases",
                100.0 * part
            ),
            None => format!("{have_run} it"),
        }
    }

    fn of_hours(&self) -> Option<(f64, f64)> {
        let value = self.score.value.as_ref()?;
        let spent = value.hours_spent_per_year?.mean;
        let saved = value.hours_saved_per_year?.mean;
        (spent > 0.0).then(|| (spent, saved / spent))
    }

    /// What must be shown before somebody else runs a process, or runs all of it.
    fn first(&self, action: ActionKind) -> Option<String> {
        let (kind, name) = match action {
            ActionKind::Codify => (Executor::Code, "code"),
            ActionKind::Delegate | ActionKind::Approve => (Executor::Ai, "AI"),
            _ => return None,
        };
        if self.score.is_untried(kind) {
            return Some(format!(
                "test it first: have {name} do the same cases beside people, and go on acting on what people decide (shadow runs){}",
                self.until()
            ));
        }
        let shadow = self.score.shadow_of(kind);
        if let Some(shadow) = shadow.filter(|one| !one.ready && one.status != Status::Within) {
            let missing = shadow.clean_runs_missing.filter(|runs| *runs > 0)?;
            return Some(format!(
                "test it on: {} more shadow runs of {name} without a wrong one would show that it holds",
                words::count(missing as i64)
            ));
        }
        let side = self.side(kind)?;
        let (observed, limit) = (side.deviation?, self.score.rating.permissible_deviation?);
        (side.status == Status::Undetermined).then(|| {
            format!(
                "step by step: {} that {name} decided without approval do not show yet that it holds (deviation {}, and {} is permissible)",
                words::cases(side.cases),
                words::deviation(three(observed)),
                words::percent(limit)
            )
        })
    }

    /// When shadow runs have shown enough.
    fn until(&self) -> String {
        let Some(runs) = self.clean_runs() else {
            return String::new();
        };
        let weeks = runs as f64 / self.score.rate.cases_per_week.unwrap_or(0.0);
        let runs = words::count(runs as i64);
        match weeks {
            weeks if weeks > TOO_LONG => format!(
                "; it takes {runs} of them without a wrong one to show that it holds, and at its pace years: replay past cases, too"
            ),
            _ => format!(", until {runs} of them without a wrong one show that it holds"),
        }
    }

    /// So many cases without any deviation show that somebody holds the tolerance of the process.
    fn clean_runs(&self) -> Option<u64> {
        clean_runs_missing(
            0.0,
            0.0,
            self.score.rating.independence.factor(),
            self.score.rating.permissible_deviation?,
            self.alpha,
        )
    }
}

/// The part of the cases in one mode.
pub(super) fn part_of(score: &ProcessScore, kind: Executor) -> Option<f64> {
    let all: i64 = score.run_by.executors.iter().map(|side| side.cases).sum();
    let own = score
        .run_by
        .executors
        .iter()
        .filter(|side| side.executor == kind);
    (all > 0).then(|| own.map(|side| side.cases).sum::<i64>() as f64 / all as f64)
}

pub(super) fn three(bounds: Bounds) -> [f64; 3] {
    [bounds.lower, bounds.mean, bounds.upper]
}
