//! What is found once per record, and a limit to the work for one record.
//!
//! A record with many elements is mapped once per element. What all elements share (a field of the record, its value for
//! predicates) is looked up once. A long text of the record still counts for each of its elements, so that the work is limited
//! in proportion to the record: a small body must not take any time or memory.

use cel::common::types::{
    CelBool, CelDouble, CelInt, CelList, CelMap, CelMapKey, CelNull, CelString, CelUInt,
};
use cel::common::value::Val;
use serde_json::Value;
use std::cell::{Cell, OnceCell, RefCell};
use std::collections::HashMap;
use std::sync::Arc;

/// Work for each byte of a record. Ordinary records of many elements take 5 to 30.
const WORK_PER_BYTE: u64 = 64;
/// Work for every record.
const WORK_PER_RECORD: u64 = 64 << 10;
/// Work of looking at an element.
pub(super) const VISIT: u64 = 128;
/// Work of an event, beside its texts.
pub(super) const EVENT: u64 = 256;
/// Work of a rejected element: more than an event, because it is kept with its detail.
pub(super) const REJECT: u64 = 1024;
/// Work for each byte that is kept of an event.
pub(super) const KEPT_BYTE: u64 = 4;
/// Work of a value that predicates see.
const VALUE: u64 = 16;

/// Why the rest of a record is not mapped.
pub(super) const TOO_MUCH: &str = "its elements share texts that are too long for so many elements, so the rest of the record is not mapped. \
     Split the record, or shorten these texts";

/// How large a value is for predicates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Weight {
    /// Its texts, and something for each value.
    pub(super) work: u64,
    /// Elements of its longest array or object.
    pub longest: u64,
}

impl Weight {
    pub(super) fn of(value: &Value) -> Weight {
        let mut weight = Weight {
            work: VALUE,
            longest: 0,
        };
        match value {
            Value::String(text) => weight.work += text.len() as u64,
            Value::Array(items) => {
                weight.longest = items.len() as u64;
                items.iter().for_each(|item| weight.add(Weight::of(item)));
            }
            Value::Object(items) => {
                weight.longest = items.len() as u64;
                for (key, item) in items {
                    weight.work += key.len() as u64;
                    weight.add(Weight::of(item));
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
        weight
    }

    pub(super) fn add(&mut self, other: Weight) {
        self.work += other.work;
        self.longest = self.longest.max(other.longest);
    }
}

/// A value as predicates see it. Shared, because binding a value to a name would copy all of it.
pub(super) type Shown = Arc<Box<dyn Val>>;

/// A text for predicates.
pub(super) fn shown_text(text: &str) -> Shown {
    Arc::new(Box::new(CelString::from(text.to_owned())))
}

/// A value as the interpreter of predicates wants it. The library's own way makes another tree in between.
fn converted(value: &Value) -> Box<dyn Val> {
    match value {
        Value::Null => Box::new(CelNull),
        Value::Bool(yes) => Box::new(CelBool::from(*yes)),
        Value::Number(number) => match (number.as_u64(), number.as_i64(), number.as_f64()) {
            (Some(number), ..) => Box::new(CelUInt::from(number)),
            (None, Some(number), _) => Box::new(CelInt::from(number)),
            (None, None, number) => Box::new(CelDouble::from(number.unwrap_or(f64::NAN))),
        },
        Value::String(text) => Box::new(CelString::from(text.clone())),
        Value::Array(items) => {
            let items: Vec<Box<dyn Val>> = items.iter().map(converted).collect();
            Box::new(CelList::from(items))
        }
        Value::Object(items) => {
            let entry =
                |(key, item): (&String, &Value)| (CelMapKey::from(key.clone()), converted(item));
            let items: HashMap<CelMapKey, Box<dyn Val>> = items.iter().map(entry).collect();
            Box::new(CelMap::from(items))
        }
    }
}

/// What stands for a field that is not there.
pub(super) fn absent() -> Shown {
    Arc::new(Box::new(CelNull))
}

/// What is known of one record while it is mapped.
pub(crate) struct RecordWork<'r> {
    record: &'r Value,
    /// By slot, what a path finds in the record; empty if there is one event only.
    found: Box<[OnceCell<Option<&'r Value>>]>,
    /// Fields of the record, and elements around others, as predicates see them.
    for_predicates: RefCell<Vec<(Seen, Shown, Weight)>>,
    done: Cell<u64>,
    limit: u64,
}

/// What a predicate sees.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Seen {
    Record,
    Field(String),
    Outer(*const Value),
}

impl<'r> RecordWork<'r> {
    /// Of a record of this size, `slots` of whose paths are looked up more than once.
    pub(super) fn new(record: &'r Value, bytes: usize, slots: usize) -> RecordWork<'r> {
        RecordWork {
            record,
            found: std::iter::repeat_with(OnceCell::new).take(slots).collect(),
            for_predicates: RefCell::default(),
            done: Cell::new(0),
            limit: (bytes as u64).saturating_mul(WORK_PER_BYTE) + WORK_PER_RECORD,
        }
    }

    /// Notes work.
    pub(super) fn add(&self, work: u64) {
        self.done.set(self.done.get().saturating_add(work));
    }

    /// Whether the limit is reached.
    pub(super) fn is_too_much(&self) -> bool {
        self.done.get() > self.limit
    }

    /// What the path of a slot finds in the record.
    pub(super) fn find(
        &self,
        slot: usize,
        find: impl FnOnce(&'r Value) -> Option<&'r Value>,
    ) -> Option<&'r Value> {
        match self.found.get(slot) {
            Some(cell) => *cell.get_or_init(|| find(self.record)),
            None => find(self.record),
        }
    }

    fn cached(&self, seen: Seen, value: Option<&Value>) -> Result<(Shown, Weight), String> {
        let Some(value) = value else {
            return Ok((absent(), Weight::default()));
        };
        let mut known = self.for_predicates.borrow_mut();
        if let Some((_, value, weight)) = known.iter().find(|(other, ..)| *other == seen) {
            return Ok((value.clone(), *weight));
        }
        let (converted, weight) = self.convert(value)?;
        if matches!(seen, Seen::Outer(_)) {
            // Elements come in order: the one before is not needed any more.
            known.retain(|(other, ..)| !matches!(other, Seen::Outer(_)));
        }
        known.push((seen, converted.clone(), weight));
        Ok((converted, weight))
    }
}

/// What predicates see of a record.
pub trait PredicateView {
    /// Whether the record has a field of this name.
    fn has(&self, name: &str) -> bool;
    /// A field of the record; the whole without a name.
    fn field(&self, name: Option<&str>) -> Result<(Shown, Weight), String>;
    /// An element around others.
    fn outer(&self, value: &Value) -> Result<(Shown, Weight), String>;
    /// Any other value.
    fn convert(&self, value: &Value) -> Result<(Shown, Weight), String>;
    /// Notes steps.
    fn add_steps(&self, steps: u64);
}

impl PredicateView for RecordWork<'_> {
    fn has(&self, name: &str) -> bool {
        self.record.get(name).is_some()
    }

    fn field(&self, name: Option<&str>) -> Result<(Shown, Weight), String> {
        let seen = name.map_or(Seen::Record, |name| Seen::Field(name.to_owned()));
        let value = match name {
            Some(name) => self.record.get(name),
            None => Some(self.record),
        };
        self.cached(seen, value)
    }

    fn outer(&self, value: &Value) -> Result<(Shown, Weight), String> {
        self.cached(Seen::Outer(value), Some(value))
    }

    fn convert(&self, value: &Value) -> Result<(Shown, Weight), String> {
        let weight = Weight::of(value);
        self.add(weight.work);
        if self.is_too_much() {
            return Err(TOO_MUCH.to_owned());
        }
        Ok((Arc::new(converted(value)), weight))
    }

    fn add_steps(&self, steps: u64) {
        self.add(steps);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_what_the_library_makes_of_them() {
        let value = serde_json::json!({
            "a": [null, true, 1, -1, 1.5, u64::MAX, i64::MIN, "x"], "b": {"": [], "c": {}}
        });
        let of_library: Box<dyn Val> = cel::to_value(&value).unwrap().try_into().unwrap();
        let ours: cel::Value = (&*converted(&value)).try_into().unwrap();
        let theirs: cel::Value = (&*of_library).try_into().unwrap();
        assert_eq!(ours, theirs);
    }
}
