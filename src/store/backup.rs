//! Copies of the database in one file: made while a daemon writes, checked, and complete under their name or not there.
//!
//! A copy is written under a temporary name beside its target. It gets its name after the check and after the disk has it. So a crash
//! at any instant leaves no incomplete file under the name of the target.

use super::on_disk::FilesOnDisk;
use super::{Checked, Result, Store, StoreError, schema};
use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, ErrorCode, OpenFlags, ffi};
use std::ffi::OsString;
use std::fs::File;
use std::io::{Error, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempPath;

/// Pages that are copied in one step: between two steps progress is reported.
const PAGES_PER_STEP: i32 = 256;

/// What SQLite writes beside a database, by the end of its name.
pub(super) const BESIDE: [&str; 3] = ["-wal", "-shm", "-journal"];

/// A copy that was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Copied {
    /// Its size.
    pub bytes: u64,
    /// The version of its schema.
    pub schema: i64,
}

/// Is told how many bytes of how many are copied.
pub(crate) type OnProgress<'a> = &'a dyn Fn(u64, u64);

impl Store {
    /// Opens a file that may be a copy of a database, of this schema or an older one. Changes nothing, and makes no file beside it.
    pub(crate) fn open_copy(file: &Path) -> Result<Store> {
        let is_alone = BESIDE.iter().all(|end| !beside(file, end).exists());
        // With an empty host, because a path that begins with two slashes would have one.
        let mut uri = OsString::from(if file.is_absolute() {
            "file://"
        } else {
            "file:"
        });
        uri.push(escaped(file));
        // Without a log nothing has to be read but the file. SQLite would make an empty log beside it.
        uri.push(if is_alone { "?immutable=1" } else { "?mode=ro" });
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
            | OpenFlags::SQLITE_OPEN_NO_MUTEX
            | OpenFlags::SQLITE_OPEN_URI;
        let opened = Connection::open_with_flags(uri, flags);
        let store = Store::of_connection(file, opened)?;
        schema::check_copy(&store)?;
        Ok(store)
    }

    fn of_connection(file: &Path, opened: rusqlite::Result<Connection>) -> Result<Store> {
        Ok(Store {
            db: opened.map_err(|source| StoreError::Sqlite {
                file: file.to_owned(),
                source,
            })?,
            on_disk: Arc::new(FilesOnDisk::of(file)?),
            file: file.to_owned(),
            emptied: Arc::default(),
            deferred_cases: None,
        })
    }

    /// An error about a file if a page is damaged. `next_step` tells the user what to do then.
    pub(crate) fn check_pages(&self, about: &Path, next_step: &'static str) -> Result<()> {
        let problems = match self.quick_check()? {
            Checked::Problems(problems) => problems,
            Checked::Interrupted => vec!["the check was interrupted".to_owned()],
        };
        match problems.first() {
            None => Ok(()),
            Some(first) => Err(StoreError::DamagedPages {
                file: about.to_owned(),
                count: problems.len(),
                first: first.clone(),
                next_step,
            }),
        }
    }

    /// Writes a copy of the database, as of one moment. Replaces another file under this name only by `force`.
    pub(crate) fn back_up(&self, to: &Path, force: bool, each: OnProgress) -> Result<Copied> {
        schema::check_copy(self)?;
        check_target(&self.file, to, force)?;
        let (copy, copied) = self.copy_beside(to, each)?;
        // Pages are copied as they are, so damage comes from the database.
        let next_step = "No backup was written. Restore an earlier backup";
        Store::open_copy(&copy)?.check_pages(&self.file, next_step)?;
        let named = match force {
            true => copy.persist(to),
            false => copy.persist_noclobber(to),
        };
        named.map_err(|error| match error.error.kind() {
            ErrorKind::AlreadyExists => StoreError::Exists {
                file: to.to_owned(),
            },
            _ => cannot_write(to, error.error),
        })?;
        sync_folder(to)?;
        Ok(copied)
    }

    /// A copy in the same folder as another file, complete on the disk. It is removed unless it gets a name.
    pub(super) fn copy_beside(
        &self,
        target: &Path,
        each: OnProgress,
    ) -> Result<(TempPath, Copied)> {
        let copy = temporary(target)?;
        let schema = self.copy_pages(&copy, target, each)?;
        make_one_file(&copy).map_err(|source| StoreError::CopyFailed {
            file: target.to_owned(),
            source,
        })?;
        let synced = File::open(&copy).and_then(|file| {
            file.sync_all()?;
            file.metadata()
        });
        let bytes = synced.map_err(|error| cannot_write(target, error))?.len();
        Ok((copy, Copied { bytes, schema }))
    }

    /// Copies all pages as of one moment, and returns the version of the schema.
    ///
    /// A copy of a database that others write to starts again with each commit, and would never end. So one transaction reads it
    /// all. With a write-ahead log this holds up no writer, but the log cannot be emptied until the copy is complete.
    fn copy_pages(&self, copy: &Path, target: &Path, each: OnProgress) -> Result<i64> {
        let failed = |source: rusqlite::Error| match is_of_source(&source) {
            true => StoreError::Sqlite {
                file: self.file.clone(),
                source,
            },
            false => StoreError::CopyFailed {
                file: target.to_owned(),
                source,
            },
        };
        self.at_one_moment(|| {
            // The transaction begins with the first read.
            let schema = schema::version(self)?;
            let page_size = self.db.query_row("PRAGMA page_size", [], |row| row.get(0));
            let page_size: u64 = self.sql(page_size.map(|size: u32| size.into()))?;
            let steps = |done, all| each(done * page_size, all * page_size);
            copy_in_steps(&self.db, copy, &steps).map_err(failed)?;
            Ok(schema)
        })
    }
}

fn copy_in_steps(from: &Connection, copy: &Path, each: OnProgress) -> rusqlite::Result<()> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut to = Connection::open_with_flags(copy, flags)?;
    // Nobody reads the copy until it is complete, so it needs no journal. It is synced once, at its end.
    to.pragma_update(None, "journal_mode", "OFF")?;
    to.pragma_update(None, "synchronous", "OFF")?;
    let backup = Backup::new(from, &mut to)?;
    loop {
        let step = backup.step(PAGES_PER_STEP)?;
        let progress = backup.progress();
        let all = u64::try_from(progress.pagecount).unwrap_or(0);
        let left = u64::try_from(progress.remaining).unwrap_or(0);
        each(all.saturating_sub(left), all);
        match step {
            StepResult::Done => return Ok(()),
            StepResult::More => {}
            // Both files are free: one is read as of a moment, and nobody else knows the other.
            _ => return Err(failure(ffi::SQLITE_BUSY)),
        }
    }
}

fn failure(code: i32) -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(ffi::Error::new(code), None)
}

/// Whether the database could not be read, else the copy could not be written.
fn is_of_source(error: &rusqlite::Error) -> bool {
    let extended = error.sqlite_error().map(|error| error.extended_code);
    let code = error.sqlite_error_code();
    matches!(
        code,
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
    ) || extended == Some(ffi::SQLITE_IOERR_READ)
        || extended == Some(ffi::SQLITE_IOERR_SHORT_READ)
}

/// The copy has the setting of the original, which wants a write-ahead log beside it. Without that the copy can be read from a
/// read-only disk, and is one file that can be moved.
fn make_one_file(copy: &Path) -> rusqlite::Result<()> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(copy, flags)?;
    leave_log_mode(&db)?;
    db.close().map_err(|(_, error)| error)
}

/// Moves the write-ahead log into the database, and removes it. Fails while another program has the database open.
pub(super) fn leave_log_mode(db: &Connection) -> rusqlite::Result<()> {
    let set = db.query_row("PRAGMA journal_mode = DELETE", [], |row| {
        row.get::<_, String>(0)
    })?;
    match set.as_str() {
        "delete" => Ok(()),
        _ => Err(failure(ffi::SQLITE_BUSY)),
    }
}

/// An empty file for its owner alone, in the folder of another file.
fn temporary(target: &Path) -> Result<TempPath> {
    let mut name = target.file_name().unwrap_or_default().to_owned();
    name.push(".");
    let made = tempfile::Builder::new()
        .prefix(&name)
        .suffix(".partial")
        .tempfile_in(folder_of(target));
    Ok(made
        .map_err(|error| cannot_write(target, error))?
        .into_temp_path())
}

/// The folder of a file. That of a mere name is the present one.
fn folder_of(file: &Path) -> &Path {
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Refuses a target that would be the database itself, or would be opened together with the log of another database.
fn check_target(database: &Path, to: &Path, force: bool) -> Result<()> {
    let exists = std::fs::symlink_metadata(to).is_ok();
    if exists && !force {
        return Err(StoreError::Exists {
            file: to.to_owned(),
        });
    }
    let refused = |why: String| {
        let file = to.to_owned();
        Err(StoreError::NoTarget { file, why })
    };
    if to.file_name().is_none() || to.is_dir() {
        return refused("it is a folder".to_owned());
    }
    let real = |file: &Path| std::fs::canonicalize(file).ok();
    let of_database = std::iter::once(database.to_owned())
        .chain(BESIDE.iter().map(|end| beside(database, end)))
        .any(|own| own == to || real(&own).is_some_and(|own| Some(own) == real(to)));
    if of_database {
        return refused("it is a file of the database itself".to_owned());
    }
    match BESIDE.iter().find(|end| beside(to, end).exists()) {
        Some(end) => refused(format!(
            "{} belongs to another database that is or was at this path",
            beside(to, end).display()
        )),
        None => Ok(()),
    }
}

/// The path of a file that SQLite makes beside a database.
pub(super) fn beside(file: &Path, end: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(end);
    PathBuf::from(name)
}

/// A new name is on the disk when its folder is.
pub(super) fn sync_folder(file: &Path) -> Result<()> {
    let folder = folder_of(file);
    let synced = File::open(folder).and_then(|opened| opened.sync_all());
    match synced {
        // Some file systems can't sync folders, and keep names without that.
        Err(error) if error.kind() != ErrorKind::InvalidInput => Err(cannot_write(file, error)),
        _ => Ok(()),
    }
}

pub(super) fn cannot_write(file: &Path, source: Error) -> StoreError {
    StoreError::NotWritten {
        file: file.to_owned(),
        source,
    }
}

/// A path as SQLite reads it in a URI: `?`, `#` and `%` have a meaning there.
#[cfg(unix)]
fn escaped(file: &Path) -> OsString {
    use std::os::unix::ffi::{OsStrExt, OsStringExt};
    let mut bytes = Vec::new();
    for byte in file.as_os_str().as_bytes() {
        match byte {
            b'?' | b'#' | b'%' => bytes.extend(format!("%{byte:02x}").bytes()),
            other => bytes.push(*other),
        }
    }
    OsString::from_vec(bytes)
}

#[cfg(not(unix))]
fn escaped(file: &Path) -> OsString {
    let text = file.display().to_string().replace('\\', "/");
    let text = text.replace('%', "%25");
    text.replace('?', "%3f").replace('#', "%23").into()
}
