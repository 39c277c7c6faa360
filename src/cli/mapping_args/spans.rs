//! The mapping of spans: each is a step of its trace, and the end of the root is that of the trace.

use super::{at_const, at_plain};
use crate::ingest::guess::Spans;
use crate::rules::At;
use crate::rules::mapping::{EventSpec, MappingSpec, PatternSpec, Reopen};

/// What writers put in for the parent of a root, beside nothing.
const NO_PARENT: &str = "['', 'None', 'nan', 'null', '0000000000000000']";

/// A mapping of rows that each hold a span.
pub(super) fn by_spans(spans: &Spans, spec: MappingSpec) -> MappingSpec {
    let mut outcome = spec.outcome.clone();
    if let (Some(at), true) = (&mut outcome, spans.has_status_codes) {
        at.value.0.patterns = patterns();
    }
    let Some(end) = &spans.end else {
        return MappingSpec { outcome, ..spec };
    };
    let unknown = serde_saphyr::Location::UNKNOWN;
    let step = EventSpec {
        activity: spec.activity.clone(),
        time: spec.time.clone(),
        ..EventSpec::default()
    };
    let root = EventSpec {
        filter: Some(At::new(is_root(&spans.parent), unknown, unknown)),
        activity: Some(at_const("Trace ended")),
        time: Some(at_plain(end)),
        sequence: Some(at_const("1")),
        lifecycle: Some(at_const("end")),
        outcome,
        optional: true,
        ..EventSpec::default()
    };
    MappingSpec {
        activity: None,
        time: None,
        outcome: None,
        lifecycle: None,
        transition: None,
        event_id: None,
        reopen: Some(Reopen::Explicit),
        events: vec![step, root],
        ..spec
    }
}

/// A predicate that holds for spans without a parent.
fn is_root(parent: &str) -> String {
    let is_name = |part: &str| {
        let mut letters = part.chars();
        let begins = letters
            .next()
            .is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
        begins && letters.all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    let parts: Vec<&str> = parent.split('.').collect();
    if !parts.iter().all(|part| is_name(part)) {
        let quoted = parent.replace('\\', "\\\\").replace('\'', "\\'");
        let field = format!("record['{quoted}']");
        return format!("!('{quoted}' in record) || {field} == null || {field} in {NO_PARENT}");
    }
    let (mut path, mut missing) = (parts[0].to_owned(), Vec::new());
    for part in &parts[1..] {
        missing.push(format!("{path} == null || !has({path}.{part}) || "));
        path = format!("{path}.{part}");
    }
    format!(
        "{}{path} == null || {path} in {NO_PARENT}",
        missing.concat()
    )
}

/// The status codes of spans: unset is no error.
fn patterns() -> Vec<PatternSpec> {
    let pattern = |(regex, value): (&str, &str)| PatternSpec {
        regex: regex.to_owned(),
        value: value.to_owned(),
    };
    [("(?i)error", "error"), (".", "completed")]
        .into_iter()
        .map(pattern)
        .collect()
}
