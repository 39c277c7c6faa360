//! One daemon per data directory.
//!
//! Two files are locked with `flock`: the database itself, and the file `lock`. The lock of the database holds if somebody removes
//! `lock`. The file `lock` names the process, and keeps versions away that know no other lock.
//!
//! SQLite locks byte ranges of the database with `fcntl`. On Linux these locks and `flock` do not see each other. But a process loses
//! its `fcntl` locks of a file as soon as it closes any handle of this file. So the lock is taken before the database is opened, and
//! is kept until the database is closed.

use super::{Store, StoreError};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

/// Holds a data directory until it is dropped; the operating system lets go of it when the process dies, however.
#[derive(Debug)]
pub(crate) struct DataLock {
    /// Held, never read.
    _files: (File, Option<File>),
}

impl DataLock {
    /// Takes hold of a data directory.
    pub(crate) fn take(folder: &Path) -> Result<DataLock, StoreError> {
        std::fs::create_dir_all(folder).map_err(io(folder))?;
        let path = folder.join("lock");
        let mut file = open(&path)?;
        if !try_lock(&file, &path)? {
            let mut pid = String::new();
            // Who it is, is a courtesy; that it is taken is certain.
            let known = file.read_to_string(&mut pid).is_ok() && !pid.trim().is_empty();
            return Err(in_use(folder, known.then_some(pid.trim())));
        }
        let database = lock_database(folder)?;
        file.set_len(0).map_err(io(&path))?;
        file.seek(SeekFrom::Start(0)).map_err(io(&path))?;
        write!(file, "{}", std::process::id()).map_err(io(&path))?;
        Ok(DataLock {
            _files: (file, database),
        })
    }

    /// An error if another process holds a data directory. Makes no file.
    pub(crate) fn check(folder: &Path) -> Result<(), StoreError> {
        if folder.join("lock").exists() {
            drop(DataLock::take(folder)?);
        }
        Ok(())
    }
}

/// Locks the database; `None` where that can't be done beside the locks of SQLite.
fn lock_database(folder: &Path) -> Result<Option<File>, StoreError> {
    let path = Store::file_in(folder);
    let file = open(&path)?;
    if is_on_network(&file) {
        // There the system makes of a `flock` a lock of all bytes, which keeps SQLite out.
        tracing::warn!(
            file = %path.display(),
            "the data directory is on a network file system; only the file `lock` keeps a second daemon away. Use a local disk"
        );
        return Ok(None);
    }
    match try_lock(&file, &path)? {
        true => Ok(Some(file)),
        false => Err(in_use(folder, None)),
    }
}

/// Only its owner may read what is made here.
fn open(path: &Path) -> Result<File, StoreError> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(io(path))
}

/// Whether the lock was free.
fn try_lock(file: &File, path: &Path) -> Result<bool, StoreError> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(source)) => Err(io(path)(source)),
    }
}

#[cfg(target_os = "linux")]
fn is_on_network(file: &File) -> bool {
    use nix::sys::statfs::{FsType, NFS_SUPER_MAGIC, SMB_SUPER_MAGIC, fstatfs};
    /// Both have no constant in nix.
    const CIFS: FsType = FsType(0xff53_4d42_u32 as _);
    const SMB2: FsType = FsType(0xfe53_4d42_u32 as _);
    let kind = fstatfs(file).map(|about| about.filesystem_type());
    kind.is_ok_and(|kind| [NFS_SUPER_MAGIC, SMB_SUPER_MAGIC, CIFS, SMB2].contains(&kind))
}

#[cfg(not(target_os = "linux"))]
fn is_on_network(_file: &File) -> bool {
    false
}

fn io(path: &Path) -> impl FnOnce(std::io::Error) -> StoreError {
    move |source| StoreError::Io {
        file: path.to_owned(),
        source,
    }
}

fn in_use(folder: &Path, pid: Option<&str>) -> StoreError {
    StoreError::InUse {
        folder: folder.to_owned(),
        pid: pid
            .map(|pid| format!(" (process {pid})"))
            .unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_is_refused_until_the_first_lets_go() {
        let folder = tempfile::tempdir().unwrap();
        let first = DataLock::take(folder.path()).unwrap();
        let error = DataLock::take(folder.path()).unwrap_err().to_string();
        assert!(
            error.contains(&format!("process {}", std::process::id())),
            "{error}"
        );
        drop(first);
        assert!(DataLock::take(folder.path()).is_ok());
    }

    #[test]
    fn database_is_locked_without_the_lock_file_and_sqlite_works_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let first = DataLock::take(folder.path()).unwrap();
        let store = Store::open(folder.path()).unwrap();
        assert!(Store::open_to_read(folder.path()).unwrap().names().is_ok());
        std::fs::remove_file(folder.path().join("lock")).unwrap();
        let refused = DataLock::take(folder.path());
        assert!(matches!(refused, Err(StoreError::InUse { .. })));
        drop((store, first));
        assert!(DataLock::take(folder.path()).is_ok());
    }

    #[test]
    fn check_makes_no_file() {
        let folder = tempfile::tempdir().unwrap();
        DataLock::check(folder.path()).unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        let held = DataLock::take(folder.path()).unwrap();
        assert!(DataLock::check(folder.path()).is_err());
        drop(held);
    }
}
