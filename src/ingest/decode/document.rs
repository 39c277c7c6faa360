//! One JSON document with records in it.

use super::hand_on::{HandOn, Sink};
use super::inflate::is_too_large;
use super::json_cutter::{Cutter, Fault, Text};
use super::large::{MAX_VALUES, Share};
use crate::ingest::beginning::is_only_beginning;
use crate::ingest::mapping::{Mapping, Place};
use crate::ingest::path::{Part, Path};
use crate::ingest::reject::{Reason, Reject};
use serde_json::Value;
use std::io::Read;
use xxhash_rust::xxh3::xxh3_64;

/// Between the places of two records: more than records have elements, as a rule.
const PLACE_STEP: u64 = 1 << 16;

/// Decodes a document record by record, without holding it as a whole. Records are the elements of the array at
/// `records` (the values, if it is an object and the path ends in `*`), else of the document if that is an array, else
/// the document itself. Several documents may follow each other.
///
/// A record that is longer than records may be is rejected and passed over. White space between its tokens does not count.
pub fn decode_document(
    mapping: &Mapping,
    stream: u64,
    reader: impl Read,
    most_record_bytes: usize,
    sink: Sink,
) {
    let parts = mapping.records.as_ref().map_or(&[][..], Path::parts);
    let mut document = Document {
        cutter: Cutter::new(reader),
        text: Text::up_to(most_record_bytes),
        records: Records {
            mapping,
            stream,
            most_record_bytes,
            count: 0,
            out: HandOn::new(sink),
        },
    };
    let result = document.all(parts);
    let mut records = document.records;
    if let Err(Ended::Fault(Fault::Io(error))) = &result
        && is_only_beginning(error)
    {
        return records.out.finish();
    }
    if let Err(Ended::Fault(fault)) = result {
        let (reason, detail) = match fault {
            Fault::End(at) => (
                Reason::Truncated,
                format!("the document ends in the middle (byte {at})"),
            ),
            Fault::Malformed(at, what) => (
                Reason::Malformed,
                format!("{what} (byte {at} of the document)"),
            ),
            Fault::Io(error) if is_too_large(&error) => (Reason::TooLong, error.to_string()),
            Fault::Io(error) => (Reason::Truncated, error.to_string()),
        };
        records.reject(reason, detail, b"");
    }
    records.out.finish();
}

/// Why the rest of a document is not read.
enum Ended {
    Fault(Fault),
    /// The receiver wants no more.
    Stopped,
}

impl From<Fault> for Ended {
    fn from(fault: Fault) -> Ended {
        Ended::Fault(fault)
    }
}

struct Document<'a, R> {
    cutter: Cutter<R>,
    text: Text,
    records: Records<'a>,
}

impl<R: Read> Document<'_, R> {
    /// All documents of the stream; at least one.
    fn all(&mut self, parts: &[Part]) -> Result<(), Ended> {
        loop {
            self.walk(parts, 0)?;
            if self.cutter.peek()?.is_none() {
                return Ok(());
            }
        }
    }

    /// Goes down a path, and takes the records at its end.
    fn walk(&mut self, parts: &[Part], depth: usize) -> Result<(), Ended> {
        match self.cutter.peek()? {
            None => Err(self.cutter.end().into()),
            Some(b'[') => self.array(parts, depth + 1),
            Some(b'{') => match parts.split_first() {
                Some((Part::Key(wanted), rest)) => self.object(wanted, rest, depth + 1),
                _ if self.records.mapping.lists.is_empty() => self.record(depth),
                _ => self.answer(depth + 1),
            },
            // Nothing is there: null.
            Some(b'n') => Ok(self.cutter.value(depth, None)?),
            Some(_) => Err(match parts.first() {
                Some(Part::Key(key)) => {
                    let what = format!("an object with `{key}` on the way to the records");
                    self.cutter.unexpected(&what)
                }
                _ => self.cutter.unexpected("an array of records, or a record"),
            }
            .into()),
        }
    }

    fn array(&mut self, parts: &[Part], depth: usize) -> Result<(), Ended> {
        self.cutter.check_depth(depth)?;
        self.cutter.take();
        let is_end_of_path = parts.is_empty() || parts == [Part::Key("*".to_owned())];
        // An array on the way: its one element, or the same path in each.
        let (wanted, parts) = match parts {
            [Part::Index(index), rest @ ..] => (Some(*index), rest),
            parts => (None, parts),
        };
        let mut index = 0;
        while self.has_next(b']', index == 0)? {
            if is_end_of_path && parts.is_empty() && !self.records.mapping.lists.is_empty() {
                self.walk(parts, depth)?;
            } else if is_end_of_path {
                self.record(depth)?;
            } else if wanted.is_none_or(|wanted| wanted == index) {
                self.walk(parts, depth)?;
            } else {
                self.cutter.value(depth, None)?;
            }
            index += 1;
        }
        Ok(())
    }

    fn object(&mut self, wanted: &str, rest: &[Part], depth: usize) -> Result<(), Ended> {
        self.cutter.check_depth(depth)?;
        self.cutter.take();
        let mut is_first = true;
        while self.has_next(b'}', is_first)? {
            is_first = false;
            let key = self.key(depth)?;
            if wanted == "*" || key.as_deref() == Some(wanted) {
                self.walk(rest, depth)?;
            } else {
                self.cutter.value(depth, None)?;
            }
        }
        Ok(())
    }

    /// An object that has its records in a list, or that is a record itself. Only the text of a record is kept.
    fn answer(&mut self, depth: usize) -> Result<(), Ended> {
        self.cutter.check_depth(depth)?;
        self.cutter.take();
        let mut record = Text::up_to(self.records.most_record_bytes);
        record.values = 1;
        record.push(b"{");
        let (mut is_first, mut has_list) = (true, false);
        while self.has_next(b'}', is_first)? {
            let key = self.key(depth)?;
            let lists = &self.records.mapping.lists;
            let is_listed = key.is_some_and(|key| lists.contains(&key));
            if is_listed && self.cutter.peek()? == Some(b'[') {
                has_list = true;
                self.array(&[], depth + 1)?;
            } else if has_list {
                self.cutter.value(depth, None)?;
            } else {
                if !is_first {
                    record.push(b",");
                }
                record.push(&self.text.bytes);
                record.push(b":");
                self.cutter.value(depth, Some(&mut record))?;
            }
            is_first = false;
        }
        if has_list {
            return Ok(());
        }
        record.push(b"}");
        self.take_record(&record)
    }

    /// Takes a key and the colon behind it. `None` for a key that is too long or no text.
    fn key(&mut self, depth: usize) -> Result<Option<String>, Ended> {
        if self.cutter.peek()? != Some(b'"') {
            return Err(self.cutter.unexpected("a key in quotes").into());
        }
        self.text.clear();
        self.cutter.value(depth, Some(&mut self.text))?;
        if self.cutter.peek()? != Some(b':') {
            return Err(self.cutter.unexpected("`:`").into());
        }
        self.cutter.take();
        Ok(serde_json::from_slice(&self.text.bytes).ok())
    }

    /// Whether an element follows, past the comma before it; takes the closing bracket if not.
    fn has_next(&mut self, close: u8, is_first: bool) -> Result<bool, Ended> {
        let byte = self.cutter.peek()?.ok_or_else(|| self.cutter.end())?;
        if byte == close {
            self.cutter.take();
            return Ok(false);
        }
        if !is_first {
            if byte != b',' {
                let expected = format!("`,` or `{}`", char::from(close));
                return Err(self.cutter.unexpected(&expected).into());
            }
            self.cutter.take();
        }
        Ok(true)
    }

    fn record(&mut self, depth: usize) -> Result<(), Ended> {
        self.text.clear();
        self.cutter.value(depth, Some(&mut self.text))?;
        let text = std::mem::replace(&mut self.text, Text::up_to(0));
        let taken = self.take_record(&text);
        self.text = text;
        taken
    }

    fn take_record(&mut self, text: &Text) -> Result<(), Ended> {
        self.records.take(text);
        match self.records.out.stopped {
            true => Err(Ended::Stopped),
            false => Ok(()),
        }
    }
}

/// What becomes of the records.
struct Records<'a> {
    mapping: &'a Mapping,
    stream: u64,
    most_record_bytes: usize,
    count: u64,
    out: HandOn<'a>,
}

impl Records<'_> {
    fn take(&mut self, text: &Text) {
        if text.is_too_long() {
            let detail = format!(
                "{} bytes, and a record may have {} (limits.record_bytes)",
                text.length, self.most_record_bytes
            );
            self.reject(Reason::TooLong, detail, &text.bytes);
        } else if text.values > MAX_VALUES as u64 {
            let detail = format!("{} values, and a record may have {MAX_VALUES}", text.values);
            self.reject(Reason::TooLong, detail, &text.bytes);
        } else if let Err(error) = std::str::from_utf8(&text.bytes) {
            let detail = format!("not UTF-8 at byte {} of the record", error.valid_up_to());
            self.reject(Reason::InvalidUtf8, detail, &text.bytes);
        } else {
            let _share = Share::take(text.bytes.len());
            match serde_json::from_slice::<Value>(&text.bytes) {
                Ok(record) => self.apply(&record),
                Err(error) => self.reject(Reason::Malformed, error.to_string(), &text.bytes),
            }
        }
        self.out.after_record();
    }

    fn apply(&mut self, record: &Value) {
        let raw = record.to_string();
        if !record.is_object() {
            return self.reject(Reason::Malformed, "not a JSON object", raw.as_bytes());
        }
        let place = Place {
            stream: self.stream,
            offset: self.next_offset(),
            record: xxh3_64(raw.as_bytes()),
        };
        let batch = &mut self.out.batch;
        self.mapping
            .apply_value(record, place, raw.as_bytes(), batch);
    }

    fn reject(&mut self, reason: Reason, detail: impl Into<String>, raw: &[u8]) {
        let reject = Reject::new(self.next_offset(), reason, detail, raw);
        self.out.batch.records += 1;
        self.out.batch.rejects.push(reject);
    }

    fn next_offset(&mut self) -> u64 {
        self.count += 1;
        (self.count - 1) * PLACE_STEP
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::mapping::{Circumstances, compile};
    use crate::model::Time;
    use crate::rules::mapping::MappingSpec;
    use std::ops::ControlFlow;

    fn decode(records: &str, text: &str) -> (Vec<String>, Vec<(Reason, String)>) {
        let file = std::path::Path::new("m.yaml");
        let records = match records.strip_suffix('?') {
            Some(list) => format!("lists: ['{list}']\n"),
            None if records.is_empty() => String::new(),
            None => format!("records: '{records}'\n"),
        };
        let mapping = format!("{records}case: id\nactivity: what\ntime: at\n");
        let spec = MappingSpec::parse(&mapping, file).unwrap();
        let circumstances = Circumstances {
            default_process: "p",
            namespace: "",
            latest: Time(i64::MAX),
        };
        let mapping = compile(&spec, file, circumstances).unwrap();
        let (mut cases, mut rejects) = (Vec::new(), Vec::new());
        decode_document(&mapping, 7, text.as_bytes(), 1 << 20, &mut |batch| {
            cases.extend(
                batch
                    .events
                    .iter()
                    .map(|event| batch.text(event.case).to_owned()),
            );
            rejects.extend(
                batch
                    .rejects
                    .into_iter()
                    .map(|reject| (reject.reason, reject.detail)),
            );
            ControlFlow::Continue(())
        });
        (cases, rejects)
    }

    fn record(id: u32) -> String {
        format!("{{\"id\":{id},\"what\":\"x\",\"at\":1550286940}}")
    }

    #[test]
    fn records_wherever_they_are() {
        let (a, b) = (record(1), record(2));
        let two = ["1".to_owned(), "2".to_owned()];
        assert_eq!(decode("", &format!("[{a},{b}]")).0, two);
        assert_eq!(decode("", &format!("{a}\n{b}")).0, two);
        assert_eq!(
            decode("x.y", &format!("{{\"q\":[0],\"x\":{{\"y\":[{a},{b}]}}}}")).0,
            two
        );
        assert_eq!(
            decode("x.*", &format!("{{\"x\":{{\"k\":{a},\"l\":{b}}}}}")).0,
            two
        );
        assert_eq!(
            decode(
                "x.y",
                &format!("{{\"x\":[{{\"y\":[{a}]}},{{\"y\":[{b}]}}]}}")
            )
            .0,
            two
        );
        assert_eq!(decode("x[1]", &format!("{{\"x\":[[{a}],[{b}]]}}")).0, ["2"]);
    }

    #[test]
    fn records_of_an_answer_or_one_record_or_pages_in_an_array() {
        let (a, b) = (record(1), record(2));
        let two = ["1".to_owned(), "2".to_owned()];
        for text in [
            format!("{{\"total\":2,\"runs\":[{a},{b}]}}"),
            format!("{{\"runs\":[{a},{b}],\"next\":{{\"runs\":[0]}}}}"),
            format!("[{{\"runs\":[{a}]}},{{\"runs\":[{b}]}}]"),
            format!("{{\"runs\":[{a}]}}{{\"runs\":[{b}]}}"),
            format!("[{a},{b}]"),
            format!("{a}\n{b}"),
        ] {
            assert_eq!(decode("runs?", &text), (two.to_vec(), Vec::new()), "{text}");
        }
        assert_eq!(
            decode("runs?", "{\"total\":0,\"runs\":[]}"),
            (Vec::new(), Vec::new())
        );
        // An object under the key is a field of the record.
        let own = "{\"id\":3,\"what\":\"x\",\"runs\":{\"a\":[1]},\"at\":1550286940}";
        assert_eq!(decode("runs?", own).0, ["3"]);
    }

    #[test]
    fn an_answer_over_the_limit_of_a_record_is_read() {
        let long = format!(
            "{{\"x\":\"{}\",\"runs\":[{}]}}",
            "x".repeat(3 << 20),
            record(1)
        );
        assert_eq!(decode("runs?", &long), (vec!["1".to_owned()], Vec::new()));
    }

    #[test]
    fn a_document_that_breaks_off_keeps_its_first_records() {
        let (cases, rejects) = decode("", &format!("[{},{},{{\"id\":", record(1), record(2)));
        assert_eq!(cases, ["1", "2"]);
        assert_eq!(rejects[0].0, Reason::Truncated);
        let (cases, rejects) = decode("", &format!("[{}, oops]", record(1)));
        assert_eq!(cases, ["1"]);
        assert_eq!(rejects[0].0, Reason::Malformed);
        let (_, rejects) = decode("", "[1]");
        assert_eq!(rejects[0].1, "not a JSON object");
    }

    #[test]
    fn a_record_over_a_limit_is_rejected_and_the_others_count() {
        let between = |middle: &str| decode("", &format!("[{},{middle},{}]", record(1), record(2)));
        let two = ["1".to_owned(), "2".to_owned()];
        let (cases, rejects) = between(&format!("{{\"id\":3,\"x\":\"{}\"}}", "x".repeat(3 << 20)));
        assert_eq!(cases, two);
        assert_eq!(rejects.len(), 1);
        assert_eq!(rejects[0].0, Reason::TooLong);
        assert!(
            rejects[0].1.contains("limits.record_bytes"),
            "{}",
            rejects[0].1
        );
        let (cases, rejects) = between(&format!("{{\"id\":3,\"x\":[{}0]}}", "0,".repeat(200_000)));
        assert_eq!(cases, two);
        assert_eq!(rejects[0].0, Reason::TooLong);
        assert!(rejects[0].1.contains("200004 values"), "{}", rejects[0].1);
    }

    #[test]
    fn white_space_between_tokens_does_not_count() {
        let spaces = " \n".repeat(2 << 20);
        let text = format!("[{{\"id\":1,{spaces}\"what\":\"x\",\"at\":1550286940}}]");
        let (cases, rejects) = decode("", &text);
        assert_eq!((cases, rejects.len()), (vec!["1".to_owned()], 0));
    }

    #[test]
    fn a_record_with_a_mistake_inside_does_not_end_the_document() {
        let (cases, rejects) = decode("", &format!("[{{\"id\":\"\\q\"}},{}]", record(1)));
        assert_eq!(cases, ["1"]);
        assert_eq!(rejects[0].0, Reason::Malformed);
    }
}
