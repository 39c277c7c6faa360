//! The daemon is killed at any instant, again and again: the figures are those of a run that nobody disturbed.

use crate::support::dice::Dice;
use crate::support::fleets::{DAY_US, OPENED_US};
use crate::support::scores::Figures;
use crate::support::{Daemon, Home, Metrics, wait_to_equal, wait_until};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use toleranced::internals::{Lifecycle, Soc};

const KILLS: u64 = 55;

/// A log of several thousand events of a simulated SOC, with cases that span all of it, events that come twice, and
/// lines that are no events; and what is true of it.
struct Log {
    bytes: Vec<u8>,
    lines: usize,
    bad: usize,
    events: usize,
    /// Processes of which a case was reopened: what Prometheus sees of those may run ahead of the sums.
    reopened: BTreeSet<&'static str>,
}

fn log(soc: &Soc) -> Log {
    let mut dice = Dice(1);
    let mut log = Log {
        bytes: Vec::new(),
        lines: 0,
        bad: 0,
        events: 0,
        reopened: BTreeSet::new(),
    };
    let mut recent: Vec<Vec<u8>> = Vec::new();
    for event in soc.events(OPENED_US, OPENED_US + 8 * DAY_US) {
        if event.lifecycle == Lifecycle::Reopen {
            log.reopened.insert(event.process);
        }
        let mut line = Vec::new();
        event.write_ndjson(&mut line);
        let id = format!("{{\"id\":\"{}-{}\",", event.case, event.seq);
        line.splice(0..1, id.into_bytes());
        log.add(&line);
        log.events += 1;
        recent.push(line);
        match dice.below(60) {
            0 => {
                // Again, long after it came first.
                let again = recent[dice.below(recent.len() as u64) as usize].clone();
                log.add(&again);
            }
            1 => {
                let bad: [&[u8]; 4] = [
                    b"this is no JSON\n",
                    b"{\"id\":\"x\",\"process\":\"p\",\"case\":\"c\",\"activity\":\"a\"}\n",
                    b"{\"case\":\"\xff\xfe\"}\n",
                    b"{\"id\":\"y\",\"process\":\"p\",\"case\":\"c\",\"activity\":\"a\",\"time\":\"soon\"}\n",
                ];
                log.add(bad[dice.below(4) as usize]);
                log.bad += 1;
            }
            2 => {
                let (case, nth) = (dice.below(5), log.events);
                let line = format!(
                    "{{\"id\":\"L{nth}\",\"process\":\"long_haul\",\"case\":\"LONG-{case}\",\"activity\":\"step {}\",\
                     \"time\":{},\"seq\":{nth}}}\n",
                    nth % 3,
                    event.time_us / 1000
                );
                log.add(line.as_bytes());
                log.events += 1;
            }
            _ => {}
        }
    }
    log
}

impl Log {
    fn add(&mut self, line: &[u8]) {
        self.bytes.extend_from_slice(line);
        self.lines += 1;
    }
}

fn home(soc: &Soc) -> Home {
    let home = Home::tailing();
    home.write("catalog.yaml", soc.catalog_yaml());
    home.configure(
        "[{name: log, paths: [log.ndjson], mapping: map.yaml}]",
        "catalog: catalog.yaml\n",
    );
    home
}

/// What must be the same whatever happened on the way: scores, and what was read.
fn outcome(daemon: &Daemon) -> (Figures, BTreeMap<String, f64>) {
    let metrics = daemon.metrics();
    let names = [
        "toleranced_ingest_events_total",
        "toleranced_ingest_records_total",
        "toleranced_ingest_duplicates_total",
        "toleranced_ingest_quarantined_total",
        "toleranced_cases_open",
    ];
    let counters = names.iter().flat_map(|name| metrics.all(name)).collect();
    (daemon.figures(), counters)
}

fn cases_total(metrics: &Metrics, without: &BTreeSet<&str>) -> BTreeMap<String, f64> {
    let mut cases = metrics.all("toleranced_cases_total");
    cases.retain(|series, _| {
        !without
            .iter()
            .any(|process| series.contains(&format!("process=\"{process}\"")))
    });
    cases
}

#[test]
fn figures_after_any_number_of_kills_are_those_of_an_undisturbed_run() {
    let soc = Soc::reference(3, OPENED_US).with_drift_at(i64::MAX);
    let log = log(&soc);
    assert!(log.events > 3000, "{} events", log.events);
    let (undisturbed, disturbed) = (home(&soc), home(&soc));
    undisturbed.write("log.ndjson", &log.bytes);
    let reference = undisturbed.start();
    let metrics = reference.wait_for_records(log.lines);
    assert_eq!(
        metrics.sum("toleranced_ingest_events_total") as usize,
        log.events
    );
    assert_eq!(
        metrics.sum("toleranced_ingest_quarantined_total") as usize,
        log.bad
    );

    let mut dice = Dice(2);
    let mut pieces = dice
        .cut(&log.bytes, KILLS as usize * 4)
        .into_iter()
        .peekable();
    let mut seen: Option<Metrics> = None;
    let mut scraped = 0;
    for _ in 0..KILLS {
        let mut daemon = disturbed.spawn();
        // The instants are random, that is all: nothing is expected to have happened by then.
        for piece in pieces.by_ref().take(4) {
            disturbed.append("log.ndjson", piece);
            std::thread::sleep(Duration::from_millis(dice.below(45)));
        }
        if dice.below(2) == 0 {
            daemon.address();
        }
        if let Some((200, text)) = daemon.try_get("/metrics") {
            let now = Metrics::parse(&text);
            if now.get("toleranced_ready") == 1.0 {
                if let Some(before) = &seen {
                    now.assert_not_below(before);
                }
                seen = Some(now);
                scraped += 1;
            }
        }
        daemon.kill();
    }
    assert!(pieces.peek().is_none());
    assert!(
        scraped > 5,
        "only {scraped} of {KILLS} daemons lived long enough to be asked"
    );

    let survivor = disturbed.start();
    let metrics = survivor.wait_for_records(log.lines);
    metrics.assert_not_below(&seen.unwrap());
    wait_to_equal(
        "cases counted",
        &cases_total(&reference.metrics(), &log.reopened),
        || cases_total(&survivor.metrics(), &log.reopened),
    );
    // Scores follow within their schedule.
    wait_to_equal("the figures", &outcome(&reference), || outcome(&survivor));
    reference.stop();
    survivor.stop();
}

/// One-event cases of many processes in random order of time, so that each commit changes rows all over the database.
fn scattered_log(cases: u64) -> Vec<String> {
    let mut dice = Dice(3);
    let line = |case| {
        let time = (OPENED_US + dice.below(28 * DAY_US as u64) as i64) / 1000;
        let (process, activity) = (dice.below(60), dice.below(3));
        format!(
            "{{\"id\":\"e{case}\",\"process\":\"p{process}\",\"case\":\"C{case}\",\"activity\":\"a{activity}\",\"time\":{time}}}\n"
        )
    };
    (0..cases).map(line).collect()
}

#[test]
fn scattered_history_interrupted_by_kills_gives_the_figures_of_an_undisturbed_run() {
    const CASES: usize = 24_000;
    let lines = scattered_log(CASES as u64);
    let (undisturbed, disturbed) = (Home::tailing(), Home::tailing());
    undisturbed.write("log.ndjson", lines.concat());
    let reference = undisturbed.start();
    reference.wait_for_records(CASES);

    let mut read = 0.0;
    for piece in lines.chunks(CASES / 6) {
        disturbed.append("log.ndjson", piece.concat());
        let mut daemon = disturbed.spawn();
        // It has committed something, and most often not everything.
        read = wait_until("a commit", || {
            let (_, text) = daemon.try_get("/metrics")?;
            let now = Metrics::parse(&text).sum("toleranced_ingest_events_total");
            (now > read).then_some(now)
        });
        daemon.kill();
    }
    let survivor = disturbed.start();
    survivor.wait_for_records(CASES);
    let everything = BTreeSet::new();
    wait_to_equal(
        "cases counted",
        &cases_total(&reference.metrics(), &everything),
        || cases_total(&survivor.metrics(), &everything),
    );
    wait_to_equal("the figures", &outcome(&reference), || outcome(&survivor));
    reference.stop();
    survivor.stop();
}
