//! Files that hold a table in a form of their own: workbooks and databases. They are read as CSV or NDJSON.

use super::inflate::{ALWAYS_READ, MAX_RATIO};
use super::open::Input;
use crate::rules::mapping::FormatName;
use std::fs::File;
use std::io::{self, Read, Seek};

/// What a file is converted to.
pub(super) struct Converted {
    /// The records.
    pub(super) text: Box<dyn Read + Send>,
    pub(super) format: FormatName,
    /// What the file is, for people.
    pub(super) from: &'static str,
    /// What people should know of it.
    pub(super) notes: Vec<String>,
    /// Where its records come from.
    pub(super) rows: Option<SheetRows>,
}

/// Why a file is not converted.
#[derive(Debug)]
pub(super) enum Refusal {
    /// The disk or the network.
    Io(io::Error),
    /// What it is, and what to do.
    Content(String),
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Refusal {
        Refusal::Io(error)
    }
}

/// Where each record of a converted workbook comes from.
#[derive(Clone, Debug, Default)]
pub(crate) struct SheetRows {
    sheets: Vec<String>,
    /// Where the record begins, its sheet and its row.
    rows: Vec<(u64, u16, u32)>,
}

#[cfg(feature = "workbooks")]
impl SheetRows {
    /// The next rows are of this sheet.
    pub(super) fn begin(&mut self, sheet: &str) {
        self.sheets.push(sheet.to_owned());
    }

    pub(super) fn add(&mut self, place: u64, row: u32) {
        let sheet = self.sheets.len().saturating_sub(1);
        self.rows
            .push((place, sheet.try_into().unwrap_or(u16::MAX), row));
    }
}

impl SheetRows {
    /// The sheet and row at a place of the text.
    pub(crate) fn at(&self, place: u64) -> Option<String> {
        let behind = self.rows.partition_point(|(begin, ..)| *begin <= place);
        let (_, sheet, row) = self.rows.get(behind.checked_sub(1)?)?;
        let sheet = self.sheets.get(usize::from(*sheet))?;
        Some(format!("sheet `{sheet}`, row {row}"))
    }
}

const ZIP: &[u8] = b"PK\x03\x04";
const SQLITE: &[u8] = b"SQLite format 3\0";
const COMPOUND: &[u8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";

/// Whether a file must be converted, by its first bytes.
pub(super) fn is_container(head: &[u8]) -> bool {
    [ZIP, COMPOUND, SQLITE]
        .iter()
        .any(|magic| head.starts_with(magic))
}

/// Converts a file. `stored` is the file itself if it is plain, else `None`, and `whole` has its bytes.
pub(super) fn convert(
    head: &[u8],
    stored: Option<&Input>,
    whole: &mut dyn Read,
    sheet: Option<&str>,
) -> Result<Converted, Refusal> {
    if head.starts_with(SQLITE) {
        return database(stored, whole);
    }
    let mut file = match stored {
        Some(Input::File(path) | Input::Member { path, .. }) => File::open(path)?,
        _ => spooled(whole)?,
    };
    match head.starts_with(COMPOUND) {
        true => workbook(file, "xls", sheet),
        false => {
            let kind = kind_of_archive(&mut file)?;
            workbook(file, kind, sheet)
        }
    }
}

fn database(stored: Option<&Input>, whole: &mut dyn Read) -> Result<Converted, Refusal> {
    if let Some(Input::File(path) | Input::Member { path, .. }) = stored {
        return super::ocel::read_database(path);
    }
    let mut copy = tempfile::NamedTempFile::new()?;
    io::copy(whole, &mut copy)?;
    super::ocel::read_database(copy.path())
}

/// A copy in a file without a name: archives and databases are not read from front to back.
fn spooled(whole: &mut dyn Read) -> io::Result<File> {
    let mut file = tempfile::tempfile()?;
    io::copy(whole, &mut file)?;
    file.rewind()?;
    Ok(file)
}

const NO_LOG: &str =
    "a ZIP archive without a single log that can be read. Unpack it, and name the logs in it";

/// The kind of workbook that an archive is.
fn kind_of_archive(file: &mut File) -> Result<&'static str, Refusal> {
    let damaged = |error: zip::result::ZipError| {
        Refusal::Content(format!(
            "a workbook or an archive that is damaged ({error}). Save it as CSV, or export it again"
        ))
    };
    let mut archive = zip::ZipArchive::new(&mut *file).map_err(damaged)?;
    let names = archive.file_names();
    let names: Vec<String> = names
        .map_while(|name| Some(name.ok()?.into_owned()))
        .collect();
    let has = |start: &str| names.iter().any(|name| name.starts_with(start));
    let kind = match () {
        () if has("xl/workbook.bin") => {
            return refused("a binary workbook (.xlsb). Save it as .xlsx or CSV");
        }
        () if has("xl/") => "xlsx",
        () if has("mimetype") => "ods",
        () if has("[Content_Types].xml") => {
            return refused("an Office document, and no workbook. Save its table as CSV");
        }
        () => return refused(NO_LOG),
    };
    check_size(&mut archive)?;
    drop(archive);
    file.rewind()?;
    Ok(kind)
}

fn refused<T>(why: &str) -> Result<T, Refusal> {
    Err(Refusal::Content(why.to_owned()))
}

/// Unpacks everything once, so that no part takes more memory than its archive may.
fn check_size(archive: &mut zip::ZipArchive<&mut File>) -> Result<(), Refusal> {
    let stored = (0..archive.len())
        .filter_map(|nth| Some(archive.by_index_raw(nth).ok()?.compressed_size()));
    let most = ALWAYS_READ.max(stored.sum::<u64>().saturating_mul(MAX_RATIO));
    let mut taken = 0;
    for nth in 0..archive.len() {
        // What is damaged is reported where it is read.
        let Ok(member) = archive.by_index(nth) else {
            continue;
        };
        let mut limited = member.take(most - taken + 1);
        let mut buffer = [0; 1 << 14];
        while let Ok(count @ 1..) = limited.read(&mut buffer) {
            taken += count as u64;
        }
        if taken > most {
            let why = format!(
                "the content of the workbook is more than {} MiB and more than {MAX_RATIO} times its compressed size. Save it as CSV",
                ALWAYS_READ >> 20
            );
            return Err(Refusal::Content(why));
        }
    }
    Ok(())
}

#[cfg(feature = "workbooks")]
fn workbook(file: File, kind: &'static str, sheet: Option<&str>) -> Result<Converted, Refusal> {
    super::workbook::read(file, kind, sheet)
}

#[cfg(not(feature = "workbooks"))]
fn workbook(_: File, kind: &'static str, _: Option<&str>) -> Result<Converted, Refusal> {
    Err(Refusal::Content(format!(
        "a workbook (.{kind}), which this build does not read. Save it as CSV, or build the program with the feature that reads it: cargo build --release --features workbooks"
    )))
}
