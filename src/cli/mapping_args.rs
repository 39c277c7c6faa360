//! Which mapping: as the flags say, else guessed from the first records of a file.

mod recognise;
mod spans;
mod undated;

pub(super) use recognise::listed_records;

use super::common::latest_believed;
use super::failure::Failure;
use crate::config::mapping::PRESETS;
use crate::config::mapping_yaml;
use crate::ingest::decode::{
    Chunker, Input, Opened, XesEvent, decode_document, read_header, read_xes, sample_records,
};
use crate::ingest::framing::Framing;
use crate::ingest::guess::{
    Guess, History, OWN_FIELDS, Stage, completed_json, guess, guess_pages, guess_records_of,
    joined_columns,
};
use crate::ingest::mapping::{Circumstances, Place, compile};
use crate::ingest::read::format_of;
use crate::ingest::{EventBatch, Path as RecordPath};
use crate::rules::At;
use crate::rules::mapping::{EventSpec, FieldSpec, FormatName, MappingSpec, OneOrMany, Reopen};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

/// Records looked at to guess a mapping.
const SAMPLE_RECORDS: usize = 2000;

/// How events are found in the files.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Mapping")]
pub(super) struct MappingArgs {
    /// A mapping: the name of a preset, or a file
    #[arg(long, short = 'm', value_name = "PRESET|FILE")]
    pub map: Option<String>,
    /// Column or path of the case
    #[arg(long, value_name = "COLUMN")]
    pub case: Option<String>,
    /// Column or path of the activity
    #[arg(long, value_name = "COLUMN")]
    pub activity: Option<String>,
    /// Column or path of the time
    #[arg(long, value_name = "COLUMN")]
    pub time: Option<String>,
    /// Column or path of the process
    #[arg(long, value_name = "COLUMN", conflicts_with = "process_name")]
    pub process: Option<String>,
    /// All of this is one process, with this name
    #[arg(long, value_name = "NAME")]
    pub process_name: Option<String>,
    /// Column or path of the outcome
    #[arg(long, value_name = "COLUMN")]
    pub outcome: Option<String>,
    /// Column or path of the executor kind (human, ai, code)
    #[arg(long, value_name = "COLUMN")]
    pub executor: Option<String>,
    /// Format of the times, in chrono's strftime notation, or epoch_s, epoch_ms, epoch_us, epoch_ns, spreadsheet, rfc3339
    #[arg(long, value_name = "FORMAT")]
    pub time_format: Option<String>,
    /// Zone of times that do not say theirs, such as Europe/Rome; UTC if not given
    #[arg(long, value_name = "ZONE")]
    pub time_zone: Option<String>,
}

/// A mapping for one file, and where it comes from.
pub(super) struct ChosenMapping {
    pub spec: MappingSpec,
    /// What problems are reported against.
    pub file: PathBuf,
    /// What was guessed, where something was.
    pub guess: Option<Guess>,
    /// Whether the states that resolve a case may be guessed too.
    pub may_guess_resolved: bool,
    /// Activities of the first records, where they were guessed.
    pub sampled_activities: BTreeSet<String>,
    /// Where no mapping was named: a preset that reads the file without a fault.
    pub preset: Option<&'static str>,
    /// Where no mapping was named: a preset that is used, because the records are certainly those of its tool.
    pub used: Option<&'static str>,
    /// What the columns look like, although nothing was guessed from them.
    pub seen: Option<Guess>,
}

fn at(text: &str) -> At<FieldSpec> {
    At::new(
        FieldSpec::from_text(text),
        serde_saphyr::Location::UNKNOWN,
        serde_saphyr::Location::UNKNOWN,
    )
}

fn at_plain(column: &str) -> At<FieldSpec> {
    let mut field = at(column);
    field.value.0.template = None;
    field.value.0.path = Some(column.to_owned());
    field
}

/// A column as a field. A date and a time in two columns are a template of both.
fn at_column(column: &str) -> At<FieldSpec> {
    match joined_columns(column) {
        Some(_) => at(column),
        None => at_plain(column),
    }
}

/// A column as the time of an event, with what its times need to be read.
fn at_time(guess: &Guess, column: &str) -> At<FieldSpec> {
    let mut field = at_column(column);
    field.value.0.time_format = guess
        .own_format_of(column)
        .filter(|_| !guess.stages.is_empty());
    field.value.0.time_zone = guess.info(column).and_then(|info| info.time_zone.clone());
    field
}

fn at_const(text: &str) -> At<FieldSpec> {
    let mut field = at("");
    field.value = FieldSpec::constant(text);
    field
}

impl ChosenMapping {
    /// The mapping as a file, with all that was guessed and said; `resolved` are the states that resolve a case.
    pub(super) fn written(&self, origin: &str, resolved: &[String]) -> String {
        if let Some(preset) = self.used {
            return recognise::preset_text(preset, &self.spec, origin);
        }
        let mut spec = self.spec.clone();
        spec.resolved.extend_from_slice(resolved);
        format!(
            "# Guessed from {origin}. Check it with `toleranced inspect {origin} --map THIS_FILE`.\n{}",
            mapping_yaml(&spec)
        )
    }
}

impl MappingArgs {
    /// The first flag that was given.
    pub(super) fn first_given(&self) -> Option<&'static str> {
        let flags = [
            ("--map", &self.map),
            ("--case", &self.case),
            ("--activity", &self.activity),
            ("--time", &self.time),
            ("--process", &self.process),
            ("--process-name", &self.process_name),
            ("--outcome", &self.outcome),
            ("--executor", &self.executor),
            ("--time-format", &self.time_format),
            ("--time-zone", &self.time_zone),
        ];
        let given = flags.into_iter().find(|(_, value)| value.is_some());
        given.map(|(flag, _)| flag)
    }

    /// The mapping for an opened file: as given, else guessed; flags override both.
    pub(super) fn choose(&self, opened: &Opened, input: &Input) -> Result<ChosenMapping, Failure> {
        let mut chosen = match self.map.as_deref() {
            Some(XES) => self.completed_xes(opened, input)?,
            Some(name) => ChosenMapping {
                spec: MappingSpec::load(name)?,
                file: PathBuf::from(name),
                guess: None,
                may_guess_resolved: false,
                sampled_activities: BTreeSet::new(),
                preset: None,
                used: None,
                seen: None,
            },
            None => self.guessed(opened, input, None)?,
        };
        self.override_fields(&mut chosen.spec, chosen.guess.as_ref());
        if let Some(guess) = &chosen.guess {
            refuse_unguessable(
                guess,
                &chosen.spec,
                input,
                (chosen.preset, opened.sample_is_all),
            )?;
        }
        Ok(chosen)
    }

    /// Whether a flag names a column: then the mapping is guessed around it.
    fn names_columns(&self) -> bool {
        let columns = [
            &self.case,
            &self.activity,
            &self.time,
            &self.process,
            &self.outcome,
            &self.executor,
        ];
        columns.iter().any(|column| column.is_some())
    }

    /// The preset `xes`, and what it can't know is guessed: XES has no standard attribute for an outcome or for how a case
    /// ends, and a log has the same verdict whether its format is named or not.
    fn completed_xes(&self, opened: &Opened, input: &Input) -> Result<ChosenMapping, Failure> {
        let preset = MappingSpec::load(XES)?;
        let or_preset = |told: &Option<String>, field: &Option<At<FieldSpec>>| {
            let path = || field.as_ref().and_then(|field| field.value.0.path.clone());
            told.clone().or_else(path)
        };
        let standard = MappingArgs {
            case: or_preset(&self.case, &preset.case),
            activity: or_preset(&self.activity, &preset.activity),
            time: or_preset(&self.time, &preset.time),
            map: None,
            ..self.clone()
        };
        let mut chosen = standard.guessed(opened, input, preset.format)?;
        standard.override_fields(&mut chosen.spec, chosen.guess.as_ref());
        Ok(chosen)
    }

    fn guessed(
        &self,
        opened: &Opened,
        input: &Input,
        format: Option<FormatName>,
    ) -> Result<ChosenMapping, Failure> {
        let (format, sample, mut guess) = sampled(opened, input, format)?;
        if !self.names_columns()
            && let Some((name, spec)) = recognise::recognised(opened, &sample, format)
        {
            return Ok(ChosenMapping {
                spec,
                file: PathBuf::from(name),
                guess: None,
                may_guess_resolved: false,
                sampled_activities: BTreeSet::new(),
                preset: None,
                used: Some(name),
                seen: Some(guess),
            });
        }
        let told = [
            ("case", &self.case),
            ("activity", &self.activity),
            ("time", &self.time),
            ("process", &self.process),
            ("outcome", &self.outcome),
            ("executor", &self.executor),
        ];
        for (field, column) in told {
            if let Some(column) = column {
                // What is told is not guessed, nor is the same column guessed for another field.
                guess.fields.retain(|_, choice| choice.column != *column);
                guess.fields.remove(field);
            }
        }
        if self.process_name.is_some() {
            guess.fields.remove("process");
        }
        if let Some(time) = &self.time {
            let told = guess.info(time).cloned();
            guess.time_format = told.as_ref().and_then(|column| column.time_format.clone());
            guess.day_or_month = told.is_some_and(|column| column.day_or_month);
        }
        if self.time_format.is_some() {
            guess.time_format = None;
            guess.day_or_month = false;
        }
        if self.activity.is_some() || self.time.is_some() {
            guess.take_rows_as_events();
        }
        guess.find_milestones();
        let columns = told.iter().filter_map(|(_, column)| column.as_deref());
        columns.for_each(|column| guess.forget_milestone(column));
        let mut spec = spec_of(&guess);
        spec.format = Some(format);
        spec.records = sample
            .records_at
            .as_ref()
            .map(|path| path.text().to_owned());
        Ok(ChosenMapping {
            spec,
            file: PathBuf::from(input.name()),
            may_guess_resolved: guess.column("lifecycle").is_none() && !guess.tells_the_end(),
            sampled_activities: activities(&guess, &sample.records),
            preset: fitting_preset(opened, &sample, format),
            used: None,
            seen: None,
            guess: Some(guess),
        })
    }

    fn override_fields(&self, spec: &mut MappingSpec, guess: Option<&Guess>) {
        let fields = [
            (&self.case, &mut spec.case),
            (&self.activity, &mut spec.activity),
            (&self.time, &mut spec.time),
            (&self.process, &mut spec.process),
            (&self.outcome, &mut spec.outcome),
            (&self.executor, &mut spec.executor),
        ];
        for (told, field) in fields {
            if let Some(column) = told {
                // A column may have braces in its name; what is no column may be a template.
                let is_column = guess.is_some_and(|guess| guess.info(column).is_some());
                *field = Some(if is_column {
                    at_column(column)
                } else {
                    at(column)
                });
            }
        }
        spec.undated &= self.time.is_none();
        if let Some(name) = &self.process_name {
            spec.process = Some(at_const(name));
            spec.events
                .iter_mut()
                .for_each(|event| event.process = None);
        }
        if let (Some(column), false) = (&self.outcome, spec.events.is_empty()) {
            for event in &mut spec.events {
                let is_told = event.lifecycle.is_some();
                event.outcome = is_told.then(|| at_plain(column));
            }
        }
        if let (Some(told), Some(guess)) = (&self.time, guess)
            && let (Some(info), Some(time)) = (guess.info(told), &mut spec.time)
        {
            time.value.0.time_zone = info.time_zone.clone();
        }
        self.override_times(spec);
        if let Some(format) = &self.time_format {
            spec.time_format = Some(OneOrMany::One(format.clone()));
        }
        if let Some(zone) = &self.time_zone {
            let unknown = serde_saphyr::Location::UNKNOWN;
            spec.time_zone = Some(At::new(zone.clone(), unknown, unknown));
        }
    }
}

impl MappingArgs {
    /// What is told of all times is told of each.
    fn override_times(&self, spec: &mut MappingSpec) {
        let of_events = spec.events.iter_mut().map(|event| &mut event.time);
        let times = of_events.chain([&mut spec.time]).flatten();
        for time in times.chain(spec.milestones.values_mut()) {
            if self.time_format.is_some() {
                time.value.0.time_format = None;
            }
            if self.time_zone.is_some() {
                time.value.0.time_zone = None;
            }
        }
    }
}

fn activities(guess: &Guess, records: &[Value]) -> BTreeSet<String> {
    let column = guess.column("activity").map(RecordPath::new);
    let values = records
        .iter()
        .filter_map(|record| column.as_ref()?.find(record));
    let texts = values.filter_map(|value| value.as_str().map(str::to_owned));
    texts.collect()
}

fn spec_of(guess: &Guess) -> MappingSpec {
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

fn refuse_unguessable(
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

/// Presets that read whatever has the usual names: no news.
const GENERAL_PRESETS: [&str; 2] = ["toleranced", XES];
/// The preset of event logs by the standard of process miners.
const XES: &str = "xes";

/// The preset that makes the most events of the sample and refuses nothing of it.
fn fitting_preset(opened: &Opened, sample: &Sample, format: FormatName) -> Option<&'static str> {
    let mut best: Option<(usize, &'static str)> = None;
    for (name, _) in PRESETS {
        if GENERAL_PRESETS.contains(name) {
            continue;
        }
        let events = events_of_preset(name, opened, sample, format).unwrap_or(0);
        if events > best.map_or(0, |(most, _)| most) {
            best = Some((events, *name));
        }
    }
    best.map(|(_, name)| name)
}

/// How many events a preset makes of the sample; `None` if it refuses any of it or does not fit at all.
fn events_of_preset(
    name: &str,
    opened: &Opened,
    sample: &Sample,
    format: FormatName,
) -> Option<usize> {
    const TRIED: usize = 50;
    let spec = MappingSpec::load(name).ok()?;
    let json = [FormatName::Json, FormatName::Ndjson];
    let fits = spec
        .format
        .is_none_or(|wanted| wanted == format || json.contains(&wanted) && json.contains(&format));
    let circumstances = Circumstances {
        default_process: "sample",
        namespace: "",
        latest: latest_believed(),
    };
    let mapping = compile(&spec, Path::new(name), circumstances).ok()?;
    if !fits {
        return None;
    }
    let mut batch = EventBatch::default();
    if spec.records.is_some() || format == FormatName::Json {
        if !opened.sample_is_all || !json.contains(&format) {
            return None;
        }
        let most = opened.sample.len();
        decode_document(&mapping, 0, opened.sample.as_slice(), most, &mut |part| {
            batch = part;
            ControlFlow::Break(())
        });
    } else {
        for (nth, record) in sample.records.iter().take(TRIED).enumerate() {
            let place = Place {
                stream: 0,
                offset: nth as u64,
                record: nth as u64,
            };
            mapping.apply_value(record, place, b"", &mut batch);
        }
    }
    let most_count = batch.filtered * 2 <= batch.records;
    (batch.rejects.is_empty() && most_count).then_some(batch.events.len())
}

/// The format of a file, its first records, and what is guessed of them. Lines can be pages with the records inside.
fn sampled(
    opened: &Opened,
    input: &Input,
    format: Option<FormatName>,
) -> Result<(FormatName, Sample, Guess), Failure> {
    let format = format_of(opened, format, &input.name())?;
    let first = sample(opened, format, None);
    let guessed = guess(&first.records, format);
    if format != FormatName::Ndjson || guessed.missing().is_empty() {
        return Ok((format, first, guessed));
    }
    let Some(path) = guess_pages(&first.records) else {
        return Ok((format, first, guessed));
    };
    let inside = sample(opened, FormatName::Json, Some(&path));
    let guessed = guess(&inside.records, FormatName::Json);
    Ok((FormatName::Json, inside, guessed))
}

/// The first records of a file.
pub(super) struct Sample {
    pub records: Vec<Value>,
    /// Where they were found in a JSON document.
    pub records_at: Option<RecordPath>,
}

/// Takes the first records out of the sample of an opened file.
pub(super) fn sample(
    opened: &Opened,
    format: FormatName,
    records_at: Option<&RecordPath>,
) -> Sample {
    let bytes = opened.sample.as_slice();
    let mut found = Sample {
        records: Vec::new(),
        records_at: records_at.cloned(),
    };
    match format {
        FormatName::Ndjson => found.records = sample_records(bytes, SAMPLE_RECORDS),
        FormatName::Csv => {
            let dialect = opened.sniffed.dialect;
            let framing = Framing::Csv {
                quote: dialect.quote,
            };
            let mut chunker = Chunker::new(bytes, framing, bytes.len().max(1), bytes.len());
            let header = read_header(&chunker.first_record(), dialect);
            let body = &bytes[chunker.offset() as usize..];
            found.records = header.sample(body, SAMPLE_RECORDS);
        }
        FormatName::Xes => {
            // The sample ends in the middle of the log, which is no fault of the log.
            let _ = read_xes(bytes, bytes.len().max(1), &mut |event: &XesEvent| {
                found.records.push(event.value());
                if found.records.len() < SAMPLE_RECORDS {
                    ControlFlow::Continue(())
                } else {
                    ControlFlow::Break(())
                }
            });
        }
        FormatName::Json => document_sample(opened, &mut found),
    }
    found
}

/// The records of a document, or of several documents behind each other.
fn document_sample(opened: &Opened, found: &mut Sample) {
    let documents = documents_of(&opened.sample);
    if found.records_at.is_none() {
        found.records_at = match documents.as_slice() {
            [Value::Array(pages)] => guess_pages(pages),
            documents => guess_records_of(documents),
        };
    }
    let at = |document| match &found.records_at {
        Some(path) => path.find(document),
        None => Some(document),
    };
    let pages = documents.iter().flat_map(|document| match document {
        Value::Array(pages) => pages.as_slice(),
        document => std::slice::from_ref(document),
    });
    let records = pages.filter_map(at).flat_map(|at| match at {
        Value::Array(items) => items.as_slice(),
        Value::Object(_) => std::slice::from_ref(at),
        _ => &[],
    });
    found.records = records.take(SAMPLE_RECORDS).cloned().collect();
}

/// The documents of a sample. The last one may be cut off: what is whole of it counts if it is the only one.
fn documents_of(sample: &[u8]) -> Vec<Value> {
    let documents = serde_json::Deserializer::from_slice(sample).into_iter::<Value>();
    let documents: Vec<Value> = documents
        .map_while(Result::ok)
        .take(SAMPLE_RECORDS)
        .collect();
    if !documents.is_empty() {
        return documents;
    }
    let completed = completed_json(sample);
    match serde_json::from_slice(&completed) {
        Ok(document) => vec![document],
        Err(_) => first_element(sample).into_iter().collect(),
    }
}

/// The first element of the array that a document is, if a later one can't be read.
fn first_element(sample: &[u8]) -> Option<Value> {
    let begin = sample.iter().position(|byte| *byte == b'[')?;
    let elements = serde_json::Deserializer::from_slice(&sample[begin + 1..]);
    let first = elements.into_iter::<Value>().next()?.ok();
    first.filter(Value::is_object)
}
