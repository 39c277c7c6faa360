//! What to say where a mapping can't be guessed.

use crate::cli::failure::Failure;
use crate::ingest::decode::Input;
use crate::ingest::guess::{Guess, joined_columns};
use crate::rules::mapping::MappingSpec;

pub(super) fn refuse_unguessable(
    guess: &Guess,
    spec: &MappingSpec,
    input: &Input,
    (preset, sample_is_all): (Option<&str>, bool),
) -> Result<(), Failure> {
    let missing: Vec<&str> = guess
        .missing()
        .into_iter()
        .filter(|field| match *field {
            "time" if spec.undated => false,
            "case" => spec.case.is_none(),
            "activity" => spec.activity.is_none() && spec.events.is_empty(),
            _ => spec.time.is_none() && spec.events.is_empty(),
        })
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let flags: Vec<String> = missing
        .iter()
        .map(|field| format!("--{field} COLUMN"))
        .collect();
    let columns: Vec<&str> = guess
        .columns
        .iter()
        .map(|column| column.name.as_str())
        .filter(|name| joined_columns(name).is_none())
        .take(40)
        .collect();
    let name = input.name();
    if let Some(preset) = preset {
        return Err(Failure::invalid(format!(
            "{name}: can't tell which column is the {}, but it looks like the preset {preset}: try --map {preset}",
            missing.join(" and the "),
        )));
    }
    if guess.records == 0 && sample_is_all {
        let what = "no event could be read: there is no record in it, or none is as wide as its first line. If there are lines above the header (a title, `sep=;`), remove them";
        return Err(Failure::invalid(format!("{name}: {what}")));
    }
    if columns.is_empty() {
        return Err(Failure::invalid(format!(
            "{name}: found no records with columns in its beginning: either it has none, or its header or first record is too long, or they are deeper inside; say where with `records` in a mapping (docs/mapping.md), or name a preset with --map"
        )));
    }
    if let [column] = columns.as_slice() {
        return Err(Failure::invalid(format!(
            "{name}: found a single column, `{column}`. If the fields are separated by something unusual, name it as `delimiter` in a mapping (docs/mapping.md)"
        )));
    }
    let unreadable = match guess.unreadable_time() {
        Some(column) if missing.contains(&"time") => format!(
            " (`{}` sounds like it, but too few of its values, such as `{}`, are times that can be read and believed: if it is the one, say --time '{}' --time-format FORMAT)",
            column.name,
            column.samples.first().map_or("", String::as_str),
            column.name,
        ),
        _ => String::new(),
    };
    Err(Failure::invalid(format!(
        "{name}: can't tell which column is the {}{unreadable}. Say so with {}, or name a preset with --map. Its columns: {}",
        missing.join(" and the "),
        flags.join(" "),
        columns.join(", "),
    )))
}
