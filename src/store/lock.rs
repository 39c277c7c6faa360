//! One daemon per data directory.

use super::StoreError;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

/// Holds a data directory until it is dropped; the operating system lets go of it when the process dies, however.
#[derive(Debug)]
pub(crate) struct DataLock(#[allow(dead_code, reason = "held, never read")] File);

impl DataLock {
    /// Takes hold of a data directory.
    pub(crate) fn take(folder: &Path) -> Result<DataLock, StoreError> {
        let path = folder.join("lock");
        let io = |source| StoreError::Io {
            file: path.clone(),
            source,
        };
        std::fs::create_dir_all(folder).map_err(|source| StoreError::Io {
            file: folder.to_owned(),
            source,
        })?;
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(io)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut pid = String::new();
                // Who it is, is a courtesy; that it is taken is certain.
                let known = file.read_to_string(&mut pid).is_ok() && !pid.trim().is_empty();
                let pid = if known {
                    format!(" (process {})", pid.trim())
                } else {
                    String::new()
                };
                return Err(StoreError::InUse {
                    folder: folder.to_owned(),
                    pid,
                });
            }
            Err(TryLockError::Error(source)) => return Err(io(source)),
        }
        file.set_len(0).map_err(io)?;
        file.seek(SeekFrom::Start(0)).map_err(io)?;
        write!(file, "{}", std::process::id()).map_err(io)?;
        Ok(DataLock(file))
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
}
