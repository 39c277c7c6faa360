//! A part against the tolerance table and the decision table.

use super::BreakUpTerms;
use crate::model::{Executor, Level, Status, TolClass};
use crate::rules::{PaysBack, ToleranceLevel, Trial};
use crate::score::bounds::{Bounds, interval_of, mean_exceeds_limit, widened_bounds};
use crate::score::recommend::{Attributes, Verdict, recommend};
use crate::score::table::{
    achieved_class, complexity_level, frequency_level, permissible_deviation, status,
    tolerance_level,
};

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
    pub(super) fn new(
        terms: &BreakUpTerms,
        size: f64,
        entries_per_week: Option<f64>,
        entries: i64,
        blamed: Option<f64>,
    ) -> Judged {
        let tolerance = terms.tolerance;
        let permissible = permissible_deviation(tolerance, terms.required_class, size);
        let deviation = blamed.and_then(|sum| bounds(terms, entries, sum));
        let interval = interval_of(deviation);
        let status = match deviation {
            None if permissible.is_some() => Status::Undetermined,
            _ => match status(interval, permissible) {
                Status::Within | Status::Outside if terms.lost_too_much => Status::Undetermined,
                Status::Within if terms.too_few_days => Status::Undetermined,
                status => status,
            },
        };
        let achieved_class = match terms.lost_too_much || terms.too_few_days {
            true => TolClass::Undetermined,
            false => achieved_class(tolerance, interval, size),
        };
        let mut judged = Judged {
            complexity: complexity_level(tolerance, size),
            frequency: entries_per_week.map(|rate| frequency_level(tolerance, rate)),
            tolerance: tolerance_level(tolerance, terms.required_class, permissible),
            permissible_deviation: permissible,
            deviation,
            status,
            achieved_class,
            verdict: None,
        };
        judged.verdict = judged
            .attributes(terms)
            .and_then(|is| recommend(&tolerance.recommendations, &is));
        judged
    }

    fn attributes(&self, terms: &BreakUpTerms) -> Option<Attributes> {
        // Who runs a part is taken to be who runs the whole; what is outside as a whole is so in each part that is not shown
        // to hold.
        let of_kind = |kind, whole| {
            let own = match terms.executor == kind {
                true => self.status,
                false => Status::Undetermined,
            };
            match (own, whole) {
                (Status::Undetermined, Status::Outside) => Status::Outside,
                _ => own,
            }
        };
        let leans = self
            .deviation
            .zip(self.permissible_deviation)
            .is_some_and(|(deviation, t)| mean_exceeds_limit(deviation, t));
        // Shadow runs are of the whole, and say of a part no more than that something was tried; so does what a kind runs
        // with a mean that is too high.
        let of_whole = |kind, trial| match trial {
            Trial::None if !(leans && terms.executor == kind) => Trial::None,
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
            ai_status: of_kind(Executor::Ai, terms.ai_status),
            code_status: of_kind(Executor::Code, terms.code_status),
            misses_too_much: terms.misses_too_much,
            ai_shadow: of_whole(Executor::Ai, terms.ai_shadow),
            code_shadow: of_whole(Executor::Code, terms.code_shadow),
            irreversible: terms.irreversible,
            // What automating a part would cost is declared nowhere.
            pays_back: PaysBack::Unknown,
            judgement: terms.judgement,
            determinism: terms.determinism,
        })
    }
}

/// As those of the whole. `None` where more was put down to the part than can be: a case that deviates must have come in.
fn bounds(terms: &BreakUpTerms, entries: i64, sum: f64) -> Option<Bounds> {
    let n = entries as f64;
    let is_sound = entries > 0 && sum <= n;
    is_sound.then(|| {
        let alpha = terms.tolerance.alpha;
        widened_bounds(n, sum, terms.design_effect, alpha, terms.lost)
    })
}
