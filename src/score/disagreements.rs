//! What is declared of a process and measured otherwise.

use super::by_executor::measured_executor;
use super::input::ProcessInput;
use super::process_score::{DeclaredFact, Disagreement, Rate};
use super::size::Sizes;
use super::table::{complexity_level, frequency_level};
use crate::model::Executor;

/// Declared levels that the measurement contradicts.
pub(super) fn disagreements(
    input: &ProcessInput,
    size: Option<Sizes>,
    rate: &Rate,
) -> Vec<Disagreement> {
    let found = [
        complexity_disagreement(input, size),
        frequency_disagreement(input, rate),
        executor_disagreement(input),
        size_disagreement(input, size),
    ];
    found.into_iter().flatten().collect()
}

fn disagreement(
    what: DeclaredFact,
    declared: String,
    measured: String,
    sure: bool,
) -> Option<Disagreement> {
    (declared != measured).then_some(Disagreement {
        what,
        declared,
        measured,
        sure,
    })
}

fn complexity_disagreement(input: &ProcessInput, size: Option<Sizes>) -> Option<Disagreement> {
    let (declared, size) = (input.declared.complexity?, size?);
    let tolerance = input.terms.tolerance;
    let measured = complexity_level(tolerance, size.total());
    // The size of many cases hardly varies; of a few it may.
    let sure = input.live.cases >= tolerance.baseline_cases;
    disagreement(
        DeclaredFact::Complexity,
        declared.to_string(),
        measured.to_string(),
        sure,
    )
}

fn frequency_disagreement(input: &ProcessInput, rate: &Rate) -> Option<Disagreement> {
    let (declared, rate) = (input.declared.frequency?, rate.bounds()?);
    let level = |rate| frequency_level(input.terms.tolerance, rate);
    let sure = ![rate.lower, rate.upper].map(level).contains(&declared);
    let measured = level(rate.mean);
    disagreement(
        DeclaredFact::Frequency,
        declared.to_string(),
        measured.to_string(),
        sure,
    )
}

fn executor_disagreement(input: &ProcessInput) -> Option<Disagreement> {
    let declared = input.declared.executor?;
    let measured = Some(measured_executor(input)).filter(|kind| *kind != Executor::Unknown)?;
    let sure = input.live.cases >= 30;
    disagreement(
        DeclaredFact::Executor,
        declared.to_string(),
        measured.to_string(),
        sure,
    )
}

fn size_disagreement(input: &ProcessInput, size: Option<Sizes>) -> Option<Disagreement> {
    let (declared, size) = (input.declared.size?, size?.total());
    let is_far = size > 2.0 * declared || size < 0.5 * declared;
    let steps = |size: f64| format!("{size:.1} steps");
    is_far
        .then(|| disagreement(DeclaredFact::Size, steps(declared), steps(size), true))
        .flatten()
}
