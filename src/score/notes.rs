//! What one should know about the figures of a process: what is assumed, missing or left out.

use super::deviation::Target;
use super::hands_on::HandsOn;
use super::input::ProcessInput;
use super::note::{Assumption, EvidenceNote, LossEffect, Note};
use crate::model::{Ppm, Span};
use std::cmp::Reverse;

/// What is assumed of a process.
pub(super) fn assumptions(input: &ProcessInput) -> Vec<Note> {
    let live = input.live;
    let is_seen = live.started() > 0 || live.cases > 0;
    let all = [
        (input.declared.criticality_assumed && is_seen).then_some(Assumption::Criticality),
        (live.cases > 0 && live.started() == 0).then_some(Assumption::NoneBegan),
        (live.cases > 0 && live.unnamed_outcomes == live.cases)
            .then_some(Assumption::NoOutcomeMapped),
        (live.cases > 5 && live.steps == live.cases).then_some(Assumption::OneEventPerCase),
        severity_by_name(input),
        undeclared_outcomes(input),
        (live.cases > 0 && !input.is_measurable()).then_some(Assumption::NothingMeasurable),
    ];
    all.into_iter().flatten().map(Note::Assumption).collect()
}

/// Outcomes that count as wrong by their names alone.
fn severity_by_name(input: &ProcessInput) -> Option<Assumption> {
    let by_name = &input.terms.tolerance.outcome_severity;
    let names = input.live.outcomes.iter();
    let names = names.map(|(id, _)| input.terms.names.text(id));
    let assumed: Vec<_> = names
        .filter(|name| input.declared.severity_of(name).is_none())
        .filter_map(|name| Some((name.to_owned(), *by_name.get(&name.to_lowercase())?)))
        .filter(|(_, severity)| *severity > Ppm::ZERO)
        .collect();
    (!assumed.is_empty()).then_some(Assumption::SeverityByName(assumed))
}

/// Outcomes that count as designed only because nobody says otherwise, where the catalog declares others.
fn undeclared_outcomes(input: &ProcessInput) -> Option<Assumption> {
    let live = input.live;
    // Where no outcome is mapped, what stands for it is an activity.
    if input.declared.outcomes.is_empty() || live.unnamed_outcomes >= live.cases {
        return None;
    }
    let named = |(id, count)| (count, input.terms.names.text(id));
    let is_known =
        |name| input.declared.severity_of(name).is_some() || input.is_known_by_name(name);
    let found = live.outcomes.iter().map(named);
    let mut found: Vec<(i64, &str)> = found.filter(|(_, name)| !is_known(name)).collect();
    if found.is_empty() {
        return None;
    }
    found.sort_by_key(|(count, name)| (Reverse(*count), *name));
    let most = found.iter().take(3);
    Some(Assumption::UndeclaredOutcomes {
        cases: found.iter().map(|(count, _)| count).sum(),
        of: live.cases,
        outcomes: most.map(|(_, name)| (*name).to_owned()).collect(),
        more: found.len() > 3,
    })
}

/// What the figures rest on, or leave out.
pub(super) fn evidence_notes(
    input: &ProcessInput,
    target: Target,
    hands_on: &HandsOn,
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
        records_lost(input),
        input.silent_since().map(silent),
        confirmed.then(|| EvidenceNote::OnlyConfirmed {
            confirmed: live.confirmed.total(),
            of: live.cases,
        }),
        hands_on.note.clone(),
        sampled(live.variants.sample().level).map(EvidenceNote::PathsSampled),
        sampled(live.runs.sample().level).map(EvidenceNote::InputsSampled),
        no_tolerance.then_some(EvidenceNote::NoTolerance),
    ];
    all.into_iter().flatten().map(Note::Evidence).collect()
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
