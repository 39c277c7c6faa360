//! Finding out how a file is written from its first bytes.

use crate::rules::mapping::FormatName;
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// How a file is written.
#[derive(Clone, Debug, PartialEq)]
pub struct Sniffed {
    /// Its character encoding.
    pub encoding: &'static Encoding,
    /// Whether it begins with a byte-order mark.
    pub bom: bool,
    /// Its format; `None` if it looks like none that can be read.
    pub format: Option<FormatName>,
    /// CSV: separator and quote.
    pub dialect: Dialect,
    /// CSV: bytes of UTF-8 before the header: titles, `sep=;`, `#TYPE`.
    pub before_header: usize,
}

/// How a CSV file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dialect {
    /// The byte between two fields.
    pub delimiter: u8,
    /// The byte around fields that have a delimiter in them.
    pub quote: u8,
}

impl Default for Dialect {
    fn default() -> Dialect {
        Dialect {
            delimiter: b',',
            quote: b'"',
        }
    }
}

/// Looks at the first bytes (decompressed) of a file.
pub(crate) fn sniff(head: &[u8], file_name: Option<&str>) -> Sniffed {
    let (encoding, bom) = encoding_of(head);
    let (text, _) = encoding.decode_with_bom_removal(head);
    let csv = csv_of(&text, file_name);
    let format = format_of(&text, csv.map(|(dialect, _)| dialect));
    let (dialect, before_header) = csv
        .filter(|_| format == Some(FormatName::Csv))
        .unwrap_or_default();
    Sniffed {
        encoding,
        bom,
        format,
        dialect,
        before_header,
    }
}

fn encoding_of(head: &[u8]) -> (&'static Encoding, bool) {
    if let Some((encoding, _)) = Encoding::for_bom(head) {
        return (encoding, true);
    }
    // Text in UTF-16 without a mark has a zero in every other byte, as long as it is mostly Latin.
    let pairs = head.chunks_exact(2).take(512);
    let count = pairs.len().max(1);
    let high_zero = pairs
        .clone()
        .filter(|pair| pair[0] == 0 && pair[1] != 0)
        .count();
    let low_zero = pairs.filter(|pair| pair[1] == 0 && pair[0] != 0).count();
    if high_zero * 10 > count * 7 {
        return (UTF_16BE, false);
    }
    if low_zero * 10 > count * 7 {
        return (UTF_16LE, false);
    }
    let valid = match std::str::from_utf8(head) {
        Ok(_) => true,
        // Cut in the middle of a character is no fault.
        Err(error) => error.error_len().is_none(),
    };
    // JSON is UTF-8 by its standard: what is not, is damage in single records, not another encoding.
    let json = matches!(head.trim_ascii_start().first(), Some(b'{' | b'['));
    let controls = head
        .iter()
        .filter(|b| **b < 9 || (14..32).contains(*b))
        .count();
    if valid || json || controls * 50 > head.len() {
        (UTF_8, false)
    } else {
        (WINDOWS_1252, false)
    }
}

fn format_of(text: &str, dialect: Option<Dialect>) -> Option<FormatName> {
    let start = text.trim_start();
    if is_binary(text) {
        return None;
    }
    if start.starts_with('<') {
        let xes = start.contains("<log") || start.contains("<trace");
        return xes.then_some(FormatName::Xes);
    }
    let lines: Vec<&str> = start
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .take(20)
        .collect();
    let objects = lines
        .iter()
        .filter(|line| line.starts_with('{') && line.ends_with('}') && is_json(line))
        .count();
    if objects > 0 && objects * 2 >= lines.len() {
        return Some(FormatName::Ndjson);
    }
    if start.starts_with(['{', '[']) {
        return Some(FormatName::Json);
    }
    if objects > 0 {
        return Some(FormatName::Ndjson);
    }
    dialect.map(|_| FormatName::Csv)
}

fn is_json(line: &str) -> bool {
    serde_json::from_str::<serde::de::IgnoredAny>(line).is_ok()
}

/// Control characters and replaced bytes beyond what damaged logs have.
fn is_binary(text: &str) -> bool {
    let odd = text
        .chars()
        .filter(|c| *c == '\u{fffd}' || (c.is_control() && !c.is_whitespace()))
        .count();
    odd * 10 > text.chars().count()
}

/// How a text is written if it is CSV, and how many bytes stand before its header. A first line `sep=;` names the delimiter.
fn csv_of(text: &str, file_name: Option<&str>) -> Option<(Dialect, usize)> {
    if let Some((delimiter, bytes)) = named_delimiter(text) {
        let dialect = Dialect {
            delimiter,
            ..Dialect::default()
        };
        let titles = shape(&text[bytes..], delimiter).map_or(0, |shape| shape.before_header);
        return Some((dialect, bytes + titles));
    }
    let mut best: Option<(f64, Dialect, usize)> = None;
    for delimiter in DELIMITERS {
        let Some(shape) = shape(text, delimiter) else {
            continue;
        };
        if best.is_none_or(|(known, ..)| shape.score > known) {
            let dialect = Dialect {
                delimiter,
                ..Dialect::default()
            };
            best = Some((shape.score, dialect, shape.before_header));
        }
    }
    let named = file_name.is_some_and(|name| name.contains(".csv") || name.contains(".tsv"));
    let found = best.map(|(_, dialect, before)| (dialect, before));
    found.or_else(|| (named && !text.trim().is_empty()).then(Default::default))
}

const DELIMITERS: [u8; 5] = [b',', b';', b'\t', b'|', b'^'];

/// The delimiter of a first line such as `sep=;`, which spreadsheet programs write and read, and the length of that line.
fn named_delimiter(text: &str) -> Option<(u8, usize)> {
    let (line, rest) = text.split_once('\n')?;
    let named = line.trim_end_matches('\r').trim_matches('"').as_bytes();
    let (key, delimiter) = named.split_at_checked(4)?;
    let [delimiter] = delimiter else { return None };
    let is_named = key.eq_ignore_ascii_case(b"sep=") && !delimiter.is_ascii_alphanumeric();
    is_named.then_some((*delimiter, text.len() - rest.len()))
}

/// What a delimiter makes of a text.
struct Shape {
    /// How well it cuts lines into fields.
    score: f64,
    /// Bytes before the header.
    before_header: usize,
}

/// The bytes of the empty lines that a text begins with. White space in front of a header may be a delimiter.
fn blank_lines(text: &str) -> usize {
    let mut blank = 0;
    for line in text.split_inclusive('\n') {
        if !line.trim().is_empty() || !line.ends_with('\n') {
            break;
        }
        blank += line.len();
    }
    blank
}

/// A line of what may be CSV.
struct Line {
    /// Fields.
    width: usize,
    /// Fields with a value.
    values: usize,
    /// Where it begins.
    begin: usize,
    /// Whether its last field is empty.
    ends_blank: bool,
    is_comment: bool,
}

/// Titles above a header that are looked for at most.
const MOST_TITLES: usize = 20;

/// Most lines must have as many fields as the header, at least two. A line with a single value above lines that have several
/// is a title.
fn shape(text: &str, delimiter: u8) -> Option<Shape> {
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    let is_blank_end =
        |record: &csv::ByteRecord| record.iter().next_back().is_some_and(<[u8]>::is_empty);
    // Fields, fields with a value, where the line begins, and whether its last field is empty.
    let lines: Vec<Line> = reader
        .byte_records()
        .take(50)
        .map_while(Result::ok)
        .map(|record| {
            let begin = record.position().map_or(0, |position| position.byte());
            let values = record.iter().filter(|field| !field.trim_ascii().is_empty());
            Line {
                width: record.len(),
                values: values.count(),
                begin: begin as usize,
                ends_blank: record.len() > 2 && is_blank_end(&record),
                is_comment: record.get(0).is_some_and(|field| field.starts_with(b"#")),
            }
        })
        .collect();
    // The last record of a sample may be cut.
    let whole = match lines.len() {
        0..=2 => lines.as_slice(),
        count => &lines[..count - 1],
    };
    let widest = whole.iter().map(|line| line.width).max()?;
    let last = whole.last()?.width;
    let is_title = |line: &&Line| {
        let has_one = line.values <= 1 && (line.width == 1 || line.width >= 3) && widest >= 2;
        has_one || line.is_comment && line.width != last
    };
    let titles = whole.iter().take(MOST_TITLES).take_while(is_title).count();
    let titles = if titles < whole.len() { titles } else { 0 };
    let rows = &whole[titles..];
    let header = rows.first()?;
    let (width, before_header) = (header.width, header.begin);
    if width < 2 {
        return None;
    }
    // A delimiter at the end of each row makes a field that is none.
    let is_alike = |line: &&Line| {
        let is_longer = line.ends_blank && line.width == width + 1;
        line.width == width || is_longer || header.ends_blank && line.width + 1 == width
    };
    let alike = rows.iter().filter(is_alike).count();
    let alike = alike as f64 / rows.len() as f64;
    (alike >= 0.5).then_some(Shape {
        score: alike * (width as f64).ln_1p() * (rows.len() as f64 / whole.len() as f64),
        // The place of a record is before the empty lines above it.
        before_header: before_header + blank_lines(&text[before_header..]),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format(text: &str) -> Option<FormatName> {
        sniff(text.as_bytes(), None).format
    }

    #[test]
    fn formats() {
        assert_eq!(format("{\"a\":1}\n{\"a\":2}\n"), Some(FormatName::Ndjson));
        assert_eq!(
            format("junk\n{\"a\":1}\n{\"a\":2}\n"),
            Some(FormatName::Ndjson)
        );
        assert_eq!(
            format("{\n \"a\": [\n {\"b\":1}\n]}\n"),
            Some(FormatName::Json)
        );
        assert_eq!(format("[{\"a\":1}]"), Some(FormatName::Json));
        assert_eq!(format("a,b\n1,2\n"), Some(FormatName::Csv));
        assert_eq!(
            format("<?xml version='1.0'?>\n<log></log>"),
            Some(FormatName::Xes)
        );
        assert_eq!(format("<html></html>"), None);
        assert_eq!(format("just some words\nand more\n"), None);
        assert_eq!(format(""), None);
        assert_eq!(
            sniff(&[0u8, 1, 2, 3, 255, 254, 7, 1].repeat(50), None).format,
            None
        );
    }

    #[test]
    fn delimiters() {
        let delimiter = |text: &str| sniff(text.as_bytes(), None).dialect.delimiter;
        assert_eq!(delimiter("a;b;c\n1,5;2,5;3\n4,5;5;6\n"), b';');
        assert_eq!(delimiter("a\tb\n1\t2\n"), b'\t');
        assert_eq!(delimiter("a|b|c\n\"x|y\"|2|3\n"), b'|');
        assert_eq!(delimiter("a,b\n\"1;2;3\",4\n"), b',');
    }

    #[test]
    fn lines_above_the_header_are_no_records() {
        fn before(text: &str) -> (u8, &str) {
            let sniffed = sniff(text.as_bytes(), None);
            (sniffed.dialect.delimiter, &text[..sniffed.before_header])
        }
        let rows = "id;state;at\n1;new;2024\n2;new;2024\n";
        for titles in [
            "",
            "sep=;\n",
            "\"SEP=;\"\r\n",
            "Incident report\n",
            "Incident report\n\nExported on 2024-05-05, 10:00\n\n\r\n",
            "#TYPE Selected.System.Management.Automation\n",
            "Incident report;;\n;;\n",
            "sep=;\nIncident report\n",
            "\n",
            "\r\n  \r\n",
            "# exported; by a tool; on 2024-05-05; 10:00\n",
            "# exported\n\n",
        ] {
            let text = format!("{titles}{rows}");
            let (delimiter, found) = before(&text);
            assert_eq!((delimiter, found), (b';', titles), "{text}");
        }
        // The first column is called `#`.
        assert_eq!(before("#,state\n1,new\n2,new\n"), (b',', ""));
        // A delimiter at the end of each row.
        assert_eq!(before("a,b\n1,2,\n3,4,\n"), (b',', ""));
        assert_eq!(before("a,b,\n1,2\n3,4\n"), (b',', ""));
        // A last column without a name, and values of which most are missing.
        assert_eq!(before("name,\na,b\nc,d\n"), (b',', ""));
        assert_eq!(before("a,b,c\n1,,\n2,,\n"), (b',', ""));
    }

    #[test]
    fn encodings() {
        let name = |bytes: &[u8]| {
            let sniffed = sniff(bytes, None);
            (sniffed.encoding.name(), sniffed.bom)
        };
        assert_eq!(name(b"\xef\xbb\xbfa,b\n1,2\n"), ("UTF-8", true));
        assert_eq!(name(b"\xff\xfea\0,\0b\0\n\0"), ("UTF-16LE", true));
        assert_eq!(name(b"a\0,\0b\0\n\x001\0,\x002\0"), ("UTF-16LE", false));
        assert_eq!(name(b"\0a\0,\0b\0\n"), ("UTF-16BE", false));
        assert_eq!(name(b"a,b\ncaf\xe9,2\n"), ("windows-1252", false));
        assert_eq!(name("a,b\ncafé,2\n".as_bytes()), ("UTF-8", false));
        assert_eq!(name(b"{\"a\":\"caf\xe9\"}\n"), ("UTF-8", false));
    }
}
