//! Workbooks as spreadsheet programs write them.

use super::archive;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// A sheet: texts; `=1` for a number, `@45300.5` for a time, `#N/A` for an error.
#[derive(Default)]
pub(crate) struct Sheet {
    name: String,
    cells: BTreeMap<(u32, u32), String>,
}

impl Sheet {
    pub(crate) fn new(name: &str) -> Sheet {
        Sheet {
            name: name.to_owned(),
            ..Sheet::default()
        }
    }

    /// Sets the cells of a row, which counts from 1.
    pub(crate) fn row(&mut self, row: u32, cells: &[String]) {
        for (column, text) in (0..).zip(cells) {
            self.cell(row, column, text);
        }
    }

    pub(crate) fn cell(&mut self, row: u32, column: u32, text: &str) {
        self.cells.insert((row, column), text.to_owned());
    }

    /// How many rows have a cell.
    pub(crate) fn rows(&self) -> usize {
        let mut rows: Vec<u32> = self.cells.keys().map(|(row, _)| *row).collect();
        rows.dedup();
        rows.len()
    }

    fn by_row(&self) -> BTreeMap<u32, Vec<(u32, &str)>> {
        let mut rows: BTreeMap<u32, Vec<(u32, &str)>> = BTreeMap::new();
        for ((row, column), text) in &self.cells {
            rows.entry(*row).or_default().push((*column, text));
        }
        rows
    }

    fn xlsx(&self) -> String {
        let mut xml = "<worksheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"><sheetData>".to_owned();
        for (row, cells) in self.by_row() {
            let _ = write!(xml, "<row r=\"{row}\">");
            for (column, text) in cells.into_iter().filter(|(_, text)| !text.is_empty()) {
                let at = format!("{}{row}", letters(column));
                let _ = match text.as_bytes() {
                    [b'=', ..] => write!(xml, "<c r=\"{at}\"><v>{}</v></c>", &text[1..]),
                    [b'@', ..] => write!(xml, "<c r=\"{at}\" s=\"1\"><v>{}</v></c>", &text[1..]),
                    [b'#', ..] => write!(xml, "<c r=\"{at}\" t=\"e\"><v>{text}</v></c>"),
                    _ => write!(
                        xml,
                        "<c r=\"{at}\" t=\"inlineStr\"><is><t>{text}</t></is></c>"
                    ),
                };
            }
            xml.push_str("</row>");
        }
        xml + "</sheetData></worksheet>"
    }

    fn ods(&self) -> String {
        let mut xml = format!("<table:table table:name=\"{}\">", self.name);
        let mut next = 1;
        for (row, cells) in self.by_row() {
            if row > next {
                let _ = write!(
                    xml,
                    "<table:table-row table:number-rows-repeated=\"{}\"><table:table-cell table:number-columns-repeated=\"16384\"/></table:table-row>",
                    row - next
                );
            }
            next = row + 1;
            xml.push_str("<table:table-row>");
            for (_, text) in cells {
                let number = |text: &str| text[1..].parse::<f64>().unwrap();
                let _ = match text.as_bytes() {
                    [b'=', ..] => write!(
                        xml,
                        "<table:table-cell office:value-type=\"float\" office:value=\"{}\"/>",
                        &text[1..]
                    ),
                    [b'@', ..] => write!(
                        xml,
                        "<table:table-cell office:value-type=\"date\" office:date-value=\"{}\"/>",
                        iso(number(text))
                    ),
                    _ => write!(
                        xml,
                        "<table:table-cell office:value-type=\"string\"><text:p>{text}</text:p></table:table-cell>"
                    ),
                };
            }
            xml.push_str("</table:table-row>");
        }
        xml + "<table:table-row table:number-rows-repeated=\"1000000\"><table:table-cell table:number-columns-repeated=\"16384\"/></table:table-row></table:table>"
    }
}

fn iso(serial: f64) -> String {
    let epoch = chrono::NaiveDate::from_ymd_opt(1899, 12, 30)
        .unwrap()
        .and_hms_opt(0, 0, 0)
        .unwrap();
    let time = epoch + chrono::Duration::seconds((serial * 86_400.0).round() as i64);
    time.format("%Y-%m-%dT%H:%M:%S").to_string()
}

fn letters(column: u32) -> String {
    let last = char::from(b'A' + (column % 26) as u8);
    match column / 26 {
        0 => last.to_string(),
        rest => letters(rest - 1) + &last.to_string(),
    }
}

/// An `.xlsx` file.
pub(crate) fn xlsx(sheets: &[Sheet]) -> Vec<u8> {
    packed(sheets, |sheet| sheet.xlsx())
}

/// An `.xlsx` file whose sheets break off.
pub(crate) fn cut(sheets: &[Sheet]) -> Vec<u8> {
    packed(sheets, |sheet| {
        let xml = sheet.xlsx();
        xml[..xml.len() * 9 / 10].to_owned()
    })
}

fn packed(sheets: &[Sheet], xml: impl Fn(&Sheet) -> String) -> Vec<u8> {
    let (mut names, mut relations, mut members) = (String::new(), String::new(), Vec::new());
    for (nth, sheet) in (1..).zip(sheets) {
        let _ = write!(
            names,
            "<sheet name=\"{}\" sheetId=\"{nth}\" r:id=\"rId{nth}\"/>",
            sheet.name
        );
        let _ = write!(
            relations,
            "<Relationship Id=\"rId{nth}\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet\" Target=\"worksheets/sheet{nth}.xml\"/>"
        );
        members.push((format!("xl/worksheets/sheet{nth}.xml"), xml(sheet)));
    }
    let main = "xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\" xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\"";
    let styles = format!(
        "<styleSheet {main}><cellXfs count=\"2\"><xf numFmtId=\"0\"/><xf numFmtId=\"22\"/></cellXfs></styleSheet>"
    );
    members.push(("[Content_Types].xml".to_owned(), "<Types/>".to_owned()));
    members.push((
        "xl/workbook.xml".to_owned(),
        format!("<workbook {main}><sheets>{names}</sheets></workbook>"),
    ));
    members.push((
        "xl/_rels/workbook.xml.rels".to_owned(),
        format!("<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">{relations}</Relationships>"),
    ));
    let root = "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"rId1\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>";
    members.push(("_rels/.rels".to_owned(), root.to_owned()));
    members.push(("xl/styles.xml".to_owned(), styles));
    let members: Vec<(&str, &str)> = members
        .iter()
        .map(|(name, text)| (&**name, &**text))
        .collect();
    archive(&members)
}

/// An `.ods` file.
pub(crate) fn ods(sheets: &[Sheet]) -> Vec<u8> {
    let tables: String = sheets.iter().map(Sheet::ods).collect();
    ods_with(&tables)
}

/// An `.ods` file with these rows in its one sheet.
pub(crate) fn ods_of(rows: &str) -> Vec<u8> {
    ods_with(&format!(
        "<table:table table:name=\"Sheet1\">{rows}</table:table>"
    ))
}

fn ods_with(tables: &str) -> Vec<u8> {
    let names = "xmlns:office=\"urn:oasis:names:tc:opendocument:xmlns:office:1.0\" xmlns:table=\"urn:oasis:names:tc:opendocument:xmlns:table:1.0\" xmlns:text=\"urn:oasis:names:tc:opendocument:xmlns:text:1.0\"";
    let content = format!(
        "<office:document-content {names}><office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body></office:document-content>"
    );
    archive(&[
        ("mimetype", "application/vnd.oasis.opendocument.spreadsheet"),
        (
            "META-INF/manifest.xml",
            "<manifest:manifest xmlns:manifest=\"urn:oasis:names:tc:opendocument:xmlns:manifest:1.0\"></manifest:manifest>",
        ),
        ("content.xml", &content),
    ])
}
