//! The words of the decision table: what it recommends, and what its conditions may say.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Who should run a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Recommendation {
    /// Nobody can hold its tolerance as a whole.
    #[serde(rename = "break into sub-processes")]
    BreakUp,
    /// Deterministic code.
    #[serde(rename = "execute via code")]
    Code,
    /// An AI agent, unattended.
    #[serde(rename = "delegate to AI")]
    Ai,
    /// An AI agent whose outcome a person approves.
    #[serde(rename = "AI with human approval")]
    AiWithApproval,
    /// People.
    #[serde(rename = "keep with people")]
    People,
    /// Automating it costs more than it saves.
    #[serde(rename = "leave as it is")]
    Leave,
}

impl Recommendation {
    /// Every recommendation.
    pub const ALL: [Recommendation; 6] = [
        Recommendation::BreakUp,
        Recommendation::Code,
        Recommendation::Ai,
        Recommendation::AiWithApproval,
        Recommendation::People,
        Recommendation::Leave,
    ];

    /// The words used in files, metrics and pages.
    pub const fn words(self) -> &'static str {
        match self {
            Recommendation::BreakUp => "break into sub-processes",
            Recommendation::Code => "execute via code",
            Recommendation::Ai => "delegate to AI",
            Recommendation::AiWithApproval => "AI with human approval",
            Recommendation::People => "keep with people",
            Recommendation::Leave => "leave as it is",
        }
    }
}

impl fmt::Display for Recommendation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.words())
    }
}

/// The level of a tolerance, or that there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ToleranceLevel {
    /// The table has no value at this class and size.
    #[serde(rename = "none")]
    None,
    /// Little deviation is permissible.
    #[serde(rename = "low")]
    Low,
    /// Some.
    #[serde(rename = "medium")]
    Medium,
    /// Much.
    #[serde(rename = "high")]
    High,
}

impl ToleranceLevel {
    /// The word used in files, metrics and pages.
    pub const fn word(self) -> &'static str {
        match self {
            ToleranceLevel::None => "none",
            ToleranceLevel::Low => "low",
            ToleranceLevel::Medium => "medium",
            ToleranceLevel::High => "high",
        }
    }
}

impl fmt::Display for ToleranceLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// Achieved class against required class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// More precise than needed.
    Finer,
    /// As precise as needed.
    Equal,
    /// Less precise than needed: out of tolerance.
    Coarser,
    /// Too few cases to say.
    Undetermined,
}

/// Whether automation pays back in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PaysBack {
    /// It does, even at the lower ends of the intervals.
    Yes,
    /// It does not, even at the upper ends.
    No,
    /// The intervals leave it open, or the hours are not declared.
    Unknown,
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

/// What the shadow runs of a kind show of it, where it has still to show that it can.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Trial {
    /// There are none, or nothing is left to show: what the kind runs is within already.
    None,
    /// They hold what the process needs.
    Within,
    /// They deviate more than the process may.
    Outside,
    /// There are some, and too few or too uncertain ones to say.
    Undetermined,
}

impl fmt::Display for Trial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Trial::None => "none",
            Trial::Within => "within",
            Trial::Outside => "outside",
            Trial::Undetermined => "undetermined",
        })
    }
}

impl fmt::Display for Precision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Precision::Finer => "finer",
            Precision::Equal => "equal",
            Precision::Coarser => "coarser",
            Precision::Undetermined => "undetermined",
        })
    }
}

impl fmt::Display for PaysBack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            PaysBack::Yes => "yes",
            PaysBack::No => "no",
            PaysBack::Unknown => "unknown",
        })
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
