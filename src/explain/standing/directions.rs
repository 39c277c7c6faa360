//! Where misses and false alarms stand that have a tolerance, now and after more cases.

use super::Standing;
use crate::model::{Direction, Status};
use crate::score::{DirectionScore, status_with, widened_bounds};

/// The directions that have a tolerance, by their place among all.
pub(in crate::explain) type Directions = [Option<DirectionShown>; Direction::ALL.len()];

/// Cases that went wrong in one direction, and the share that is tolerated.
#[derive(Clone, Copy, Debug)]
pub(in crate::explain) struct DirectionShown {
    cases: f64,
    wrong: f64,
    unknown: f64,
    design_effect: f64,
    tolerance: f64,
    too_few_days: bool,
    /// Whether any outcome has this direction.
    is_shown: bool,
}

/// Those of a process, or of one operating mode.
pub(super) fn shown(scores: &[DirectionScore], least_days: i64) -> Directions {
    Direction::ALL.map(|direction| {
        let of = scores.iter().find(|of| of.direction == direction)?;
        Some(DirectionShown {
            cases: of.of as f64,
            wrong: of.cases as f64,
            unknown: of.unknown_cases as f64,
            design_effect: of.independence.factor(),
            tolerance: of.tolerance?,
            too_few_days: of.independence.clusters < least_days,
            is_shown: of.is_shown,
        })
    })
}

/// After so many more cases that go wrong in none. `left` says what is left of those that count now; `is_enough`, that they end
/// on enough days.
pub(in crate::explain) fn after_more(
    directions: Directions,
    more: f64,
    is_enough: bool,
    left: impl Fn((f64, f64)) -> (f64, f64),
) -> Directions {
    directions.map(|of| {
        let of = of?;
        let (cases, wrong) = left((of.cases, of.wrong));
        let unknown = left((of.cases, of.unknown)).1;
        Some(DirectionShown {
            cases: cases + more,
            wrong,
            unknown,
            too_few_days: of.too_few_days && !is_enough,
            ..of
        })
    })
}

impl Standing<'_> {
    /// A status that is never better than that of a direction.
    pub(super) fn with_directions(&self, status: Status, directions: &Directions) -> Status {
        let each = directions.iter().flatten();
        status_with(status, each.map(|of| self.status_of_direction(of)))
    }

    /// Whether more is missed than is tolerated.
    pub(super) fn misses_too_much(&self, directions: &Directions) -> bool {
        let missed = directions[Direction::Missed as usize];
        missed.is_some_and(|of| self.status_of_direction(&of) == Status::Outside)
    }

    fn status_of_direction(&self, of: &DirectionShown) -> Status {
        let (alpha, lost) = (self.tolerance.alpha, self.lost);
        let bounds = |wrong| widened_bounds(of.cases, wrong, of.design_effect, alpha, lost);
        let unknown_share = of.unknown / of.cases.max(1.0);
        let is_known = of.is_shown && unknown_share <= self.tolerance.most_unknown;
        if self.lost_too_much || of.cases <= of.unknown {
            Status::Undetermined
        } else if bounds(of.wrong).lower > of.tolerance {
            Status::Outside
        } else if bounds(of.wrong + of.unknown).upper <= of.tolerance
            && is_known
            && !of.too_few_days
        {
            Status::Within
        } else {
            Status::Undetermined
        }
    }
}
