//! The cells of a workbook, row by row.

use super::cells::cell;
use super::table::{Cell, Row};
use calamine::{
    CellErrorType, Data, DataRef, Ods, Range, Reader, Sheet, SheetType, SheetVisible, Xls, Xlsx,
};
use std::fs::File;
use std::io::BufReader;
use std::ops::ControlFlow;

/// Columns that a sheet can have.
const MOST_COLUMNS: usize = 16_384;
/// What is kept of the text of a row. It is longer than a record may be, so the row is rejected.
const MOST_ROW_BYTES: usize = 16 << 20;

/// An opened workbook.
pub(super) enum Book {
    /// Its sheets are read cell by cell.
    Xlsx(Box<Xlsx<BufReader<File>>>),
    /// Its sheets are in memory.
    Whole(Vec<Sheet>, Vec<(String, Range<Data>)>),
}

/// Cells with the error of a formula.
#[derive(Debug, Default)]
pub(super) struct Errors {
    count: u64,
    first: Option<String>,
}

impl Errors {
    fn add(&mut self, sheet: &str, (row, column): (u32, u32), error: &CellErrorType) {
        self.count += 1;
        let at = || format!("{error} in sheet `{sheet}`, {}{row}", letters(column));
        self.first.get_or_insert_with(at);
    }

    /// How many there are, and the first one.
    pub(super) fn told(&self) -> Option<(u64, &str)> {
        Some((self.count, self.first.as_deref()?))
    }
}

/// A column as spreadsheet programs call it: `A` for 0, `AA` for 26.
fn letters(column: u32) -> String {
    let (mut rest, mut letters) = (column, Vec::new());
    loop {
        letters.push(char::from(b'A' + (rest % 26) as u8));
        if rest < 26 {
            return letters.iter().rev().collect();
        }
        rest = rest / 26 - 1;
    }
}

impl Book {
    /// Opens a workbook of a kind. An error says what it is, and what to do.
    pub(super) fn open(file: File, kind: &str) -> Result<Book, String> {
        let file = BufReader::new(file);
        match kind {
            "xlsx" => {
                let file = super::xlsx::checked(file)?;
                let book = Xlsx::new(file).map_err(|error| why(kind, &error))?;
                Ok(Book::Xlsx(Box::new(book)))
            }
            "ods" => {
                let file = super::ods::checked(file)?;
                let book = Ods::new(file).map_err(|error| why(kind, &error))?;
                Ok(Book::whole(book))
            }
            _ => {
                let file = super::xls::checked(file)?;
                let book = Xls::new(file).map_err(|error| why(kind, &error))?;
                Ok(Book::whole(book))
            }
        }
    }

    fn whole<R: Reader<BufReader<File>>>(mut book: R) -> Book {
        Book::Whole(book.sheets_metadata().to_vec(), book.worksheets())
    }

    /// The names of its sheets, and whether they are visible.
    pub(super) fn sheets(&self) -> Vec<(String, bool)> {
        let sheets = match self {
            Book::Xlsx(book) => book.sheets_metadata(),
            Book::Whole(sheets, _) => sheets,
        };
        let tables = sheets
            .iter()
            .filter(|sheet| sheet.typ == SheetType::WorkSheet);
        let visible = |sheet: &Sheet| sheet.visible == SheetVisible::Visible;
        tables
            .map(|sheet| (sheet.name.clone(), visible(sheet)))
            .collect()
    }

    /// Hands out the rows of a sheet that have a value. An error says why the rest is missing.
    pub(super) fn each_row(
        &mut self,
        sheet: &str,
        errors: &mut Errors,
        each: &mut dyn FnMut(Row) -> ControlFlow<()>,
    ) -> Result<(), String> {
        let mut rows = Rows {
            sheet,
            row: Row::default(),
            bytes: 0,
            errors,
            each,
        };
        match self {
            Book::Xlsx(book) => {
                let mut cells = book
                    .worksheet_cells_reader(sheet)
                    .map_err(|error| error.to_string())?;
                loop {
                    let next = match cells.next_cell() {
                        Ok(Some(next)) => next,
                        Ok(None) => break,
                        Err(error) => {
                            let _ = rows.finish();
                            return Err(error.to_string());
                        }
                    };
                    if rows.take(next.get_position(), next.get_value()).is_break() {
                        return Ok(());
                    }
                }
            }
            Book::Whole(_, sheets) => {
                let range = sheets.iter().find(|(name, _)| name == sheet);
                for (row, column, value) in range.iter().flat_map(|(_, range)| range.used_cells()) {
                    let start = range
                        .and_then(|(_, range)| range.start())
                        .unwrap_or_default();
                    let place = (start.0 + row as u32, start.1 + column as u32);
                    if rows.take(place, &as_ref(value)).is_break() {
                        return Ok(());
                    }
                }
            }
        }
        let _ = rows.finish();
        Ok(())
    }
}

fn why(kind: &str, error: &dyn std::error::Error) -> String {
    let error = error.to_string();
    match error.contains("password") {
        true => format!("a workbook (.{kind}) with a password. Save it without one, or as CSV"),
        false => format!(
            "a workbook (.{kind}) that can't be read: {error}. Save it as CSV, or export it again"
        ),
    }
}

fn as_ref(value: &Data) -> DataRef<'_> {
    match value {
        Data::Int(number) => DataRef::Int(*number),
        Data::Float(number) => DataRef::Float(*number),
        Data::String(text) => DataRef::SharedString(text),
        Data::Bool(yes) => DataRef::Bool(*yes),
        Data::DateTime(time) => DataRef::DateTime(*time),
        Data::DateTimeIso(text) => DataRef::DateTimeIso(text.clone()),
        Data::DurationIso(text) => DataRef::DurationIso(text.clone()),
        Data::Error(error) => DataRef::Error(error.clone()),
        Data::Empty => DataRef::Empty,
    }
}

/// Puts cells together to rows.
struct Rows<'a> {
    sheet: &'a str,
    row: Row,
    bytes: usize,
    errors: &'a mut Errors,
    each: &'a mut dyn FnMut(Row) -> ControlFlow<()>,
}

impl Rows<'_> {
    fn take(&mut self, (row, column): (u32, u32), value: &DataRef) -> ControlFlow<()> {
        let number = row.saturating_add(1);
        if number != self.row.number {
            self.finish()?;
            self.row.number = number;
        }
        match cell(column, value) {
            Ok(Some(cell)) => self.push(cell),
            Ok(None) => {}
            Err(error) => self.errors.add(self.sheet, (number, column), &error),
        }
        ControlFlow::Continue(())
    }

    fn push(&mut self, cell: Cell) {
        self.bytes += cell.text.len();
        if self.row.cells.len() < MOST_COLUMNS && self.bytes <= MOST_ROW_BYTES {
            self.row.cells.push(cell);
        }
    }

    fn finish(&mut self) -> ControlFlow<()> {
        self.bytes = 0;
        let mut row = std::mem::take(&mut self.row);
        if row.cells.is_empty() {
            return ControlFlow::Continue(());
        }
        // Cells stand in order, as a rule. Of two in one place the first counts.
        row.cells.sort_by_key(|cell| cell.column);
        row.cells.dedup_by_key(|cell| cell.column);
        (self.each)(row)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_have_letters() {
        for (column, name) in [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ"), (702, "AAA")] {
            assert_eq!(letters(column), name);
        }
    }
}
