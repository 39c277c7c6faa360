//! What is taken while a commit is being written.

use super::*;
use rusqlite::Connection;

fn open(folder: &Path) -> Engine {
    let mut config = config(folder, "");
    // What a commit has is not in memory any more.
    config.limits.cached_cases = 1;
    Engine::open(config, at(0)).unwrap()
}

fn database(folder: &Path) -> Connection {
    Connection::open(Store::file_in(&folder.join("data"))).unwrap()
}

/// The two events of each case, where the second one of each comes some cases later.
fn events(cases: i64) -> Vec<String> {
    let event = |nth: i64, second: bool| {
        // Keys in no order.
        let key = (nth * 37 % cases).to_string();
        let case = case("p", &key, nth);
        case.split_inclusive('\n')
            .nth(usize::from(second))
            .map(str::to_owned)
    };
    let behind = 5;
    let both = |nth: i64| [event(nth, false), event(nth - behind, true)];
    (0..cases + behind)
        .flat_map(|nth| match nth {
            nth if nth < behind => [event(nth, false), None],
            nth if nth >= cases => [None, event(nth - behind, true)],
            nth => both(nth),
        })
        .flatten()
        .collect()
}

/// All that is counted, row by row.
fn rows(folder: &Path) -> Vec<(&'static str, Vec<String>)> {
    let database = database(folder);
    let rows = |table: &str, row: &str| {
        let query = format!("SELECT {row} FROM {table} ORDER BY 1");
        let mut query = database.prepare(&query).unwrap();
        let rows = query.query_map([], |row| row.get(0)).unwrap();
        rows.map(Result::unwrap).collect()
    };
    [
        (
            "cases",
            "concat_ws(' ', key, process, open, last, quote(body))",
        ),
        (
            "buckets",
            "concat_ws(' ', hour, process, executor, origin, quote(body))",
        ),
        (
            "totals",
            "concat_ws(' ', process, executor, origin, quote(body))",
        ),
        ("baselines", "concat_ws(' ', process, quote(body))"),
        ("counters", "concat_ws(' ', name, labels, value)"),
    ]
    .map(|(table, row)| (table, rows(table, row)))
    .into()
}

/// Takes all events with one commit.
fn at_once(events: &[String]) -> Vec<(&'static str, Vec<String>)> {
    let folder = tempfile::tempdir().unwrap();
    let mut engine = open(folder.path());
    for event in events {
        take(&mut engine, event, 0);
    }
    engine.commit().unwrap();
    drop(engine);
    rows(folder.path())
}

#[test]
fn events_of_a_case_that_is_being_written_are_added_to_it() {
    let events = events(100);
    let expected = at_once(&events);
    let folder = tempfile::tempdir().unwrap();
    let mut engine = open(folder.path());
    for (nth, event) in events.iter().enumerate() {
        take(&mut engine, event, 0);
        match nth % 7 {
            1 | 3 => engine.begin_commit(Instant::now()).unwrap(),
            4 => drop(engine.settle().unwrap()),
            6 => engine.commit().unwrap(),
            _ => {}
        }
    }
    engine.begin_commit(Instant::now()).unwrap();
    // Waits for it.
    drop(engine);
    assert_eq!(rows(folder.path()), expected);
}

#[test]
fn what_is_being_written_is_known_to_the_engine_and_to_nobody_else() {
    let events = events(20);
    let expected = at_once(&events);
    let folder = tempfile::tempdir().unwrap();
    let mut engine = open(folder.path());
    let (first, second) = events.split_at(20);
    for event in first {
        take(&mut engine, event, 0);
    }
    let other = database(folder.path());
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    engine.begin_commit(Instant::now()).unwrap();
    for event in second {
        take(&mut engine, event, 0);
    }
    assert!(engine.is_writing() && !engine.has_written());
    assert_eq!(seen(&mut engine, RECORDS, &["in"]), None);
    other.execute_batch("ROLLBACK").unwrap();
    assert!(engine.settle().unwrap().is_some());
    assert_eq!(seen(&mut engine, RECORDS, &["in"]), Some(20));
    engine.commit().unwrap();
    drop(engine);
    assert_eq!(rows(folder.path()), expected);
}

#[test]
fn what_could_not_be_written_beside_is_written_later() {
    let events = events(20);
    let expected = at_once(&events);
    let folder = tempfile::tempdir().unwrap();
    let mut engine = open(folder.path());
    let (first, second) = events.split_at(20);
    for event in first {
        take(&mut engine, event, 0);
    }
    let other = database(folder.path());
    other
        .execute_batch(
            "CREATE TRIGGER full BEFORE INSERT ON cases BEGIN SELECT RAISE(ABORT, 'full'); END",
        )
        .unwrap();
    engine.begin_commit(Instant::now()).unwrap();
    for event in second {
        take(&mut engine, event, 0);
    }
    for _ in 0..2 {
        let error = engine.settle().unwrap_err();
        assert!(error.to_string().contains("full"), "{error}");
        assert_eq!(seen(&mut engine, RECORDS, &["in"]), None);
    }
    assert!(engine.begin_commit(Instant::now()).is_err());
    other.execute_batch("DROP TRIGGER full").unwrap();
    engine.commit().unwrap();
    assert_eq!(seen(&mut engine, RECORDS, &["in"]), Some(40));
    drop(engine);
    assert_eq!(rows(folder.path()), expected);
}
