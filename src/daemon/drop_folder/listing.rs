//! What lies in the folders of a source of exports.

use crate::ingest::walk::{MOST_DEPTH, Step, walk};
use globset::{Glob, GlobSet, GlobSetBuilder};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Component, Path, PathBuf};
use std::time::SystemTime;

/// Size and time of the last change: what tells that a file is the one that was looked at.
pub(super) type Look = (u64, SystemTime);

/// The files that any of these patterns means.
pub(super) fn globs(patterns: &[String]) -> Result<GlobSet, String> {
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        set.add(Glob::new(pattern).map_err(|error| error.to_string())?);
    }
    set.build().map_err(|error| error.to_string())
}

/// What one look at the folders found.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// The files, oldest first, so that corrections come after what they correct.
    pub files: Vec<(PathBuf, Look)>,
    /// What is wrong. The list of files is what could be had.
    pub troubles: BTreeSet<String>,
    /// What was passed over on purpose, and why.
    pub skipped: BTreeMap<PathBuf, &'static str>,
}

/// The files in the folders, or of the globs.
pub(super) fn files(paths: &[String], exclude: &GlobSet, is_stopping: &dyn Fn() -> bool) -> Found {
    let mut found = Found::default();
    for pattern in paths {
        let path = Path::new(pattern);
        let is_folder = path.is_dir() || !pattern.contains(SPECIAL);
        let searched = match is_folder {
            true => Ok((path.to_owned(), 1, None)),
            false => globs(std::slice::from_ref(pattern))
                .map(|wanted| (above_globs(path), MOST_DEPTH, Some(wanted))),
        };
        match searched {
            Ok((root, depth, wanted)) => {
                let is_wanted = |path: &Path| {
                    let name = path.file_name().unwrap_or_default();
                    let hidden = name.to_string_lossy().starts_with('.');
                    let wanted = wanted.as_ref().is_none_or(|wanted| wanted.is_match(path));
                    wanted && !hidden && !exclude.is_match(path)
                };
                walk(&root, depth, &is_wanted, is_stopping, &mut |step| {
                    found.take(step);
                });
            }
            Err(problem) => {
                found.troubles.insert(problem);
            }
        }
    }
    let files = &mut found.files;
    files.sort_by(|a, b| (a.1.1, &a.0).cmp(&(b.1.1, &b.0)));
    files.dedup();
    found
}

impl Found {
    fn take(&mut self, step: Step) {
        match step {
            Step::File(path, meta) => match meta.modified() {
                Ok(modified) => self.files.push((path, (meta.len(), modified))),
                Err(error) => self.trouble(&path, &error),
            },
            Step::Skipped(path, why) => {
                self.skipped.insert(path, why);
            }
            Step::Failed(path, error) => self.trouble(&path, &error),
        }
    }

    fn trouble(&mut self, path: &Path, error: &io::Error) {
        self.troubles.insert(format!("{}: {error}", path.display()));
    }
}

/// What makes a path a glob.
const SPECIAL: [char; 4] = ['*', '?', '[', '{'];

/// The folder above the first part of a path that is a glob.
fn above_globs(path: &Path) -> PathBuf {
    let is_plain = |part: &Component| !part.as_os_str().to_string_lossy().contains(SPECIAL);
    path.components().take_while(is_plain).collect()
}
