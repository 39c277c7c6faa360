//! Names (processes, activities, outcomes) kept once and spoken of by number.

use super::hash_text;
use hashbrown::HashTable;

/// The number of a name. 0 is the absent name.
pub(crate) type NameId = u32;

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
            return 0;
        }
        let hash = hash_text(text);
        let (texts, hashes) = (&self.texts, &self.hashes);
        let slot = |id: &NameId| (*id - 1) as usize;
        if let Some(id) = self.index.find(hash, |id| &*texts[slot(id)] == text) {
            return *id;
        }
        let id = self.texts.len() as NameId + 1;
        self.index
            .insert_unique(hash, id, |id| hashes.get(slot(id)).copied().unwrap_or(hash));
        self.texts.push(text.into());
        self.hashes.push(hash);
        id
    }

    /// The number of a name that is already known.
    pub fn find(&self, text: &str) -> Option<NameId> {
        if text.is_empty() {
            return None;
        }
        self.index
            .find(hash_text(text), |id| {
                &*self.texts[(*id - 1) as usize] == text
            })
            .copied()
    }

    /// The text of a name; empty for the absent one and for numbers never given.
    pub fn text(&self, id: NameId) -> &str {
        id.checked_sub(1)
            .and_then(|slot| self.texts.get(slot as usize))
            .map_or("", |text| text)
    }

    /// The hash of a name's text: the same in every run.
    pub fn hash(&self, id: NameId) -> u64 {
        id.checked_sub(1)
            .and_then(|slot| self.hashes.get(slot as usize))
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
        let skip = from.max(1) as usize - 1;
        self.texts
            .iter()
            .enumerate()
            .skip(skip)
            .map(|(slot, text)| (slot as NameId + 1, &**text))
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
        assert_eq!(names.intern(""), 0);
        assert_eq!(names.text(0), "");
        assert_eq!(names.since(999).count(), 2);
    }
}
