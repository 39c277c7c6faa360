//! The decision table: the first rule that fits gives the recommendation.

use super::shape::ProcessScore;
use crate::config::tolerance::{
    OneOf, PaysBack, Precision, Recommendation, Rule, ToleranceLevel, When,
};
use crate::model::{Class, Executor, Level, Status, TolClass};
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
    /// Status of the cases that AI ran alone.
    pub ai_status: Status,
    /// Status of the cases that code ran alone.
    pub code_status: Status,
    /// Whether its action can't be undone.
    pub irreversible: bool,
    /// Whether automation pays back in time.
    pub pays_back: PaysBack,
}

/// What the table says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Who should run it.
    pub recommendation: Recommendation,
    /// Name of the rule.
    pub rule: String,
    /// The rule's own words.
    pub because: String,
}

impl Attributes {
    /// Those that a score was judged by; `None` where there was no verdict for want of them.
    pub fn of(score: &ProcessScore) -> Option<Attributes> {
        score.rule.as_ref()?;
        Some(Attributes {
            complexity: score.complexity?,
            frequency: score.frequency?,
            criticality: score.criticality,
            tolerance: score.tolerance?,
            status: score.status,
            executor: score.executor,
            required_class: score.required_class,
            achieved_class: score.achieved_class,
            ai_status: score.status_of(Executor::Ai),
            code_status: score.status_of(Executor::Code),
            irreversible: score.irreversible,
            pays_back: score.pays_back,
        })
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

/// The first rule that fits. `None` only for a table without a last rule that always fits, which validation refuses.
pub fn recommend(rules: &[Rule], attributes: &Attributes) -> Option<Verdict> {
    let rule = rules.iter().find(|rule| fits(&rule.when, attributes))?;
    let fine_for_good = attributes.irreversible && attributes.required_class == Class::F;
    if rule.then == Recommendation::Ai && fine_for_good {
        // Whatever a table of one's own says: this is not a matter of taste.
        return Some(Verdict {
            recommendation: Recommendation::AiWithApproval,
            rule: format!("{} (guarded)", rule.name),
            because: format!(
                "{}; but its action can't be undone and it needs class f, so AI is never recommended unattended",
                rule.because
            ),
        });
    }
    Some(Verdict {
        recommendation: rule.then,
        rule: rule.name.clone(),
        because: rule.because.clone(),
    })
}

/// One condition of a rule, held against the attributes of a process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Condition {
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
pub fn conditions(when: &When, is: &Attributes) -> Vec<Condition> {
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
    tell(told, "irreversible", &when.irreversible, &is.irreversible);
    tell(told, "pays_back", &when.pays_back, &is.pays_back);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::tolerance::Tolerance;

    const DESK: Attributes = Attributes {
        complexity: Level::Low,
        frequency: Level::High,
        criticality: Level::Low,
        tolerance: ToleranceLevel::High,
        status: Status::Undetermined,
        executor: Executor::Human,
        required_class: Class::C,
        achieved_class: TolClass::Undetermined,
        ai_status: Status::Undetermined,
        code_status: Status::Undetermined,
        irreversible: false,
        pays_back: PaysBack::Unknown,
    };

    fn verdict(attributes: Attributes) -> Verdict {
        recommend(&Tolerance::builtin().recommendations, &attributes).unwrap()
    }

    #[test]
    fn the_three_reference_scenarios() {
        assert_eq!(verdict(DESK).recommendation, Recommendation::Ai);
        let incident = Attributes {
            complexity: Level::ExtremelyHigh,
            frequency: Level::Low,
            criticality: Level::High,
            tolerance: ToleranceLevel::Medium,
            required_class: Class::F,
            ..DESK
        };
        assert_eq!(verdict(incident).recommendation, Recommendation::BreakUp);
        let isolate = Attributes {
            complexity: Level::Medium,
            tolerance: ToleranceLevel::Low,
            ..incident
        };
        assert_eq!(verdict(isolate).recommendation, Recommendation::Code);
    }

    #[test]
    fn evidence_overturns_levels() {
        let failing = Attributes {
            ai_status: Status::Outside,
            ..DESK
        };
        assert_eq!(
            verdict(failing).recommendation,
            Recommendation::AiWithApproval
        );
        let critical = Attributes {
            criticality: Level::High,
            ..failing
        };
        assert_eq!(verdict(critical).recommendation, Recommendation::People);
        let code = Attributes {
            code_status: Status::Outside,
            ..DESK
        };
        assert_eq!(verdict(code).recommendation, Recommendation::People);
    }

    #[test]
    fn what_does_not_pay_is_left() {
        let dear = Attributes {
            pays_back: PaysBack::No,
            ..DESK
        };
        assert_eq!(verdict(dear).recommendation, Recommendation::Leave);
    }

    #[test]
    fn what_cant_be_undone_is_never_given_to_unattended_ai() {
        let always_ai =
            "recommendations:\n- { name: mine, then: delegate to AI, because: I say so }\n";
        let (head, _) = crate::config::tolerance::DEFAULT
            .split_once("recommendations:")
            .unwrap();
        let text = format!("{head}{always_ai}");
        let table = Tolerance::parse(&text, std::path::Path::new("t.yaml")).unwrap();
        let fine = Attributes {
            required_class: Class::F,
            irreversible: true,
            ..DESK
        };
        let verdict = recommend(&table.recommendations, &fine).unwrap();
        assert_eq!(verdict.recommendation, Recommendation::AiWithApproval);
        assert!(verdict.rule.contains("guarded"));
        let coarse = Attributes {
            required_class: Class::C,
            ..fine
        };
        let verdict = recommend(&table.recommendations, &coarse).unwrap();
        assert_eq!(verdict.recommendation, Recommendation::Ai);
    }

    #[test]
    fn every_combination_of_levels_gets_an_answer() {
        let rules = Tolerance::builtin().recommendations;
        let tolerances = [
            ToleranceLevel::None,
            ToleranceLevel::Low,
            ToleranceLevel::Medium,
            ToleranceLevel::High,
        ];
        for complexity in [Level::Low, Level::Medium, Level::High, Level::ExtremelyHigh] {
            for frequency in [Level::Low, Level::Medium, Level::High] {
                for criticality in [Level::Negligible, Level::Low, Level::Medium, Level::High] {
                    for tolerance in tolerances {
                        let attributes = Attributes {
                            complexity,
                            frequency,
                            criticality,
                            tolerance,
                            ..DESK
                        };
                        assert!(recommend(&rules, &attributes).is_some());
                    }
                }
            }
        }
    }

    #[test]
    fn precision_compares_classes() {
        let with = |achieved_class, status| {
            Attributes {
                achieved_class,
                status,
                ..DESK
            }
            .precision()
        };
        assert_eq!(with(TolClass::M, Status::Within), Precision::Finer);
        assert_eq!(with(TolClass::C, Status::Within), Precision::Equal);
        assert_eq!(with(TolClass::V, Status::Outside), Precision::Coarser);
        assert_eq!(with(TolClass::None, Status::Outside), Precision::Coarser);
        assert_eq!(
            with(TolClass::Undetermined, Status::Outside),
            Precision::Coarser
        );
        assert_eq!(
            with(TolClass::Undetermined, Status::Undetermined),
            Precision::Undetermined
        );
    }
}
