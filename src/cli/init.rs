//! `toleranced init`: a commented configuration, catalog and mapping from a log.

use super::common::{latest_believed, progress};
use super::failure::{Done, Failure};
use super::mapping_args::MappingArgs;
use crate::cases::resolved_states;
use crate::config::daemon::{DEFAULT_LISTEN, Limits};
use crate::ingest::decode::{Input, unpack_one};
use crate::ingest::mapping::{Circumstances, compile};
use crate::ingest::read::{ReadOptions, format_of, open_input, read_opened};
use crate::measure::{Loss, Period};
use crate::model::Executor;
use crate::model::yaml::quoted;
use crate::query::{
    CaseTable, LogCases, PreparedRules, Rules, ScoreRequest, TableLimits, score_at,
};
use crate::rules::mapping::MappingSpec;
use crate::rules::{Catalog, GUESSED, Tolerance, milestone_of_step};
use crate::score::ProcessScore;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Write a commented configuration, catalog and mapping from a log
///
/// Reads the log, finds its processes and outcomes, and writes toleranced.yaml, catalog.yaml and (if no mapping is named)
/// mapping.yaml, to be completed by hand and checked with `toleranced check`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  toleranced init tickets.csv
  toleranced init --folder soc log.xes.gz

Exit codes: 0 written, 1 the log is invalid, 2 a file exists already or can't be written.")]
pub(super) struct Args {
    /// The log to start from
    #[arg(value_name = "FILE")]
    file: String,
    #[command(flatten)]
    mapping: MappingArgs,
    /// Folder to write to
    #[arg(long, value_name = "FOLDER", default_value = ".")]
    folder: PathBuf,
    /// Overwrite files that exist
    #[arg(long)]
    force: bool,
}

pub(super) fn run(args: &Args) -> Result<Done, Failure> {
    let (input, _unpacked) = unpack_one(Input::new(&args.file));
    let counter = Arc::new(AtomicU64::new(0));
    let opened = open_input(&input, args.mapping.sheet().as_deref(), &counter)?;
    let format = format_of(&opened, None, &input.name())?;
    let chosen = args.mapping.choose(&opened, &input)?;
    if chosen.spec.undated {
        let why = "the log has no times, and a daemon needs them; `toleranced score` reads it";
        return Err(Failure::invalid(format!("{}: {why}", input.name())));
    }
    let stem = source_name(&input.stem());
    let circumstances = Circumstances {
        default_process: &stem,
        namespace: "",
        latest: latest_believed(),
    };
    let mapping = compile(&chosen.spec, &chosen.file, circumstances)?;
    let bar = progress(std::slice::from_ref(&input));
    let mut table = CaseTable::new();
    let limits = TableLimits {
        case_events: Limits::default().case_events,
    };
    read_opened(
        opened,
        &input.name(),
        &mapping,
        ReadOptions::default(),
        &mut |batch| {
            table.take(&batch, limits);
            bar.set_position(counter.load(Ordering::Relaxed));
        },
    )?;
    bar.finish_and_clear();
    table.settle();
    if table.is_empty() {
        return Err(Failure::invalid(format!(
            "{}: no event could be read; see `toleranced inspect`",
            input.name()
        )));
    }
    let mut states: Vec<String> = Vec::new();
    if chosen.may_guess_resolved {
        for (_, found) in resolved_states(table.cases().iter(), &table.names) {
            states.extend(
                found
                    .into_iter()
                    .map(|state| table.names.text(state).to_owned()),
            );
        }
        states.sort();
        states.dedup();
    }
    let scores = score(&mut table);
    let mut files = vec![
        ("catalog.yaml", catalog_yaml(&scores, &args.file)),
        ("toleranced.yaml", configuration(args, &stem, format.word())),
    ];
    if chosen.guess.is_some() || chosen.used.is_some() {
        files.push(("mapping.yaml", chosen.written(&args.file, &states)));
    }
    write_all(args, &files)?;
    Ok(Done::Fine)
}

fn score(table: &mut CaseTable) -> Vec<ProcessScore> {
    let rules = Rules::of_files(Catalog::default(), Tolerance::builtin(), None);
    let rules = PreparedRules::new(rules, &mut table.names);
    let as_of = table.span().map_or_else(Default::default, |(_, last)| last);
    let request = ScoreRequest::new(&rules, Period::until(as_of));
    let mut cases = LogCases {
        table,
        part: None,
        loss: &|_| Loss::default(),
    };
    let Ok(found) = score_at(&mut cases, &request);
    found.scores
}

fn write_all(args: &Args, files: &[(&str, String)]) -> Result<(), Failure> {
    let fail =
        |path: &Path, what: &str| Failure::environment(format!("{}: {what}", path.display()));
    std::fs::create_dir_all(&args.folder)
        .map_err(|error| fail(&args.folder, &error.to_string()))?;
    for (name, _) in files {
        let path = args.folder.join(name);
        if path.exists() && !args.force {
            return Err(fail(
                &path,
                "exists; overwrite it with --force, or name another --folder",
            ));
        }
    }
    for (name, text) in files {
        let path = args.folder.join(name);
        std::fs::write(&path, text).map_err(|error| fail(&path, &error.to_string()))?;
        println!("wrote {}", path.display());
    }
    println!(
        "Complete the catalog, then: toleranced check --config {0} && toleranced run --config {0}",
        args.folder.join("toleranced.yaml").display()
    );
    Ok(())
}

/// Absolute, so that the daemon finds it from wherever it is started.
fn absolute(file: &str) -> String {
    std::path::absolute(file).map_or_else(|_| file.to_owned(), |path| path.display().to_string())
}

/// A text as the name of a source, which is also the process of events that do not name one.
fn source_name(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    text.chars()
        .map(|c| if plain(c) { c } else { '-' })
        .collect()
}

fn configuration(args: &Args, stem: &str, format: &str) -> String {
    let mapping = args.mapping.map.clone().map_or_else(
        || "mapping.yaml".to_owned(),
        |map| {
            // A preset goes before a file of the same name, as in every other place.
            if MappingSpec::preset(&map).is_none() && Path::new(&map).exists() {
                absolute(&map)
            } else {
                map
            }
        },
    );
    let compressed = args.file.ends_with(".gz") || args.file.ends_with(".zst");
    let kind = if format == "json" || format == "xes" || compressed {
        "drop"
    } else {
        "files"
    };
    format!(
        "# toleranced: what to read and where to keep it. Check it with `toleranced check`; docs/configuration.md has every key.
listen: {DEFAULT_LISTEN}     # pages and /metrics
data_dir: data               # the database
catalog: catalog.yaml        # what is declared about each process

score:
  every: 15s                 # how often scores are recalculated
  window: all                # cases that ended longer ago do not count; 90d is usual for a live system

sources:
  - name: {stem}
    type: {kind}               # files: logs that grow, tailed. drop: exports, each read once, whole
    paths: [{}]
    mapping: {}
",
        quoted(&absolute(&args.file)),
        quoted(&mapping),
    )
}

fn catalog_yaml(scores: &[ProcessScore], origin: &str) -> String {
    let mut yaml = format!(
        "# The processes found in {origin}. What stands behind a # is what you could declare; docs/catalog.md has every key.
# Criticality decides the tolerance class: high f, medium m, low c, negligible v.
# Severity of an outcome: 0 as designed, 1 wrong; anything between is a share of a wrong one.
processes:
"
    );
    for score in scores {
        // Writing to a string can't fail.
        let _ = entry(&mut yaml, score);
    }
    yaml
}

fn entry(yaml: &mut String, score: &ProcessScore) -> std::fmt::Result {
    writeln!(yaml, "  - id: {}", quoted(&score.id))?;
    writeln!(yaml, "    name: {}", quoted(&score.name))?;
    let per_week = score.rate.cases_per_week.unwrap_or(0.0);
    writeln!(
        yaml,
        "    # measured: {} cases, {per_week:.1} a week, size {:.1} steps",
        score.counts.cases,
        score.size.size_steps.unwrap_or(0.0)
    )?;
    writeln!(
        yaml,
        "    # criticality: {{ outcome: medium, system: medium }}   # negligible, low, medium or high; the higher counts"
    )?;
    match score.run_by.executor {
        Executor::Unknown => writeln!(
            yaml,
            "    # executor: human              # who runs it today: human, ai, ai_approved, code, code_approved or mixed"
        )?,
        known => writeln!(yaml, "    executor: {known}")?,
    }
    const SHOWN: usize = 30;
    writeln!(
        yaml,
        "    outcomes:                      # severity of each, from 0 (as designed) to 1 (wrong)"
    )?;
    let mut outcomes: Vec<(&String, &i64)> = score.outcome.outcomes.iter().collect();
    outcomes.sort_by(|a, b| b.1.cmp(a.1).then(a.0.cmp(b.0)));
    // The last activity that stands in for an outcome nobody mapped says nothing about right or wrong, whatever its name.
    let is_measured = score.rating.unknown_cases < score.counts.ended();
    let mut classified = 0;
    for (outcome, count) in outcomes.iter().take(SHOWN) {
        let by_name = Tolerance::builtin().severity_by_name(outcome);
        let name = quoted(outcome);
        match by_name.filter(|_| is_measured) {
            Some(severity) => {
                classified += 1;
                writeln!(yaml, "      {name}: {}   # {count} cases", severity.share())?;
            }
            None => writeln!(
                yaml,
                "      # {name}: 1   # {count} cases: is this as designed (0) or wrong (1)?"
            )?,
        }
    }
    if classified == 0 {
        writeln!(yaml, "      {{}}")?;
    }
    undeclared(yaml, score)
}

/// What could be declared beside, behind a #.
fn undeclared(yaml: &mut String, score: &ProcessScore) -> std::fmt::Result {
    writeln!(
        yaml,
        "    # path: [First step, Second step, Optional step?]   # the designed path"
    )?;
    writeln!(
        yaml,
        "    # duration_limit: 3d           # a case that takes longer is late"
    )?;
    writeln!(
        yaml,
        "    # hands_on_minutes: 15         # of people, per case"
    )?;
    writeln!(
        yaml,
        "    # automation: {{ build_hours: 80, upkeep_hours_per_year: 20 }}"
    )?;
    writeln!(
        yaml,
        "    # class: m                     # instead of the one that follows from criticality"
    )?;
    writeln!(
        yaml,
        "    # parent: other-process        # the process that this one is a part of"
    )?;
    writeln!(
        yaml,
        "    # ends: {{ activities: [Closed], idle: 30d }}   # how a case ends, if its log does not say"
    )?;
    writeln!(
        yaml,
        "    # resolved: [Resolved]         # going on after one of these is rework"
    )?;
    writeln!(
        yaml,
        "    # milestones: {{ {} }}   # activities that reach each, for stage times",
        milestones(score)
    )
}

/// The activities that reach milestones by their names, as the catalog has them; an example if there are none.
fn milestones(score: &ProcessScore) -> String {
    let edges = score.conformance.directly_follows.edges.iter();
    let activities: BTreeSet<&String> = edges.filter_map(|edge| edge.from.as_ref()).collect();
    let of = |nth: usize| {
        let reaching = activities.iter();
        let reaching = reaching.filter(|name| milestone_of_step(name) == Some(nth));
        let names: Vec<String> = reaching.map(|name| quoted(name)).collect();
        (!names.is_empty()).then(|| format!("{}: [{}]", GUESSED[nth], names.join(", ")))
    };
    let found: Vec<String> = (0..GUESSED.len()).filter_map(of).collect();
    match found.is_empty() {
        true => "acknowledged: [Acknowledged]".to_owned(),
        false => found.join(", "),
    }
}
