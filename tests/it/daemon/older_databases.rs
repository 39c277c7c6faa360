//! Databases of older schemas: each opens, is migrated, and gives the figures of a database that this version creates.
//!
//! `tests/data/schemas` has one database for each older schema, written by the last version with that schema from the log,
//! the catalog and the mapping beside it.

use crate::support::project::project;
use crate::support::scores::Figures;
use crate::support::{Daemon, Home, wait_to_equal};
use std::collections::BTreeMap;
use std::fs;

const CONFIGURATION: &str = "listen: 127.0.0.1:0\ndata_dir: data\ncatalog: catalog.yaml\n\
    score: {every: 200ms, window: all}\n\
    sources: [{name: tickets, paths: [log.ndjson], mapping: mapping.yaml}]\n";

/// Cases in the log, all of which have ended.
const CASES: f64 = 110.0;

/// The first schema in which losses are kept. An older database does not know that the one invalid line was lost.
const WITH_LOSSES: usize = 2;

/// A record of the log that is rejected.
const INVALID_LINE: &str = "not a record\n";

/// The figures of a database that this version creates, and its schema.
fn figures_of_new_database(log: impl Fn(String) -> String) -> (Figures, usize) {
    let home = home();
    let text = fs::read_to_string(home.path("log.ndjson")).unwrap();
    assert!(text.contains(INVALID_LINE));
    home.write("log.ndjson", log(text));
    let daemon = home.start();
    wait_for_cases(&daemon);
    let figures = daemon.figures();
    daemon.stop();
    (figures, schema(&home))
}

fn home() -> Home {
    let home = Home::new("[]");
    for name in ["log.ndjson", "catalog.yaml", "mapping.yaml"] {
        let bytes = fs::read(project("tests/data/schemas").join(name)).unwrap();
        home.write(name, bytes);
    }
    home.write("toleranced.yaml", CONFIGURATION);
    home
}

fn open(home: &Home) -> rusqlite::Connection {
    rusqlite::Connection::open(home.path("data/toleranced.db")).unwrap()
}

fn schema(home: &Home) -> usize {
    let version = open(home).query_row("PRAGMA user_version", [], |row| row.get::<_, u32>(0));
    version.unwrap() as usize
}

/// Rejected records and changes of verdicts in the database.
fn rows(home: &Home) -> [i64; 2] {
    ["quarantine", "ledger"].map(|table| {
        let sql = format!("SELECT count(*) FROM {table}");
        open(home).query_row(&sql, [], |row| row.get(0)).unwrap()
    })
}

/// The databases by the version of their schema.
fn databases() -> BTreeMap<usize, Vec<u8>> {
    let files = fs::read_dir(project("tests/data/schemas")).unwrap();
    let read = |path: std::path::PathBuf| {
        let name = path.file_name()?.to_str()?;
        let version = name.strip_prefix('v')?.strip_suffix(".db.zst")?;
        let packed = fs::File::open(&path).unwrap();
        Some((version.parse().unwrap(), zstd::decode_all(packed).unwrap()))
    };
    files
        .filter_map(|file| read(file.unwrap().path()))
        .collect()
}

fn wait_for_cases(daemon: &Daemon) {
    wait_to_equal("scored cases", &Some(CASES), || {
        let figures = daemon.figures();
        let cases = |figures: &serde_json::Value| figures["cases"].as_f64();
        figures.values().map(cases).sum()
    });
}

#[test]
fn a_database_of_each_older_schema_gives_the_figures_of_a_new_one() {
    let (figures, present) = figures_of_new_database(|log| log);
    let (without_loss, _) = figures_of_new_database(|log| log.replace(INVALID_LINE, ""));
    let kept = databases();
    let versions: Vec<usize> = kept.keys().copied().collect();
    let older: Vec<usize> = (1..present).collect();
    assert_eq!(versions, older, "there is a database for each older schema");
    for (version, bytes) in kept {
        let home = home();
        home.write("data/toleranced.db", bytes);
        assert_eq!(schema(&home), version);
        let before = rows(&home);
        let daemon = home.start();
        let expected = match version {
            version if version < WITH_LOSSES => &without_loss,
            _ => &figures,
        };
        wait_to_equal(format!("figures of schema {version}"), expected, || {
            daemon.figures()
        });
        daemon.stop();
        assert_eq!(schema(&home), present);
        let after = rows(&home);
        assert_eq!(
            after[0], before[0],
            "schema {version}: no record is rejected again"
        );
        assert!(
            after[1] >= before[1],
            "schema {version}: the ledger keeps its rows"
        );
    }
}

#[test]
fn configurations_that_an_older_version_stored_whole_are_cut_down_at_the_start() {
    const SECRET: &str = "hooks.example/T0SECRET";
    let mut rewritten = 0;
    for (version, bytes) in databases() {
        let home = home();
        home.write("data/toleranced.db", bytes);
        let texts = || -> Vec<String> {
            let db = open(&home);
            let sql = "SELECT text FROM documents WHERE kind = 'configuration'";
            // The first schemas have no such table.
            let Ok(mut query) = db.prepare(sql) else {
                return Vec::new();
            };
            let texts = query.query_map([], |row| row.get(0)).unwrap();
            texts.map(Result::unwrap).collect()
        };
        if !texts().iter().any(|text| text.contains("sources:")) {
            continue;
        }
        let hook = format!("reports: {{webhooks: [{{name: w, url: 'https://{SECRET}'}}]}}\n");
        let sql = "UPDATE documents SET text = text || ?1 WHERE kind = 'configuration'";
        open(&home).execute(sql, [&hook]).unwrap();
        home.start().stop();
        for text in texts() {
            assert!(
                text.contains("score: { window: all }"),
                "schema {version}: {text}"
            );
            assert!(!text.contains("sources"), "schema {version}: {text}");
        }
        let file = fs::read(home.path("data/toleranced.db")).unwrap();
        let place = memchr::memmem::find(&file, SECRET.as_bytes());
        assert_eq!(place, None, "schema {version}");
        rewritten += 1;
    }
    assert!(
        rewritten > 2,
        "{rewritten} databases have a whole configuration"
    );
}
