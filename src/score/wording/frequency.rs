//! The texts of why a figure of the arrivals is not given.

use crate::score::frequency::Withheld;
use std::fmt::{Display, Formatter, Result};

impl Display for Withheld {
    fn fmt(&self, out: &mut Formatter) -> Result {
        match self {
            Withheld::FewWeeks { weeks, needed } => {
                write!(out, "{weeks} whole weeks, and it takes {needed}")
            }
            Withheld::FewDays { days, needed } => {
                write!(out, "{days} whole days, and it takes {needed}")
            }
            Withheld::FewCases { cases, needed } => {
                write!(out, "{cases} cases, and it takes {needed}")
            }
            Withheld::NothingCounted => out.write_str("no case in any whole week"),
            Withheld::NotSettled => out.write_str(
                "the fit did not settle, as where nearly all cases fall into a few weeks",
            ),
            Withheld::DriverConstant => out.write_str("it did not change in these weeks"),
            Withheld::NotIdentifiable { with } => {
                write!(out, "it moves with {with}, and can't be told apart from it")
            }
            Withheld::NotCovered {
                weeks,
                needed,
                last,
                holds_days,
            } => {
                write!(
                    out,
                    "the driver file covers {weeks} of the whole weeks, and it takes {needed}; its last row, of {last}, holds for {holds_days} days, the longest step between two of its dates"
                )
            }
        }
    }
}
