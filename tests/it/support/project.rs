//! Files of the project, and the data that some machines share with it.

use std::path::{Path, PathBuf};

/// A file of the project.
pub(crate) fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The Rust files below a folder of the project.
pub(crate) fn rust_files(folder: &str) -> Vec<PathBuf> {
    let (mut folders, mut found) = (vec![project(folder)], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// A file or folder of the shared data; `None`, with a message, if it is absent.
pub(crate) fn shared(name: &str) -> Option<String> {
    let root = std::env::var_os("TOLERANCED_SHARED_DATA")
        .map_or_else(|| project("../shared/data"), PathBuf::from);
    let path = root.join(name);
    if path.exists() {
        Some(path.display().to_string())
    } else {
        println!("skipped: there is no {}", path.display());
        None
    }
}
