//! What an engine shows of what it counts: over commits, crashes and new configurations.

mod beside;
mod restart;
mod retention;
mod turned_back;

use super::*;
use crate::daemon::deliveries::Delivery;
use crate::ingest::EventBatch;
use crate::ingest::decode::LineDecoder;
use crate::ingest::mapping::{Circumstances, compile};
use crate::model::hash_text;
use crate::query::counters::DURATION_BIN;
use crate::rules::mapping::MappingSpec;
use crate::store::{FileRow, QuarantineFilter};
use std::path::Path;

/// 2026-03-02.
const BEGIN: Time = Time(1_772_409_600_000_000);
const MINUTE: Span = Span::seconds(60);
const RECORDS: &str = "toleranced_ingest_records_total";

fn at(minute: i64) -> Time {
    BEGIN.plus(MINUTE * minute)
}

const MAPPING: &str =
    "format: ndjson\nprocess: process\ncase: case\nactivity: activity\ntime: time\n";

pub(in crate::daemon) fn config(folder: &Path, metrics: &str) -> Config {
    let catalog = "processes: [{id: p, ends: {activities: [close]}}]\n";
    std::fs::write(folder.join("catalog.yaml"), catalog).unwrap();
    std::fs::write(folder.join("map.yaml"), MAPPING).unwrap();
    let text = format!(
        "data_dir: data\ncatalog: catalog.yaml\nmetrics: {{{metrics}}}\n\
         sources: [{{name: export, type: drop, paths: [in], mapping: map.yaml}}]\n"
    );
    Config::parse(&text, &folder.join("toleranced.yaml")).unwrap()
}

/// A case of ten minutes.
pub(in crate::daemon) fn case(process: &str, key: &str, minute: i64) -> String {
    let event = |(activity, minute): (&str, i64)| {
        let time = at(minute).0 / 1000;
        format!(
            "{{\"process\":\"{process}\",\"case\":\"{key}\",\"activity\":\"{activity}\",\"time\":{time}}}\n"
        )
    };
    [("open", minute), ("close", minute + 10)]
        .map(event)
        .concat()
}

pub(in crate::daemon) fn batch(text: &str) -> EventBatch {
    batch_of("", text)
}

fn batch_of(namespace: &str, text: &str) -> EventBatch {
    let file = Path::new("map.yaml");
    let spec = MappingSpec::parse(MAPPING, file).unwrap();
    let circumstances = Circumstances {
        default_process: "p",
        namespace,
        latest: Time(i64::MAX),
    };
    let mapping = compile(&spec, file, circumstances).unwrap();
    let mut batch = EventBatch::default();
    // Each text is a file of its own: what stands at the same place of another is not the same event.
    LineDecoder::new(&mapping).decode(hash_text(text), 0, text.as_bytes(), &mut batch);
    batch
}

fn take(engine: &mut Engine, text: &str, minute: i64) {
    let delivery = Delivery {
        source: "in".into(),
        batch: batch(text),
        ..Delivery::default()
    };
    engine.take(delivery, at(minute)).unwrap();
}

fn seen(engine: &mut Engine, name: &str, labels: &[&str]) -> Option<i64> {
    let labels = labels.iter().map(|label| (*label).to_owned()).collect();
    let written = engine.counters.written();
    written.get(&(name.to_owned(), labels)).copied()
}

#[test]
fn counters_are_seen_when_they_are_in_the_database_and_do_not_fall_by_a_crash() {
    let folder = tempfile::tempdir().unwrap();
    let open = || Engine::open(config(folder.path(), ""), at(0)).unwrap();
    let mut engine = open();
    take(&mut engine, &case("p", "1", 0), 11);
    assert_eq!(seen(&mut engine, RECORDS, &["in"]), None);
    engine.commit().unwrap();
    assert_eq!(seen(&mut engine, RECORDS, &["in"]), Some(2));
    take(&mut engine, &case("p", "2", 1), 12);
    assert_eq!(seen(&mut engine, RECORDS, &["in"]), Some(2));
    let published = engine.counters.written();
    // Killed before the commit.
    drop(engine);
    let mut engine = open();
    assert_eq!(engine.counters.written(), published);
    take(&mut engine, &case("p", "2", 1), 12);
    engine.commit().unwrap();
    assert_eq!(seen(&mut engine, RECORDS, &["in"]), Some(4));
}

/// The bins of the histogram that is exported.
fn bins(engine: &mut Engine) -> [Option<i64>; 3] {
    let layout = engine.fineness.layout("p");
    ["0", "1", "2"].map(|bin| seen(engine, DURATION_BIN, &["p", "unknown", &layout, bin]))
}

#[test]
fn a_histogram_with_other_bins_begins_at_zero_and_one_that_comes_back_goes_on_where_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let coarse = || config(folder.path(), "duration_buckets: [1m, 1h]");
    let fine = || config(folder.path(), "duration_buckets: [5m, 1h]");
    let mut engine = Engine::open(coarse(), at(0)).unwrap();
    for nth in 0..3 {
        take(&mut engine, &case("p", &nth.to_string(), nth), 15);
    }
    engine.commit().unwrap();
    assert_eq!(bins(&mut engine), [0, 3, 0].map(Some));
    engine.reconfigure(fine(), at(20)).unwrap();
    engine.commit().unwrap();
    assert_eq!(bins(&mut engine), [0, 0, 0].map(Some));
    take(&mut engine, &case("p", "after", 12), 25);
    engine.commit().unwrap();
    assert_eq!(bins(&mut engine), [0, 1, 0].map(Some));
    drop(engine);
    // Another one while nothing ran.
    let mut engine = Engine::open(coarse(), at(30)).unwrap();
    engine.commit().unwrap();
    assert_eq!(bins(&mut engine), [0, 3, 0].map(Some));
    take(&mut engine, &case("p", "last", 21), 35);
    engine.commit().unwrap();
    assert_eq!(bins(&mut engine), [0, 4, 0].map(Some));
}

#[test]
fn a_process_whose_cases_have_all_moved_away_is_not_exported_until_it_has_one_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut engine = Engine::open(config(folder.path(), ""), at(0)).unwrap();
    let expired = |engine: &mut Engine, minute| {
        engine.rescore(at(minute)).unwrap();
        ["old", "new", "p"].map(|id| engine.expired.contains(id))
    };
    take(&mut engine, &case("old", "1", 0), 11);
    assert_eq!(expired(&mut engine, 12), [false, false, false]);
    take(&mut engine, &case("new", "1", 20), 31);
    assert_eq!(expired(&mut engine, 32), [true, false, false]);
    // Counted anew, it has no sums at all.
    engine.recount_due = true;
    engine.recount(at(33), &|| false).unwrap();
    assert_eq!(expired(&mut engine, 34), [true, false, false]);
    take(&mut engine, &case("old", "2", 40), 51);
    assert_eq!(expired(&mut engine, 52), [false, false, false]);
}

#[test]
fn counting_anew_ends_when_the_daemon_stops_and_the_next_start_does_it() {
    let folder = tempfile::tempdir().unwrap();
    let limited = |folder: &Path, limit: &str| {
        config(folder, "");
        let catalog = format!(
            "processes: [{{id: p, duration_limit: {limit}, ends: {{activities: [close]}}}}]\n"
        );
        std::fs::write(folder.join("catalog.yaml"), catalog).unwrap();
        let text = "data_dir: data\ncatalog: catalog.yaml\n\
             sources: [{name: export, type: drop, paths: [in], mapping: map.yaml}]\n";
        Config::parse(text, &folder.join("toleranced.yaml")).unwrap()
    };
    let filled = |config: Config| {
        let mut engine = Engine::open(config, at(0)).unwrap();
        let cases = (0..2_500).map(|nth| case("p", &nth.to_string(), nth % 10));
        take(&mut engine, &cases.collect::<String>(), 15);
        engine.commit().unwrap();
        engine
    };
    let mut engine = filled(limited(folder.path(), "1h"));
    let figures = |engine: &mut Engine| {
        engine.rescore(at(30)).unwrap();
        engine.scores().clone()
    };
    let looks = std::cell::Cell::new(0);
    let after_two_pages = || looks.replace(looks.get() + 1) == 2;
    let strict = Arc::new(limited(folder.path(), "2m"));
    let stopped = engine.reconfigure_unless(strict.clone(), at(20), &after_two_pages);
    assert!(matches!(stopped, Err(CacheError::Stopped)), "{stopped:?}");
    assert_eq!(looks.get(), 3);
    drop(engine);
    let mut engine = Engine::open(strict, at(20)).unwrap();
    let other = tempfile::tempdir().unwrap();
    let mut undisturbed = filled(limited(other.path(), "2m"));
    assert_eq!(figures(&mut engine), figures(&mut undisturbed));
}

/// Reads an export of two batches.
fn read_export(engine: &mut Engine, number: u64, parts: [&str; 2]) {
    read_batch(engine, number, parts[0]);
    read_last_batch(engine, number, parts[1]);
}

fn read_last_batch(engine: &mut Engine, number: u64, text: &str) {
    read_batch(engine, number, text);
    let done = Delivery {
        source: "export".into(),
        export_done: Some((number, format!("{number}.ndjson"))),
        position_forgotten: Some(number as u32),
        ..Delivery::default()
    };
    engine.take(done, at(30)).unwrap();
}

fn read_batch(engine: &mut Engine, number: u64, text: &str) {
    engine.take(delivery(number, text), at(30)).unwrap();
}

/// A batch of an export.
fn delivery(number: u64, text: &str) -> Delivery {
    let position = FileRow {
        source: "export".to_owned(),
        id: number as u32,
        state: "{}".to_owned(),
        stream: number,
    };
    Delivery {
        source: "export".into(),
        file: format!("{number}.ndjson"),
        batch: batch(text),
        position: Some(position),
        ..Delivery::default()
    }
}

fn lost(engine: &mut Engine) -> (i64, usize) {
    engine.rescore(at(31)).unwrap();
    let quarantined = engine.store.quarantined(&QuarantineFilter::default(), 100);
    let loss = engine.scores["p"].loss.lost;
    (loss, quarantined.unwrap().len())
}

#[test]
fn a_record_that_every_export_brings_again_is_lost_once() {
    let folder = tempfile::tempdir().unwrap();
    let open = || Engine::open(config(folder.path(), ""), at(20)).unwrap();
    let (first, second) = (case("p", "1", 0), case("p", "2", 1));
    // Two lines that say the same, and one that says something else.
    let bad = ["no JSON\n", "no JSON\nneither\n"];
    let mut engine = open();
    read_export(&mut engine, 1, [&(first.clone() + bad[0]), bad[1]]);
    assert_eq!(lost(&mut engine), (3, 3));
    read_export(&mut engine, 2, [bad[0], &(bad[1].to_owned() + &second)]);
    assert_eq!(lost(&mut engine), (3, 6));
    // Nor after a restart, in the middle of an export that has one more of them.
    drop(engine);
    let mut engine = open();
    read_batch(&mut engine, 3, bad[0]);
    assert_eq!(lost(&mut engine), (3, 7));
    drop(engine);
    let mut engine = open();
    read_last_batch(&mut engine, 3, &(bad[0].to_owned() + bad[1]));
    assert_eq!(lost(&mut engine), (4, 10));
    // Those that are tried again are not lost, until they are refused again.
    let rows = engine.store.quarantined(&QuarantineFilter::default(), 100);
    for row in rows.unwrap() {
        engine.replayed(&row, true);
    }
    assert_eq!(lost(&mut engine), (0, 0));
    read_export(&mut engine, 3, [bad[0], bad[1]]);
    assert_eq!(lost(&mut engine), (3, 3));
}

#[test]
fn a_rate_is_over_the_time_that_the_sources_of_a_process_cover() {
    const DAY: i64 = 24 * 60;
    let folder = tempfile::tempdir().unwrap();
    let config = || config(folder.path(), "");
    let mut engine = Engine::open(config(), at(0)).unwrap();
    let read = |engine: &mut Engine, source: &str, process: &str, days: std::ops::Range<i64>| {
        let cases = days.map(|day| case(process, &format!("{process}{day}"), day * DAY));
        let delivery = Delivery {
            source: source.into(),
            batch: batch_of(source, &cases.collect::<String>()),
            ..Delivery::default()
        };
        engine.take(delivery, at(70 * DAY)).unwrap();
    };
    // Both run once a day; the playbooks were connected seven weeks later.
    read(&mut engine, "tickets", "triage", 0..70);
    read(&mut engine, "playbooks", "block", 49..70);
    let rates = |engine: &mut Engine, day: i64| {
        engine.rescore(at(day * DAY)).unwrap();
        ["triage", "block"].map(|id| {
            let score = &engine.scores()[id];
            (
                score.rate.cases_per_week.unwrap(),
                score.loss.silent_since.clone(),
            )
        })
    };
    for (rate, silent) in rates(&mut engine, 70) {
        assert!((rate - 7.0).abs() < 0.1 && silent.is_none(), "{rate}");
    }
    // The same after a crash, and when all is counted anew.
    drop(engine);
    let mut engine = Engine::open(config(), at(70 * DAY)).unwrap();
    let before = rates(&mut engine, 70);
    engine.recount(at(70 * DAY), &|| false).unwrap();
    assert_eq!(rates(&mut engine, 70), before);
    // Tickets go on. The playbooks don't, which after a week is no more taken for a process that does not run.
    read(&mut engine, "tickets", "triage", 70..84);
    let [(triage, heard), (block, silent)] = rates(&mut engine, 84);
    assert!((triage - 7.0).abs() < 0.1 && heard.is_none(), "{triage}");
    assert!((block - 7.0).abs() < 0.5, "{block}");
    assert_eq!(silent, Some(at(69 * DAY + 10).to_string()));
}

const HOUR: i64 = 60;

/// Records lost by hour, counted from the first one.
fn lost_by_hour(engine: &Engine) -> Vec<(i64, i64)> {
    let first = at(0).hour();
    let lost = |hour| {
        let losses = engine.store.losses_between(hour, hour).unwrap();
        losses.iter().map(|(_, loss)| loss.lost).sum()
    };
    let hours = (0..24).map(|nth| (i64::from(nth), lost(first + nth)));
    hours.filter(|(_, lost)| *lost > 0).collect()
}

#[test]
fn a_batch_of_rejects_counts_in_the_same_hour_after_a_restart_or_a_kill() {
    let found = ["nothing", "restart", "kill"].map(|between| {
        let folder = tempfile::tempdir().unwrap();
        let open = |minute| Engine::open(config(folder.path(), ""), at(minute)).unwrap();
        let mut engine = open(0);
        take(&mut engine, &case("p", "1", 2 * HOUR), 3 * HOUR);
        engine.commit().unwrap();
        take(&mut engine, "no JSON\n", 5 * HOUR);
        match between {
            "nothing" => {}
            "restart" => {
                engine.commit().unwrap();
                drop(engine);
                engine = open(6 * HOUR);
            }
            _ => {
                drop(engine);
                engine = open(6 * HOUR);
                // Its position was not committed, so it is delivered again.
                take(&mut engine, "no JSON\n", 6 * HOUR);
            }
        }
        take(&mut engine, "neither\n", 9 * HOUR);
        engine.commit().unwrap();
        lost_by_hour(&engine)
    });
    assert_eq!(found, [const { [(2, 2)] }; 3].map(Vec::from));
}

/// Changes the database as a broken disk or a person would.
fn damage(folder: &Path, sql: &str) {
    let file = folder.join("data/toleranced.db");
    let database = rusqlite::Connection::open(file).unwrap();
    assert_eq!(database.execute(sql, []).unwrap(), 1, "{sql}");
}

fn damaged_rows(engine: &mut Engine, table: &str) -> i64 {
    let name = "toleranced_store_damaged_rows_total";
    seen(engine, name, &[table]).unwrap_or(0)
}

#[test]
fn a_damaged_score_is_reported_and_written_again() {
    for sql in [
        "UPDATE scores SET body = substr(body, 2)",
        "UPDATE scores SET body = replace(body, 'status', 'state')",
        "UPDATE scores SET body = x'ff00'",
        "UPDATE scores SET body = CAST(x'ff00' AS TEXT)",
    ] {
        let folder = tempfile::tempdir().unwrap();
        let open = || Engine::open(config(folder.path(), ""), at(20)).unwrap();
        let mut engine = open();
        take(&mut engine, &case("p", "1", 0), 11);
        engine.rescore(at(12)).unwrap();
        let entries = engine.store.ledger(Some("p")).unwrap().len();
        drop(engine);
        damage(folder.path(), sql);
        let mut engine = open();
        engine.rescore(at(21)).unwrap();
        assert_eq!(damaged_rows(&mut engine, "scores"), 1, "{sql}");
        assert!(engine.store.ledger(Some("p")).unwrap().len() > entries);
        // The next scoring has written it again.
        drop(engine);
        let mut engine = open();
        engine.rescore(at(22)).unwrap();
        assert_eq!(damaged_rows(&mut engine, "scores"), 1, "{sql}");
    }
}

#[test]
fn a_damaged_counter_is_reported_and_starts_again_at_zero() {
    let started = "toleranced_cases_started_total";
    for (name, labels) in [
        (started, "'[\"p\"'"),
        (started, "'[]'"),
        (started, "'[\"p\", \"q\"]'"),
        ("toleranced_cases_total", "'[\"p\",\"unknown\"]'"),
        (
            "duration_bin",
            "'[\"p\",\"unknown\",\"x\",\"99999999999\"]'",
        ),
        (started, "x'ff'"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let open = || Engine::open(config(folder.path(), ""), at(20)).unwrap();
        let mut engine = open();
        take(&mut engine, &case("p", "1", 0), 11);
        engine.commit().unwrap();
        drop(engine);
        let one = format!("SELECT labels FROM counters WHERE name = '{name}' LIMIT 1");
        let sql = format!(
            "UPDATE counters SET labels = {labels} WHERE name = '{name}' AND labels = ({one})"
        );
        damage(folder.path(), &sql);
        let mut engine = open();
        engine.rescore(at(21)).unwrap();
        engine.commit().unwrap();
        assert_eq!(damaged_rows(&mut engine, "counters"), 1, "{sql}");
        take(&mut engine, &case("p", "2", 20), 31);
        engine.rescore(at(32)).unwrap();
        if name == started {
            assert_eq!(seen(&mut engine, started, &["p"]), Some(1), "{sql}");
        }
    }
}

#[test]
fn a_damaged_day_of_a_source_is_reported_and_derived_from_its_processes() {
    for key in ["latest:in", "last_hour:in"] {
        let folder = tempfile::tempdir().unwrap();
        let open = || Engine::open(config(folder.path(), ""), at(20)).unwrap();
        let mut engine = open();
        take(&mut engine, &case("p", "1", 2 * HOUR), 3 * HOUR);
        engine.commit().unwrap();
        let value = engine.store.meta(key).unwrap();
        drop(engine);
        damage(
            folder.path(),
            &format!("UPDATE meta SET value = 'x' WHERE key = '{key}'"),
        );
        let mut engine = open();
        engine.commit().unwrap();
        assert_eq!(damaged_rows(&mut engine, "meta"), 1, "{key}");
        assert_eq!(engine.store.meta(key).unwrap(), value);
        assert_eq!(damaged_rows(&mut open(), "meta"), 1, "{key}");
    }
}

#[test]
fn a_replayed_record_does_not_move_the_hour_of_later_rejects() {
    let folder = tempfile::tempdir().unwrap();
    let mut engine = Engine::open(config(folder.path(), ""), at(0)).unwrap();
    take(&mut engine, &case("p", "1", 5 * HOUR), 6 * HOUR);
    let replay = Delivery {
        source: "in".into(),
        batch: batch(&case("p", "2", HOUR)),
        is_replay: true,
        ..Delivery::default()
    };
    engine.take(replay, at(7 * HOUR)).unwrap();
    take(&mut engine, "no JSON\n", 8 * HOUR);
    engine.commit().unwrap();
    assert_eq!(lost_by_hour(&engine), [(5, 1)]);
}

#[test]
fn an_export_that_is_read_from_its_start_again_loses_its_records_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut engine = Engine::open(config(folder.path(), ""), at(20)).unwrap();
    let text = case("p", "1", 0) + "no JSON\nno JSON\n";
    // Its format, or what it was read from, has changed in its middle.
    for _ in 0..2 {
        let first = Delivery {
            begins_export: true,
            ..delivery(1, &text)
        };
        engine.take(first, at(30)).unwrap();
    }
    read_last_batch(&mut engine, 1, "no JSON\nneither\n");
    engine.rescore(at(31)).unwrap();
    assert_eq!(engine.scores["p"].loss.lost, 4);
}
