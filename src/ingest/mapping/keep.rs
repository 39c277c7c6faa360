//! What is stored of a rejected record: the fields that the mapping reads, with persons masked.
//!
//! A value about a person is stored as it is only if the mapping treats it otherwise than its mask: then it is no
//! person but a special value, such as the account of a program, and a replay needs it.

use super::field::{Field, FieldSource, Piece};
use super::predicate::Predicate;
use super::row::{Row, ValueRow};
use super::words::executor_of;
use super::work::{EVENT, RecordWork, VISIT};
use super::{EventMapping, Mapping, Scope};
use crate::ingest::path::{Part, Path};
use crate::ingest::persons::{is_mail_address, is_person_field};
use crate::ingest::scalar::Scalar;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// What the mapping makes of a record is looked up with the work that a record of so many bytes may take.
const JUDGED_BYTES: usize = 64 << 10;

/// So many different values of one record are looked at for whether the mapping treats them in a special way.
const MOST_PERSONS: usize = 32;

/// The fields that a mapping reads, as a graph of keys. Elements of arrays have the node of their array.
#[derive(Debug, Default)]
struct Node {
    children: BTreeMap<String, usize>,
    /// A value here is read.
    is_read: bool,
    /// Everything below may be read.
    whole: bool,
    /// A value here says who ran it.
    is_person: bool,
    /// An object here is a set of elements, by keys that nobody knows beforehand.
    elements: bool,
}

/// [`Mapping::kept_of`] for the records of one mapping.
#[derive(Debug)]
pub(crate) struct KeptFields {
    nodes: Vec<Node>,
}

/// Gives the mask of a value about a person.
pub(crate) type Mask<'a> = &'a dyn Fn(&str) -> String;

const ROOT: usize = 0;

impl KeptFields {
    fn child(&mut self, node: usize, key: &str) -> usize {
        if let Some(child) = self.nodes[node].children.get(key) {
            return *child;
        }
        let child = self.nodes.len();
        self.nodes.push(Node::default());
        self.nodes[node].children.insert(key.to_owned(), child);
        child
    }

    /// The node of a path below another one.
    fn walk(&mut self, from: usize, path: &Path) -> usize {
        let mut node = from;
        for part in path.parts() {
            match part {
                Part::Key(key) => node = self.child(node, key),
                Part::Index(_) => {}
                Part::Where(key, _) => {
                    let told_by = self.child(node, key);
                    self.nodes[told_by].is_read = true;
                }
            }
        }
        node
    }

    /// Notes that a path is read below a node.
    fn read(&mut self, from: usize, path: &Path, is_person: bool) {
        let mut found = vec![self.walk(from, path)];
        // A record may have the whole text of the path as a key, or the end of it.
        let (mut node, mut rest) = (from, path.text());
        loop {
            found.push(self.child(node, rest));
            match rest.split_once('.') {
                Some((key, end)) if !key.contains('[') => {
                    (node, rest) = (self.child(node, key), end);
                }
                _ => break,
            }
        }
        for node in found {
            self.nodes[node].is_read = true;
            self.nodes[node].is_person |= is_person;
        }
    }

    /// The nodes of the elements of `each`, the outermost first.
    fn elements(&mut self, event: &EventMapping) -> Vec<usize> {
        let Some(each) = &event.each else {
            return Vec::new();
        };
        let (levels, recurse) = each.paths();
        let (mut node, mut found) = (ROOT, Vec::new());
        for level in levels {
            node = self.walk(node, level);
            self.nodes[node].elements = true;
            found.push(node);
        }
        if let Some(Part::Key(last)) = recurse.and_then(|path| path.parts().last()) {
            let above: Vec<&Part> = recurse.into_iter().flat_map(Path::parts).collect();
            let mut at = node;
            for part in &above[..above.len() - 1] {
                if let Part::Key(key) = part {
                    at = self.child(at, key);
                }
            }
            self.nodes[at].children.insert(last.clone(), node);
        }
        found
    }

    fn variables(&mut self, predicate: &Predicate, elements: &[usize]) {
        for name in predicate.variables() {
            let nodes = match name.as_str() {
                "record" => vec![ROOT],
                "item" | "outer" if !elements.is_empty() => elements.to_vec(),
                "key" if !elements.is_empty() => Vec::new(),
                field => vec![self.child(ROOT, field)],
            };
            for node in nodes {
                self.nodes[node].whole = true;
            }
        }
    }

    /// Whether a field at the top of a record is read.
    fn has(&self, key: &str) -> bool {
        self.nodes[ROOT].whole || self.nodes[ROOT].children.contains_key(key)
    }
}

impl Mapping {
    /// The fields that are stored of a rejected record.
    pub(crate) fn kept_fields(&self) -> KeptFields {
        let mut kept = KeptFields {
            nodes: vec![Node::default()],
        };
        let mut persons = BTreeSet::new();
        let mut elements = BTreeSet::from([ROOT]);
        for event in &self.events {
            let of_event = kept.elements(event);
            event.visit_predicates(&mut |predicate| kept.variables(predicate, &of_event));
            elements.extend(of_event);
            persons.extend(event.executor.iter().flat_map(Field::slots));
        }
        for (nth, slot) in self.slots.iter().enumerate() {
            let is_person = persons.contains(&nth);
            kept.read(ROOT, &slot.path, is_person);
            if let Scope::Item(path) | Scope::Outer(_, path) = &slot.scope {
                for node in elements.iter().skip(1) {
                    kept.read(*node, path, is_person);
                }
            }
        }
        kept
    }

    /// What is stored of a record.
    pub(crate) fn kept_of(&self, fields: &KeptFields, record: &Value, mask: Mask) -> Value {
        let mut persons = BTreeSet::new();
        let keep = Keep {
            fields,
            mask,
            only: None,
        };
        let masked = keep.value(record, ROOT, Around::default(), &mut persons);
        let original = self.judgement(record);
        // Where it takes too long to tell, privacy comes first.
        let is_same = |kept: &Value| match (self.judgement(kept), &original) {
            (Some(kept), Some(original)) => kept == *original,
            _ => true,
        };
        if persons.is_empty() || persons.len() > MOST_PERSONS || is_same(&masked) {
            return masked;
        }
        let is_nobody = |person: &&String| {
            let only = BTreeSet::from([(*person).clone()]);
            let keep = Keep {
                only: Some(&only),
                ..keep
            };
            let kept = keep.value(record, ROOT, Around::default(), &mut BTreeSet::new());
            is_same(&kept)
        };
        let only: BTreeSet<String> = persons.iter().filter(is_nobody).cloned().collect();
        let keep = Keep {
            only: Some(&only),
            ..keep
        };
        keep.value(record, ROOT, Around::default(), &mut BTreeSet::new())
    }

    /// What is stored of a row of a table: cells that nothing reads are emptied.
    pub(crate) fn kept_cells(
        &self,
        fields: &KeptFields,
        columns: &[String],
        cells: &[String],
        mask: Mask,
    ) -> Vec<String> {
        let mut names: Vec<Option<&str>> = Vec::with_capacity(columns.len());
        for column in columns {
            let same = |path: &&str| path.to_lowercase() == column.to_lowercase();
            let exact = fields.has(column).then_some(column.as_str());
            names.push(exact.or_else(|| self.paths().find(same)));
        }
        let mut record = Map::new();
        for (name, cell) in names.iter().zip(cells) {
            if let Some(name) = name {
                let cell = Value::String(cell.clone());
                record.entry((*name).to_owned()).or_insert(cell);
            }
        }
        let kept = self.kept_of(fields, &Value::Object(record), mask);
        let cell = |name: &Option<&str>| {
            let text = name.and_then(|name| kept.get(name)?.as_str());
            text.unwrap_or_default().to_owned()
        };
        names.iter().map(cell).collect()
    }

    /// What the mapping makes of a record, field by field, as far as cases hold it as a text; `None` if that is too much work.
    fn judgement(&self, record: &Value) -> Option<Vec<String>> {
        let work = RecordWork::new(record, JUDGED_BYTES, self.slots.len());
        let mut said = Vec::new();
        for event in &self.events {
            let mut judge = |row: &ValueRow| {
                work.add(VISIT + EVENT);
                if !work.is_too_much() {
                    said.extend(event.judgement(row));
                }
            };
            let whole = ValueRow {
                slots: &self.slots,
                record: &work,
                item: None,
                outers: &[],
                key: None,
            };
            match &event.each {
                None => judge(&whole),
                Some(each) => each.visit(record, &mut |element| {
                    judge(&ValueRow {
                        item: Some(element.item),
                        outers: element.outers,
                        key: element.key,
                        ..whole
                    });
                }),
            }
        }
        (!work.is_too_much()).then_some(said)
    }
}

impl EventMapping {
    fn fields(&self) -> impl Iterator<Item = &Field> {
        let optional = [
            &self.sequence,
            &self.event_id,
            &self.lifecycle,
            &self.transition,
            &self.outcome,
            &self.parent,
            &self.hands_on,
            &self.reopened,
        ];
        [&self.case, &self.process, &self.activity, &self.time]
            .into_iter()
            .chain(optional.into_iter().flatten())
            .chain(&self.version)
            .chain(self.milestones.iter().map(|(_, field)| field))
    }

    fn predicates(&self) -> impl Iterator<Item = &Predicate> {
        let optional = [&self.reviewed, &self.exercise, &self.shadow];
        self.filters.iter().chain(optional.into_iter().flatten())
    }

    /// All predicates, with those in fields.
    fn visit_predicates(&self, visit: &mut dyn FnMut(&Predicate)) {
        self.predicates().for_each(&mut *visit);
        let hashed = self.input.iter().chain(&self.cluster);
        for field in self.fields().chain(&self.executor).chain(hashed) {
            if let FieldSource::Rules(rules) = &field.source {
                rules.iter().for_each(|(predicate, _)| visit(predicate));
            }
        }
    }

    fn judgement(&self, row: &impl Row) -> Vec<String> {
        let failed = || "?".to_owned();
        let text = |field: &Field| match field.text(row) {
            Ok(text) => text.map_or(String::new(), |text| format!("={text}")),
            Err(_) => failed(),
        };
        let executor = self.executor.iter().map(|field| match field.text(row) {
            Ok(word) => word.map_or(String::new(), |word| executor_of(&word).to_string()),
            Err(_) => failed(),
        });
        let holds = |predicate: &Predicate| match predicate.holds(row) {
            Ok(holds) => holds.to_string(),
            Err(_) => failed(),
        };
        let said = self.fields().map(text).chain(executor);
        said.chain(self.predicates().map(holds)).collect()
    }
}

impl Field {
    /// The slots that it reads.
    fn slots(&self) -> Vec<usize> {
        let of = |pieces: &[Piece]| -> Vec<usize> {
            let slot = |piece: &Piece| match piece {
                Piece::Slot(slot) => Some(*slot),
                Piece::Text(_) => None,
            };
            pieces.iter().filter_map(slot).collect()
        };
        match &self.source {
            FieldSource::Slot(slot) => vec![*slot],
            FieldSource::First(all) => all.iter().flat_map(|pieces| of(pieces)).collect(),
            FieldSource::Template(pieces) => of(pieces),
            FieldSource::Const(_) | FieldSource::Rules(_) => Vec::new(),
        }
    }
}

/// What is known of the fields around a value.
#[derive(Clone, Copy, Default)]
struct Around {
    /// One of them is kept whole.
    whole: bool,
    /// One of them is about a person.
    person: bool,
    /// The value is an element of an array or of `each`, and no set of elements itself.
    is_element: bool,
}

/// How a record is cut down.
#[derive(Clone, Copy)]
struct Keep<'a> {
    fields: &'a KeptFields,
    mask: Mask<'a>,
    /// Only these values are masked; all if `None`.
    only: Option<&'a BTreeSet<String>>,
}

impl Keep<'_> {
    /// What is kept of a value at a node; `whole` and `person` are those of what is around it. Notes what is masked.
    fn value(
        &self,
        value: &Value,
        at: usize,
        around: Around,
        persons: &mut BTreeSet<String>,
    ) -> Value {
        let node = &self.fields.nodes[at];
        let (whole, person) = (around.whole || node.whole, around.person || node.is_person);
        let below_it = |person, is_element| Around {
            whole,
            person,
            is_element,
        };
        match value {
            Value::Object(map) => {
                let mut kept = Map::new();
                for (key, below) in map {
                    let person = person || is_person_field(key);
                    let below = match node.children.get(key) {
                        Some(child) => self.value(below, *child, below_it(person, false), persons),
                        None if node.elements && !around.is_element => {
                            self.value(below, at, below_it(person, true), persons)
                        }
                        None if whole => self.below(below, person, persons),
                        None => continue,
                    };
                    kept.insert(key.clone(), below);
                }
                Value::Object(kept)
            }
            Value::Array(items) => {
                let item = |item| self.value(item, at, below_it(person, true), persons);
                Value::Array(items.iter().map(item).collect())
            }
            scalar if node.is_read || whole => self.scalar(scalar, person, persons),
            _ => Value::Null,
        }
    }

    /// The same below what is kept whole.
    fn below(&self, value: &Value, person: bool, persons: &mut BTreeSet<String>) -> Value {
        match value {
            Value::Object(map) => {
                let mut kept = Map::new();
                for (key, below) in map {
                    let person = person || is_person_field(key);
                    kept.insert(key.clone(), self.below(below, person, persons));
                }
                Value::Object(kept)
            }
            Value::Array(items) => {
                let item = |item| self.below(item, person, persons);
                Value::Array(items.iter().map(item).collect())
            }
            scalar => self.scalar(scalar, person, persons),
        }
    }

    fn scalar(&self, value: &Value, person: bool, persons: &mut BTreeSet<String>) -> Value {
        let is_person = |text: &str| person || is_mail_address(text);
        let text = match value {
            Value::Null | Value::Bool(_) => None,
            value => Scalar::of_json(value).into_text(),
        };
        let Some(text) = text.filter(|text| is_person(text)) else {
            return value.clone();
        };
        persons.insert(text.to_string());
        match self.only {
            Some(only) if !only.contains(text.as_ref()) => value.clone(),
            _ => Value::String((self.mask)(&text)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::mapping::{Circumstances, compile};
    use crate::model::Time;
    use crate::rules::mapping::MappingSpec;
    use serde_json::json;

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

    fn kept(text: &str, record: Value) -> Value {
        let mapping = mapping(text);
        let fields = mapping.kept_fields();
        mapping.kept_of(&fields, &record, &|text| format!("masked {}", text.len()))
    }

    const PLAIN: &str = "case: id\nactivity: fields.status.name\ntime: at\n";

    #[test]
    fn only_mapped_fields_are_kept() {
        let record = json!({"id": 7, "at": "x", "note": "Smith called", "fields": {"status": {"name": "open", "by": "Smith"},
            "text": "Smith"}});
        let want = json!({"id": 7, "at": "x", "fields": {"status": {"name": "open"}}});
        assert_eq!(kept(PLAIN, record), want);
    }

    #[test]
    fn persons_are_masked_unless_the_mapping_treats_them_in_a_special_way() {
        let text = format!(
            "{PLAIN}executor: {{path: who, match: [{{regex: '^svc-', value: code}}], default: human}}\n"
        );
        let record = |who: &str| json!({"id": "1", "who": who});
        assert_eq!(kept(&text, record("Smith")), record("masked 5"));
        assert_eq!(kept(&text, record("svc-soar")), record("svc-soar"));
        let text = format!("{PLAIN}where: \"owner.name != 'robot'\"\n");
        let record = |who: &str| json!({"id": "1", "owner": {"name": who, "mail": "masked 5"}});
        assert_eq!(
            kept(
                &text,
                json!({"id": "1", "owner": {"name": "Smith", "mail": "a@b.c"}})
            ),
            record("masked 5")
        );
        assert_eq!(
            kept(
                &text,
                json!({"id": "1", "owner": {"name": "robot", "mail": "a@b.c"}})
            ),
            record("robot")
        );
    }

    #[test]
    fn elements_keep_what_is_read_of_them() {
        let text =
            "case: id\nevents:\n- each: log[].items\n  activity: item.to\n  time: outer.at\n";
        let record = json!({"id": 1, "x": 2, "log": [{"at": 3, "who": "Smith", "items": [{"to": "a", "from": "b"}]}]});
        let want = json!({"id": 1, "log": [{"at": 3, "items": [{"to": "a"}]}]});
        assert_eq!(kept(text, record), want);
        let text = "case: id\nevents:\n- each: runs\n  activity: item.to\n  time: item.at\n";
        let record = json!({"id": 1, "runs": {"k": {"to": "a", "at": 1, "who": "Smith"}}});
        let want = json!({"id": 1, "runs": {"k": {"to": "a", "at": 1}}});
        assert_eq!(kept(text, record), want);
    }

    #[test]
    fn cells_that_nothing_reads_are_emptied() {
        let mapping = mapping("case: ID\nactivity: step\ntime: at\nexecutor: closed by\n");
        let text = |all: [&str; 5]| all.map(str::to_owned);
        let columns = text(["id", "Step", "at", "Closed by", "note"]);
        let cells = text(["1", "open", "2024", "Smith", "Smith"]);
        let fields = mapping.kept_fields();
        let kept = mapping.kept_cells(&fields, &columns, &cells, &|_| "masked".to_owned());
        assert_eq!(kept, text(["1", "open", "2024", "masked", ""]));
    }
}
