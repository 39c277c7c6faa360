//! Where a process stands, and where it would stand if one thing were otherwise.

use crate::config::tolerance::{Recommendation, Tolerance};
use crate::model::{Class, Level, Status, TolClass};
use crate::score::Terms;
use crate::score::recommend::{Attributes, recommend};
use crate::score::shape::ProcessScore;
use crate::score::table::{
    achieved_class, complexity_level, frequency_level, permissible_deviation, status,
    tolerance_level,
};
use crate::stats::Interval;

/// What the verdict follows from, one field for each thing that could be otherwise.
#[derive(Clone, Copy, Debug)]
pub(super) struct Standing<'a> {
    pub(super) tolerance: &'a Tolerance,
    /// What is not recalculated stays as it is.
    pub(super) base: Attributes,
    pub(super) declared_class: Option<Class>,
    /// Status and class follow from more than interval and size: they stay as they are.
    pub(super) held: bool,
    pub(super) size: f64,
    pub(super) per_week: f64,
    pub(super) observed: Option<Interval>,
    pub(super) criticality: Level,
    pub(super) executor: crate::model::Executor,
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
        let base = Attributes::of(score)?;
        let declared = terms.catalog.processes.get(&score.id);
        let mut standing = Standing {
            tolerance: terms.tolerance,
            base,
            declared_class: declared.and_then(|process| process.class),
            held: false,
            size: score.nominal_size_steps?,
            per_week: score.cases_per_week?,
            observed: score.deviation.map(|d| Interval {
                lower: d.lower,
                upper: d.upper,
            }),
            criticality: score.criticality,
            executor: score.executor,
        };
        let now = standing.judge().attributes;
        standing.held = (now.status, now.achieved_class) != (base.status, base.achieved_class);
        Some(standing)
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
        let (status, achieved_class) = self.status_and_class(permissible);
        let mut attributes = self.base;
        attributes.complexity = complexity_level(self.tolerance, self.size);
        attributes.frequency = frequency_level(self.tolerance, self.per_week);
        attributes.criticality = self.criticality;
        attributes.tolerance = tolerance_level(self.tolerance, permissible);
        attributes.status = status;
        attributes.executor = self.executor;
        attributes.required_class = required_class;
        attributes.achieved_class = achieved_class;
        let verdict = recommend(&self.tolerance.recommendations, &attributes);
        Judged {
            attributes,
            permissible,
            recommendation: verdict.as_ref().map(|verdict| verdict.recommendation),
            rule: verdict.map(|verdict| verdict.rule),
        }
    }

    fn status_and_class(&self, permissible: Option<f64>) -> (Status, TolClass) {
        let unknown = Interval {
            lower: 0.0,
            upper: 1.0,
        };
        let observed = self.observed.unwrap_or(unknown);
        let achieved = achieved_class(self.tolerance, observed, self.size);
        match permissible {
            None => (Status::NoTolerance, achieved),
            Some(_) if self.held => (self.base.status, self.base.achieved_class),
            Some(_) if self.observed.is_none() => (Status::Undetermined, achieved),
            Some(_) => (status(observed, permissible), achieved),
        }
    }
}
