//! The decision table: the first rule that fits gives the recommendation.

mod guard;
mod monotone;
#[cfg(test)]
mod tests;

pub(crate) use monotone::reversal;

use super::reason::Guard;
use super::wording::guarded;
use crate::model::{Class, Executor, Level, Status, TolClass};
use crate::rules::{
    Determinism, Judgement, OneOf, PaysBack, Precision, Recommendation, Rule, ToleranceLevel,
    Trial, When,
};
use guard::guard;
use serde::{Deserialize, Serialize};
use std::fmt::Display;

/// What the conditions of a rule speak of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attributes {
    /// Complexity level.
    pub complexity: Level,
    /// Frequency level.
    pub frequency: Level,
    /// Criticality level.
    pub criticality: Level,
    /// Tolerance level.
    pub tolerance: ToleranceLevel,
    /// Observed against permissible deviation.
    pub status: Status,
    /// Who runs it today.
    pub executor: Executor,
    /// The class it needs.
    pub required_class: Class,
    /// The class it holds.
    pub achieved_class: TolClass,
    /// Status of the cases that AI decided without approval.
    pub ai_status: Status,
    /// Status of the cases that code decided without approval.
    pub code_status: Status,
    /// Whether more is missed than is tolerated.
    pub misses_too_much: bool,
    /// What the shadow runs of AI show.
    pub ai_shadow: Trial,
    /// What the shadow runs of code show.
    pub code_shadow: Trial,
    /// Whether its action can't be undone.
    pub irreversible: bool,
    /// Whether automation pays back in time.
    pub pays_back: PaysBack,
    /// Whether each case needs the judgement of a person.
    pub judgement: Judgement,
    /// Whether the same input always has the same outcome.
    pub determinism: Determinism,
}

/// What the table says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// Who should run it.
    pub recommendation: Recommendation,
    /// Name of the rule, as the tolerance file has it. What is shown is [`Verdict::rule_text`].
    pub(super) rule: String,
    /// The rule's own words. What is shown is [`Verdict::because_text`].
    pub(super) because: String,
    /// What overruled it.
    pub(super) guard: Option<Guard>,
}

impl Verdict {
    /// What a rule says, whether it fits or not.
    pub(crate) fn of(rule: &Rule) -> Verdict {
        Verdict {
            recommendation: rule.then,
            rule: rule.name.clone(),
            because: rule.because.clone(),
            guard: None,
        }
    }

    /// The name of the rule, marked where it was overruled.
    pub(crate) fn rule_text(&self) -> String {
        match self.guard {
            None => self.rule.clone(),
            Some(_) => format!("{} (guarded)", self.rule),
        }
    }

    /// The rule's own words, and what overruled it.
    pub(crate) fn because_text(&self) -> String {
        guarded(&self.because, self.guard)
    }
}

impl Attributes {
    /// Whether AI must not run it unattended, however well it does.
    fn never_for_ai_alone(&self) -> bool {
        never_for_ai_alone(self.irreversible, self.required_class)
    }

    /// Achieved against required class.
    pub fn precision(&self) -> Precision {
        let achieved = match self.achieved_class {
            TolClass::Undetermined if self.status == Status::Outside => return Precision::Coarser,
            TolClass::Undetermined => return Precision::Undetermined,
            TolClass::None => return Precision::Coarser,
            other => other,
        };
        match achieved.cmp(&TolClass::from(self.required_class)) {
            std::cmp::Ordering::Less => Precision::Finer,
            std::cmp::Ordering::Equal => Precision::Equal,
            std::cmp::Ordering::Greater => Precision::Coarser,
        }
    }
}

/// What can't be undone and needs the finest class is never for unattended AI.
pub(super) fn never_for_ai_alone(irreversible: bool, required_class: Class) -> bool {
    irreversible && required_class == Class::F
}

/// The first rule that fits. `None` only for a table without a last rule that always fits, which validation refuses.
pub(crate) fn recommend<'a>(
    rules: impl IntoIterator<Item = &'a Rule>,
    attributes: &Attributes,
) -> Option<Verdict> {
    let mut rules = rules.into_iter();
    let rule = rules.find(|rule| fits(&rule.when, attributes))?;
    let said = Verdict::of(rule);
    Some(match guard(rule.then, attributes) {
        None => said,
        Some((recommendation, guard)) => Verdict {
            recommendation,
            guard: Some(guard),
            ..said
        },
    })
}

/// One condition of a rule, held against the attributes of a process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Condition {
    /// The attribute, as the tolerance file names it.
    pub attribute: String,
    /// What the rule allows.
    pub allowed: String,
    /// What it is.
    pub is: String,
    /// Whether that is allowed.
    pub holds: bool,
}

/// The conditions that a rule names, in the order of the tolerance file's description.
pub(crate) fn conditions(when: &When, is: &Attributes) -> Vec<Condition> {
    let mut found = Vec::new();
    each_condition(when, is, &mut |attribute, allowed, is, holds| {
        found.push(Condition {
            attribute: attribute.to_owned(),
            allowed: allowed.to_string(),
            is: is.to_string(),
            holds,
        });
    });
    found
}

fn fits(when: &When, is: &Attributes) -> bool {
    let mut fits = true;
    each_condition(when, is, &mut |_, _, _, holds| fits &= holds);
    fits
}

/// Told the name of an attribute, what is allowed, what it is, and whether it is allowed.
type Told<'a> = &'a mut dyn FnMut(&'static str, &dyn Display, &dyn Display, bool);

/// The only place that knows which condition speaks of which attribute.
fn each_condition(when: &When, is: &Attributes, told: Told) {
    fn tell<T: PartialEq + Display>(
        told: Told,
        attribute: &'static str,
        allowed: &Option<OneOf<T>>,
        is: &T,
    ) {
        if let Some(allowed) = allowed {
            told(attribute, allowed, is, allowed.allows(is));
        }
    }
    tell(told, "complexity", &when.complexity, &is.complexity);
    tell(told, "frequency", &when.frequency, &is.frequency);
    tell(told, "criticality", &when.criticality, &is.criticality);
    tell(told, "tolerance", &when.tolerance, &is.tolerance);
    tell(told, "status", &when.status, &is.status);
    tell(told, "executor", &when.executor, &is.executor);
    tell(
        told,
        "required_class",
        &when.required_class,
        &is.required_class,
    );
    tell(
        told,
        "achieved_class",
        &when.achieved_class,
        &is.achieved_class,
    );
    tell(told, "precision", &when.precision, &is.precision());
    tell(told, "ai_status", &when.ai_status, &is.ai_status);
    tell(told, "code_status", &when.code_status, &is.code_status);
    tell(told, "ai_shadow", &when.ai_shadow, &is.ai_shadow);
    tell(told, "code_shadow", &when.code_shadow, &is.code_shadow);
    tell(told, "irreversible", &when.irreversible, &is.irreversible);
    tell(told, "pays_back", &when.pays_back, &is.pays_back);
    tell(told, "judgement", &when.judgement, &is.judgement);
    tell(told, "determinism", &when.determinism, &is.determinism);
}
