//! A mapped event, field by field, as a preview shows it.

use crate::ingest::batch::{EventBatch, MappedEvent};
use crate::model::Origin;

/// An event as texts by field, for people.
pub(crate) fn described(batch: &EventBatch, event: &MappedEvent) -> Vec<(&'static str, String)> {
    let name = |id| batch.names.text(id).to_owned();
    let mut fields = vec![
        (
            "time",
            match event.time.is_undated() {
                true => "none".to_owned(),
                false => event.time.to_string(),
            },
        ),
        ("process", name(event.process)),
        (
            "case",
            batch
                .text(event.case)
                .replace(crate::cases::KEY_SEPARATOR, "/"),
        ),
        ("activity", name(event.activity)),
        ("executor", event.flags.executor().to_string()),
        ("lifecycle", event.flags.lifecycle().to_string()),
    ];
    if let Some(transition) = event.flags.transition() {
        fields.push(("transition", transition.to_string()));
    }
    if event.outcome.is_some() {
        fields.push(("outcome", name(event.outcome)));
    }
    if event.input != 0 {
        fields.push(("input", format!("{:016x}", event.input)));
    }
    if event.cluster != 0 {
        fields.push(("cluster", format!("{:016x}", event.cluster)));
    }
    if event.version.is_some() {
        fields.push(("version", name(event.version)));
    }
    if event.hands_on != 0 {
        fields.push(("hands_on", format!("{}s", event.hands_on)));
    }
    if let Some(reopened) = event.flags.tells_reopened() {
        let word = if reopened { "yes" } else { "no" };
        fields.push(("reopened", word.to_owned()));
    }
    if event.flags.reviewed() {
        fields.push(("reviewed", "yes".to_owned()));
    }
    if event.flags.decides() {
        fields.push(("decides", "yes".to_owned()));
    }
    if event.flags.approves() == Some(true) {
        fields.push(("approves", "yes".to_owned()));
    }
    if event.sequence != 0 {
        fields.push(("sequence", event.sequence.to_string()));
    }
    if event.flags.origin() != Origin::Live {
        fields.push(("origin", event.flags.origin().to_string()));
    }
    for (milestone, time) in batch.reached(event) {
        let time = time.map_or("-".to_owned(), |time| time.to_string());
        fields.push(("milestone", format!("{} {time}", name(*milestone))));
    }
    let parent = batch.text(event.parent);
    if !parent.is_empty() {
        fields.push(("parent", parent.replace(crate::cases::KEY_SEPARATOR, "/")));
    }
    fields
}
