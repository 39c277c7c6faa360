//! What a commit writes, and that it does not matter how a history is divided into commits.

use crate::support::dice::Dice;
use crate::support::in_process::{compiled, decoded};
use std::collections::BTreeMap;
use std::path::Path;
use toleranced::internals::{Config, Delivery, Engine, Mapping, Store, Time};

const HOUR: i64 = 3_600_000_000;

/// 2026-03-02.
const BEGIN: i64 = 1_772_409_600_000_000;

/// After everything.
const NOW: Time = Time(BEGIN + 60 * 24 * HOUR);

const MAPPING: &str = "format: ndjson\nprocess: process\ncase: case\nactivity: activity\ntime: time\noutcome: outcome\n\
    lifecycle: { path: lifecycle, default: step }\ninput: input\n";

const PROCESSES: u64 = 40;

const HOURS: u64 = 7 * 24;

/// A history in random order of time: most cases have one event; some have another one much later in the log, which may
/// end them in another hour or move them to another process.
fn scattered_history(events: u64) -> Vec<String> {
    let mut dice = Dice(5);
    let mut line = |nth: u64| {
        let again = nth > 20 && dice.below(5) == 0;
        let case = if again { dice.below(nth) } else { nth };
        let process = match dice.below(10) {
            0 => dice.below(PROCESSES),
            _ => case % PROCESSES,
        };
        let time = BEGIN / 1000 + dice.below(HOURS * 3_600_000) as i64;
        let outcome = ["good", "bad"][dice.below(2) as usize];
        let lifecycle = ["step", "end"][dice.below(2) as usize];
        format!(
            "{{\"process\":\"p{process}\",\"case\":\"c{case}\",\"activity\":\"a{}\",\"time\":{time},\
             \"outcome\":\"{outcome}\",\"lifecycle\":\"{lifecycle}\",\"input\":\"i{}\"}}\n",
            dice.below(3),
            dice.below(50),
        )
    };
    (0..events).map(&mut line).collect()
}

/// An engine and the mapping of what it is given.
struct Ingest {
    engine: Engine,
    mapping: Mapping,
    /// Lines that were taken.
    taken: usize,
}

impl Ingest {
    fn open(folder: &Path) -> Ingest {
        let text = "data_dir: data\nscore: {window: all}\nlimits: {cached_cases: 100}\n";
        let config = Config::parse(text, &folder.join("toleranced.yaml")).unwrap();
        Ingest {
            engine: Engine::open(config, NOW).unwrap(),
            mapping: compiled(MAPPING, "p"),
            taken: 0,
        }
    }

    /// Takes lines. Where they stand in the history tells one from another that looks alike.
    fn take(&mut self, lines: &[String]) {
        for line in lines {
            let batch = decoded(&self.mapping, self.taken as u64, line);
            let source = "in".into();
            let delivery = Delivery {
                source,
                batch,
                ..Delivery::default()
            };
            self.engine.take(delivery, NOW).unwrap();
            self.taken += 1;
        }
    }
}

fn database(folder: &Path) -> rusqlite::Connection {
    rusqlite::Connection::open(Store::file_in(&folder.join("data"))).unwrap()
}

/// Every row of the tables with figures, as text in order.
fn figures(folder: &Path) -> BTreeMap<&'static str, Vec<String>> {
    let database = database(folder);
    let rows_of = |table| {
        let columns: Vec<String> = database
            .prepare(&format!("SELECT name FROM pragma_table_info('{table}')"))
            .unwrap()
            .query_map([], |row| row.get(0))
            .unwrap()
            .map(Result::unwrap)
            .collect();
        let quoted: Vec<String> = columns
            .iter()
            .map(|name| format!("quote({name})"))
            .collect();
        let query = format!(
            "SELECT concat_ws(' ', {}) FROM {table} ORDER BY 1",
            quoted.join(", ")
        );
        let mut query = database.prepare(&query).unwrap();
        let rows = query.query_map([], |row| row.get(0)).unwrap();
        rows.map(Result::unwrap).collect::<Vec<String>>()
    };
    [
        "cases",
        "buckets",
        "totals",
        "baselines",
        "coverage",
        "losses",
        "feeds",
    ]
    .map(|table| (table, rows_of(table)))
    .into()
}

#[test]
fn history_in_commits_of_any_size_and_with_crashes_gives_the_same_rows() {
    let history = scattered_history(3_000);
    let whole = tempfile::tempdir().unwrap();
    let mut ingest = Ingest::open(whole.path());
    ingest.take(&history);
    ingest.engine.commit().unwrap();
    let expected = figures(whole.path());
    assert!(expected["buckets"].len() > 1_000);

    let pieces = tempfile::tempdir().unwrap();
    let mut ingest = Ingest::open(pieces.path());
    let mut dice = Dice(9);
    let (mut committed, mut crashes) = (0, 0);
    while committed < history.len() {
        let to = (ingest.taken + dice.below(400) as usize).min(history.len());
        let lines = &history[ingest.taken..to];
        ingest.take(lines);
        if dice.below(3) > 0 || to == history.len() {
            ingest.engine.commit().unwrap();
            committed = to;
        } else {
            crashes += 1;
            drop(ingest);
            ingest = Ingest::open(pieces.path());
            ingest.taken = committed;
        }
    }
    assert!(crashes > 2, "{crashes} crashes");
    let found = figures(pieces.path());
    for (table, rows) in &expected {
        assert_eq!(&found[table], rows, "{table}");
    }
}

#[test]
fn commit_of_one_event_writes_one_row_of_each_table() {
    let folder = tempfile::tempdir().unwrap();
    let mut ingest = Ingest::open(folder.path());
    ingest.take(&scattered_history(2_000));
    ingest.engine.commit().unwrap();
    let database = database(folder.path());
    let tables = ["cases", "buckets", "totals", "baselines", "coverage"];
    database
        .execute_batch("CREATE TABLE written (name TEXT)")
        .unwrap();
    for table in tables {
        for what in ["INSERT", "UPDATE", "DELETE"] {
            let trigger = format!(
                "CREATE TRIGGER {table}_{what} AFTER {what} ON {table}
                 BEGIN INSERT INTO written VALUES ('{table}'); END"
            );
            database.execute_batch(&trigger).unwrap();
        }
    }
    // Behind everything that is known of this process.
    let time = (BEGIN + 8 * 24 * HOUR) / 1000;
    let event = format!(
        "{{\"process\":\"p7\",\"case\":\"new\",\"activity\":\"a0\",\"time\":{time},\"outcome\":\"good\",\"lifecycle\":\"end\"}}\n"
    );
    ingest.take(&[event]);
    ingest.engine.commit().unwrap();
    let counts = "SELECT name, count(*) FROM written GROUP BY name ORDER BY name";
    let mut counts = database.prepare(counts).unwrap();
    let rows = counts.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
    let found: BTreeMap<String, u32> = rows.unwrap().map(Result::unwrap).collect();
    let expected = tables.map(|table| (table.to_owned(), 1)).into();
    assert_eq!(found, expected);
}
