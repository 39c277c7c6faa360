//! How large a process is: as measured, and on its drawing.

use super::input::ProcessInput;
use super::note::Note;
use super::process_score::{SizeParts, SizeScore, SizeSource};
use super::size::{SizeError, Sizes, own_size};

/// The measured size, and a note if calls in a circle leave sub-processes out of it, or if ids in names make it meaningless.
pub(super) fn measured_size(input: &ProcessInput) -> (Option<Sizes>, Option<Note>) {
    if let Some((once, activities)) = input.activities_with_ids() {
        // By name, so that the order of events does not matter.
        let names = once.iter().map(|id| input.terms.names.text(*id));
        let example = names.min().unwrap_or_default().to_owned();
        let note = Note::IdsInNames {
            once: once.len(),
            activities,
            example,
        };
        return (None, Some(note));
    }
    match input.size {
        None => (None, None),
        Some(Ok(size)) => (Some(*size), None),
        Some(Err(SizeError { cycle })) => {
            let name = |id: &_| input.terms.names.text(*id).to_owned();
            let cycle = cycle.iter().map(name).collect();
            (own_size(input.live), Some(Note::CallsInCircle(cycle)))
        }
    }
}

/// The size of a process that was measured so.
pub(super) fn size_score(input: &ProcessInput, measured: Option<Sizes>) -> SizeScore {
    let live = input.live;
    let (nominal, source) = nominal_size(input).unzip();
    SizeScore {
        size_steps: measured.map(|size| size.total()),
        size_parts: measured.map(|size| SizeParts {
            steps: size.steps,
            decisions: size.decisions,
            handoffs: size.handoffs,
            sub_processes: size.sub_processes,
        }),
        nominal_size_steps: nominal,
        nominal_size_source: source,
        baseline: input.baseline.clone(),
        steps_mean: (live.cases > 0).then(|| live.steps as f64 / live.cases as f64),
    }
}

/// The size on the drawing: so that a process that sprawls can't loosen its own tolerance.
fn nominal_size(input: &ProcessInput) -> Option<(f64, SizeSource)> {
    if let Some(size) = input.declared.size {
        return Some((size, SizeSource::Declared));
    }
    if !input.declared.path.is_empty() {
        let path = input.declared.path.len() as f64;
        return Some((path, SizeSource::DesignedPath));
    }
    if input.activities_with_ids().is_some() {
        return None;
    }
    let baseline = input.baseline.as_ref()?;
    let source = if baseline.frozen {
        SizeSource::Baseline
    } else {
        SizeSource::Unfrozen
    };
    Some((baseline.size_steps, source))
}
