//! Where a process stands, and where it would stand if one thing were otherwise.

mod directions;

pub(super) use directions::{Directions, after_more};

use crate::model::{Class, Executor, Level, Status, TolClass};
use crate::rules::{PaysBack, Recommendation, Tolerance};
use crate::score::{
    Attributes, AutomationTerms, Bounds, DirectionScore, HandsOnMinutes, Independence,
    MINUTES_PER_HOUR, ProcessScore, Terms, TrialEvidence, Value, ValueInput, WEEKS_PER_YEAR,
    achieved_class, complexity_level, exactly, frequency_level, interval_of, permissible_deviation,
    recommend, status, tolerance_level, value,
};

/// What the verdict follows from, one field for each thing that could be otherwise.
#[derive(Clone, Copy, Debug)]
pub(super) struct Standing<'a> {
    pub(super) tolerance: &'a Tolerance,
    /// What is not recalculated stays as it is.
    pub(super) base: Attributes,
    pub(super) declared_class: Option<Class>,
    /// Status and class follow from more than interval and size: they stay as they are.
    pub(super) held: bool,
    /// So much was lost that nothing is called within or outside.
    pub(super) lost_too_much: bool,
    /// The share of records that were lost.
    pub(super) lost: f64,
    pub(super) size: f64,
    pub(super) per_week: f64,
    pub(super) observed: Shown,
    /// Of the cases that AI decided without approval, where there are any.
    pub(super) ai: Option<Shown>,
    /// Of the cases that code decided without approval, where there are any.
    pub(super) code: Option<Shown>,
    /// The deviation of the cases that AI decided with approval, where there are any.
    pub(super) ai_approved: Option<Bounds>,
    /// The deviation of the cases that code decided with approval, where there are any.
    pub(super) code_approved: Option<Bounds>,
    /// The kind that decides all cases without approval, if it is one.
    pub(super) only: Option<Executor>,
    /// Of the shadow runs of AI, where there are any.
    pub(super) ai_shadow: Option<Shown>,
    /// Of the shadow runs of code, where there are any.
    pub(super) code_shadow: Option<Shown>,
    /// Outcomes have to be confirmed, and none is.
    pub(super) unconfirmed: bool,
    pub(super) criticality: Level,
    pub(super) executor: Executor,
    /// At which rates automation pays back, where that is known.
    pub(super) pays: Option<Pays>,
}

/// A deviation, and whether it can be held against a permissible one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shown {
    pub(super) deviation: Option<Bounds>,
    /// The cases ended on too few days to call anything within.
    pub(super) too_few_days: bool,
    /// The cases are enough to withdraw who ran them, if they are outside.
    pub(super) can_be_withdrawn: bool,
    /// The directions that have a tolerance of their own.
    pub(super) directions: Directions,
}

impl Shown {
    fn of(
        deviation: Option<Bounds>,
        independence: Independence,
        can_be_withdrawn: bool,
        directions: &[DirectionScore],
        tolerance: &Tolerance,
    ) -> Shown {
        Shown {
            deviation,
            can_be_withdrawn,
            directions: directions::shown(directions, tolerance.least_days),
            too_few_days: independence.clusters < tolerance.least_days,
        }
    }
}

/// Cases per week at which automation pays back in time, as well measured as the rate is now.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Pays {
    /// It does from this rate on; `None` at no rate.
    pub(super) from: Option<f64>,
    /// It does not below this rate; `None` at no rate.
    pub(super) not_below: Option<f64>,
}

/// What follows.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Judged {
    pub(super) attributes: Attributes,
    pub(super) permissible: Option<f64>,
    pub(super) recommendation: Option<Recommendation>,
    pub(super) rule: Option<String>,
}

impl<'a> Standing<'a> {
    /// Of a score; `None` where there was no verdict.
    pub(super) fn of(score: &ProcessScore, terms: Terms<'a>) -> Option<Standing<'a>> {
        let base = score.attributes()?;
        let declared = terms.catalog.processes.get(&score.id);
        let mut standing = Standing {
            tolerance: terms.tolerance,
            base,
            declared_class: declared.and_then(|process| process.class),
            held: false,
            lost_too_much: score.loss.too_much,
            lost: score.loss.share,
            size: score.size.nominal_size_steps?,
            per_week: score.rate.cases_per_week?,
            observed: Shown::of(
                score.rating.deviation,
                score.rating.independence,
                score.run_by.can_be_withdrawn,
                &score.directions,
                terms.tolerance,
            ),
            ai: side(score, Executor::Ai, terms),
            code: side(score, Executor::Code, terms),
            ai_approved: approved(score, Executor::Ai),
            code_approved: approved(score, Executor::Code),
            only: Some(score.run_by.executor).filter(|kind| score.runs_all(*kind)),
            ai_shadow: shadow(score, Executor::Ai, terms),
            code_shadow: shadow(score, Executor::Code, terms),
            unconfirmed: score.scored_cases.is_unconfirmed(),
            criticality: score.levels.criticality,
            executor: score.run_by.executor,
            pays: None,
        };
        // Taken for true only where they say of the present rate what the score says.
        standing.pays = pays(score).filter(|pays| pays.at(standing.per_week) == base.pays_back);
        let statuses = |is: Attributes| {
            let of_kinds = (is.ai_status, is.code_status, is.ai_shadow, is.code_shadow);
            let held = (is.status, is.achieved_class, is.misses_too_much);
            (held, of_kinds)
        };
        standing.held = statuses(standing.judge().attributes) != statuses(base);
        Some(standing)
    }

    /// If another kind had run all cases, deviating as much.
    pub(super) fn run_by(
        &self,
        executor: Executor,
        score: &ProcessScore,
        terms: Terms,
    ) -> Standing<'a> {
        let only = |kind| (executor == kind).then_some(self.observed);
        let mut standing = Standing {
            executor,
            ai: only(Executor::Ai),
            code: only(Executor::Code),
            ai_approved: None,
            code_approved: None,
            only: Some(executor),
            ..*self
        };
        if let Some(pays_back) = pays_if_run_by(executor, score, terms) {
            standing.base.pays_back = pays_back;
            standing.pays = None;
        }
        standing
    }

    /// The verdict.
    pub(super) fn judge(&self) -> Judged {
        let by_criticality = self.tolerance.classes.get(&self.criticality).copied();
        let required_class = match self.declared_class {
            Some(class) => class,
            None if self.criticality == self.base.criticality => self.base.required_class,
            None => by_criticality.unwrap_or(Class::M),
        };
        let permissible = permissible_deviation(self.tolerance, required_class, self.size);
        let mut attributes = self.base;
        attributes.complexity = complexity_level(self.tolerance, self.size);
        attributes.frequency = frequency_level(self.tolerance, self.per_week);
        attributes.criticality = self.criticality;
        attributes.tolerance = tolerance_level(self.tolerance, required_class, permissible);
        attributes.executor = self.executor;
        attributes.required_class = required_class;
        if let Some(pays) = self.pays {
            attributes.pays_back = pays.at(self.per_week);
        }
        if !self.held {
            let status = self.held_against(self.observed, permissible);
            // As `ProcessScore::status_of` has it.
            let of_kind = |kind, side: Option<Shown>| {
                let alone = side.map_or(Status::Undetermined, |observed| {
                    self.withdrawn_by(observed, permissible)
                });
                let whole = self.withdrawn_by(self.observed, permissible);
                match (alone, self.only == Some(kind), whole) {
                    (Status::Within, ..) => Status::Within,
                    (_, true, Status::Outside) => Status::Outside,
                    (alone, ..) => alone,
                }
            };
            attributes.status = status;
            attributes.misses_too_much = self.misses_too_much(&self.observed.directions);
            attributes.ai_status = of_kind(Executor::Ai, self.ai);
            attributes.code_status = of_kind(Executor::Code, self.code);
            // As `ProcessScore::trial_of` has it.
            let trial = |kind, own, side: Option<Shown>, shadow: Option<Shown>| {
                let runs_it = self.only == Some(kind);
                let within = |status| status == Status::Within;
                TrialEvidence {
                    holds: within(own) || runs_it && within(status),
                    alone: side.map(|side| side.deviation),
                    whole: self.observed.deviation.filter(|_| runs_it),
                    approved: match kind {
                        Executor::Ai => self.ai_approved,
                        _ => self.code_approved,
                    },
                    shadow: shadow.map(|observed| self.held_against(observed, permissible)),
                    unconfirmed: runs_it && self.unconfirmed,
                }
                .trial(permissible, self.lost_too_much)
            };
            let [ai, code] = [attributes.ai_status, attributes.code_status];
            attributes.ai_shadow = trial(Executor::Ai, ai, self.ai, self.ai_shadow);
            attributes.code_shadow = trial(Executor::Code, code, self.code, self.code_shadow);
            let interval = interval_of(self.observed.deviation);
            let is_withheld = self.lost_too_much || self.observed.too_few_days;
            attributes.achieved_class = match is_withheld {
                true => TolClass::Undetermined,
                false => achieved_class(self.tolerance, interval, self.size),
            };
        } else if permissible.is_none() {
            attributes.status =
                self.with_directions(Status::NoTolerance, &self.observed.directions);
        }
        let verdict = recommend(&self.tolerance.recommendations, &attributes);
        Judged {
            attributes,
            permissible,
            recommendation: verdict.as_ref().map(|verdict| verdict.recommendation),
            rule: verdict.map(|verdict| verdict.rule_text()),
        }
    }

    /// The same where it takes a number of cases to withdraw who ran them.
    fn withdrawn_by(&self, observed: Shown, permissible: Option<f64>) -> Status {
        match self.held_against(observed, permissible) {
            Status::Outside if !observed.can_be_withdrawn => Status::Undetermined,
            status => status,
        }
    }

    /// Observed against permissible deviation, where enough of the records are there to say so.
    fn held_against(&self, observed: Shown, permissible: Option<f64>) -> Status {
        let status = match held(observed.deviation, permissible) {
            Status::Within | Status::Outside if self.lost_too_much => Status::Undetermined,
            Status::Within if observed.too_few_days => Status::Undetermined,
            status => status,
        };
        self.with_directions(status, &observed.directions)
    }
}

impl Pays {
    pub(super) fn at(&self, per_week: f64) -> PaysBack {
        if self.from.is_some_and(|from| per_week >= from) {
            PaysBack::Yes
        } else if self.not_below.is_none_or(|below| per_week < below) {
            PaysBack::No
        } else {
            PaysBack::Unknown
        }
    }
}

/// Automation pays back where the whole interval of the rate lies above the whole interval of the break-even, and does not
/// where it lies below.
fn pays(score: &ProcessScore) -> Option<Pays> {
    let break_even = score.value.as_ref()?.break_even_cases_per_week?;
    let rate = score.rate.cases_per_week.filter(|rate| *rate > 0.0)?;
    let [lower, upper] = score.rate.cases_per_week_interval?;
    let (lower, upper) = (lower / rate, upper / rate);
    let sound = |value: f64| value.is_finite() && value > 0.0;
    Some(Pays {
        from: break_even
            .upper
            .map(|cases| cases / lower)
            .filter(|cases| sound(*cases)),
        not_below: break_even
            .lower
            .map(|cases| cases / upper)
            .filter(|cases| sound(*cases)),
    })
}

/// Whether automation would pay back if people ran all cases, or none; `None` where that is not known.
fn pays_if_run_by(executor: Executor, score: &ProcessScore, terms: Terms) -> Option<PaysBack> {
    let declared = terms.catalog.processes.get(&score.id)?;
    let now = score.value.as_ref()?;
    let by = declared.automation?;
    let rate = score
        .rate
        .cases_per_week
        .zip(score.rate.cases_per_week_interval);
    let cases_per_week = rate.map(|(mean, [lower, upper])| Bounds { mean, lower, upper });
    let share = match executor {
        Executor::Ai | Executor::Code => 0.0,
        _ => 1.0,
    };
    let found = value(&ValueInput {
        cases_per_week,
        hands_on: Some(HandsOnMinutes::Declared {
            minutes: minutes_of_people(now, cases_per_week?, declared.hands_on_minutes)?,
        }),
        human_share: exactly(share),
        automation: Some(AutomationTerms::from(by)),
        hours_per_wrong_outcome: None,
        deviation: None,
        permissible_deviation: None,
        horizon_months: now.horizon_months,
    });
    Some(PaysBack::of(found.pays_back))
}

/// Minutes that people spend on a case that they run, where that is known.
pub(super) fn hands_on_minutes(score: &ProcessScore, terms: Terms) -> Option<f64> {
    let declared = terms.catalog.processes.get(&score.id);
    let declared = declared.and_then(|process| process.hands_on_minutes);
    minutes_of_people(score.value.as_ref()?, score.rate.bounds()?, declared)
}

/// Minutes of a case that people run: as they are now, else as declared.
fn minutes_of_people(now: &Value, rate: Bounds, declared: Option<f64>) -> Option<f64> {
    let share = now.human_share.map_or(0.0, |share| share.mean);
    let cases = rate.mean * share * WEEKS_PER_YEAR;
    let measured = now.hours_spent_per_year.filter(|_| cases > 0.0);
    let measured = measured.map(|hours| hours.mean / cases * MINUTES_PER_HOUR);
    measured.or(declared).filter(|minutes| *minutes > 0.0)
}

fn side(score: &ProcessScore, kind: Executor, terms: Terms) -> Option<Shown> {
    let side = score.executor_of(kind)?;
    Some(Shown::of(
        side.deviation,
        side.independence,
        side.can_be_withdrawn,
        &side.directions,
        terms.tolerance,
    ))
}

fn approved(score: &ProcessScore, kind: Executor) -> Option<Bounds> {
    score.executor_of(kind.approved())?.deviation
}

fn shadow(score: &ProcessScore, kind: Executor, terms: Terms) -> Option<Shown> {
    let side = score.shadow_of(kind)?;
    Some(Shown::of(
        side.deviation,
        side.independence,
        true,
        &[],
        terms.tolerance,
    ))
}

/// Observed against permissible deviation.
fn held(observed: Option<Bounds>, permissible: Option<f64>) -> Status {
    match observed {
        None if permissible.is_some() => Status::Undetermined,
        _ => status(interval_of(observed), permissible),
    }
}
