//! Which of the files of one call are parts of one log, and which have nothing to do with each other.

use super::super::mapping_args::{ChosenMapping, MappingArgs};
use crate::ingest::decode::Input;
use crate::ingest::guess::Guess;
use crate::ingest::read::open_input;
use crate::rules::mapping::FormatName;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What a file's events are named after, where they do not say it themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FileNames {
    /// Keeps its cases apart from those of other logs.
    pub namespace: String,
    /// The process.
    pub process: String,
}

/// What the first records of a file show.
#[derive(Debug, Default)]
struct Look {
    format: Option<FormatName>,
    columns: BTreeSet<String>,
    activities: BTreeSet<String>,
    /// Cases of other files may be named here.
    refers: bool,
    /// Its records name their process.
    names_process: bool,
}

impl Look {
    fn of(chosen: &ChosenMapping, guess: &Guess) -> Look {
        let columns = guess.columns.iter().map(|column| column.name.clone());
        let stages = guess.stages.iter().map(|stage| stage.activity.to_owned());
        Look {
            format: chosen.spec.format,
            columns: columns.collect(),
            activities: match guess.stages.is_empty() {
                true => chosen.sampled_activities.clone(),
                false => stages.collect(),
            },
            names_process: names_process(chosen),
            refers: guess.column("parent").is_some(),
        }
    }

    /// Whether two files look like parts of one log. All XES files have the same columns, so their activities must agree, too.
    fn is_of_the_log_of(&self, other: &Look) -> bool {
        let xes = Some(FormatName::Xes);
        let are_standard = self.format == xes && other.format == xes;
        mostly_common(&self.columns, &other.columns)
            && (!are_standard || mostly_common(&self.activities, &other.activities))
    }
}

fn names_process(chosen: &ChosenMapping) -> bool {
    let mut events = chosen.spec.events.iter();
    chosen.spec.process.is_some() || events.any(|event| event.process.is_some())
}

/// Whether the smaller of two sets has at least half of its members in the other one.
fn mostly_common(one: &BTreeSet<String>, other: &BTreeSet<String>) -> bool {
    let smaller = one.len().min(other.len());
    smaller > 0 && one.intersection(other).count() * 2 >= smaller
}

/// Names for each file. A single file, and files that a mapping was named for, are of one log.
pub(super) fn names_of_files(inputs: &[Input], mapping: &MappingArgs) -> Vec<FileNames> {
    let is_guessed = mapping.map.is_none() && inputs.len() > 1;
    let looks = inputs.iter();
    let looks = looks.map(|input| is_guessed.then(|| look(input, mapping)).flatten());
    let looks: Vec<Option<Look>> = looks.collect();
    let groups = groups(&looks);
    let stems: Vec<String> = inputs.iter().map(Input::stem).collect();
    let processes: Vec<String> = (0..inputs.len())
        .map(|nth| process_name(nth, &stems, &looks, &groups))
        .collect();
    let refers = looks.iter().flatten().any(|look| look.refers);
    let named = (0..inputs.len()).map(|nth| {
        let first = groups[nth];
        // Nothing is known of a pipe before it is read.
        let look = looks[nth].as_ref();
        let names_process = look.map_or(!is_guessed, |look| look.names_process);
        // Exports of two customers or queues may number their cases alike.
        let is_of_first = names_process || refers || processes[nth] == processes[first];
        FileNames {
            namespace: match (first, is_of_first) {
                (0, true) => String::new(),
                (first, true) => stems[first].clone(),
                (_, false) => processes[nth].clone(),
            },
            process: processes[nth].clone(),
        }
    });
    named.collect()
}

/// A look at a file; `None` if it can't be read, which is reported when it is read.
fn look(input: &Input, mapping: &MappingArgs) -> Option<Look> {
    // Bytes that are read from a pipe are gone.
    input.size()?;
    let opened = open_input(input, mapping.sheet().as_deref(), &Arc::default()).ok()?;
    let chosen = mapping.choose(&opened, input).ok()?;
    Some(Look::of(
        &chosen,
        chosen.guess.as_ref().or(chosen.seen.as_ref())?,
    ))
}

/// For each file the first file of the same log. Where a file names parent cases, all files are of one log, because these may
/// be in any of them.
fn groups(looks: &[Option<Look>]) -> Vec<usize> {
    let mut groups: Vec<usize> = Vec::new();
    let refers = looks.iter().flatten().any(|look| look.refers);
    let first_seen = looks.iter().position(Option::is_some).unwrap_or(0);
    for (nth, look) in looks.iter().enumerate() {
        let same = |first: &usize| {
            let other = looks[*first].as_ref();
            look.as_ref()
                .zip(other)
                .is_some_and(|(one, other)| one.is_of_the_log_of(other))
        };
        let group = match look {
            Some(_) if !refers && nth > first_seen => {
                groups.iter().copied().find(same).unwrap_or(nth)
            }
            _ => 0,
        };
        groups.push(group);
    }
    groups
}

/// The process of a file that names none: the name of the file, without the numbers where another file differs in nothing
/// else and has the same activities.
fn process_name(nth: usize, stems: &[String], looks: &[Option<Look>], groups: &[usize]) -> String {
    let shape = without_numbers(&stems[nth]);
    let is_other_part = |other: usize| {
        let same_activities = match (&looks[nth], &looks[other]) {
            (Some(one), Some(other)) => mostly_common(&one.activities, &other.activities),
            _ => true,
        };
        other != nth
            && groups[other] == groups[nth]
            && stems[other] != stems[nth]
            && without_numbers(&stems[other]) == shape
            && same_activities
    };
    let has_parts = (0..stems.len()).any(is_other_part);
    match (has_parts, shape.is_empty()) {
        (false, _) => stems[nth].clone(),
        (true, false) => shape,
        (true, true) => NAMED_BY_DATES.to_owned(),
    }
}

/// The process of files that are called by dates alone.
const NAMED_BY_DATES: &str = "log";

/// `tickets-2024-01` and `tickets_7` are both `tickets`.
fn without_numbers(stem: &str) -> String {
    let is_separator = |c: char| matches!(c, '-' | '_' | '.' | ' ');
    let pieces = stem.split(is_separator);
    let pieces = pieces.map(|piece| piece.trim_matches(|c: char| c.is_ascii_digit()));
    let pieces: Vec<&str> = pieces.filter(|piece| !piece.is_empty()).collect();
    pieces.join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(columns: &[&str], activities: &[&str]) -> Option<Look> {
        let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Some(Look {
            format: Some(FormatName::Csv),
            columns: set(columns),
            activities: set(activities),
            refers: false,
            names_process: false,
        })
    }

    fn names(stems: &[&str], looks: &[Option<Look>]) -> Vec<String> {
        let groups = groups(looks);
        let stems: Vec<String> = stems.iter().map(|stem| (*stem).to_owned()).collect();
        let all = 0..stems.len();
        all.map(|nth| process_name(nth, &stems, looks, &groups))
            .collect()
    }

    #[test]
    fn numbers_are_left_out_of_names() {
        for (stem, shape) in [
            ("tickets-2024-01", "tickets"),
            ("tickets_7", "tickets"),
            ("SOC tickets 12", "SOC-tickets"),
            ("part3", "part"),
            ("2024-01", ""),
            ("o365-alerts", "o-alerts"),
        ] {
            assert_eq!(without_numbers(stem), shape, "{stem}");
        }
    }

    #[test]
    fn files_whose_names_differ_in_numbers_are_one_process() {
        let one = || look(&["id", "state", "at"], &["open", "closed"]);
        let other = || look(&["id", "state", "at"], &["a", "b"]);
        let stems = ["tickets-1", "tickets-2"];
        assert_eq!(names(&stems, &[one(), one()]), ["tickets", "tickets"]);
        assert_eq!(names(&stems, &[one(), other()]), stems);
        let stems = ["phishing", "malware"];
        assert_eq!(names(&stems, &[one(), one()]), stems);
        let stems = ["o365", "o366-alerts"];
        assert_eq!(names(&stems, &[one(), one()]), stems);
    }

    #[test]
    fn files_with_other_columns_are_another_log() {
        let tickets = || look(&["id", "state", "at"], &["open"]);
        let wider = || look(&["id", "state", "at", "team", "queue"], &["open"]);
        let alerts = || look(&["alert", "status", "time"], &["open"]);
        let all = [tickets(), wider(), alerts(), None, alerts()];
        assert_eq!(groups(&all), [0, 0, 2, 0, 2]);
        let mut refers = all;
        refers[2].as_mut().unwrap().refers = true;
        assert_eq!(groups(&refers), [0; 5]);
    }
}
