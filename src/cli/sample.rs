//! `toleranced report --sample`: a report on a SOC that is simulated for it.

use super::common::progress_of;
use super::demo::write_history;
use super::failure::Failure;
use crate::config::daemon::Config;
use crate::daemon::{self, Running};
use crate::model::{HOUR_US, Span, Time, metrics};
use crate::report::{Period, PeriodKind, Report, keep_expectations, make};
use crate::simulate::Soc;
use crate::store::Store;
use chrono::NaiveDate;
use std::path::Path;
use std::time::Duration;

const SEED: u64 = 42;
const DAY_US: i64 = 24 * HOUR_US;
/// The period that is reported.
const PERIOD: [(i32, u32, u32); 2] = [(2026, 3, 1), (2026, 4, 1)];
/// What came before it: the trend goes back over eight months.
const HISTORY_DAYS: i64 = 230;
/// Within the period, so that the report has something to tell.
const DRIFT_DAY: i64 = 9;

const CONFIGURATION: &str = "data_dir: data\ncatalog: catalog.yaml\nscore: { every: 1s, window: 90d }\n\
    sources: [{ name: soc, paths: [soc.ndjson], mapping: toleranced }]\n";

/// Simulates, reads and reports. The same every time.
pub(super) fn sample() -> Result<Report, Failure> {
    let folder = tempfile::tempdir()?;
    let [from, to] = PERIOD.map(midnight);
    let events = simulate(folder.path(), from, to)?;
    let config = read(folder.path(), events)?;
    let store = Store::open(&config.data_dir)?;
    let period = Period {
        kind: PeriodKind::Month,
        from: from.day(),
        to: to.day(),
    };
    let bar = progress_of(0, "hours");
    let mut progress = |done: u64, of: u64| {
        bar.set_length(of);
        bar.set_position(done);
    };
    // The report of the month before was made on the day after it.
    if let Some(before) = period.before() {
        let report = make(&store, &config, before, &mut progress)?;
        keep_expectations(&store, before, &report, from)?;
    }
    let report = make(&store, &config, period, &mut progress)?;
    bar.finish_and_clear();
    Ok(report)
}

fn midnight((year, month, day): (i32, u32, u32)) -> Time {
    let date = NaiveDate::from_ymd_opt(year, month, day).unwrap_or_default();
    Time::from_utc(date.and_time(chrono::NaiveTime::MIN).and_utc())
}

/// Writes log, catalog and configuration; gives the number of events.
fn simulate(folder: &Path, from: Time, to: Time) -> Result<u64, Failure> {
    let opened = from.plus(Span::days(-HISTORY_DAYS));
    let soc = Soc::reference(SEED, opened.0).with_drift_at(from.0 + DRIFT_DAY * DAY_US);
    std::fs::write(folder.join("catalog.yaml"), soc.catalog_yaml())?;
    std::fs::write(folder.join("toleranced.yaml"), CONFIGURATION)?;
    write_history(
        &mut soc.live(opened.0),
        &folder.join("soc.ndjson"),
        opened,
        to,
    )
}

/// Has the daemon read it all, without its pages.
fn read(folder: &Path, events: u64) -> Result<Config, Failure> {
    let file = folder.join("toleranced.yaml");
    let config = Config::load(&file)?;
    let running = daemon::run(config.clone(), &file)?;
    let bar = progress_of(events, "events read");
    let done = until_scored(&running, events, |read| bar.set_position(read));
    bar.finish_and_clear();
    running.shutdown()?;
    done.map(|()| config)
}

/// Waits until everything is read, and scored after that.
fn until_scored(
    running: &Running,
    events: u64,
    mut progress: impl FnMut(u64),
) -> Result<(), Failure> {
    let mut read_by = None;
    loop {
        if running.has_died() {
            return Err(Failure::from(daemon::Error::Died));
        }
        let snapshot = running.shared.snapshot();
        let key = (metrics::EVENTS.name.to_owned(), vec!["soc".to_owned()]);
        let read = snapshot.counters.get(&key).copied().unwrap_or(0) as u64;
        progress(read);
        match read_by {
            None if read >= events => read_by = Some(snapshot.scored_at),
            Some(before) if snapshot.scored_at > before => return Ok(()),
            _ => {}
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}
