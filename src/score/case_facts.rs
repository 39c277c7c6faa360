//! What the cases of a process say without any rule: how many there are, how they ended, how long they took, how they ran.

use super::follows::directly_follows;
use super::input::ProcessInput;
use super::process_score::{CaseCounts, Conformance, Durations, OutcomeScore, Share};
use crate::measure::{END, Sums};
use crate::model::NameId;
use crate::stats::categorical_variance;

/// How many live cases there are.
pub(super) fn counts(live: &Sums) -> CaseCounts {
    let variants = live.variants.sample();
    CaseCounts {
        cases: live.cases + live.open,
        open_cases: live.open,
        events: live.steps + live.open_events,
        activities: activities(live),
        variants: variants.counts.len() << variants.level,
    }
}

fn activities(sums: &Sums) -> usize {
    let mut activities: Vec<NameId> = sums.follows.iter().map(|((from, _), _)| from).collect();
    activities.dedup();
    debug_assert!(!activities.contains(&END));
    activities.len()
}

/// How live cases ended.
pub(super) fn outcome(input: &ProcessInput) -> OutcomeScore {
    let live = input.live;
    let named = |(id, count)| (input.terms.names.text(id).to_owned(), count);
    OutcomeScore {
        duration_seconds: durations(live).filter(|_| !input.is_undated()),
        outcomes: live.outcomes.iter().map(named).collect(),
        outcome_variance: (live.cases > 0).then(|| categorical_variance(live.outcomes.values())),
    }
}

/// How live cases ran.
pub(super) fn conformance(input: &ProcessInput) -> Conformance {
    let live = input.live;
    let alpha = input.terms.tolerance.alpha;
    Conformance {
        reopened: live.reopened,
        straight_through: Share::of(live.straight as f64, live.known_executor, alpha),
        directly_follows: directly_follows(live, input.terms.names),
        late: live.late,
        off_path: live.strayed,
    }
}

/// How long ended cases took.
pub(super) fn durations(sums: &Sums) -> Option<Durations> {
    Some(Durations {
        mean: sums.durations.mean_seconds()?,
        p50: sums.durations.quantile_seconds(0.5)?,
        p95: sums.durations.quantile_seconds(0.95)?,
    })
}
