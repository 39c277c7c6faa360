//! One JSON value a line.

use super::large::{MAX_VALUES, Share, has_too_many_values};
use super::listed::apply_listed;
use crate::ingest::batch::EventBatch;
use crate::ingest::mapping::{Mapping, Place, SlotRow};
use crate::ingest::path::{Part, Path};
use crate::ingest::reject::{Reason, Reject};
use crate::ingest::scalar::Scalar;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use std::borrow::Cow;
use std::fmt;
use xxhash_rust::xxh3::xxh3_64;

/// Decodes lines for one mapping. Where the mapping reads only fields, the rest of a record is skipped without being
/// built, which is four times as fast as a tree of values.
#[derive(Debug)]
pub struct LineDecoder<'m> {
    mapping: &'m Mapping,
    trie: Trie,
}

impl<'m> LineDecoder<'m> {
    /// For a mapping.
    pub fn new(mapping: &'m Mapping) -> LineDecoder<'m> {
        LineDecoder {
            mapping,
            trie: Trie::new(mapping.slots.iter().map(|slot| &slot.path)),
        }
    }

    /// Decodes whole lines that stand at `offset` in the stream.
    pub fn decode(&self, stream: u64, offset: u64, bytes: &[u8], out: &mut EventBatch) {
        let mut slots = vec![Scalar::Missing; self.mapping.slots.len()];
        // One check for the whole chunk; line by line only where something is wrong.
        let all_valid = std::str::from_utf8(bytes).is_ok();
        let mut at = 0;
        while at < bytes.len() {
            let end = memchr::memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |n| at + n + 1);
            let line = bytes[at..end].trim_ascii();
            let place = Place {
                stream,
                offset: offset + at as u64,
                record: 0,
            };
            at = end;
            if line.is_empty() {
                continue;
            }
            if !all_valid && let Err(error) = std::str::from_utf8(line) {
                out.records += 1;
                let detail = format!("not UTF-8 at byte {} of the line", error.valid_up_to());
                out.rejects
                    .push(Reject::new(place.offset, Reason::InvalidUtf8, detail, line));
                continue;
            }
            self.line(line, place, &mut slots, out);
        }
    }

    fn line<'a>(
        &self,
        line: &'a [u8],
        place: Place,
        slots: &mut [Scalar<'a>],
        out: &mut EventBatch,
    ) {
        let place = Place {
            record: xxh3_64(line),
            ..place
        };
        let malformed = |error: serde_json::Error, out: &mut EventBatch| {
            out.records += 1;
            out.rejects.push(Reject::new(
                place.offset,
                Reason::Malformed,
                error.to_string(),
                line,
            ));
        };
        if self.mapping.whole_records {
            if has_too_many_values(line) {
                let detail = format!("it has more than {MAX_VALUES} values");
                out.records += 1;
                out.rejects
                    .push(Reject::new(place.offset, Reason::TooLong, detail, line));
                return;
            }
            let _share = Share::take(line.len());
            match serde_json::from_slice::<Value>(line) {
                Ok(value) => {
                    if !apply_listed(self.mapping, &value, (place, line), out) {
                        malformed(not_an_object(), out);
                    }
                }
                Err(error) => malformed(error, out),
            }
            return;
        }
        slots.fill(Scalar::Missing);
        let mut json = serde_json::Deserializer::from_slice(line);
        let seed = NodeSeed {
            trie: &self.trie,
            node: 0,
            slots,
        };
        let done = seed.deserialize(&mut json).and_then(|()| json.end());
        match done {
            Ok(()) if line[0] == b'{' => {
                self.mapping.apply_slots(&SlotRow(slots), place, line, out);
            }
            Ok(()) => malformed(not_an_object(), out),
            Err(error) => malformed(error, out),
        }
    }
}

fn not_an_object() -> serde_json::Error {
    serde_json::Error::custom("not a JSON object")
}

/// The first records of a sample, each as a tree, for guessing and previews.
pub(crate) fn sample_records(sample: &[u8], most: usize) -> Vec<Value> {
    sample
        .split(|byte| *byte == b'\n')
        .filter_map(|line| serde_json::from_slice::<Value>(line).ok())
        .filter(Value::is_object)
        .take(most)
        .collect()
}

/// The paths that a mapping reads, as a tree of keys.
#[derive(Debug)]
struct Trie {
    nodes: Vec<Node>,
}

#[derive(Debug, Default)]
struct Node {
    children: Vec<(String, usize)>,
    slots: Vec<usize>,
}

impl Trie {
    fn new<'p>(paths: impl Iterator<Item = &'p Path>) -> Trie {
        let mut trie = Trie {
            nodes: vec![Node::default()],
        };
        for (slot, path) in paths.enumerate() {
            let keys = path.parts().iter().map(|part| match part {
                Part::Key(key) => key.as_str(),
                // Paths with an index are read from whole records.
                Part::Index(_) | Part::Where(..) => "",
            });
            trie.insert(keys.clone(), slot);
            // A key that has the whole path as its name, or the end of it: `attributes` with `gen_ai.operation.name`.
            let mut at = 0;
            let ends = path.text().split('.').map(|part| {
                let begin = at;
                at += part.len() + 1;
                &path.text()[begin..]
            });
            for (nth, end) in ends.enumerate().take(path.parts().len().saturating_sub(1)) {
                trie.insert(keys.clone().take(nth).chain([end]), slot);
            }
        }
        trie
    }

    fn insert<'k>(&mut self, keys: impl Iterator<Item = &'k str>, slot: usize) {
        let mut node = 0;
        for key in keys {
            let known = self.nodes[node].children.iter().find(|(k, _)| k == key);
            node = match known {
                Some((_, child)) => *child,
                None => {
                    let child = self.nodes.len();
                    self.nodes.push(Node::default());
                    self.nodes[node].children.push((key.to_owned(), child));
                    child
                }
            };
        }
        self.nodes[node].slots.push(slot);
    }
}

/// Reads a value at a node of the tree into its slots.
struct NodeSeed<'t, 's, 'de> {
    trie: &'t Trie,
    node: usize,
    slots: &'s mut [Scalar<'de>],
}

impl<'de> NodeSeed<'_, '_, 'de> {
    fn set(self, scalar: Scalar<'de>) {
        let node = &self.trie.nodes[self.node];
        if let Some((last, others)) = node.slots.split_last() {
            for slot in others {
                self.slots[*slot] = scalar.clone();
            }
            self.slots[*last] = scalar;
        }
    }
}

impl<'de> DeserializeSeed<'de> for NodeSeed<'_, '_, 'de> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for NodeSeed<'_, '_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a JSON value")
    }
    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.set(Scalar::Bool(value));
        Ok(())
    }
    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.set(Scalar::Int(value));
        Ok(())
    }
    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        self.set(match i64::try_from(value) {
            Ok(int) => Scalar::Int(int),
            Err(_) => Scalar::Text(Cow::Owned(value.to_string())),
        });
        Ok(())
    }
    fn visit_f64<E>(self, value: f64) -> Result<(), E> {
        self.set(Scalar::Float(value));
        Ok(())
    }
    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<(), E> {
        self.set(Scalar::Text(Cow::Borrowed(value)));
        Ok(())
    }
    fn visit_str<E>(self, value: &str) -> Result<(), E> {
        self.set(Scalar::Text(Cow::Owned(value.to_owned())));
        Ok(())
    }
    fn visit_unit<E>(self) -> Result<(), E> {
        self.set(Scalar::Missing);
        Ok(())
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let node = &self.trie.nodes[self.node];
        while let Some(child) = map.next_key_seed(KeySeed(node))? {
            match child {
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
                Some(child) => map.next_value_seed(NodeSeed {
                    trie: self.trie,
                    node: child,
                    slots: &mut *self.slots,
                })?,
            }
        }
        Ok(())
    }
}

/// Reads a key: the child it leads to, if a path goes that way.
struct KeySeed<'t>(&'t Node);

impl<'de> DeserializeSeed<'de> for KeySeed<'_> {
    type Value = Option<usize>;
    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Option<usize>, D::Error> {
        from.deserialize_str(self)
    }
}

impl Visitor<'_> for KeySeed<'_> {
    type Value = Option<usize>;
    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a key")
    }
    fn visit_str<E>(self, key: &str) -> Result<Option<usize>, E> {
        let children = self.0.children.iter();
        Ok(children
            .into_iter()
            .find(|(known, _)| known == key)
            .map(|(_, child)| *child))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::mapping::{Circumstances, compile};
    use crate::model::Time;
    use crate::rules::mapping::MappingSpec;

    fn mapping(text: &str) -> Mapping {
        let file = std::path::Path::new("m.yaml");
        let spec = MappingSpec::parse(text, file).unwrap();
        let circumstances = Circumstances {
            default_process: "p",
            namespace: "",
            latest: Time(i64::MAX),
        };
        compile(&spec, file, circumstances).unwrap()
    }

    fn decode(mapping_text: &str, lines: &str) -> EventBatch {
        let mapping = mapping(mapping_text);
        let mut out = EventBatch::default();
        LineDecoder::new(&mapping).decode(7, 100, lines.as_bytes(), &mut out);
        out
    }

    const PLAIN: &str = "case: a.id\nactivity: what\ntime: at\n";

    #[test]
    fn nested_fields_are_found_and_others_skipped() {
        let out = decode(
            PLAIN,
            "{\"x\":[1,{\"y\":2}],\"a\":{\"z\":0,\"id\":\"c\\u00e9\"},\"what\":\"do\",\"at\":1550286940}\n\
             {\"a.id\":\"c2\",\"what\":5,\"at\":\"2019-02-16T03:15:40Z\"}\n",
        );
        assert!(out.rejects.is_empty(), "{:?}", out.rejects);
        assert_eq!(out.text(out.events[0].case), "cé");
        assert_eq!(out.text(out.events[1].case), "c2");
        assert_eq!(out.names.text(out.events[1].activity), "5");
        assert_eq!(out.events[0].time, out.events[1].time);
        assert_eq!(out.events[0].place, 100);
    }

    #[test]
    fn the_fast_and_the_whole_way_agree() {
        let lines = "{\"a\":{\"id\":1},\"what\":\" do  it \",\"at\":1550286940.25}\n{\"a\":{\"id\":null},\"what\":\"x\",\"at\":1}\n[1]\n{\"a\":\n\n";
        let fast = decode(PLAIN, lines);
        let whole = decode(&format!("{PLAIN}where: 'true'\n"), lines);
        assert_eq!(fast.events, whole.events);
        assert_eq!(fast.events.len(), 1);
        let reasons =
            |batch: &EventBatch| batch.rejects.iter().map(|r| r.reason).collect::<Vec<_>>();
        assert_eq!(reasons(&fast), reasons(&whole));
        assert_eq!(
            reasons(&fast),
            [Reason::MissingCase, Reason::Malformed, Reason::Malformed]
        );
        assert_eq!(fast.names.text(fast.events[0].activity), "do  it");
    }

    #[test]
    fn one_bad_line_does_not_stop_the_good_ones() {
        let mut lines = b"{\"a\":{\"id\":1},\"what\":\"x\",\"at\":1550286940}\n\xff\xfe\n".to_vec();
        lines.extend(b"{\"a\":{\"id\":2},\"what\":\"x\",\"at\":\"soon\"}\n{\"a\":{\"id\":3},\"what\":\"x\",\"at\":1550286940} trailing\n");
        lines.extend(b"{\"a\":{\"id\":4},\"what\":\"x\",\"at\":1550286940}");
        let mapping = mapping(PLAIN);
        let mut out = EventBatch::default();
        LineDecoder::new(&mapping).decode(7, 0, &lines, &mut out);
        assert_eq!(out.events.len(), 2);
        let reasons: Vec<Reason> = out.rejects.iter().map(|r| r.reason).collect();
        assert_eq!(
            reasons,
            [
                Reason::InvalidUtf8,
                Reason::UnreadableTime,
                Reason::Malformed
            ]
        );
        assert_eq!(out.records, 5);
    }

    #[test]
    fn one_record_to_many_events() {
        let text = "case: key\ntime: log.at\nevents:\n- each: log.items\n  where: \"item.field == 'status'\"\n  activity: item.to\n  lifecycle: { path: item.to, values: { Done: end, Open: step } }\n- activity: { const: created }\n  time: made\n";
        let out = decode(
            text,
            "{\"key\":\"T-1\",\"made\":1550286900,\"log\":{\"at\":1550286940,\"items\":[{\"field\":\"x\"},{\"field\":\"status\",\"to\":\"Open\"},{\"field\":\"status\",\"to\":\"Done\"}]}}\n",
        );
        assert!(out.rejects.is_empty(), "{:?}", out.rejects);
        let steps: Vec<&str> = out
            .events
            .iter()
            .map(|e| out.names.text(e.activity))
            .collect();
        assert_eq!(steps, ["Open", "Done", "created"]);
        let mut identities: Vec<u64> = out.events.iter().map(|e| e.identity).collect();
        identities.dedup();
        assert_eq!(identities.len(), 3);
        assert!(out.events.iter().all(|e| e.flags.declares_end()));
    }

    #[test]
    fn a_line_with_too_many_values_is_not_built() {
        let many = format!("{{\"x\":[{}0]}}\n", "0,".repeat(150_000));
        let out = decode(&format!("{PLAIN}where: 'true'\n"), &many);
        assert_eq!(out.rejects[0].reason, Reason::TooLong);
        assert_eq!(out.records, 1);
        // Fields alone are read without building anything.
        assert_eq!(decode(PLAIN, &many).rejects[0].reason, Reason::MissingCase);
    }

    #[test]
    fn what_is_believed_moves_on_with_the_clock() {
        let mapping = mapping(PLAIN);
        let line = b"{\"a\":{\"id\":1},\"what\":\"x\",\"at\":1550286940}\n";
        let reasons = |latest: i64| {
            mapping.believe_until(Time(latest * 1_000_000));
            let mut out = EventBatch::default();
            LineDecoder::new(&mapping).decode(7, 0, line, &mut out);
            out.rejects
                .iter()
                .map(|reject| reject.reason)
                .collect::<Vec<_>>()
        };
        assert_eq!(reasons(1_550_286_939), [Reason::ImplausibleTime]);
        assert!(reasons(1_550_286_940).is_empty());
    }

    #[test]
    fn the_same_record_at_another_place_is_another_event() {
        let line = "{\"a\":{\"id\":1},\"what\":\"x\",\"at\":1550286940}\n";
        let out = decode(PLAIN, &line.repeat(2));
        assert_ne!(out.events[0].identity, out.events[1].identity);
        let with_id = decode(&format!("{PLAIN}event_id: a.id\n"), &line.repeat(2));
        assert_eq!(with_id.events[0].identity, with_id.events[1].identity);
    }
}
