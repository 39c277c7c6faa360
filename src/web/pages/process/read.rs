//! What the database holds of one process within its window, read when somebody asks.

use crate::config::daemon::Config;
use crate::drift::HourPart;
use crate::measure::{Counts, Sketch, Sums};
use crate::model::{Day, Executor, Hour, NameId, Ppm, Time};
use crate::store::{LedgerRow, Store, StoreError};
use crate::web::pages::charts::control::Observed;
use crate::web::pages::charts::durations::{Bin, bins};
use crate::web::pages::charts::outcomes::Outcomes;
use std::collections::BTreeMap;

/// Charts reach back so far at most, however long the window is.
const MOST_DAYS: i32 = 366;
/// Outcomes with a colour of their own.
const OUTCOMES: usize = 7;

/// What is kept of a process.
#[derive(Default)]
pub(super) struct Kept {
    /// The mean deviation of each day.
    pub observed: Vec<Observed>,
    pub durations: Vec<Bin>,
    pub outcomes: Option<Outcomes>,
    /// The share of all deviation that is put down to each activity.
    pub blamed: BTreeMap<String, f64>,
    /// Changes of class, status and recommendation, oldest first.
    pub ledger: Vec<LedgerRow>,
}

pub(super) fn kept(
    store: &Store,
    config: &Config,
    id: &str,
    as_of: Time,
) -> Result<Kept, StoreError> {
    store.at_one_moment(|| {
        let ledger = store.ledger(Some(id))?;
        let Some(process) = store.name_id(id)? else {
            return Ok(Kept {
                ledger,
                ..Kept::default()
            });
        };
        let hours = hours(store, config, id, process, as_of)?;
        let mut names = Named::new(store);
        Ok(Kept {
            observed: observed(&hours),
            durations: bins(&durations(&hours)),
            outcomes: Some(outcomes(&hours, &mut names)?),
            blamed: blamed(&hours, &mut names)?,
            ledger,
        })
    })
}

fn hours(
    store: &Store,
    config: &Config,
    id: &str,
    process: NameId,
    as_of: Time,
) -> Result<Vec<HourPart>, StoreError> {
    let Some(last) = store.last_hour_of(process)?.map(Hour::day) else {
        return Ok(Vec::new());
    };
    let window = config.catalog.window_of(id, config.window);
    let first = window.map(|window| as_of.plus(-window).day());
    let from = first.unwrap_or(Day::MIN).max(last - MOST_DAYS);
    store.hours_of(process, from, last)
}

/// Names by their numbers, each read once.
struct Named<'a> {
    store: &'a Store,
    known: BTreeMap<NameId, String>,
}

impl<'a> Named<'a> {
    fn new(store: &'a Store) -> Named<'a> {
        Named {
            store,
            known: BTreeMap::new(),
        }
    }

    fn text(&mut self, id: NameId) -> Result<String, StoreError> {
        if let Some(known) = self.known.get(&id) {
            return Ok(known.clone());
        }
        let text = self.store.name_text(id)?;
        self.known.insert(id, text.clone());
        Ok(text)
    }
}

fn total(deviations: &Counts<Ppm>) -> f64 {
    let sum: i64 = deviations
        .iter()
        .map(|(deviation, cases)| i64::from(deviation) * cases)
        .sum();
    sum as f64 / f64::from(Ppm::ONE.0)
}

fn observed(hours: &[HourPart]) -> Vec<Observed> {
    let mut days: BTreeMap<Day, (i64, f64)> = BTreeMap::new();
    for part in hours.iter().filter(|part| part.sums.cases > 0) {
        let (cases, deviations) = days.entry(part.hour.day()).or_default();
        *cases += part.sums.cases;
        *deviations += total(&part.sums.deviations);
    }
    let point = |(day, (cases, deviations)): (Day, (i64, f64))| Observed {
        day,
        cases,
        deviation: deviations / cases as f64,
    };
    days.into_iter().map(point).collect()
}

fn durations(hours: &[HourPart]) -> BTreeMap<Executor, Sketch> {
    let mut kinds: BTreeMap<Executor, Sketch> = BTreeMap::new();
    for part in hours {
        kinds
            .entry(part.kind)
            .or_default()
            .merge(&part.sums.durations, 1);
    }
    kinds
}

/// Weeks begin on Mondays.
fn monday(day: Day) -> Day {
    day - day.weekday() as i32
}

fn outcomes(hours: &[HourPart], names: &mut Named) -> Result<Outcomes, StoreError> {
    let mut all: Counts<NameId> = Counts::default();
    let mut weeks: BTreeMap<Day, Counts<NameId>> = BTreeMap::new();
    for HourPart { hour, sums, .. } in hours.iter().filter(|part| part.sums.cases > 0) {
        all.merge(&sums.outcomes, 1);
        weeks
            .entry(monday(hour.day()))
            .or_default()
            .merge(&sums.outcomes, 1);
    }
    let mut frequent: Vec<(NameId, i64)> = all.iter().collect();
    frequent.sort_by_key(|(outcome, cases)| (-cases, *outcome));
    let others = frequent.len() > OUTCOMES;
    frequent.truncate(if others { OUTCOMES - 1 } else { OUTCOMES });
    let of_week = |(day, counts): (Day, Counts<NameId>)| {
        let mut cases: Vec<i64> = frequent
            .iter()
            .map(|(outcome, _)| counts.get(*outcome))
            .collect();
        if others {
            cases.push(counts.total() - cases.iter().sum::<i64>());
        }
        (day, cases)
    };
    let weeks = weeks.into_iter().map(of_week).collect();
    let named = frequent.iter().map(|(outcome, _)| names.text(*outcome));
    let mut named: Vec<String> = named.collect::<Result<_, _>>()?;
    if others {
        named.push("all others".to_owned());
    }
    Ok(Outcomes {
        names: named,
        weeks,
    })
}

fn blamed(hours: &[HourPart], names: &mut Named) -> Result<BTreeMap<String, f64>, StoreError> {
    let mut all = Sums::default();
    let mut deviation = 0.0;
    for part in hours {
        all.blamed.merge(&part.sums.blamed, 1);
        deviation += total(&part.sums.deviations);
    }
    let mut blamed = BTreeMap::new();
    if deviation <= 0.0 {
        return Ok(blamed);
    }
    for ((activity, by), cases) in all.blamed.iter() {
        let share = by.share() * cases as f64 / deviation;
        *blamed.entry(names.text(activity)?).or_insert(0.0) += share;
    }
    Ok(blamed)
}
