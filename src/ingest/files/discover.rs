//! Which files are there: patterns expanded against the file system.
//!
//! Knows nothing about contents. The order of what it finds is deterministic (modification time, then path), because
//! ids are given in this order.

use std::fs::Metadata;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::UNIX_EPOCH;

use super::api::{Error, Options};
use crate::ingest::walk::{MOST_DEPTH, Step, walk};
use globset::{GlobBuilder, GlobMatcher, GlobSet, GlobSetBuilder};

/// Device and inode.
pub(super) type Key = (u64, u64);

/// What the file system says about a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stat {
    pub(super) key: Key,
    pub(super) len: u64,
    pub(super) modified_ns: i64,
}

impl Stat {
    pub(super) fn of(path: &Path, meta: &Metadata) -> Self {
        let modified_ns = meta
            .modified()
            .ok()
            .and_then(|at| at.duration_since(UNIX_EPOCH).ok())
            .map_or(0, |age| age.as_nanos() as i64);
        Self {
            key: key(path, meta),
            len: meta.len(),
            modified_ns,
        }
    }
}

#[cfg(unix)]
fn key(_path: &Path, meta: &Metadata) -> Key {
    use std::os::unix::fs::MetadataExt;
    (meta.dev(), meta.ino())
}

/// Without inode numbers a file is its path; renamed files are then recognised by their content.
#[cfg(not(unix))]
fn key(path: &Path, _meta: &Metadata) -> Key {
    let path = path.to_string_lossy();
    (0, xxhash_rust::xxh3::xxh3_64(path.as_bytes()))
}

/// A regular file that fits the patterns, symlinks resolved in `stat` but not in `path`.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) path: PathBuf,
    pub(super) stat: Stat,
}

/// The result of one look at the file system.
#[derive(Debug, Default)]
pub(super) struct Scan {
    /// In order of modification time, then path. One file may be there under several paths.
    pub(super) found: Vec<Found>,
    pub(super) errors: Vec<(PathBuf, io::Error)>,
    /// What was passed over on purpose, and why.
    pub(super) skipped: Vec<(PathBuf, &'static str)>,
    /// The reader has to stop: not all was looked at.
    pub(super) stopped: bool,
}

#[derive(Debug)]
enum Pattern {
    Path(PathBuf),
    Glob {
        base: PathBuf,
        /// Folders below `base`, that of the files included.
        depth: usize,
        matcher: GlobMatcher,
    },
}

/// Directories in which something can happen that matters, for the waker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct WatchRoot {
    pub(super) path: PathBuf,
    pub(super) recursive: bool,
}

/// The patterns of one source.
#[derive(Debug)]
pub(super) struct Finder {
    patterns: Vec<Pattern>,
    exclude_paths: GlobSet,
    exclude_names: GlobSet,
    stop: Arc<AtomicBool>,
}

impl Finder {
    pub(super) fn new(options: &Options) -> Result<Self, Error> {
        if options.include.is_empty() {
            return Err(Error::NothingIncluded);
        }
        let patterns = options.include.iter().map(|text| pattern(text));
        let (paths, names): (Vec<&String>, Vec<&String>) =
            options.exclude.iter().partition(|text| text.contains('/'));
        Ok(Self {
            patterns: patterns.collect::<Result<_, _>>()?,
            exclude_paths: set(&paths, true)?,
            exclude_names: set(&names, false)?,
            stop: Arc::clone(&options.stop),
        })
    }

    pub(super) fn scan(&self) -> Scan {
        let mut scan = Scan::default();
        for pattern in &self.patterns {
            match pattern {
                Pattern::Path(path) => self.look_at(path, &mut scan),
                Pattern::Glob {
                    base,
                    depth,
                    matcher,
                } => self.walk(base, *depth, matcher, &mut scan),
            }
        }
        scan.stopped = self.is_stopping();
        scan.found
            .sort_by(|a, b| (a.stat.modified_ns, &a.path).cmp(&(b.stat.modified_ns, &b.path)));
        scan.found.dedup_by(|a, b| a.path == b.path);
        scan
    }

    pub(super) fn watch_roots(&self) -> Vec<WatchRoot> {
        let mut roots: Vec<WatchRoot> = Vec::new();
        for pattern in &self.patterns {
            let root = match pattern {
                Pattern::Path(path) => WatchRoot {
                    path: path.parent().unwrap_or(Path::new("/")).to_owned(),
                    recursive: false,
                },
                Pattern::Glob { base, depth, .. } => WatchRoot {
                    path: base.clone(),
                    recursive: *depth != 1,
                },
            };
            if !roots.contains(&root) {
                roots.push(root);
            }
        }
        roots
    }

    fn look_at(&self, path: &Path, scan: &mut Scan) {
        match std::fs::metadata(path) {
            Ok(meta) if meta.is_file() => self.add(path, &meta, scan),
            Ok(meta) if meta.is_dir() => {
                let error = io::Error::new(
                    io::ErrorKind::IsADirectory,
                    "is a directory: write `/*` or `/**/*` behind it to read the files in it",
                );
                scan.errors.push((path.to_owned(), error));
            }
            // Reading a pipe or a device could wait for ever.
            Ok(_) => scan.errors.push((
                path.to_owned(),
                io::Error::new(io::ErrorKind::InvalidInput, "is not a regular file"),
            )),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => scan.errors.push((path.to_owned(), error)),
        }
    }

    fn walk(&self, base: &Path, depth: usize, matcher: &GlobMatcher, scan: &mut Scan) {
        let is_wanted = |path: &Path| matcher.is_match(path);
        let is_stopping = || self.is_stopping();
        walk(
            base,
            depth,
            &is_wanted,
            &is_stopping,
            &mut |step| match step {
                Step::File(path, meta) => self.add(&path, &meta, scan),
                Step::Skipped(path, why) => scan.skipped.push((path, why)),
                Step::Failed(path, error) => scan.errors.push((path, error)),
            },
        );
    }

    fn is_stopping(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    fn add(&self, path: &Path, meta: &Metadata, scan: &mut Scan) {
        let named_out = path
            .file_name()
            .is_some_and(|name| self.exclude_names.is_match(name));
        if !named_out && !self.exclude_paths.is_match(path) {
            scan.found.push(Found {
                path: path.to_owned(),
                stat: Stat::of(path, meta),
            });
        }
    }
}

/// The folders in which files are looked for.
pub(crate) fn base_folders(options: &Options) -> Result<Vec<PathBuf>, Error> {
    let roots = Finder::new(options)?.watch_roots();
    Ok(roots.into_iter().map(|root| root.path).collect())
}

fn pattern(text: &str) -> Result<Pattern, Error> {
    let path = std::path::absolute(text)?;
    let special = |part: &Component| {
        let text = part.as_os_str().to_string_lossy();
        text.contains(['*', '?', '[', '{', '\\'])
    };
    let base: PathBuf = path
        .components()
        .take_while(|part| !special(part))
        .collect();
    if base == path {
        return Ok(Pattern::Path(path));
    }
    let rest: Vec<Component> = path
        .components()
        .skip_while(|part| !special(part))
        .collect();
    let endless = rest
        .iter()
        .any(|part| part.as_os_str().to_string_lossy().contains("**"))
        || text.contains('{');
    Ok(Pattern::Glob {
        depth: if endless {
            MOST_DEPTH
        } else {
            rest.len().min(MOST_DEPTH)
        },
        matcher: glob(&path.to_string_lossy(), text)?.compile_matcher(),
        base,
    })
}

fn glob(text: &str, pattern: &str) -> Result<globset::Glob, Error> {
    GlobBuilder::new(text)
        .literal_separator(true)
        .build()
        .map_err(|source| Error::Pattern {
            pattern: pattern.to_owned(),
            source,
        })
}

fn set(patterns: &[&String], paths: bool) -> Result<GlobSet, Error> {
    let mut builder = GlobSetBuilder::new();
    for text in patterns {
        let full = match paths && !text.starts_with("**") {
            true => std::path::absolute(text)?.to_string_lossy().into_owned(),
            false => (*text).clone(),
        };
        builder.add(glob(&full, text)?);
    }
    builder.build().map_err(|source| Error::Pattern {
        pattern: patterns
            .iter()
            .map(|text| text.as_str())
            .collect::<Vec<_>>()
            .join(" "),
        source,
    })
}
