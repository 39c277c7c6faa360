//! `toleranced score`: one shot, no daemon, no configuration needed.

mod output;

use super::common::{catalog, latest_believed, progress, tolerance};
use super::failure::{Done, Failure};
use super::mapping_args::{ChosenMapping, MappingArgs};
use super::text::harmless;
use crate::assemble::{CaseTable, ContentCounter, TableLimits};
use crate::cases::{RuleBook, resolved_states};
use crate::config::daemon::Limits;
use crate::config::mapping::Identity;
use crate::config::parse_span;
use crate::ingest::decode::Input;
use crate::ingest::mapping::{Circumstances, compile};
use crate::ingest::read::{ReadOptions, open_input, read_opened};
use crate::ingest::time::TimeParser;
use crate::ingest::{EventBatch, Reason, Reject, behind_file};
use crate::model::{Span, Time};
use crate::score::{Evidence, Loss, ProcessScore, Terms, score_all};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Score processes from logs: one shot, no daemon, no configuration needed
///
/// Reads NDJSON, JSON, CSV and XES, plain or as .gz or .zst, and prints one row per process. Without a mapping it guesses
/// one from the names and values of the columns and says what it guessed.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  toleranced score tickets.csv
  toleranced score tickets.csv --case \"Incident ID\" --activity Step --time DateStamp
  toleranced score --map xes log.xes.gz --format json
  zcat runs.ndjson.gz | toleranced score - --process-name phishing

Exit codes: 0 scored, 1 a file or mapping is invalid or there was no event, 2 wrong usage or a file can't be read.")]
pub(super) struct Args {
    /// Files to read; `-` for standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<String>,
    #[command(flatten)]
    mapping: MappingArgs,
    /// Catalog of declared processes
    #[arg(long, value_name = "FILE")]
    catalog: Option<PathBuf>,
    /// Tolerance table and decisions, instead of the built-in ones
    #[arg(long, value_name = "FILE")]
    tolerance: Option<PathBuf>,
    /// Score as of this time, as if nothing after it had happened yet; the last event if not given
    #[arg(long, value_name = "TIME")]
    as_of: Option<String>,
    /// Count only cases that ended within this span before, such as 90d; all if not given
    #[arg(long, value_name = "SPAN")]
    window: Option<String>,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// An aligned table for people
    Table,
    /// The same and more for programs; documented in docs/score-json.md
    Json,
}

/// What was read, for people and programs.
#[derive(Debug, Default)]
struct Reading {
    records: u64,
    events: u64,
    duplicates: u64,
    filtered: u64,
    /// Events later than `--as-of`.
    after_as_of: u64,
    ambiguous_times: u64,
    quarantine: BTreeMap<Reason, Refused>,
    /// File and what was guessed of it.
    guesses: Vec<Guessed>,
    /// Files that could not be read at all, though others could.
    failed: Vec<String>,
    /// States that resolve a case, guessed, by process.
    resolved: Vec<(String, Vec<String>)>,
}

#[derive(Debug)]
struct Guessed {
    file: String,
    line: String,
    day_or_month: bool,
    time_format: Option<String>,
    preset: Option<&'static str>,
}

/// Records refused for one reason.
#[derive(Debug)]
struct Refused {
    count: u64,
    file: String,
    place: u64,
    detail: String,
}

impl Reading {
    fn refuse(&mut self, file: &str, rejects: &[Reject]) {
        for reject in rejects {
            self.quarantine
                .entry(reject.reason)
                .and_modify(|refused| refused.count += 1)
                .or_insert_with(|| Refused {
                    count: 1,
                    file: file.to_owned(),
                    place: reject.place,
                    detail: reject.detail.clone(),
                });
        }
    }

    /// What was lost of every process: nobody knows which one a refused record belonged to.
    fn loss(&self) -> Loss {
        let gaps = self.failed.len() as i64;
        Loss {
            records: self.records.saturating_sub(self.filtered) as i64 + gaps,
            lost: self.quarantined() as i64 + gaps,
            gaps,
        }
    }

    fn quarantined(&self) -> u64 {
        self.quarantine.values().map(|refused| refused.count).sum()
    }
}

/// Everything there is to print.
struct Report {
    reading: Reading,
    cases: usize,
    evidence: Evidence,
    window: Option<Span>,
    scores: Vec<ProcessScore>,
}

pub(super) fn run(args: &Args) -> Result<Done, Failure> {
    let catalog = catalog(args.catalog.as_deref())?;
    let tolerance = tolerance(args.tolerance.as_deref())?;
    let as_of = args.as_of.as_deref().map(parse_time).transpose()?;
    let window = args.window.as_deref().map(parse_span).transpose();
    let window = window.map_err(|message| Failure::environment(format!("--window: {message}")))?;
    let inputs: Vec<Input> = args.files.iter().map(|file| Input::new(file)).collect();
    let mut table = CaseTable::new();
    let mut reading = Reading::default();
    let mut reader = Reader {
        mapping: &args.mapping,
        // What had not happened by then is not known.
        until: as_of.unwrap_or(Time(i64::MAX)),
        counter: Arc::default(),
        table: &mut table,
        reading: &mut reading,
    };
    let may_guess_resolved = reader.all(&inputs)?;
    table.settle();
    let mut rules = RuleBook::new(&catalog, &tolerance, &mut table.names);
    if may_guess_resolved {
        guess_resolved(&table, &catalog, &mut rules, &mut reading);
    }
    let as_of = as_of
        .or(table.span().map(|(_, last)| last))
        .unwrap_or_default();
    let mut evidence = table.evidence(&rules, as_of, window);
    let loss = reading.loss();
    evidence.losses = evidence.processes.keys().map(|id| (*id, loss)).collect();
    let terms = Terms {
        catalog: &catalog,
        tolerance: &tolerance,
        names: &table.names,
    };
    let scores = score_all(&evidence, terms);
    let report = Report {
        cases: table.len(),
        reading,
        evidence,
        window,
        scores,
    };
    match args.format {
        Format::Table => output::table(&report)?,
        Format::Json => output::json(&report)?,
    }
    ended(&report)
}

/// No event at all, or a file that could not be read, must not look like success.
fn ended(report: &Report) -> Result<Done, Failure> {
    for message in &report.reading.failed {
        let mark = console::style("error:").for_stderr().red().bold();
        eprintln!("{mark} {}", harmless(message));
    }
    if report.reading.events == 0 && report.reading.failed.is_empty() {
        let why = match report.reading.quarantine.values().next() {
            Some(refused) => format!(
                "no event could be read; the first record was refused: {}",
                refused.detail
            ),
            None if report.reading.after_as_of > 0 => {
                "no event to score: all of them are later than --as-of".to_owned()
            }
            None if report.reading.filtered > 0 => format!(
                "no event to score: the mapping passes over every record ({})",
                report.reading.filtered
            ),
            None => "no event could be read: the input has no records".to_owned(),
        };
        return Err(Failure::invalid(why));
    }
    Ok(if report.reading.failed.is_empty() {
        Done::Fine
    } else {
        Done::Findings
    })
}

fn parse_time(text: &str) -> Result<Time, Failure> {
    let parser = TimeParser::new(Vec::new(), chrono_tz::Tz::UTC);
    match parser.text(text) {
        Some(read) => Ok(read.time),
        None => Err(Failure::environment(format!(
            "--as-of: `{text}` is not a time such as 2024-05-06T07:08:09Z"
        ))),
    }
}

/// Reads files into a table.
struct Reader<'a> {
    mapping: &'a MappingArgs,
    /// Later events are left out.
    until: Time,
    /// Stored bytes read, for the progress bar.
    counter: Arc<AtomicU64>,
    table: &'a mut CaseTable,
    reading: &'a mut Reading,
}

impl Reader<'_> {
    /// Reads every file into the table; says whether the states that resolve a case may be guessed. One file that can't be
    /// read is the end if it is the only one, and is told at the end otherwise.
    fn all(&mut self, inputs: &[Input]) -> Result<bool, Failure> {
        let bar = progress(inputs);
        let counter = self.counter.clone();
        let mut may_guess_resolved = true;
        for (nth, input) in inputs.iter().enumerate() {
            bar.set_message(input.name());
            let mut tick = || bar.set_position(counter.load(Ordering::Relaxed));
            match self.one(nth, input, &mut tick) {
                Ok(may_guess) => may_guess_resolved &= may_guess,
                Err(failure) if inputs.len() == 1 => {
                    bar.finish_and_clear();
                    return Err(failure);
                }
                Err(Failure::Invalid(error) | Failure::Environment(error)) => {
                    self.reading.failed.push(format!("{error:#}"));
                }
                Err(Failure::BrokenPipe) => return Err(Failure::BrokenPipe),
            }
        }
        bar.finish_and_clear();
        Ok(may_guess_resolved)
    }

    fn one(&mut self, nth: usize, input: &Input, tick: &mut dyn FnMut()) -> Result<bool, Failure> {
        let name = input.name();
        let opened = open_input(input, &self.counter)?;
        let chosen = self.mapping.choose(&opened, input)?;
        let circumstances = Circumstances {
            default_process: &input.stem(),
            namespace: "",
            latest: latest_believed(),
        };
        let mapping = compile(&chosen.spec, &chosen.file, circumstances)?;
        note_guess(&chosen, &name, self.reading);
        let limits = TableLimits {
            case_events: Limits::default().case_events,
        };
        let mut counting = ContentCounter::default();
        let mut take = |mut batch: EventBatch| {
            batch.move_places(behind_file(nth as u64));
            if mapping.identity == Identity::Content {
                counting.number(&mut batch);
            }
            let all = batch.events.len();
            batch.events.retain(|event| event.time <= self.until);
            let taken = self.table.take(&batch, limits);
            let reading = &mut *self.reading;
            reading.after_as_of += (all - batch.events.len()) as u64;
            reading.records += batch.records;
            reading.events += taken.added;
            reading.duplicates += taken.duplicates;
            reading.filtered += batch.filtered;
            reading.ambiguous_times += batch.ambiguous_times;
            reading.refuse(&name, &batch.rejects);
            reading.refuse(&name, &taken.rejects);
            tick();
        };
        read_opened(opened, &name, &mapping, ReadOptions::default(), &mut take)?;
        Ok(chosen.may_guess_resolved)
    }
}

fn note_guess(chosen: &ChosenMapping, file: &str, reading: &mut Reading) {
    if let Some(guess) = &chosen.guess {
        reading.guesses.push(Guessed {
            file: file.to_owned(),
            line: guess.line(),
            day_or_month: guess.day_or_month,
            time_format: guess.time_format.clone(),
            preset: chosen.preset,
        });
    }
}

/// Where nobody says which states resolve a case, names and data do. Processes of the catalog that say so are left alone.
fn guess_resolved(
    table: &CaseTable,
    catalog: &crate::config::catalog::Catalog,
    rules: &mut RuleBook,
    reading: &mut Reading,
) {
    for (process, states) in resolved_states(table.cases().iter(), &table.names) {
        let id = table.names.text(process);
        let declared = catalog.processes.get(id);
        if declared
            .is_some_and(|process| process.ends.is_declared() || !process.resolved.is_empty())
        {
            continue;
        }
        let names = states
            .iter()
            .map(|state| table.names.text(*state).to_owned());
        reading.resolved.push((id.to_owned(), names.collect()));
        rules.add_resolved(process, states);
    }
}
