//! OCEL 2.0 in SQLite: `event`, `object` and `event_object`, and a table with times and attributes for each type.

use super::model::Model;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags, Row};
use rustc_hash::FxHashMap;
use std::path::Path;

/// Tables that are named in a message.
const NAMED: usize = 6;

/// Reads a log. An error says what the database is instead.
pub(super) fn read(path: &Path, model: &mut Model) -> Result<(), String> {
    let database = opened(path).map_err(damaged)?;
    let tables = tables(&database).map_err(damaged)?;
    let has = |name: &str| tables.iter().any(|table| table.eq_ignore_ascii_case(name));
    let needed = ["event", "object", "event_object"];
    if let Some(missing) = needed.into_iter().find(|name| !has(name)) {
        return Err(no_log(&tables, missing));
    }
    let mut failed = None;
    let result = read_tables(&database, &has, model, &mut failed);
    match (failed, result) {
        (Some(too_large), _) => Err(too_large),
        (None, result) => result.map_err(damaged),
    }
}

/// Nothing but its tables is read, whatever it defines beside them.
fn opened(path: &Path) -> rusqlite::Result<Connection> {
    // Without `immutable`, SQLite would write files beside a database with a write-ahead log.
    let mut uri = "file:".to_owned();
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'/' | b'.' | b'-' | b'_' => uri.push(char::from(*byte)),
            byte if byte.is_ascii_alphanumeric() => uri.push(char::from(*byte)),
            byte => uri.push_str(&format!("%{byte:02x}")),
        }
    }
    uri.push_str("?immutable=1");
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_URI
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let database = Connection::open_with_flags(uri, flags)?;
    database.execute_batch(
        "pragma trusted_schema = off; pragma cell_size_check = on; pragma query_only = on;",
    )?;
    Ok(database)
}

fn damaged(error: rusqlite::Error) -> String {
    format!(
        "an SQLite database that can't be read ({error}). Copy it again with `sqlite3 FILE \".backup COPY\"`"
    )
}

fn no_log(tables: &[String], missing: &str) -> String {
    let has = match tables.len() {
        0 => "no table".to_owned(),
        count if count > NAMED => {
            format!("{} and {} more", tables[..NAMED].join(", "), count - NAMED)
        }
        _ => tables.join(", "),
    };
    format!(
        "an SQLite database that is no OCEL 2.0 log: it has no table `{missing}` (it has {has}). Save the table with the log as CSV: sqlite3 -header -csv FILE 'select * from TABLE' > log.csv"
    )
}

/// The tables; views and virtual ones could compute anything.
fn tables(database: &Connection) -> rusqlite::Result<Vec<String>> {
    let query = "select name from sqlite_schema where type = 'table' and name not like 'sqlite\\_%' escape '\\'
        and sql not like 'create virtual%' order by rowid";
    let mut statement = database.prepare(query)?;
    let names = statement.query_map([], |row| row.get(0))?;
    names.collect()
}

/// Stops at the first error of the model, which is kept.
fn keep<T>(result: Result<T, String>, failed: &mut Option<String>) -> rusqlite::Result<T> {
    result.map_err(|why| {
        *failed = Some(why);
        rusqlite::Error::InvalidQuery
    })
}

fn read_tables(
    database: &Connection,
    has: &dyn Fn(&str) -> bool,
    model: &mut Model,
    failed: &mut Option<String>,
) -> rusqlite::Result<()> {
    let mut kinds: Vec<String> = Vec::new();
    each_row(database, "object", &mut |row| {
        let kind = row.text("ocel_type");
        keep(model.object(&row.text("ocel_id"), &kind), failed)?;
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
        Ok(())
    })?;
    for table in tables_of(database, "object", &kinds, has)? {
        each_row(database, &table, &mut |row| {
            let (id, since) = (row.text("ocel_id"), row.text("ocel_time"));
            for (name, value) in row.attributes() {
                keep(model.object_attribute(&id, (name, &value), &since), failed)?;
            }
            Ok(())
        })?;
    }
    let mut events: FxHashMap<String, usize> = FxHashMap::default();
    kinds.clear();
    each_row(database, "event", &mut |row| {
        let (id, kind) = (row.text("ocel_id"), row.text("ocel_type"));
        let event = keep(model.event(&id, &kind, ""), failed)?;
        events.insert(id, event);
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
        Ok(())
    })?;
    for table in tables_of(database, "event", &kinds, has)? {
        each_row(database, &table, &mut |row| {
            let Some(event) = events.get(&row.text("ocel_id")).copied() else {
                return Ok(());
            };
            model.event_time(event, &row.text("ocel_time"));
            for (name, value) in row.attributes() {
                keep(model.event_attribute(event, (name, &value)), failed)?;
            }
            Ok(())
        })?;
    }
    each_row(database, "event_object", &mut |row| {
        let (event, object) = (row.text("ocel_event_id"), row.text("ocel_object_id"));
        match events.get(&event) {
            Some(number) => keep(
                model.link(*number, &object, &row.text("ocel_qualifier")),
                failed,
            ),
            None => {
                let what =
                    format!("a link of {object} to the event {event}, which the log does not have");
                keep(model.unreadable(&what), failed)
            }
        }
    })
}

/// The tables of the types: by the table that maps them, else by the name of the type without what is no letter or digit.
fn tables_of(
    database: &Connection,
    what: &str,
    kinds: &[String],
    has: &dyn Fn(&str) -> bool,
) -> rusqlite::Result<Vec<String>> {
    let map = format!("{what}_map_type");
    let mut mapped: FxHashMap<String, String> = FxHashMap::default();
    if has(&map) {
        each_row(database, &map, &mut |row| {
            mapped.insert(row.text("ocel_type"), row.text("ocel_type_map"));
            Ok(())
        })?;
    }
    let table = |kind: &String| {
        let plain = || kind.chars().filter(char::is_ascii_alphanumeric).collect();
        format!("{what}_{}", mapped.get(kind).cloned().unwrap_or_else(plain))
    };
    Ok(kinds.iter().map(table).filter(|table| has(table)).collect())
}

/// A row, with the names of its columns.
struct Record<'r> {
    columns: &'r [String],
    row: &'r Row<'r>,
}

impl Record<'_> {
    fn text(&self, column: &str) -> String {
        let nth = self
            .columns
            .iter()
            .position(|name| name.eq_ignore_ascii_case(column));
        nth.and_then(|nth| self.nth(nth)).unwrap_or_default()
    }

    fn nth(&self, nth: usize) -> Option<String> {
        match self.row.get_ref(nth).ok()? {
            ValueRef::Null => None,
            ValueRef::Integer(number) => Some(number.to_string()),
            ValueRef::Real(number) => Some(number.to_string()),
            ValueRef::Text(text) | ValueRef::Blob(text) => {
                Some(String::from_utf8_lossy(text).into_owned())
            }
        }
    }

    /// The columns that are not of the standard, as far as they have a value.
    fn attributes(&self) -> impl Iterator<Item = (&str, String)> {
        let own = self.columns.iter().enumerate();
        let own = own.filter(|(_, name)| !name.to_ascii_lowercase().starts_with("ocel_"));
        own.filter_map(|(nth, name)| Some((name.as_str(), self.nth(nth)?)))
    }
}

fn each_row(
    database: &Connection,
    table: &str,
    each: &mut dyn FnMut(&Record) -> rusqlite::Result<()>,
) -> rusqlite::Result<()> {
    let query = format!("select * from \"{}\"", table.replace('"', "\"\""));
    let mut statement = database.prepare(&query)?;
    let columns = statement.column_names().map(str::to_owned);
    let columns: Vec<String> = columns.collect();
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        each(&Record {
            columns: &columns,
            row,
        })?;
    }
    Ok(())
}
