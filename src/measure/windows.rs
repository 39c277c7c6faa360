//! How long cases count after they have ended, by process.

use crate::model::{HOUR_US, Hour, NameId, Names, Span, Time};
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

/// The time that sums cover, and the instant that is scored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// Since when cases count, whatever the scoring windows are; `None` for the scoring windows.
    pub since: Option<Time>,
    /// The last instant that the sums know of.
    pub last: Time,
    /// The instant that is scored: that of the end of the scoring windows.
    pub as_of: Time,
}

impl Period {
    /// The scoring windows that end with an instant. What happens at this instant counts.
    pub fn until(as_of: Time) -> Period {
        Period {
            since: None,
            last: as_of,
            as_of,
        }
    }

    /// The scoring windows that end before an hour begins.
    pub fn before(hour: Hour) -> Period {
        let as_of = start_of(hour);
        Period {
            since: None,
            // Of what was lost in the hour that begins, nothing belongs to it.
            last: as_of.plus(Span(-1)),
            as_of,
        }
    }

    /// From the beginning of an hour to that of another, however long the scoring windows are.
    pub fn between(from: Hour, to: Hour) -> Period {
        Period {
            since: Some(start_of(from)),
            ..Period::before(to)
        }
    }

    /// Since when cases count for a process, or for those that have no window of their own; `None`: for ever.
    pub fn since(&self, windows: &Windows, process: Option<NameId>) -> Option<Time> {
        self.since.or(windows.since(process, self.as_of))
    }

    /// Whether an hour counts for a process.
    pub fn has(&self, windows: &Windows, process: NameId, hour: Hour) -> bool {
        hour <= self.last.hour() && hour >= self.first_hour(windows, process)
    }

    /// The first hour that counts for any process.
    pub fn earliest_hour(&self, windows: &Windows) -> Hour {
        let first = |window: Option<Span>| {
            window.map_or(Hour::MIN, |window| self.as_of.plus(-window).hour())
        };
        match self.since {
            Some(since) => since.hour(),
            None => windows
                .all()
                .into_iter()
                .map(first)
                .min()
                .unwrap_or(Hour::MIN),
        }
    }

    fn first_hour(&self, windows: &Windows, process: NameId) -> Hour {
        match self.since {
            Some(since) => since.hour(),
            None => windows.first_hour(process, self.as_of),
        }
    }
}

fn start_of(hour: Hour) -> Time {
    Time(i64::from(hour) * HOUR_US)
}
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_window_goes_before_the_default() {
        let text = "processes: [{id: a, window: 7d}, {id: b, window: 90d}, {id: c}]";
        let catalog = Catalog::parse(text, std::path::Path::new("c.yaml")).unwrap();
        for default in [None, Some(Span::days(90))] {
            let mut names = Names::new();
            let windows = Windows::new(default, &catalog, &mut names);
            for (id, own) in [
                ("a", Some(Span::WEEK)),
                ("b", Some(Span::days(90))),
                ("c", default),
            ] {
                let number = names.find(id).unwrap();
                assert_eq!(windows.of(number), own, "{id}");
                assert_eq!(catalog.window_of(id, default), own, "{id}");
            }
            assert_eq!(windows.of(names.intern("undeclared")), default);
            assert_eq!(windows.all().len(), if default.is_some() { 2 } else { 3 });
        }
    }
}
