//! The driver finds the same from all hours at once, from days that earlier runs have kept, and from kept days alone.

use super::process::{Nature, Process, Ways};
use super::*;
use crate::model::{Day, NameId, Names};
use crate::rules::Catalog;
use std::collections::BTreeMap;
use std::convert::Infallible;

/// A history that keeps what runs have made of it, as a database does.
struct Keeping {
    hours: MemoryHistory,
    changes: Vec<(Day, Cause)>,
    epochs: BTreeMap<Day, KeptEpoch>,
    changed: Vec<Day>,
    /// Whether only what is kept can be read.
    is_read_only: bool,
}

impl ProcessHistory for Keeping {
    type Error = Infallible;

    fn first_day(&mut self) -> Result<Option<Day>, Infallible> {
        Ok(self.hours.first_day())
    }

    fn hours(&mut self, from: Day, to: Day) -> Result<Vec<HourPart>, Infallible> {
        match self.is_read_only {
            true => Ok(Vec::new()),
            false => self.hours.hours(from, to),
        }
    }

    fn versions(&mut self) -> Result<Vec<(Day, NameId)>, Infallible> {
        self.hours.versions()
    }

    fn known_changes(&mut self) -> Result<Vec<(Day, Cause)>, Infallible> {
        Ok(self.changes.clone())
    }

    fn kept(&mut self, start: Day) -> Result<Option<KeptEpoch>, Infallible> {
        let mut kept = self.epochs.get(&start).cloned();
        let touched = |baseline: &Baseline| {
            let days = start..=baseline.last;
            self.changed.iter().any(|day| days.contains(day))
        };
        kept = kept.filter(|kept| !touched(&kept.baseline));
        if let Some(kept) = &mut kept {
            kept.days.changed.clone_from(&self.changed);
        }
        Ok(kept)
    }
}

impl Keeping {
    fn keep(&mut self, run: &DriftRun) {
        for update in &run.updates {
            let epoch = run.epochs.iter().find(|epoch| epoch.start == update.start);
            let epoch = epoch.unwrap();
            let kept = KeptEpoch {
                baseline: epoch.baseline.clone().unwrap(),
                days: KeptDays {
                    until: update.until,
                    digests: epoch.digests.clone(),
                    changed: Vec::new(),
                },
            };
            self.epochs.insert(update.start, kept);
        }
        self.changed.clear();
    }
}

/// The hours of 240 days; from the day 150 on more cases deviate.
fn hours(seed: u64) -> Vec<HourPart> {
    let mut process = Process::new(seed, Ways::default());
    let nature = |day: Day| Nature {
        wrong: if day < Day(150) {
            (0.05, 0.05)
        } else {
            (0.3, 0.3)
        },
        ..Nature::default()
    };
    let days = 0..240;
    days.flat_map(|day| process.day(Day(day), &nature(Day(day))))
        .collect()
}

fn without_day(hours: &[HourPart], day: Day) -> Vec<HourPart> {
    let others = hours.iter();
    let others = others.filter(|part| part.hour.day() != day);
    others.cloned().collect()
}

#[test]
fn kept_days_and_all_hours_give_the_same_drift() {
    let (catalog, names) = (Catalog::default(), Names::new());
    let (budget, terms) = (Budget::new(12.0, 1), DriftTerms::default());
    let driver = DriftDriver {
        catalog: &catalog,
        terms: &terms,
        budget: &budget,
        names: &names,
    };
    let all = hours(7);
    let keeping = |hours: &[HourPart]| Keeping {
        hours: MemoryHistory::new(hours.to_vec(), &names),
        changes: vec![(Day(100), Cause::Change("prompt 7".to_owned()))],
        epochs: BTreeMap::new(),
        changed: Vec::new(),
        is_read_only: false,
    };
    let Ok(at_once) = driver.run("p", Day(239), &mut keeping(&all));
    assert_eq!(at_once.epochs.len(), 2);
    assert!(!at_once.drift.alarms.is_empty());
    // A day after a baseline, one of a baseline, one that is not looked at yet: each comes late.
    for late in [50, 110, 200] {
        let mut history = keeping(&without_day(&all, Day(late)));
        for until in [40, 90, 160, 190] {
            let Ok(run) = driver.run("p", Day(until), &mut history);
            history.keep(&run);
        }
        history.hours = MemoryHistory::new(all.clone(), &names);
        history.changed = vec![Day(late)];
        let Ok(run) = driver.run("p", Day(239), &mut history);
        assert_eq!(run.drift, at_once.drift, "day {late} late");
        let digested: usize = run.updates.iter().map(|update| update.days.len()).sum();
        assert!(digested < 160, "{digested} days were digested again");
        history.keep(&run);
        history.is_read_only = true;
        let Ok(read) = driver.run("p", Day(239), &mut history);
        assert_eq!(
            read.drift, at_once.drift,
            "day {late} late, kept days alone"
        );
    }
}

#[test]
fn read_only_history_learns_no_baseline() {
    let (catalog, names) = (Catalog::default(), Names::new());
    let (budget, terms) = (Budget::new(12.0, 1), DriftTerms::default());
    let driver = DriftDriver {
        catalog: &catalog,
        terms: &terms,
        budget: &budget,
        names: &names,
    };
    let mut history = Keeping {
        hours: MemoryHistory::new(hours(7), &names),
        changes: Vec::new(),
        epochs: BTreeMap::new(),
        changed: Vec::new(),
        is_read_only: true,
    };
    let Ok(run) = driver.run("p", Day(239), &mut history);
    assert_eq!(run.epochs.len(), 1);
    assert!(run.epochs[0].baseline.is_none() && run.updates.is_empty());
}
