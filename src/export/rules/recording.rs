//! Recording rules: rates that dashboards and people ask for again and again.

use super::{Record, Rule};
use crate::model::metrics::{CASES, DEVIATIONS, QUARANTINED, RECORDS, STARTED, STATUS};

/// The deviation of the cases that ended within a span, in deviations per case; nothing where no case ended.
fn deviation(level: &str, dropped: &str, span: &str) -> Record {
    Record {
        record: format!("{level}:toleranced_deviation:ratio_rate{span}"),
        expr: format!(
            "sum without ({dropped}) (rate({DEVIATIONS}[{span}]))\n/\n\
             (sum without ({dropped}) (rate({CASES}[{span}])) > 0)"
        ),
    }
}

/// Cases that ended within a span, per second.
fn cases(span: &str) -> Record {
    Record {
        record: format!("process_executor:toleranced_cases:rate{span}"),
        expr: format!("sum without (outcome) (rate({CASES}[{span}]))"),
    }
}

/// Share of the records of a source that were quarantined within the last hour; nothing where none was read.
pub(super) fn quarantined_share() -> String {
    format!(
        "sum without (reason) (rate({QUARANTINED}[1h]))\n/\n\
     (rate({RECORDS}[1h]) > 0)"
    )
}

pub(super) fn rules() -> Vec<Rule> {
    // Deviations have no `outcome`; dropping what is not there does no harm.
    let mut records = Vec::new();
    for span in ["1d", "7d"] {
        records.push(deviation("process", "executor, outcome", span));
        records.push(deviation("process_executor", "outcome", span));
        records.push(cases(span));
    }
    records.push(Record {
        record: "process:toleranced_cases_started:rate1d".to_owned(),
        expr: format!("rate({STARTED}[1d])"),
    });
    records.push(Record {
        record: "status:toleranced_processes:sum".to_owned(),
        expr: format!("sum without (process) ({STATUS})"),
    });
    records.push(Record {
        record: "source:toleranced_ingest_quarantined:ratio_rate1h".to_owned(),
        expr: quarantined_share(),
    });
    records.into_iter().map(Rule::Record).collect()
}
