//! Workbooks of spreadsheet programs (`.xlsx`, `.xls`, `.ods`) as CSV: the sheet with the cases, from its header on.
//!
//! Cells are read one by one where the format allows it, so the memory for a sheet of `.xlsx` does not depend on its rows.

mod book;
mod cells;
mod ods;
mod table;
mod xls;
mod xlsx;

use super::container::{Converted, Refusal, SheetRows};
use super::inflate::{ALWAYS_READ, MAX_RATIO};
use crate::rules::mapping::FormatName;
use book::{Book, Errors};
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, Write};
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use table::{Layout, Row, Sheet, chosen, layout};

/// Rows that are kept of each sheet to find its table.
const SAMPLE_ROWS: usize = 200;
/// Rows that are counted of each sheet. Of two longer ones the first is taken.
const COUNTED_ROWS: usize = 5000;

/// Reads a workbook. `wanted` names a sheet.
pub(super) fn read(
    file: File,
    kind: &'static str,
    wanted: Option<&str>,
) -> Result<Converted, Refusal> {
    // The readers of old formats are not written for files that want to harm.
    let result = catch_unwind(AssertUnwindSafe(|| read_book(file, kind, wanted)));
    result.unwrap_or_else(|_| {
        let why =
            format!("a workbook (.{kind}) that is damaged. Save it as CSV, or export it again");
        Err(Refusal::Content(why))
    })
}

fn read_book(file: File, kind: &'static str, wanted: Option<&str>) -> Result<Converted, Refusal> {
    let stored = file.metadata()?.len();
    let mut book = Book::open(file, kind).map_err(Refusal::Content)?;
    let sheets = looked_at(&mut book);
    let taken = match wanted {
        Some(name) => vec![named(&sheets, name)?],
        None => chosen(&sheets),
    };
    let Some(first) = taken.first() else {
        let why = format!(
            "a workbook without a sheet that looks like a table with a header ({}). Put the names of the columns in one row above the cases",
            listed(sheets.iter().map(|sheet| &*sheet.name))
        );
        return Err(Refusal::Content(why));
    };
    let mut out = Out {
        to: BufWriter::new(tempfile::tempfile()?),
        written: 0,
        most: ALWAYS_READ.max(stored.saturating_mul(MAX_RATIO)),
        rows: SheetRows::default(),
        below: Vec::new(),
        left_out: 0,
    };
    let mut errors = Errors::default();
    let mut failed = None;
    if let Some(layout) = &sheets[*first].layout {
        out.header(layout)?;
    }
    for nth in &taken {
        if let (Some(layout), None) = (&sheets[*nth].layout, &failed) {
            failed = out.sheet(&mut book, &sheets[*nth].name, layout, &mut errors)?;
        }
    }
    let notes = notes(&sheets, &taken, &errors, out.left_out);
    let mut text = out
        .to
        .into_inner()
        .map_err(io::IntoInnerError::into_error)?;
    text.rewind()?;
    Ok(Converted {
        text: Box::new(BufReader::new(text).chain(super::open::Failing(failed))),
        format: FormatName::Csv,
        from: kind,
        notes,
        rows: Some(out.rows),
    })
}

/// The first rows of each sheet. One that can't be read has no table, unless it is read for its first rows.
fn looked_at(book: &mut Book) -> Vec<Sheet> {
    let sheets = book.sheets().into_iter();
    let look = |(name, is_visible): (String, bool)| {
        let (mut first, mut count) = (Vec::new(), 0);
        let _ = book.each_row(&name, &mut Errors::default(), &mut |row| {
            count += 1;
            if first.len() < SAMPLE_ROWS {
                first.push(row);
            }
            match count < COUNTED_ROWS {
                true => ControlFlow::Continue(()),
                false => ControlFlow::Break(()),
            }
        });
        let layout = layout(&first);
        let header = layout.as_ref().map_or(0, |layout| layout.header);
        let before = first.iter().filter(|row| row.number <= header).count();
        Sheet {
            name,
            is_visible,
            layout,
            rows: count - before,
            first_rows: first.split_off(before),
        }
    };
    sheets.map(look).collect()
}

/// The sheet with a name, in any case of its letters.
fn named(sheets: &[Sheet], name: &str) -> Result<usize, Refusal> {
    let is_it = |sheet: &Sheet| sheet.name.trim().to_lowercase() == name.trim().to_lowercase();
    let exact = sheets.iter().position(|sheet| sheet.name == name);
    let found = exact.or_else(|| sheets.iter().position(is_it));
    match found {
        None => Err(Refusal::Content(format!(
            "no sheet `{name}`. It has {}",
            listed(sheets.iter().map(|sheet| &*sheet.name))
        ))),
        Some(nth) if sheets[nth].layout.is_none() => Err(Refusal::Content(format!(
            "the sheet `{name}` has no table with a header. Put the names of the columns in one row above the cases"
        ))),
        Some(nth) => Ok(nth),
    }
}

/// Sheets are named up to this number.
const NAMED: usize = 8;

fn listed<'s>(names: impl Iterator<Item = &'s str>) -> String {
    let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    match names.len() {
        0 => "no sheet".to_owned(),
        count if count > NAMED => {
            format!("{} and {} more", names[..NAMED].join(", "), count - NAMED)
        }
        _ => names.join(", "),
    }
}

/// What was read, and what was not.
fn notes(sheets: &[Sheet], taken: &[usize], errors: &Errors, left_out: u64) -> Vec<String> {
    let is_taken = |nth: &usize| taken.contains(nth);
    let read = taken.iter().map(|nth| &*sheets[*nth].name);
    let others: Vec<usize> = (0..sheets.len()).filter(|nth| !is_taken(nth)).collect();
    let mut notes = Vec::new();
    let noun = if taken.len() == 1 { "sheet" } else { "sheets" };
    let mut note = format!("read the {noun} {}", listed(read));
    if !others.is_empty() {
        let others = listed(others.iter().map(|nth| &*sheets[*nth].name));
        note.push_str(&format!(
            " and not {others}. To read another one, name it with --sheet"
        ));
    }
    notes.push(note);
    if let Some((count, first)) = errors.told() {
        let cells = match count {
            1 => "1 cell with the error of a formula counts".to_owned(),
            count => format!("{count} cells with the error of a formula count"),
        };
        notes.push(format!("{cells} as empty, first {first}"));
    }
    if left_out > 0 {
        let rows = if left_out == 1 { "row" } else { "rows" };
        notes.push(format!(
            "{left_out} {rows} below the table, behind an empty row: left out"
        ));
    }
    notes
}

/// The CSV that a workbook becomes.
struct Out {
    to: BufWriter<File>,
    written: u64,
    most: u64,
    rows: SheetRows,
    /// Rows behind an empty one that may be a footer: they have few values.
    below: Vec<Row>,
    left_out: u64,
}

impl Out {
    fn header(&mut self, layout: &Layout) -> io::Result<()> {
        let names: Vec<&str> = layout.names.iter().map(String::as_str).collect();
        self.line(&names)
    }

    /// Writes the rows of a sheet. Gives the error that ended it early.
    fn sheet(
        &mut self,
        book: &mut Book,
        name: &str,
        layout: &Layout,
        errors: &mut Errors,
    ) -> io::Result<Option<io::Error>> {
        self.rows.begin(name);
        let mut last = layout.header;
        let mut failed = None;
        let ended = book.each_row(name, errors, &mut |row| {
            if row.number <= layout.header
                || !layout.has(&row)
                || layout.fields(&row) == layout.names
            {
                return ControlFlow::Continue(());
            }
            let is_behind_gap = row.number > last + 1;
            last = row.number;
            match self.take(row, is_behind_gap, layout) {
                Ok(()) if self.written <= self.most => ControlFlow::Continue(()),
                Ok(()) => {
                    failed = Some(Ok(too_large()));
                    ControlFlow::Break(())
                }
                Err(error) => {
                    failed = Some(Err(error));
                    ControlFlow::Break(())
                }
            }
        });
        self.left_out += self.below.len() as u64;
        self.below.clear();
        match (failed, ended) {
            (Some(Err(error)), _) => Err(error),
            (Some(Ok(too_large)), _) => Ok(Some(too_large)),
            (None, Err(what)) => Ok(Some(io::Error::other(format!("sheet `{name}`: {what}")))),
            (None, Ok(())) => Ok(None),
        }
    }

    /// Writes a row, unless it may be a footer, which shows later.
    fn take(&mut self, row: Row, is_behind_gap: bool, layout: &Layout) -> io::Result<()> {
        let fields = layout.fields(&row);
        let filled = fields.iter().filter(|field| !field.is_empty()).count();
        let is_short = filled * 4 <= fields.len();
        if is_short && (is_behind_gap || !self.below.is_empty()) {
            self.below.push(row);
            return Ok(());
        }
        for before in std::mem::take(&mut self.below) {
            self.row(&before, layout)?;
        }
        self.row(&row, layout)
    }

    fn row(&mut self, row: &Row, layout: &Layout) -> io::Result<()> {
        self.rows.add(self.written, row.number);
        self.line(&layout.fields(row))
    }

    fn line(&mut self, fields: &[&str]) -> io::Result<()> {
        let mut line = String::new();
        for (nth, field) in fields.iter().enumerate() {
            if nth > 0 {
                line.push(',');
            }
            match field.contains([',', '"', '\n', '\r']) {
                true => line.push_str(&format!("\"{}\"", field.replace('"', "\"\""))),
                false => line.push_str(field),
            }
        }
        line.push('\n');
        self.written += line.len() as u64;
        self.to.write_all(line.as_bytes())
    }
}

fn too_large() -> io::Error {
    io::Error::other(super::inflate::TooLarge::Content)
}
