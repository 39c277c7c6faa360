//! `toleranced check --samples`: does a mapping still make the expected events of sample files?

use super::difference::{Difference, differences};
use super::expected::{Outcome, line, parse};
use crate::cli::common::latest_believed;
use crate::cli::failure::Failure;
use crate::cli::mapping_args::MappingArgs;
use crate::cli::text::{harmless, shell_word};
use crate::ingest::decode::{Input, unpack_one};
use crate::ingest::mapping::{Circumstances, compile};
use crate::ingest::read::{ReadOptions, open_input, read_opened};
use crate::model::humanize::counted;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What is done with files of expected events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Writing {
    /// They are compared only.
    Nothing,
    /// Missing ones are written.
    Missing,
    /// Those that differ are written, too.
    All,
}

/// Endings of a file of expected events. The first one is written.
const EXPECTED: [&str; 3] = [".expected.json", ".expected.jsonl", ".expected.ndjson"];

/// Endings of files that are no samples: mappings and notes.
const OTHERS: [&str; 4] = [".yaml", ".yml", ".md", ".license"];

/// So many differences of a sample are printed.
const SHOWN: usize = 20;

/// What the check of a folder found.
#[derive(Debug, Default)]
pub(super) struct Checked {
    /// A line for each sample that is as expected.
    pub fine: Vec<String>,
    /// A text for each other sample, and for files that belong to none.
    pub problems: Vec<String>,
}

/// Compares all samples of a folder. Without a mapping, each is read as `score` reads it.
pub(super) fn check_samples(
    folder: &Path,
    mapping: Option<&str>,
    writing: Writing,
) -> Result<Checked, Failure> {
    let (samples, mut expected) = files(folder)?;
    let mut checked = Checked::default();
    if samples.is_empty() {
        checked.problems.push(format!(
            "{}: there is no sample. Put a log such as `NAME.csv` into it",
            folder.display()
        ));
    }
    let mut differ = false;
    for (stem, paths) in samples {
        let known = expected.remove(&stem);
        let [sample] = paths.as_slice() else {
            let names = paths.iter().map(|path| path.display().to_string());
            checked.problems.push(format!(
                "{}: they have one name, so their expected events would be in one file. Rename all but one",
                names.collect::<Vec<_>>().join(", ")
            ));
            continue;
        };
        let target = folder.join(format!("{stem}{}", EXPECTED[0]));
        match check_sample(sample, known.as_deref(), &target, mapping, writing) {
            Ok(line) => checked.fine.push(line),
            Err(Failed::Differs(text)) => {
                differ = true;
                checked.problems.push(text);
            }
            Err(Failed::Other(text)) => checked.problems.push(text),
        }
    }
    for path in expected.into_values() {
        checked.problems.push(format!(
            "{}: there is no sample with this name. Remove the file, or add the sample",
            path.display()
        ));
    }
    if differ {
        let map = mapping.map_or(String::new(), |map| format!("--map {} ", shell_word(map)));
        checked.problems.push(format!(
            "If the new events are right: toleranced check {map}--samples {} --update",
            shell_word(&folder.display().to_string())
        ));
    }
    Ok(checked)
}

/// The samples and the files of expected events of a folder, by name without endings.
#[expect(clippy::type_complexity, reason = "two maps by the same key")]
fn files(
    folder: &Path,
) -> Result<(BTreeMap<String, Vec<PathBuf>>, BTreeMap<String, PathBuf>), Failure> {
    let unreadable = |error| Failure::environment(format!("{}: {error}", folder.display()));
    let mut paths = BTreeSet::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        paths.insert(entry.map_err(unreadable)?.path());
    }
    let mut samples: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    let mut expected = BTreeMap::new();
    for path in paths.into_iter().filter(|path| path.is_file()) {
        let Some(name) = path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
        else {
            continue;
        };
        let lower = name.to_lowercase();
        if let Some(stem) = EXPECTED.iter().find_map(|ending| name.strip_suffix(ending)) {
            expected.insert(stem.to_owned(), path);
        } else if !name.starts_with('.') && !OTHERS.iter().any(|ending| lower.ends_with(ending)) {
            samples.entry(stem_of(&name)).or_default().push(path);
        }
    }
    Ok((samples, expected))
}

/// The name of a sample without its ending, and without that of a compression.
fn stem_of(name: &str) -> String {
    let plain = name.strip_suffix(".gz").or(name.strip_suffix(".zst"));
    let plain = plain.unwrap_or(name);
    let stem = plain.rsplit_once('.').map_or(plain, |(stem, _)| stem);
    stem.to_owned()
}

/// Why a sample is not as expected.
enum Failed {
    /// Its events are others, and `--update` would write them.
    Differs(String),
    /// Something else.
    Other(String),
}

fn check_sample(
    sample: &Path,
    known: Option<&Path>,
    target: &Path,
    mapping: Option<&str>,
    writing: Writing,
) -> Result<String, Failed> {
    let name = sample.display();
    let (found, read_with, first_reject) = read(sample, mapping)?;
    let summary = format!(
        "{name}: {}, {} rejected ({read_with})",
        counted(found.events.len() as i128, "event"),
        counted(found.rejected.values().sum::<u64>(), "record")
    );
    let write = |path: &Path| {
        std::fs::write(path, found.text())
            .map_err(|error| Failed::Other(format!("{}: {error}", path.display())))?;
        Ok(format!("{summary}, wrote {}", path.display()))
    };
    let Some(known) = known else {
        return match writing {
            Writing::Nothing => Err(Failed::Other(format!(
                "{summary}: no expected events. Write them to {} with --write, and check them",
                target.display()
            ))),
            Writing::Missing | Writing::All => write(target),
        };
    };
    let fault = |what: String| Failed::Other(format!("{}: {what}", known.display()));
    let text = std::fs::read_to_string(known).map_err(|error| fault(error.to_string()))?;
    let expected = parse(&text).map_err(fault)?;
    let report = compared(&expected, &found, first_reject.as_deref());
    match report {
        None => Ok(summary),
        // What a person wrote by lines becomes a document.
        Some(_) if writing == Writing::All => {
            let line = write(target)?;
            if known != target {
                std::fs::remove_file(known).map_err(|error| fault(error.to_string()))?;
            }
            Ok(line)
        }
        Some(report) => Err(Failed::Differs(format!("{name}: {report}"))),
    }
}

/// What a mapping makes of a sample; in words which mapping; and the first rejected record.
fn read(sample: &Path, mapping: Option<&str>) -> Result<(Outcome, String, Option<String>), Failed> {
    let args = MappingArgs {
        map: mapping.map(str::to_owned),
        ..MappingArgs::default()
    };
    let (input, _unpacked) = unpack_one(Input::File(sample.to_owned()));
    let read = || -> Result<_, Failure> {
        let opened = open_input(&input, args.sheet().as_deref(), &Arc::default())?;
        let chosen = args.choose(&opened, &input)?;
        let stem = input.stem();
        let circumstances = Circumstances {
            default_process: &stem,
            namespace: "",
            latest: latest_believed(),
        };
        let mapping = compile(&chosen.spec, &chosen.file, circumstances)?;
        let in_sheet = opened.rows.is_some();
        let mut found = Outcome::default();
        let mut first_reject = None;
        read_opened(
            opened,
            &input.name(),
            &mapping,
            ReadOptions::default(),
            &mut |batch| {
                if let (None, Some(reject)) = (&first_reject, batch.rejects.first()) {
                    // In a workbook, the detail names the row.
                    let at = match in_sheet {
                        true => String::new(),
                        false => format!(" at byte {}", reject.place),
                    };
                    first_reject = Some(format!("{}{at}: {}", reject.reason, reject.detail));
                }
                found.take(&batch);
            },
        )?;
        let read_with = match (&args.map, chosen.used) {
            (Some(named), _) => named.clone(),
            (None, Some(preset)) => format!("preset {preset}"),
            (None, None) => "guessed mapping".to_owned(),
        };
        Ok((found, read_with, first_reject))
    };
    read().map_err(|failure| match failure {
        Failure::Invalid(error) | Failure::Environment(error) => {
            Failed::Other(format!("{error:#}"))
        }
        Failure::BrokenPipe => Failed::Other(format!("{}: can't be read", sample.display())),
    })
}

/// The differences in words; `None` if there is none.
fn compared(expected: &Outcome, found: &Outcome, first_reject: Option<&str>) -> Option<String> {
    let events = differences(&expected.events, &found.events);
    let counts = differing_counts(expected, found, first_reject);
    if events.is_empty() && counts.is_empty() {
        return None;
    }
    let number =
        |is: fn(&Difference) -> bool| events.iter().filter(|event| is(event)).count() as i128;
    let mut report = format!(
        "{} changed, {} missing, {} unexpected",
        counted(
            number(|of| matches!(of, Difference::Changed { .. })),
            "event"
        ),
        number(|of| matches!(of, Difference::Missing { .. })),
        number(|of| matches!(of, Difference::Unexpected { .. })),
    );
    for difference in events.iter().take(SHOWN) {
        add_difference(&mut report, difference);
    }
    if events.len() > SHOWN {
        // Writing to a text can't fail.
        let _ = write!(report, "\n  ... and {} more", events.len() - SHOWN);
    }
    report.push_str(&counts);
    Some(harmless(&report))
}

fn add_difference(report: &mut String, difference: &Difference) {
    let or_none =
        |value: &Option<&str>| value.map_or("none".to_owned(), |value| format!("`{value}`"));
    // Writing to a text can't fail.
    let _ = match difference {
        Difference::Missing { number, event } => {
            write!(
                report,
                "\n  - expected event {number} is missing: {}",
                line(event)
            )
        }
        Difference::Unexpected { number, event } => {
            write!(
                report,
                "\n  + event {number} is not expected: {}",
                line(event)
            )
        }
        Difference::Changed {
            number,
            event,
            fields,
        } => {
            let field = |name: &str| event.get(name).map_or("", String::as_str);
            let _ = write!(
                report,
                "\n  event {number}, case {}, {}:",
                field("case"),
                field("activity")
            );
            for (name, expected, found) in fields {
                let _ = write!(
                    report,
                    "\n    {name}: expected {}, found {}",
                    or_none(expected),
                    or_none(found)
                );
            }
            Ok(())
        }
    };
}

/// Counts of rejected and filtered records that are not as expected. Rejected records are never expected without being named.
fn differing_counts(expected: &Outcome, found: &Outcome, first_reject: Option<&str>) -> String {
    let mut text = String::new();
    let reasons: BTreeSet<&String> = expected
        .rejected
        .keys()
        .chain(found.rejected.keys())
        .collect();
    for reason in reasons {
        let count = |of: &Outcome| of.rejected.get(reason).copied().unwrap_or(0);
        if count(expected) != count(found) {
            let _ = write!(
                text,
                "\n  rejected records ({reason}): expected {}, found {}",
                count(expected),
                count(found)
            );
        }
    }
    if let (false, Some(first)) = (text.is_empty(), first_reject) {
        let _ = write!(text, "\n    the first rejected record: {first}");
    }
    let filtered = found.filtered.unwrap_or(0);
    if let Some(wanted) = expected.filtered.filter(|wanted| *wanted != filtered) {
        let _ = write!(
            text,
            "\n  filtered records: expected {wanted}, found {filtered}"
        );
    }
    text
}
