//! How long people have their hands on a case, and on how many cases.

use super::process::Scorer;
use super::shape::Bounds;
use super::value::{HandsOnMinutes, exactly};
use crate::measure::Sketch;
use crate::stats::{Interval, clopper_pearson, student_t_quantile};

/// What is known of it.
pub(super) struct HandsOn {
    /// Minutes of a case that people take part in; `None` where that is neither measured on enough cases nor declared.
    pub minutes: Option<HandsOnMinutes>,
    /// The share of such cases.
    pub human_share: Bounds,
    /// What one should know about it.
    pub note: Option<String>,
}

impl Scorer<'_> {
    /// Measured where at least half of the cases that people took part in say so, and then taken for all of these; else
    /// declared. A case without a time is one of which nothing is known, not one that nobody touched.
    pub(super) fn hands_on(&self) -> HandsOn {
        let timed = self.live.hands_on.count();
        // A step names people, or nothing says who ran it, or it has hands-on time.
        let by_people = self.live.cases - self.live.without_people;
        let declared = self.declared.hands_on_minutes;
        let declared = declared.map(|minutes| HandsOnMinutes::Declared { minutes });
        let measured = self.measured(&self.live.hands_on);
        let (minutes, note) = match measured.map(HandsOnMinutes::Measured) {
            Some(measured) if timed * 2 >= by_people => {
                let is_partial = timed < by_people;
                let others = "taken to be the same in the others";
                (Some(measured), is_partial.then_some(others))
            }
            Some(_) if declared.is_some() => (
                declared,
                Some("too few to go by: what is declared counts instead"),
            ),
            Some(_) => (None, Some("too few to go by, and none is declared")),
            // Nobody takes part any more: what it took before is saved, whatever that was.
            None if by_people == 0 => (declared.or_else(|| self.measured_before()), None),
            None => (declared, None),
        };
        HandsOn {
            minutes,
            human_share: self.human_share(by_people),
            note: note.map(|how| {
                format!(
                    "hands-on time is measured on {timed} of the {by_people} cases that people took part in: {how}"
                )
            }),
        }
    }

    /// Over the baseline, where nobody takes part any more.
    fn measured_before(&self) -> Option<HandsOnMinutes> {
        let before = self.measured(self.hands_on_before?)?;
        Some(HandsOnMinutes::Measured(before))
    }

    /// So many of the ended cases as a share, with the exact interval of Clopper and Pearson: like the other inputs of the
    /// value for the cases there are now. Where no log says who ran any, all are taken to be people's: that is assumed, not
    /// measured, and so has no interval.
    fn human_share(&self, count: i64) -> Bounds {
        if self.known_kinds().next().is_none() {
            return exactly(1.0);
        }
        let cases = self.live.cases.max(1);
        let count = count.clamp(0, cases);
        let found = clopper_pearson(count as u64, cases as u64, self.terms.tolerance.alpha);
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
    fn measured(&self, spans: &Sketch) -> Option<Bounds> {
        let mean = spans.mean_seconds()?;
        let n = spans.count() as f64;
        let squares: f64 = spans
            .bins_seconds()
            .map(|(seconds, count)| (seconds - mean).powi(2) * count as f64)
            .sum();
        let quantile = student_t_quantile(self.terms.tolerance.alpha / 2.0, n - 1.0);
        let half = match quantile {
            Some(t) if n > 1.0 => t * (squares / (n - 1.0) / n).sqrt(),
            _ => mean,
        };
        Some(Bounds {
            mean: mean / 60.0,
            lower: (mean - half).max(0.0) / 60.0,
            upper: (mean + half) / 60.0,
        })
    }
}
