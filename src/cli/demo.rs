//! `toleranced demo`: a simulated SOC, replayed over its history, then live.

use super::failure::{Done, Failure};
use super::run::{WebArgs, log_to_stderr, serve};
use crate::config::daemon::Config;
use crate::config::parse_span;
use crate::model::{HOUR_US, Span, Time};
use crate::rules::Problems;
use crate::simulate::{Live, Soc};
use indicatif::{ProgressBar, ProgressStyle};
use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Show what toleranced does on a simulated SOC: 90 days of history in seconds, then live
///
/// A dozen processes run by people, AI and code; the outcome variance of one of them drifts half way. Everything is
/// written to a folder, which a second run starts anew.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  toleranced demo
  toleranced demo --speed 3600 --listen 127.0.0.1:0

Stop it with Ctrl-C.")]
pub(super) struct Args {
    /// Folder for logs, configuration and database; emptied first if an earlier demo made it
    #[arg(long, value_name = "FOLDER", default_value = "toleranced-demo")]
    folder: PathBuf,
    /// History to begin with
    #[arg(long, value_name = "SPAN", default_value = "90d")]
    history: String,
    /// How much faster than real time the simulated SOC goes on
    #[arg(long, default_value_t = 60.0)]
    speed: f64,
    /// Seed of the random numbers
    #[arg(long, default_value_t = 42)]
    seed: u64,
    /// Address to listen on
    #[arg(long, value_name = "ADDRESS", default_value = crate::config::daemon::DEFAULT_LISTEN)]
    listen: String,
    #[command(flatten)]
    web: WebArgs,
}

/// Marks a folder that a demo made, and that the next one may empty.
const MARK: &str = ".toleranced-demo";
/// Live events are written this often.
const TICK: Duration = Duration::from_millis(250);

const MAPPING: &str = "toleranced";
/// In seconds.
const TEN_YEARS: u64 = 10 * 366 * 24 * 3_600;

pub(super) fn run(args: &Args) -> Result<Done, Failure> {
    if !args.speed.is_finite() || args.speed <= 0.0 {
        return Err(Failure::environment("--speed must be above 0"));
    }
    let history = parse_span(&args.history)
        .map_err(|message| Failure::environment(format!("--history: {message}")))?;
    prepare(&args.folder)?;
    let now = Time::from_utc(chrono::Utc::now());
    let opened = now.plus(-history).hour().start();
    let soc = Soc::reference(args.seed, opened.0)
        .with_drift_at(opened.0 + (history.0 / 2) / HOUR_US * HOUR_US);
    let log = args.folder.join("soc.ndjson");
    let mut live = soc.live(opened.0);
    let events = write_history(&mut live, &log, opened, now)?;
    let file = write_configuration(args, &soc)?;
    let config = Config::load_with(&file, &args.web.overrides())?;
    let scheme = match config.access.web.tls {
        Some(_) => "https",
        None => "http",
    };
    // The page is the show; the log would only scroll it away.
    log_to_stderr("warn");
    let speed = args.speed;
    let folder = args.folder.display().to_string();
    std::thread::Builder::new()
        .name("simulated-soc".to_owned())
        .spawn(move || go_on(live, &log, now, speed))?;
    let days = history / Span::DAY;
    serve(config, &file, move |address| {
        println!(
            "A simulated SOC: {events} events over {days} days, now live ({speed} times real time)."
        );
        println!("  Page:     {scheme}://{address}/");
        println!("  Metrics:  {scheme}://{address}/metrics");
        println!("  Logs, catalog and configuration: {}", folder);
        println!("Stop with Ctrl-C.");
    })
}

fn fail(path: &Path) -> impl Fn(std::io::Error) -> Failure {
    let shown = path.display().to_string();
    move |error| Failure::environment(format!("{shown}: {error}"))
}

/// Makes the folder, or empties the one of an earlier demo. Any other folder is left alone.
fn prepare(folder: &Path) -> Result<(), Failure> {
    if folder.exists() {
        let empty = std::fs::read_dir(folder)
            .map_err(fail(folder))?
            .next()
            .is_none();
        if !empty && !folder.join(MARK).exists() {
            return Err(Failure::environment(format!(
                "{}: is not empty, and no demo made it; name another with --folder",
                folder.display()
            )));
        }
        // Another demo that runs there would lose its files under its feet.
        drop(
            crate::store::DataLock::take(&folder.join("data"))
                .map_err(|error| Failure::Environment(error.into()))?,
        );
        std::fs::remove_dir_all(folder).map_err(fail(folder))?;
    }
    std::fs::create_dir_all(folder).map_err(fail(folder))?;
    File::create(folder.join(MARK)).map_err(fail(folder))?;
    Ok(())
}

/// Writes the history day by day; gives the number of events.
pub(super) fn write_history(
    live: &mut Live,
    log: &Path,
    from: Time,
    to: Time,
) -> Result<u64, Failure> {
    const DAY: Span = Span::DAY;
    let days = (to.since(from) / DAY).max(1) as u64;
    let style = ProgressStyle::with_template("{bar:30} day {pos} of {len}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    let bar = ProgressBar::new(days).with_style(style);
    let mut out = BufWriter::new(File::create(log).map_err(fail(log))?);
    let (mut line, mut count) = (Vec::new(), 0);
    let mut until = from;
    while until < to {
        until = until.plus(DAY).min(to);
        for event in live.until(until.0) {
            line.clear();
            event.write_ndjson(&mut line);
            out.write_all(&line)?;
            count += 1;
        }
        bar.inc(1);
    }
    out.flush()?;
    bar.finish_and_clear();
    Ok(count)
}

fn write_configuration(args: &Args, soc: &Soc) -> Result<PathBuf, Failure> {
    let write = |name: &str, text: String| {
        let path = args.folder.join(name);
        std::fs::write(&path, text).map_err(fail(&path))?;
        Ok::<PathBuf, Failure>(path)
    };
    write("catalog.yaml", soc.catalog_yaml())?;
    let listen: std::net::SocketAddr = args
        .listen
        .parse()
        .map_err(|error| Failure::environment(format!("--listen {}: {error}", args.listen)))?;
    let text = format!(
        "# Made by `toleranced demo`.\nlisten: {listen}\ndata_dir: data\ncatalog: catalog.yaml\n\
         score: {{ every: 2s, window: 90d }}\npages: {{ guide: true }}\n\
         # The simulated time runs ahead of the clock.\nlimits: {{ future_seconds: {TEN_YEARS} }}\nsources:\n  - name: soc\n    paths: [soc.ndjson]\n    mapping: {MAPPING}\n"
    );
    let file = write("toleranced.yaml", text)?;
    Config::load(&file).map_err(|problems: Problems| Failure::from(problems))?;
    Ok(file)
}

/// Writes the events of the simulated SOC as its time goes on.
fn go_on(mut live: Live, log: &Path, from: Time, speed: f64) {
    let begun = Instant::now();
    let mut line = Vec::new();
    loop {
        std::thread::sleep(TICK);
        let passed = begun.elapsed().as_micros() as f64 * speed;
        let until = from.plus(Span(passed as i64));
        line.clear();
        for event in live.until(until.0) {
            event.write_ndjson(&mut line);
        }
        let appended = OpenOptions::new()
            .append(true)
            .open(log)
            .and_then(|mut file| file.write_all(&line));
        if let Err(error) = appended {
            tracing::error!(%error, log = %log.display(), "the simulated SOC has ended");
            return;
        }
    }
}
