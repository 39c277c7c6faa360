//! The table of metrics: each name stands here once, with its type, labels and help. Docs, rules and dashboards are
//! tested against it.

use std::fmt;

/// Counter, gauge or histogram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Only rises.
    Counter,
    /// Rises and falls.
    Gauge,
    /// Observations by bin.
    Histogram,
}

/// One metric.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    /// Its name.
    pub name: &'static str,
    /// Its type.
    pub kind: Kind,
    /// Its labels.
    pub labels: &'static [&'static str],
    /// What it says, with unit.
    pub help: &'static str,
}

/// Writes the name, so that a query can be written as `format!("rate({CASES}[1d])")`.
impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name)
    }
}

macro_rules! metrics {
    ($($constant:ident = $kind:ident $name:literal [$($label:literal),*] $help:literal;)+) => {
        $(
            #[doc = $help]
            pub(crate) const $constant: Metric = Metric {
                name: $name,
                kind: Kind::$kind,
                labels: &[$($label),*],
                help: $help,
            };
        )+
        /// Every metric.
        pub const ALL: &[Metric] = &[$($constant),+];
    };
}

metrics! {
    BUILD_INFO = Gauge "toleranced_build_info" ["version"] "Always 1; the version is a label.";
    CASES = Counter "toleranced_cases_total" ["process", "executor", "outcome"]
        "Live cases that have ended, for processes whose end is declared. A later correction does not lower it: a corrected case is counted once more, under its new outcome.";
    CASES_LATE = Counter "toleranced_cases_late_total" ["process"]
        "Live cases whose end became known long after it (metrics.late_after; back-fill, late history). They are in no other counter and in no histogram.";
    DEVIATIONS = Counter "toleranced_deviations_total" ["process", "executor"]
        "Sum of the deviations (0 as designed, 1 wrong) of the cases in toleranced_cases_total. A later correction does not lower it.";
    STARTED = Counter "toleranced_cases_started_total" ["process"]
        "Live cases that have started.";
    DURATION = Histogram "toleranced_case_duration_seconds" ["process", "executor"]
        "Time from the first event to the end of the live cases that have ended, for processes whose end is declared.";
    OPEN = Gauge "toleranced_cases_open" ["process"] "Live cases that have started and not ended.";
    INFO = Gauge "toleranced_process_info"
        ["process", "name", "criticality", "complexity", "frequency", "tolerance", "executor", "recommendation", "rule"]
        "Always 1; what is declared, levelled and recommended are labels.";
    RATE = Gauge "toleranced_process_cases_per_week" ["process"]
        "Cases started per week within the scoring window (90 days unless configured).";
    RATE_LOWER = Gauge "toleranced_process_cases_per_week_lower" ["process"]
        "Lower bound of the cases started per week (Gamma-Poisson interval, widened for over-dispersion and losses, 95 % unless configured).";
    RATE_UPPER = Gauge "toleranced_process_cases_per_week_upper" ["process"]
        "Upper bound of the cases started per week (Gamma-Poisson interval, widened for over-dispersion and losses, 95 % unless configured).";
    SIZE = Gauge "toleranced_process_size_steps" ["process"]
        "Measured size of the process in steps, within the scoring window.";
    NOMINAL_SIZE = Gauge "toleranced_process_nominal_size_steps" ["process"]
        "Size that sets the tolerance, in steps: declared, else measured over the baseline and frozen.";
    DEVIATION = Gauge "toleranced_process_deviation_ratio" ["process"]
        "Mean deviation per case (0 as designed, 1 wrong) of the cases that ended within the scoring window.";
    DEVIATION_LOWER = Gauge "toleranced_process_deviation_lower_ratio" ["process"]
        "Lower bound of the mean deviation (anytime-valid confidence sequence, 95 % unless configured).";
    DEVIATION_UPPER = Gauge "toleranced_process_deviation_upper_ratio" ["process"]
        "Upper bound of the mean deviation (anytime-valid confidence sequence, 95 % unless configured).";
    EXECUTOR_DEVIATION = Gauge "toleranced_executor_deviation_ratio" ["process", "executor"]
        "Mean deviation per case of one kind of executor within the scoring window.";
    DIRECTION = Gauge "toleranced_direction_cases_ratio" ["process", "direction"]
        "Share of the cases that ended within the scoring window and went wrong in a direction (missed, false_alarm). Absent where no outcome has one.";
    DIRECTION_LOWER = Gauge "toleranced_direction_cases_lower_ratio" ["process", "direction"]
        "Lower bound of that share (anytime-valid confidence sequence, 95 % unless configured).";
    DIRECTION_UPPER = Gauge "toleranced_direction_cases_upper_ratio" ["process", "direction"]
        "Upper bound of that share (anytime-valid confidence sequence, 95 % unless configured).";
    DIRECTION_TOLERANCE = Gauge "toleranced_direction_tolerance_ratio" ["process", "direction"]
        "Share of the cases that the catalog tolerates in a direction. Absent where it declares none.";
    DIRECTION_STATUS = Gauge "toleranced_direction_status" ["process", "direction", "status"]
        "1 for the status of a direction that holds (within, outside, undetermined), 0 for the others. Absent without a tolerance.";
    PERMISSIBLE = Gauge "toleranced_process_permissible_deviation_ratio" ["process"]
        "Permissible deviation per case, by required class and size (ISO 2768-1). Absent where the table has none.";
    CAPABILITY = Gauge "toleranced_process_capability_ratio" ["process"]
        "Permissible deviation over the upper bound of the observed one; 1, 1.33 and 1.67 read as for Cp.";
    VARIANCE = Gauge "toleranced_process_outcome_variance_ratio" ["process", "component"]
        "Chance that two cases end differently, within the scoring window: total, and what of it lies between inputs (inputs), between executor kinds on the same input (reproducibility) and within one kind (repeatability).";
    EXECUTOR_DEVIATION_LOWER = Gauge "toleranced_executor_deviation_lower_ratio" ["process", "executor"]
        "Lower bound of the mean deviation of one kind of executor (anytime-valid confidence sequence, 95 % unless configured).";
    EXECUTOR_DEVIATION_UPPER = Gauge "toleranced_executor_deviation_upper_ratio" ["process", "executor"]
        "Upper bound of the mean deviation of one kind of executor (anytime-valid confidence sequence, 95 % unless configured).";
    PAYBACK = Gauge "toleranced_process_payback_seconds" ["process"]
        "Time until automation has paid back what building it costs. Absent where not known, and where it never does.";
    LAST_CASE = Gauge "toleranced_process_last_case_timestamp_seconds" ["process"]
        "End of the latest hour in which a live case started or ended, in seconds since 1970.";
    CLASS = Gauge "toleranced_process_tolerance_class" ["process", "kind", "class"]
        "1 for the tolerance class that is required, and for the finest one achieved; 0 for the others.";
    STATUS = Gauge "toleranced_process_status" ["process", "status"]
        "1 for the status that holds (within, outside, undetermined, no_tolerance), 0 for the others.";
    CLEAN_RUNS = Gauge "toleranced_process_clean_runs_missing" ["process"]
        "Further cases without any deviation until the process would be within its tolerance.";
    CLEAN_RUNS_SECONDS = Gauge "toleranced_process_clean_runs_missing_seconds" ["process"]
        "Time until those cases have run, at the present rate.";
    STRAIGHT = Gauge "toleranced_process_straight_through_ratio" ["process"]
        "Share of cases without human touch, rework or repeated step, within the scoring window.";
    EXECUTOR_STATUS = Gauge "toleranced_executor_status" ["process", "executor", "status"]
        "1 for the status that holds of the cases in one operating mode, 0 for the others.";
    READY_TO_DELEGATE = Gauge "toleranced_process_ready_to_delegate" ["process", "executor"]
        "1 if the shadow runs of this kind of executor are within the tolerance of the process, 0 if not.";
    REPEATABILITY = Gauge "toleranced_executor_repeatability_variance_ratio" ["process", "executor"]
        "Chance that two runs of one kind of executor on the same input end differently, within the scoring window. Absent where repeats are too few.";
    WORK = Gauge "toleranced_process_work_seconds_per_year" ["process", "kind"]
        "Time of people a year, in seconds of their work: spent now, saved net of upkeep if automated, lost to wrong outcomes. Absent where not known.";
    STAGE_TIME = Gauge "toleranced_stage_time_seconds" ["process", "milestone", "percentile"]
        "Time from the start of a live case to the first time that it reached a milestone, median (50) and 90th percentile (90) of the cases that started within the scoring window (Kaplan-Meier). Absent while too few have reached it.";
    STAGE_TIME_LOWER = Gauge "toleranced_stage_time_lower_seconds" ["process", "milestone", "percentile"]
        "Lower bound of the stage time (95 % unless configured).";
    STAGE_TIME_UPPER = Gauge "toleranced_stage_time_upper_seconds" ["process", "milestone", "percentile"]
        "Upper bound of the stage time (95 % unless configured). Absent where nothing is known of it.";
    STAGE_CASES = Gauge "toleranced_stage_cases" ["process", "milestone", "state"]
        "Live cases that started within the scoring window: those that reached the milestone (reached), are open and have not yet (open), and ended without it (never_reached).";
    LOST = Gauge "toleranced_process_lost_records_ratio" ["process"]
        "Share of the records of the process's sources that were lost (quarantined or in a gap) within the scoring window; the worst source counts.";
    SELF_DECLARED = Gauge "toleranced_process_self_declared_outcomes" ["process"]
        "Ended cases whose outcome was set by who ran them, neither confirmed nor old enough to have stood.";
    REVISIONS = Counter "toleranced_process_revisions_total" ["process"]
        "Ended cases whose outcome, deviation or end was restated later (late truth).";
    DRIFT_EVIDENCE = Gauge "toleranced_drift_evidence_ratio" ["process", "stream"]
        "Evidence (logarithm of a likelihood ratio) that a stream has changed against its baseline, over its limit; an alarm is raised at 1. As of the last finished day.";
    DRIFT_ALARM = Gauge "toleranced_drift_alarm" ["process", "stream"]
        "1 while a drift alarm stands that no known change explains and that is not part of an alarm about several processes, 0 otherwise.";
    DRIFT_COMMON = Gauge "toleranced_drift_common_alarm_processes" ["stream"]
        "Processes that share a standing drift alarm because they changed on the same day in the same direction; 0 if there is none.";
    DRIFT_ALARMS = Counter "toleranced_drift_alarms_total" ["process", "stream"]
        "Drift alarms raised, those that late data has withdrawn included.";
    DRIFT_EXPECTED = Gauge "toleranced_drift_expected_false_alarms_per_year" []
        "False drift alarms that are expected in a year at most, over all processes, at the present thresholds.";
    DRIFT_ONSET = Gauge "toleranced_drift_alarm_onset_timestamp_seconds" ["process", "stream"]
        "Estimated first day of the change, in seconds since 1970, while a drift alarm stands.";
    DRIFT_EWMA = Gauge "toleranced_drift_deviation_ewma_ratio" ["process"]
        "Moving average (EWMA, weight 0.2) of the daily mean deviation, as of the last finished day with cases. For display.";
    DRIFT_EXPECTED_DEVIATION = Gauge "toleranced_drift_deviation_expected_ratio" ["process"]
        "Mean deviation that the baseline expects of the last finished day with cases.";
    DRIFT_LIMIT = Gauge "toleranced_drift_deviation_control_limit_ratio" ["process", "limit"]
        "Control limits of the mean deviation of the last finished day with cases (p-chart, three standard deviations). For display: alarms come from the evidence.";
    KNOWN_CHANGE = Gauge "toleranced_known_change_timestamp_seconds" ["process", "change"]
        "First day from which a known change (mark, new version, new baseline) holds, in seconds since 1970; the latest 20.";
    DRIFT_BASELINE = Gauge "toleranced_drift_baseline_end_timestamp_seconds" ["process"]
        "End of the baseline that drift is measured against, in seconds since 1970. Absent while it is being learned.";
    EVENTS = Counter "toleranced_ingest_events_total" ["source"] "Events taken from a source.";
    RECORDS = Counter "toleranced_ingest_records_total" ["source"] "Records read from a source.";
    DUPLICATES = Counter "toleranced_ingest_duplicates_total" ["source"]
        "Events of a source that were delivered again and counted once.";
    FILTERED = Counter "toleranced_ingest_filtered_total" ["source"]
        "Records of a source that its mapping passes over.";
    QUARANTINED = Counter "toleranced_ingest_quarantined_total" ["source", "reason"]
        "Records of a source that did not become events.";
    LAST_EVENT = Gauge "toleranced_ingest_last_event_timestamp_seconds" ["source"]
        "Time of the latest event of a source, in seconds since 1970. Absent until one was read since the start.";
    SOURCE_UP = Gauge "toleranced_source_up" ["source"] "1 if the source can be read, 0 if not.";
    SOURCE_BACKLOG = Gauge "toleranced_source_backlog_bytes" ["source"] "Bytes of a source that wait to be read.";
    SOURCE_FILES = Gauge "toleranced_source_files" ["source"] "Files of a source.";
    SOURCE_SET_ASIDE = Gauge "toleranced_source_set_aside_files" ["source"]
        "Files of a source that are set aside and not read, because the daemon died twice while it read them.";
    SOURCE_NOTICES = Counter "toleranced_source_notices_total" ["source", "notice"]
        "Noteworthy events of the files of a source, such as rotated or truncated.";
    EVICTED = Counter "toleranced_quarantine_evicted_total" []
        "Quarantined records that were dropped for want of room (limits.quarantine_records).";
    CASES_REMOVED = Counter "toleranced_cases_removed_total" ["process"]
        "Cases that were removed after the retention period (retention). Their sums are kept.";
    FOLDED = Counter "toleranced_names_folded_total" ["source", "process"]
        "Times that a name of an event counted as `other` because its process, its source or all together have too many (limits.process_names, limits.source_names, limits.names). It begins at 0 for each process that a source feeds.";
    OUTCOMES_FOLDED = Counter "toleranced_outcomes_folded_total" ["process"]
        "Outcomes that are exported as `other` because their process has too many (metrics.outcomes).";
    CACHED = Gauge "toleranced_cached_cases" [] "Cases held in memory.";
    SCORED_AT = Gauge "toleranced_last_score_timestamp_seconds" []
        "When the scores were calculated last, in seconds since 1970.";
    SCORE_DURATION = Gauge "toleranced_score_duration_seconds" []
        "Time that the last scoring of all processes took.";
    COMMIT_DURATION = Histogram "toleranced_commit_duration_seconds" []
        "Time of a commit to the database, from collecting what changed to its being on disk.";
    COMMIT_FAILURES = Counter "toleranced_commit_failures_total" []
        "Commits that could not be written; each is tried again until it is.";
    DAMAGED_ROWS = Counter "toleranced_store_damaged_rows_total" ["table"]
        "Damaged rows of the database that were treated as missing, counted at each start; the log names table, key and what to do.";
    STORE_LOST = Gauge "toleranced_store_lost" []
        "1 if a file of the database, or its folder, was removed or replaced while the daemon runs; it commits nothing until the file is back. 0 otherwise.";
    STORE_PROBLEMS = Gauge "toleranced_store_check_problems" []
        "Problems that the last check of all pages of the database has found (at the start and daily; at most 20). Absent before the first check.";
    STORE_CHECKED = Gauge "toleranced_store_last_check_timestamp_seconds" []
        "When all pages of the database were checked last, in seconds since 1970.";
    STORE_BYTES = Gauge "toleranced_store_bytes" [] "Size of the database on disk, with its write-ahead log.";
    HTTP_REQUESTS = Counter "toleranced_http_requests_total" ["handler", "code"]
        "HTTP requests answered, by route and status code.";
    HTTP_CONNECTIONS = Gauge "toleranced_http_connections" [] "HTTP connections that are open (limits.http_connections).";
    HTTP_CLOSED = Counter "toleranced_http_connections_closed_total" ["reason"]
        "HTTP connections that the daemon has closed: the one with the least progress when there were too many or responses took too much memory (limit), a TLS handshake that failed (handshake), headers that did not come or an answer that was not taken in time (timeout).";
    HTTP_LOGIN_FAILURES = Counter "toleranced_http_login_failures_total" ["reason"]
        "Failed log-ins: wrong credentials (wrong), an address with too many failures that must wait (delayed), or too many passwords to check (busy).";
    REPORT_OVERDUE = Gauge "toleranced_report_overdue" []
        "1 while the report of the last period that has ended is due and could not be written, or not sent to somebody, 0 otherwise (reports).";
    REPORT_FAILURES = Counter "toleranced_report_failures_total" []
        "Reports that could not be written; each is tried again.";
    REPORT_DELIVERIES = Counter "toleranced_report_deliveries_total" ["recipient", "result"]
        "Reports by recipient (reports.mail, reports.webhooks): sent, and failed, which are tried again.";
    CLOCK_JUMP = Gauge "toleranced_clock_jump_seconds" []
        "While the clock of the system has jumped and is not believed: by how much it is ahead of the time that scores count by, negative if it is behind. 0 otherwise.";
    CLOCK_JUMPS = Counter "toleranced_clock_jumps_total" []
        "Jumps of the clock of the system by more than five minutes since the start.";
    READY = Gauge "toleranced_ready" [] "1 if the daemon does its work, 0 if it is starting, can't write, its database is lost, or the clock of the system has jumped.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_manners_of_prometheus() {
        for metric in ALL {
            assert!(metric.name.starts_with("toleranced_"), "{}", metric.name);
            let total = metric.name.ends_with("_total");
            assert_eq!(total, metric.kind == Kind::Counter, "{}", metric.name);
            assert!(metric.help.ends_with('.'), "{}", metric.name);
            let mut words = metric.name.split('_');
            let other_unit =
                words.any(|word| ["minutes", "hours", "days", "weeks"].contains(&word));
            assert!(!other_unit, "{}: seconds are the base unit", metric.name);
        }
        let mut names: Vec<&str> = ALL.iter().map(|metric| metric.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), ALL.len());
    }
}
