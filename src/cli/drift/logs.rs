//! Drift of log files, without a daemon: the history is counted, learned and folded in memory.

use super::super::common::{catalog, tolerance};
use super::super::failure::Failure;
use super::super::reading::{Logs, ended, read_logs};
use super::super::text::grouped;
use super::{Args, Listed, expected};
use crate::cases::{Facts, RuleBook};
use crate::drift::{
    Budget, Ends, Epoch, HourPart, Needs, days_to_settle, fold, history, leading_version, plan,
};
use crate::measure::{BucketKey, Sketch, Sums, bucket_parts};
use crate::model::{Day, NameId, Origin, Time, day_of};
use crate::query::{KeptDrift, critical_outcome, first_of_epoch, suspicion, worst};
use crate::rules::DriftTerms;
use crate::store::AlarmRow;
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn read(args: &Args) -> Result<Listed, Failure> {
    let catalog = catalog(args.rules.catalog.as_deref())?;
    let tolerance = tolerance(args.rules.tolerance.as_deref())?;
    if args.rules.window.is_some() {
        return Err(Failure::environment(
            "--window: drift has none; a baseline begins with `epoch` in the catalog",
        ));
    }
    let mut logs = read_logs(&args.files, &args.mapping, None)?;
    let done = ended(&logs.reading)?;
    let quarantined = logs.reading.quarantined();
    if quarantined > 0 {
        let lost = grouped(quarantined);
        eprintln!(
            "{lost} records could not be read, and are missing here: `toleranced score` names them"
        );
    }
    let rules = logs.rules(&catalog, &tolerance);
    let as_of = logs.table.span().map_or(Time(0), |(_, last)| last);
    let names = &logs.table.names;
    let mut hours: BTreeMap<NameId, BTreeMap<BucketKey, Sums>> = BTreeMap::new();
    // Processes with cases that nothing ends.
    let mut endless: BTreeSet<NameId> = BTreeSet::new();
    let tally = crate::measure::Tally::new(
        &rules,
        names,
        crate::measure::Windows::all_alike(None),
        as_of,
    );
    logs.table.tell(tally, |_, facts, _| {
        if facts.origin != Origin::Live {
            return;
        }
        let (start, end) = bucket_parts(facts);
        let of = hours.entry(facts.process).or_default();
        of.entry(start).or_default().add_start(facts, 1);
        if facts.complete {
            of.entry(end).or_default().add_end(facts, names, 1);
            if !facts.ended {
                endless.insert(facts.process);
            }
        }
    });
    let terms = DriftTerms::default();
    let first_days = hours.values().filter_map(first_day);
    let budget = Budget::of_fleet(terms.false_alarms_per_year, first_days.collect());
    let mut processes = Vec::new();
    for (id, buckets) in hours {
        let process = names.text(id).to_owned();
        let first = first_day(&buckets);
        let durations = durations(&buckets);
        let ends = match rules.of(id).idle {
            Some(idle) => Ends::Idle(idle),
            None if endless.contains(&id) => Ends::Never(&durations),
            None => Ends::Declared,
        };
        // The day of the last event has not ended.
        let until = (as_of.day() - 1).saturating_sub(days_to_settle(ends));
        let mut days = by_day(buckets);
        let needs = Needs {
            terms: &terms,
            names,
            critical: critical_outcome(&catalog, &process, names),
        };
        let lead =
            |(day, parts): (&Day, &Vec<HourPart>)| Some((*day, leading_version(parts, names)?));
        let leading: Vec<(Day, NameId)> = days.iter().filter_map(lead).collect();
        let plan = first.map_or(Vec::new(), |first| {
            let first = first_of_epoch(&catalog, &process, first);
            plan(first, until, &leading, names, [])
        });
        let Ok(epochs) = history(plan, until, needs, &mut days);
        processes.push(KeptDrift {
            drift: fold(&epochs, until, &budget, &terms),
            process,
            epochs,
        });
    }
    processes.sort_by(|a, b| a.process.cmp(&b.process));
    let mut alarms: Vec<AlarmRow> = processes
        .iter()
        .flat_map(|kept| {
            let row = |alarm| AlarmRow::of(&kept.process, alarm, names, as_of);
            kept.drift.alarms.iter().map(row)
        })
        .collect();
    alarms.sort_by_key(|alarm| alarm.raised);
    for (number, alarm) in (1..).zip(&mut alarms) {
        alarm.id = number;
    }
    let mut cases = BTreeMap::new();
    for alarm in alarms.iter().filter(|alarm| args.cases && alarm.is_open()) {
        let kept = processes.iter().find(|kept| kept.process == alarm.process);
        let of_epoch = |epoch: &&Epoch| epoch.start == alarm.epoch;
        let epoch = kept.and_then(|kept| kept.epochs.iter().find(of_epoch));
        let baseline = epoch.and_then(|epoch| epoch.baseline.as_ref());
        let suspicion = suspicion(alarm, &catalog, names);
        let found = match suspicion.zip(baseline) {
            None => Vec::new(),
            Some((suspicion, baseline)) => {
                let all = facts_of(&logs, &rules, &alarm.process);
                worst(suspicion, baseline, (&budget, &terms), names, &all)
            }
        };
        cases.insert(alarm.id, found);
    }
    Ok(Listed {
        expected: expected(&processes, &budget),
        processes,
        alarms,
        cases,
        budget,
        terms,
        done,
    })
}

/// What each case of a process says.
fn facts_of(logs: &Logs, rules: &RuleBook, process: &str) -> Vec<(String, Facts)> {
    let (table, mut all) = (&logs.table, Vec::new());
    let as_of = table.span().map_or(Time(0), |(_, last)| last);
    let windows = crate::measure::Windows::all_alike(None);
    let tally = crate::measure::Tally::new(rules, &table.names, windows, as_of);
    table.tell(tally, |key, facts, _| {
        if table.names.text(facts.process) == process {
            all.push((key.to_owned(), facts.clone()));
        }
    });
    all
}

/// The first day on which a case ended.
fn first_day(buckets: &BTreeMap<BucketKey, Sums>) -> Option<Day> {
    let with_cases = buckets.iter().filter(|(_, sums)| sums.cases > 0);
    let hours = with_cases.map(|(key, _)| key.hour);
    hours.min().map(day_of)
}

/// How long the cases took, until their latest event where nothing ends them.
fn durations(buckets: &BTreeMap<BucketKey, Sums>) -> Sketch {
    let mut all = Sketch::default();
    for sums in buckets.values() {
        all.merge(&sums.durations, 1);
    }
    all
}

fn by_day(buckets: BTreeMap<BucketKey, Sums>) -> BTreeMap<Day, Vec<HourPart>> {
    let mut days: BTreeMap<Day, Vec<HourPart>> = BTreeMap::new();
    for (key, sums) in buckets {
        days.entry(day_of(key.hour)).or_default().push(HourPart {
            hour: key.hour,
            kind: key.executor,
            sums,
        });
    }
    days.values_mut()
        .for_each(|parts| parts.sort_by_key(|part| (part.hour, part.kind)));
    days
}
