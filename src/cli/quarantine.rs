//! `toleranced quarantine`: what did not become events: list, show, replay, delete.

use super::common::readable;
use super::failure::{Done, Failure};
use super::text::{grouped, printable};
use crate::config::daemon::Config;
use crate::config::parse_span;
use crate::model::{Span, Time};
use crate::store::{DataLock, QuarantineFilter, QuarantineRow, Store, StoreError};
use comfy_table::{Table, presets};
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Look at records that did not become events, and try them again
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  toleranced quarantine list
  toleranced quarantine show 17
  toleranced quarantine replay --source tickets
  toleranced quarantine delete --older-than 30d --dry-run

Replay after the mapping has been corrected: records that now become events leave the quarantine.")]
pub(super) struct Args {
    /// The configuration file
    #[arg(
        long,
        short,
        value_name = "FILE",
        default_value = "toleranced.yaml",
        global = true
    )]
    config: PathBuf,
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Counts by source and reason, and the newest records
    List {
        #[command(flatten)]
        filter: Filter,
        /// So many of the newest
        #[arg(long, short = 'n', default_value_t = 20)]
        number: usize,
    },
    /// One record, whole
    Show {
        /// Its number
        id: i64,
    },
    /// Try records again with the mapping their source has now
    Replay {
        #[command(flatten)]
        filter: Filter,
        /// Only the record with this number
        #[arg(long)]
        id: Option<i64>,
    },
    /// Delete records for good, also while the daemon runs. They stay counted as lost
    Delete {
        #[command(flatten)]
        filter: Filter,
        /// Only the record with this number
        #[arg(long)]
        id: Option<i64>,
        /// Only records rejected longer ago than this, such as 30d
        #[arg(long, value_name = "SPAN", value_parser = parse_span)]
        older_than: Option<Span>,
        /// All records, if nothing else selects some
        #[arg(long, conflicts_with_all = ["source", "reason", "id", "older_than"])]
        all: bool,
        /// Only say how many records that would delete
        #[arg(long)]
        dry_run: bool,
    },
}

#[derive(Debug, clap::Args)]
struct Filter {
    /// Only records of this source
    #[arg(long)]
    source: Option<String>,
    /// Only records refused for this reason
    #[arg(long)]
    reason: Option<String>,
}

impl Filter {
    fn with_id(&self, id: Option<i64>) -> QuarantineFilter {
        QuarantineFilter {
            source: self.source.clone(),
            reason: self.reason.clone(),
            id,
            before: None,
        }
    }
}

/// How long a running daemon is given to try records again.
const PATIENCE: Duration = Duration::from_secs(120);

pub(super) fn run(args: &Args) -> Result<Done, Failure> {
    readable(&args.config)?;
    let config = Config::load(&args.config)?;
    if !Store::file_in(&config.data_dir).exists() {
        return Err(Failure::environment(format!(
            "{}: there is no database yet; start the daemon with `toleranced run`",
            config.data_dir.display()
        )));
    }
    let store = Store::open_to_read(&config.data_dir)?;
    match &args.action {
        Action::List { filter, number } => list(&store, &filter.with_id(None), *number),
        Action::Show { id } => show(&store, *id),
        Action::Replay { filter, id } => replay(store, config, &filter.with_id(*id)),
        Action::Delete {
            filter,
            id,
            older_than,
            all,
            dry_run,
        } => {
            let now = Time(chrono::Utc::now().timestamp_micros());
            let filter = QuarantineFilter {
                before: older_than.map(|span| now.plus(-span).0),
                ..filter.with_id(*id)
            };
            delete(&store, &filter, *all, *dry_run)
        }
    }
}

fn list(store: &Store, filter: &QuarantineFilter, number: usize) -> Result<Done, Failure> {
    let mut out = io::stdout().lock();
    let counts = store.quarantine_counts()?;
    if counts.is_empty() {
        writeln!(out, "The quarantine is empty.")?;
        return Ok(Done::Fine);
    }
    for (source, reason, count) in counts {
        writeln!(out, "{:>9} {source}: {reason}", grouped(count))?;
    }
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(["id", "source", "reason", "detail", "file", "byte"]);
    for row in store.quarantined(filter, number)? {
        table.add_row([
            row.id.to_string(),
            row.source,
            row.reason,
            clean(&row.detail),
            row.file,
            row.place.to_string(),
        ]);
    }
    writeln!(out, "\n{table}")?;
    Ok(Done::Fine)
}

/// A text from a log, as it is.
fn clean(text: &str) -> String {
    printable(text, usize::MAX)
}

fn show(store: &Store, id: i64) -> Result<Done, Failure> {
    let filter = QuarantineFilter {
        id: Some(id),
        ..QuarantineFilter::default()
    };
    let Some(row) = store.quarantined(&filter, 1)?.pop() else {
        return Err(Failure::invalid(format!(
            "there is no quarantined record {id}"
        )));
    };
    let mut out = io::stdout().lock();
    write_row(&mut out, &row)?;
    Ok(Done::Fine)
}

fn write_row(out: &mut impl Write, row: &QuarantineRow) -> io::Result<()> {
    writeln!(out, "record  {}", row.id)?;
    writeln!(out, "refused {}", Time(row.at))?;
    writeln!(out, "source  {}", row.source)?;
    writeln!(out, "file    {}, byte {}", row.file, row.place)?;
    writeln!(out, "reason  {}: {}", row.reason, clean(&row.detail))?;
    if !row.head.is_empty() {
        writeln!(
            out,
            "header  {}",
            clean(String::from_utf8_lossy(&row.head).trim_end())
        )?;
    }
    writeln!(out)?;
    let text = String::from_utf8_lossy(&row.record);
    writeln!(
        out,
        "{}",
        text.lines().map(clean).collect::<Vec<_>>().join("\n")
    )
}

fn replay(store: Store, config: Config, filter: &QuarantineFilter) -> Result<Done, Failure> {
    let marked = store.mark_for_replay(filter)?;
    if marked == 0 {
        println!("No such record.");
        return Ok(Done::Fine);
    }
    let before: i64 = store
        .quarantine_counts()?
        .iter()
        .map(|(_, _, count)| count)
        .sum();
    match DataLock::take(&config.data_dir) {
        // No daemon runs: do its work.
        Ok(lock) => {
            crate::daemon::replay_marked(config)?;
            drop(lock);
        }
        Err(StoreError::InUse { .. }) => wait_for_daemon(&store)?,
        Err(error) => return Err(error.into()),
    }
    let after: i64 = store
        .quarantine_counts()?
        .iter()
        .map(|(_, _, count)| count)
        .sum();
    let became = (before - after).max(0);
    println!(
        "{marked} tried again: {became} became events or are read again with their export, {} stay.",
        marked as i64 - became
    );
    Ok(if became == marked as i64 {
        Done::Fine
    } else {
        Done::Findings
    })
}

fn delete(
    store: &Store,
    filter: &QuarantineFilter,
    all: bool,
    dry_run: bool,
) -> Result<Done, Failure> {
    if !all && *filter == QuarantineFilter::default() {
        return Err(Failure::invalid(
            "nothing selects records: use --source, --reason, --id, --older-than or --all",
        ));
    }
    if dry_run {
        let count = store.count_quarantined(filter)?;
        println!("{} would be deleted.", records(count));
        return Ok(Done::Fine);
    }
    let (count, is_log_empty) = store.delete_quarantined(filter)?;
    println!("{} deleted.", records(count as i64));
    if !is_log_empty {
        println!(
            "The write-ahead log could not be emptied because the database is in use. It may hold deleted records until the daemon is restarted, or run this command again."
        );
    }
    Ok(Done::Fine)
}

fn records(count: i64) -> String {
    match count {
        1 => "1 record".to_owned(),
        count => format!("{} records", grouped(count)),
    }
}

fn wait_for_daemon(store: &Store) -> Result<(), Failure> {
    let begun = Instant::now();
    while store.waiting_for_replay()? > 0 {
        if begun.elapsed() > PATIENCE {
            return Err(Failure::environment(
                "the daemon has not tried the records again yet; it does so with its next scoring",
            ));
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    Ok(())
}
