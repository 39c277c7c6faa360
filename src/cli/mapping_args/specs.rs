//! The mapping that a guess stands for.

use super::{spans, undated};
use crate::ingest::guess::{Guess, History, OWN_FIELDS, Stage, joined_columns};
use crate::rules::At;
use crate::rules::mapping::{EventSpec, FieldSpec, MappingSpec, OneOrMany, Reopen};
use std::fmt::Write as _;

pub(super) fn at(text: &str) -> At<FieldSpec> {
    At::new(
        FieldSpec::from_text(text),
        serde_saphyr::Location::UNKNOWN,
        serde_saphyr::Location::UNKNOWN,
    )
}

pub(super) fn at_plain(column: &str) -> At<FieldSpec> {
    let mut field = at(column);
    field.value.0.template = None;
    field.value.0.path = Some(column.to_owned());
    field
}

/// A column as a field. A date and a time in two columns are a template of both.
pub(super) fn at_column(column: &str) -> At<FieldSpec> {
    match joined_columns(column) {
        Some(_) => at(column),
        None => at_plain(column),
    }
}

/// The first of several columns that has a value.
pub(super) fn at_first(columns: &[&str]) -> At<FieldSpec> {
    let [column] = columns else {
        let mut field = at("");
        let recipe = &mut field.value.0;
        (recipe.path, recipe.template) = (None, None);
        recipe.first = Some(columns.iter().map(|column| (*column).to_owned()).collect());
        return field;
    };
    at_plain(column)
}

/// A column as the time of an event, with what its times need to be read.
pub(super) fn at_time(guess: &Guess, column: &str) -> At<FieldSpec> {
    let mut field = at_column(column);
    field.value.0.time_format = guess
        .own_format_of(column)
        .filter(|_| !guess.stages.is_empty());
    field.value.0.time_zone = guess.info(column).and_then(|info| info.time_zone.clone());
    field
}

pub(super) fn at_const(text: &str) -> At<FieldSpec> {
    let mut field = at("");
    field.value = FieldSpec::constant(text);
    field
}

pub(super) fn spec_of(guess: &Guess) -> MappingSpec {
    let field = |name: &str| {
        let column = guess.column(name)?;
        let mut field = match name {
            "time" => at_time(guess, column),
            _ => at_column(column),
        };
        field.value.0.missing = guess.missing_words(name).to_vec();
        Some(field)
    };
    let own = |field: &str| {
        let (_, value) = OWN_FIELDS.iter().find(|(name, _)| *name == field)?;
        guess.is_own_format().then_some(*value)
    };
    let predicate = |name: &str| {
        let unknown = serde_saphyr::Location::UNKNOWN;
        Some(At::new(own(name)?.to_owned(), unknown, unknown))
    };
    let input = field("input").or_else(|| guess.is_own_format().then(|| at_plain("input")));
    let formats = guess.time_formats();
    let spec = MappingSpec {
        cluster: own("cluster").map(|field| OneOrMany::One(at_plain(field).value)),
        version: own("version").map(|field| OneOrMany::One(at_plain(field).value)),
        hands_on: own("hands_on").map(at_plain),
        reviewed: predicate("reviewed"),
        exercise: predicate("exercise"),
        shadow: predicate("shadow"),
        case: field("case"),
        activity: field("activity"),
        time: field("time"),
        process: field("process"),
        outcome: field("outcome"),
        executor: field("executor"),
        lifecycle: field("lifecycle"),
        transition: field("transition"),
        sequence: field("sequence"),
        event_id: field("event_id"),
        parent: field("parent"),
        reopened: field("reopened"),
        input: input.map(|field| OneOrMany::One(field.value)),
        time_format: (!formats.is_empty()).then_some(OneOrMany::Many(formats)),
        filter: guess
            .state_changes
            .as_ref()
            .map(|changes| is_one_of(&changes.field, std::slice::from_ref(&changes.state))),
        milestones: guess
            .milestone_fields()
            .map(|(name, field)| {
                let mut at = at_plain("");
                at.value = field;
                (name, at)
            })
            .collect(),
        ..MappingSpec::default()
    };
    if let Some(found) = &guess.spans {
        return spans::by_spans(found, spec);
    }
    match (
        &guess.undated,
        guess.stages.is_empty() && guess.history.is_none(),
    ) {
        (Some(runs), _) => undated::by_runs(runs, spec),
        (None, true) => MappingSpec {
            undated: guess.is_undated(),
            ..spec
        },
        (None, false) => by_stages(guess, spec),
    }
}

/// A mapping of rows that each hold a whole case: an event for each stage that it has reached. The order of its times shows
/// no reopening.
fn by_stages(guess: &Guess, spec: MappingSpec) -> MappingSpec {
    let outcome = guess.outcome_of_stages();
    let event = |stage: &Stage| {
        let mut time = at_time(guess, &stage.column);
        let missing = guess.info(&stage.column);
        time.value.0.missing = missing.map_or(Vec::new(), |column| column.placeholders.clone());
        let is_told = stage.lifecycle.is_some();
        EventSpec {
            activity: Some(at_const(stage.activity)),
            time: Some(time),
            lifecycle: stage.lifecycle.map(at_const),
            outcome: outcome.filter(|_| is_told).map(at_plain),
            optional: !stage.is_first,
            filter: stage
                .only_in
                .as_ref()
                .map(|(column, states)| is_one_of(column, states)),
            ..EventSpec::default()
        }
    };
    let of_history = guess
        .history
        .as_ref()
        .map(|history| event_of_history(guess, history));
    MappingSpec {
        activity: None,
        time: None,
        outcome: None,
        lifecycle: None,
        transition: None,
        sequence: None,
        reopen: guess.history.is_none().then_some(Reopen::Explicit),
        events: guess.stages.iter().map(event).chain(of_history).collect(),
        ..spec
    }
}

/// An event for each element of an array of changes.
fn event_of_history(guess: &Guess, history: &History) -> EventSpec {
    let mut time = at_plain(&format!("item.{}", history.time));
    time.value.0.time_format = history.time_format.clone();
    let only = history.only.as_ref();
    EventSpec {
        each: Some(history.each.clone()),
        activity: Some(at_plain(&format!("item.{}", history.activity))),
        time: Some(time),
        filter: only.map(|(field, state)| is_in("item", field, std::slice::from_ref(state))),
        optional: true,
        outcome: guess.column("outcome").map(at_column),
        ..EventSpec::default()
    }
}

/// A predicate: the column has one of these values.
fn is_one_of(column: &str, values: &[String]) -> At<String> {
    is_in("record", column, values)
}

/// A predicate: what is at a path below a variable is one of these values.
fn is_in(variable: &str, path: &str, values: &[String]) -> At<String> {
    let quoted = |text: &str| format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"));
    let (mut at, mut conditions) = (variable.to_owned(), Vec::new());
    for key in path.split('.') {
        conditions.push(format!("{} in {at}", quoted(key)));
        let _ = write!(at, "[{}]", quoted(key));
    }
    let values: Vec<String> = values.iter().map(|value| quoted(value)).collect();
    conditions.push(format!("{at} in [{}]", values.join(", ")));
    let unknown = serde_saphyr::Location::UNKNOWN;
    At::new(conditions.join(" && "), unknown, unknown)
}
