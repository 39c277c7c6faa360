//! A part against the tolerance table and the decision table.

use super::BreakUpTerms;
use crate::config::tolerance::{PaysBack, ToleranceLevel, Trial};
use crate::model::{Executor, Level, Status, TolClass};
use crate::score::recommend::{Attributes, Verdict, recommend};
use crate::score::shape::Bounds;
use crate::score::table::{
    achieved_class, complexity_level, frequency_level, permissible_deviation, status,
    tolerance_level,
};
use crate::stats::{Interval, confidence_sequence};

/// What the tables say of a part.
pub(super) struct Judged {
    pub complexity: Level,
    pub frequency: Option<Level>,
    pub tolerance: ToleranceLevel,
    pub permissible_deviation: Option<f64>,
    pub deviation: Option<Bounds>,
    pub status: Status,
    pub achieved_class: TolClass,
    pub verdict: Option<Verdict>,
}

impl Judged {
    /// A part of so many steps that is entered so often; `blamed` is the sum of the deviations that are put down to it,
    /// `None` if nothing could be.
    pub fn new(
        terms: &BreakUpTerms,
        size: f64,
        entries_per_week: Option<f64>,
        entries: i64,
        blamed: Option<f64>,
    ) -> Judged {
        let tolerance = terms.tolerance;
        let permissible = permissible_deviation(tolerance, terms.required_class, size);
        let deviation = blamed.and_then(|sum| bounds(entries, sum, tolerance.alpha));
        let interval = deviation.map_or(
            Interval {
                lower: 0.0,
                upper: 1.0,
            },
            |deviation| Interval {
                lower: deviation.lower,
                upper: deviation.upper,
            },
        );
        let mut judged = Judged {
            complexity: complexity_level(tolerance, size),
            frequency: entries_per_week.map(|rate| frequency_level(tolerance, rate)),
            tolerance: tolerance_level(tolerance, permissible),
            permissible_deviation: permissible,
            deviation,
            status: match deviation {
                None if permissible.is_some() => Status::Undetermined,
                _ => status(interval, permissible),
            },
            achieved_class: achieved_class(tolerance, interval, size),
            verdict: None,
        };
        judged.verdict = judged
            .attributes(terms)
            .and_then(|is| recommend(&tolerance.recommendations, &is));
        judged
    }

    fn attributes(&self, terms: &BreakUpTerms) -> Option<Attributes> {
        // Who runs a part is taken to be who runs the whole.
        let of_kind = |kind| match terms.executor == kind {
            true => self.status,
            false => Status::Undetermined,
        };
        // Shadow runs are of the whole, and say of a part no more than that something was tried.
        let of_whole = |trial| match trial {
            Trial::None => Trial::None,
            _ => Trial::Undetermined,
        };
        Some(Attributes {
            complexity: self.complexity,
            frequency: self.frequency?,
            criticality: terms.criticality,
            tolerance: self.tolerance,
            status: self.status,
            executor: terms.executor,
            required_class: terms.required_class,
            achieved_class: self.achieved_class,
            ai_status: of_kind(Executor::Ai),
            code_status: of_kind(Executor::Code),
            ai_shadow: of_whole(terms.ai_shadow),
            code_shadow: of_whole(terms.code_shadow),
            irreversible: terms.irreversible,
            // What automating a part would cost is declared nowhere.
            pays_back: PaysBack::Unknown,
        })
    }
}

/// `None` where more was put down to the part than can be: a case that deviates must have come in.
fn bounds(entries: i64, sum: f64, alpha: f64) -> Option<Bounds> {
    let n = entries as f64;
    let ci = (entries > 0 && sum <= n).then(|| confidence_sequence(n, sum, alpha))?;
    Some(Bounds {
        mean: sum / n,
        lower: ci.lower,
        upper: ci.upper,
    })
}
