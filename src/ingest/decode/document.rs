//! One JSON document with records in it.

use super::BATCH_RECORDS;
use crate::ingest::batch::EventBatch;
use crate::ingest::mapping::{Mapping, Place};
use crate::ingest::path::{Part, Path};
use crate::ingest::reject::{Reason, Reject};
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use std::cell::Cell;
use std::fmt;
use std::io::Read;
use std::ops::ControlFlow;
use xxhash_rust::xxh3::xxh3_64;

/// Between the places of two records: more than records have elements, as a rule.
const PLACE_STEP: u64 = 1 << 16;
/// A record may be so many times longer in a document, with its spaces, than in a line. Beyond that the rest of the
/// document is not read: a tree of values takes thirty times the memory of its text.
const LONGER: u64 = 16;
/// Bytes read at once.
const BUFFER: usize = 1 << 16;

/// Decodes a document record by record, without holding it as a whole. Records are the elements of the array at
/// `records` (the values, if it is an object and the path ends in `*`), else of the document if that is an array, else
/// the document itself. Several documents may follow each other.
pub fn decode_document(
    mapping: &Mapping,
    stream: u64,
    reader: impl Read,
    most_record_bytes: usize,
    sink: &mut dyn FnMut(EventBatch) -> ControlFlow<()>,
) {
    let mut batch = EventBatch::default();
    let mut count = 0u64;
    let mut stopped = false;
    let most = most_record_bytes as u64 * LONGER;
    let left = Cell::new(most);
    let parts = mapping.records.as_ref().map_or(&[][..], Path::parts);
    let mut each = |record: Value| {
        left.set(most);
        let raw = record.to_string();
        let place = Place {
            stream,
            offset: count * PLACE_STEP,
            record: xxh3_64(raw.as_bytes()),
        };
        count += 1;
        if record.is_object() {
            mapping.apply_value(&record, place, raw.as_bytes(), &mut batch);
        } else {
            batch.records += 1;
            let detail = "not a JSON object";
            batch.rejects.push(Reject::new(
                place.offset,
                Reason::Malformed,
                detail,
                raw.as_bytes(),
            ));
        }
        if batch.records as usize >= BATCH_RECORDS {
            stopped = sink(std::mem::take(&mut batch)).is_break();
        }
        !stopped
    };
    let mut json = serde_json::Deserializer::from_reader(Bounded {
        inner: std::io::BufReader::with_capacity(BUFFER, reader),
        left: &left,
    });
    let result = loop {
        match (RecordsSeed {
            parts,
            each: &mut each,
        })
        .deserialize(&mut json)
        {
            Err(error) => break Err(error),
            Ok(()) => {
                if json.end().is_ok() {
                    break Ok(());
                }
            }
        }
    };
    if stopped {
        return;
    }
    if let Err(error) = result {
        let reason = if left.get() == 0 {
            Reason::TooLong
        } else if error.is_eof() || error.is_io() {
            Reason::Truncated
        } else {
            Reason::Malformed
        };
        batch.records += 1;
        let place = count * PLACE_STEP;
        batch
            .rejects
            .push(Reject::new(place, reason, error.to_string(), b""));
    }
    if batch.records > 0 {
        // Nothing follows, so it does not matter whether the receiver wants more.
        let _ = sink(batch);
    }
}

/// Ends with an error when a record is too long.
struct Bounded<'c, R> {
    inner: R,
    left: &'c Cell<u64>,
}

impl<R: Read> Read for Bounded<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.left.get() == 0 {
            let why = "a record of the document is longer than records may be (limits.record_bytes, times 16)";
            return Err(std::io::Error::other(why));
        }
        let count = self.inner.read(buffer)?;
        self.left.set(self.left.get().saturating_sub(count as u64));
        Ok(count)
    }
}

/// Goes down a path and hands out what is there.
struct RecordsSeed<'p, F> {
    parts: &'p [Part],
    each: F,
}

fn stop<E: Error>() -> E {
    E::custom("stopped")
}

impl<'de, F: FnMut(Value) -> bool> DeserializeSeed<'de> for RecordsSeed<'_, &mut F> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de, F: FnMut(Value) -> bool> Visitor<'de> for RecordsSeed<'_, &mut F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self.parts.first() {
            Some(Part::Key(key)) => write!(f, "an object with `{key}` on the way to the records"),
            _ => f.write_str("an array of records, or a record"),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let everything = self.parts.is_empty() || self.parts == [Part::Key("*".to_owned())];
        if everything {
            while let Some(record) = seq.next_element::<Value>()? {
                if !(self.each)(record) {
                    return Err(stop());
                }
            }
            return Ok(());
        }
        // An array on the way: its one element, or the same path in each.
        let (wanted, parts) = match self.parts {
            [Part::Index(index), rest @ ..] => (Some(*index), rest),
            parts => (None, parts),
        };
        let mut index = 0;
        loop {
            let more = if wanted.is_none_or(|wanted| wanted == index) {
                let each = &mut *self.each;
                seq.next_element_seed(RecordsSeed { parts, each })?
                    .is_some()
            } else {
                seq.next_element::<IgnoredAny>()?.is_some()
            };
            if !more {
                return Ok(());
            }
            index += 1;
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Some((Part::Key(wanted), rest)) = self.parts.split_first() else {
            let record = Value::deserialize(MapAccessDeserializer::new(map))?;
            return if (self.each)(record) {
                Ok(())
            } else {
                Err(stop())
            };
        };
        while let Some(key) = map.next_key::<String>()? {
            if *wanted == key || wanted == "*" {
                let each = &mut *self.each;
                map.next_value_seed(RecordsSeed { parts: rest, each })?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::mapping::{Circumstances, compile};
    use crate::model::Time;
    use crate::rules::mapping::MappingSpec;

    fn decode(records: &str, text: &str) -> (Vec<String>, Vec<(Reason, String)>) {
        let file = std::path::Path::new("m.yaml");
        let records = if records.is_empty() {
            String::new()
        } else {
            format!("records: '{records}'\n")
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
    fn a_record_that_is_too_long_ends_the_document() {
        let long = format!(
            "[{},{{\"id\":2,\"x\":[{}0]}}]",
            record(1),
            "0,".repeat(12 << 20)
        );
        let (cases, rejects) = decode("", &long);
        assert_eq!(cases, ["1"]);
        assert_eq!(rejects[0].0, Reason::TooLong);
    }
}
