//! Which mapping: as the flags say, else guessed from the first records of a file.

mod fitting;
mod keys;
mod recognise;
mod refused;
mod samples;
mod spans;
mod specs;
mod undated;

pub(super) use recognise::listed_records;
pub(super) use samples::sample;

use fitting::fitting_preset;
use keys::Keys;
use refused::refuse_unguessable;
use samples::{Sample, documents_of, sampled};
use specs::{at, at_column, at_const, at_first, at_plain, spec_of};

use super::failure::Failure;
use crate::config::mapping_yaml;
use crate::ingest::Path as RecordPath;
use crate::ingest::decode::{Input, OF_OBJECT, Opened};
use crate::ingest::guess::{Choice, CloseCall, Guess};
use crate::rules::At;
use crate::rules::mapping::{FieldSpec, FormatName, MappingSpec, OneOrMany};
use serde_json::Value;
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::path::PathBuf;

/// The presets of event logs by the standards of process miners.
const XES: &str = "xes";
const OCEL: &str = "ocel";

/// How events are found in the files.
#[derive(Clone, Debug, Default, clap::Args)]
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
    /// Sheet of a workbook, if it is not the one that looks like a table of cases
    #[arg(long, value_name = "NAME")]
    pub sheet: Option<String>,
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
    /// Roles for which another column fits nearly as well as the guessed one.
    pub close: Vec<CloseCall>,
    /// The first records, if no mapping was named.
    pub records: Vec<Value>,
}

impl ChosenMapping {
    /// The mapping as a file, with all that was guessed and said; `resolved` are the states that resolve a case.
    pub(super) fn written(&self, origin: &str, resolved: &[String]) -> String {
        // What was guessed beside a preset is in no preset.
        if let (Some(preset), None) = (self.used, &self.guess) {
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
            ("--sheet", &self.sheet),
            ("--time-format", &self.time_format),
            ("--time-zone", &self.time_zone),
        ];
        let given = flags.into_iter().find(|(_, value)| value.is_some());
        given.map(|(flag, _)| flag)
    }

    /// The sheet of a workbook to read, if the flags or the mapping name one. A mapping that can't be read is reported where it is used.
    pub(super) fn sheet(&self) -> Option<String> {
        let of_mapping = || MappingSpec::load(self.map.as_deref()?).ok()?.sheet;
        self.sheet.clone().or_else(of_mapping)
    }

    /// The mapping for an opened file: as given, else guessed; flags override both.
    pub(super) fn choose(&self, opened: &Opened, input: &Input) -> Result<ChosenMapping, Failure> {
        let mut chosen = match self.map.as_deref() {
            Some(name @ (XES | OCEL)) => self.completed(name, opened, input)?,
            Some(name) => ChosenMapping {
                spec: MappingSpec::load(name)?,
                file: PathBuf::from(name),
                guess: None,
                may_guess_resolved: false,
                sampled_activities: BTreeSet::new(),
                preset: None,
                used: None,
                seen: None,
                close: Vec::new(),
                records: Vec::new(),
            },
            None if opened.is_object_centric() => ChosenMapping {
                used: Some(OCEL),
                ..self.completed(OCEL, opened, input)?
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
        self.columns().iter().any(|(_, column)| column.is_some())
    }

    /// The columns that flags name, by role.
    fn columns(&self) -> [(&'static str, &Option<String>); 6] {
        [
            ("case", &self.case),
            ("activity", &self.activity),
            ("time", &self.time),
            ("process", &self.process),
            ("outcome", &self.outcome),
            ("executor", &self.executor),
        ]
    }

    /// A preset of process miners, and what it can't know is guessed: XES and OCEL have no standard attribute for an outcome or for
    /// how a case ends, and a log has the same verdict whether its format is named or not.
    fn completed(
        &self,
        name: &str,
        opened: &Opened,
        input: &Input,
    ) -> Result<ChosenMapping, Failure> {
        let preset = MappingSpec::load(name)?;
        let or_preset = |told: &Option<String>, field: &Option<At<FieldSpec>>| {
            let path = || field.as_ref().and_then(|field| field.value.0.path.clone());
            told.clone().or_else(path)
        };
        let standard = MappingArgs {
            case: or_preset(&self.case, &preset.case),
            activity: or_preset(&self.activity, &preset.activity),
            time: or_preset(&self.time, &preset.time),
            process: match self.process_name {
                Some(_) => None,
                None => or_preset(&self.process, &preset.process),
            },
            map: None,
            ..self.clone()
        };
        let mut chosen = standard.guessed(opened, input, preset.format)?;
        standard.override_fields(&mut chosen.spec, chosen.guess.as_ref());
        if name == OCEL {
            chosen.spec.event_id = preset.event_id;
            self.find_outcomes_of_objects(&mut chosen);
        }
        chosen.preset = chosen.preset.filter(|fitting| *fitting != name);
        Ok(chosen)
    }

    /// Outcomes of objects are attributes with usual names, other ones for each type.
    fn find_outcomes_of_objects(&self, chosen: &mut ChosenMapping) {
        let Some(guess) = &mut chosen.guess else {
            return;
        };
        let names = guess.outcomes_by_name(OF_OBJECT);
        if let (Some(best), None) = (names.first(), &self.outcome) {
            chosen.spec.outcome = Some(at_first(&names));
            let column = (*best).to_owned();
            guess.fields.insert("outcome", Choice { column, sure: 0.8 });
            // Each type of object has an outcome of its own: the others are no runners-up.
            chosen.close.retain(|call| call.role != "outcome");
        }
    }

    fn guessed(
        &self,
        opened: &Opened,
        input: &Input,
        format: Option<FormatName>,
    ) -> Result<ChosenMapping, Failure> {
        let (format, sample, mut guess) = sampled(opened, input, format)?;
        let documents = documents(opened, &sample, format);
        let keys = Keys::of(&documents);
        if !self.names_columns()
            && let Some((name, spec)) = recognise::recognised(opened, &documents, &keys, format)
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
                close: Vec::new(),
                records: sample.records,
            });
        }
        let told = self.columns();
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
        if opened.is_object_centric() {
            // What is left of the standard is none of the fields that are guessed.
            let is_of_log = |column: &str| column.starts_with("ocel:");
            guess.fields.retain(|_, choice| !is_of_log(&choice.column));
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
        let named = told
            .iter()
            .filter_map(|(role, column)| Some((*role, column.as_deref()?)));
        let named: Vec<(&str, &str)> = named.collect();
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
            preset: fitting_preset(opened, &sample, (&documents, &keys), format),
            used: None,
            seen: None,
            close: guess.close_calls(&sample.records, &named),
            records: sample.records,
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
        if self.sheet.is_some() {
            spec.sheet.clone_from(&self.sheet);
        }
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

/// The records of a table, else the documents or lines of the sample.
fn documents<'s>(opened: &Opened, sample: &'s Sample, format: FormatName) -> Cow<'s, [Value]> {
    match format {
        FormatName::Xes | FormatName::Csv => Cow::Borrowed(&sample.records),
        FormatName::Json | FormatName::Ndjson => Cow::Owned(documents_of(&opened.sample)),
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
