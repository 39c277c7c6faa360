//! Recording rules: rates that dashboards and people ask for again and again.

use super::{Record, Rule};

/// The deviation of the cases that ended within a span, in deviations per case; nothing where no case ended.
fn deviation(level: &str, dropped: &str, span: &str) -> Record {
    Record {
        record: format!("{level}:toleranced_deviation:ratio_rate{span}"),
        expr: format!(
            "sum without ({dropped}) (rate(toleranced_deviations_total[{span}]))\n/\n\
             (sum without ({dropped}) (rate(toleranced_cases_total[{span}])) > 0)"
        ),
    }
}

/// Cases that ended within a span, per second.
fn cases(span: &str) -> Record {
    Record {
        record: format!("process_executor:toleranced_cases:rate{span}"),
        expr: format!("sum without (outcome) (rate(toleranced_cases_total[{span}]))"),
    }
}

/// Share of the records of a source that were quarantined within the last hour; nothing where none was read.
pub(super) fn quarantined_share() -> String {
    "sum without (reason) (rate(toleranced_ingest_quarantined_total[1h]))\n/\n\
     (rate(toleranced_ingest_records_total[1h]) > 0)"
        .to_owned()
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
        expr: "rate(toleranced_cases_started_total[1d])".to_owned(),
    });
    records.push(Record {
        record: "status:toleranced_processes:sum".to_owned(),
        expr: "sum without (process) (toleranced_process_status)".to_owned(),
    });
    records.push(Record {
        record: "source:toleranced_ingest_quarantined:ratio_rate1h".to_owned(),
        expr: quarantined_share(),
    });
    records.into_iter().map(Rule::Record).collect()
}
