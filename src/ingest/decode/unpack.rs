//! Folders and ZIP archives as the logs in them.

use super::open::Input;
use crate::ingest::walk::{MOST_DEPTH, Step, walk};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Inputs, and the folders with what was unpacked, which vanish with it.
pub(crate) struct Unpacked {
    pub(crate) inputs: Vec<Input>,
    folders: Vec<TempDir>,
}

/// How the names of logs end, before they are compressed.
const ENDINGS: [&str; 11] = [
    ".csv",
    ".tsv",
    ".txt",
    ".log",
    ".json",
    ".jsonl",
    ".ndjson",
    ".xes",
    ".jsonocel",
    ".xmlocel",
    ".sqlite",
];
const COMPRESSED: [&str; 2] = [".gz", ".zst"];
/// How the names of workbooks end. A build that can't read one says so, and what to do.
const WORKBOOKS: [&str; 4] = [".xlsx", ".xlsm", ".xls", ".ods"];
/// A longer archive of small files is no export.
const MOST_MEMBERS: usize = 10_000;
/// Unpacked content up to this size is taken whatever its ratio is, and beyond that only so many times the size of the archive.
const ALWAYS_TAKEN: u64 = 64 << 20;
const MOST_RATIO: u64 = 200;

/// Takes the logs out of folders and archives. What has none, or can't be read, stays as it is: opening it says why.
pub(crate) fn unpack(inputs: Vec<Input>) -> Unpacked {
    let mut unpacked = Unpacked {
        inputs: Vec::new(),
        folders: Vec::new(),
    };
    for input in inputs {
        let found = match &input {
            Input::File(path) if path.is_dir() => logs_below(path),
            Input::File(path) => match members(path, &mut unpacked.folders) {
                Ok(found) => found,
                Err(why) => vec![Input::Refused {
                    path: path.clone(),
                    why,
                }],
            },
            _ => Vec::new(),
        };
        match found.is_empty() {
            true => unpacked.inputs.push(input),
            false => unpacked.inputs.extend(found),
        }
    }
    unpacked
}

/// The only log in an archive; any other input as it is. The second value must be kept until it has been read.
pub(crate) fn unpack_one(input: Input) -> (Input, Unpacked) {
    let is_archive = matches!(&input, Input::File(path) if !path.is_dir());
    let unpacked = match is_archive {
        true => unpack(vec![input.clone()]),
        false => unpack(Vec::new()),
    };
    match unpacked.inputs.as_slice() {
        [one] => (one.clone(), unpacked),
        _ => (input, unpacked),
    }
}

/// Whether a name is that of a log, and not of a hidden file.
fn names_a_log(name: &str) -> bool {
    let lower = name.to_lowercase();
    let plain = COMPRESSED
        .iter()
        .find_map(|ending| lower.strip_suffix(ending));
    let plain = plain.unwrap_or(&lower);
    ENDINGS.iter().any(|ending| plain.ends_with(ending)) && !is_hidden(&lower)
}

/// Whether a name is that of a workbook. Programs keep one beside it that begins with `~$` while it is open.
fn names_a_workbook(name: &str) -> bool {
    let lower = name.to_lowercase();
    let is_open_mark = lower
        .rsplit('/')
        .next()
        .is_some_and(|name| name.starts_with("~$"));
    WORKBOOKS.iter().any(|ending| lower.ends_with(ending)) && !is_hidden(&lower) && !is_open_mark
}

fn is_hidden(lower: &str) -> bool {
    let mut parts = lower.split('/');
    parts.any(|part| part.starts_with('.') || part == "__macosx")
}

fn logs_below(folder: &Path) -> Vec<Input> {
    let mut paths: Vec<PathBuf> = Vec::new();
    let is_log = |path: &Path| {
        let below = path.strip_prefix(folder).unwrap_or(path);
        let below = below.to_string_lossy().replace('\\', "/");
        names_a_log(&below) || names_a_workbook(&below)
    };
    walk(
        folder,
        MOST_DEPTH,
        &is_log,
        &|| false,
        &mut |step| match step {
            Step::File(path, _) | Step::Failed(path, _) => paths.push(path),
            Step::Skipped(..) => {}
        },
    );
    paths.sort();
    paths.into_iter().map(Input::File).collect()
}

/// The logs in a ZIP archive, unpacked into a folder. None for any other file, for a workbook, which is an archive as well, and
/// for what can't be read: opening it says why. An error says which limit an archive is above, or what is wrong with a log in it.
fn members(path: &Path, folders: &mut Vec<TempDir>) -> Result<Vec<Input>, String> {
    let Ok(Some((file, stored))) = archive_at(path) else {
        return Ok(Vec::new());
    };
    let Ok(mut archive) = zip::ZipArchive::new(file) else {
        return Ok(Vec::new());
    };
    let names = archive.file_names();
    let names = names.map(|name| name.map(|name| name.into_owned()));
    let names: Result<Vec<String>, _> = names.collect();
    let names = names.map_err(|error| format!("the archive can't be unpacked: {error}"))?;
    let is_workbook = |name: &String| name == "[Content_Types].xml" || name == "mimetype";
    if names.iter().any(is_workbook) {
        return Ok(Vec::new());
    }
    if names.len() > MOST_MEMBERS {
        let count = names.len();
        return Err(format!(
            "the archive has {count} files, and the limit is {MOST_MEMBERS}. Unpack it, and name the folder"
        ));
    }
    let mut logs: Vec<&String> = names.iter().filter(|name| names_a_log(name)).collect();
    if let (true, [one]) = (logs.is_empty(), names.as_slice()) {
        logs.push(one);
    }
    logs.sort();
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let most = ALWAYS_TAKEN.max(stored.saturating_mul(MOST_RATIO));
    let (mut taken, mut inputs) = (0, Vec::new());
    for (nth, name) in logs.into_iter().enumerate() {
        // The name of a member may lead anywhere, so that of its copy is a number.
        let copy = folder.path().join(nth.to_string());
        taken += copy_member(&mut archive, name, &copy, most - taken).map_err(|error| {
            format!("`{name}` can't be unpacked: {error}. Unpack the archive, and name the folder")
        })?;
        if taken > most {
            return Err(format!(
                "the logs in the archive are more than {} MiB and more than {MOST_RATIO} times its size. Unpack it, and name the folder",
                ALWAYS_TAKEN >> 20
            ));
        }
        inputs.push(Input::Member {
            path: copy,
            name: format!("{}/{name}", path.display()),
        });
    }
    folders.push(folder);
    Ok(inputs)
}

/// A file that begins as ZIP archives do, and its size.
fn archive_at(path: &Path) -> io::Result<Option<(File, u64)>> {
    let mut magic = [0; 4];
    let mut file = File::open(path)?;
    // A pipe can be read once only.
    if !file.metadata()?.is_file() {
        return Ok(None);
    }
    file.read_exact(&mut magic)?;
    let size = file.metadata()?.len();
    Ok((magic == *b"PK\x03\x04").then_some((file, size)))
}

/// Copies a member, and one byte more than `most` if it is longer. Gives how many bytes were copied.
fn copy_member(
    archive: &mut zip::ZipArchive<File>,
    name: &str,
    copy: &Path,
    most: u64,
) -> io::Result<u64> {
    let mut limited = archive.by_name(name)?.take(most + 1);
    io::copy(&mut limited, &mut File::create(copy)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_logs() {
        for name in ["a.csv", "x/Tickets.CSV.gz", "b.ndjson", "c.xes.zst"] {
            assert!(names_a_log(name), "{name}");
        }
        for name in [
            "a.pdf",
            ".a.csv",
            "__MACOSX/a.csv",
            "x/.git/a.json",
            "csv",
            "a.gz",
        ] {
            assert!(!names_a_log(name), "{name}");
        }
    }

    #[test]
    fn what_is_no_archive_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.zip");
        std::fs::write(&path, b"PK\x03\x04 and no more").unwrap();
        let inputs = vec![
            Input::File(path),
            Input::File(folder.path().join("none")),
            Input::Stdin,
        ];
        assert_eq!(unpack(inputs.clone()).inputs, inputs);
    }
}
