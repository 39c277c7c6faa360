//! How long cases count after they have ended, by process.

use crate::model::{Hour, NameId, Names, Span, Time};
use crate::rules::Catalog;
use std::collections::{BTreeMap, BTreeSet};

/// The spans within which cases count, by process: [`Catalog::window_of`] by the numbers of names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Windows {
    /// For every process that is not in `own`; `None` counts all.
    default: Option<Span>,
    /// The processes with another window.
    own: BTreeMap<NameId, Option<Span>>,
}

impl Windows {
    /// One window for all processes.
    pub fn all_alike(window: Option<Span>) -> Windows {
        Windows {
            default: window,
            own: BTreeMap::new(),
        }
    }

    /// A window for all processes but those to which the catalog gives their own; names are interned.
    pub fn new(default: Option<Span>, catalog: &Catalog, names: &mut Names) -> Windows {
        let window_of = |id: &String| (names.intern(id), catalog.window_of(id, default));
        let declared = catalog.processes.keys().map(window_of);
        Windows {
            default,
            own: declared.filter(|(_, window)| *window != default).collect(),
        }
    }

    /// That of a process; `None` counts all.
    pub fn of(&self, process: NameId) -> Option<Span> {
        self.own.get(&process).copied().unwrap_or(self.default)
    }

    /// Since when cases count for a process, or for those that have no window of their own; `None`: for ever.
    pub fn since(&self, process: Option<NameId>, as_of: Time) -> Option<Time> {
        let window = process.map_or(self.default, |process| self.of(process));
        window.map(|window| as_of.plus(-window))
    }

    /// The first hour that counts for a process: whole hours, as buckets have them.
    pub fn first_hour(&self, process: NameId, as_of: Time) -> Hour {
        self.of(process)
            .map_or(Hour::MIN, |span| as_of.plus(-span).hour())
    }

    /// Every different window.
    pub fn all(&self) -> BTreeSet<Option<Span>> {
        let own = self.own.values().copied();
        own.chain([self.default]).collect()
    }
}
