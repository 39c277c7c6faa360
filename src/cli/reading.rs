//! Reading logs as the flags say: what `score`, `explain` and `diff` share.

mod lost;
mod together;
mod words;

pub(super) use words::reading_words;

use super::common::{latest_believed, progress};
use super::failure::{Done, Failure};
use super::mapping_args::{ChosenMapping, MappingArgs};
use super::text::harmless;
use crate::cases::{Case, RuleBook, resolved_states};
use crate::config::daemon::Limits;
use crate::config::parse_span;
use crate::ingest::decode::{Input, unpack};
use crate::ingest::guess::CloseCall;
use crate::ingest::mapping::{Circumstances, compile};
use crate::ingest::read::{ReadOptions, open_input, read_opened};
use crate::ingest::time::TimeParser;
use crate::ingest::{ContentCounter, EventBatch, Reason, Reject, behind_file, file_of};
use crate::model::{NameId, Span, Time};
use crate::query::{
    CaseTable, LogPart, PartedLogs, PreparedRules, ScoresAsOf, TableLimits, log_parts,
};
use crate::rules::mapping::Identity;
use crate::rules::{Catalog, Tolerance};
use lost::{InFile, Lost};
use rustc_hash::FxHashSet;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use together::{FileNames, names_of_files};

/// By which rules logs are scored.
#[derive(Debug, clap::Args)]
pub(super) struct RulesArgs {
    /// Catalog of declared processes
    #[arg(long, value_name = "FILE")]
    pub catalog: Option<PathBuf>,
    /// Tolerance table and decisions, instead of the built-in ones
    #[arg(long, value_name = "FILE")]
    pub tolerance: Option<PathBuf>,
    /// Count only cases that ended within this span before, such as 90d; all if not given
    #[arg(long, value_name = "SPAN")]
    pub window: Option<String>,
}

impl RulesArgs {
    /// The first flag that was given.
    pub(super) fn first_given(&self) -> Option<&'static str> {
        let flags = [
            ("--catalog", self.catalog.is_some()),
            ("--tolerance", self.tolerance.is_some()),
            ("--window", self.window.is_some()),
        ];
        let given = flags.into_iter().find(|(_, given)| *given);
        given.map(|(flag, _)| flag)
    }

    /// The window.
    pub(super) fn window(&self) -> Result<Option<Span>, Failure> {
        let window = self.window.as_deref().map(parse_span).transpose();
        window.map_err(|message| Failure::environment(format!("--window: {message}")))
    }
}

/// What was read, for people and programs.
#[derive(Debug, Default)]
pub(super) struct Reading {
    pub records: u64,
    pub events: u64,
    pub duplicates: u64,
    pub filtered: u64,
    /// Events later than `--as-of`.
    pub after_as_of: u64,
    pub ambiguous_times: u64,
    pub quarantine: BTreeMap<Reason, Refused>,
    /// File and what was guessed of it.
    pub guesses: Vec<Guessed>,
    /// File and what people should know of how it was read.
    pub notes: Vec<(String, String)>,
    /// Files that could not be read at all, though others could.
    pub failed: Vec<String>,
    /// States that resolve a case, guessed, by process.
    pub resolved: Vec<(String, Vec<String>)>,
}

#[derive(Debug)]
pub(super) struct Guessed {
    pub file: String,
    pub line: String,
    pub day_or_month: bool,
    pub time_format: Option<String>,
    /// Roles for which another column fits nearly as well.
    pub close: Vec<CloseCall>,
    pub preset: Option<&'static str>,
    /// A preset that was used because it recognised the file.
    pub used: Option<&'static str>,
}

/// Records refused for one reason.
#[derive(Debug)]
pub(super) struct Refused {
    pub count: u64,
    pub file: String,
    pub place: u64,
    /// It is a row of a sheet, which the detail names.
    pub in_sheet: bool,
    pub detail: String,
}

impl Reading {
    /// `in_sheet`: what was refused says its row.
    fn refuse(&mut self, (file, in_sheet): (&str, bool), rejects: &[Reject]) {
        for reject in rejects {
            self.quarantine
                .entry(reject.reason)
                .and_modify(|refused| refused.count += 1)
                .or_insert_with(|| Refused {
                    count: 1,
                    file: file.to_owned(),
                    place: reject.place,
                    in_sheet,
                    detail: reject.detail.clone(),
                });
        }
    }

    /// Records that did not become events.
    pub(super) fn quarantined(&self) -> u64 {
        self.quarantine.values().map(|refused| refused.count).sum()
    }
}

/// Everything that was read.
pub(super) struct Logs {
    /// The cases, settled.
    pub table: CaseTable,
    /// The names of the files by their place in the call, those of folders and archives in the place of these.
    files: Vec<String>,
    pub reading: Reading,
    lost: Lost,
    /// Files that say which states resolve a case, by their place in the call: those of their processes are not guessed.
    say_resolved: BTreeSet<u64>,
}

/// Reads files; what happened after `until` is left out.
pub(super) fn read_logs(
    files: &[String],
    mapping: &MappingArgs,
    until: Option<Time>,
) -> Result<Logs, Failure> {
    let inputs = files.iter().map(|file| Input::new(file)).collect();
    // What was unpacked is there until all has been read.
    let unpacked = unpack(inputs);
    let inputs = &unpacked.inputs;
    let mut table = CaseTable::new();
    let mut reading = Reading::default();
    let mut lost = Lost::default();
    let mut reader = Reader {
        mapping,
        until: until.unwrap_or(Time(i64::MAX)),
        counter: Arc::default(),
        table: &mut table,
        reading: &mut reading,
        lost: &mut lost,
    };
    let say_resolved = reader.all(inputs)?;
    table.settle();
    if mapping.map.is_some() {
        // Whoever names a mapping says that the files are of one kind.
        let of_events = table.cases().iter().flat_map(|case| case.events());
        let with_events: FxHashSet<u64> = of_events.map(|event| file_of(event.place)).collect();
        let without = lost.files().filter(|file| !with_events.contains(file));
        lost.without_events = without.collect();
    }
    Ok(Logs {
        table,
        files: inputs.iter().map(Input::name).collect(),
        reading,
        lost,
        say_resolved,
    })
}

impl Logs {
    /// The name of a file by its place in the call.
    pub(super) fn name(&self, nth: u64) -> String {
        let nth = usize::try_from(nth).ok();
        let name = nth.and_then(|nth| self.files.get(nth));
        name.cloned().unwrap_or_default()
    }

    /// The rules for these cases; states that resolve a case are guessed where nobody says them.
    pub(super) fn rules(&mut self, catalog: &Catalog, tolerance: &Tolerance) -> RuleBook {
        let mut rules = RuleBook::new(catalog, tolerance, &mut self.table.names);
        let cases = self.table.cases().iter();
        let guessed = self.guess_resolved(cases, catalog, &mut rules);
        self.reading.resolved.extend(guessed);
        rules
    }

    /// The same for the cases as they were known at an instant. What is guessed is not told.
    pub(super) fn rules_as_of(
        &mut self,
        catalog: &Catalog,
        tolerance: &Tolerance,
        as_of: Time,
    ) -> RuleBook {
        let mut rules = RuleBook::new(catalog, tolerance, &mut self.table.names);
        let known = self.table.cases().iter();
        let known = known.filter_map(|case| case.until(as_of));
        let known: Vec<Cow<Case>> = known.collect();
        self.guess_resolved(known.iter().map(AsRef::as_ref), catalog, &mut rules);
        rules
    }

    /// Where nobody says which states resolve a case, names and data do. Processes of the catalog that say so are left alone.
    /// Gives the states by process.
    fn guess_resolved<'c>(
        &self,
        cases: impl Iterator<Item = &'c Case> + Clone,
        catalog: &Catalog,
        rules: &mut RuleBook,
    ) -> Vec<(String, Vec<String>)> {
        let names = &self.table.names;
        let told = self.processes_of(&self.say_resolved);
        let cases = cases.filter(|case| !told.contains(&case.process()));
        let mut guessed = Vec::new();
        for (process, states) in resolved_states(cases, names) {
            let id = names.text(process);
            let declared = catalog.processes.get(id);
            let is_told = declared
                .is_some_and(|process| process.ends.is_declared() || !process.resolved.is_empty());
            if is_told {
                continue;
            }
            let texts = states.iter().map(|state| names.text(*state).to_owned());
            guessed.push((id.to_owned(), texts.collect()));
            rules.add_resolved(process, states);
        }
        guessed
    }

    /// The processes with a case in one of these files.
    fn processes_of(&self, files: &BTreeSet<u64>) -> FxHashSet<NameId> {
        if files.is_empty() {
            return FxHashSet::default();
        }
        let is_in = |case: &&Case| {
            let mut events = case.events().iter();
            events.any(|event| files.contains(&file_of(event.place)))
        };
        let cases = self.table.cases().iter().filter(is_in);
        cases.map(Case::process).collect()
    }

    /// The scores as of an instant, or of each log as of its last event. `cases_of` as in
    /// [`ScoreRequest`](crate::query::ScoreRequest).
    pub(super) fn scores(
        &self,
        parts: &[LogPart],
        rules: &PreparedRules,
        as_of: Option<Time>,
        cases_of: Option<(&str, usize)>,
    ) -> ScoresAsOf {
        let logs = PartedLogs {
            table: &self.table,
            parts,
            loss: &|part, evidence| self.lost.of_part(&self.table, part, evidence),
        };
        logs.scores(rules, as_of, cases_of)
    }

    /// Logs that have nothing to do with each other.
    pub(super) fn parts(&self, catalog: &Catalog) -> Vec<LogPart> {
        let names = &self.table.names;
        let links = catalog.processes.values().filter_map(|process| {
            let parent = names.find(process.parent.as_deref()?)?;
            Some((names.find(&process.id)?, parent))
        });
        let links: Vec<(NameId, NameId)> = links.collect();
        log_parts(&self.table, &links)
    }
}

/// No event at all, or a file that could not be read, must not look like success.
pub(super) fn ended(reading: &Reading) -> Result<Done, Failure> {
    for message in &reading.failed {
        let mark = console::style("error:").for_stderr().red().bold();
        eprintln!("{mark} {}", harmless(message));
    }
    if reading.events == 0 && reading.failed.is_empty() {
        let why = match reading.quarantine.values().next() {
            Some(refused) => format!(
                "no event could be read; the first record was refused: {}",
                refused.detail
            ),
            None if reading.after_as_of > 0 => {
                "no event to score: all of them are later than --as-of".to_owned()
            }
            None if reading.filtered > 0 => format!(
                "no event to score: the mapping passes over every record ({})",
                reading.filtered
            ),
            None => "no event could be read: the input has no records".to_owned(),
        };
        return Err(Failure::invalid(why));
    }
    Ok(if reading.failed.is_empty() {
        Done::Fine
    } else {
        Done::Findings
    })
}

/// An instant, as `2024-05-06` (its first instant, UTC) or with a time of the day.
pub(super) fn parse_time(flag: &str, text: &str) -> Result<Time, Failure> {
    let parser = TimeParser::new(Vec::new(), chrono_tz::Tz::UTC);
    match parser.text(text) {
        Some(read) => Ok(read.time),
        None => Err(Failure::environment(format!(
            "{flag}: `{text}` is not a time such as 2024-05-06T07:08:09Z"
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
    lost: &'a mut Lost,
}

impl Reader<'_> {
    /// Reads every file into the table; gives those that say which states resolve a case. One file that can't be read is the
    /// end if it is the only one, and is told at the end otherwise.
    fn all(&mut self, inputs: &[Input]) -> Result<BTreeSet<u64>, Failure> {
        let bar = progress(inputs);
        let counter = self.counter.clone();
        let names = names_of_files(inputs, self.mapping);
        let mut say_resolved = BTreeSet::new();
        for (nth, input) in inputs.iter().enumerate() {
            bar.set_message(input.name());
            let mut tick = || bar.set_position(counter.load(Ordering::Relaxed));
            match self.one((nth as u64, input), &names[nth], &mut tick) {
                Ok(true) => {}
                Ok(false) => {
                    say_resolved.insert(nth as u64);
                }
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
        Ok(say_resolved)
    }

    /// Reads a file; says whether the states that resolve a case may be guessed.
    fn one(
        &mut self,
        (nth, input): (u64, &Input),
        names: &FileNames,
        tick: &mut dyn FnMut(),
    ) -> Result<bool, Failure> {
        let name = input.name();
        let opened = open_input(input, self.mapping.sheet().as_deref(), &self.counter)?;
        let chosen = self.mapping.choose(&opened, input)?;
        let circumstances = Circumstances {
            default_process: &names.process,
            namespace: &names.namespace,
            latest: latest_believed(),
        };
        let mapping = compile(&chosen.spec, &chosen.file, circumstances)?;
        note_guess(&chosen, &name, self.reading);
        let notes = opened.notes.iter().map(|note| (name.clone(), note.clone()));
        self.reading.notes.extend(notes);
        let in_sheet = opened.rows.is_some();
        let limits = TableLimits {
            case_events: Limits::default().case_events,
        };
        let mut counting = ContentCounter::default();
        let mut in_file = InFile::new(nth);
        let mut take = |mut batch: EventBatch| {
            batch.move_places(behind_file(nth));
            if mapping.identity == Identity::Content {
                counting.number(&mut batch);
            }
            // Before the later events are left out: what was lost among them was lost later.
            self.lost.refuse(&batch, &batch.rejects, &mut in_file);
            let last = batch.events.last().map(|event| event.time.hour());
            let all = batch.events.len();
            batch.events.retain(|event| event.time <= self.until);
            let mut taken = self.table.take(&batch, limits);
            for reject in &mut taken.rejects {
                reject.place = batch.offset_of(reject.place);
            }
            self.lost.refuse(&batch, &taken.rejects, &mut in_file);
            in_file.last = last.or(in_file.last);
            let reading = &mut *self.reading;
            reading.after_as_of += (all - batch.events.len()) as u64;
            reading.records += batch.records;
            reading.events += taken.added;
            reading.duplicates += taken.duplicates;
            reading.filtered += batch.filtered;
            reading.ambiguous_times += batch.ambiguous_times;
            reading.refuse((&name, in_sheet), &batch.rejects);
            reading.refuse((&name, in_sheet), &taken.rejects);
            tick();
        };
        read_opened(opened, &name, &mapping, ReadOptions::default(), &mut take)?;
        Ok(chosen.may_guess_resolved)
    }
}

fn note_guess(chosen: &ChosenMapping, file: &str, reading: &mut Reading) {
    if let Some(preset) = chosen.used {
        reading.guesses.push(Guessed {
            file: file.to_owned(),
            line: format!("the preset {preset}"),
            day_or_month: false,
            time_format: None,
            close: Vec::new(),
            preset: None,
            used: Some(preset),
        });
    }
    if let Some(guess) = &chosen.guess
        && !(chosen.used.is_some() && guess.line().is_empty())
    {
        reading.guesses.push(Guessed {
            file: file.to_owned(),
            line: guess.line(),
            day_or_month: guess.day_or_month,
            time_format: guess.time_format.clone(),
            close: chosen.close.clone(),
            preset: chosen.preset,
            used: None,
        });
    }
}
