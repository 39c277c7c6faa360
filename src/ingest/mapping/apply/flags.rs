//! What a record says of an event in one word each: its executor, what it does to its case, whether it counts as live.

use super::optional;
use crate::cases::EventFlags;
use crate::ingest::mapping::Refusal;
use crate::ingest::mapping::row::Row;
use crate::ingest::mapping::words::{executor_of, is_reopened};
use crate::ingest::mapping::{EventMapping, Mapping, Predicate};
use crate::ingest::reject::Reason;
use crate::model::{Executor, Lifecycle, Origin, ParseKindError, Transition};

impl Mapping {
    pub(super) fn flags(
        &self,
        event: &EventMapping,
        row: &impl Row,
        activity: &str,
    ) -> Result<EventFlags, Refusal> {
        let executor = match optional(&event.executor, row)? {
            None => Executor::Unknown,
            Some(word) => executor_of(&word),
        };
        let lifecycle = match (optional(&event.lifecycle, row)?, &event.lifecycle) {
            (Some(word), Some(field)) => match word.to_ascii_lowercase().parse() {
                Ok(lifecycle) => lifecycle,
                Err(_) if field.translates() => Lifecycle::Step,
                Err(error) => return Err((Reason::InvalidValue, not_of_a_case(&word, &error))),
            },
            _ => Lifecycle::Step,
        };
        let lifecycle = match lifecycle {
            Lifecycle::Step if event.terminal.iter().any(|name| name == activity) => Lifecycle::End,
            Lifecycle::Step if event.resolved.iter().any(|name| name == activity) => {
                Lifecycle::Resolved
            }
            other => other,
        };
        let transition = optional(&event.transition, row)?;
        let transition = transition.and_then(|word| Transition::of_word(word.trim()));
        let is_in = |listed: &[String]| listed.iter().any(|name| name == activity);
        let holds = |predicate: &Option<Predicate>| match predicate {
            None => Ok(false),
            Some(predicate) => predicate
                .holds(row)
                .map_err(|detail| (Reason::PredicateFailed, detail)),
        };
        let origin = if holds(&event.shadow)? {
            Origin::Shadow
        } else if holds(&event.exercise)? {
            Origin::Exercise
        } else {
            Origin::Live
        };
        let flags = EventFlags::new(executor, lifecycle, origin).deciding(is_in(&event.decides));
        let flags = match &event.approves {
            None => flags,
            Some(approves) => flags.approving(is_in(approves)),
        };
        Ok(flags
            .with_transition(transition)
            .telling_reopened(reopened(event, row)?)
            .with_review(holds(&event.reviewed)?)
            .declaring_end(event.declares_end)
            .with_explicit_reopen(event.explicit_reopen)
            .never_reopening(event.never_reopens)
            .being_one_of_several(event.is_one_of_several))
    }
}

/// What is wrong with a word for the life of a case. It may be one for the execution of an activity.
fn not_of_a_case(word: &str, error: &ParseKindError) -> String {
    match Transition::of_word(word) {
        Some(_) => format!(
            "`lifecycle`: {error}. Map the start and completion of activities as `transition`"
        ),
        None => format!("`lifecycle`: {error}"),
    }
}

/// Whether a record says that its case was reopened. Any text but a count, yes or no tells nothing, as an empty field does.
fn reopened(event: &EventMapping, row: &impl Row) -> Result<Option<bool>, Refusal> {
    let text = optional(&event.reopened, row)?;
    Ok(text.and_then(|text| is_reopened(&text)))
}
