//! Where the table of a sheet is: which row is its header, what the columns are called, and which sheet has the cases.

use crate::ingest::guess::guess;
use crate::rules::mapping::FormatName;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// A header is looked for in so many rows.
const MOST_TITLES: usize = 40;

/// What a cell holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    /// A number, a time, yes or no: never the name of a column.
    Value,
}

/// A cell with something in it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Cell {
    /// Its column, from 0.
    pub(super) column: u32,
    pub(super) kind: Kind,
    pub(super) text: String,
}

/// A row with something in it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Row {
    /// Its number as spreadsheet programs show it, from 1.
    pub(super) number: u32,
    /// By column.
    pub(super) cells: Vec<Cell>,
}

impl Row {
    fn at(&self, column: u32) -> Option<&Cell> {
        let found = self.cells.binary_search_by_key(&column, |cell| cell.column);
        Some(&self.cells[found.ok()?])
    }

    fn is_all_text(&self) -> bool {
        self.cells.iter().all(|cell| cell.kind == Kind::Text)
    }
}

/// The table of a sheet.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Layout {
    /// The number of the last row of the header.
    pub(super) header: u32,
    /// The first column.
    pub(super) first: u32,
    /// The names of the columns, without a gap; those without a name are empty.
    pub(super) names: Vec<String>,
}

impl Layout {
    /// The texts of a row below the header, one for each column. What stands beside the table is left out.
    pub(super) fn fields<'r>(&self, row: &'r Row) -> Vec<&'r str> {
        let mut fields = vec![""; self.names.len()];
        for cell in &row.cells {
            let at = cell.column.checked_sub(self.first);
            if let Some(field) = at.and_then(|at| fields.get_mut(at as usize)) {
                *field = &cell.text;
            }
        }
        fields
    }

    /// Whether a row has a value in the table.
    pub(super) fn has(&self, row: &Row) -> bool {
        self.fields(row)
            .iter()
            .any(|field| !field.trim().is_empty())
    }
}

/// Finds the table in the first rows of a sheet. The header is the first row of texts that is about as wide as the widest row.
pub(super) fn layout(rows: &[Row]) -> Option<Layout> {
    let widest = rows.iter().map(|row| row.cells.len()).max()?;
    let is_header =
        |row: &Row| row.cells.len() >= 2 && row.cells.len() * 5 >= widest * 3 && row.is_all_text();
    let at = rows.iter().take(MOST_TITLES).position(is_header)?;
    let (top, bottom) = header_rows(rows, at);
    let columns = top.iter().chain([&bottom]).flat_map(|row| &row.cells);
    let columns: BTreeSet<u32> = columns.map(|cell| cell.column).collect();
    let (first, last) = (*columns.first()?, *columns.last()?);
    Some(Layout {
        header: bottom.number,
        first,
        names: names(top, bottom, first..=last),
    })
}

/// A header of merged cells has two rows: groups of columns above, and the columns of each group below.
fn header_rows(rows: &[Row], at: usize) -> (Option<&Row>, &Row) {
    let above = at.checked_sub(1).map(|above| &rows[above]);
    if let Some(above) = above.filter(|above| are_one_header(above, &rows[at])) {
        return (Some(above), &rows[at]);
    }
    match rows.get(at + 1) {
        Some(below) if are_one_header(&rows[at], below) => (Some(&rows[at]), below),
        _ => (None, &rows[at]),
    }
}

/// Whether two rows of texts in direct succession complete each other: the lower one has names where the upper one has gaps,
/// and the upper one has names that reach down to an empty cell. A row of data has a value below the names of its columns.
fn are_one_header(upper: &Row, lower: &Row) -> bool {
    let in_gap = lower.cells.iter().any(|cell| {
        let before = upper.cells.first();
        upper.at(cell.column).is_none() && before.is_some_and(|first| first.column < cell.column)
    });
    let reaches_down = upper
        .cells
        .iter()
        .any(|cell| lower.at(cell.column).is_none());
    let are_texts = upper.is_all_text() && lower.is_all_text() && lower.cells.len() >= 2;
    upper.number + 1 == lower.number
        && are_texts
        && in_gap
        && reaches_down
        && upper.cells.len() >= 2
}

/// The lower name counts where there is one, with that of its group in front if two columns would be called alike.
fn names(upper: Option<&Row>, lower: &Row, columns: std::ops::RangeInclusive<u32>) -> Vec<String> {
    let text = |cell: Option<&Cell>| cell.map(|cell| words_of(&cell.text)).unwrap_or_default();
    let mut group = String::new();
    let mut pairs = Vec::new();
    for column in columns {
        let above = upper.and_then(|row| row.at(column));
        if above.is_some() {
            group = text(above);
        }
        let below = text(lower.at(column));
        pairs.push(match below.is_empty() {
            true => (String::new(), text(above)),
            false => (group.clone(), below),
        });
    }
    let is_repeated = |name: &str| pairs.iter().filter(|(_, own)| own == name).count() > 1;
    let name = |(group, own): &(String, String)| match !group.is_empty() && is_repeated(own) {
        true => format!("{group} {own}"),
        false => own.clone(),
    };
    pairs.iter().map(name).collect()
}

/// A name on one line.
fn words_of(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The first rows of a sheet, and its table.
#[derive(Clone, Debug)]
pub(super) struct Sheet {
    pub(super) name: String,
    pub(super) is_visible: bool,
    pub(super) layout: Option<Layout>,
    /// The first rows below the header.
    pub(super) first_rows: Vec<Row>,
    /// Rows below the header that were counted.
    pub(super) rows: usize,
}

impl Sheet {
    /// How much it looks like a table of cases: one that can be read as a log, then one that is visible, then the longest.
    fn rank(&self) -> (bool, bool, bool, usize) {
        let Some(layout) = &self.layout else {
            return (false, self.is_visible, false, 0);
        };
        let record = |row: &Row| {
            let fields = layout.names.iter().zip(layout.fields(row));
            let entry = |(name, field): (&String, &str)| (name.clone(), Value::from(field));
            Value::Object(fields.map(entry).collect::<Map<_, _>>())
        };
        let records: Vec<Value> = self.first_rows.iter().map(record).collect();
        let is_log = !records.is_empty() && guess(&records, FormatName::Csv).missing().is_empty();
        (is_log, self.is_visible, self.rows > 0, self.rows)
    }
}

/// The sheets to read: the one that looks most like a table of cases, and all visible ones with the same columns.
pub(super) fn chosen(sheets: &[Sheet]) -> Vec<usize> {
    let with_table = (0..sheets.len()).filter(|nth| sheets[*nth].layout.is_some());
    // The first of those that are alike.
    let best = with_table.rev().max_by_key(|nth| sheets[*nth].rank());
    let Some(best) = best else { return Vec::new() };
    let names = |nth: usize| sheets[nth].layout.as_ref().map(|layout| &layout.names);
    let is_part = |nth: &usize| {
        let is_alike = names(*nth) == names(best) && sheets[*nth].rows > 0;
        *nth == best || is_alike && sheets[*nth].is_visible
    };
    (0..sheets.len()).filter(is_part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows of texts; what begins with a digit is a value, and an empty text is no cell.
    fn rows(lines: &[&str]) -> Vec<Row> {
        let cell = |(column, text): (usize, &str)| Cell {
            column: column as u32,
            kind: match text.starts_with(|c: char| c.is_ascii_digit()) {
                true => Kind::Value,
                false => Kind::Text,
            },
            text: text.to_owned(),
        };
        let row = |(nth, line): (usize, &&str)| Row {
            number: nth as u32 + 1,
            cells: line
                .split('|')
                .enumerate()
                .filter(|(_, text)| !text.is_empty())
                .map(cell)
                .collect(),
        };
        let rows = lines.iter().enumerate().map(row);
        rows.filter(|row| !row.cells.is_empty()).collect()
    }

    fn found(lines: &[&str]) -> (u32, u32, Vec<String>) {
        let layout = layout(&rows(lines)).unwrap();
        (layout.header, layout.first, layout.names)
    }

    #[test]
    fn the_header_is_below_titles_and_may_begin_anywhere() {
        let found = found(&[
            "Incidents of the SOC",
            "Exported|2024-02-01",
            "",
            "|Number|State\nnow|Opened|",
            "|INC1|Closed|2024-01-01",
        ]);
        assert_eq!(found.0, 4);
        assert_eq!(
            (found.1, found.2.join(",")),
            (1, "Number,State now,Opened".to_owned())
        );
    }

    #[test]
    fn a_header_of_merged_cells_has_the_names_of_both_rows() {
        let body = "INC1|phishing|2024-01-01|2024-01-02|2024-01-03";
        let two = found(&["Number|Kind|Times|", "||Opened|Closed|Seen", body]);
        assert_eq!(
            (two.0, two.2.join(",")),
            (2, "Number,Kind,Opened,Closed,Seen".to_owned())
        );
        // The row of the groups is much shorter.
        let two = found(&[
            "Number|First|||Last",
            "|From|To|Kind|From|To|Kind",
            "INC1|1|2|x|3|4|y",
        ]);
        let names = "Number,First From,First To,First Kind,Last From,Last To,Last Kind";
        assert_eq!((two.0, two.2.join(",")), (2, names.to_owned()));
        // A row of data of texts alone is no second header.
        let one = found(&["Number||State", "INC1|x|Closed", "INC2|y|Closed"]);
        assert_eq!((one.0, one.2.join(",")), (1, "Number,,State".to_owned()));
    }

    #[test]
    fn a_sheet_of_numbers_or_notes_has_no_table() {
        assert_eq!(layout(&rows(&["1|2|3", "4|5|6"])), None);
        assert_eq!(layout(&rows(&["Read me", "Call us"])), None);
        assert_eq!(layout(&[]), None);
    }

    fn sheet(name: &str, lines: &[&str]) -> Sheet {
        let rows = rows(lines);
        let layout = layout(&rows);
        let header = layout.as_ref().map_or(0, |layout| layout.header);
        let first_rows: Vec<Row> = rows.into_iter().filter(|row| row.number > header).collect();
        Sheet {
            name: name.to_owned(),
            is_visible: true,
            layout,
            rows: first_rows.len(),
            first_rows,
        }
    }

    #[test]
    fn the_sheet_with_cases_and_those_with_the_same_columns_are_read() {
        let cases = [
            "Number|State|Opened|Closed",
            "INC1|Closed|2024-01-01 10:00:00|2024-01-02 10:00:00",
            "INC2|Closed|2024-01-02 10:00:00|2024-01-03 10:00:00",
            "INC3|Closed|2024-01-03 10:00:00|2024-01-04 10:00:00",
        ];
        let pivot = ["Team|Count", "a|1", "b|2", "c|3", "d|4", "e|5"];
        let mut sheets = vec![
            sheet("Pivot", &pivot),
            sheet("January", &cases),
            sheet("Notes", &["x"]),
        ];
        assert_eq!(chosen(&sheets), [1]);
        sheets.push(sheet("February", &cases));
        assert_eq!(chosen(&sheets), [1, 3]);
        sheets[3].is_visible = false;
        assert_eq!(chosen(&sheets), [1]);
        assert!(chosen(&sheets[2..3]).is_empty());
    }
}
