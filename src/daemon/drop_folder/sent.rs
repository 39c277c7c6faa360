//! The folder that keeps what is sent to the daemon.

use super::listing::Look;
use super::{Exports, Seen};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// No request takes so long: what is older and has no name yet never gets one.
const BROKEN_OFF: Duration = Duration::from_secs(3600);
/// Of what was sent to the daemon so much is kept after it was read: files, and bytes. Bodies hold names of persons.
pub(super) const KEPT: (usize, u64) = (0, 0);

/// Makes the folders for what is sent, and removes what broke off when the daemon was killed.
pub(super) fn prepare(folders: &[String]) -> Result<(), String> {
    for folder in folders {
        let failed = |error: io::Error| format!("{folder}: {error}");
        std::fs::create_dir_all(folder).map_err(failed)?;
        for entry in std::fs::read_dir(folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            if entry.file_name().to_string_lossy().starts_with('.') {
                remove_if_broken_off(&entry.path(), SystemTime::now()).map_err(failed)?;
            }
        }
    }
    Ok(())
}

/// Removes a part of a body that nobody writes any more. Others get their names, or are removed, at any moment.
fn remove_if_broken_off(part: &Path, now: SystemTime) -> io::Result<()> {
    let changed = std::fs::symlink_metadata(part).and_then(|meta| meta.modified());
    let age = match gone_is_none(changed)? {
        // A time that lies in the future is not long ago.
        Some(changed) => now.duration_since(changed).unwrap_or_default(),
        None => return Ok(()),
    };
    if age > BROKEN_OFF {
        gone_is_none(std::fs::remove_file(part))?;
    }
    Ok(())
}

fn gone_is_none<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Removes the oldest files that are too many and that the database has taken up, and what is known of them: a source may
/// be sent something each second for years. Should one be sent again, its events are recognised.
///
/// What is known goes with the last file that says the same, else the others would count as never read. A file that can't
/// be removed keeps no other from going.
pub(super) fn tidy(
    files: &[(PathBuf, Look)],
    most: (usize, u64),
    seen: &BTreeMap<PathBuf, Seen>,
    exports: &Exports,
    done: &mut BTreeSet<u64>,
    troubles: &mut BTreeSet<String>,
) {
    let mut kept = (0, 0);
    let (mut removed, mut present) = (BTreeSet::new(), BTreeSet::new());
    for (path, look) in files.iter().rev() {
        kept = (kept.0 + 1, kept.1 + look.0);
        let is_too_much = kept.0 > most.0 || kept.1 > most.1;
        // What was not read yet stays, of course.
        let Some(known) = seen.get(path).filter(|known| known.look == *look) else {
            continue;
        };
        match is_too_much.then(|| remove_if_done(path, known.hash, exports)) {
            Some(Ok(true)) => removed.insert(known.hash),
            Some(Err(trouble)) => {
                troubles.insert(trouble);
                present.insert(known.hash)
            }
            Some(Ok(false)) | None => present.insert(known.hash),
        };
    }
    for hash in removed.difference(&present) {
        match exports.forget(*hash) {
            Ok(()) => done.remove(hash),
            Err(trouble) => troubles.insert(trouble),
        };
    }
}

/// Deletes bodies that are too old, read or not, and returns those that were not read. A body waits so long only if
/// something is wrong, and names of persons must not wait with it for ever.
pub(super) fn expire(
    files: &[(PathBuf, Look)],
    max_age: Duration,
    seen: &BTreeMap<PathBuf, Seen>,
    troubles: &mut BTreeSet<String>,
) -> Vec<PathBuf> {
    let now = SystemTime::now();
    let mut lost = Vec::new();
    for (path, look) in files {
        let age = now.duration_since(look.1).unwrap_or_default();
        if age <= max_age {
            continue;
        }
        match gone_is_none(std::fs::remove_file(path)) {
            Ok(Some(())) if !seen.contains_key(path) => lost.push(path.clone()),
            Ok(_) => {}
            Err(error) => {
                troubles.insert(format!("{}: {error}", path.display()));
            }
        }
    }
    lost
}

/// Deletes the old bodies of sources that are configured no more. Nobody reads these folders.
pub(in crate::daemon) fn expire_orphans(
    folder: &Path,
    sources: &BTreeSet<&str>,
    max_age: Duration,
) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        // Nothing was ever sent.
        return;
    };
    for entry in entries.flatten() {
        if entry
            .file_name()
            .to_str()
            .is_some_and(|name| sources.contains(name))
        {
            continue;
        }
        let count = std::fs::read_dir(entry.path()).map_or(0, |bodies| {
            let is_gone = |path: &Path| {
                let changed = std::fs::metadata(path).and_then(|meta| meta.modified());
                let age = changed
                    .ok()
                    .and_then(|at| SystemTime::now().duration_since(at).ok());
                age.is_some_and(|age| age > max_age) && std::fs::remove_file(path).is_ok()
            };
            bodies
                .flatten()
                .filter(|body| is_gone(&body.path()))
                .count()
        });
        if count > 0 {
            tracing::warn!(
                folder = %entry.path().display(), bodies = count,
                "deleted bodies that nobody read: their source is not configured, and they are older than push.max_age"
            );
        }
    }
}

/// Whether the file is gone now: the database has to know that it was read.
fn remove_if_done(path: &Path, hash: u64, exports: &Exports) -> Result<bool, String> {
    if !exports.is_done(hash)? {
        return Ok(false);
    }
    let removed = gone_is_none(std::fs::remove_file(path));
    removed.map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Commit, Store};

    #[test]
    fn a_part_that_gets_its_name_while_the_folder_is_listed_is_no_trouble() {
        let folder = tempfile::tempdir().unwrap();
        let part = folder.path().join(".body.ndjson.abc");
        let now = SystemTime::now();
        remove_if_broken_off(&part, now).unwrap();
        std::fs::write(&part, "half").unwrap();
        remove_if_broken_off(&part, now + Duration::from_secs(3590)).unwrap();
        assert!(part.exists(), "a part of a request that may go on");
        remove_if_broken_off(&part, now + Duration::from_secs(3700)).unwrap();
        assert!(!part.exists());
    }

    /// A folder with files of these contents, oldest first, all of them read; which are left, and what is still known.
    fn tidied(contents: &[u64], unread: &[usize], most: (usize, u64)) -> (Vec<usize>, Vec<u64>) {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(folder.path()).unwrap();
        let drops = contents.iter().map(|hash| {
            let (source, path) = ("soar".to_owned(), format!("{hash}.ndjson"));
            (source, *hash, path, 0)
        });
        let commit = Commit {
            exports_done: drops.collect(),
            ..Commit::default()
        };
        store.commit(&commit).unwrap();
        let exports = Exports {
            store,
            source: "soar".to_owned(),
            data_dir: folder.path().to_owned(),
        };
        let (mut files, mut seen) = (Vec::new(), BTreeMap::new());
        for (nth, hash) in contents.iter().enumerate() {
            let path = folder.path().join(format!("{nth}.ndjson"));
            std::fs::write(&path, "ten bytes.").unwrap();
            let look = (10, SystemTime::UNIX_EPOCH + Duration::from_secs(nth as u64));
            files.push((path.clone(), look));
            if !unread.contains(&nth) {
                seen.insert(path, Seen { look, hash: *hash });
            }
        }
        let mut done: BTreeSet<u64> = contents.iter().copied().collect();
        let mut troubles = BTreeSet::new();
        tidy(&files, most, &seen, &exports, &mut done, &mut troubles);
        assert_eq!(troubles, BTreeSet::new());
        let left = (0..contents.len()).filter(|nth| files[*nth].0.exists());
        let mut known: Vec<u64> = contents.to_vec();
        known.sort_unstable();
        known.dedup();
        known.retain(|hash| exports.is_done(*hash).unwrap());
        assert_eq!(done, known.iter().copied().collect());
        (left.collect(), known)
    }

    #[test]
    fn every_copy_that_is_too_much_goes_and_what_is_known_goes_with_the_last() {
        // Three copies of one body: all too old.
        let all = tidied(&[1, 1, 1, 2, 3], &[], (2, 1000));
        assert_eq!(all, (vec![3, 4], vec![2, 3]));
        // The same by bytes.
        let all = tidied(&[1, 1, 1, 2, 3], &[], (100, 25));
        assert_eq!(all, (vec![3, 4], vec![2, 3]));
        // One copy is among those that are kept.
        let one_left = tidied(&[1, 1, 2, 1, 3], &[], (2, 1000));
        assert_eq!(one_left, (vec![3, 4], vec![1, 3]));
    }

    #[test]
    fn what_is_not_read_yet_stays_however_old_it_is() {
        let left = tidied(&[1, 2, 3, 4], &[0], (1, 1000));
        assert_eq!(left, (vec![0, 3], vec![1, 4]));
    }

    #[test]
    fn old_bodies_are_deleted_and_those_that_were_not_read_are_returned() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, "x").unwrap();
            path
        };
        let (now, old) = (SystemTime::now(), SystemTime::UNIX_EPOCH);
        let files = [
            (file("read"), (1, old)),
            (file("unread"), (1, old)),
            (file("young"), (1, now)),
        ];
        let look = (1, old);
        let seen = BTreeMap::from([(files[0].0.clone(), Seen { look, hash: 1 })]);
        let mut troubles = BTreeSet::new();
        let day = Duration::from_secs(86_400);
        let lost = expire(&files, day, &seen, &mut troubles);
        assert_eq!(
            (lost, troubles),
            (vec![files[1].0.clone()], BTreeSet::new())
        );
        let left: Vec<bool> = files.iter().map(|(path, _)| path.exists()).collect();
        assert_eq!(left, [false, false, true]);
        expire_orphans(folder.path(), &BTreeSet::new(), Duration::ZERO);
        assert!(files[2].0.exists(), "it is in no folder of a source");
        let orphans = folder.path().join("gone");
        std::fs::create_dir(&orphans).unwrap();
        std::fs::write(orphans.join("body"), "x").unwrap();
        expire_orphans(folder.path(), &BTreeSet::from(["gone"]), Duration::ZERO);
        assert!(orphans.join("body").exists());
        expire_orphans(folder.path(), &BTreeSet::new(), Duration::ZERO);
        assert!(!orphans.join("body").exists());
    }

    #[test]
    fn a_file_that_can_not_be_removed_is_told_and_the_others_go() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(folder.path()).unwrap();
        let drops = [1, 2].map(|hash| ("soar".to_owned(), hash, hash.to_string(), 0));
        let commit = Commit {
            exports_done: drops.to_vec(),
            ..Commit::default()
        };
        store.commit(&commit).unwrap();
        let exports = Exports {
            store,
            source: "soar".to_owned(),
            data_dir: folder.path().to_owned(),
        };
        // A folder is no file.
        let (stuck, plain) = (folder.path().join("2"), folder.path().join("1"));
        std::fs::create_dir(&stuck).unwrap();
        std::fs::write(&plain, "x").unwrap();
        let look = (1, SystemTime::UNIX_EPOCH);
        let files = [(plain.clone(), look), (stuck.clone(), look)];
        let seen = BTreeMap::from([
            (plain.clone(), Seen { look, hash: 1 }),
            (stuck.clone(), Seen { look, hash: 2 }),
        ]);
        let (mut done, mut troubles) = (BTreeSet::from([1, 2]), BTreeSet::new());
        tidy(&files, (0, 0), &seen, &exports, &mut done, &mut troubles);
        assert_eq!(troubles.len(), 1, "{troubles:?}");
        assert!(
            troubles
                .iter()
                .all(|it| it.contains(stuck.to_str().unwrap()))
        );
        assert!(!plain.exists());
        assert_eq!(done, BTreeSet::from([2]));
        assert!(!exports.is_done(1).unwrap() && exports.is_done(2).unwrap());
    }
}
