//! Why a process is cut into parts as it is.

use super::JumpBack;

/// Why a process is cut so, or why not at all.
#[derive(Clone, Debug, PartialEq)]
pub enum CutReason {
    /// Where the cases pass one activity, and few go around it or come back.
    Cut {
        /// Whether no part has a verdict, because only confirmed outcomes count.
        unconfirmed: bool,
    },
    /// No case has ended.
    NoneEnded,
    /// There are more activities than this.
    TooManyActivities(usize),
    /// No activity is passed by every case.
    NoCommonActivity,
    /// Too many cases come back over the places for a cut.
    Returns {
        /// So many of the places.
        over: usize,
        /// Of so many.
        places: usize,
        /// Most of all by this transition.
        most: JumpBack,
    },
    /// The rest of the process does not make two parts.
    NoTwoParts {
        /// Activities that every case passes, the first ones.
        passed: Vec<String>,
        /// How many there are.
        in_all: usize,
        /// The least size of a part in steps.
        least_steps: f64,
    },
}
