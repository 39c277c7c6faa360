//! A copy becomes the database of a data directory.
//!
//! SQLite finds a write-ahead log by the path of its database, and applies it to whatever is there. So the log of the replaced database is
//! gone from its path before the copy gets there.

use super::backup::{
    BESIDE, Copied, OnProgress, beside, cannot_write, leave_log_mode, sync_folder,
};
use super::{DataLock, Result, Store, StoreError, WAIT_AT_START, make_private};
use rusqlite::{Connection, OpenFlags};
use std::fs;
use std::path::{Path, PathBuf};

/// What a restore has done.
#[derive(Debug)]
pub(crate) struct Restored {
    /// The database as it is now.
    pub copied: Copied,
    /// Where the replaced one is, if there was one.
    pub replaced: Option<PathBuf>,
}

impl Store {
    /// Makes a copy of this database the database of a data directory. The replaced one is kept under its name with this end.
    ///
    /// Fails while a daemon or another program has the database open. Until the last step, the database is as it was.
    pub(crate) fn restore_to(
        &self,
        folder: &Path,
        end: &str,
        each: OnProgress,
    ) -> Result<Restored> {
        let database = Store::file_in(folder);
        let was_there = database.exists();
        make_private(folder)?;
        // It names a process until it is dropped, and keeps daemons away from both the old file and the new one.
        let lock = DataLock::take(folder)?;
        let restored = self.replace(&database, end, each);
        if restored.is_err() && !was_there {
            // The lock has made an empty one, which commands that read would take for a database.
            fs::remove_file(&database).map_err(|error| cannot_write(&database, error))?;
        }
        let restored = restored?;
        drop(lock);
        give_to_owner(folder, &[&database, &folder.join("lock")])?;
        Ok(restored)
    }

    fn replace(&self, database: &Path, end: &str, each: OnProgress) -> Result<Restored> {
        let (copy, copied) = self.copy_beside(database, each)?;
        let next_step = "Nothing was changed. The disk or the memory may be failing";
        Store::open_copy(&copy)?.check_pages(&copy, next_step)?;
        let replaced = set_aside(database, end)?;
        for log in BESIDE.map(|end| beside(database, end)) {
            match fs::remove_file(&log) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(cannot_write(&log, error));
                }
                _ => {}
            }
        }
        sync_folder(database)?;
        copy.persist(database)
            .map_err(|error| cannot_write(database, error.error))?;
        sync_folder(database)?;
        Ok(Restored { copied, replaced })
    }
}

/// Gives the database a second name, with all that was committed to it. Returns the name, or `None` if the database is empty.
fn set_aside(database: &Path, end: &str) -> Result<Option<PathBuf>> {
    let found = fs::metadata(database).map_err(|error| cannot_write(database, error))?;
    if found.len() == 0 {
        return Ok(None);
    }
    empty_log(database)?;
    let aside = beside(database, end);
    if aside.exists() {
        return Err(StoreError::Exists { file: aside });
    }
    // With a link, there is a database at its path at every instant. Some file systems know none.
    fs::hard_link(database, &aside)
        .or_else(|_| fs::rename(database, &aside))
        .map_err(|error| cannot_write(&aside, error))?;
    // Only a damaged database still has a log.
    let (log, log_aside) = (beside(database, "-wal"), beside(&aside, "-wal"));
    if log.exists() {
        fs::rename(&log, &log_aside).map_err(|error| cannot_write(&log_aside, error))?;
    }
    Ok(Some(aside))
}

/// Moves what is in the write-ahead log into the database. A database that is damaged keeps its log.
fn empty_log(database: &Path) -> Result<()> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let emptied = Connection::open_with_flags(database, flags).and_then(|db| {
        db.busy_timeout(WAIT_AT_START)?;
        leave_log_mode(&db)
    });
    match emptied {
        Err(source) => {
            let file = database.to_owned();
            let error = StoreError::Sqlite { file, source };
            match error.is_busy() {
                true => Err(StoreError::OpenElsewhere {
                    file: database.to_owned(),
                }),
                false => {
                    tracing::warn!(
                        %error,
                        "the replaced database can't be opened; it is kept with its write-ahead log"
                    );
                    Ok(())
                }
            }
        }
        Ok(()) => Ok(()),
    }
}

/// Gives files to the owner of the folder: an administrator restores, and the daemon has a user of its own.
#[cfg(unix)]
fn give_to_owner(folder: &Path, files: &[&Path]) -> Result<()> {
    use std::os::unix::fs::{MetadataExt, chown};
    let meta = |file: &Path| fs::metadata(file).map_err(|error| cannot_write(file, error));
    let owner = meta(folder)?;
    for file in files {
        let found = meta(file)?;
        if (found.uid(), found.gid()) != (owner.uid(), owner.gid()) {
            chown(file, Some(owner.uid()), Some(owner.gid()))
                .map_err(|error| cannot_write(file, error))?;
        }
    }
    Ok(())
}

#[cfg(not(unix))]
fn give_to_owner(_: &Path, _: &[&Path]) -> Result<()> {
    Ok(())
}
