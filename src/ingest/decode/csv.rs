//! Separated values with a header.

use super::sniff::Dialect;
use crate::ingest::batch::EventBatch;
use crate::ingest::framing::Framing;
use crate::ingest::mapping::{Mapping, Place, SlotRow};
use crate::ingest::reject::{Reason, Reject};
use crate::ingest::scalar::Scalar;
use csv::{ByteRecord, ReaderBuilder};
use serde_json::{Map, Value};
use std::borrow::Cow;
use xxhash_rust::xxh3::xxh3_64;

/// The columns of a CSV file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CsvHeader {
    /// Their names, as people see them: without the white space around them.
    pub columns: Vec<String>,
    /// How the file is written.
    pub dialect: Dialect,
}

/// Further columns are not known by name, so every record of such a file has the wrong width.
const MAX_COLUMNS: usize = 10_000;

/// Reads the header of a CSV file from its first record.
pub fn read_header(first_record: &[u8], dialect: Dialect) -> CsvHeader {
    let text = String::from_utf8_lossy(first_record);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let mut columns = Vec::new();
    if let Some(Ok(record)) = reader(text.as_bytes(), dialect).byte_records().next() {
        let name = |field: &[u8]| String::from_utf8_lossy(field).trim().to_owned();
        columns = record.iter().take(MAX_COLUMNS).map(name).collect();
    }
    CsvHeader { columns, dialect }
}

/// Reads the header from the first bytes of a CSV file.
pub(crate) fn first_header(sample: &[u8], dialect: Dialect) -> CsvHeader {
    let framing = Framing::Csv {
        quote: dialect.quote,
    };
    let end = framing.first_end(sample).unwrap_or(sample.len());
    read_header(&sample[..end], dialect)
}

fn reader(bytes: &[u8], dialect: Dialect) -> csv::Reader<&[u8]> {
    ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(dialect.delimiter)
        .quote(dialect.quote)
        .from_reader(bytes)
}

impl CsvHeader {
    /// The index of a column: by its name, else by its name in any case.
    pub fn find(&self, name: &str) -> Option<usize> {
        let exact = self.columns.iter().position(|column| column == name);
        exact.or_else(|| {
            let same = |column: &String| column.to_lowercase() == name.to_lowercase();
            self.columns.iter().position(same)
        })
    }

    /// A record as a tree.
    pub fn value(&self, record: &ByteRecord) -> Value {
        let mut map = Map::new();
        for (column, field) in self.columns.iter().zip(record) {
            let text = String::from_utf8_lossy(field).into_owned();
            map.entry(column.clone()).or_insert(Value::String(text));
        }
        Value::Object(map)
    }

    /// Whether a record has a field for each column with a name, and no value beyond the columns.
    fn has_width_of(&self, record: &ByteRecord) -> bool {
        let named = self.columns.iter().rposition(|column| !column.is_empty());
        let is_wide = record.len() > named.unwrap_or(0);
        is_wide && record.iter().skip(self.columns.len()).all(<[u8]>::is_empty)
    }

    /// The first records of a sample (behind the header), each as a tree, for guessing and previews.
    pub fn sample(&self, body: &[u8], most: usize) -> Vec<Value> {
        reader(body, self.dialect)
            .byte_records()
            .map_while(Result::ok)
            .filter(|record| self.has_width_of(record))
            .take(most)
            .map(|record| self.value(&record))
            .collect()
    }
}

/// So many lines in one record of the wrong width are not its own.
const SWALLOWED: usize = 20;

/// Decodes whole records that stand at `offset` in the stream.
pub fn decode_csv(
    mapping: &Mapping,
    header: &CsvHeader,
    stream: u64,
    offset: u64,
    bytes: &[u8],
    out: &mut EventBatch,
) {
    let columns: Vec<Option<usize>> = mapping.paths().map(|path| header.find(path)).collect();
    let mut reader = reader(bytes, header.dialect);
    let mut record = ByteRecord::new();
    loop {
        let start = reader.position().byte() as usize;
        match reader.read_byte_record(&mut record) {
            Ok(true) => {}
            Ok(false) => return,
            // Reading from memory with a flexible width has no other errors; if one comes, it must not be lost.
            Err(error) => {
                let raw = &bytes[start.min(bytes.len())..];
                let at = offset + start as u64;
                out.records += 1;
                out.rejects
                    .push(Reject::new(at, Reason::Malformed, error.to_string(), raw));
                return;
            }
        }
        let end = reader.position().byte() as usize;
        let raw = bytes[start..end].trim_ascii();
        let place = Place {
            stream,
            offset: offset + start as u64,
            record: xxh3_64(raw),
        };
        let blank = record.len() == 1 && record[0].trim_ascii().is_empty();
        if !blank {
            let row = Row {
                record: &record,
                place,
                raw,
            };
            decode_row(mapping, header, &columns, &row, out);
        }
    }
}

/// A record, where it stands, and its bytes.
struct Row<'a> {
    record: &'a ByteRecord,
    place: Place,
    raw: &'a [u8],
}

fn decode_row(
    mapping: &Mapping,
    header: &CsvHeader,
    columns: &[Option<usize>],
    row: &Row,
    out: &mut EventBatch,
) {
    let Row { record, place, raw } = *row;
    let reject = |reason: Reason, detail: String, out: &mut EventBatch| {
        out.records += 1;
        out.rejects
            .push(Reject::new(place.offset, reason, detail, raw));
    };
    let width = header.columns.len();
    if !header.has_width_of(record) {
        let detail = format!("{} fields, and the header has {width}", record.len());
        let lines = memchr::memchr_iter(b'\n', raw).count();
        if lines >= SWALLOWED {
            let detail = format!(
                "{detail}: a quote that is opened and not closed makes {lines} lines one record"
            );
            return reject(Reason::Truncated, detail, out);
        }
        return reject(Reason::Malformed, detail, out);
    }
    if mapping.whole_records {
        if std::str::from_utf8(raw).is_err() {
            return reject(Reason::InvalidUtf8, "not UTF-8".to_owned(), out);
        }
        return mapping.apply_value(&header.value(record), place, raw, out);
    }
    let mut slots = Vec::with_capacity(columns.len());
    for column in columns {
        let field = column.and_then(|column| record.get(column)).unwrap_or(b"");
        match std::str::from_utf8(field) {
            Ok(text) => slots.push(Scalar::Text(Cow::Borrowed(text))),
            Err(_) => return reject(Reason::InvalidUtf8, "not UTF-8".to_owned(), out),
        }
    }
    mapping.apply_slots(&SlotRow(&slots), place, raw, out);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::mapping::{Circumstances, compile};
    use crate::model::Time;
    use crate::rules::mapping::MappingSpec;

    fn decode(mapping: &str, text: &[u8]) -> EventBatch {
        let file = std::path::Path::new("m.yaml");
        let spec = MappingSpec::parse(mapping, file).unwrap();
        let circumstances = Circumstances {
            default_process: "p",
            namespace: "",
            latest: Time(i64::MAX),
        };
        let mapping = compile(&spec, file, circumstances).unwrap();
        let end = memchr::memchr(b'\n', text).unwrap() + 1;
        let header = read_header(&text[..end], Dialect::default());
        let mut out = EventBatch::default();
        decode_csv(&mapping, &header, 7, end as u64, &text[end..], &mut out);
        out
    }

    const MAPPING: &str = "case: Incident ID\nactivity: Step\ntime: at\n";

    #[test]
    fn quoted_fields_and_odd_headers() {
        let text = b"\xef\xbb\xbf Incident ID ,step,at\r\nA-1,\"a \"\"b\"\"\nc\",2024-01-01\r\n\r\nA-2,x,2024-01-02\r\n";
        let out = decode(MAPPING, text);
        assert!(out.rejects.is_empty(), "{:?}", out.rejects);
        assert_eq!(out.names.text(out.events[0].activity), "a \"b\"\nc");
        assert_eq!(out.text(out.events[1].case), "A-2");
        assert_ne!(out.events[0].place, out.events[1].place);
    }

    #[test]
    fn rows_of_another_width_are_refused_and_the_rest_read() {
        let text = b"Incident ID,Step,at\nA-1,x\nA-2,x,2024-01-02\nA-3,x,2024-01-03,extra\nA-4,x,2024-01-04,\nA-5,\xff,2024-01-05\n";
        let out = decode(MAPPING, text);
        let cases: Vec<&str> = out
            .events
            .iter()
            .map(|event| out.text(event.case))
            .collect();
        assert_eq!(cases, ["A-2", "A-4"]);
        let reasons: Vec<Reason> = out.rejects.iter().map(|reject| reject.reason).collect();
        assert_eq!(
            reasons,
            [Reason::Malformed, Reason::Malformed, Reason::InvalidUtf8]
        );
        assert!(
            out.rejects[0]
                .detail
                .contains("2 fields, and the header has 3")
        );
    }

    #[test]
    fn predicates_see_columns() {
        let text = b"Incident ID,Step,at\nA-1,x,2024-01-01\nA-2,y,2024-01-02\n";
        let out = decode(&format!("{MAPPING}where: \"Step == 'y'\"\n"), text);
        assert_eq!((out.events.len(), out.filtered, out.records), (1, 1, 2));
    }

    #[test]
    fn a_quote_that_is_not_closed_is_said_to_swallow_lines() {
        let row = |nth: usize| format!("c{nth},a,2026-01-01T00:00:{nth:02}Z\n");
        let rows = |from: usize, to: usize| (from..to).map(row).collect::<String>();
        let mapping = "format: csv\ncase: case\nactivity: activity\ntime: time\n";
        let broken = format!("case,activity,time\n{}c5,\"a{}", rows(0, 5), rows(6, 40));
        let batch = decode(mapping, broken.as_bytes());
        assert_eq!((batch.events.len(), batch.rejects.len()), (5, 1));
        let reject = &batch.rejects[0];
        assert_eq!(reject.reason, Reason::Truncated);
        assert!(reject.detail.contains("makes 3"), "{}", reject.detail);
        // A few lines in a record of the wrong width may be its own.
        let few = format!("case,activity,time\n{}c5,\"a{}", rows(0, 5), rows(6, 10));
        let batch = decode(mapping, few.as_bytes());
        assert_eq!(batch.rejects[0].reason, Reason::Malformed);
    }
}
