//! What no decision table may recommend, whatever its rules say.

use super::Attributes;
use crate::model::{Level, Status};
use crate::rules::{Judgement, Recommendation, Trial};
use crate::score::reason::Guard;

/// What is recommended in place of what a rule says, and why; `None` if the rule may say so.
pub(super) fn guard(said: Recommendation, is: &Attributes) -> Option<(Recommendation, Guard)> {
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
        // What AI decided is shown to hold, so that it is others who miss.
        (Status::Within, _) => guard_sound_ai(is),
        (_, Level::High) if is.misses_too_much => {
            Some((Recommendation::People, Guard::MissesTooMuch))
        }
        _ if is.misses_too_much => {
            let approved = (Recommendation::AiWithApproval, Guard::MissesTooMuch);
            guard_sound_ai(is).or(Some(approved))
        }
        _ => guard_sound_ai(is),
    }
}

/// AI against which nothing speaks but what the process is, and that it has not been tried.
fn guard_sound_ai(is: &Attributes) -> Option<(Recommendation, Guard)> {
    match is.ai_shadow {
        _ if is.judgement == Judgement::Required => {
            Some((by_judgement(is), Guard::JudgementRequired))
        }
        _ if is.never_for_ai_alone() => Some((Recommendation::AiWithApproval, Guard::Irreversible)),
        Trial::Undetermined => Some((Recommendation::AiWithApproval, Guard::AiUnproven)),
        _ => None,
    }
}

fn guard_code(is: &Attributes) -> Option<(Recommendation, Guard)> {
    if is.code_shadow == Trial::Outside {
        return Some((Recommendation::People, Guard::CodeFailedTrial));
    }
    if is.code_status == Status::Outside {
        return Some((Recommendation::People, Guard::CodeOutside));
    }
    if is.misses_too_much && is.code_status != Status::Within {
        return Some((Recommendation::People, Guard::MissesTooMuch));
    }
    let required = is.judgement == Judgement::Required;
    required.then(|| (by_judgement(is), Guard::JudgementRequired))
}

/// Who runs what needs a person's judgement: AI that a person approves, if it is worth it and AI has not failed, else people.
fn by_judgement(is: &Attributes) -> Recommendation {
    let is_rare = is.frequency == Level::Low;
    let is_too_much = is.complexity == Level::ExtremelyHigh || is.criticality == Level::High;
    let has_failed = is.ai_shadow == Trial::Outside;
    match is_rare || is_too_much || has_failed {
        true => Recommendation::People,
        false => Recommendation::AiWithApproval,
    }
}
