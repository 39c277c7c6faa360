//! Alerts on processes. None rests on a status that is `undetermined`: where cases are too few there is nothing to say.

use super::annotations::{self, Text, look_up, stream, stream_of_many};
use super::promql::series;
use super::{Audience, Basis, Rule, Severity};
use crate::model::metrics::{self, CASES, EXECUTOR_STATUS, LOST, RATE_LOWER, STARTED, STATUS};

/// Same daemon, same process. Prometheus keeps further labels of the left side, such as those of its configuration.
const SAME: &str = "on (job, instance, process)";

/// The PromQL of an alert for an audience.
type Expression = fn(&Audience) -> String;

pub(super) fn rules(basis: &Basis, audiences: &[Audience]) -> Vec<Rule> {
    let alerts: [(Text, Expression); 4] = [
        (tolerance_exceeded(), tolerance_exceeded_expr),
        (drift_alarm(), drift_alarm_expr),
        (delegated_ai(), delegated_ai_expr),
        (stopped(), stopped_expr),
    ];
    let mut rules = Vec::new();
    for (text, expr) in &alerts {
        for severity in [Severity::Critical, Severity::Warning, Severity::Info] {
            let of_it = audiences.iter().filter(|of| of.severity == severity);
            let Some(expr) = any(of_it.map(expr).collect()) else {
                continue;
            };
            rules.push(annotations::process(basis, severity, text, expr));
        }
    }
    rules.push(drift_of_many(basis));
    rules.push(lost_too_much(basis));
    rules
}

/// What holds for any of the audiences: two rules of one name and severity would be taken for a mistake by
/// `promtool check rules`.
fn any(mut expressions: Vec<String>) -> Option<String> {
    if expressions.len() < 2 {
        return expressions.pop();
    }
    let indented = expressions.iter().map(|expr| expr.replace('\n', "\n  "));
    let each: Vec<String> = indented.map(|expr| format!("(\n  {expr}\n)")).collect();
    Some(each.join("\nor\n"))
}

/// Brings in the name of the process and, for processes that are not declared, picks those of the criticality.
fn named(audience: &Audience, more: &str) -> String {
    let info = series(metrics::INFO.name, &[&audience.criticality, more]);
    format!("* {SAME} group_left (name) {info}")
}

fn tolerance_exceeded() -> Text {
    let of = |metric, before, after| look_up(metric, &[], before, "humanizePercentage", after);
    let permissible = of(metrics::PERMISSIBLE.name, ", ", " permissible");
    let lower = of(metrics::DEVIATION_LOWER.name, "between ", "");
    let upper = of(metrics::DEVIATION_UPPER.name, " and ", "");
    Text {
        alert: "TolerancedToleranceExceeded",
        r#for: "5m",
        summary: format!(
            "{{{{ $labels.name }}}} is outside its tolerance: {{{{ $value | humanizePercentage }}}} deviation per case{permissible}"
        ),
        description: format!(
            "The mean deviation of the cases of {{{{ $labels.process }}}} within the scoring window lies {lower}{upper} \
             (confidence sequence, 95 % unless configured). Even its lower bound is above what the tolerance class of this process permits."
        ),
    }
}

fn tolerance_exceeded_expr(audience: &Audience) -> String {
    let deviation = series(metrics::DEVIATION.name, &[&audience.process]);
    let name = named(audience, "");
    format!("{deviation}\n  {name}\nand {SAME}\n  {STATUS}{{status=\"outside\"}} == 1")
}

fn drift_alarm() -> Text {
    let onset = look_up(
        metrics::DRIFT_ONSET.name,
        &["stream"],
        " It began about ",
        "humanizeTimestamp",
        ".",
    );
    Text {
        alert: "TolerancedDriftAlarm",
        r#for: "5m",
        summary: format!(
            "{{{{ $labels.name }}}} has changed against its own past: {}",
            stream()
        ),
        description: format!(
            "The stream {{{{ $labels.stream }}}} of {{{{ $labels.process }}}} no longer fits its baseline, and no known change explains it.{onset} \
             The rate of false alarms over all processes is bounded by drift.false_alarms_per_year. \
             `toleranced drift` says by how much it changed and what else changed then."
        ),
    }
}

fn drift_alarm_expr(audience: &Audience) -> String {
    let alarm = series(metrics::DRIFT_ALARM.name, &[&audience.process]);
    let name = named(audience, "");
    format!("{alarm}\n  {name}\n== 1")
}

/// What many processes have in common is no matter of the criticality of one of them: a holiday is a cause as well as an outage.
fn drift_of_many(basis: &Basis) -> Rule {
    let text = Text {
        alert: "TolerancedDriftOfManyProcesses",
        r#for: "5m",
        summary: format!(
            "{{{{ $value }}}} processes changed at the same time: {}",
            stream_of_many()
        ),
        description: "The stream {{ $labels.stream }} of {{ $value }} processes changed in the same direction within a few days, so one cause is likely: a source, a tool, \
             a holiday or an incident. No process among them has an alert of its own for this stream. `toleranced drift` names them, the day, and what else changed then."
            .to_owned(),
    };
    let expr = format!("{} > 0", metrics::DRIFT_COMMON.name);
    annotations::daemon(basis, Severity::Warning, &text, expr)
}

fn delegated_ai() -> Text {
    let permissible = look_up(
        metrics::PERMISSIBLE.name,
        &[],
        ", ",
        "humanizePercentage",
        " permissible",
    );
    Text {
        alert: "TolerancedDelegatedAiOutsideClass",
        r#for: "5m",
        summary: format!(
            "AI runs {{{{ $labels.name }}}} and is outside its tolerance: {{{{ $value | humanizePercentage }}}} deviation per case{permissible}"
        ),
        description:
            "The cases of {{ $labels.process }} that AI decided without approval within the scoring window deviate more than the tolerance class permits, even at \
             the lower bound, and AI still ends cases. It must be withdrawn, or its cases approved by people, until it holds the class."
                .to_owned(),
    }
}

/// Who runs a process is a verdict over the scoring window, so it lags behind a withdrawal by weeks; the counter of
/// ended cases does not. Processes whose end is not declared have no such counter and go by the verdict alone. 14 days
/// fit into the 15 for which Prometheus keeps data unless configured.
fn delegated_ai_expr(audience: &Audience) -> String {
    let ai = r#"executor="ai""#;
    let deviation = series(metrics::EXECUTOR_DEVIATION.name, &[ai, &audience.process]);
    let name = named(audience, r#"executor=~"ai|ai_approved|mixed""#);
    format!(
        "{deviation}\n  {name}\nand on (job, instance, process, executor)\n  \
         {EXECUTOR_STATUS}{{{ai},status=\"outside\"}} == 1\nunless {SAME}\n  \
         sum by (job, instance, process) (increase({CASES}{{{ai}}}[14d])) == 0"
    )
}

fn stopped() -> Text {
    let rate = look_up(
        metrics::RATE.name,
        &[],
        ", though ",
        "humanize",
        " begin in a week",
    );
    Text {
        alert: "TolerancedProcessStopped",
        r#for: "15m",
        summary: format!(
            "{{{{ $labels.name }}}} has stopped: no case has begun for {{{{ $value | humanizeDuration }}}}{rate}"
        ),
        description:
            "So long a time without a case of {{ $labels.process }} has a chance of less than 1 in 1000 at the lower bound of its rate, \
             and it is no pause of every week: the same day of last week had cases, or the silence is longer than a week. \
             Either the process does not run any more, or its log does not arrive."
                .to_owned(),
    }
}

/// Poisson: no case within a gap g has the chance exp(-rate g), which is 1/1000 at g = ln(1000) / rate; ln(1000) =
/// 6.9078. Below a week nights and weekends break that model, so there the same 24 hours of last week must have had at
/// least 7 cases, the least number of which none has a chance below 1/1000.
fn stopped_expr(audience: &Audience) -> String {
    let last = metrics::LAST_CASE.name;
    let own = series(last, &[&audience.process]);
    let name = named(audience, "");
    format!(
        "(\n  time() - {own}\n    > clamp_min(6.9078 * 604800 / {RATE_LOWER}, 86400)\n)\n  \
         {name}\nand {SAME} (\n    time() - {last} > 604800\n  or\n    \
         increase({STARTED}[1d] offset 7d) >= 7\n)"
    )
}

/// What is lost stays lost until the window has passed or it is replayed, so nobody is woken for it.
fn lost_too_much(basis: &Basis) -> Rule {
    let text = Text {
        alert: "TolerancedLostTooMuch",
        r#for: "1h",
        summary: "{{ $labels.name }} is scored on incomplete data: {{ $value | humanizePercentage }} of the records of its sources are lost"
            .to_owned(),
        description: format!(
            "Records of the sources of {{{{ $labels.process }}}} were quarantined or fell into a gap within the scoring window. Above {} % nothing \
             is called within its tolerance any more, and every interval is wider.",
            basis.most_loss * 100.0
        ),
    };
    let all = Audience {
        severity: Severity::Info,
        process: String::new(),
        criticality: String::new(),
    };
    let expr = format!("{LOST}\n  {}\n> {}", named(&all, ""), basis.most_loss);
    annotations::process(basis, all.severity, &text, expr)
}
