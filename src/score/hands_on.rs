//! How long people have their hands on a case, and on how many cases.

use super::bounds::{Bounds, exactly};
use super::input::ProcessInput;
use super::note::{EvidenceNote, HandsOnTaken};
use super::value::HandsOnMinutes;
use crate::measure::Sketch;
use crate::stats::{Interval, clopper_pearson, student_t_quantile};

/// What is known of it.
pub(super) struct HandsOn {
    /// Minutes of a case that people take part in; `None` where that is neither measured on enough cases nor declared.
    pub(super) minutes: Option<HandsOnMinutes>,
    /// The share of such cases.
    pub(super) human_share: Bounds,
    /// What one should know about it.
    pub(super) note: Option<EvidenceNote>,
}

/// Measured where at least half of the cases that people took part in say so, and then taken for all of these; else
/// declared. A case without a time is one of which nothing is known, not one that nobody touched.
pub(super) fn hands_on(input: &ProcessInput) -> HandsOn {
    let live = input.live;
    let alpha = input.terms.tolerance.alpha;
    let timed = live.hands_on.count();
    // A step names people, or nothing says who ran it, or it has hands-on time.
    let by_people = live.cases - live.without_people;
    let declared = input.declared.hands_on_minutes;
    let declared = declared.map(|minutes| HandsOnMinutes::Declared { minutes });
    let measured = measured(&live.hands_on, alpha).map(HandsOnMinutes::Measured);
    // Over the baseline, where nobody takes part any more.
    let before = || Some(HandsOnMinutes::Measured(measured_before(input)?));
    let (minutes, taken) = match measured {
        Some(measured) if timed * 2 >= by_people => {
            let is_partial = timed < by_people;
            (Some(measured), is_partial.then_some(HandsOnTaken::Measured))
        }
        Some(_) if declared.is_some() => (declared, Some(HandsOnTaken::Declared)),
        Some(_) => (None, Some(HandsOnTaken::Nothing)),
        // Nobody takes part any more: what it took before is saved, whatever that was.
        None if by_people == 0 => (declared.or_else(before), None),
        None => (declared, None),
    };
    HandsOn {
        minutes,
        human_share: human_share(input, by_people),
        note: taken.map(|taken| EvidenceNote::HandsOn {
            timed,
            by_people,
            taken,
        }),
    }
}

fn measured_before(input: &ProcessInput) -> Option<Bounds> {
    measured(input.hands_on_before?, input.terms.tolerance.alpha)
}

/// So many of the ended cases as a share, with the exact interval of Clopper and Pearson: like the other inputs of the value
/// for the cases there are now. Where no log says who ran any, all are taken to be people's: that is assumed, not measured,
/// and so has no interval.
fn human_share(input: &ProcessInput, count: i64) -> Bounds {
    if input.known_kinds().next().is_none() {
        return exactly(1.0);
    }
    let cases = input.live.cases.max(1);
    let count = count.clamp(0, cases);
    let found = clopper_pearson(count as u64, cases as u64, input.terms.tolerance.alpha);
    let interval = found.unwrap_or(Interval {
        lower: 0.0,
        upper: 1.0,
    });
    Bounds {
        mean: count as f64 / cases as f64,
        lower: interval.lower,
        upper: interval.upper,
    }
}

/// The mean of the cases that have any, with a t interval; of a single case anything up to twice as much.
fn measured(spans: &Sketch, alpha: f64) -> Option<Bounds> {
    let mean = spans.mean_seconds()?;
    let n = spans.count() as f64;
    let squares: f64 = spans
        .bins_seconds()
        .map(|(seconds, count)| (seconds - mean).powi(2) * count as f64)
        .sum();
    let half = match student_t_quantile(alpha / 2.0, n - 1.0) {
        Some(t) if n > 1.0 => t * (squares / (n - 1.0) / n).sqrt(),
        _ => mean,
    };
    Some(Bounds {
        mean: mean / 60.0,
        lower: (mean - half).max(0.0) / 60.0,
        upper: (mean + half) / 60.0,
    })
}
