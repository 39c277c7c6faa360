//! What automation was said to save, and what came.

use super::actions::{part_of, three};
use super::content::{Expectation, Prediction};
use super::findings::Findings;
use crate::model::{Executor, Time};
use crate::rules::Recommendation;
use crate::score::ProcessScore;
use crate::store::PredictionRow;
use std::collections::BTreeMap;

/// Of a process that is to be automated, and whose hours are known.
pub(super) fn expectation(score: &ProcessScore) -> Option<Expectation> {
    let automated = matches!(
        score.advice.recommendation?,
        Recommendation::Code | Recommendation::Ai | Recommendation::AiWithApproval
    );
    let value = score.value.as_ref().filter(|_| automated)?;
    Some(Expectation {
        process: score.id.clone(),
        spent: three(value.hours_spent_per_year?),
        saved: three(value.net_hours_per_year?),
    })
}

/// What the report before has said; without one, what it would have said. Against the period alone: what the scoring window
/// has of the time before would hide what was saved.
pub(super) fn predictions(found: &Findings) -> Vec<Prediction> {
    let [before, _] = found.scores;
    let before = by_id(before);
    let within = by_id(found.within);
    let said = said(&before, found);
    let compared = |(process, said): (&str, Said)| {
        let then = before.get(process).copied();
        let now = within.get(process).copied();
        let spent_now = now
            .and_then(|score| score.value.as_ref()?.hours_spent_per_year)
            .map(three);
        let differs = |now: [f64; 3]| now[2] < said.spent[0] || now[0] > said.spent[2];
        Some(Prediction {
            process: process.to_owned(),
            name: then.or(now)?.name.clone(),
            said_on: said.on,
            spent_then: said.spent,
            said_to_be_saved: said.saved,
            spent_now,
            // As whoever subtracts the figures that are shown.
            saved: spent_now.map(|now| said.spent[1].round() - now[1].round()),
            shown: spent_now.is_some_and(differs),
            automated: [then, now].map(|score| automated(score?)),
        })
    };
    // Whether an hour a year has come or not is nobody's business.
    let told = |row: &Prediction| row.said_to_be_saved[1] >= 1.0 || row.shown;
    said.into_iter().filter_map(compared).filter(told).collect()
}

fn by_id(scores: &[ProcessScore]) -> BTreeMap<&str, &ProcessScore> {
    let named = scores.iter().map(|score| (score.id.as_str(), score));
    named.collect()
}

struct Said {
    on: Option<String>,
    spent: [f64; 3],
    saved: [f64; 3],
}

fn said<'a>(
    before: &BTreeMap<&'a str, &'a ProcessScore>,
    found: &'a Findings,
) -> BTreeMap<&'a str, Said> {
    let recorded = |row: &'a PredictionRow| {
        let said = Said {
            on: Some(Time(row.said_at).day().to_string()),
            spent: row.spent,
            saved: row.saved,
        };
        (row.process.as_str(), said)
    };
    let recomputed = |(process, score): (&&'a str, &&'a ProcessScore)| {
        let would = expectation(score)?;
        let said = Said {
            on: None,
            spent: would.spent,
            saved: would.saved,
        };
        Some((*process, said))
    };
    match &found.said {
        Some(rows) => rows.iter().map(recorded).collect(),
        None => before.iter().filter_map(recomputed).collect(),
    }
}

/// The part of the cases that AI or code decided, with or without approval.
fn automated(score: &ProcessScore) -> Option<f64> {
    let kinds = [Executor::Ai, Executor::Code];
    let modes = kinds.into_iter().flat_map(|kind| [kind, kind.approved()]);
    let parts = modes.map(|mode| part_of(score, mode));
    parts.flatten().reduce(|a, b| a + b)
}

impl Prediction {
    /// Whether anything has come of it: more is automated than before, or less, or the hours are others.
    pub(super) fn is_news(&self) -> bool {
        let [then, now] = self.automated.map(|part| part.unwrap_or(0.0));
        self.shown || (then - now).abs() >= 0.05
    }
}
