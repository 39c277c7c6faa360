//! Whether the files of an open database are still at their paths.
//!
//! SQLite goes on with a file that was removed or replaced. What it commits then is gone when the process ends. So the device and
//! inode of each file are noted when the database is opened, and compared before each commit.
//!
//! SQLite also finds the write-ahead log by its path. A second connection to a replaced database would apply the log of the old one to
//! it. So a process that has a database open for writing opens no other file at its path.

use super::{Result, StoreError};
use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// Device and inode.
type Identity = (u64, u64);

#[cfg(unix)]
fn identity(meta: &Metadata) -> Identity {
    use std::os::unix::fs::MetadataExt;
    (meta.dev(), meta.ino())
}

/// Without inode numbers only a file that is missing is noticed.
#[cfg(not(unix))]
fn identity(_meta: &Metadata) -> Identity {
    (0, 0)
}

/// The files of a database as they were when it was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FilesOnDisk {
    /// The database, its write-ahead log and the index of that, each if it was there.
    files: Vec<(PathBuf, Identity)>,
}

/// The databases that this process has open for writing.
static OPEN: Mutex<Vec<Weak<FilesOnDisk>>> = Mutex::new(Vec::new());

impl FilesOnDisk {
    /// The files of a database that is open for writing as long as they are kept.
    pub(super) fn of_writer(database: &Path) -> Result<Arc<FilesOnDisk>> {
        let files = Arc::new(FilesOnDisk::of(database)?);
        let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|other| other.strong_count() > 0);
        open.push(Arc::downgrade(&files));
        Ok(files)
    }

    /// An error if this process has a database open for writing that was at this path and is not any more.
    pub(super) fn check_writer(database: &Path) -> Result<()> {
        let open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        let open: Vec<Arc<FilesOnDisk>> = open.iter().filter_map(Weak::upgrade).collect();
        let is_of = |files: &&Arc<FilesOnDisk>| {
            files
                .files
                .first()
                .is_some_and(|(path, _)| path == database)
        };
        open.iter()
            .filter(is_of)
            .try_for_each(|files| files.check())
    }

    /// The files of a database that is open.
    pub(super) fn of(database: &Path) -> Result<FilesOnDisk> {
        let beside = ["db-wal", "db-shm"].map(|ending| database.with_extension(ending));
        let mut files = Vec::with_capacity(3);
        for path in std::iter::once(database.to_owned()).chain(beside) {
            match std::fs::metadata(&path) {
                Ok(meta) => files.push((path, identity(&meta))),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(source) => return Err(StoreError::Io { file: path, source }),
            }
        }
        Ok(FilesOnDisk { files })
    }

    /// An error if a file is not at its path any more.
    pub(crate) fn check(&self) -> Result<()> {
        for (path, known) in &self.files {
            let what = match std::fs::metadata(path) {
                Ok(meta) if identity(&meta) == *known => continue,
                Ok(_) => "was replaced".to_owned(),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                    missing(path.parent())
                }
                Err(error) => format!("can't be looked up ({error})"),
            };
            return Err(StoreError::Lost {
                file: path.clone(),
                what,
            });
        }
        Ok(())
    }
}

/// What is missing: the file, or the folder with all that is in it.
fn missing(folder: Option<&Path>) -> String {
    match folder {
        Some(folder) if !folder.exists() => {
            format!("was removed or moved, with the folder {}", folder.display())
        }
        _ => "was removed or moved".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Commit, Store};
    use super::*;
    use std::fs;

    const WAIT: std::time::Duration = std::time::Duration::from_secs(1);

    fn change(number: i64) -> Commit {
        Commit {
            meta: vec![("number".to_owned(), number.to_string())],
            ..Commit::default()
        }
    }

    fn number(store: &Store) -> Option<String> {
        store.meta("number").unwrap()
    }

    #[test]
    fn nothing_is_committed_to_a_file_that_is_not_at_its_path() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(folder.path()).unwrap();
        store.commit(&change(1)).unwrap();
        let aside = folder.path().join("aside");
        for name in ["toleranced.db", "toleranced.db-wal", "toleranced.db-shm"] {
            let path = folder.path().join(name);
            fs::rename(&path, &aside).unwrap();
            let error = store.commit(&change(2)).unwrap_err();
            assert!(matches!(error, StoreError::Lost { .. }), "{error}");
            let text = error.to_string();
            assert!(text.contains(name) && text.contains("removed"), "{text}");
            fs::copy(&aside, &path).unwrap();
            let text = store.commit(&change(2)).unwrap_err().to_string();
            assert!(text.contains(name) && text.contains("replaced"), "{text}");
            assert_eq!(number(&store).as_deref(), Some("1"));
            fs::rename(&aside, &path).unwrap();
            store.commit(&change(1)).unwrap();
        }
        store.commit(&change(3)).unwrap();
        assert_eq!(number(&store).as_deref(), Some("3"));
    }

    #[test]
    fn second_connection_is_not_opened_to_another_file() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let store = Store::open(&data).unwrap();
        store.open_another(WAIT).unwrap();
        fs::rename(&data, folder.path().join("aside")).unwrap();
        let text = store.open_another(WAIT).unwrap_err().to_string();
        assert!(text.contains("folder") && text.contains("data"), "{text}");
        assert!(!data.exists());
        drop(Store::open(&data).unwrap());
        let text = store.open_another(WAIT).unwrap_err().to_string();
        assert!(text.contains("replaced"), "{text}");
    }
}
