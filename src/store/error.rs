//! What can go wrong with the database, and the next step.

use crate::codec::DamagedBytes;
use crate::model::NameId;
use crate::model::humanize::counted;
use rusqlite::ErrorCode;
use std::path::PathBuf;

/// What can go wrong with the database.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// SQLite says no.
    #[error("{file}: {source}")]
    Sqlite {
        /// The database file.
        file: PathBuf,
        /// Why.
        source: rusqlite::Error,
    },
    /// The folder can't be used.
    #[error("{file}: {source}")]
    Io {
        /// The folder or file.
        file: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Another daemon uses the folder.
    #[error(
        "{folder}: another toleranced{pid} uses this data directory; stop it, or name another `data_dir`"
    )]
    InUse {
        /// The folder.
        folder: PathBuf,
        /// ` (process 123)`, where it is known.
        pid: String,
    },
    /// A file of the open database is not at its path any more.
    #[error(
        "{file}: {what} while the daemon runs; it commits nothing. Move the same file back and the daemon goes on, or restart the daemon to use what is at this path then"
    )]
    Lost {
        /// The file.
        file: PathBuf,
        /// What happened to it.
        what: String,
    },
    /// A newer version wrote it.
    #[error(
        "{file}: written by a newer version (schema {found}, this one knows {known}); use that version, or another `data_dir`"
    )]
    Newer {
        /// The database file.
        file: PathBuf,
        /// Its schema.
        found: i64,
        /// The newest one known.
        known: i64,
    },
    /// An older version wrote it, and who reads it may not change it.
    #[error(
        "{file}: written by an older version (schema {found}, this one reads {known}); `toleranced run` brings it up to date"
    )]
    Older {
        /// The database file.
        file: PathBuf,
        /// Its schema.
        found: i64,
        /// The only one that can be read.
        known: i64,
    },
    /// Names without their numbers.
    #[error(
        "{file}: table names, row {id}: missing, empty or there twice, so later numbers stand for other names; restore a backup, or use another `data_dir`"
    )]
    BrokenNames {
        /// The database file.
        file: PathBuf,
        /// The number of the first wrong name.
        id: NameId,
    },
    /// There is a file already.
    #[error("{file}: exists; name another file, or replace it with --force")]
    Exists {
        /// The file.
        file: PathBuf,
    },
    /// A backup can't be written there.
    #[error("{file}: {why}; name another file")]
    NoTarget {
        /// The file that was named.
        file: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// A copy of the database can't be written.
    #[error(
        "{file}: can't write the copy: {source}; make room on that disk, or name a file on another one"
    )]
    CopyFailed {
        /// The file that the copy was for.
        file: PathBuf,
        /// Why.
        source: rusqlite::Error,
    },
    /// A file can't be written.
    #[error(
        "{file}: can't be written: {source}; check the folder, its permissions and its free space"
    )]
    NotWritten {
        /// The file.
        file: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file is something else.
    #[error(
        "{file}: not a database of toleranced ({why}); name a file that `toleranced backup` wrote"
    )]
    NotADatabase {
        /// The file.
        file: PathBuf,
        /// What shows that.
        why: String,
    },
    /// The check has found damaged pages.
    #[error("{file}: damaged, the check has found {}, first: {first}. {next_step}", problems(.count))]
    DamagedPages {
        /// The database file.
        file: PathBuf,
        /// How many problems.
        count: usize,
        /// The first of them.
        first: String,
        /// What to do.
        next_step: &'static str,
    },
    /// Another program than a daemon has the database open.
    #[error(
        "{file}: another program has the database open, so it can't be replaced; end that program and try again"
    )]
    OpenElsewhere {
        /// The database file.
        file: PathBuf,
    },
    /// A row is not what this version wrote.
    #[error("{file}: {what}: {source}")]
    Damaged {
        /// The database file.
        file: PathBuf,
        /// Which row.
        what: String,
        /// Where in it.
        source: DamagedBytes,
    },
}

impl StoreError {
    /// Whether another program holds the database.
    pub(crate) fn is_busy(&self) -> bool {
        let code = match self {
            StoreError::Sqlite { source, .. } => source.sqlite_error_code(),
            _ => None,
        };
        matches!(
            code,
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
        )
    }
}

fn problems(count: &usize) -> String {
    counted(*count as i64, "problem")
}
