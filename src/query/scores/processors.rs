//! Scoring on all processors.

use crate::measure::Evidence;
use crate::model::NameId;
use crate::score::{ProcessScore, Scoring, Terms};

/// Fewer processes are scored before another thread has begun.
const WORTH_A_THREAD: usize = 16;

/// The scores of all processes, by id. Processes that are declared and were never seen are among them.
pub(super) fn score_on_all_processors(evidence: &Evidence, terms: Terms) -> Vec<ProcessScore> {
    let scoring = Scoring::new(evidence, terms);
    let processes: Vec<NameId> = scoring.processes().collect();
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let share = processes.len().div_ceil(processors).max(WORTH_A_THREAD);
    let of = |part: &[NameId]| -> Vec<ProcessScore> {
        part.iter().map(|process| scoring.score(*process)).collect()
    };
    if processes.len() <= share {
        return scoring.with_unseen(of(&processes));
    }
    let scores = std::thread::scope(|scope| {
        let parts = processes.chunks(share);
        let started: Vec<_> = parts.map(|part| scope.spawn(|| of(part))).collect();
        let joined = started.into_iter().map(|thread| thread.join());
        // A panic goes on as it would have without threads.
        let done = joined.map(|part| part.unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        done.flatten().collect()
    });
    scoring.with_unseen(scores)
}
