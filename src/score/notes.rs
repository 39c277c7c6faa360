//! What one should know about the figures of a process: what is assumed, missing or left out.

use super::deviation::{Target, waits_for_days};
use super::directions::DirectionScore;
use super::hands_on::HandsOn;
use super::input::{Declared, ProcessInput};
use super::note::{Assumption, EvidenceNote, LossEffect, Note};
use crate::model::{Level, Ppm, Span};
use crate::rules::Recommendation;
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// So many unclassified outcomes are named, the most frequent ones.
const UNCLASSIFIED_SHOWN: usize = 8;

/// What is assumed of a process.
pub(super) fn assumptions(
    input: &ProcessInput,
    by_criticality: &BTreeMap<Level, Option<Recommendation>>,
) -> Vec<Note> {
    let live = input.live;
    let is_seen = live.started() > 0 || live.cases > 0;
    let all = [
        (input.declared.criticality_assumed && is_seen)
            .then(|| Assumption::Criticality(by_criticality.clone())),
        (live.cases > 0 && live.started() == 0).then_some(Assumption::NoneBegan),
        (live.cases > 0 && live.unnamed_outcomes == live.cases)
            .then_some(Assumption::NoOutcomeMapped),
        (live.cases > 5 && live.steps == live.cases && !input.is_undated())
            .then_some(Assumption::OneEventPerCase),
        severity_by_name(input),
        unclassified_outcomes(input),
        (live.cases > 0 && !input.is_measurable()).then_some(Assumption::NothingMeasurable),
    ];
    all.into_iter().flatten().map(Note::Assumption).collect()
}

/// Outcomes that count as wrong by their names alone.
fn severity_by_name(input: &ProcessInput) -> Option<Assumption> {
    let names = input.live.outcomes.iter();
    let names = names.map(|(id, _)| input.terms.names.text(id));
    let assumed: Vec<_> = names
        .filter_map(|name| match input.severity_of(name)? {
            (severity, Declared::ByName) if severity > Ppm::ZERO => {
                Some((name.to_owned(), severity))
            }
            _ => None,
        })
        .collect();
    (!assumed.is_empty()).then_some(Assumption::SeverityByName(assumed))
}

/// Outcomes that nobody has classified.
fn unclassified_outcomes(input: &ProcessInput) -> Option<Assumption> {
    let live = input.live;
    let mut by_name: BTreeMap<&str, i64> = BTreeMap::new();
    for ((outcome, _), count) in live.unknown.iter() {
        let name = input.terms.names.text(outcome);
        // Where no outcome is mapped, what stands for it is an activity.
        if input.severity_of(name).is_none() && live.unnamed_outcomes < live.cases {
            *by_name.entry(name).or_default() += count;
        }
    }
    let mut found: Vec<(&str, i64)> = by_name.into_iter().collect();
    found.sort_by_key(|(name, count)| (Reverse(*count), *name));
    let shown = found.iter().take(UNCLASSIFIED_SHOWN);
    (!found.is_empty()).then(|| Assumption::Unclassified {
        cases: found.iter().map(|(_, count)| count).sum(),
        of: live.cases,
        outcomes: shown
            .map(|(name, count)| ((*name).to_owned(), *count))
            .collect(),
        more: found.len().saturating_sub(UNCLASSIFIED_SHOWN),
    })
}

/// What the figures rest on, or leave out.
pub(super) fn evidence_notes(
    input: &ProcessInput,
    target: Target,
    hands_on: &HandsOn,
    directions: &[DirectionScore],
) -> Vec<Note> {
    let live = input.live;
    let sampled = |level: u8| (level > 0).then(|| 1u64 << level);
    let silent = |since| EvidenceNote::Silent {
        since,
        days: input.as_of.since(since) / Span::DAY,
    };
    let confirmed = input.declared.require_confirmed && live.cases > 0;
    let no_tolerance = target.nominal.is_some() && target.permissible.is_none();
    let all = [
        input.is_undated().then_some(EvidenceNote::Undated),
        records_lost(input),
        too_few_days(input, target).filter(|_| !input.is_undated()),
        input.silent_since().map(silent),
        input.dormant_since.map(EvidenceNote::Dormant),
        open_that_deviate(input),
        young(input),
        (live.ends_before_start > 0).then_some(EvidenceNote::EndsBeforeStart {
            cases: live.ends_before_start,
            of: live.cases,
        }),
        size_before_epoch(input),
        confirmed.then(|| EvidenceNote::OnlyConfirmed {
            confirmed: live.confirmed.total(),
            of: live.cases,
        }),
        hands_on.note.clone(),
        sampled(live.variants.sample().level).map(EvidenceNote::PathsSampled),
        sampled(live.runs.sample().level).map(EvidenceNote::InputsSampled),
        unknown_runs(input),
        no_tolerance.then_some(EvidenceNote::NoTolerance),
    ];
    let not_within = directions.iter().filter(|of| of.is_not_within());
    let directions = not_within.map(|of| EvidenceNote::Direction(*of));
    let all = directions.chain(all.into_iter().flatten());
    all.map(Note::Evidence).collect()
}

/// The size that holds until a new one is measured.
fn size_before_epoch(input: &ProcessInput) -> Option<EvidenceNote> {
    let epoch = input.declared.epoch?;
    input
        .is_size_before_epoch
        .then_some(EvidenceNote::SizeBeforeEpoch(epoch))
}

/// Open cases that count already.
fn open_that_deviate(input: &ProcessInput) -> Option<EvidenceNote> {
    let open = input.deviating_open(input.live);
    let counts = open.cases > 0 && !input.declared.require_confirmed;
    counts.then_some(EvidenceNote::OpenDeviate {
        cases: open.cases,
        of: input.live.open,
    })
}

/// Runs that pass^k leaves out.
fn unknown_runs(input: &ProcessInput) -> Option<EvidenceNote> {
    let sample = input.live.runs.sample();
    let unknown = sample.counts.iter().filter(|(key, _)| key.unknown);
    let runs: i64 = unknown.map(|(_, count)| count).sum();
    (runs > 0).then(|| EvidenceNote::UnknownRuns {
        runs,
        of: sample.counts.iter().map(|(_, count)| count).sum(),
    })
}

/// Cases that may still be reopened or reversed.
fn young(input: &ProcessInput) -> Option<EvidenceNote> {
    let maturity = input.maturity.as_ref()?;
    let observed = input.scored();
    (observed.young.cases > 0).then(|| EvidenceNote::Young {
        cases: observed.young.cases,
        of: observed.cases,
        usual: maturity.usual(),
        expected: observed.young.in_mean,
        too_many: observed.young_too_many(),
    })
}

/// On how many days cases have ended, if it is only for that there is no verdict.
fn too_few_days(input: &ProcessInput, target: Target) -> Option<EvidenceNote> {
    let observed = input.scored();
    waits_for_days(input, &observed, target).then_some(EvidenceNote::TooFewDays {
        days: observed.dependence.days,
        needed: input.terms.tolerance.least_days,
    })
}

/// What was lost, and what that comes to.
fn records_lost(input: &ProcessInput) -> Option<EvidenceNote> {
    let loss = input.loss;
    (loss.lost > 0).then(|| EvidenceNote::RecordsLost {
        lost: loss.lost,
        gaps: loss.gaps,
        share: loss.share(),
        effect: match (loss.unknown > 0, input.lost_too_much()) {
            (true, _) => LossEffect::Unknown,
            (_, true) => LossEffect::TooMuch,
            _ => LossEffect::Widened,
        },
    })
}
