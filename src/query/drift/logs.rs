//! Drift of log files: the history is counted in memory, and nothing of it is kept.

use super::super::alarm_cases::{AlarmCase, suspicion, worst};
use super::super::case_table::CaseTable;
use super::super::common_alarms::{common_alarms, with_common_causes};
use super::super::scores::facts_of;
use super::KeptDrift;
use crate::cases::{Facts, RuleBook};
use crate::drift::{
    Baseline, Budget, DriftDriver, Ends, Epoch, HourPart, MemoryHistory, last_settled_day,
};
use crate::measure::{BucketKey, BucketPart, Sketch, Sums, bucket_parts};
use crate::model::{Day, NameId, Names, Origin, Time};
use crate::rules::{Catalog, DriftTerms};
use crate::store::AlarmRow;
use std::collections::BTreeMap;

/// What is found in the cases of log files, as of their last event.
pub(crate) struct LogDrift<'a> {
    cases: LogCases<'a>,
    catalog: &'a Catalog,
    /// The drift of every process, by id.
    pub processes: Vec<KeptDrift>,
    /// Every alarm, numbered, oldest first.
    pub alarms: Vec<AlarmRow>,
    /// The budget of the thresholds.
    pub budget: Budget,
    /// What drift is found by.
    pub terms: DriftTerms,
}

/// All cases of a table, as of its last event.
#[derive(Clone, Copy)]
struct LogCases<'a> {
    table: &'a CaseTable,
    rules: &'a RuleBook,
    as_of: Time,
}

impl<'a> LogCases<'a> {
    fn new(table: &'a CaseTable, rules: &'a RuleBook) -> LogCases<'a> {
        LogCases {
            table,
            rules,
            as_of: table.span().map_or(Time(0), |(_, last)| last),
        }
    }

    fn names(self) -> &'a Names {
        &self.table.names
    }

    /// Hands out what each case says.
    fn each(self, mut each: impl FnMut(&str, &Facts)) {
        let by = (self.rules, self.names());
        for (key, case) in self.table.by_key() {
            let Ok(known) = facts_of(self.table, case, by, self.as_of);
            if let Some((_, facts)) = known {
                each(key, &facts);
            }
        }
    }

    /// The history of each process, and the last day that is looked at.
    fn histories(self) -> Vec<(NameId, Day, MemoryHistory)> {
        let mut all: BTreeMap<NameId, Counted> = BTreeMap::new();
        self.each(|_, facts| {
            if facts.origin == Origin::Live {
                let counted = all.entry(facts.process).or_default();
                counted.add(facts, self.names());
            }
        });
        let history = |(process, counted): (NameId, Counted)| {
            let durations = counted.is_endless.then(|| counted.durations());
            let ends = Ends::of(self.rules.of(process).idle, durations.as_ref());
            // The day of the last event has not ended.
            let until = last_settled_day(self.as_of.day(), ends);
            (process, until, counted.history(self.names()))
        };
        all.into_iter().map(history).collect()
    }
}

/// The live sums of a process, hour by hour.
#[derive(Default)]
struct Counted {
    buckets: BTreeMap<BucketKey, Sums>,
    /// Whether it has cases that nothing ends.
    is_endless: bool,
}

impl Counted {
    fn add(&mut self, facts: &Facts, names: &Names) {
        for (key, part) in bucket_parts(facts) {
            let sums = self.buckets.entry(key).or_default();
            sums.add_part(part, facts, names, 1);
            if part == BucketPart::Start {
                sums.add_trace(facts, names, 1);
            }
        }
        self.is_endless |= facts.complete && !facts.ended;
    }

    /// How long the cases took, until their latest event where nothing ends them.
    fn durations(&self) -> Sketch {
        let mut all = Sketch::default();
        for sums in self.buckets.values() {
            all.merge(&sums.durations, 1);
        }
        all
    }

    fn history(self, names: &Names) -> MemoryHistory {
        let part = |(key, sums): (BucketKey, Sums)| HourPart {
            hour: key.hour,
            kind: key.executor,
            sums,
        };
        MemoryHistory::new(self.buckets.into_iter().map(part).collect(), names)
    }
}

impl<'a> LogDrift<'a> {
    /// Looks for drift in all cases of a table.
    pub(crate) fn find(
        table: &'a CaseTable,
        rules: &'a RuleBook,
        catalog: &'a Catalog,
        terms: DriftTerms,
    ) -> LogDrift<'a> {
        let cases = LogCases::new(table, rules);
        let histories = cases.histories();
        let first_days = histories.iter();
        let first_days = first_days.filter_map(|(_, _, history)| history.first_day());
        let budget = Budget::of_fleet(terms.false_alarms_per_year, first_days.collect());
        let driver = DriftDriver {
            catalog,
            terms: &terms,
            budget: &budget,
            names: cases.names(),
        };
        let found = |(id, until, mut history): (NameId, Day, MemoryHistory)| {
            let process = cases.names().text(id).to_owned();
            let Ok(run) = driver.run(&process, until, &mut history);
            KeptDrift {
                process,
                epochs: run.epochs,
                drift: run.drift,
            }
        };
        let mut processes: Vec<KeptDrift> = histories.into_iter().map(found).collect();
        processes.sort_by(|a, b| a.process.cmp(&b.process));
        LogDrift {
            alarms: numbered_alarms(&processes, cases.names(), cases.as_of),
            processes,
            budget,
            terms,
            cases,
            catalog,
        }
    }

    /// The cases behind an alarm. Empty if no single case can be behind it.
    pub(crate) fn alarm_cases(&self, alarm: &AlarmRow) -> Vec<AlarmCase> {
        let names = self.cases.names();
        let suspicion = suspicion(alarm, self.catalog, names);
        let Some((suspicion, baseline)) = suspicion.zip(self.baseline_of(alarm)) else {
            return Vec::new();
        };
        let mut cases: Vec<(String, Facts)> = Vec::new();
        self.cases.each(|key, facts| {
            if names.text(facts.process) == alarm.process {
                cases.push((key.to_owned(), facts.clone()));
            }
        });
        worst(suspicion, baseline, names, &cases)
    }

    fn baseline_of(&self, alarm: &AlarmRow) -> Option<&Baseline> {
        let mut processes = self.processes.iter();
        let kept = processes.find(|kept| kept.process == alarm.process)?;
        let of_alarm = |epoch: &&Epoch| epoch.start == alarm.epoch;
        let epoch = kept.epochs.iter().find(of_alarm)?;
        epoch.baseline.as_ref()
    }
}

fn numbered_alarms(processes: &[KeptDrift], names: &Names, as_of: Time) -> Vec<AlarmRow> {
    let rows = processes.iter().flat_map(|kept| {
        let row = |alarm| AlarmRow::of(&kept.process, alarm, names, as_of);
        kept.drift.alarms.iter().map(row)
    });
    let drifts = processes
        .iter()
        .map(|kept| (kept.process.as_str(), &kept.drift));
    let common = common_alarms(drifts, names, as_of);
    let mut alarms: Vec<AlarmRow> = rows.chain(common).collect();
    alarms.sort_by_key(|alarm| alarm.raised);
    for (number, alarm) in (1..).zip(&mut alarms) {
        alarm.id = number;
    }
    with_common_causes(alarms)
}
