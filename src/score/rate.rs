//! How often it runs, with the interval that everything is decided by.

use super::frequency::{Frequency, rate_of};
use super::process::Scorer;
use super::shape::Bounds;

impl Scorer<'_> {
    /// Cases started per week, with the interval widened for over-dispersion where that is known; `None` where none was seen.
    /// Where cases ended that had all begun before, none started, and the rate is 0. That of independent cases would take every busy week for a change.
    pub(super) fn rate(&self, arrivals: Option<&Frequency>) -> Option<Bounds> {
        let started = u64::try_from(self.live.started()).ok()?;
        let excess = arrivals.map_or(1.0, Frequency::excess);
        let alpha = self.terms.tolerance.alpha;
        (started > 0 || self.live.cases > 0)
            .then(|| rate_of(started, self.covered.weeks(), excess, alpha))
    }

    /// Lost records could have been cases that began: the rate is never lower for it, only less certain.
    pub(super) fn widened_by_loss(&self, rate: Bounds) -> Bounds {
        let kept = 1.0 - self.loss.share();
        Bounds {
            upper: if kept > 0.0 {
                rate.upper / kept
            } else {
                rate.upper
            },
            ..rate
        }
    }
}
