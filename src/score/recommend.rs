//! The decision table: the first rule that fits gives the recommendation.

use super::reason::Guard;
use super::wording::guarded;
use crate::model::{Class, Executor, Level, Status, TolClass};
use crate::rules::{OneOf, PaysBack, Precision, Recommendation, Rule, ToleranceLevel, Trial, When};
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
    /// What the shadow runs of AI show.
    pub ai_shadow: Trial,
    /// What the shadow runs of code show.
    pub code_shadow: Trial,
    /// Whether its action can't be undone.
    pub irreversible: bool,
    /// Whether automation pays back in time.
    pub pays_back: PaysBack,
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
pub(crate) fn recommend(rules: &[Rule], attributes: &Attributes) -> Option<Verdict> {
    let rule = rules.iter().find(|rule| fits(&rule.when, attributes))?;
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

/// Whatever a table of one's own says, these are not matters of taste.
fn guard(said: Recommendation, is: &Attributes) -> Option<(Recommendation, Guard)> {
    match said {
        Recommendation::Ai => guard_ai(is),
        Recommendation::Code => guard_code(is),
        _ => None,
    }
}

fn guard_ai(is: &Attributes) -> Option<(Recommendation, Guard)> {
    if is.ai_shadow == Trial::Outside {
        return Some((Recommendation::People, Guard::AiFailedTrial));
    }
    match (is.ai_status, is.criticality) {
        (Status::Outside, Level::High) => {
            Some((Recommendation::People, Guard::AiOutsideAndCritical))
        }
        (Status::Outside, _) => Some((Recommendation::AiWithApproval, Guard::AiOutside)),
        _ if is.never_for_ai_alone() => Some((Recommendation::AiWithApproval, Guard::Irreversible)),
        _ if is.ai_shadow == Trial::Undetermined => {
            Some((Recommendation::AiWithApproval, Guard::AiUnproven))
        }
        _ => None,
    }
}

fn guard_code(is: &Attributes) -> Option<(Recommendation, Guard)> {
    if is.code_shadow == Trial::Outside {
        return Some((Recommendation::People, Guard::CodeFailedTrial));
    }
    let is_outside = is.code_status == Status::Outside;
    is_outside.then_some((Recommendation::People, Guard::CodeOutside))
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::Tolerance;

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
        ai_shadow: Trial::None,
        code_shadow: Trial::None,
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
    fn shadow_runs_have_a_say() {
        let tried = |ai_shadow| verdict(Attributes { ai_shadow, ..DESK });
        assert_eq!(tried(Trial::Within).recommendation, Recommendation::Ai);
        let open = tried(Trial::Undetermined);
        assert_eq!(open.recommendation, Recommendation::AiWithApproval);
        assert_eq!(open.rule, "forgiving-but-not-shown-yet");
        let failed = tried(Trial::Outside);
        assert_eq!(failed.recommendation, Recommendation::People);
        assert_eq!(failed.rule, "ai-failed-its-trial");
        let precise = Attributes {
            tolerance: ToleranceLevel::Low,
            ..DESK
        };
        assert_eq!(verdict(precise).recommendation, Recommendation::Code);
        let failed = Attributes {
            code_shadow: Trial::Outside,
            ..precise
        };
        assert_ne!(verdict(failed).recommendation, Recommendation::Code);
    }

    #[test]
    fn whoever_failed_in_shadow_is_not_called_by_any_table() {
        for (said, kind) in [("delegate to AI", "ai"), ("execute via code", "code")] {
            let table = table_that_says(said);
            let tried = |trial| {
                let is = match kind {
                    "ai" => Attributes {
                        ai_shadow: trial,
                        ..DESK
                    },
                    _ => Attributes {
                        code_shadow: trial,
                        ..DESK
                    },
                };
                recommend(&table.recommendations, &is).unwrap()
            };
            assert_eq!(tried(Trial::Within).recommendation.word(), said);
            let failed = tried(Trial::Outside);
            assert_eq!(failed.recommendation, Recommendation::People);
            assert!(failed.guard.is_some());
        }
    }

    #[test]
    fn whoever_is_to_be_withdrawn_is_not_left_alone_by_any_table() {
        let ai = table_that_says("delegate to AI");
        let said = |is: &Attributes| recommend(&ai.recommendations, is).unwrap();
        let outside = Attributes {
            ai_status: Status::Outside,
            ..DESK
        };
        assert_eq!(said(&DESK).recommendation, Recommendation::Ai);
        let watched = said(&outside);
        assert_eq!(watched.recommendation, Recommendation::AiWithApproval);
        assert!(watched.guard.is_some() && watched.because_text().contains("runs today"));
        let critical = Attributes {
            criticality: Level::High,
            ..outside
        };
        assert_eq!(said(&critical).recommendation, Recommendation::People);
        // Code that is outside says nothing of AI.
        let other = Attributes {
            code_status: Status::Outside,
            ..DESK
        };
        assert_eq!(said(&other).recommendation, Recommendation::Ai);
        let code = table_that_says("execute via code");
        let verdict = recommend(&code.recommendations, &other).unwrap();
        assert_eq!(verdict.recommendation, Recommendation::People);
        assert!(verdict.guard.is_some());
        let verdict = recommend(&code.recommendations, &outside).unwrap();
        assert_eq!(verdict.recommendation, Recommendation::Code);
    }

    #[test]
    fn what_does_not_pay_is_left() {
        let dear = Attributes {
            pays_back: PaysBack::No,
            ..DESK
        };
        assert_eq!(verdict(dear).recommendation, Recommendation::Leave);
    }

    fn table_that_says(recommendation: &str) -> Tolerance {
        let rule = format!(
            "recommendations:\n- {{ name: mine, then: {recommendation}, because: I say so }}\n"
        );
        let (head, _) = crate::config::tolerance::DEFAULT
            .split_once("recommendations:")
            .unwrap();
        Tolerance::parse(&format!("{head}{rule}"), std::path::Path::new("t.yaml")).unwrap()
    }

    #[test]
    fn what_cant_be_undone_is_never_given_to_unattended_ai() {
        let table = table_that_says("delegate to AI");
        let fine = Attributes {
            required_class: Class::F,
            irreversible: true,
            ..DESK
        };
        let verdict = recommend(&table.recommendations, &fine).unwrap();
        assert_eq!(verdict.recommendation, Recommendation::AiWithApproval);
        assert!(verdict.guard.is_some());
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
