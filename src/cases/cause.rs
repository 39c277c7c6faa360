//! Why a case deviates: each part that its deviation is the greatest of.

use super::facts::Facts;
use super::rules::{Assessment, RuleBook};
use crate::model::humanize::{format_days, format_span};
use crate::model::{Names, Ppm};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What makes a case deviate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CauseKind {
    /// Its outcome is not the designed one.
    Outcome,
    /// It went on after it was resolved.
    Reopened,
    /// It took longer than its limit.
    Late,
    /// It left the designed path.
    OffPath,
}

impl fmt::Display for CauseKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            CauseKind::Outcome => "outcome",
            CauseKind::Reopened => "reopened",
            CauseKind::Late => "late",
            CauseKind::OffPath => "off path",
        })
    }
}

/// One part of a deviation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cause {
    /// Which part.
    pub kind: CauseKind,
    /// How much it weighs, above 0 and up to 1; the greatest weight is the deviation of the case.
    pub weight: f64,
    /// The particulars, in words. May hold names from a log.
    pub detail: String,
}

/// The parts of a case's deviation that are above 0, the greatest first. (A shadow run may deviate for having ended
/// otherwise than what was done, too.)
pub(crate) fn causes(facts: &Facts, rules: &RuleBook, names: &Names) -> Vec<Cause> {
    let rule = rules.of(facts.process);
    let assessment = rules.assess(facts.process, (facts.outcome, facts.mapped_severity), names);
    let severity = assessment.map_or(Ppm::ZERO, Assessment::severity);
    let outcome = names.text(facts.outcome);
    let outcome = match assessment {
        Some(Assessment::Assumed(_)) => format!("`{outcome}`, assumed by its name"),
        Some(Assessment::Mapped(_)) => format!("`{outcome}`, by the mapping"),
        Some(Assessment::Declared(_)) | None => format!("`{outcome}`"),
    };
    let reopened = match facts.reopened {
        1 => "once".to_owned(),
        times => format!("{times} times"),
    };
    // Whole seconds: nobody reads microseconds of days.
    let took = format_span(facts.duration().whole_seconds());
    let late = match rule.limit {
        Some(limit) => format!("took {took}, limit {}", format_days(limit)),
        None => format!("took {took}"),
    };
    let steps = match facts.off_path {
        1 => "1 step".to_owned(),
        steps => format!("{steps} steps"),
    };
    let when = |holds: bool, weight: Ppm| if holds { weight } else { Ppm::ZERO };
    let strayed = rule.weights.path_step.times(facts.off_path);
    let parts = [
        (CauseKind::Outcome, severity, outcome),
        (
            CauseKind::Reopened,
            when(facts.reopened > 0, rule.weights.rework),
            reopened,
        ),
        (
            CauseKind::Late,
            when(facts.late, rule.weights.lateness),
            late,
        ),
        (CauseKind::OffPath, strayed, steps),
    ];
    let mut causes: Vec<(Ppm, Cause)> = parts
        .into_iter()
        .filter(|(_, weight, _)| *weight > Ppm::ZERO)
        .map(|(kind, ppm, detail)| {
            let weight = ppm.share();
            (
                ppm,
                Cause {
                    kind,
                    weight,
                    detail,
                },
            )
        })
        .collect();
    causes.sort_by_key(|(ppm, cause)| (std::cmp::Reverse(*ppm), cause.kind));
    causes.into_iter().map(|(_, cause)| cause).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cases::{Case, CaseEvent, EventFlags, EventIn, facts};
    use crate::model::{Executor, Lifecycle, NameId, Origin, SECOND_US, Time};
    use crate::rules::{Catalog, Tolerance};
    use proptest::prelude::*;
    use std::path::Path;

    const CATALOG: &str = "processes: [{id: p, outcomes: {odd: 0.25, good: 0}, duration_limit: 30s, \
         path: [a, b, c], resolved: [c]}]";

    fn judged(steps: &[(i64, usize, usize)]) -> (Facts, Vec<Cause>) {
        let mut names = Names::new();
        let catalog = Catalog::parse(CATALOG, Path::new("c.yaml")).unwrap();
        let rules = RuleBook::new(&catalog, &Tolerance::builtin(), &mut names);
        let mut case = Case::new();
        for (nth, (second, activity, outcome)) in steps.iter().enumerate() {
            let event = CaseEvent {
                time: Time(second * SECOND_US),
                sequence: 0,
                place: nth as u64,
                identity: nth as u64 + 1,
                activity: names.intern(["a", "b", "c", "d"][*activity]),
                outcome: names.intern(["", "odd", "good", "failed"][*outcome]),
                process: names.intern("p"),
                flags: EventFlags::new(Executor::Human, Lifecycle::Step, Origin::Live),
            };
            case.insert(
                EventIn {
                    event,
                    input: 0,
                    cluster: 0,
                    hands_on: 0,
                    version: NameId::NONE,
                },
                100,
            );
        }
        let facts = facts(&case, &rules, &names, None).unwrap();
        let causes = causes(&facts, &rules, &names);
        (facts, causes)
    }

    #[test]
    fn each_part_says_what_it_was() {
        let (_, causes) = judged(&[(0, 0, 0), (1, 1, 0), (2, 2, 0), (40, 1, 0), (41, 2, 1)]);
        let lines: Vec<String> = causes
            .iter()
            .map(|cause| format!("{} {} {}", cause.kind, cause.weight, cause.detail))
            .collect();
        let expected = [
            "reopened 1 once",
            "late 0.5 took 41s, limit 30s",
            "outcome 0.25 `odd`",
            "off path 0.2 2 steps",
        ];
        assert_eq!(lines, expected);
        let (_, causes) = judged(&[(0, 0, 0), (1, 1, 0), (2, 2, 3)]);
        assert_eq!(causes[0].detail, "`failed`, assumed by its name");
        assert!(judged(&[(0, 0, 0), (1, 1, 0), (2, 2, 2)]).1.is_empty());
    }

    proptest! {
        #[test]
        fn the_greatest_weight_is_the_deviation(
            steps in proptest::collection::vec((0i64..60, 0usize..4, 0usize..4), 1..12),
        ) {
            let (facts, causes) = judged(&steps);
            let greatest = causes.first().map_or(0.0, |cause| cause.weight);
            prop_assert_eq!(greatest, facts.deviation.share());
            prop_assert!(causes.windows(2).all(|pair| pair[0].weight >= pair[1].weight));
        }
    }
}
