//! Drift of log files, without a daemon.

use super::super::common::{catalog, readable, tolerance};
use super::super::failure::Failure;
use super::super::reading::{ended, read_logs};
use super::super::text::grouped;
use super::{Args, Listed, drifts, expected};
use crate::config::holidays::{UnknownCountry, days_of_country, days_of_file};
use crate::model::Time;
use crate::query::{AlarmCases, LogDrift, outcome_names};
use crate::rules::{Calendar, DriftTerms, Problems};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

pub(super) fn read(args: &Args) -> Result<Listed, Failure> {
    let catalog = catalog(args.rules.catalog.as_deref())?;
    let tolerance = tolerance(args.rules.tolerance.as_deref())?;
    if args.rules.window.is_some() {
        return Err(Failure::environment(
            "--window: drift has none; a baseline begins with `epoch` in the catalog",
        ));
    }
    let terms = DriftTerms {
        calendar: calendar(&args.holidays)?,
        ..DriftTerms::default()
    };
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
    let found = LogDrift::find(&logs.table, &rules, &catalog, terms);
    let open = found.alarms.iter();
    let open = open.filter(|alarm| args.cases && alarm.is_open());
    let cases = open.map(|alarm| {
        let cases = found.alarm_cases(alarm);
        (alarm.id, AlarmCases { cases, removed: 0 })
    });
    Ok(Listed {
        cases: cases.collect(),
        outcomes: outcome_names(
            drifts(&found.processes).map(|(_, drift)| drift),
            &logs.table.names,
        ),
        expected: expected(&found.processes, &found.budget),
        processes: found.processes,
        alarms: found.alarms,
        stories: Vec::new(),
        budget: found.budget,
        terms: found.terms,
        done,
    })
}

/// The calendar of `--holidays`: countries, and files, which have a dot in their names.
fn calendar(named: &[String]) -> Result<Calendar, Failure> {
    let mut days = BTreeSet::new();
    for name in named {
        if name.contains('.') {
            let file = Path::new(name);
            days.extend(days_of_file(file, &readable(file)?).map_err(Problems::from)?);
        } else {
            let unknown = |unknown: UnknownCountry| {
                let UnknownCountry { message, hint } = unknown;
                Failure::environment(format!("--holidays: {message} ({hint})"))
            };
            days.extend(days_of_country(name).map_err(unknown)?);
        }
    }
    Ok(Calendar {
        days: Arc::new(days),
        ..Calendar::default()
    })
}
