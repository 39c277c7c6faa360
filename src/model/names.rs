//! Names (processes, activities, outcomes) kept once and spoken of by number.

use super::hash_text;
use hashbrown::HashTable;
use std::fmt;

/// The number of a name: from 1 on, in order of arrival. 0 is the absent name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NameId(pub u32);

impl NameId {
    /// The absent name.
    pub const NONE: NameId = NameId(0);

    /// Whether this is a name.
    pub fn is_some(self) -> bool {
        self != NameId::NONE
    }

    /// The place of this name in a table that begins with the absent name.
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }

    /// The place of this name in a table of all names; `None` for the absent one.
    fn slot(self) -> Option<usize> {
        self.0.checked_sub(1).map(|slot| slot as usize)
    }

    /// The number of the name at a place of the table.
    fn at(slot: usize) -> NameId {
        NameId(slot as u32 + 1)
    }
}

/// As it is written to the disk.
impl From<NameId> for u64 {
    fn from(id: NameId) -> u64 {
        u64::from(id.0)
    }
}

/// The number, for messages about damaged rows.
impl fmt::Display for NameId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An append-only table of names. Numbers are given in order of arrival and never reused, so they differ between
/// two runs over the same events; whatever must not depend on the order uses [`Names::hash`] or the text.
#[derive(Debug, Default, Clone)]
pub struct Names {
    texts: Vec<Box<str>>,
    hashes: Vec<u64>,
    index: HashTable<NameId>,
}

impl Names {
    /// An empty table.
    pub fn new() -> Names {
        Names::default()
    }

    /// The number of a name, given now if it is new. The empty text is the absent name, 0.
    pub fn intern(&mut self, text: &str) -> NameId {
        if text.is_empty() {
            return NameId::NONE;
        }
        let hash = hash_text(text);
        if let Some(id) = self.find_hashed(hash, text) {
            return id;
        }
        let id = self.next_id();
        let hashes = &self.hashes;
        let hash_at = |id: &NameId| hashes.get(id.slot()?).copied();
        self.index
            .insert_unique(hash, id, |id| hash_at(id).unwrap_or(hash));
        self.texts.push(text.into());
        self.hashes.push(hash);
        id
    }

    /// The number of a name that is already known.
    pub fn find(&self, text: &str) -> Option<NameId> {
        if text.is_empty() {
            return None;
        }
        self.find_hashed(hash_text(text), text)
    }

    fn find_hashed(&self, hash: u64, text: &str) -> Option<NameId> {
        let is_it = |id: &NameId| self.text(*id) == text;
        self.index.find(hash, is_it).copied()
    }

    /// The number that the next new name gets.
    pub fn next_id(&self) -> NameId {
        NameId::at(self.texts.len())
    }

    /// The text of a name; empty for the absent one and for numbers never given.
    pub fn text(&self, id: NameId) -> &str {
        id.slot()
            .and_then(|slot| self.texts.get(slot))
            .map_or("", |text| text)
    }

    /// The hash of a name's text: the same in every run.
    pub fn hash(&self, id: NameId) -> u64 {
        id.slot()
            .and_then(|slot| self.hashes.get(slot))
            .copied()
            .unwrap_or(0)
    }

    /// How many names there are.
    pub fn len(&self) -> usize {
        self.texts.len()
    }

    /// Whether there is no name yet.
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }

    /// The names from number `from` on, in the order of their numbers: what a store has not seen yet.
    pub fn since(&self, from: NameId) -> impl Iterator<Item = (NameId, &str)> {
        self.texts
            .iter()
            .enumerate()
            .skip(from.slot().unwrap_or(0))
            .map(|(slot, text)| (NameId::at(slot), &**text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_one_number() {
        let mut names = Names::new();
        let ids: Vec<NameId> = (0..1000).map(|n| names.intern(&format!("n{n}"))).collect();
        for (n, id) in ids.iter().enumerate() {
            let text = format!("n{n}");
            assert_eq!(names.intern(&text), *id);
            assert_eq!(names.find(&text), Some(*id));
            assert_eq!(names.text(*id), text);
            assert_eq!(names.hash(*id), hash_text(&text));
        }
        assert_eq!(names.len(), 1000);
        assert_eq!(names.intern(""), NameId::NONE);
        assert_eq!(names.text(NameId::NONE), "");
        assert_eq!(names.since(NameId(999)).count(), 2);
    }
}
