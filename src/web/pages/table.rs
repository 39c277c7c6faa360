//! A table once, shown on a page and given as CSV: they can't say different things.

use super::words;
use crate::model::spreadsheet_cell;
use crate::web::pages::shell;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use std::borrow::Cow;

/// What stands in a cell.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Cell {
    /// Words of the program or names from a log.
    Text(String),
    /// A number: its value for programs, and as people read it.
    Number(f64, String),
    /// Not known.
    Nothing,
}

impl Cell {
    pub(super) fn text(text: impl Into<String>) -> Cell {
        Cell::Text(text.into())
    }

    pub(super) fn count(number: i64) -> Cell {
        Cell::Number(number as f64, words::count(number))
    }

    pub(super) fn number(value: Option<f64>) -> Cell {
        value.map_or(Cell::Nothing, |value| {
            Cell::Number(value, words::number(value))
        })
    }

    pub(super) fn share(value: Option<f64>) -> Cell {
        value.map_or(Cell::Nothing, |value| {
            Cell::Number(value, words::percent(value))
        })
    }

    pub(super) fn seconds(value: Option<f64>) -> Cell {
        value.map_or(Cell::Nothing, |value| {
            Cell::Number(value, words::seconds(value))
        })
    }

    pub(super) fn maybe(text: Option<impl Into<String>>) -> Cell {
        text.map_or(Cell::Nothing, |text| Cell::Text(text.into()))
    }
}

/// Rows under named columns.
#[derive(Clone, Debug)]
pub(super) struct Table {
    /// In its address, and the name of its file.
    pub name: &'static str,
    /// What it shows.
    pub caption: Cow<'static, str>,
    /// Of programs and people alike.
    pub columns: &'static [&'static str],
    /// Cells in the order of the columns.
    pub rows: Vec<Vec<Cell>>,
}

impl Table {
    /// Within a frame that scrolls where it is too wide; `csv` is where it can be had for programs.
    pub(super) fn markup(&self, csv: &str) -> Markup {
        html! {
            div.scroll tabindex="0" role="region" aria-label={ "Table: " (self.caption) } {
                table.data {
                    caption { (self.caption) " " a.csv href=(csv) { "CSV" } }
                    thead { tr { @for column in self.columns { th scope="col" { (column.replace('_', " ")) } } } }
                    tbody {
                        @for row in &self.rows { tr { @for cell in row { (self.cell(cell)) } } }
                        @if self.rows.is_empty() { tr { td.empty colspan=(self.columns.len()) { "nothing yet" } } }
                    }
                }
            }
        }
    }

    fn cell(&self, cell: &Cell) -> Markup {
        match cell {
            Cell::Text(text) => html! { td { (words::whole(text)) } },
            Cell::Number(_, shown) => html! { td.n { (shown) } },
            Cell::Nothing => html! { td.n { span.none { "-" } } },
        }
    }

    /// The same folded away: the text alternative of a chart.
    pub(super) fn behind(&self, csv: &str) -> Markup {
        html! { details.behind { summary { "Data" } (self.markup(csv)) } }
    }

    /// For JSON: an object for each row.
    pub(super) fn objects(&self) -> Vec<serde_json::Map<String, serde_json::Value>> {
        let value = |cell: &Cell| match cell {
            Cell::Text(text) => text.as_str().into(),
            Cell::Number(value, _) => whole_number(*value),
            Cell::Nothing => serde_json::Value::Null,
        };
        let object = |row: &Vec<Cell>| {
            let named = self.columns.iter().zip(row);
            named
                .map(|(name, cell)| ((*name).to_owned(), value(cell)))
                .collect()
        };
        self.rows.iter().map(object).collect()
    }

    /// For spreadsheets (RFC 4180).
    pub(super) fn csv(&self) -> Response {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let header = writer.write_record(self.columns);
        let written = header.and_then(|()| {
            self.rows
                .iter()
                .try_for_each(|row| writer.write_record(row.iter().map(csv_cell)))
        });
        let bytes = written.map_err(|error| error.to_string());
        let bytes = bytes.and_then(|()| writer.into_inner().map_err(|error| error.to_string()));
        match bytes {
            Ok(bytes) => download(self.name, bytes),
            Err(error) => shell::unavailable(&error),
        }
    }
}

/// A count is an integer in JSON.
fn whole_number(value: f64) -> serde_json::Value {
    match value.fract() == 0.0 && value.abs() < 9e15 {
        true => (value as i64).into(),
        false => value.into(),
    }
}

fn download(name: &str, bytes: Vec<u8>) -> Response {
    let mut response = (
        [
            (
                header::CONTENT_TYPE,
                "text/csv; charset=utf-8; header=present",
            ),
            (header::CACHE_CONTROL, "no-cache"),
        ],
        bytes,
    )
        .into_response();
    // Names of tables are those of the program, so this can't fail.
    if let Ok(as_file) = HeaderValue::from_str(&format!("attachment; filename=\"{name}.csv\"")) {
        response
            .headers_mut()
            .insert(header::CONTENT_DISPOSITION, as_file);
    }
    response
}

fn csv_cell(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) => spreadsheet_cell(text),
        Cell::Number(value, _) => value.to_string(),
        Cell::Nothing => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spreadsheet_computes_nothing() {
        assert_eq!(csv_cell(&Cell::text("=1+1")), "'=1+1");
        assert_eq!(csv_cell(&Cell::Number(-0.5, "-50 %".to_owned())), "-0.5");
        assert_eq!(csv_cell(&Cell::Nothing), "");
    }
}
