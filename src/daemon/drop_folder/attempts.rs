//! Exports that end the daemon: found at the next start, and set aside after the second death.
//!
//! What is being read stands in a file of the data folder until it is committed, or until the source stops in an orderly way. A
//! start that finds an export there knows that the daemon died in it. Such a suspect is read alone and committed at once, so
//! that a second death can only be its own. If it ends the daemon again without progress, it is set aside: it is never read again
//! by itself, and all other data goes on.

use crate::ingest::{Reason, Reject};
use crate::query::SetAside;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{DirBuilder, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// After so many deaths without progress an export is set aside.
const MAX_DEATHS: u32 = 2;

/// So many files that are set aside are named on the page of the sources.
const MAX_LISTED: usize = 10;

/// One suspect at a time, in all sources together.
static ALONE: Mutex<()> = Mutex::new(());

/// An export that is being read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Attempt {
    /// The hash of its content.
    export: u64,
    /// How many of its batches were committed when reading began.
    batches: u64,
    /// How often it was begun there.
    tries: u32,
}

/// How an export is to be read.
pub(super) enum Plan {
    /// Like any other.
    Ordinary,
    /// The daemon died in it: alone, and each batch is committed at once.
    Suspect(
        #[expect(dead_code, reason = "held while the suspect is read")] MutexGuard<'static, ()>,
    ),
    /// Not at all.
    SetAside,
}

/// The exports of one source that are being read.
#[derive(Debug)]
pub(super) struct Attempts {
    file: PathBuf,
    /// Those of earlier processes that were not read since.
    suspects: BTreeMap<u64, Attempt>,
    /// Those of this process that are not committed yet.
    begun: BTreeMap<u64, Attempt>,
}

impl Attempts {
    /// What the process before left. A file that can't be read accuses no export.
    pub(super) fn load(data_dir: &Path, source: &str) -> Attempts {
        let file = data_dir.join("attempts").join(format!("{source}.json"));
        let known: Vec<Attempt> = match std::fs::read(&file) {
            Ok(text) => serde_json::from_slice(&text).unwrap_or_default(),
            Err(_) => Vec::new(),
        };
        Attempts {
            file,
            suspects: known
                .into_iter()
                .map(|known| (known.export, known))
                .collect(),
            begun: BTreeMap::new(),
        }
    }

    /// The same without suspects, if it is not known how far they were read: every death looks like one without progress then.
    pub(super) fn without_suspects(mut self) -> Attempts {
        self.suspects.clear();
        self
    }

    /// Notes that an export is read from here on, and says how.
    pub(super) fn begin(&mut self, export: u64, batches: u64) -> io::Result<Plan> {
        let known = self.suspects.get(&export);
        let known = known.filter(|known| known.batches == batches);
        let deaths = known.map_or(0, |known| known.tries);
        if deaths >= MAX_DEATHS {
            return Ok(Plan::SetAside);
        }
        // Before it is noted: while it waits for another suspect, it is not being read.
        let alone = (deaths > 0).then(|| ALONE.lock().unwrap_or_else(PoisonError::into_inner));
        let attempt = Attempt {
            export,
            batches,
            tries: deaths + 1,
        };
        self.begun.insert(export, attempt);
        self.suspects.remove(&export);
        self.write()?;
        Ok(alone.map_or(Plan::Ordinary, Plan::Suspect))
    }

    /// Exports that are begun and not known to be committed.
    pub(super) fn open(&self) -> Vec<u64> {
        self.begun.keys().copied().collect()
    }

    /// Notes that an export is committed, set aside, or can't be read at present.
    pub(super) fn end(&mut self, export: u64) -> io::Result<()> {
        let known = [self.begun.remove(&export), self.suspects.remove(&export)];
        match known {
            [None, None] => Ok(()),
            _ => self.write(),
        }
    }

    /// Notes that the source stops in an orderly way: what it was reading accuses nothing.
    pub(super) fn stop(&mut self) -> io::Result<()> {
        self.begun.clear();
        self.write()
    }

    /// Survives the death of the process, which is all that it is for: so it need not be forced to the disk.
    fn write(&self) -> io::Result<()> {
        let all: Vec<&Attempt> = self.suspects.values().chain(self.begun.values()).collect();
        if all.is_empty() {
            return match std::fs::remove_file(&self.file) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                _ => Ok(()),
            };
        }
        private_folder(self.file.parent().unwrap_or(Path::new(".")))?;
        let new = self.file.with_extension("new");
        std::fs::write(&new, serde_json::to_vec(&all)?)?;
        std::fs::rename(new, &self.file)
    }
}

/// The files of a source that were set aside. For each there is a note with the hash of its content; a body that was sent
/// stands beside its note.
#[derive(Debug)]
pub(super) struct Aside(PathBuf);

/// What is known of a file that was set aside.
#[derive(Serialize)]
struct Note<'a> {
    version: u32,
    source: &'a str,
    file: String,
    set_aside_at: String,
    reason: &'a str,
}

impl Aside {
    /// Of a source.
    pub(super) fn new(data_dir: &Path, source: &str) -> Aside {
        Aside(data_dir.join("set-aside").join(source))
    }

    /// How many there are, and the paths of the first of them.
    pub(super) fn list(&self) -> SetAside {
        // A folder that does not exist has none.
        let entries = std::fs::read_dir(&self.0).into_iter().flatten();
        let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
        let mut notes: Vec<PathBuf> = paths
            .filter(|path| path.extension().is_some_and(|ending| ending == "note"))
            .collect();
        notes.sort();
        SetAside {
            count: notes.len() as u64,
            files: notes
                .iter()
                .take(MAX_LISTED)
                .map(|note| file_of(note))
                .collect(),
        }
    }

    /// Where the note on an export is.
    pub(super) fn note(&self, export: u64) -> PathBuf {
        self.0.join(format!("{export:016x}.note"))
    }

    /// Writes the note, and moves a body there. Returns where the file is now.
    pub(super) fn take(
        &self,
        source: &str,
        path: &Path,
        export: u64,
        is_body: bool,
    ) -> io::Result<PathBuf> {
        private_folder(&self.0)?;
        let target = match path.file_name() {
            Some(name) if is_body => self.0.join(name),
            _ => path.to_owned(),
        };
        let note = Note {
            version: 1,
            source,
            file: target.display().to_string(),
            set_aside_at: chrono::Utc::now().to_rfc3339(),
            reason: "the daemon died twice while it read this file",
        };
        // First the note: what is not moved is passed over then.
        let mut file = File::create(self.note(export))?;
        file.write_all(&serde_json::to_vec_pretty(&note)?)?;
        file.sync_all()?;
        if target != path {
            std::fs::rename(path, &target)?;
        }
        File::open(&self.0)?.sync_all()?;
        Ok(target)
    }

    /// The rejected record that stands for the whole file.
    pub(super) fn reject(&self, at: &Path, export: u64) -> Reject {
        let detail = format!(
            "the daemon died twice while it read this file, so it is set aside. It is now {}. {}",
            at.display(),
            self.next_step(export)
        );
        Reject::new(0, Reason::SetAside, detail, b"")
    }

    /// What the operator can do.
    pub(super) fn next_step(&self, export: u64) -> String {
        format!(
            "Find out what is wrong with it. To read it again, delete {} and put the file into the folder again.",
            self.note(export).display()
        )
    }
}

/// The path of the file that a note is about. A note that can't be read stands for itself.
fn file_of(note: &Path) -> String {
    #[derive(Deserialize)]
    struct Named {
        file: String,
    }
    let text = std::fs::read(note).unwrap_or_default();
    match serde_json::from_slice::<Named>(&text) {
        Ok(named) => named.file,
        Err(_) => note.display().to_string(),
    }
}

/// Makes a folder that only the user of the daemon can read.
fn private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A process that begins these exports in this order, and dies. How each is read.
    fn process(folder: &Path, exports: &[(u64, u64)]) -> String {
        let mut attempts = Attempts::load(folder, "in");
        let mut plans = String::new();
        for (export, batches) in exports {
            let plan = attempts.begin(*export, *batches).unwrap();
            plans.push(match plan {
                Plan::Ordinary => 'o',
                Plan::Suspect(_) => 's',
                Plan::SetAside => 'a',
            });
        }
        plans
    }

    #[test]
    fn an_export_is_set_aside_after_the_second_death_without_progress() {
        let folder = tempfile::tempdir().unwrap();
        let lives = [(1, 0); 4].map(|export| process(folder.path(), &[export]));
        assert_eq!(lives, ["o", "s", "a", "a"]);
    }

    #[test]
    fn a_death_after_progress_is_the_first_one() {
        let folder = tempfile::tempdir().unwrap();
        let lives = [0, 3, 3, 7, 8].map(|batches| process(folder.path(), &[(1, batches)]));
        assert_eq!(lives, ["o", "o", "s", "o", "o"]);
    }

    #[test]
    fn of_many_exports_that_were_being_read_only_the_culprit_is_set_aside() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        assert_eq!(process(folder, &[(1, 0), (2, 0), (3, 0)]), "ooo");
        // The first one is read and committed; the second one ends the process.
        let mut attempts = Attempts::load(folder, "in");
        assert!(matches!(attempts.begin(1, 0).unwrap(), Plan::Suspect(_)));
        attempts.end(1).unwrap();
        assert!(matches!(attempts.begin(2, 0).unwrap(), Plan::Suspect(_)));
        drop(attempts);
        assert_eq!(process(folder, &[(2, 0), (3, 0)]), "as");
    }

    #[test]
    fn an_orderly_stop_accuses_nothing_and_leaves_no_file() {
        let folder = tempfile::tempdir().unwrap();
        for _ in 0..4 {
            let mut attempts = Attempts::load(folder.path(), "in");
            assert!(matches!(attempts.begin(1, 0).unwrap(), Plan::Ordinary));
            attempts.stop().unwrap();
        }
        assert!(!folder.path().join("attempts/in.json").exists());
    }
}
