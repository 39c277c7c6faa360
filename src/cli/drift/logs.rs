//! Drift of log files, without a daemon.

use super::super::common::{catalog, tolerance};
use super::super::failure::Failure;
use super::super::reading::{ended, read_logs};
use super::super::text::grouped;
use super::{Args, Listed, expected};
use crate::model::Time;
use crate::query::{AlarmCases, LogDrift};

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
    let last = logs.table.span().map(|(_, last)| last);
    if last.is_some_and(Time::is_undated) {
        return Err(Failure::invalid(
            "the log has no times, so its drift is unknown; `toleranced score` compares runs of the same input",
        ));
    }
    let rules = logs.rules(&catalog, &tolerance);
    let found = LogDrift::find(&logs.table, &rules, &catalog);
    let open = found.alarms.iter();
    let open = open.filter(|alarm| args.cases && alarm.is_open());
    let cases = open.map(|alarm| {
        let cases = found.alarm_cases(alarm);
        (alarm.id, AlarmCases { cases, removed: 0 })
    });
    Ok(Listed {
        cases: cases.collect(),
        expected: expected(&found.processes, &found.budget),
        processes: found.processes,
        alarms: found.alarms,
        budget: found.budget,
        terms: found.terms,
        done,
    })
}
