//! `toleranced drift`: alarms and the evidence of all streams; taking note of an alarm; a new baseline; how soon a change
//! would be found.

mod chart;
mod logs;
mod output;
mod soon;

use super::common::readable;
use super::failure::{Done, Failure};
use super::mapping_args::MappingArgs;
use super::reading::RulesArgs;
use crate::config::daemon::Config;
use crate::drift::{Budget, OutcomeNames, ProcessDrift};
use crate::model::{Day, Time};
use crate::query::{
    AlarmCases, AlarmStories, AlarmStory, KeptDrift, alarm_cases, kept_drift, kept_drift_of,
    outcome_names, with_common_causes,
};
use crate::rules::DriftTerms;
use crate::store::{AlarmRow, MarkKind, MarkRow, Store, check_mark_day, check_note};
use chrono::Utc;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Changes of processes against their own past: alarms, and the evidence of every stream
///
/// Reads the database of a daemon, running or not, or log files.
#[derive(Debug, clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Examples:
  toleranced drift
  toleranced drift tickets.csv --process-name tickets --holidays DE,US
  toleranced drift --simulate deviation=2
  toleranced drift ack 17 --by 'SOC lead' --why 'new phishing wave, known'
  toleranced drift rebaseline phishing-triage --by 'SOC lead' --why 'agreed: second look at every case'

Exit codes: 0 no alarm stands, 1 an alarm stands or a file is invalid, 2 wrong usage or a file can't be read."
)]
pub(super) struct Args {
    /// Logs to read instead of the database of a daemon; `-` for standard input
    #[arg(value_name = "FILE")]
    files: Vec<String>,
    #[command(flatten)]
    store: ConfigArg,
    /// Only this process
    #[arg(long, value_name = "PROCESS")]
    only: Option<String>,
    /// Show every stream, also those of which there is no evidence
    #[arg(long)]
    all: bool,
    /// Estimate from the process's own days how soon a change would be found, such as `deviation=2`, `frequency=0.5`
    #[arg(long, value_name = "CHANGE", num_args = 0..=1, default_missing_value = "deviation=2")]
    simulate: Option<soon::Change>,
    /// Name the cases that added most to the evidence of each alarm that stands
    #[arg(long)]
    cases: bool,
    /// Public holidays that the logs have, such as `DE,US-CA`, and calendar files; for a daemon `drift.holidays` names them
    #[arg(
        long,
        value_name = "COUNTRY",
        value_delimiter = ',',
        requires = "files"
    )]
    holidays: Vec<String>,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    #[command(flatten)]
    mapping: MappingArgs,
    #[command(flatten)]
    rules: RulesArgs,
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, clap::Args)]
struct ConfigArg {
    /// The configuration file
    #[arg(
        long,
        short,
        value_name = "FILE",
        default_value = "toleranced.yaml",
        global = true
    )]
    config: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// An aligned table for people
    Table,
    /// The same for programs; documented in docs/drift.md
    Json,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// One alarm, with the cases that added most to its evidence
    Show {
        /// Its number
        id: i64,
    },
    /// Take note of an alarm: it stands, and everybody sees who knows of it and why
    Ack {
        /// Its number
        id: i64,
        /// Who
        #[arg(long)]
        by: String,
        /// Why
        #[arg(long)]
        why: String,
    },
    /// Declare that how a process is from a day on is how it shall be: its alarms end, a new baseline is learned
    Rebaseline {
        /// The process
        process: String,
        /// The first day of the new baseline, `YYYY-MM-DD`; today if not given
        #[arg(long, value_name = "DATE")]
        from: Option<String>,
        /// Who
        #[arg(long)]
        by: String,
        /// Why
        #[arg(long)]
        why: String,
    },
}

/// Note a known change, such as a new playbook, model or prompt version
///
/// What drift finds from then on is put down to it, and a new baseline is learned.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  toleranced mark 'prompt version 7' --process phishing-triage --by 'detection team'
  toleranced mark 'new SOAR release' --at 2026-03-01 --by 'platform team'")]
pub(super) struct MarkArgs {
    /// What has changed
    text: String,
    /// The process; all if not given
    #[arg(long, value_name = "PROCESS")]
    process: Option<String>,
    /// The first day on which it holds, `YYYY-MM-DD`; today if not given
    #[arg(long, value_name = "DATE")]
    at: Option<String>,
    /// Who says so
    #[arg(long)]
    by: String,
    #[command(flatten)]
    store: ConfigArg,
}

/// What is listed.
struct Listed {
    processes: Vec<KeptDrift>,
    alarms: Vec<AlarmRow>,
    /// Each of them in a sentence.
    stories: Vec<AlarmStory>,
    /// The cases behind the alarms that stand, by their number, where they were asked for.
    cases: BTreeMap<i64, AlarmCases>,
    /// Names of the outcomes that charts are about.
    outcomes: OutcomeNames,
    budget: Budget,
    terms: DriftTerms,
    /// False alarms a year that are expected at most, over all processes: also those that are not listed.
    expected: f64,
    /// Whether everything could be read.
    done: Done,
}

impl Listed {
    /// Tells every alarm. What other processes did about then belongs to it, also if they are not listed.
    fn tell(&mut self) {
        let stories = AlarmStories::new(&self.alarms, drifts(&self.processes), Some(&self.budget));
        let told = self.alarms.iter().map(|alarm| stories.tell(alarm));
        self.stories = told.collect();
    }
}

fn drifts(processes: &[KeptDrift]) -> impl Iterator<Item = (&str, &ProcessDrift)> {
    processes
        .iter()
        .map(|kept| (kept.process.as_str(), &kept.drift))
}

/// False alarms a year that are expected at most of some processes.
fn expected(processes: &[KeptDrift], budget: &Budget) -> f64 {
    let until = processes.iter().filter_map(|kept| kept.drift.until);
    until
        .max()
        .map_or(0.0, |day| budget.expected_per_year(day, processes.len()))
}

pub(super) fn run(args: &Args) -> Result<Done, Failure> {
    match &args.action {
        Some(Action::Show { id }) => show(&args.store.config, *id),
        Some(Action::Ack { id, by, why }) => acknowledge(&args.store.config, *id, by, why),
        Some(Action::Rebaseline {
            process,
            from,
            by,
            why,
        }) => note(
            &args.store.config,
            &MarkRow {
                day: day("--from", from.as_deref())?,
                process: process.clone(),
                kind: MarkKind::Rebaseline,
                text: why.clone(),
                by: by.clone(),
                noted_at: now().0,
            },
        ),
        None => list(args),
    }
}

pub(super) fn mark(args: &MarkArgs) -> Result<Done, Failure> {
    let row = MarkRow {
        day: day("--at", args.at.as_deref())?,
        process: args.process.clone().unwrap_or_default(),
        kind: MarkKind::Change,
        text: args.text.clone(),
        by: args.by.clone(),
        noted_at: now().0,
    };
    note(&args.store.config, &row)
}

fn now() -> Time {
    Time::from_utc(Utc::now())
}

fn day(flag: &str, text: Option<&str>) -> Result<Day, Failure> {
    let Some(text) = text else {
        return Ok(now().day());
    };
    super::reading::parse_time(flag, text).map(Time::day)
}

fn load(file: &Path) -> Result<Config, Failure> {
    Ok(Config::parse(&readable(file)?, file)?)
}

fn open(config: &Config) -> Result<Store, Failure> {
    let folder = &config.data_dir;
    if !Store::file_in(folder).exists() {
        let message = format!(
            "{}: there is no database yet; `toleranced run` makes it, or name log files",
            folder.display()
        );
        return Err(Failure::environment(message));
    }
    Ok(Store::open(folder)?)
}

/// A name or a reason, as it is kept.
fn plain<'a>(flag: &str, text: &'a str) -> Result<&'a str, Failure> {
    check_note(text).map_err(|why| Failure::environment(format!("{flag}: {why}")))
}

fn acknowledge(file: &Path, id: i64, by: &str, why: &str) -> Result<Done, Failure> {
    let (by, why) = (plain("--by", by)?, plain("--why", why)?);
    let store = open(&load(file)?)?;
    if !store.acknowledge(id, by, why, now().0)? {
        return Err(no_alarm(id));
    }
    println!("Alarm {id} is acknowledged.");
    Ok(Done::Fine)
}

fn show(file: &Path, id: i64) -> Result<Done, Failure> {
    let config = load(file)?;
    let store = open(&config)?;
    let alarms = with_common_causes(store.alarms()?);
    let alarm = alarms.iter().find(|alarm| alarm.id == id);
    let alarm = alarm.ok_or_else(|| no_alarm(id))?;
    let (processes, budget) = kept_drift_of(&store, &config, &|process| alarm.is_about(process))?;
    let names = store.names()?;
    let shown = output::Shown {
        story: AlarmStories::new(&alarms, drifts(&processes), Some(&budget)).tell(alarm),
        cases: alarm_cases(&store, &config, alarm)?,
        outcomes: outcome_names(drifts(&processes).map(|(_, drift)| drift), &names),
        alarms: &alarms,
        processes: &processes,
    };
    output::alarm(&shown)?;
    Ok(Done::Fine)
}

fn no_alarm(id: i64) -> Failure {
    Failure::invalid(format!(
        "there is no alarm {id}; `toleranced drift` lists them"
    ))
}

fn note(file: &Path, row: &MarkRow) -> Result<Done, Failure> {
    plain("the text", &row.text)?;
    plain("--by", &row.by)?;
    check_mark_day(row.day, now().day()).map_err(Failure::environment)?;
    let store = open(&load(file)?)?;
    let names = store.names()?;
    if !row.process.is_empty() && names.find(&row.process).is_none() {
        return Err(Failure::invalid(format!(
            "there is no process `{}`",
            row.process
        )));
    }
    store.add_mark(row)?;
    let whom = match row.process.as_str() {
        "" => "all processes".to_owned(),
        process => format!("`{process}`"),
    };
    println!(
        "Noted for {whom} from {} on; a running daemon takes it up with its next scoring.",
        row.day
    );
    Ok(Done::Fine)
}

fn list(args: &Args) -> Result<Done, Failure> {
    let mut listed = if args.files.is_empty() {
        of_store(&args.store.config, args.cases)?
    } else {
        logs::read(args)?
    };
    listed.tell();
    if let Some(only) = &args.only {
        listed.processes.retain(|kept| kept.process == *only);
        listed.alarms.retain(|alarm| alarm.is_about(only));
        listed.stories.retain(|story| story.alarm.is_about(only));
        if listed.processes.is_empty() {
            return Err(Failure::invalid(format!(
                "there is no process `{only}` with a finished day"
            )));
        }
    }
    if let Some(change) = &args.simulate {
        return soon::print(&listed, *change, args.format);
    }
    match args.format {
        Format::Table => output::table(&listed, args.all || args.only.is_some())?,
        Format::Json => output::json(&listed)?,
    }
    let stands = |alarm: &AlarmRow| alarm.is_open() && alarm.explained_by.is_none();
    Ok(if listed.alarms.iter().any(stands) {
        Done::Findings
    } else {
        listed.done
    })
}

fn of_store(file: &Path, with_cases: bool) -> Result<Listed, Failure> {
    let config = load(file)?;
    let store = open(&config)?;
    let (processes, budget) = kept_drift(&store, &config)?;
    let alarms = with_common_causes(store.alarms()?);
    let outcomes = outcome_names(drifts(&processes).map(|(_, drift)| drift), &store.names()?);
    let mut cases = BTreeMap::new();
    for alarm in alarms.iter().filter(|alarm| with_cases && alarm.is_open()) {
        cases.insert(alarm.id, alarm_cases(&store, &config, alarm)?);
    }
    Ok(Listed {
        alarms,
        stories: Vec::new(),
        cases,
        outcomes,
        expected: expected(&processes, &budget),
        processes,
        budget,
        terms: config.drift,
        done: Done::Fine,
    })
}
