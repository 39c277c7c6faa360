//! `toleranced backup` and `toleranced restore`: the database to a file, and back.

use super::common::readable;
use super::failure::{Done, Failure};
use super::run::log_to_stderr;
use crate::config::daemon::Config;
use crate::store::{DataLock, Store};
use chrono::Utc;
use indicatif::{HumanBytes, ProgressBar, ProgressStyle};
use std::path::{Path, PathBuf};

/// Write a checked copy of the database to a file, also while the daemon runs
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  toleranced backup /backup/toleranced.db
  toleranced backup --force --data /var/lib/toleranced /backup/toleranced-$(date +%u).db

The copy is one file with mode 0600, as of one moment. `toleranced restore` puts it back.
It has the database only: not the configuration, mask.key, and bodies that were sent and are not read yet.
Exit codes: 0 written, 1 the configuration is invalid, 2 wrong usage, or a file can't be used.")]
pub(super) struct Args {
    /// The file to write; it must not exist
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Replace the file if it exists, once the copy is complete
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    database: DatabaseArgs,
}

/// Make a file that `toleranced backup` wrote the database; the daemon must be stopped
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  toleranced restore /backup/toleranced.db
  toleranced restore --data /var/lib/toleranced /backup/toleranced-3.db

The replaced database is kept beside the new one, under a name that is printed.
Exit codes: 0 restored, 1 the configuration is invalid, 2 wrong usage, a daemon runs, or a file can't be used.")]
pub(super) struct RestoreArgs {
    /// The file to read
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    database: DatabaseArgs,
}

/// Which database.
#[derive(Debug, clap::Args)]
struct DatabaseArgs {
    /// Configuration of the daemon; toleranced.yaml if neither this nor --data is named
    #[arg(long, short, value_name = "FILE", conflicts_with = "data")]
    config: Option<PathBuf>,
    /// Data directory of the daemon
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

impl DatabaseArgs {
    fn folder(&self) -> Result<PathBuf, Failure> {
        if let Some(folder) = &self.data {
            return Ok(folder.clone());
        }
        let file = match &self.config {
            Some(file) => file,
            None => Path::new("toleranced.yaml"),
        };
        readable(file)?;
        Ok(Config::load(file)?.data_dir)
    }
}

pub(super) fn run(args: &Args) -> Result<Done, Failure> {
    let folder = args.database.folder()?;
    if !Store::file_in(&folder).exists() {
        return Err(Failure::environment(format!(
            "{}: there is no database yet; start the daemon with `toleranced run`",
            folder.display()
        )));
    }
    let store = Store::open_to_read(&folder)?;
    let bar = progress();
    let copied = store.back_up(&args.file, args.force, &advance(&bar));
    bar.finish_and_clear();
    let copied = copied?;
    println!(
        "{}: written and checked, {}, schema {}",
        args.file.display(),
        HumanBytes(copied.bytes),
        copied.schema
    );
    Ok(Done::Fine)
}

pub(super) fn restore(args: &RestoreArgs) -> Result<Done, Failure> {
    log_to_stderr("warn");
    let folder = args.database.folder()?;
    // Known at once, before a large file is checked.
    DataLock::check(&folder)?;
    readable_file(&args.file)?;
    let store = Store::open_copy(&args.file)?;
    store.check_pages(&args.file, "Nothing was changed. Use another backup")?;
    let end = format!(".replaced-{}", Utc::now().format("%Y%m%dT%H%M%SZ"));
    let bar = progress();
    let restored = store.restore_to(&folder, &end, &advance(&bar));
    bar.finish_and_clear();
    let restored = restored?;
    println!(
        "{}: restored from {} and checked, {}, schema {}",
        Store::file_in(&folder).display(),
        args.file.display(),
        HumanBytes(restored.copied.bytes),
        restored.copied.schema
    );
    if let Some(replaced) = restored.replaced {
        println!(
            "{}: the replaced database; delete it when you do not need it any more",
            replaced.display()
        );
    }
    println!("Start the daemon. It reads again what its sources still have.");
    Ok(Done::Fine)
}

/// An error of the file system, instead of the words that SQLite has for it.
fn readable_file(file: &Path) -> Result<(), Failure> {
    let opened = std::fs::File::open(file).and_then(|opened| opened.metadata());
    match opened {
        Ok(meta) if meta.is_file() => Ok(()),
        Ok(_) => Err(Failure::environment(format!(
            "{}: not a file; name a file that `toleranced backup` wrote",
            file.display()
        ))),
        Err(error) => Err(Failure::environment(format!(
            "{}: {error}; name a file that `toleranced backup` wrote",
            file.display()
        ))),
    }
}

/// A bar on a terminal, nothing elsewhere.
fn progress() -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:30} {bytes}/{total_bytes}  {msg}  {eta}");
    ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

fn advance(bar: &ProgressBar) -> impl Fn(u64, u64) + '_ {
    |done, all| {
        bar.set_length(all);
        bar.set_position(done);
        bar.set_message(if done < all { "copying" } else { "checking" });
    }
}
