//! Shadow runs beside what was done.

use super::process_score::ComparedBy;
use crate::measure::{Counts, Sums};
use crate::model::{NameId, Ppm};
use std::collections::BTreeMap;

/// Shadow runs beside what was done.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Compared {
    /// By the case that they name.
    by_case: i64,
    /// By input.
    by_input: i64,
    /// How many ended otherwise: an expectation where several shadow the same.
    pub(super) unlike: f64,
    /// The sum of their deviations: of each run its own, and 1 where it ended otherwise.
    pub(super) deviation: f64,
}

impl Compared {
    /// How many comparisons there are: each live case stands in one, however many runs shadow it.
    pub(super) fn all(&self) -> i64 {
        self.by_case + self.by_input
    }

    pub(super) fn by(&self) -> ComparedBy {
        match (self.by_case > 0, self.by_input > 0) {
            (true, true) => ComparedBy::CaseAndInput,
            (true, false) => ComparedBy::Case,
            (false, true) => ComparedBy::Input,
            (false, false) => ComparedBy::Nothing,
        }
    }

    /// Adds so many comparisons, in which this share of `runs` ended alike and this share of them was clean as well.
    fn add(&mut self, comparisons: i64, runs: i64, like_ppm: i128, clean_ppm: i128) {
        let share = |ppm: i128| ppm as f64 / (f64::from(Ppm::ONE.0) * runs as f64);
        let beyond = |ppm: i128| comparisons as f64 * (1.0 - share(ppm)).max(0.0);
        self.unlike += beyond(like_ppm);
        self.deviation += beyond(clean_ppm);
    }
}

/// Case by case where shadow runs name the case they shadow, the others by input: the chance that a live run on the same
/// input ends otherwise. A run that could not be compared proves nothing, however well it says that it ended, and is not in
/// it. Nor does it prove more to shadow the same again and again: a live case counts once, with the mean of what shadowed
/// it, and an input as often as it was run live at most.
pub(super) fn compared(shadow: &Sums, live: &Sums) -> Compared {
    let mut all = Compared::default();
    compare_by_case(shadow, &mut all);
    compare_by_input(shadow, live, &mut all);
    all
}

fn compare_by_case(shadow: &Sums, all: &mut Compared) {
    let one = i128::from(Ppm::ONE);
    // Runs, of these alike, and of these clean, by case.
    let mut cases: BTreeMap<u64, (i64, i128, i128)> = BTreeMap::new();
    for (key, count) in shadow.twins.sample().counts.iter() {
        let (runs, like, clean) = cases.entry(key.case).or_default();
        *runs += count;
        if key.alike {
            *like += i128::from(count) * one;
            *clean += i128::from(count) * i128::from(key.deviation.complement());
        }
    }
    for (runs, like, clean) in cases.into_values().filter(|(runs, ..)| *runs > 0) {
        all.by_case += 1;
        all.add(1, runs, like, clean);
    }
}

fn compare_by_input(shadow: &Sums, live: &Sums, all: &mut Compared) {
    let one = i128::from(Ppm::ONE);
    let mut done: BTreeMap<u64, Counts<NameId>> = BTreeMap::new();
    let sample = live.runs.sample();
    let designed = sample.counts.iter();
    for (key, count) in designed.filter(|(key, _)| key.deviation == Ppm::ZERO && !key.unknown) {
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
            *clean += alike * i128::from(key.deviation.complement()) / one;
        }
    }
    for (input, (runs, like, clean)) in inputs.into_iter().filter(|(_, (runs, ..))| *runs > 0) {
        let comparisons = runs.min(done[&input].total());
        all.by_input += comparisons;
        all.add(comparisons, runs, like, clean);
    }
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
            unknown: false,
        }
    }

    #[test]
    fn each_live_case_counts_once_however_often_it_is_shadowed() {
        // 9 ended alike, of which one deviates by half a case of itself; 90 others failed, and nobody knows beside what.
        let mut shadow = Sums {
            cases: 100,
            ..Sums::default()
        };
        (1..9).for_each(|case| shadow.twins.add(twin(case, true, Ppm::ZERO), 1));
        shadow.twins.add(twin(9, true, Ppm(500_000)), 1);
        shadow.twins.add(twin(10, false, Ppm::ONE), 1);
        let found = compared(&shadow, &Sums::default());
        assert_eq!((found.by(), found.all()), (ComparedBy::Case, 10));
        assert_eq!((found.unlike, found.deviation), (1.0, 1.5));
        // A hundred clean runs beside one case prove no more than one.
        shadow.twins.add(twin(1, true, Ppm::ZERO), 100);
        assert_eq!(compared(&shadow, &Sums::default()), found);
        shadow.twins.add(twin(10, true, Ppm::ZERO), 3);
        let found = compared(&shadow, &Sums::default());
        assert_eq!(
            (found.all(), found.unlike, found.deviation),
            (10, 0.25, 0.75)
        );
    }

    #[test]
    fn an_input_counts_as_often_as_it_was_run_live() {
        let (mut live, mut shadow) = (Sums::default(), Sums::default());
        live.runs.add(key(8, NameId(1), Ppm::ZERO), 3);
        live.runs.add(key(8, NameId(2), Ppm::ZERO), 3);
        // What deviates itself is nothing to be like.
        live.runs.add(key(8, NameId(3), Ppm::ONE), 5);
        // Half of them end alike, and then deviate by a half; one failed; one is on an input that nobody ran.
        shadow.runs.add(key(8, NameId(1), Ppm(500_000)), 4);
        shadow.runs.add(key(8, NameId(3), Ppm::ONE), 1);
        shadow.runs.add(key(9, NameId(3), Ppm::ONE), 1);
        let found = compared(&shadow, &live);
        assert_eq!((found.by(), found.all()), (ComparedBy::Input, 5));
        assert!((found.unlike - 3.0).abs() < 1e-9 && (found.deviation - 4.0).abs() < 1e-9);
        // Twenty times as many runs on it are no more than the six live ones.
        shadow.runs.add(key(8, NameId(1), Ppm(500_000)), 76);
        shadow.runs.add(key(8, NameId(3), Ppm::ONE), 19);
        let found = compared(&shadow, &live);
        assert_eq!(found.all(), 6);
        assert!((found.unlike - 3.6).abs() < 1e-9 && (found.deviation - 4.8).abs() < 1e-9);
    }

    #[test]
    fn runs_that_name_no_case_are_compared_beside_those_that_do() {
        let (mut live, mut shadow) = (Sums::default(), Sums::default());
        live.runs.add(key(8, NameId(1), Ppm::ZERO), 100);
        shadow.twins.add(twin(1, true, Ppm::ZERO), 1);
        shadow.runs.add(key(8, NameId(2), Ppm::ZERO), 50);
        let found = compared(&shadow, &live);
        assert_eq!((found.by(), found.all()), (ComparedBy::CaseAndInput, 51));
        assert_eq!((found.unlike, found.deviation), (50.0, 50.0));
    }
}
