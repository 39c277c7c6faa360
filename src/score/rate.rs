//! How often a process runs, with the interval that everything is decided by.

use super::bounds::Bounds;
use super::frequency::{Frequency, frequency, rate_of};
use super::input::ProcessInput;
use super::process_score::Rate;

/// When its cases began; `None` where no case was seen to.
pub(super) fn arrivals(input: &ProcessInput) -> Option<Frequency> {
    let drivers = input.declared.drivers.as_ref();
    (input.live.started() > 0 && !input.is_undated()).then(|| {
        frequency(
            input.live.starts.iter(),
            input.covered.first,
            input.covered.last,
            drivers.map(|(_, drivers)| &**drivers),
            input.terms.tolerance.alpha,
        )
    })
}

/// Cases started per week, with the interval widened for over-dispersion where that is known, and for what was lost: that of
/// independent cases would take every busy week for a change. No rate where no case was seen. Where cases ended that had all
/// begun before, none started, and the rate is 0.
pub(super) fn rate(input: &ProcessInput, arrivals: Option<&Frequency>) -> Rate {
    let live = input.live;
    let started = u64::try_from(live.started()).ok();
    let started = started.filter(|started| *started > 0 || live.cases > 0);
    let started = started.filter(|_| !input.is_undated());
    let excess = arrivals.map_or(1.0, Frequency::excess);
    let alpha = input.terms.tolerance.alpha;
    let rate = started.map(|started| rate_of(started, input.covered.weeks(), excess, alpha));
    let rate = rate.map(|rate| widened_by_loss(rate, input.loss.share()));
    Rate {
        cases_per_week: rate.map(|rate| rate.mean),
        cases_per_week_interval: rate.map(|rate| [rate.lower, rate.upper]),
    }
}

/// Lost records could have been cases that began: the rate is never lower for it, only less certain.
fn widened_by_loss(rate: Bounds, lost: f64) -> Bounds {
    let kept = 1.0 - lost;
    Bounds {
        upper: if kept > 0.0 {
            rate.upper / kept
        } else {
            rate.upper
        },
        ..rate
    }
}
