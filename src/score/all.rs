//! Scoring all processes: what they have in common, then each for itself.

use super::input::{ProcessInput, Terms};
use super::process::score_process;
use super::process_score::{BaselineScore, ProcessScore};
use super::size::{SizeError, Sizes, calls_per_case, nominal_calls, own_size, sizes_by_name};
use crate::measure::{Evidence, ProcessSums, Run, Stretch, Sums};
use crate::model::{HOUR_US, NameId, Origin, Span, Time};
use std::collections::{BTreeMap, BTreeSet};

/// What the scores of all processes have in common: how large they are, and who calls whom. Each process is then scored
/// without looking at any other, in whatever order, and on whatever thread.
pub(crate) struct Scoring<'a> {
    evidence: &'a Evidence,
    terms: Terms<'a>,
    live: BTreeMap<NameId, Sums>,
    sizes: BTreeMap<NameId, Result<Sizes, SizeError>>,
    /// The same over the baselines: what sets the tolerance.
    sizes_then: BTreeMap<NameId, Result<Sizes, SizeError>>,
}

impl<'a> Scoring<'a> {
    /// Of what was measured, by terms.
    pub(crate) fn new(evidence: &'a Evidence, terms: Terms<'a>) -> Scoring<'a> {
        let live: BTreeMap<NameId, Sums> = evidence
            .processes
            .iter()
            .map(|(process, sums)| (*process, sums.of_origin(Origin::Live)))
            .collect();
        let own: BTreeMap<NameId, Sizes> = live
            .iter()
            .filter_map(|(process, sums)| Some((*process, own_size(sums)?)))
            .collect();
        let declared_parent = |process: NameId| {
            let declared = terms.catalog.processes.get(terms.names.text(process))?;
            terms.names.find(declared.parent.as_deref()?)
        };
        let calls = calls_per_case(&live, declared_parent);
        let own_then: BTreeMap<NameId, Sizes> = evidence
            .baselines
            .iter()
            .filter_map(|(process, baseline)| Some((*process, own_size(&baseline.sums)?)))
            .collect();
        let calls_then = nominal_calls(&evidence.baselines, &live, &calls);
        Scoring {
            sizes: sizes_by_name(&own, &calls, terms.names),
            sizes_then: sizes_by_name(&own_then, &calls_then, terms.names),
            live,
            evidence,
            terms,
        }
    }

    /// The processes that were measured.
    pub(crate) fn processes(&self) -> impl Iterator<Item = NameId> {
        self.evidence.processes.keys().copied()
    }

    /// The score of one of them.
    pub(crate) fn score(&self, process: NameId) -> ProcessScore {
        let (evidence, terms) = (self.evidence, self.terms);
        let told = evidence.covered.get(&process);
        let begun = self.live[&process].started();
        let silent_since = told.and_then(|told| told.silent_since(evidence.to, begun));
        let declared = terms.catalog.process(terms.names.text(process));
        let sums = (&self.live[&process], &evidence.processes[&process]);
        let run = Run::of(&self.live[&process].starts);
        let from = evidence.from_of(process);
        let last_event = evidence.last_events.get(&process).copied();
        let last_event = last_event.unwrap_or(evidence.to);
        let covered = Stretch {
            first: run.and_then(|run| run.begun_after(from)).unwrap_or(from),
            last: silent_since.unwrap_or(evidence.to),
        };
        let baseline = evidence.baselines.get(&process);
        score_process(&ProcessInput {
            as_of: evidence.to,
            dormant_since: run.and_then(|run| run.dormant_since(last_event, covered.last)),
            window: evidence.windows.of(process),
            loss: evidence.losses.get(&process).copied().unwrap_or_default(),
            size: self.sizes.get(&process),
            baseline: baseline_of(evidence, process, &self.sizes_then),
            is_size_before_epoch: baseline.is_some_and(|baseline| baseline.is_before_epoch),
            hands_on_before: baseline.map(|baseline| &baseline.sums.hands_on),
            ..ProcessInput::of_sums(terms, declared, sums, covered)
        })
    }

    /// The scores of all, by id, when those that were measured have been scored: those that are declared and were never seen
    /// join them.
    pub(crate) fn with_unseen(&self, mut scores: Vec<ProcessScore>) -> Vec<ProcessScore> {
        let seen: BTreeSet<String> = scores.iter().map(|score| score.id.clone()).collect();
        let (sums, parts) = (Sums::default(), ProcessSums::default());
        let covered = Stretch {
            first: self.evidence.from,
            last: self.evidence.to,
        };
        let declared = self.terms.catalog.processes.values();
        let unseen = declared.filter(|declared| !seen.contains(&declared.id));
        scores.extend(unseen.map(|declared| {
            let sums = (&sums, &parts);
            score_process(&ProcessInput {
                is_in_logs: false,
                ..ProcessInput::of_sums(self.terms, declared.clone(), sums, covered)
            })
        }));
        scores.sort_by(|a, b| a.id.cmp(&b.id));
        scores
    }
}

/// The scores of all processes, by id. Processes that are declared and were never seen are among them.
#[cfg(test)]
pub(crate) fn score_all(evidence: &Evidence, terms: Terms) -> Vec<ProcessScore> {
    let scoring = Scoring::new(evidence, terms);
    scoring.with_unseen(
        scoring
            .processes()
            .map(|process| scoring.score(process))
            .collect(),
    )
}

/// The mean deviation of a process, as its score has it: `None` where no case has ended, or nothing could be a deviation.
pub(crate) fn mean_deviation(
    process: NameId,
    parts: &ProcessSums,
    (window, as_of): (Option<Span>, Time),
    terms: Terms,
) -> Option<f64> {
    let declared = terms.catalog.process(terms.names.text(process));
    let live = parts.of_origin(Origin::Live);
    let covered = Stretch {
        first: as_of,
        last: as_of,
    };
    let input = ProcessInput {
        window,
        ..ProcessInput::of_sums(terms, declared, (&live, parts), covered)
    };
    let observed = input.scored();
    let is_known = !input.unknown_too_many(&observed);
    observed.mean().filter(|_| is_known)
}

fn baseline_of(
    evidence: &Evidence,
    process: NameId,
    sizes: &BTreeMap<NameId, Result<Sizes, SizeError>>,
) -> Option<BaselineScore> {
    let baseline = evidence.baselines.get(&process)?;
    let size = match sizes.get(&process)? {
        Ok(size) => *size,
        // A circle of calls is told of where the measured size is.
        Err(_) => own_size(&baseline.sums)?,
    };
    let end = |hour| Time((i64::from(hour) + 1) * HOUR_US).to_string();
    Some(BaselineScore {
        cases: baseline.sums.cases,
        frozen: baseline.until.is_some(),
        until: baseline.until.map(end),
        size_steps: size.total(),
    })
}
