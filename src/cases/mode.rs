//! The operating mode of a case: who decided it, and whether a person approved the decision before it took effect.
//!
//! It depends on the work of the case in its order and on the rules only. What happens after the end is no work
//! ([`Life::work`]), so a later approval changes nothing.

use super::event::CaseEvent;
use super::life::{Life, lifecycle};
use super::rules::ProcessRules;
use crate::model::{Executor, Lifecycle, NameId, Names};

/// The operating mode of a case.
pub(super) struct Mode {
    pub(super) executor: Executor,
    /// Whether a step of its own approved the decision, rather than that a person ended the case with it.
    pub(super) has_approval: bool,
}

/// What the work of a case is judged by.
pub(super) struct ModeTerms<'a> {
    pub(super) rule: &'a ProcessRules,
    pub(super) names: &'a Names,
    /// Whether the case has ended. The last step of an open case is no outcome yet.
    pub(super) is_complete: bool,
}

impl<'a> ModeTerms<'a> {
    /// Of a case that has ended or not.
    pub(super) fn new(
        rule: &'a ProcessRules,
        names: &'a Names,
        is_complete: bool,
    ) -> ModeTerms<'a> {
        ModeTerms {
            rule,
            names,
            is_complete,
        }
    }
}

/// The operating mode of a case with this work.
pub(super) fn mode(work: &[CaseEvent], life: &Life, terms: &ModeTerms) -> Mode {
    let (rule, names) = (terms.rule, terms.names);
    let without_approval = |executor| Mode {
        executor,
        has_approval: false,
    };
    // The decision that a reopening undid: else the correction of an error would move the error to the person who corrected it.
    let before = &work[..life.work_before_reopening.min(work.len())];
    let was_reopened = before.iter().any(|event| takes_effect(event, rule));
    let steps = if was_reopened { before } else { work };
    let is_decided = terms.is_complete || was_reopened;
    let Some(decision) = Decision::of(steps, rule, is_decided) else {
        return without_approval(only_executor(steps));
    };
    let decider = match steps[decision.at].flags.executor() {
        Executor::Unknown => only_executor(steps),
        known => known,
    };
    if !matches!(decider, Executor::Ai | Executor::Code) {
        return without_approval(decider);
    }
    match decision.approval(steps, rule, names) {
        Approved::No => without_approval(decider),
        by => Mode {
            executor: decider.approved(),
            has_approval: by == Approved::ByStep,
        },
    }
}

/// The executor of all steps that name one, if they agree.
fn only_executor(steps: &[CaseEvent]) -> Executor {
    let kinds = steps.iter().map(|event| event.flags.executor());
    let mut known = kinds.filter(|kind| *kind != Executor::Unknown);
    match known.next() {
        Some(first) if known.all(|kind| kind == first) => first,
        _ => Executor::Unknown,
    }
}

/// The step that decided a case.
struct Decision {
    /// Its place among the steps.
    at: usize,
    /// Whether catalog or mapping name it, rather than that it set the final outcome.
    is_declared: bool,
    /// The place of the step with which it took effect: the next that ends or resolves the case, else the last one.
    effect: usize,
}

impl Decision {
    /// `None` if nothing is decided yet.
    fn of(steps: &[CaseEvent], rule: &ProcessRules, is_decided: bool) -> Option<Decision> {
        let decides =
            |event: &CaseEvent| event.flags.decides() || rule.decides.contains(&event.activity);
        let declared = steps.iter().rposition(decides);
        let last = || steps.len().checked_sub(1).filter(|_| is_decided);
        let at = declared.or_else(|| sets_outcome(steps)).or_else(last)?;
        let after = &mut steps[at..].iter();
        let effect = after.position(|event| takes_effect(event, rule));
        Some(Decision {
            at,
            is_declared: declared.is_some(),
            effect: effect.map_or(steps.len() - 1, |after| at + after),
        })
    }

    /// How a person approved before the decision took effect.
    fn approval(&self, steps: &[CaseEvent], rule: &ProcessRules, names: &Names) -> Approved {
        let outcome = steps[self.at].outcome;
        let after = &steps[self.at + 1..=self.effect];
        let by_step = |event: &CaseEvent| Approval::of(event, rule, names).counts_after(outcome);
        if after.iter().any(by_step) || self.is_approved_before(steps, rule, names) {
            return Approved::ByStep;
        }
        let last = after.last().filter(|event| takes_effect(event, rule));
        match last.is_some_and(|event| Approval::of(event, rule, names).lets_it_stand()) {
            true => Approved::ByEnding,
            false => Approved::No,
        }
    }

    /// Whether the decision carries out what a person approved before.
    fn is_approved_before(&self, steps: &[CaseEvent], rule: &ProcessRules, names: &Names) -> bool {
        // A declared decision that has yet to take effect is a new one: earlier approvals were of something else.
        if self.is_declared && self.at < self.effect {
            return false;
        }
        let is_machine =
            |event: &&CaseEvent| matches!(event.flags.executor(), Executor::Ai | Executor::Code);
        let mut before = steps[..self.at]
            .iter()
            .skip_while(|event| !is_machine(event));
        before.any(|event| Approval::of(event, rule, names).counts_before())
    }
}

/// How a person approved a decision.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Approved {
    No,
    /// A person ended the case with it.
    ByEnding,
    /// By an approval, or by naming the same outcome again.
    ByStep,
}

/// Whether a decision takes effect with a step at the latest: it ends or resolves the case.
fn takes_effect(event: &CaseEvent, rule: &ProcessRules) -> bool {
    matches!(lifecycle(event, rule), Lifecycle::End | Lifecycle::Resolved)
}

/// The first of the steps that named the outcome which stands, without another one in between.
fn sets_outcome(steps: &[CaseEvent]) -> Option<usize> {
    let last = steps.iter().rposition(|event| event.outcome.is_some())?;
    let stands = steps[last].outcome;
    let other = |event: &CaseEvent| event.outcome.is_some() && event.outcome != stands;
    let from = steps[..last].iter().rposition(other).map_or(0, |at| at + 1);
    let first = steps[from..]
        .iter()
        .position(|event| event.outcome == stands);
    first.map(|at| from + at)
}

/// What a step says of the decision before it.
enum Approval<'a> {
    /// Catalog or mapping name it as an approval.
    Declared,
    /// They name the approvals, and it is none.
    NotDeclared,
    /// A step of a person, of a source and process whose approvals are not named.
    OfPerson(&'a CaseEvent, ByName),
    /// A step of another executor.
    Other,
}

impl<'a> Approval<'a> {
    fn of(event: &'a CaseEvent, rule: &ProcessRules, names: &Names) -> Approval<'a> {
        let executor = event.flags.executor();
        // An approval that has only started is none yet.
        if matches!(executor, Executor::Ai | Executor::Code) || !event.flags.takes_effect() {
            return Approval::Other;
        }
        let in_catalog = rule
            .approves
            .as_ref()
            .map(|all| all.contains(&event.activity));
        match (in_catalog, event.flags.approves()) {
            (Some(true), _) | (_, Some(true)) => Approval::Declared,
            (Some(false), _) | (_, Some(false)) => Approval::NotDeclared,
            (None, None) if executor == Executor::Human => {
                Approval::OfPerson(event, by_name(names.text(event.activity)))
            }
            (None, None) => Approval::Other,
        }
    }

    /// Whether it approves a decision before it, which named this outcome. A person who names it again approves it.
    fn counts_after(&self, outcome: NameId) -> bool {
        match self {
            Approval::Declared => true,
            Approval::OfPerson(event, by_name) => {
                let repeats = outcome.is_some() && event.outcome == outcome;
                let approves = matches!(by_name, ByName::Approves | ByName::Reviews);
                *by_name != ByName::Refuses && (repeats || approves || event.flags.reviewed())
            }
            Approval::NotDeclared | Approval::Other => false,
        }
    }

    /// Whether a person ends the case with the decision before it.
    fn lets_it_stand(&self) -> bool {
        matches!(self, Approval::OfPerson(_, by_name) if *by_name != ByName::Refuses)
    }

    /// Whether it approves what is decided or carried out after it. A review before a decision is a part of the work.
    fn counts_before(&self) -> bool {
        match self {
            Approval::Declared => true,
            Approval::OfPerson(_, by_name) => *by_name == ByName::Approves,
            Approval::NotDeclared | Approval::Other => false,
        }
    }
}

/// What the name of a step says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ByName {
    Approves,
    Reviews,
    /// It asks for an approval, or refuses it.
    Refuses,
    Nothing,
}

/// Stems of words that make a step of a person an approval.
const APPROVES: &[&str] = &["approv", "authori", "signoff", "signedoff"];
/// Words that make it one after a decision.
const REVIEWS: &[&str] = &[
    "review",
    "reviewed",
    "confirm",
    "confirmed",
    "verify",
    "verified",
    "validate",
    "validated",
    "accept",
    "accepted",
];
/// Stems of words that make it none.
const REFUSES: &[&str] = &[
    "request",
    "await",
    "wait",
    "pending",
    "unapprov",
    "disapprov",
    "unauthori",
    "reject",
    "refus",
    "deny",
    "deni",
    "declin",
    "revok",
    "expire",
    "timeout",
];
/// Whole words that do.
const REFUSES_AS_WORD: &[&str] = &[
    "ask", "asked", "need", "needs", "needed", "require", "requires", "required", "not", "no",
];

fn by_name(activity: &str) -> ByName {
    let words = words_of(activity);
    let starts = |stems: &[&str]| {
        words
            .iter()
            .any(|word| stems.iter().any(|stem| word.starts_with(stem)))
    };
    let mut pairs = words.windows(2);
    let signs_off =
        pairs.any(|pair| matches!(pair[0].as_str(), "sign" | "signed") && pair[1] == "off");
    let is_one_of = |listed: &[&str]| words.iter().any(|word| listed.contains(&word.as_str()));
    if starts(REFUSES) || is_one_of(REFUSES_AS_WORD) {
        ByName::Refuses
    } else if starts(APPROVES) || signs_off {
        ByName::Approves
    } else if is_one_of(REVIEWS) {
        ByName::Reviews
    } else {
        ByName::Nothing
    }
}

/// The words of a name, in lower case: `approve_verdict`, `Approve verdict` and `ApproveVerdict` have the same.
fn words_of(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut after_lower = false;
    for c in name.chars() {
        if !c.is_alphanumeric() || after_lower && c.is_uppercase() {
            words.push(String::new());
        }
        if c.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.extend(c.to_lowercase());
        }
        after_lower = c.is_lowercase();
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests;
