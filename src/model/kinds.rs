//! The closed sets of the vocabulary. Each prints and parses as the word used in files, metrics and pages.

use super::words::words;

words! {
    /// The executor type of a step, or the operating mode of a case. Never a person.
    pub Executor {
        /// People.
        Human = "human",
        /// An AI agent or model.
        Ai = "ai",
        /// A script, playbook or other deterministic code.
        Code = "code",
        /// Cases in several modes, or a case of which the log itself says so.
        Mixed = "mixed",
        /// The log does not say.
        Unknown = "unknown",
        /// AI decides, and a person approves before the decision takes effect. Stored by its place: new words go to the end.
        AiApproved = "ai_approved",
        /// Code decides, and a person approves before the decision takes effect.
        CodeApproved = "code_approved",
    }
}

words! {
    /// What an event means for the life of its case.
    pub Lifecycle {
        /// An ordinary step.
        Step = "step",
        /// The case ends here (until it is reopened).
        End = "end",
        /// The case is opened again.
        Reopen = "reopen",
        /// A resolved state: the case may or may not end, but going on from here is rework.
        Resolved = "resolved",
    }
}

words! {
    /// What an event tells of the execution of its activity.
    pub Transition {
        /// The activity starts.
        Start = "start",
        /// The activity completes.
        Complete = "complete",
        /// Something before or between: the activity is scheduled, assigned, suspended or resumed.
        Other = "other",
    }
}

words! {
    /// Where a case comes from. Only live cases make up the deviation of a process.
    pub Origin {
        /// Ordinary work.
        Live = "live",
        /// A drill, canary or replayed run.
        Exercise = "exercise",
        /// A run whose outcome is recorded and not acted on.
        Shadow = "shadow",
    }
}

words! {
    /// How a case went wrong, if its outcome says so. Stored by its place: new words go to the end.
    pub Direction {
        /// What should have been found was not: a missed intrusion.
        Missed = "missed",
        /// What was found was nothing: a harmless escalation.
        FalseAlarm = "false_alarm",
    }
}

words! {
    /// A level of an attribute (complexity, frequency, criticality, tolerance).
    pub Level {
        /// Cheaper than low: criticality only.
        Negligible = "negligible",
        /// Low.
        Low = "low",
        /// Medium.
        Medium = "medium",
        /// High.
        High = "high",
        /// Above high: complexity only.
        ExtremelyHigh = "extremely high",
    }
}

words! {
    /// Tolerance classes of ISO 2768-1, finest first.
    pub Class {
        /// Fine.
        F = "f",
        /// Medium.
        M = "m",
        /// Coarse.
        C = "c",
        /// Very coarse.
        V = "v",
    }
}

words! {
    /// The class a process is measured to hold.
    pub TolClass {
        /// Fine.
        F = "f",
        /// Medium.
        M = "m",
        /// Coarse.
        C = "c",
        /// Very coarse.
        V = "v",
        /// Measured, and not even very coarse is held.
        None = "none",
        /// Too few cases to say.
        Undetermined = "undetermined",
    }
}

words! {
    /// Observed deviation against the permissible one.
    pub Status {
        /// The upper bound is at most the permissible deviation.
        Within = "within",
        /// The lower bound is above the permissible deviation.
        Outside = "outside",
        /// The evidence does not decide.
        Undetermined = "undetermined",
        /// The table has no tolerance for this class and size: there is nothing to hold.
        NoTolerance = "no_tolerance",
    }
}

impl Executor {
    /// From the number it is stored as; unknown numbers read as `unknown`.
    pub fn from_code(code: u8) -> Executor {
        *Executor::ALL
            .get(usize::from(code))
            .unwrap_or(&Executor::Unknown)
    }

    /// The mode in which this executor decides and a person approves. People need no approval.
    pub fn approved(self) -> Executor {
        match self {
            Executor::Ai => Executor::AiApproved,
            Executor::Code => Executor::CodeApproved,
            other => other,
        }
    }

    /// The executor that decides in this mode, with or without approval.
    pub fn decider(self) -> Executor {
        match self {
            Executor::AiApproved => Executor::Ai,
            Executor::CodeApproved => Executor::Code,
            other => other,
        }
    }

    /// The place of this mode in tables and pages: each mode with approval follows the one without.
    pub fn rank(self) -> u8 {
        match self {
            Executor::Human => 0,
            Executor::Ai => 1,
            Executor::AiApproved => 2,
            Executor::Code => 3,
            Executor::CodeApproved => 4,
            Executor::Mixed => 5,
            Executor::Unknown => 6,
        }
    }
}

impl Lifecycle {
    /// From the number it is stored as; unknown numbers read as an ordinary step.
    pub fn from_code(code: u8) -> Lifecycle {
        *Lifecycle::ALL
            .get(usize::from(code))
            .unwrap_or(&Lifecycle::Step)
    }
}

impl Transition {
    /// What a word of a log means; `None` for a word that says nothing of the execution, such as a state of the case. Besides
    /// the words of this enum these are the transitions of XES (IEEE 1849) and usual words for start and completion.
    pub(crate) fn of_word(word: &str) -> Option<Transition> {
        const START: [&str; 4] = ["start", "started", "begin", "begun"];
        const COMPLETE: [&str; 6] = [
            "complete",
            "completed",
            "end",
            "ended",
            "finish",
            "finished",
        ];
        const OTHER: [&str; 8] = [
            "other",
            "schedule",
            "assign",
            "reassign",
            "suspend",
            "resume",
            "pi_abort",
            "ate_abort",
        ];
        let is_in = |words: &[&str]| words.iter().any(|known| known.eq_ignore_ascii_case(word));
        match word {
            _ if is_in(&START) => Some(Transition::Start),
            _ if is_in(&COMPLETE) => Some(Transition::Complete),
            _ if is_in(&OTHER) => Some(Transition::Other),
            _ => None,
        }
    }

    /// From the number it is stored as, which is one more than its place.
    pub(crate) fn from_code(code: u8) -> Option<Transition> {
        Transition::ALL
            .get(usize::from(code).checked_sub(1)?)
            .copied()
    }

    /// The number it is stored as.
    pub(crate) fn code(transition: Option<Transition>) -> u8 {
        transition.map_or(0, |transition| transition as u8 + 1)
    }
}

impl Origin {
    /// From the number it is stored as; unknown numbers read as live.
    pub fn from_code(code: u8) -> Origin {
        *Origin::ALL.get(usize::from(code)).unwrap_or(&Origin::Live)
    }
}

impl From<Class> for TolClass {
    fn from(class: Class) -> TolClass {
        match class {
            Class::F => TolClass::F,
            Class::M => TolClass::M,
            Class::C => TolClass::C,
            Class::V => TolClass::V,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_round_trip() {
        for kind in Executor::ALL {
            assert_eq!(kind.word().parse::<Executor>(), Ok(kind));
            assert_eq!(Executor::from_code(kind as u8), kind);
        }
        for class in Class::ALL {
            assert_eq!(TolClass::from(class).word(), class.word());
        }
        let error = "robot".parse::<Executor>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "`robot` is not one of human, ai, code, mixed, unknown, ai_approved, code_approved"
        );
    }

    #[test]
    fn approval_keeps_the_decider_and_people_need_none() {
        for kind in Executor::ALL {
            assert_eq!(kind.approved().decider(), kind.decider());
        }
        assert_eq!(Executor::Ai.approved(), Executor::AiApproved);
        assert_eq!(Executor::Human.approved(), Executor::Human);
        let mut ranks = Executor::ALL.map(Executor::rank);
        ranks.sort_unstable();
        assert_eq!(ranks, [0, 1, 2, 3, 4, 5, 6]);
    }
}
