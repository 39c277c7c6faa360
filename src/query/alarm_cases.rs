//! The cases behind an alarm, read from the database when somebody asks.

use crate::cases::{Case, Facts, KEY_SEPARATOR, RuleBook, facts};
use crate::config::daemon::Config;
use crate::drift::{Baseline, HourPart, Stream, Suspicion, cases_behind};
use crate::measure::Sums;
use crate::model::{NameId, Names, Origin, Time};
use crate::rules::Catalog;
use crate::store::{AlarmRow, KeptCase, Store, StoreError};
use serde::{Serialize, Serializer};

/// Cases looked at for one alarm; of a change that took longer to find, the first ones.
const CASES_LOOKED_AT: usize = 100_000;
/// Cases read at once: each may have thousands of events.
const CASES_AT_ONCE: usize = 100;

/// A case that added to the evidence of an alarm.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct AlarmCase {
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

impl AlarmCase {
    fn of(key: &str, facts: &Facts, names: &Names, factor: f64) -> AlarmCase {
        AlarmCase {
            case: key.replace(KEY_SEPARATOR, "/"),
            ended: facts.end,
            executor: facts.executor.word(),
            outcome: names.text(facts.outcome).to_owned(),
            deviation: facts.deviation.share(),
            duration_seconds: facts.duration().as_seconds(),
            evidence_factor: factor,
        }
    }
}

/// What is to be looked for; `None` for an alarm that no single case can be behind: more or fewer of them came.
pub(super) fn suspicion(alarm: &AlarmRow, catalog: &Catalog, names: &Names) -> Option<Suspicion> {
    let stream: Stream = alarm.stream.parse().ok()?;
    let declared = catalog.processes.get(&alarm.process);
    let critical = declared.and_then(|process| process.critical_outcome.as_ref());
    let outcome = match (stream, critical) {
        (Stream::CriticalOutcome, Some(critical)) => names.find(&critical.outcome),
        _ => names.find(&alarm.outcome),
    };
    let suspicion = Suspicion {
        stream,
        outcome,
        before: alarm.was,
        now: alarm.became,
        from: alarm.onset,
        to: alarm.raised,
    };
    suspicion.is_of_cases().then_some(suspicion)
}

/// What a case alone in its hour says: that of its start, or of its end where the stream counts cases that end. Only live
/// ones that have ended count.
fn alone(stream: Stream, facts: &Facts, names: &Names) -> Option<HourPart> {
    if !facts.complete || facts.origin != Origin::Live {
        return None;
    }
    let mut sums = Sums::default();
    sums.add_begun(facts, 1);
    sums.add_end(facts, names, 1);
    sums.add_trace(facts, names, 1);
    let at = match stream {
        Stream::CriticalOutcome => facts.end,
        _ => facts.start,
    };
    Some(HourPart {
        hour: at.hour(),
        kind: facts.executor,
        sums,
    })
}

/// Those of some cases of a process that added most to the evidence, first who added most.
pub(super) fn worst(
    suspicion: Suspicion,
    baseline: &Baseline,
    names: &Names,
    cases: &[(String, Facts)],
) -> Vec<AlarmCase> {
    let parts = cases
        .iter()
        .filter_map(|case| Some((case, alone(suspicion.stream, &case.1, names)?)));
    let behind = cases_behind(suspicion, baseline, parts);
    let named = behind
        .into_iter()
        .map(|((key, facts), factor)| AlarmCase::of(key, facts, names, factor));
    named.collect()
}

/// The cases of a process since an instant, read in pages.
struct CasesOf<'a> {
    store: &'a Store,
    process: NameId,
    /// The last event and the key of the last case of the page.
    end: (i64, String),
    page: std::vec::IntoIter<(i64, KeptCase)>,
    left: usize,
}

impl<'a> CasesOf<'a> {
    fn since(store: &'a Store, process: NameId, from: Time) -> CasesOf<'a> {
        CasesOf {
            store,
            process,
            end: (from.0, String::new()),
            page: Vec::new().into_iter(),
            left: CASES_LOOKED_AT,
        }
    }

    fn turn_over(&mut self) -> Result<(), StoreError> {
        let (last, key) = &self.end;
        let page = self
            .store
            .cases_of(self.process, (*last, key), CASES_AT_ONCE)?;
        if let Some((last, kept)) = page.last() {
            self.end = (*last, kept.key.clone());
        }
        self.page = page.into_iter();
        Ok(())
    }
}

impl Iterator for CasesOf<'_> {
    type Item = Result<(String, Case), StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        if self.page.len() == 0
            && let Err(error) = self.turn_over()
        {
            return Some(Err(error));
        }
        let (_, kept) = self.page.next()?;
        let case = decoded(self.store, &kept);
        Some(case.map(|case| (kept.key, case)))
    }
}

fn decoded(store: &Store, kept: &KeptCase) -> Result<Case, StoreError> {
    Case::decode(&kept.body).map_err(|source| store.damaged_case(&kept.key, source))
}

/// The cases behind an alarm.
#[derive(Clone, Debug, Default)]
pub(crate) struct AlarmCases {
    /// Those that are known, first who added most. Empty where no single case can be behind it.
    pub cases: Vec<AlarmCase>,
    /// How many cases of the time between onset and alarm were removed after the retention period: they are not among the
    /// known ones.
    pub removed: i64,
}

/// The cases behind an alarm, from the database.
pub(crate) fn alarm_cases(
    store: &Store,
    config: &Config,
    alarm: &AlarmRow,
) -> Result<AlarmCases, StoreError> {
    store.at_one_moment(|| {
        Ok(AlarmCases {
            cases: behind_now(store, config, alarm)?,
            removed: removed_behind(store, config, alarm)?,
        })
    })
}

fn removed_behind(store: &Store, config: &Config, alarm: &AlarmRow) -> Result<i64, StoreError> {
    let names = store.names()?;
    let suspicion = suspicion(alarm, &config.catalog, &names);
    let (Some(suspicion), Some(process)) = (suspicion, names.find(&alarm.process)) else {
        return Ok(0);
    };
    store.removed_between(process, (suspicion.from.start(), suspicion.to.start()))
}

fn behind_now(
    store: &Store,
    config: &Config,
    alarm: &AlarmRow,
) -> Result<Vec<AlarmCase>, StoreError> {
    let mut names = store.names()?;
    let suspicion = suspicion(alarm, &config.catalog, &names);
    let (Some(suspicion), Some(process)) = (suspicion, names.find(&alarm.process)) else {
        return Ok(Vec::new());
    };
    let Some((baseline, _)) = store.drift_baseline(process, alarm.epoch)? else {
        return Ok(Vec::new());
    };
    let rules = RuleBook::new(&config.catalog, &config.tolerance, &mut names);
    let facts_of = |case: &Case| facts(case, &rules, &names, None);
    let mut failed = None;
    // Of each case only the key is kept, and what it adds.
    let parts = CasesOf::since(store, process, suspicion.from.start())
        .map_while(|read| read.map_err(|error| failed = Some(error)).ok())
        .filter_map(|(key, case)| Some((key, alone(suspicion.stream, &facts_of(&case)?, &names)?)));
    let found = cases_behind(suspicion, &baseline, parts);
    if let Some(error) = failed {
        return Err(error);
    }
    let mut named = Vec::new();
    for (key, factor) in found {
        let Some(body) = store.case(&key)? else {
            continue;
        };
        let case = Case::decode(&body).map_err(|source| store.damaged_case(&key, source))?;
        let facts = facts_of(&case);
        named.extend(facts.map(|facts| AlarmCase::of(&key, &facts, &names, factor)));
    }
    Ok(named)
}
