//! Looking through a folder and those below it: bounded, without loops, and ended at once when the reader has to stop.

use std::collections::HashSet;
use std::fs::Metadata;
use std::io;
use std::path::{Path, PathBuf};
use walkdir::{DirEntry, WalkDir};

/// Folders below folders.
pub(crate) const MOST_DEPTH: usize = 16;
/// Files and folders of one walk: more would keep a core busy, as folders are looked at every second.
const MOST_ENTRIES: usize = 200_000;
/// Trees that the system makes up: they have no logs, and no end.
const SYSTEM: [&str; 3] = ["/proc", "/sys", "/dev"];

/// What a walk comes across.
#[derive(Debug)]
pub(crate) enum Step {
    /// A regular file, links resolved in its metadata but not in its path.
    File(PathBuf, Metadata),
    /// Something that is passed over on purpose, and why.
    Skipped(PathBuf, &'static str),
    /// Something that should be read and can't.
    Failed(PathBuf, io::Error),
}

/// Walks through a folder down to `depth`, and hands out what is wanted.
///
/// Links to folders are followed, but not to a folder that holds the first one, nor into one that was walked through already.
/// `is_stopping` is asked now and then; the walk ends when it says so.
pub(crate) fn walk(
    root: &Path,
    depth: usize,
    is_wanted: &dyn Fn(&Path) -> bool,
    is_stopping: &dyn Fn() -> bool,
    each: &mut dyn FnMut(Step),
) {
    let mut folders = Folders::new(root);
    let mut entries = WalkDir::new(root)
        .follow_links(true)
        .max_depth(depth)
        .into_iter();
    let mut count = 0;
    while let Some(entry) = entries.next() {
        if is_stopping() {
            return;
        }
        count += 1;
        if count > MOST_ENTRIES {
            let what = format!(
                "has more than {MOST_ENTRIES} files and folders, and the rest is not read: name the folders that have the logs"
            );
            each(Step::Failed(root.to_owned(), io::Error::other(what)));
            return;
        }
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                failed(error, root, each);
                continue;
            }
        };
        if entry.file_type().is_dir() {
            if let Some(why) = folders.skips(&entry) {
                each(Step::Skipped(entry.into_path(), why));
                entries.skip_current_dir();
            }
        } else if is_wanted(entry.path()) {
            look(entry, root, each);
        }
    }
}

fn look(entry: DirEntry, root: &Path, each: &mut dyn FnMut(Step)) {
    match entry.metadata() {
        Ok(meta) if meta.is_file() => each(Step::File(entry.into_path(), meta)),
        // Reading a pipe or a device could wait for ever.
        Ok(_) => each(Step::Skipped(entry.into_path(), "is not a regular file")),
        Err(error) => failed(error, root, each),
    }
}

/// A loop of links has been cut. What is not there any more needs no message, unless it is the folder itself.
fn failed(error: walkdir::Error, root: &Path, each: &mut dyn FnMut(Step)) {
    let path = error.path().unwrap_or(root).to_owned();
    if error.loop_ancestor().is_some() {
        each(Step::Skipped(path, LOOP));
        return;
    }
    let is_root = error.depth() == 0;
    match error.into_io_error() {
        Some(error) if is_root || error.kind() != io::ErrorKind::NotFound => {
            each(Step::Failed(path, error));
        }
        _ => {}
    }
}

const LOOP: &str = "leads back to a folder that is read already";

/// The folders of a walk.
struct Folders {
    /// The first one, links resolved.
    root: Option<PathBuf>,
    #[cfg(unix)]
    seen: HashSet<(u64, u64)>,
    #[cfg(not(unix))]
    seen: HashSet<PathBuf>,
}

impl Folders {
    fn new(root: &Path) -> Folders {
        Folders {
            root: root.canonicalize().ok(),
            seen: HashSet::new(),
        }
    }

    /// Why a folder is not walked through; `None` if it is.
    fn skips(&mut self, entry: &DirEntry) -> Option<&'static str> {
        let is_link = entry.path_is_symlink();
        if is_link && let Ok(target) = entry.path().canonicalize() {
            let root = self.root.as_ref();
            if entry.depth() > 0 && root.is_some_and(|root| root.starts_with(&target)) {
                return Some(LOOP);
            }
            let is_inside = |tree: &&str| root.is_some_and(|root| root.starts_with(tree));
            let mut others = SYSTEM.iter().filter(|tree| !is_inside(tree));
            if others.any(|tree| target.starts_with(tree)) {
                return Some("is a link to a tree that the system makes up");
            }
        }
        if SYSTEM.iter().any(|tree| entry.path() == Path::new(tree)) {
            return Some("is a tree that the system makes up");
        }
        (!self.is_new(entry)).then_some(LOOP)
    }

    #[cfg(unix)]
    fn is_new(&mut self, entry: &DirEntry) -> bool {
        use std::os::unix::fs::MetadataExt;
        // What can't be looked at now is told when it is listed.
        let meta = entry.metadata();
        meta.map_or(true, |meta| self.seen.insert((meta.dev(), meta.ino())))
    }

    #[cfg(not(unix))]
    fn is_new(&mut self, entry: &DirEntry) -> bool {
        let path = entry.path().canonicalize();
        path.map_or(true, |path| self.seen.insert(path))
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    /// Files, and what was passed over, by their names.
    fn walked(root: &Path) -> (Vec<String>, Vec<(String, &'static str)>) {
        let (mut files, mut skipped) = (Vec::new(), Vec::new());
        let name = |path: &Path| path.strip_prefix(root).unwrap().display().to_string();
        walk(
            root,
            MOST_DEPTH,
            &|_| true,
            &|| false,
            &mut |step| match step {
                Step::File(path, _) => files.push(name(&path)),
                Step::Skipped(path, why) => skipped.push((name(&path), why)),
                Step::Failed(path, error) => panic!("{}: {error}", path.display()),
            },
        );
        files.sort();
        skipped.sort();
        (files, skipped)
    }

    #[test]
    fn links_are_followed_but_lead_nowhere_twice() {
        let folder = tempfile::tempdir().unwrap();
        let (root, other) = (folder.path().join("root"), folder.path().join("other"));
        fs::create_dir_all(root.join("sub")).unwrap();
        fs::create_dir(&other).unwrap();
        fs::write(root.join("sub/a.log"), "").unwrap();
        fs::write(other.join("b.log"), "").unwrap();
        symlink("/", root.join("1-everything")).unwrap();
        symlink(folder.path(), root.join("2-above")).unwrap();
        symlink(&root, root.join("3-itself")).unwrap();
        symlink(&other, root.join("4-other")).unwrap();
        symlink(&other, root.join("5-again")).unwrap();
        symlink("/dev/null", root.join("6-device")).unwrap();
        symlink("/proc/self", root.join("7-processes")).unwrap();
        symlink(root.join("nothing"), root.join("8-nothing")).unwrap();
        let (files, skipped) = walked(&root);
        assert_eq!(files.len(), 2, "{files:?}");
        assert!(files.contains(&"sub/a.log".to_owned()), "{files:?}");
        assert!(
            files.iter().any(|file| file.ends_with("/b.log")),
            "{files:?}"
        );
        let names: Vec<&str> = skipped.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names.len(), 6, "{skipped:?}");
        for name in [
            "1-everything",
            "2-above",
            "3-itself",
            "6-device",
            "7-processes",
        ] {
            assert!(names.contains(&name), "{skipped:?}");
        }
    }

    #[test]
    fn a_walk_ends_when_the_reader_has_to_stop() {
        let folder = tempfile::tempdir().unwrap();
        for nth in 0..50 {
            fs::write(folder.path().join(nth.to_string()), "").unwrap();
        }
        let count = std::cell::Cell::new(0);
        let is_stopping = || count.get() >= 10;
        walk(folder.path(), 1, &|_| true, &is_stopping, &mut |_| {
            count.set(count.get() + 1);
        });
        assert_eq!(count.get(), 10);
    }
}
