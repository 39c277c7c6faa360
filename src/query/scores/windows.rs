//! The scores at the ends of two periods, of what was between them, and the mean deviations of the periods before.

use super::buckets::StoredBuckets;
use super::cases::scores_before;
use super::rules::Rules;
use super::{Detail, Measurement, ScoreRequest, ScoreSource, scores_from};
use crate::config::daemon::Config;
use crate::measure::Period;
use crate::model::{Hour, Names};
use crate::score::{ProcessScore, mean_deviation};
use crate::store::{Store, StoreError};
use std::collections::{BTreeMap, BTreeSet};

/// Scores at the last two of some instants, and what comes before.
#[derive(Debug, Default)]
pub(crate) struct PastWindows {
    /// The scores at the last instant but one, and at the last.
    pub scores: [Vec<ProcessScore>; 2],
    /// The scores of what was between these alone, however long the scoring window is, of the processes that were chosen.
    pub between: Vec<ProcessScore>,
    /// The mean deviation by process at each instant.
    pub deviations: Vec<BTreeMap<String, f64>>,
}

/// The scores at the beginnings of hours, which rise; nothing where there are less than two of them. What was between the
/// last two is scored for those processes that `of_between` chooses by their score before. `progress` is told how many of how
/// many cases have been read, and then the same of hours.
///
/// The last two are made from cases, as any other past score is: a baseline that was not complete then, and cases that were
/// open then, are not in the buckets. For what lies before and between, buckets are enough, and take much less time.
pub(crate) fn past_windows(
    store: &Store,
    config: &Config,
    ends: &[Hour],
    of_between: &dyn Fn(&ProcessScore) -> bool,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<PastWindows, StoreError> {
    let [.., then, now] = *ends else {
        return Ok(PastWindows::default());
    };
    let about = store.about_cases()?;
    let mut tick = |count| progress(count, about);
    let scores = scores_before(store, &Rules::of(config), [then, now], &mut tick)?;
    let (buckets, rules) = StoredBuckets::open(store, config)?;
    let mut buckets = buckets.with_progress(progress);
    let mut requests: Vec<ScoreRequest> = ends
        .iter()
        .map(|end| ScoreRequest {
            detail: Detail::Deviations,
            ..ScoreRequest::new(&rules, Period::before(*end))
        })
        .collect();
    let between = ScoreRequest::new(&rules, Period::between(then, now));
    requests.push(between);
    let mut measured = buckets.measure(&requests)?;
    let (Some(sums_between), names) = (measured.pop(), &buckets.names) else {
        return Ok(PastWindows::default());
    };
    let with_deviations = requests.iter().zip(&measured);
    let deviations = with_deviations
        .map(|(request, measurement)| mean_deviations(request, measurement, names))
        .collect();
    let chosen = scores[0].iter().filter(|score| of_between(score));
    let chosen: BTreeSet<&str> = chosen.map(|score| score.id.as_str()).collect();
    Ok(PastWindows {
        between: scores_of(&chosen, &buckets, &between, sums_between)?,
        deviations,
        scores,
    })
}

/// The scores of some processes alone.
fn scores_of(
    chosen: &BTreeSet<&str>,
    buckets: &StoredBuckets,
    request: &ScoreRequest,
    mut measurement: Measurement,
) -> Result<Vec<ProcessScore>, StoreError> {
    let is_chosen = |id: &str| chosen.contains(id);
    let measured = &mut measurement.measured;
    let of_chosen = |process| is_chosen(buckets.names.text(process));
    measured.processes.retain(|process, _| of_chosen(*process));
    measured.baselines.retain(|process, _| of_chosen(*process));
    let mut scores = scores_from(buckets, request, measurement)?.scores;
    // Those that are declared and had no case join them, chosen or not.
    scores.retain(|score| is_chosen(&score.id));
    Ok(scores)
}

fn mean_deviations(
    request: &ScoreRequest,
    measurement: &Measurement,
    names: &Names,
) -> BTreeMap<String, f64> {
    let terms = request.rules.terms(names);
    let processes = measurement.measured.processes.iter();
    let known = processes.filter_map(|(process, parts)| {
        let name = names.text(*process).to_owned();
        let window = request.rules.windows.of(*process);
        let at = (window, request.period.as_of);
        Some((name, mean_deviation(*process, parts, at, terms)?))
    });
    known.collect()
}
