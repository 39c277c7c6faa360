//! The texts of why a process is cut into parts as it is.

use crate::score::breakup::cut_reason::CutReason;
use std::fmt::{Display, Formatter, Result};

impl Display for CutReason {
    fn fmt(&self, out: &mut Formatter) -> Result {
        match self {
            CutReason::Cut { unconfirmed } => {
                out.write_str(
                    "cut where the cases pass one activity, and at most one in five goes around it or comes back",
                )?;
                match unconfirmed {
                    true => out.write_str(
                        "; only confirmed outcomes count, and which part those are put down to is not known, so no part is called within or outside",
                    ),
                    false => Ok(()),
                }
            }
            CutReason::NoneEnded => out.write_str("no case has ended yet"),
            CutReason::TooManyActivities(most) => write!(
                out,
                "it has more than {most} activities: names that hold numbers or dates should be mapped to one"
            ),
            CutReason::NoCommonActivity => out.write_str(
                "there is no activity that every case passes: the cases go too many different ways",
            ),
            CutReason::Returns { over, places, most } => write!(
                out,
                "too many cases come back over {over} of its {places} places for a cut, most of all by {} -> {}, {:.2} times a case",
                most.from, most.to, most.per_case
            ),
            CutReason::NoTwoParts {
                passed,
                in_all,
                least_steps,
            } => write!(
                out,
                "what every case passes ({}; {in_all} in all) leaves no two parts of at least {least_steps} steps: the rest goes too many different ways, or there is too little of it",
                passed.join(", ")
            ),
        }
    }
}
