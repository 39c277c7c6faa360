//! Only its owner can read the data folder and what is in it, whichever user starts the daemon.

use super::{Result, StoreError};
use std::path::Path;

/// The files with data of their own. SQLite gives those beside the database the mode of the database.
const FILES: &[&str] = &[
    "toleranced.db",
    "toleranced.db-wal",
    "toleranced.db-shm",
    "mask.key",
    "lock",
];

/// Makes the data folder if there is none, and takes the rights of others away from it and its files.
///
/// The database is made as an empty file, which SQLite takes for a new one: it would give it the mode of the umask.
pub(crate) fn make_private(folder: &Path) -> Result<()> {
    let failed = |file: &Path, source| StoreError::Io {
        file: file.to_owned(),
        source,
    };
    make_folder(folder).map_err(|source| failed(folder, source))?;
    restrict(folder, 0o700).map_err(|source| failed(folder, source))?;
    let database = super::Store::file_in(folder);
    make_file(&database).map_err(|source| failed(&database, source))?;
    for name in FILES {
        let file = folder.join(name);
        restrict(&file, 0o600).map_err(|source| failed(&file, source))?;
    }
    Ok(())
}

#[cfg(unix)]
fn make_folder(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true).mode(0o700).create(folder)
}

#[cfg(not(unix))]
fn make_folder(folder: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)
}

fn make_file(file: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(file) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// Takes the rights of all but the owner away. Who may not do that can't tell who reads the data: an error if all users
/// may, and else a message, because a group may be how an orchestrator shares a volume.
#[cfg(unix)]
fn restrict(path: &Path, mode: u32) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let found = match std::fs::metadata(path) {
        Ok(meta) => meta.permissions().mode() & 0o777,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    if found & 0o077 == 0 {
        return Ok(());
    }
    let shown = path.display();
    match std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)) {
        Ok(()) => {
            tracing::info!(
                path = %shown,
                "changed the mode from {found:o} to {mode:o}: only the owner can read the data"
            );
            Ok(())
        }
        Err(error) if found & 0o007 == 0 => {
            tracing::error!(
                path = %shown,
                %error,
                "a group can read the data (mode {found:o}); change the mode to {mode:o} as the owner"
            );
            Ok(())
        }
        Err(error) => Err(std::io::Error::new(
            error.kind(),
            format!(
                "all users can read the data (mode {found:o}), and it can't be changed: {error}; change it to {mode:o} as the owner"
            ),
        )),
    }
}

#[cfg(not(unix))]
fn restrict(_: &Path, _: u32) -> std::io::Result<()> {
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::store::Store;
    use std::os::unix::fs::PermissionsExt;

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn folder_and_database_are_of_their_owner_alone_also_old_ones() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("data");
        drop(Store::open(&folder).unwrap());
        let database = Store::file_in(&folder);
        assert_eq!((mode(&folder), mode(&database)), (0o700, 0o600));
        let wide = |path: &Path, mode| {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
        };
        wide(&folder, 0o755);
        wide(&database, 0o644);
        let open = Store::open(&folder).unwrap();
        let log = folder.join("toleranced.db-wal");
        assert_eq!((mode(&folder), mode(&database)), (0o700, 0o600));
        assert_eq!(mode(&log), 0o600);
        drop(open);
    }
}
