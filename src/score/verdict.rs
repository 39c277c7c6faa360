//! From figures to a verdict: who runs it, who should, by which rule, and on what that rests.

use super::process::Scorer;
use super::recommend::{Attributes, Verdict, recommend};
use super::shape::{ComparedBy, ExecutorScore, ProcessScore, ShadowScore};
use crate::model::humanize::significant;
use crate::model::{Executor, Origin, Status};
use crate::rules::{Recommendation, Trial};
use crate::score::Bounds;
use std::collections::BTreeMap;

/// The kinds that a process can be delegated to.
const DELEGATES: [Executor; 2] = [Executor::Ai, Executor::Code];

impl Scorer<'_> {
    /// Who runs it, as the log has it. The catalog fills in where that does not say: of more than half of the cases
    /// nothing, or of most only that several kinds ran them together.
    pub(super) fn executor(&self) -> Executor {
        let by_kind = self.started_by_kind();
        let known: i64 = by_kind.values().sum();
        let together = by_kind.get(&Executor::Mixed).copied().unwrap_or(0);
        let says_little = known * 2 < self.live.started() || together * 5 >= known * 4;
        match self.declared.executor {
            Some(declared) if says_little => declared,
            _ => self.measured_executor(),
        }
    }

    /// The kind that ran at least four fifths of the cases, else mixed.
    pub(super) fn measured_executor(&self) -> Executor {
        let by_kind = self.started_by_kind();
        let all: i64 = by_kind.values().sum();
        let most = by_kind.into_iter().max_by_key(|(_, cases)| *cases);
        match most {
            None => Executor::Unknown,
            Some((kind, cases)) if cases * 5 >= all * 4 => kind,
            Some(_) => Executor::Mixed,
        }
    }

    fn started_by_kind(&self) -> BTreeMap<Executor, i64> {
        let mut by_kind: BTreeMap<Executor, i64> = BTreeMap::new();
        for ((kind, origin), sums) in &self.parts.parts {
            if *origin == Origin::Live && *kind != Executor::Unknown {
                *by_kind.entry(*kind).or_default() += sums.started();
            }
        }
        by_kind
    }

    /// Fills in what follows from the figures of a score.
    pub(super) fn decide(&self, score: &mut ProcessScore) {
        let attributes = Attributes::of(score);
        let rules = &self.terms.tolerance.recommendations;
        let verdict = attributes.and_then(|is| recommend(rules, &is));
        score.withdraw = DELEGATES
            .into_iter()
            .filter(|kind| score.status_of(*kind) == Status::Outside)
            .collect();
        score.reason = match (&verdict, &attributes) {
            (Some(verdict), Some(is)) => {
                format!("{}{FIGURES}{}", verdict.because, figures(score, is))
            }
            _ => self.no_verdict(),
        };
        score.break_up = self.break_up(score, verdict.as_ref());
        if let Some(Verdict {
            recommendation,
            rule,
            ..
        }) = verdict
        {
            score.notes.extend(untried(score, recommendation));
            score.recommendation = Some(recommendation);
            score.rule = Some(rule);
        }
        score.notes.extend(tried(score));
    }
}

impl ProcessScore {
    /// The status of what one kind runs: of the whole process where that is the kind that runs it, if it is outside; else
    /// of the cases that it ran alone. Undetermined where it ran none.
    pub fn status_of(&self, kind: Executor) -> Status {
        let alone = self
            .alone(kind)
            .map_or(Status::Undetermined, |side| side.status);
        match (alone, self.executor == kind, self.status) {
            // What it ran is shown to hold, so that it is others who deviate.
            (Status::Within, ..) => Status::Within,
            (_, true, Status::Outside) => Status::Outside,
            (alone, ..) => alone,
        }
    }

    /// What the shadow runs of one kind show, where it has still to show that it can.
    pub fn trial_of(&self, kind: Executor) -> Trial {
        let runs_it = self.executor == kind;
        let holds = |status| status == Status::Within;
        Shown {
            holds: holds(self.status_of(kind)) || runs_it && holds(self.status),
            alone: self.alone(kind).map(|side| side.deviation),
            whole: self.deviation.filter(|_| runs_it),
            shadow: self.shadow_of(kind).map(|shadow| shadow.status),
            unconfirmed: runs_it && self.is_unconfirmed(),
        }
        .trial(self.permissible_deviation, self.loss.too_much)
    }

    /// Whether outcomes have to be confirmed, and none is.
    pub(crate) fn is_unconfirmed(&self) -> bool {
        self.requires_confirmed && self.evidence_cases == 0
    }

    /// The deviation of what one kind runs today, where that speaks against it without being called outside.
    pub(crate) fn leaning_of(&self, kind: Executor) -> Option<Bounds> {
        let is_open = matches!(
            self.status_of(kind),
            Status::Undetermined | Status::NoTolerance
        );
        let t = self.permissible_deviation?;
        let own = match self.alone(kind) {
            Some(side) => side.deviation,
            None => self.deviation.filter(|_| self.executor == kind),
        };
        own.filter(|own| is_open && leans_outside(*own, t))
    }

    /// The cases that one kind ran alone.
    fn alone(&self, kind: Executor) -> Option<&ExecutorScore> {
        self.executors.iter().find(|side| side.executor == kind)
    }

    /// Why it should be run as recommended, without the figures, which `reason` has behind it.
    pub fn why(&self) -> &str {
        self.reason.split(FIGURES).next().unwrap_or_default()
    }

    /// Whether nothing is known of how one kind would do: it runs no case, and no shadow run.
    pub fn is_untried(&self, kind: Executor) -> bool {
        self.alone(kind).is_none() && self.executor != kind && self.shadow_of(kind).is_none()
    }

    fn shadow_of(&self, kind: Executor) -> Option<&ShadowScore> {
        self.shadow.iter().find(|shadow| shadow.executor == kind)
    }
}

/// What one kind has shown so far, live and in shadow runs.
pub(crate) struct Shown {
    /// Whether what it runs today is within.
    pub holds: bool,
    /// The deviation of the cases that it ran alone, where there are any.
    pub alone: Option<Option<Bounds>>,
    /// The deviation of the process, where it is what runs it.
    pub whole: Option<Bounds>,
    /// The status of its shadow runs, where there are any.
    pub shadow: Option<Status>,
    /// Whether it runs the process, and none of the outcomes is confirmed though that is required.
    pub unconfirmed: bool,
}

impl Shown {
    /// What that amounts to beside a permissible deviation.
    pub fn trial(&self, permissible: Option<f64>, lost_too_much: bool) -> Trial {
        if self.holds {
            return Trial::None;
        }
        let own = self.alone.unwrap_or(self.whole).zip(permissible);
        // Nothing is called outside where too much was lost: what is so at best must not be advised for that.
        let is_above = |of: Option<Bounds>| of.zip(permissible).is_some_and(|(d, t)| d.lower > t);
        let is_outside = lost_too_much && (is_above(self.alone.flatten()) || is_above(self.whole));
        match self.shadow {
            Some(Status::Outside) => Trial::Outside,
            _ if is_outside => Trial::Outside,
            // Too little to call it outside is no reason to take it for one that has never been tried.
            _ if own.is_some_and(|(own, t)| leans_outside(own, t)) => Trial::Undetermined,
            Some(Status::Within) => Trial::Within,
            Some(Status::Undetermined | Status::NoTolerance) => Trial::Undetermined,
            // Cases of which none is confirmed show no more than a trial that proves nothing.
            None if self.unconfirmed => Trial::Undetermined,
            None => Trial::None,
        }
    }
}

/// Whether a mean is above the permissible deviation, beyond rounding.
pub(super) fn leans_outside(deviation: Bounds, permissible: f64) -> bool {
    deviation.mean - permissible > 1e-12
}

/// Stands between why and the figures in a reason.
const FIGURES: &str = ": complexity ";

/// Where it should go to a kind of which nothing is known yet.
fn untried(score: &ProcessScore, recommendation: Recommendation) -> Option<String> {
    let (kind, name) = match recommendation {
        Recommendation::Ai => (Executor::Ai, "AI"),
        Recommendation::Code => (Executor::Code, "code"),
        _ => return None,
    };
    score
        .is_untried(kind)
        .then(|| format!("no shadow run of {name}: run it beside people first"))
}

/// What is still missing of shadow runs that say nothing yet.
fn tried(score: &ProcessScore) -> Vec<String> {
    let said = |kind: Executor| {
        let shadow = score.shadow_of(kind)?;
        let open = score.trial_of(kind) == Trial::Undetermined;
        if !open {
            return None;
        }
        if shadow.compared_by == ComparedBy::Nothing {
            return Some(format!("shadow runs of {kind}: {}", shadow.reason));
        }
        // Clean shadow runs do not outweigh what it does live.
        if score.leaning_of(kind).is_some() {
            return None;
        }
        let missing = shadow.clean_runs_missing.filter(|runs| *runs > 0)?;
        Some(format!(
            "shadow runs of {kind} are undetermined: {missing} more without any deviation, each beside a live case of its own, would show that it holds"
        ))
    };
    DELEGATES.into_iter().filter_map(said).collect()
}

fn figures(score: &ProcessScore, is: &Attributes) -> String {
    let number = |value: Option<f64>, digits: usize| {
        value.map_or("unknown".to_owned(), |value| format!("{value:.digits$}"))
    };
    let assumed = if score.criticality_assumed {
        " (assumed)"
    } else {
        ""
    };
    let observed = score.deviation.map_or("not observed".to_owned(), |d| {
        format!("observed {}", in_percent(d))
    });
    let tried = || {
        DELEGATES
            .into_iter()
            .filter(move |kind| score.trial_of(*kind) != Trial::None)
    };
    let live: String = tried()
        .filter_map(|kind| live_figures(score, kind))
        .collect();
    let shadows: String = tried()
        .filter_map(|kind| score.shadow_of(kind))
        .map(shadow_figures)
        .collect();
    format!(
        "{} ({} steps), frequency {} ({} cases a week), criticality {}{assumed}, tolerance {} (permissible {}), {observed}: {}{live}{shadows}",
        is.complexity,
        number(score.nominal_size_steps, 1),
        is.frequency,
        score
            .cases_per_week
            .map_or("unknown".to_owned(), |rate| significant(rate, 1)),
        is.criticality,
        is.tolerance,
        score
            .permissible_deviation
            .map_or("unknown".to_owned(), |share| format!(
                "{:.2} %",
                100.0 * share
            )),
        is.status,
    )
}

/// A deviation with its interval.
fn in_percent(d: Bounds) -> String {
    let [mean, lower, upper] = [d.mean, d.lower, d.upper].map(|share| 100.0 * share);
    format!("{mean:.2} % [{lower:.2}, {upper:.2}]")
}

/// What one kind ran alone beside others, where that speaks against it.
fn live_figures(score: &ProcessScore, kind: Executor) -> Option<String> {
    let own = score.leaning_of(kind)?;
    let side = score.alone(kind)?;
    let beside_others = score.executors.len() > 1;
    beside_others.then(|| {
        format!(
            "; {} cases of {kind} alone, {}: {}",
            side.cases,
            in_percent(own),
            side.status
        )
    })
}

/// What shadow runs of one kind come to, as the last part of the reason.
fn shadow_figures(shadow: &ShadowScore) -> String {
    let status = shadow.status;
    match shadow.deviation {
        Some(deviation) => format!(
            "; {}, {}: {status}",
            shadow.counted(),
            in_percent(deviation)
        ),
        None => format!(
            "; {} shadow runs of {}, none compared: {status}",
            shadow.runs, shadow.executor
        ),
    }
}

impl ShadowScore {
    /// The runs that its deviation is that of: `400 shadow runs of ai`, `500 of 10000 shadow runs of ai`.
    pub(crate) fn counted(&self) -> String {
        let of_all = match self.compared == self.runs {
            true => String::new(),
            false => format!(" of {}", self.runs),
        };
        format!("{}{of_all} shadow runs of {}", self.compared, self.executor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounds(mean: f64, lower: f64, upper: f64) -> Bounds {
        Bounds { mean, lower, upper }
    }

    const NOTHING: Shown = Shown {
        holds: false,
        alone: None,
        whole: None,
        shadow: None,
        unconfirmed: false,
    };

    #[test]
    fn what_a_kind_runs_counts_beside_its_shadow_runs() {
        let t = Some(0.03);
        let trial = |shown: Shown| shown.trial(t, false);
        assert_eq!(trial(NOTHING), Trial::None);
        let leaning = |shadow| {
            trial(Shown {
                alone: Some(Some(bounds(0.04, 0.01, 0.2))),
                shadow,
                ..NOTHING
            })
        };
        assert_eq!(leaning(None), Trial::Undetermined);
        assert_eq!(leaning(Some(Status::Within)), Trial::Undetermined);
        assert_eq!(leaning(Some(Status::Outside)), Trial::Outside);
        // At T it is not above it, whatever rounding makes of it.
        let at_t = Shown {
            alone: Some(Some(bounds(0.1 * 0.3, 0.01, 0.2))),
            ..NOTHING
        };
        assert_eq!(trial(at_t), Trial::None);
        let holding = Shown {
            holds: true,
            shadow: Some(Status::Outside),
            ..NOTHING
        };
        assert_eq!(trial(holding), Trial::None);
        // What it ran alone goes before what it runs with others; who ran nothing alone is judged by the whole.
        let whole = Some(bounds(0.04, 0.01, 0.2));
        let better_alone = Shown {
            alone: Some(Some(bounds(0.02, 0.001, 0.2))),
            whole,
            ..NOTHING
        };
        assert_eq!(trial(better_alone), Trial::None);
        assert_eq!(trial(Shown { whole, ..NOTHING }), Trial::Undetermined);
    }

    #[test]
    fn what_is_outside_at_best_stays_so_when_too_much_was_lost() {
        let alone = |lower| Shown {
            alone: Some(Some(bounds(0.2, lower, 0.4))),
            ..NOTHING
        };
        assert_eq!(alone(0.1).trial(Some(0.03), true), Trial::Outside);
        assert_eq!(alone(0.01).trial(Some(0.03), true), Trial::Undetermined);
        let whole = Shown {
            alone: Some(Some(bounds(0.02, 0.001, 0.4))),
            whole: Some(bounds(0.2, 0.1, 0.4)),
            ..NOTHING
        };
        assert_eq!(whole.trial(Some(0.03), true), Trial::Outside);
    }
}
