//! What lies in the folders of a source of exports.

use globset::{Glob, GlobSet, GlobSetBuilder};
use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use walkdir::WalkDir;

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

/// The files in the folders (or of the globs), oldest first, so that corrections come after what they correct.
/// What is wrong is told by `troubles`; the list is what could be had.
pub(super) fn files(
    paths: &[String],
    exclude: &GlobSet,
    troubles: &mut BTreeSet<String>,
) -> Vec<(PathBuf, Look)> {
    let mut found = Vec::new();
    for pattern in paths {
        let path = Path::new(pattern);
        let (root, wanted) = if path.is_dir() || !pattern.contains(['*', '?', '[', '{']) {
            (path.to_owned(), None)
        } else {
            let root: PathBuf = path
                .components()
                .take_while(|part| {
                    !part
                        .as_os_str()
                        .to_string_lossy()
                        .contains(['*', '?', '[', '{'])
                })
                .collect();
            match globs(std::slice::from_ref(pattern)) {
                Ok(wanted) => (root, Some(wanted)),
                Err(problem) => {
                    troubles.insert(problem);
                    continue;
                }
            }
        };
        for entry in WalkDir::new(&root)
            .follow_links(true)
            .max_depth(if wanted.is_some() { 16 } else { 1 })
        {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    troubles.insert(error.to_string());
                    continue;
                }
            };
            let hidden = entry.file_name().to_string_lossy().starts_with('.');
            let is_wanted = wanted
                .as_ref()
                .is_none_or(|wanted| wanted.is_match(entry.path()));
            if !entry.file_type().is_file()
                || hidden
                || !is_wanted
                || exclude.is_match(entry.path())
            {
                continue;
            }
            match entry
                .metadata()
                .map_err(io::Error::from)
                .and_then(|meta| Ok((meta.len(), meta.modified()?)))
            {
                Ok(look) => found.push((entry.into_path(), look)),
                // Taken away since the folder was listed: a file that is gone is no trouble.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => {
                    troubles.insert(format!("{}: {error}", entry.path().display()));
                }
            }
        }
    }
    found.sort_by(|a, b| (a.1.1, &a.0).cmp(&(b.1.1, &b.0)));
    found.dedup();
    found
}
