//! When a case reached its milestones.

use super::case::Case;
use super::event::CaseEvent;
use crate::model::{Lifecycle, NameId, Names, Span, Time};
use crate::rules::{GUESSED, Process, milestone_of_step};
use rustc_hash::FxHashSet;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// A milestone of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stage {
    /// Its name.
    pub milestone: NameId,
    /// From the first event of the case to the first time that it was reached; `None` if it was not.
    pub after: Option<Span>,
}

/// How the milestones of a process are told.
#[derive(Clone, Debug)]
pub(super) enum Milestones {
    /// By activities that the catalog names.
    Declared(Vec<(NameId, FxHashSet<NameId>)>),
    /// By the names of activities.
    Guessed([NameId; GUESSED.len()]),
}

impl Milestones {
    /// From the declared process; names are interned.
    pub(super) fn new(process: &Process, names: &mut Names) -> Milestones {
        let Some(declared) = &process.milestones else {
            return Milestones::Guessed(GUESSED.map(|name| names.intern(name)));
        };
        let one = |(name, activities): (&String, &std::collections::BTreeSet<String>)| {
            let name = names.intern(name);
            let activities = activities.iter().map(|text| names.intern(text));
            (name, activities.collect())
        };
        Milestones::Declared(declared.iter().map(one).collect())
    }

    /// When a case with these events, in order, reached each milestone.
    pub(super) fn of(
        &self,
        case: &Case,
        events: &[CaseEvent],
        (resolved, names): (&FxHashSet<NameId>, &Names),
    ) -> Vec<Stage> {
        let Some(start) = events.first().map(|event| event.time) else {
            return Vec::new();
        };
        let events = &*reaching(events);
        let mut reached: BTreeMap<NameId, Option<Time>> = match self {
            Milestones::Declared(declared) => by_activities(declared, events),
            Milestones::Guessed(milestones) => by_names(milestones, events, (resolved, names)),
        };
        for (milestone, time) in case.milestones() {
            let known = reached.entry(*milestone).or_default();
            *known = (*known).into_iter().chain(*time).min();
        }
        let stage = |(milestone, time): (NameId, Option<Time>)| {
            let after = time.map(|time| time.since(start));
            // What was reached before the log begins to tell of the case has no time from its start.
            let is_known = after.is_none_or(|after| after >= Span::ZERO);
            is_known.then_some(Stage { milestone, after })
        };
        reached.into_iter().filter_map(stage).collect()
    }
}

/// The events that can reach a milestone: an activity has reached it when it is complete.
fn reaching(events: &[CaseEvent]) -> Cow<'_, [CaseEvent]> {
    match events.iter().all(|event| event.flags.takes_effect()) {
        true => Cow::Borrowed(events),
        false => {
            let complete = events.iter().filter(|event| event.flags.takes_effect());
            Cow::Owned(complete.copied().collect())
        }
    }
}

fn by_activities(
    declared: &[(NameId, FxHashSet<NameId>)],
    events: &[CaseEvent],
) -> BTreeMap<NameId, Option<Time>> {
    let reached = |activities: &FxHashSet<NameId>| {
        let mut reaching = events.iter();
        let first = reaching.find(|event| activities.contains(&event.activity));
        first.map(|event| event.time)
    };
    let each = declared.iter();
    each.map(|(name, activities)| (*name, reached(activities)))
        .collect()
}

fn by_names(
    milestones: &[NameId; GUESSED.len()],
    events: &[CaseEvent],
    (resolving, names): (&FxHashSet<NameId>, &Names),
) -> BTreeMap<NameId, Option<Time>> {
    let mut reached = [None; GUESSED.len()];
    for (at, event) in events.iter().enumerate() {
        let is_repeated = at > 0 && events[at - 1].activity == event.activity;
        let named = match is_repeated {
            true => None,
            false => milestone_of_step(names.text(event.activity)),
        };
        let is_resolved = match event.flags.lifecycle() {
            Lifecycle::Step => resolving.contains(&event.activity),
            lifecycle => lifecycle == Lifecycle::Resolved,
        };
        let resolved = is_resolved.then_some(GUESSED.len() - 1);
        for nth in [named, resolved].into_iter().flatten() {
            reached[nth].get_or_insert(event.time);
        }
    }
    milestones.iter().copied().zip(reached).collect()
}

#[cfg(test)]
mod tests {
    use crate::cases::Facts;
    use crate::cases::bench::{Bench, bench};
    use crate::model::Time;

    fn stages(bench: &Bench, facts: &Facts) -> Vec<(String, Option<i64>)> {
        let mut found: Vec<(String, Option<i64>)> = facts
            .stages
            .iter()
            .map(|stage| {
                let seconds = stage.after.map(|after| after.0 / 1_000_000);
                (bench.names.text(stage.milestone).to_owned(), seconds)
            })
            .collect();
        found.sort();
        found
    }

    fn of(catalog: &str, script: &[&str]) -> Vec<(String, Option<i64>)> {
        let mut bench = bench(catalog);
        let facts = bench.facts(script, None);
        stages(&bench, &facts)
    }

    fn one(name: &str, seconds: Option<i64>) -> (String, Option<i64>) {
        (name.to_owned(), seconds)
    }

    #[test]
    fn the_first_time_counts_in_whatever_order_events_come() {
        let want = [
            one("acknowledged", Some(60)),
            one("contained", None),
            one("resolved", Some(300)),
        ];
        let script = ["0 Open", "60 Acknowledged", "90 Acknowledged", "300 Closed"];
        assert_eq!(of("", &script), want);
        let reversed: Vec<&str> = script.iter().rev().copied().collect();
        assert_eq!(of("", &reversed), want);
    }

    #[test]
    fn the_catalog_pins_them() {
        let catalog =
            "processes: [{id: p, milestones: {triaged: [Triage, Enrich], acknowledged: [Take]}}]";
        let found = of(
            catalog,
            &["0 Open", "5 Acknowledged", "9 Enrich", "12 Triage"],
        );
        assert_eq!(found, [one("acknowledged", None), one("triaged", Some(9))]);
        assert_eq!(
            of("processes: [{id: p, milestones: {}}]", &["0 Closed"]),
            []
        );
    }

    #[test]
    fn a_time_of_a_column_counts_beside_steps_and_not_before_the_case_begins() {
        let mut bench = bench("");
        let acknowledged = bench.names.intern("acknowledged");
        let paid = bench.names.intern("paid");
        let mut case = bench.case(&["10 Open", "90 Acknowledged"]);
        let contained = bench.names.intern("contained");
        case.reach(contained, None);
        for (milestone, second) in [(acknowledged, 40), (acknowledged, 60), (paid, 5)] {
            case.reach(milestone, Some(Time(second * 1_000_000)));
        }
        let facts = super::super::facts(&case, &bench.rules, &bench.names, None).unwrap();
        let want = [
            one("acknowledged", Some(30)),
            one("contained", None),
            one("resolved", None),
        ];
        assert_eq!(stages(&bench, &facts), want);
        // As of an instant, what is reached later is not known.
        let then = case.until(Time(30_000_000)).unwrap();
        let known = |(name, at): &(_, Option<Time>)| at.is_some() == (*name == paid);
        assert!(then.milestones().iter().all(known));
    }
}
