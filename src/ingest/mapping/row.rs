//! What a mapping reads from: a few fields of a record, or a record as a whole.

use super::work::{PredicateView, RecordWork};
use super::{Scope, Slot};
use crate::ingest::scalar::Scalar;
use serde_json::Value;

/// Gives a mapping its values.
pub trait Row {
    /// The value of a slot.
    fn scalar(&self, slot: usize) -> Scalar<'_>;
    /// The record as a whole, if it is there.
    fn record(&self) -> Option<&dyn PredicateView>;
    /// The element of `each`, if there is one.
    fn item(&self) -> Option<&Value>;
    /// The element around that of `each`, where one array is inside of another.
    fn outer(&self) -> Option<&Value>;
    /// The key of that element where `each` is an object.
    fn key(&self) -> Option<&str>;
}

/// The fields that a mapping reads, found by a decoder while it read the record.
#[derive(Debug)]
pub(crate) struct SlotRow<'a>(pub &'a [Scalar<'a>]);

impl Row for SlotRow<'_> {
    fn scalar(&self, slot: usize) -> Scalar<'_> {
        self.0.get(slot).map_or(Scalar::Missing, Scalar::borrowed)
    }
    fn record(&self) -> Option<&dyn PredicateView> {
        None
    }
    fn item(&self) -> Option<&Value> {
        None
    }
    fn outer(&self) -> Option<&Value> {
        None
    }
    fn key(&self) -> Option<&str> {
        None
    }
}

/// A record as a whole, perhaps with one element of an array in it.
#[derive(Clone, Copy)]
pub(crate) struct ValueRow<'a, 'r> {
    pub(super) slots: &'a [Slot],
    pub(super) record: &'a RecordWork<'r>,
    pub(super) item: Option<&'a Value>,
    /// The elements around it, the nearest last.
    pub(super) outers: &'a [&'a Value],
    pub(super) key: Option<&'a str>,
}

impl Row for ValueRow<'_, '_> {
    fn scalar(&self, slot: usize) -> Scalar<'_> {
        let scalar = self.find(slot);
        if let Scalar::Text(text) = &scalar {
            self.record.add(text.len() as u64);
        }
        scalar
    }
    fn record(&self) -> Option<&dyn PredicateView> {
        Some(self.record)
    }
    fn item(&self) -> Option<&Value> {
        self.item
    }
    fn outer(&self) -> Option<&Value> {
        self.outers.last().copied()
    }
    fn key(&self) -> Option<&str> {
        self.key
    }
}

impl ValueRow<'_, '_> {
    fn find(&self, number: usize) -> Scalar<'_> {
        let Some(slot) = self.slots.get(number) else {
            return Scalar::Missing;
        };
        let around = match &slot.scope {
            Scope::Record => None,
            Scope::Item(path) => self.item.map(|item| (item, path)),
            Scope::Outer(up, path) => {
                let outer = self.outers.len().checked_sub(*up);
                outer.map(|at| (self.outers[at], path))
            }
        };
        if let Some((element, path)) = around {
            return path.find(element).map_or(Scalar::Missing, Scalar::of_json);
        }
        let in_record = self.record.find(number, |record| slot.path.find(record));
        if let Some(value) = in_record {
            return Scalar::of_json(value);
        }
        match self.key {
            Some(key) if slot.path.text() == "key" => Scalar::Text(key.into()),
            _ => Scalar::Missing,
        }
    }
}
