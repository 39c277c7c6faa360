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
                    cases_per_week: (started > 0).then(|| started as f64 / self.covered.weeks()),
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
                let (n, s) = (compared.all(), compared.deviation);
                let deviation = self.bounds(n, s);
                let (status, withheld) = self.shadow_status(sums, deviation, target);
                let (ready, reason) = match withheld {
                    Some(why) => (false, why),
                    None => {
                        self.readiness(*executor, status, compared.by(), target, required_class)
                    }
                };
                let missing = [(n, s), (sums.cases, sums.deviation_sum())]
                    .map(|(n, s)| self.clean_runs_for(n, s, target));
                // Where there are so many that a sample is kept, as few of what comes count.
                let by_case = sums.twins.sample().level;
                let sampled = by_case.max(sums.runs.sample().level);
                let missing = [missing[0].map(|runs| runs << sampled), missing[1]];
                ShadowScore {
                    executor: *executor,
                    runs: sums.cases,
                    compared_by: compared.by(),
                    compared: n,
                    like_done: self.share_of(n as f64 - compared.unlike, n),
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
        target: Target,
        required_class: Class,
    ) -> (bool, String) {
        let live = self.parts.parts.get(&(executor, Origin::Live));
        let is_out =
            live.is_some_and(|sums| self.status(self.deviation(sums), target) == Status::Outside);
        let irreversible = self.declared.irreversible;
        let never = executor == Executor::Ai && never_for_ai_alone(irreversible, required_class);
        let reason = match (status, by) {
            (Status::Within, _) if never => {
                "its shadow runs hold what the process needs, but its action can't be undone and it needs class f: never for unattended AI"
            }
            (Status::Within, _) if is_out => {
                "its shadow runs hold what the process needs, but the live cases that it runs do not"
            }
            (Status::Within, _) => "its shadow runs hold what the process needs",
            (_, ComparedBy::Nothing) => {
                "no shadow run could be compared with what was done: map `parent` to the case that each one shadows, or `input`"
            }
            _ => return (false, format!("its shadow runs are {status}")),
        };
        (
            status == Status::Within && !never && !is_out,
            reason.to_owned(),
        )
    }
}

/// Shadow runs beside what was done.
#[derive(Debug, Default, PartialEq)]
struct Compared {
    /// By the case that they name.
    by_case: i64,
    /// By input.
    by_input: i64,
    /// How many ended otherwise: an expectation where several shadow the same.
    unlike: f64,
    /// The sum of their deviations: of each run its own, and 1 where it ended otherwise.
    deviation: f64,
}

impl Compared {
    /// How many comparisons there are: each live case stands in one, however many runs shadow it.
    fn all(&self) -> i64 {
        self.by_case + self.by_input
    }

    fn by(&self) -> ComparedBy {
        match (self.by_case > 0, self.by_input > 0) {
            (true, true) => ComparedBy::CaseAndInput,
            (true, false) => ComparedBy::Case,
            (false, true) => ComparedBy::Input,
            (false, false) => ComparedBy::Nothing,
        }
    }

    /// Adds so many comparisons, in which this share of `runs` ended alike and this share of them was clean as well.
    fn add(&mut self, comparisons: i64, runs: i64, like_ppm: i128, clean_ppm: i128) {
        let share = |ppm: i128| ppm as f64 / (f64::from(ONE) * runs as f64);
        let beyond = |ppm: i128| comparisons as f64 * (1.0 - share(ppm)).max(0.0);
        self.unlike += beyond(like_ppm);
        self.deviation += beyond(clean_ppm);
    }
}

/// Case by case where shadow runs name the case they shadow, the others by input: the chance that a live run on the same
/// input ends otherwise. A run that could not be compared proves nothing, however well it says that it ended, and is not in
/// it. Nor does it prove more to shadow the same again and again: a live case counts once, with the mean of what shadowed
/// it, and an input as often as it was run live at most.
fn compared(shadow: &Sums, live: &Sums) -> Compared {
    let mut all = Compared::default();
    compare_by_case(shadow, &mut all);
    compare_by_input(shadow, live, &mut all);
    all
}

fn compare_by_case(shadow: &Sums, all: &mut Compared) {
    let one = i128::from(ONE);
    // Runs, of these alike, and of these clean, by case.
    let mut cases: BTreeMap<u64, (i64, i128, i128)> = BTreeMap::new();
    for (key, count) in shadow.twins.sample().counts.iter() {
        let (runs, like, clean) = cases.entry(key.case).or_default();
        *runs += count;
        if key.alike {
            *like += i128::from(count) * one;
            *clean += i128::from(count) * i128::from(ONE.saturating_sub(key.deviation));
        }
    }
    for (runs, like, clean) in cases.into_values().filter(|(runs, ..)| *runs > 0) {
        all.by_case += 1;
        all.add(1, runs, like, clean);
    }
}

fn compare_by_input(shadow: &Sums, live: &Sums, all: &mut Compared) {
    let one = i128::from(ONE);
    let mut done: BTreeMap<u64, Counts<NameId>> = BTreeMap::new();
    let sample = live.runs.sample();
    let designed = sample.counts.iter();
    for (key, count) in designed.filter(|(key, _)| key.deviation == 0) {
        let outcomes = done.entry(key.input).or_default();
        outcomes.add(key.outcome, count);
    }
    // In integers: the order of the names' numbers must not matter.
    let mut inputs: BTreeMap<u64, (i64, i128, i128)> = BTreeMap::new();
    for (key, count) in shadow.runs.sample().counts.iter() {
        if let Some(outcomes) = done.get(&key.input) {
            let (runs, like, clean) = inputs.entry(key.input).or_default();
            *runs += count;
            let alike = i128::from(outcomes.get(key.outcome)) * i128::from(count);
            let alike = alike * one / i128::from(outcomes.total());
            *like += alike;
            // Where it ends alike it deviates by its own deviation, else by 1: each run counts once.
            *clean += alike * i128::from(ONE.saturating_sub(key.deviation)) / one;
        }
    }
    for (input, (runs, like, clean)) in inputs.into_iter().filter(|(_, (runs, ..))| *runs > 0) {
        let comparisons = runs.min(done[&input].total());
        all.by_input += comparisons;
        all.add(comparisons, runs, like, clean);
    }
}

/// Spreads below this are of the order of the bins that durations are counted in, which are 1 % wide: a test of them would
/// judge the bins.
const LEAST_SPREAD: f64 = 1.05;

/// Whether a spread is too small to be compared.
pub(crate) fn is_unresolved(spread: f64) -> bool {
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
    use crate::measure::{RunKey, TwinKey};
    use crate::model::Ppm;

    fn twin(case: u64, alike: bool, deviation: Ppm) -> TwinKey {
        TwinKey {
            case,
            alike,
            deviation,
        }
    }

    fn key(input: u64, outcome: NameId, deviation: Ppm) -> RunKey {
        RunKey {
            input,
            outcome,
            deviation,
        }
    }

    #[test]
    fn each_live_case_counts_once_however_often_it_is_shadowed() {
        // 9 ended alike, of which one deviates by half a case of itself; 90 others failed, and nobody knows beside what.
        let mut shadow = Sums {
            cases: 100,
            ..Sums::default()
        };
        (1..9).for_each(|case| shadow.twins.add(twin(case, true, 0), 1));
        shadow.twins.add(twin(9, true, 500_000), 1);
        shadow.twins.add(twin(10, false, ONE), 1);
        let found = compared(&shadow, &Sums::default());
        assert_eq!((found.by(), found.all()), (ComparedBy::Case, 10));
        assert_eq!((found.unlike, found.deviation), (1.0, 1.5));
        // A hundred clean runs beside one case prove no more than one.
        shadow.twins.add(twin(1, true, 0), 100);
        assert_eq!(compared(&shadow, &Sums::default()), found);
        shadow.twins.add(twin(10, true, 0), 3);
        let found = compared(&shadow, &Sums::default());
        assert_eq!(
            (found.all(), found.unlike, found.deviation),
            (10, 0.25, 0.75)
        );
    }

    #[test]
    fn an_input_counts_as_often_as_it_was_run_live() {
        let (mut live, mut shadow) = (Sums::default(), Sums::default());
        live.runs.add(key(8, 1, 0), 3);
        live.runs.add(key(8, 2, 0), 3);
        // What deviates itself is nothing to be like.
        live.runs.add(key(8, 3, ONE), 5);
        // Half of them end alike, and then deviate by a half; one failed; one is on an input that nobody ran.
        shadow.runs.add(key(8, 1, 500_000), 4);
        shadow.runs.add(key(8, 3, ONE), 1);
        shadow.runs.add(key(9, 3, ONE), 1);
        let found = compared(&shadow, &live);
        assert_eq!((found.by(), found.all()), (ComparedBy::Input, 5));
        assert!((found.unlike - 3.0).abs() < 1e-9 && (found.deviation - 4.0).abs() < 1e-9);
        // Twenty times as many runs on it are no more than the six live ones.
        shadow.runs.add(key(8, 1, 500_000), 76);
        shadow.runs.add(key(8, 3, ONE), 19);
        let found = compared(&shadow, &live);
        assert_eq!(found.all(), 6);
        assert!((found.unlike - 3.6).abs() < 1e-9 && (found.deviation - 4.8).abs() < 1e-9);
    }

    #[test]
    fn runs_that_name_no_case_are_compared_beside_those_that_do() {
        let (mut live, mut shadow) = (Sums::default(), Sums::default());
        live.runs.add(key(8, 1, 0), 100);
        shadow.twins.add(twin(1, true, 0), 1);
        shadow.runs.add(key(8, 2, 0), 50);
        let found = compared(&shadow, &live);
        assert_eq!((found.by(), found.all()), (ComparedBy::CaseAndInput, 51));
        assert_eq!((found.unlike, found.deviation), (50.0, 50.0));
    }
}
