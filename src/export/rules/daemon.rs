//! Alerts on the daemon and its sources: whether what is measured can be relied on.

use super::annotations::{self, Text};
use super::promql::quoted;
use super::{Basis, Rule, Severity, recording, seconds};
use crate::model::metrics::{
    CLOCK_JUMP, COMMIT_FAILURES, FOLDED, QUARANTINED, READY, RECORDS, REPORT_OVERDUE, SCORED_AT,
    SOURCE_BACKLOG, SOURCE_SET_ASIDE, SOURCE_UP, STORE_LOST, STORE_PROBLEMS,
};

pub(super) fn rules(basis: &Basis) -> Vec<Rule> {
    vec![
        down(basis),
        commit_failing(basis),
        database_lost(basis),
        database_damaged(basis),
        clock_jumped(basis),
        scores_stale(basis),
        source_down(basis),
        ingest_stalled(basis),
        source_silent(basis),
        quarantine_growing(basis),
        too_many_names(basis),
        file_set_aside(basis),
        report_overdue(basis),
    ]
}

fn down(basis: &Basis) -> Rule {
    let text = Text {
        alert: "TolerancedDown",
        r#for: "5m",
        summary: "toleranced{{ with $labels.instance }} on {{ . }}{{ end }} does not answer".to_owned(),
        description: "Prometheus can't scrape the daemon, or knows of no daemon to scrape. No process is measured; positions are kept, so nothing \
             is lost as long as its sources keep their logs."
            .to_owned(),
    };
    let up = format!("up{{job={}}}", quoted(&basis.job));
    let expr = format!("{up} == 0\nor\nabsent({up})");
    annotations::without_page(basis, Severity::Critical, &text, expr)
}

fn commit_failing(basis: &Basis) -> Rule {
    let text = Text {
        alert: "TolerancedCommitFailing",
        r#for: "5m",
        summary: "toleranced on {{ $labels.instance }} {{ if eq $value 0.0 }}is not ready: it is starting, or can't write{{ else }}can't write to \
             its database: {{ $value | humanize }} commits failed within 10 minutes{{ end }}"
            .to_owned(),
        description: "What was read can't be committed. The daemon tries again and its sources wait, so nothing is lost as long as they keep their \
             logs, but no figure moves until a commit succeeds."
            .to_owned(),
    };
    // A lost database and a jump of the clock have alerts of their own.
    let expr = format!(
        "increase({COMMIT_FAILURES}[10m]) > 0\nor\n\
         ({READY} == 0 unless {STORE_LOST} == 1 unless {CLOCK_JUMP} != 0)"
    );
    annotations::daemon(basis, Severity::Critical, &text, expr)
}

fn database_lost(basis: &Basis) -> Rule {
    let text = Text {
        alert: "TolerancedDatabaseLost",
        r#for: "1m",
        summary: "The database of toleranced on {{ $labels.instance }} was removed or replaced".to_owned(),
        description: "The daemon commits nothing until the same file is back, so no figure moves. Do not stop it before the runbook is read: it \
             can still have the only copy of a file that was deleted."
            .to_owned(),
    };
    annotations::daemon(
        basis,
        Severity::Critical,
        &text,
        format!("{STORE_LOST} == 1"),
    )
}

fn database_damaged(basis: &Basis) -> Rule {
    let text = Text {
        alert: "TolerancedDatabaseDamaged",
        r#for: "1m",
        summary: "The database of toleranced on {{ $labels.instance }} is damaged: the last check found {{ $value }} problems".to_owned(),
        description: "Rows on damaged pages can't be read, or are read wrongly, so figures can be wrong. Stop the daemon and restore a backup; \
             the log names each problem."
            .to_owned(),
    };
    annotations::daemon(
        basis,
        Severity::Critical,
        &text,
        format!("{STORE_PROBLEMS} > 0"),
    )
}

fn clock_jumped(basis: &Basis) -> Rule {
    let text = Text {
        alert: "TolerancedClockJumped",
        r#for: "1m",
        summary: "The clock of {{ $labels.instance }} has jumped by {{ $value | humanizeDuration }}".to_owned(),
        description: "toleranced does not believe the new time. Scores go on by the time that has passed, changes of verdicts are marked, and no \
             report is written. A new time that lasts for 30 minutes is believed."
            .to_owned(),
    };
    let expr = format!("{CLOCK_JUMP} != 0");
    annotations::daemon(basis, Severity::Warning, &text, expr)
}

/// Ten rounds of scoring, and at least ten minutes.
fn scores_stale(basis: &Basis) -> Rule {
    let most = seconds(basis.score_every).saturating_mul(10).max(600);
    let text = Text {
        alert: "TolerancedScoresStale",
        r#for: "5m",
        summary: "toleranced on {{ $labels.instance }} has not scored for {{ $value | humanizeDuration }}".to_owned(),
        description: "The figures of all processes are those of the last scoring. Alerts on processes rest on them, and can be wrong by now."
            .to_owned(),
    };
    let expr = format!("time() - {SCORED_AT} > {most}");
    annotations::daemon(basis, Severity::Warning, &text, expr)
}

fn source_down(basis: &Basis) -> Rule {
    let text = Text {
        alert: "TolerancedSourceDown",
        r#for: "5m",
        summary: "Source {{ $labels.source }} can't be read".to_owned(),
        description: "toleranced on {{ $labels.instance }} can't read the files of source {{ $labels.source }}. What its processes do is not \
             measured, and what is rotated away in the meantime is lost."
            .to_owned(),
    };
    let expr = format!("{SOURCE_UP} == 0");
    annotations::daemon(basis, Severity::Warning, &text, expr)
}

fn ingest_stalled(basis: &Basis) -> Rule {
    let text = Text {
        alert: "TolerancedIngestStalled",
        r#for: "5m",
        summary: "Source {{ $labels.source }} is stalled: {{ $value | humanize1024 }}B wait, and nothing was read for 10 minutes".to_owned(),
        description: "Bytes of source {{ $labels.source }} have been waiting for 10 minutes while toleranced on {{ $labels.instance }} took no \
             record from it."
            .to_owned(),
    };
    // A source that is down is told by its own alert.
    let expr = format!(
        "min_over_time({SOURCE_BACKLOG}[10m]) > 0\nunless\n  \
                increase({RECORDS}[10m]) > 0\nunless\n  {SOURCE_UP} == 0"
    );
    annotations::daemon(basis, Severity::Warning, &text, expr)
}

/// Against the same day of last week, so that a quiet weekend is no silence. Sources of less than 100 records a day are
/// left to the alert on their processes, which knows rates.
fn source_silent(basis: &Basis) -> Rule {
    let text = Text {
        alert: "TolerancedSourceSilent",
        r#for: "1h",
        summary: "Source {{ $labels.source }} is silent: no record for a day, and {{ $value | humanize }} in the same day of last week"
            .to_owned(),
        description: "The source can be read and brings nothing: what writes its log has stopped, or writes elsewhere.".to_owned(),
    };
    let expr = format!(
        "increase({RECORDS}[1d] offset 7d) >= 100\nunless\n  \
                increase({RECORDS}[1d]) > 0\nunless\n  {SOURCE_UP} == 0"
    );
    annotations::daemon(basis, Severity::Warning, &text, expr)
}

/// A share, and a number below which a share says little.
fn quarantine_growing(basis: &Basis) -> Rule {
    let text = Text {
        alert: "TolerancedQuarantineGrowing",
        r#for: "15m",
        summary: "{{ $value | humanizePercentage }} of the records of source {{ $labels.source }} were quarantined within the last hour".to_owned(),
        description: "They did not become events, so processes are scored without them. Most often the format of the log has changed and its \
             mapping has not. They can be replayed once the mapping is mended."
            .to_owned(),
    };
    // Not the recording rule: Prometheus evaluates groups at instants of their own.
    let expr = format!(
        "{} > 0.05\nand\n  sum without (reason) (increase({QUARANTINED}[1h])) >= 10",
        recording::quarantined_share()
    );
    annotations::daemon(basis, Severity::Warning, &text, expr)
}

/// A series that begins has no increase, so one that was not there an hour ago counts, too.
fn too_many_names(basis: &Basis) -> Rule {
    let text = Text {
        alert: "TolerancedTooManyNames",
        r#for: "5m",
        summary: "Process {{ $labels.process }} of source {{ $labels.source }} has too many different names".to_owned(),
        description: "Further activities, outcomes and versions of the process count as `other`, so its variety, its paths and its deviation can \
             be wrong. Most often a field with numbers, such as an address or a ticket, is mapped to its activity. The page Ingest says what to do."
            .to_owned(),
    };
    let expr = format!("increase({FOLDED}[1h]) > 0\nor\n({FOLDED} unless {FOLDED} offset 1h) > 0");
    annotations::daemon(basis, Severity::Warning, &text, expr)
}

/// As long as a file is set aside, its events are missing from every score.
fn file_set_aside(basis: &Basis) -> Rule {
    let text = Text {
        alert: "TolerancedFileSetAside",
        r#for: "0m",
        summary: "toleranced died twice while it read a file of source {{ $labels.source }}, and has set it aside".to_owned(),
        description: "{{ $value | humanize }} files of source {{ $labels.source }} are set aside on {{ $labels.instance }}. Their events are in no \
             score. Look into the folder `set-aside` of the data folder: it names each file and says how to read it again."
            .to_owned(),
    };
    let expr = format!("{SOURCE_SET_ASIDE} > 0");
    annotations::daemon(basis, Severity::Warning, &text, expr)
}

fn report_overdue(basis: &Basis) -> Rule {
    let text = Text {
        alert: "TolerancedReportOverdue",
        r#for: "1h",
        summary: "A re-scoring report of toleranced on {{ $labels.instance }} is overdue".to_owned(),
        description: "The report that is scheduled was not written in time, or could not be sent to somebody, so those who decide on its figures have old ones.".to_owned(),
    };
    let expr = format!("{REPORT_OVERDUE} == 1");
    annotations::daemon(basis, Severity::Warning, &text, expr)
}
