//! The words of the decision table: what it recommends, and what its conditions may say.

use crate::model::words;
use serde::Deserialize;
use std::fmt;

words! {
    /// Who should run a process.
    pub Recommendation {
        /// Nobody can hold its tolerance as a whole.
        BreakUp = "break into sub-processes",
        /// Deterministic code.
        Code = "execute via code",
        /// An AI agent, unattended.
        Ai = "delegate to AI",
        /// An AI agent whose outcome a person approves.
        AiWithApproval = "AI with human approval",
        /// People.
        People = "keep with people",
        /// Automating it costs more than it saves.
        Leave = "leave as it is",
    }
}

impl Recommendation {
    /// How much a recommendation demands, least first. Leaving a process as it is demands nothing. AI may vary, and approval catches
    /// what varies; code does not vary; people are for what can't be automated; what must be broken up is for nobody as a whole. A
    /// process on which more hangs never has a recommendation that demands less.
    pub(crate) fn strictness(self) -> u8 {
        match self {
            Recommendation::Leave => 0,
            Recommendation::Ai => 1,
            Recommendation::AiWithApproval => 2,
            Recommendation::Code => 3,
            Recommendation::People => 4,
            Recommendation::BreakUp => 5,
        }
    }
}

words! {
    /// Whether each case needs the judgement of a person.
    pub Judgement {
        /// It does not, as far as the catalog says.
        None = "none",
        /// It does: the catalog says so.
        Required = "required",
    }
}

words! {
    /// Whether the same input always has the same outcome.
    pub Determinism {
        /// It has: declared, or shown by the cases.
        Deterministic = "deterministic",
        /// It has not: declared, or shown by the cases.
        Varying = "varying",
        /// Nothing is declared, and the cases do not show it.
        Undetermined = "undetermined",
    }
}

words! {
    /// The level of a tolerance, or that there is none.
    pub ToleranceLevel {
        /// The table has no value at this class and size.
        None = "none",
        /// Little deviation is permissible.
        Low = "low",
        /// Some.
        Medium = "medium",
        /// Much.
        High = "high",
    }
}

words! {
    /// Achieved class against required class.
    pub Precision {
        /// More precise than needed.
        Finer = "finer",
        /// As precise as needed.
        Equal = "equal",
        /// Less precise than needed: out of tolerance.
        Coarser = "coarser",
        /// Too few cases to say.
        Undetermined = "undetermined",
    }
}

words! {
    /// Whether automation pays back in time.
    pub PaysBack {
        /// It does, even at the lower ends of the intervals.
        Yes = "yes",
        /// It does not, even at the upper ends.
        No = "no",
        /// The intervals leave it open, or the hours are not declared.
        Unknown = "unknown",
    }
}

impl PaysBack {
    /// Of an answer that may be unknown.
    pub fn of(answer: Option<bool>) -> PaysBack {
        match answer {
            Some(true) => PaysBack::Yes,
            Some(false) => PaysBack::No,
            None => PaysBack::Unknown,
        }
    }
}

words! {
    /// What the shadow runs of a kind show of it, where it has still to show that it can.
    pub Trial {
        /// There are none, or nothing is left to show: what the kind runs is within already.
        None = "none",
        /// They hold what the process needs.
        Within = "within",
        /// They deviate more than the process may.
        Outside = "outside",
        /// There are some, and too few or too uncertain ones to say.
        Undetermined = "undetermined",
    }
}

/// One or several allowed words.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum OneOf<T> {
    /// `complexity: low`
    One(T),
    /// `complexity: [low, medium]`
    Many(Vec<T>),
}

impl<T: PartialEq> OneOf<T> {
    /// Whether the word is allowed.
    pub fn allows(&self, word: &T) -> bool {
        match self {
            OneOf::One(one) => one == word,
            OneOf::Many(many) => many.contains(word),
        }
    }
}

/// `low`, or `low or medium`, or `low, medium or high`.
impl<T: fmt::Display> fmt::Display for OneOf<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = match self {
            OneOf::One(one) => std::slice::from_ref(one),
            OneOf::Many(many) => many,
        };
        for (nth, word) in words.iter().enumerate() {
            match nth {
                0 => {}
                _ if nth + 1 == words.len() => f.write_str(" or ")?,
                _ => f.write_str(", ")?,
            }
            write!(f, "{word}")?;
        }
        Ok(())
    }
}
