//! `toleranced diff`: what differs between the scores of two instants, and what of it may be chance.

use super::explain::no_process;
use super::failure::{Done, Failure};
use super::layout::{columns, paragraph, width};
use super::mapping_args::MappingArgs;
use super::reading::{RulesArgs, ended, parse_time};
use super::text::printable;
use super::views::{Ask, Ground, StoreArgs, View, Viewed, differing_rules, hash_text, views};
use crate::model::humanize::format_days;
use crate::model::{Span, Time};
use crate::score::{Claim, Difference, Differing, differences};
use crate::store::AlarmRow;
use console::style;
use serde::Serialize;
use std::io::{self, Write};

/// Compare the scores of two instants: what has changed, and what may be chance
///
/// Reads the database of a daemon, running or not, and recomputes both scores from the cases, each by the rules that held
/// then. With log files it needs no daemon.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  toleranced diff --from 2026-02-01 --to 2026-03-01
  toleranced diff --from 2026-02-01 phishing-triage incident-response
  toleranced diff --from 2026-02-01 --rules now --exit-code
  toleranced diff --from 2024-01-01 --to 2024-07-01 --log tickets.csv --catalog catalog.yaml

Exit codes: 0 compared, 1 there is no such process, nothing to score, or a file is invalid (with --exit-code also:
something has changed), 2 wrong usage or a file can't be read.")]
pub(super) struct Args {
    /// Only these processes, and of them everything that differs
    #[arg(value_name = "PROCESS")]
    processes: Vec<String>,
    /// The earlier time or date (UTC)
    #[arg(long, value_name = "TIME")]
    from: String,
    /// The later one; now if not given, or the last event of the logs
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
    /// A log to read instead of the database of a daemon; may be repeated
    #[arg(long = "log", value_name = "FILE", conflicts_with_all = ["config", "data", "rules"])]
    logs: Vec<String>,
    #[command(flatten)]
    store: StoreArgs,
    /// End with exit code 1 if something has changed beyond chance
    #[arg(long)]
    exit_code: bool,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    #[command(flatten)]
    mapping: MappingArgs,
    #[command(flatten)]
    log_rules: RulesArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For people
    Text,
    /// The same and more for programs; documented in docs/explain.md
    Json,
}

/// Two scores and what differs between them.
#[derive(Debug, Serialize)]
struct Compared {
    version: u32,
    from: Side,
    to: Side,
    /// Which of the texts that scores rest on differ between the two.
    rules_changed: Vec<&'static str>,
    /// The span that both windows cover, in which cases count in both scores.
    shared_seconds: f64,
    /// Whether anything has changed beyond chance, or drift has raised an alarm.
    changed: bool,
    processes: Vec<Difference>,
    /// The drift alarms that were raised between the two instants.
    alarms: Vec<AlarmRow>,
}

impl Compared {
    /// Adds the alarms of the processes that are compared.
    fn add(&mut self, mut alarms: Vec<AlarmRow>) {
        let processes = &self.processes;
        alarms.retain(|alarm| processes.iter().any(|known| known.process == alarm.process));
        self.changed |= !alarms.is_empty();
        self.alarms = alarms;
    }

    /// The alarms of a process.
    fn alarms_of<'a>(&'a self, process: &'a str) -> impl Iterator<Item = &'a AlarmRow> {
        let alarms = self.alarms.iter();
        alarms.filter(move |alarm| alarm.process == process)
    }
}

/// The alarms that were raised after the earlier instant, up to the later one. Drift sees a change that two intervals can't
/// show, because it looks at every day in between. An alarm that was withdrawn has no evidence any more.
fn raised_between(mut alarms: Vec<AlarmRow>, before: &View, after: &View) -> Vec<AlarmRow> {
    let (from, to) = (before.found.as_of.day(), after.found.as_of.day());
    alarms.retain(|alarm| from <= alarm.raised && alarm.raised < to);
    alarms.retain(|alarm| alarm.how.as_deref() != Some("withdrawn"));
    alarms
}

/// One of the two scores.
#[derive(Debug, Serialize)]
struct Side {
    as_of: String,
    window_seconds: Option<f64>,
    cases: u64,
    /// Hashes of the rules; null for logs.
    configuration: Option<String>,
    catalog: Option<String>,
    tolerance: Option<String>,
}

pub(super) fn run(args: &Args) -> Result<Done, Failure> {
    let from = parse_time("--from", &args.from)?;
    let to = args.to.as_deref();
    let to = to.map(|text| parse_time("--to", text)).transpose()?;
    if to.is_some_and(|to| to < from) {
        return Err(Failure::environment("--to lies before --from"));
    }
    let Viewed {
        views,
        alarms,
        ground,
    } = views(&Ask {
        files: &args.logs,
        mapping: &args.mapping,
        rules: &args.log_rules,
        store: &args.store,
        as_of: &[Some(from), to],
        cases_of: None,
        alarms: true,
    })?;
    let [before, after] = views.as_slice() else {
        return Err(Failure::environment("there are no two scores to compare"));
    };
    let done = something_to_compare(after, &ground)?;
    if views.iter().any(|view| view.found.removed.is_cut) {
        eprintln!(
            "Some cases were removed after the retention period and had events after a time that is compared. They count as they \
             ended, so figures can differ from those of then."
        );
    }
    if to.is_none() && from > after.found.as_of {
        return Err(from_too_late(after.found.as_of, &ground));
    }
    for id in &args.processes {
        let mut known = before.found.scores.iter().chain(&after.found.scores);
        if !known.any(|score| score.id == *id) {
            return Err(no_process(id, &after.found.scores));
        }
    }
    let mut compared = compared(args, before, after, &ground);
    compared.add(raised_between(alarms, before, after));
    match args.format {
        Format::Text => text(&compared, !args.processes.is_empty())?,
        Format::Json => json(&compared)?,
    }
    Ok(if args.exit_code && compared.changed {
        Done::Findings
    } else {
        done
    })
}

/// Two scores of nothing do not differ, which must not look as if nothing had changed. What was not there yet at the
/// earlier instant only is a difference.
fn something_to_compare(after: &View, ground: &Ground) -> Result<Done, Failure> {
    let nothing = |why| Failure::invalid(format!("no event to score: {why}"));
    let are_later = match ground {
        Ground::Logs(reading) => {
            let is_sound = reading.quarantine.is_empty() && reading.failed.is_empty();
            reading.events == 0 && reading.after_as_of > 0 && is_sound
        }
        Ground::Store { is_empty, .. } => after.found.cases == 0 && !is_empty,
    };
    if are_later {
        let why = format!("all of them are later than --to ({})", after.found.as_of);
        return Err(nothing(why));
    }
    match ground {
        Ground::Logs(reading) => {
            let done = ended(reading)?;
            match reading.events {
                0 => Err(nothing("no file could be read".to_owned())),
                _ => Ok(done),
            }
        }
        Ground::Store { .. } if after.found.cases == 0 => {
            Err(nothing("the database holds no case yet".to_owned()))
        }
        Ground::Store { .. } => Ok(Done::Fine),
    }
}

/// What is compared with where no --to says it is known only once everything has been read.
fn from_too_late(end: Time, ground: &Ground) -> Failure {
    let what = match ground {
        Ground::Logs(_) => "the last event of the logs",
        Ground::Store { .. } => "now",
    };
    Failure::environment(format!("--from lies after {what}, {end}"))
}

fn compared(args: &Args, before: &View, after: &View, ground: &Ground) -> Compared {
    let is_stored = matches!(ground, Ground::Store { .. });
    let side = |view: &View| {
        let hash = |hash| is_stored.then(|| hash_text(hash));
        Side {
            as_of: view.found.as_of.to_string(),
            window_seconds: view.rules.window.map(Span::as_seconds),
            cases: view.found.cases,
            configuration: hash(view.rules.hashes.configuration),
            catalog: hash(view.rules.hashes.catalog),
            tolerance: hash(view.rules.hashes.tolerance),
        }
    };
    let begun = match after.rules.window {
        Some(window) => after.found.begun.max(after.found.as_of.plus(-window)),
        None => after.found.begun,
    };
    let mut processes = differences(&before.found.scores, &after.found.scores);
    if !args.processes.is_empty() {
        processes.retain(|difference| args.processes.contains(&difference.process));
    }
    Compared {
        version: 1,
        from: side(before),
        to: side(after),
        rules_changed: differing_rules(before.rules.hashes, after.rules.hashes),
        shared_seconds: before.found.as_of.since(begun).max(Span::ZERO).as_seconds(),
        changed: processes.iter().any(Difference::has_changed),
        processes,
        alarms: Vec::new(),
    }
}

fn json(compared: &Compared) -> Result<(), Failure> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    serde_json::to_writer_pretty(&mut out, compared)?;
    writeln!(out)?;
    out.flush()?;
    Ok(())
}

fn text(compared: &Compared, all: bool) -> Result<(), Failure> {
    let width = width();
    let mut out = String::new();
    for line in head(compared) {
        out.push_str(&paragraph(&line, 0, width));
    }
    let mut same = Vec::new();
    for difference in &compared.processes {
        let mut alarms = compared.alarms_of(&difference.process).peekable();
        if !difference.is_told() && alarms.peek().is_none() && !all {
            same.push(printable(&difference.process, 60));
            continue;
        }
        out.push_str(&format!(
            "\n{}\n",
            style(printable(&difference.process, 80)).bold()
        ));
        match (&difference.from, &difference.to) {
            (None, _) => out.push_str("  was not there\n"),
            (_, None) => out.push_str("  is not there any more\n"),
            _ if difference.differing.is_empty() => out.push_str("  nothing differs\n"),
            _ => {
                let rows: Vec<Vec<String>> = difference.differing.iter().map(row).collect();
                out.push_str(&columns(&rows, 2, width));
            }
        }
        for alarm in alarms {
            out.push_str(&paragraph(&alarm_line(alarm), 2, width));
        }
    }
    if !same.is_empty() {
        let line = format!(
            "No other word, no change beyond chance, and no drift alarm: {}",
            same.join(", ")
        );
        out.push('\n');
        out.push_str(&paragraph(&line, 0, width));
    }
    let mut to = io::stdout().lock();
    to.write_all(out.as_bytes())?;
    to.flush()?;
    Ok(())
}

/// What drift says of a process, which may be more than two intervals can show.
fn alarm_line(alarm: &AlarmRow) -> String {
    let (was, became) = (alarm.figure(alarm.was), alarm.figure(alarm.became));
    let ended = alarm.ended.map(|day| {
        let how = alarm.how.as_deref().unwrap_or("over");
        format!(", {how} on {day}")
    });
    format!(
        "drift alarm {}: {} since about {}, {was} expected, {became} found (raised on {}{})",
        alarm.id,
        alarm.words(),
        alarm.onset,
        alarm.raised,
        ended.unwrap_or_default()
    )
}

fn head(compared: &Compared) -> Vec<String> {
    let mut lines = vec![format!("{} -> {}", compared.from.as_of, compared.to.as_of)];
    if compared.shared_seconds > 0.0 {
        let days = (compared.shared_seconds / 86_400.0).floor() as i64;
        let shared = match days {
            0 => "less than a day".to_owned(),
            days => format_days(Span::days(days)),
        };
        lines.push(format!(
            "Both windows cover {shared} in common: the cases of that time count in both scores."
        ));
    }
    if !compared.rules_changed.is_empty() {
        lines.push(format!(
            "The rules differ ({}): what has changed may come from them; --rules now judges both by the rules of now.",
            compared.rules_changed.join(", ")
        ));
    }
    lines
}

fn row(differing: &Differing) -> Vec<String> {
    let known = |text: &String| {
        if text.is_empty() {
            "unknown".to_owned()
        } else {
            text.clone()
        }
    };
    let claim = match differing.claim {
        Claim::Changed => "changed",
        Claim::MayBeChance if differing.is_word => "follows from figures that may be chance",
        Claim::MayBeChance => "may be chance: the intervals overlap",
        Claim::NoInterval => "no interval: nothing is claimed",
    };
    let change = format!("{} -> {}", known(&differing.from), known(&differing.to));
    vec![differing.what.replace('_', " "), change, claim.to_owned()]
}
