//! The cases behind an alarm, read from the database when somebody asks.

use super::cache::CacheError;
use super::drift::budget_of;
use crate::cases::{Case, Facts, RuleBook, facts};
use crate::config::catalog::Catalog;
use crate::config::daemon::Config;
use crate::config::drift::DriftTerms;
use crate::drift::{Baseline, Budget, Direction, HourPart, Stream, Suspicion, cases_behind};
use crate::ingest::KEY_SEPARATOR;
use crate::measure::Sums;
use crate::model::{Names, Origin, SECOND_US, Time};
use crate::store::{AlarmRow, Store};
use serde::{Serialize, Serializer};

/// Cases looked at for one alarm; of a change that took longer to find, the first ones.
const CASES_LOOKED_AT: usize = 100_000;

/// A case that added to the evidence of an alarm.
#[derive(Clone, Debug, Serialize)]
pub struct CaseBehind {
    /// Its key: namespace and id.
    pub case: String,
    /// When it ended.
    #[serde(serialize_with = "instant")]
    pub ended: Time,
    /// Who ran it.
    pub executor: &'static str,
    /// How it ended.
    pub outcome: String,
    /// Deviation from the designed outcome, 0 to 1.
    pub deviation: f64,
    /// From its first event to its end.
    pub duration_seconds: f64,
    /// It raised the evidence by this factor.
    pub evidence_factor: f64,
}

fn instant<S: Serializer>(at: &Time, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(at)
}

impl CaseBehind {
    fn of(key: &str, facts: &Facts, names: &Names, factor: f64) -> CaseBehind {
        CaseBehind {
            case: key.replace(KEY_SEPARATOR, "/"),
            ended: facts.end,
            executor: facts.executor.word(),
            outcome: names.text(facts.outcome).to_owned(),
            deviation: f64::from(facts.deviation) / f64::from(crate::model::ONE),
            duration_seconds: facts.duration() as f64 / SECOND_US as f64,
            evidence_factor: factor,
        }
    }
}

/// What is to be looked for; `None` for an alarm that no single case can be behind: more or fewer of them came.
pub fn suspicion(alarm: &AlarmRow, catalog: &Catalog, names: &Names) -> Option<Suspicion> {
    let stream: Stream = alarm.stream.parse().ok()?;
    let declared = catalog.processes.get(&alarm.process);
    let critical = declared.and_then(|process| process.critical_outcome.as_ref());
    let outcome = match (stream, critical) {
        (Stream::CriticalOutcome, Some(critical)) => names.find(&critical.outcome),
        _ => names.find(&alarm.outcome),
    };
    let suspicion = Suspicion {
        stream,
        direction: match alarm.direction.as_str() {
            "down" => Direction::Down,
            _ => Direction::Up,
        },
        outcome,
        from: alarm.onset,
        to: alarm.raised,
    };
    suspicion.is_of_cases().then_some(suspicion)
}

/// Those of some cases of a process that added most to the evidence, first who added most. Only live ones that have ended
/// count.
pub fn worst(
    suspicion: Suspicion,
    baseline: &Baseline,
    (budget, terms): (&Budget, &DriftTerms),
    names: &Names,
    mut cases: Vec<(String, Facts)>,
) -> Vec<CaseBehind> {
    cases.retain(|(_, facts)| facts.complete && facts.origin == Origin::Live);
    let alone = |at: usize| {
        let facts = &cases[at].1;
        let mut sums = Sums::default();
        sums.add_end(facts, names, 1);
        let part = HourPart {
            hour: facts.end.hour(),
            kind: facts.executor,
            sums,
        };
        (at, part)
    };
    let parts = (0..cases.len()).map(alone);
    let behind = cases_behind(suspicion, baseline, budget, terms, parts);
    let named = behind.into_iter().map(|(at, factor)| {
        let (key, facts) = &cases[at];
        CaseBehind::of(key, facts, names, factor)
    });
    named.collect()
}

/// The cases behind an alarm, from the database. Empty where no single case can be behind it.
pub fn behind(
    store: &Store,
    config: &Config,
    alarm: &AlarmRow,
) -> Result<Vec<CaseBehind>, CacheError> {
    let mut names = store.names()?;
    let suspicion = suspicion(alarm, &config.catalog, &names);
    let (Some(suspicion), Some(process)) = (suspicion, names.find(&alarm.process)) else {
        return Ok(Vec::new());
    };
    let Some((baseline, _)) = store.drift_baseline(process, alarm.epoch)? else {
        return Ok(Vec::new());
    };
    let fleet = store.drift_processes()?;
    let budget = budget_of(store, &config.drift, fleet.iter().map(|(id, _)| *id))?;
    let rules = RuleBook::new(&config.catalog, &config.tolerance, &mut names);
    let from = Time::of_day(suspicion.from).0;
    let mut cases = Vec::new();
    for kept in store.cases_of(process, from, CASES_LOOKED_AT)? {
        let case = Case::decode(&kept.body).map_err(|source| CacheError::Damaged {
            key: kept.key.clone(),
            source,
        })?;
        let facts = facts(&case, &rules, &names, None);
        cases.extend(facts.map(|facts| (kept.key, facts)));
    }
    let terms = (&budget, &config.drift);
    Ok(worst(suspicion, &baseline, terms, &names, cases))
}
