//! A process seen side by side: people, AI and code; live cases, exercises and shadow runs.

use super::process::{Scorer, Target, durations};
use super::recommend::never_for_ai_alone;
use super::shape::{ComparedBy, ExecutorScore, ExerciseScore, Provenance, ShadowScore};
use crate::measure::{Counts, Sums};
use crate::model::{Class, Executor, Hour, NameId, ONE, Origin, Status};
use std::collections::BTreeMap;

impl Scorer<'_> {
    /// Each kind of executor that ended live cases.
    pub(super) fn executors(&self, target: Target) -> Vec<ExecutorScore> {
        let parts = self.parts.parts.iter();
        parts
            .filter(|((_, origin), sums)| *origin == Origin::Live && sums.cases > 0)
            .map(|((executor, _), sums)| {
                let deviation = self.deviation(sums);
                let started = sums.started();
                ExecutorScore {
                    executor: *executor,
                    cases: sums.cases,
                    cases_per_week: (started > 0).then(|| started as f64 / self.weeks),
                    deviation,
                    status: self.status(deviation, target),
                    achieved_class: self.achieved(deviation, target),
                    capability: target
                        .permissible
                        .zip(deviation)
                        .map(|(t, deviation)| t / deviation.upper),
                    duration_seconds: durations(sums),
                    duration_spread: spread(sums),
                    provenance: self.provenance(sums),
                }
            })
            .collect()
    }

    /// Who vouches for the outcomes of some sums.
    pub(super) fn provenance(&self, sums: &Sums) -> Provenance {
        let stands_since: Hour = self.as_of.plus(-self.terms.tolerance.stands_after).hour();
        let (mut stood, mut young) = (0, 0);
        for (hour, count) in sums.self_declared.iter() {
            if hour < stands_since {
                stood += count;
            } else {
                young += count;
            }
        }
        // Where nothing could be seen to be reopened, standing is no proof.
        if sums.settled == 0 {
            (stood, young) = (0, stood + young);
        }
        Provenance {
            confirmed: sums.confirmed.total(),
            stood,
            self_declared: young,
        }
    }

    /// Exercises beside live cases.
    pub(super) fn exercise(&self) -> Option<ExerciseScore> {
        let sums = self.parts.of_origin(Origin::Exercise);
        if sums.cases <= 0 {
            return None;
        }
        let deviation = self.deviation(&sums);
        let live_deviation = self.deviation(self.live);
        let apart = deviation.zip(live_deviation).map(|(a, b)| {
            // Two sequences of 95 % that do not meet: the difference is real with at least 90 %, whenever it is looked at.
            a.lower > b.upper || b.lower > a.upper
        });
        Some(ExerciseScore {
            cases: sums.cases,
            deviation,
            counted: self.declared.exercises_count,
            live_deviation,
            differs_from_live: apart,
        })
    }

    /// Shadow runs by kind, and whether the process is ready to be delegated to it.
    pub(super) fn shadow(&self, target: Target, required_class: Class) -> Vec<ShadowScore> {
        let parts = self.parts.parts.iter();
        parts
            .filter(|((_, origin), sums)| *origin == Origin::Shadow && sums.cases > 0)
            .map(|((executor, _), sums)| {
                let compared = compared(sums, self.live);
                // A shadow run that could not be compared proves nothing, however well it says that it ended; one that
                // says itself that it went wrong counts.
                let own = self.deviation_of_uncompared(sums, &compared);
                let (n, s) = (
                    compared.runs,
                    (compared.unlike + own).min(compared.runs as f64),
                );
                let deviation = self.bounds(n, s);
                let status = self.status(deviation, target);
                let (ready, reason) =
                    self.readiness(*executor, status, compared.by, required_class);
                ShadowScore {
                    executor: *executor,
                    runs: sums.cases,
                    compared_by: compared.by,
                    compared: compared.runs,
                    like_done: self.share_of(compared.runs as f64 - compared.unlike, compared.runs),
                    deviation,
                    status,
                    ready,
                    clean_runs_missing: self.clean_runs_for(n, s, target),
                    reason,
                }
            })
            .collect()
    }

    /// Whether shadow runs of a status make it ready to be delegated to their kind, and why.
    fn readiness(
        &self,
        executor: Executor,
        status: Status,
        by: ComparedBy,
        required_class: Class,
    ) -> (bool, String) {
        let irreversible = self.declared.irreversible;
        let never = executor == Executor::Ai && never_for_ai_alone(irreversible, required_class);
        let reason = match (status, by) {
            (Status::Within, _) if never => {
                "its shadow runs hold what the process needs, but its action can't be undone and it needs class f: never for unattended AI"
            }
            (Status::Within, _) => "its shadow runs hold what the process needs",
            (_, ComparedBy::Nothing) => {
                "no shadow run could be compared with what was done: map `parent` to the case that each one shadows, or `input`"
            }
            _ => return (false, format!("its shadow runs are {status}")),
        };
        (status == Status::Within && !never, reason.to_owned())
    }

    /// Deviations that shadow runs have of themselves, beyond those that come from ending otherwise than what was done.
    fn deviation_of_uncompared(&self, sums: &Sums, compared: &Compared) -> f64 {
        match compared.by {
            // There they are in the deviation of the case already, as the greatest part.
            ComparedBy::Case => (sums.deviation_sum() - compared.unlike).max(0.0),
            ComparedBy::Input | ComparedBy::Nothing => sums.deviation_sum(),
        }
    }
}

/// Shadow runs beside what was done.
struct Compared {
    by: ComparedBy,
    /// How many could be compared.
    runs: i64,
    /// How many of them ended otherwise: a whole number for cases, an expectation for inputs.
    unlike: f64,
}

/// Case by case where shadow runs name the case they shadow; else by input: the chance that a live run on the same input
/// ends otherwise.
fn compared(shadow: &Sums, live: &Sums) -> Compared {
    let twins = shadow.like_twin + shadow.unlike_twin;
    if twins > 0 {
        return Compared {
            by: ComparedBy::Case,
            runs: twins,
            unlike: shadow.unlike_twin as f64,
        };
    }
    let mut done: BTreeMap<u64, Counts<NameId>> = BTreeMap::new();
    for (key, count) in live
        .runs
        .kept()
        .iter()
        .filter(|(key, _)| key.deviation == 0)
    {
        let outcomes = done.entry(key.input).or_default();
        outcomes.add(key.outcome, count);
    }
    // In integers: the order of the names' numbers must not matter.
    let (mut runs, mut like) = (0, 0i128);
    for (key, count) in shadow.runs.kept().iter() {
        if let Some(outcomes) = done.get(&key.input) {
            runs += count;
            let alike = i128::from(outcomes.get(key.outcome)) * i128::from(count);
            like += alike * i128::from(ONE) / i128::from(outcomes.total());
        }
    }
    Compared {
        by: if runs > 0 {
            ComparedBy::Input
        } else {
            ComparedBy::Nothing
        },
        runs,
        unlike: (runs as f64 - like as f64 / f64::from(ONE)).max(0.0),
    }
}

/// The ratio of the 84th to the 16th percentile of the durations: robust, and free of the unit.
fn spread(sums: &Sums) -> Option<f64> {
    let [low, high] = [0.16, 0.84].map(|q| sums.durations.quantile_seconds(q));
    let (low, high) = (low?, high?);
    (low > 0.0).then(|| high / low)
}
