//! Opening a file: decompression by its first bytes, character encoding, progress.

use super::container::{Converted, Refusal, SheetRows, convert, is_container};
use super::inflate::{gunzip, unzstd};
use super::late_encoding::LateEncoding;
use super::sniff::{Sniffed, sniff};
use crate::rules::mapping::FormatName;
use encoding_rs_io::DecodeReaderBytesBuilder;
use std::fs::File;
use std::io::{self, Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// So much of a file is looked at to find out how it is written.
const SAMPLE: usize = 256 << 10;

/// What to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A file.
    File(PathBuf),
    /// A file that was unpacked from an archive, and what people call it.
    Member {
        /// The unpacked file.
        path: PathBuf,
        /// The archive and the name in it.
        name: String,
    },
    /// An archive that is not unpacked.
    Refused {
        /// The archive.
        path: PathBuf,
        /// Why, and what to do.
        why: String,
    },
    /// Standard input.
    Stdin,
}

impl Input {
    /// `-` is standard input.
    pub fn new(text: &str) -> Input {
        if text == "-" {
            Input::Stdin
        } else {
            Input::File(PathBuf::from(text))
        }
    }

    /// As people call it.
    pub fn name(&self) -> String {
        match self {
            Input::File(path) | Input::Refused { path, .. } => path.display().to_string(),
            Input::Member { name, .. } => name.clone(),
            Input::Stdin => "standard input".to_owned(),
        }
    }

    /// A name for what is in it, from the name of the file: `tickets` for `/x/tickets.csv.gz`.
    pub fn stem(&self) -> String {
        match self.file_name() {
            None if *self == Input::Stdin => "stdin".to_owned(),
            name => {
                let name = name.unwrap_or_default();
                let mut stem = name.as_str();
                for ending in [
                    ".gz",
                    ".zst",
                    ".ndjson",
                    ".jsonl",
                    ".json",
                    ".csv",
                    ".tsv",
                    ".txt",
                    ".log",
                    ".xes",
                    ".jsonocel",
                    ".xmlocel",
                    ".sqlite",
                    ".xlsx",
                    ".xlsm",
                    ".xls",
                    ".ods",
                ] {
                    stem = stem.strip_suffix(ending).unwrap_or(stem);
                }
                if stem.is_empty() {
                    name
                } else {
                    stem.to_owned()
                }
            }
        }
    }

    /// Its size in bytes as it is stored; `None` for what is not a regular file.
    pub fn size(&self) -> Option<u64> {
        match self {
            Input::Stdin => None,
            Input::File(path) | Input::Member { path, .. } | Input::Refused { path, .. } => {
                std::fs::metadata(path)
                    .ok()
                    .filter(std::fs::Metadata::is_file)
                    .map(|meta| meta.len())
            }
        }
    }
}

/// An opened file: UTF-8 bytes to read, and what is known of them.
pub struct Opened {
    /// Decompressed UTF-8 without byte-order mark. Bytes that are not valid in a UTF-8 file come as they are.
    pub reader: Box<dyn Read + Send>,
    /// Format and encoding.
    pub sniffed: Sniffed,
    /// How it is compressed: `gzip`, `zstd` or `none`.
    pub compression: &'static str,
    /// The first bytes, decoded.
    pub sample: Vec<u8>,
    /// Whether the sample is the whole file.
    pub sample_is_all: bool,
    /// Why it can't be read, and what to do.
    pub(crate) refused: Option<String>,
    /// Of a workbook or database: what it is, for people.
    pub(crate) from: Option<&'static str>,
    /// What people should know of what is read.
    pub(crate) notes: Vec<String>,
    /// Of a workbook: where its records come from.
    pub(crate) rows: Option<SheetRows>,
}

impl Opened {
    fn new(reader: Box<dyn Read + Send>, sniffed: Sniffed, compression: &'static str) -> Opened {
        Opened {
            reader,
            sniffed,
            compression,
            sample: Vec::new(),
            sample_is_all: true,
            refused: None,
            from: None,
            notes: Vec::new(),
            rows: None,
        }
    }

    fn refused(why: String, compression: &'static str) -> Opened {
        let mut opened = Opened::new(Box::new(io::empty()), sniff(b"", None), compression);
        opened.refused = Some(why);
        opened
    }

    fn refused_by(refusal: Refusal, compression: &'static str) -> io::Result<Opened> {
        match refusal {
            Refusal::Content(why) => Ok(Opened::refused(why, compression)),
            Refusal::Io(error) => Err(error),
        }
    }

    /// Whether it is an object-centric log.
    pub(crate) fn is_object_centric(&self) -> bool {
        self.from.is_some() && self.sniffed.format == Some(FormatName::Ndjson)
    }

    /// What a workbook or database became.
    fn converted(converted: Converted, compression: &'static str) -> io::Result<Opened> {
        let mut text = converted.text;
        let mut sample = Vec::with_capacity(SAMPLE);
        let failed = text
            .by_ref()
            .take(SAMPLE as u64)
            .read_to_end(&mut sample)
            .err();
        let rest: Box<dyn Read + Send> = match failed {
            None => text,
            Some(error) => Box::new(Failing(Some(error))),
        };
        let mut sniffed = sniff(b"", None);
        sniffed.format = Some(converted.format);
        let reader = Cursor::new(sample.clone()).chain(rest);
        Ok(Opened {
            sample_is_all: sample.len() < SAMPLE,
            sample,
            from: Some(converted.from),
            notes: converted.notes,
            rows: converted.rows,
            ..Opened::new(Box::new(reader), sniffed, compression)
        })
    }
}

/// Opens a file. `sheet` names one of a workbook. `progress` counts the stored bytes read.
pub fn open(input: &Input, sheet: Option<&str>, progress: &Arc<AtomicU64>) -> io::Result<Opened> {
    let raw: Box<dyn Read + Send> = match input {
        Input::Refused { why, .. } => return Ok(Opened::refused(why.clone(), "none")),
        Input::Stdin => Box::new(io::stdin()),
        Input::File(path) | Input::Member { path, .. } => Box::new(open_file(path)?),
    };
    let counted = Counted {
        inner: raw,
        count: progress.clone(),
    };
    let (magic, counted) = peek(counted, 4)?;
    let (mut plain, compression): (Box<dyn Read + Send>, _) = match magic.as_slice() {
        [0x1f, 0x8b, ..] => (gunzip(counted), "gzip"),
        [0x28, 0xb5, 0x2f, 0xfd] => (unzstd(counted)?, "zstd"),
        _ => (Box::new(counted), "none"),
    };
    let mut head = Vec::with_capacity(SAMPLE);
    // A damaged archive fails here or later; what can be read before that is used, and the error comes again.
    let failed = plain
        .by_ref()
        .take(SAMPLE as u64)
        .read_to_end(&mut head)
        .err();
    let sample_is_all = head.len() < SAMPLE;
    let tail: Box<dyn Read + Send> = match failed {
        None => plain,
        Some(error) => Box::new(Failing(Some(error))),
    };
    if is_container(&head) {
        let stored = (compression == "none").then_some(input);
        let mut whole = Cursor::new(&head).chain(tail);
        return match convert(&head, stored, &mut whole, sheet) {
            Ok(converted) => Opened::converted(converted, compression),
            Err(refusal) => Opened::refused_by(refusal, compression),
        };
    }
    let sniffed = sniff(&head, input.file_name().as_deref());
    let encoding = sniffed.encoding;
    let transcode = encoding != encoding_rs::UTF_8;
    let decoded = |bytes: Box<dyn Read + Send>| {
        DecodeReaderBytesBuilder::new()
            .encoding(transcode.then_some(encoding))
            .strip_bom(true)
            .build(bytes)
    };
    let mut sample = Vec::new();
    decoded(Box::new(Cursor::new(head.clone()))).read_to_end(&mut sample)?;
    if let Some(written) = super::ocel::written(&sample) {
        let whole = Cursor::new(head).chain(tail);
        return match super::ocel::read(written, decoded(Box::new(whole))) {
            Ok(converted) => Opened::converted(converted, compression),
            Err(refusal) => Opened::refused_by(refusal, compression),
        };
    }
    let before_header = sniffed.before_header.min(sample.len());
    sample.drain(..before_header);
    // JSON is UTF-8 by its standard: what is not, is damage.
    let shows_late = sniffed.format == Some(FormatName::Csv) && !transcode && head.is_ascii();
    let whole: Box<dyn Read + Send> = Box::new(Cursor::new(head).chain(tail));
    let mut reader = decoded(match shows_late && !sample_is_all {
        true => Box::new(LateEncoding::new(whole)),
        false => whole,
    });
    // Part of the sample, so it can be read.
    io::copy(
        &mut reader.by_ref().take(before_header as u64),
        &mut io::sink(),
    )?;
    Ok(Opened {
        sample,
        sample_is_all,
        ..Opened::new(Box::new(reader), sniffed, compression)
    })
}

impl Input {
    fn file_name(&self) -> Option<String> {
        match self {
            Input::Stdin => None,
            Input::File(path) | Input::Refused { path, .. } => {
                Some(path.file_name()?.to_string_lossy().into_owned())
            }
            Input::Member { name, .. } => name.rsplit('/').next().map(str::to_owned),
        }
    }
}

fn open_file(path: &Path) -> io::Result<File> {
    let file = File::open(path)?;
    if file.metadata()?.is_dir() {
        return Err(io::Error::new(
            io::ErrorKind::IsADirectory,
            "is a folder; name the files in it, for example with a wildcard",
        ));
    }
    Ok(file)
}

/// The first bytes, and a reader that gives them again.
fn peek<R: Read + Send + 'static>(
    mut reader: R,
    count: usize,
) -> io::Result<(Vec<u8>, Box<dyn Read + Send>)> {
    let mut first = Vec::new();
    reader.by_ref().take(count as u64).read_to_end(&mut first)?;
    let again = Cursor::new(first.clone()).chain(reader);
    Ok((first, Box::new(again)))
}

/// Counts what is read.
struct Counted<R> {
    inner: R,
    count: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.count.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

/// Gives an error that came earlier, once; then the end.
pub(super) struct Failing(pub(super) Option<io::Error>);

impl Read for Failing {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stems() {
        assert_eq!(Input::new("/x/tickets.csv.gz").stem(), "tickets");
        assert_eq!(Input::new("a.b.ndjson").stem(), "a.b");
        assert_eq!(Input::new(".gz").stem(), ".gz");
        assert_eq!(Input::new("-").stem(), "stdin");
    }
}
