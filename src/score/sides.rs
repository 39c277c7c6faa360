//! A process seen side by side: people, AI and code; live cases, exercises and shadow runs.

use super::process::{Scorer, Target, durations};
use super::recommend::never_for_ai_alone;
use super::shape::{Bounds, ComparedBy, ExecutorScore, ExerciseScore, Provenance, ShadowScore};
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
                let (n, s) = (compared.runs, compared.deviation);
                let deviation = self.bounds(n, s);
                let (status, withheld) = self.shadow_status(sums, deviation, target);
                let (ready, reason) = match withheld {
                    Some(why) => (false, why),
                    None => self.readiness(*executor, status, compared.by, required_class),
                };
                let missing = [(n, s), (sums.cases, sums.deviation_sum())]
                    .map(|(n, s)| self.clean_runs_for(n, s, target));
                ShadowScore {
                    executor: *executor,
                    runs: sums.cases,
                    compared_by: compared.by,
                    compared: compared.runs,
                    like_done: self.share_of(compared.runs as f64 - compared.unlike, compared.runs),
                    deviation,
                    status,
                    ready,
                    // Clean runs that can be compared are clean of themselves as well.
                    clean_runs_missing: missing[0].zip(missing[1]).map(|(a, b)| a.max(b)),
                    reason,
                }
            })
            .collect()
    }

    /// The status of the runs that could be compared. They are not called within where all runs, by how they say themselves
    /// that they ended, are not: then it is withheld, with why. What could not be compared never makes them outside: nobody
    /// knows what it would have been like.
    fn shadow_status(
        &self,
        sums: &Sums,
        compared: Option<Bounds>,
        target: Target,
    ) -> (Status, Option<String>) {
        let status = self.status(compared, target);
        match self.bounds(sums.cases, sums.deviation_sum()) {
            Some(all) if status == Status::Within && self.status(Some(all), target) != status => {
                let why = format!(
                    "those that were compared hold what the process needs, but of all {}, compared or not, {:.2} % went wrong of themselves",
                    sums.cases,
                    100.0 * all.mean
                );
                (Status::Undetermined, Some(why))
            }
            _ => (status, None),
        }
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
}

/// Shadow runs beside what was done.
struct Compared {
    by: ComparedBy,
    /// How many could be compared.
    runs: i64,
    /// How many of them ended otherwise: a whole number for cases, an expectation for inputs.
    unlike: f64,
    /// The sum of their deviations: of each run its own, and 1 where it ended otherwise.
    deviation: f64,
}

/// Case by case where shadow runs name the case they shadow; else by input: the chance that a live run on the same input
/// ends otherwise. A run that could not be compared proves nothing, however well it says that it ended, and is not in it.
fn compared(shadow: &Sums, live: &Sums) -> Compared {
    let twins = shadow.like_twin + shadow.unlike_twin;
    if twins > 0 {
        let unlike = shadow.unlike_twin as f64;
        return Compared {
            by: ComparedBy::Case,
            runs: twins,
            unlike,
            deviation: unlike + shadow.like_twin_ppm as f64 / f64::from(ONE),
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
    let (mut runs, mut like, mut clean) = (0, 0i128, 0i128);
    for (key, count) in shadow.runs.kept().iter() {
        if let Some(outcomes) = done.get(&key.input) {
            runs += count;
            let alike = i128::from(outcomes.get(key.outcome)) * i128::from(count);
            let alike = alike * i128::from(ONE) / i128::from(outcomes.total());
            like += alike;
            // Where it ends alike it deviates by its own deviation, else by 1: each run counts once.
            clean += alike * i128::from(ONE.saturating_sub(key.deviation)) / i128::from(ONE);
        }
    }
    let beyond = |ppm: i128| (runs as f64 - ppm as f64 / f64::from(ONE)).max(0.0);
    Compared {
        by: if runs > 0 {
            ComparedBy::Input
        } else {
            ComparedBy::Nothing
        },
        runs,
        unlike: beyond(like),
        deviation: beyond(clean),
    }
}

/// Spreads below this are of the order of the bins that durations are counted in, which are 1 % wide: a test of them would
/// judge the bins.
const LEAST_SPREAD: f64 = 1.05;

/// Whether a spread is too small to be compared.
pub(super) fn is_unresolved(spread: f64) -> bool {
    spread < LEAST_SPREAD
}

/// The ratio of the 84th to the 16th percentile of the durations: robust, and free of the unit.
pub(super) fn spread(sums: &Sums) -> Option<f64> {
    let [low, high] = [0.16, 0.84].map(|q| sums.durations.quantile_seconds(q));
    let (low, high) = (low?, high?);
    (low > 0.0).then(|| high / low)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::RunKey;

    #[test]
    fn each_compared_shadow_run_counts_once_by_case() {
        // 9 ended alike, and deviate by half a case in all of themselves; 90 others failed, and nobody knows beside what.
        let mut shadow = Sums {
            cases: 100,
            like_twin: 9,
            unlike_twin: 1,
            like_twin_ppm: 500_000,
            ..Sums::default()
        };
        shadow.deviations.add(ONE, 91);
        shadow.deviations.add(500_000, 1);
        let compared = compared(&shadow, &Sums::default());
        assert_eq!((compared.by, compared.runs), (ComparedBy::Case, 10));
        assert_eq!((compared.unlike, compared.deviation), (1.0, 1.5));
    }

    #[test]
    fn each_compared_shadow_run_counts_once_by_input() {
        let key = |input, outcome, deviation| RunKey {
            input,
            outcome,
            deviation,
        };
        let (mut live, mut shadow) = (Sums::default(), Sums::default());
        live.runs.add(key(8, 1, 0), 1);
        live.runs.add(key(8, 2, 0), 1);
        // What deviates itself is nothing to be like.
        live.runs.add(key(8, 3, ONE), 5);
        // Half of them end alike, and then deviate by a half; one failed; one is on an input that nobody ran.
        shadow.runs.add(key(8, 1, 500_000), 4);
        shadow.runs.add(key(8, 3, ONE), 1);
        shadow.runs.add(key(9, 3, ONE), 1);
        let compared = compared(&shadow, &live);
        assert_eq!((compared.by, compared.runs), (ComparedBy::Input, 5));
        assert_eq!((compared.unlike, compared.deviation), (3.0, 4.0));
    }
}
