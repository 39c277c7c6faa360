//! The mapping of runs without any time.

use super::{at_const, at_plain};
use crate::ingest::guess::UndatedRuns;
use crate::rules::mapping::{FieldRecipe, FieldSpec, MappingSpec, OneOrMany, PatternSpec, Reopen};

/// What a result of 1 and of 0 is called: the tolerance file knows both words.
const YES_OR_NO: [(&str, &str); 2] = [
    (r"^(?i:1|1\.0+|true)$", "solved"),
    (r"^(?i:0|0\.0+|false)$", "failed"),
];

/// A mapping of rows that each hold a run: one event, which ends it.
pub(super) fn by_runs(runs: &UndatedRuns, spec: MappingSpec) -> MappingSpec {
    let mut case = at_plain("");
    case.value = match runs.case.as_slice() {
        [one] => at_plain(one).value,
        several => {
            let pieces: Vec<String> = several
                .iter()
                .map(|column| format!("{{{column}}}"))
                .collect();
            FieldSpec::from_text(&pieces.join("/"))
        }
    };
    let mut outcome = at_plain(&runs.outcome);
    if runs.is_yes_or_no {
        outcome.value.0.patterns = patterns();
    }
    let input = FieldSpec(FieldRecipe {
        path: Some(runs.input.clone()),
        ..FieldRecipe::default()
    });
    MappingSpec {
        undated: true,
        case: Some(case),
        activity: Some(at_const("Run")),
        lifecycle: Some(at_const("end")),
        outcome: Some(outcome),
        input: Some(OneOrMany::One(input)),
        reopen: Some(Reopen::Explicit),
        time: None,
        sequence: None,
        event_id: None,
        parent: None,
        reopened: None,
        ..spec
    }
}

fn patterns() -> Vec<PatternSpec> {
    let pattern = |(regex, value): (&str, &str)| PatternSpec {
        regex: regex.to_owned(),
        value: value.to_owned(),
    };
    YES_OR_NO.into_iter().map(pattern).collect()
}
