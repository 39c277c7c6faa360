//! How many cells a workbook in the format of LibreOffice has. It is read as a whole, and a few bytes can repeat a cell or a row
//! millions of times.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use std::fs::File;
use std::io::{BufRead, BufReader, Seek};

/// Cells between the first and the last one with a value, in all sheets.
const MOST_CELLS: u64 = 4_000_000;
/// Columns that a sheet can have.
const MOST_COLUMNS: u64 = 16_384;

/// A workbook that is small enough to be read.
pub(super) fn checked(mut file: BufReader<File>) -> Result<BufReader<File>, String> {
    if let Ok(mut archive) = zip::ZipArchive::new(&mut file)
        && let Ok(content) = archive.by_name("content.xml")
        && cells(BufReader::new(content)) > MOST_CELLS
    {
        return Err(format!(
            "a workbook (.ods) with more than {MOST_CELLS} cells. Save it as CSV"
        ));
    }
    file.rewind().map_err(|error| error.to_string())?;
    Ok(file)
}

/// What is counted of a sheet.
#[derive(Default)]
struct Area {
    /// Cells as they are written, repeated within their row.
    written: u64,
    /// The widest row.
    width: u64,
    /// Rows up to the last one with a value.
    height: u64,
    /// Rows so far.
    rows: u64,
    /// How often the current row is repeated.
    repeats: u64,
    /// Columns of the current row up to its last value, and those behind it.
    row: u64,
    empty: u64,
}

impl Area {
    fn begin_row(&mut self, repeats: u64) {
        (self.repeats, self.row, self.empty) = (repeats, 0, 0);
    }

    fn cell(&mut self, repeats: u64, has_value: bool) {
        self.empty = (self.empty + repeats).min(MOST_COLUMNS);
        if has_value {
            self.row += std::mem::take(&mut self.empty);
        }
    }

    fn end_row(&mut self) {
        self.written += self.row;
        self.width = self.width.max(self.row);
        self.rows = self.rows.saturating_add(self.repeats);
        if self.row > 0 {
            self.height = self.rows;
        }
    }

    fn cells(&self) -> u64 {
        self.written
            .saturating_add(self.width.saturating_mul(self.height))
    }
}

/// The cells of a document, as far as it can be read.
fn cells(content: impl BufRead) -> u64 {
    let mut xml = Reader::from_reader(content);
    let (mut buffer, mut total, mut area) = (Vec::new(), 0_u64, Area::default());
    while total <= MOST_CELLS && area.cells() <= MOST_CELLS {
        match xml.read_event_into(&mut buffer) {
            Ok(Event::Start(tag)) => begin(&tag, &mut area),
            Ok(Event::Empty(tag)) => {
                begin(&tag, &mut area);
                if tag.name().as_ref() == "table:table-row" {
                    area.end_row();
                }
            }
            Ok(Event::End(tag)) => match tag.name().as_ref() {
                "table:table-row" => area.end_row(),
                "table:table" => total += std::mem::take(&mut area).cells(),
                _ => {}
            },
            Ok(Event::Eof) | Err(_) => break,
            Ok(_) => {}
        }
        buffer.clear();
    }
    total.saturating_add(area.cells())
}

fn begin(tag: &BytesStart, area: &mut Area) {
    let repeats = |name: &str| {
        let value = tag.try_get_attribute(name).ok().flatten();
        value.map_or(1, |value| value.value.parse().unwrap_or(u64::MAX))
    };
    match tag.name().as_ref() {
        "table:table-row" => area.begin_row(repeats("table:number-rows-repeated")),
        "table:table-cell" | "table:covered-table-cell" => {
            let columns = repeats("table:number-columns-repeated").min(MOST_COLUMNS);
            let has_value = |name| tag.try_get_attribute(name).ok().flatten().is_some();
            area.cell(
                columns,
                has_value("office:value-type") || has_value("table:formula"),
            );
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_repeated_counts_up_to_the_last_value() {
        let cell =
            "<table:table-cell table:number-columns-repeated='10' office:value-type='float'/>";
        let empty = "<table:table-cell table:number-columns-repeated='16374'/>";
        let row = |repeats: u32, cells: &str| {
            format!(
                "<table:table-row table:number-rows-repeated='{repeats}'>{cells}</table:table-row>"
            )
        };
        let of = |rows: &str| cells(format!("<table:table>{rows}</table:table>").as_bytes());
        assert_eq!(of(&row(1_000_000, empty)), 0);
        assert_eq!(
            of(&(row(1, &format!("{cell}{empty}")) + &row(1_000_000, empty))),
            20
        );
        assert_eq!(of(&(row(5, empty) + &row(1, cell))), 70);
        assert!(of(&(row(1, cell) + &row(900_000, empty) + &row(1, cell))) > MOST_CELLS);
    }
}
