"""Daemon health: does toleranced read everything, and keep up?"""

from .board import dashboard, section
from .panels import column, now, query, rows, stat, table, thresholds, timeseries
from .promql import increase, latest, quantile, rate, select
from .words import UP_DOWN

NOT_SCRAPED = "Prometheus has no sample of this daemon: is it running, and is it scraped?"
NO_SOURCE = "No source is configured"


def by_instance(metric):
    return latest(metric, "instance")


def state():
    worst = thresholds("red", (1, "green"))
    loss = thresholds("green", (1e-9, "yellow"))
    lost = rate("toleranced_ingest_quarantined_total", "job")
    return [
        stat("Scraped", "Whether Prometheus reaches every selected daemon.", [now(f"min({select('up')})")],
             no_value=NOT_SCRAPED, mappings=UP_DOWN, steps=worst, width=3),
        stat("Ready", "Whether the daemon does its work: no while it is starting or can't write.",
             [now(f"min({select('toleranced_ready')})")], no_value=NOT_SCRAPED, mappings=UP_DOWN,
             steps=worst, width=3),
        stat("Sources readable", "Whether all sources can be read.", [now(f"min({select('toleranced_source_up')})")],
             no_value=NO_SOURCE, mappings=UP_DOWN, steps=worst, width=3),
        stat("Quarantined per second", "Records that did not become events, now. See which and why with `toleranced "
             "quarantine list`.", [now(lost)], no_value=NOT_SCRAPED, unit="reqps", steps=loss, width=4),
        stat("Last scoring", "When the scores were calculated last.",
             [now(f"1000 * {by_instance('toleranced_last_score_timestamp_seconds')}")],
             no_value="Nothing has been scored yet", unit="dateTimeFromNow", width=4),
        stat("Running since", "When the process was started.",
             [now(f"1000 * {by_instance('process_start_time_seconds')}")], no_value=NOT_SCRAPED,
             unit="dateTimeFromNow", width=4),
        stat("Version", "The version of each selected daemon.",
             [now(latest("toleranced_build_info", "version"), "{{version}}")], no_value=NOT_SCRAPED, text="name",
             width=3),
    ]


def sources():
    lag = f"time() - {latest('toleranced_ingest_last_event_timestamp_seconds', 'instance, source')}"
    return [
        timeseries("Records and events", "Records read, events taken from them, records that the mapping passes over, and "
                   "events that were delivered again and counted once.",
                   [query(rate("toleranced_ingest_records_total", "source"), "{{source}}: records"),
                    query(rate("toleranced_ingest_events_total", "source"), "{{source}}: events"),
                    query(rate("toleranced_ingest_filtered_total", "source"), "{{source}}: passed over"),
                    query(rate("toleranced_ingest_duplicates_total", "source"), "{{source}}: duplicates")],
                   no_value=NO_SOURCE, unit="cps", min=0),
        timeseries("Quarantined records by reason", "Records that did not become events, by reason, and those dropped from "
                   "the quarantine for want of room.",
                   [query(rate("toleranced_ingest_quarantined_total", "source, reason") + " > 0",
                          "{{source}}: {{reason}}"),
                    query(rate("toleranced_quarantine_evicted_total", "job"), "dropped from the quarantine")],
                   no_value="Nothing is quarantined", unit="cps", min=0, bars=True, stacking="normal"),
        timeseries("Age of the latest event", "How long ago the latest event of each source happened. It rises when a "
                   "source falls silent, and when reading falls behind.",
                   [query(lag, "{{source}}")], no_value="No event was read since the start", unit="s", width=8),
        timeseries("Backlog", "What waits to be read.",
                   [query(latest("toleranced_source_backlog_bytes", "source"), "{{source}}")],
                   no_value=NO_SOURCE, unit="bytes", width=8, min=0),
        timeseries("Sources that can be read", "1 if the source can be read, 0 if not.",
                   [query(latest("toleranced_source_up", "source"), "{{source}}")],
                   no_value=NO_SOURCE, unit="none", width=8, min=0, max=1, decimals=0),
        timeseries("Files", "Files of each source.", [query(latest("toleranced_source_files", "source"), "{{source}}")],
                   no_value=NO_SOURCE, unit="short", width=8, min=0),
        timeseries("Files set aside", "Files that are not read, because the daemon died twice while it read them. Notes in the "
                   "folder set-aside of the data folder name them.",
                   [query(latest("toleranced_source_set_aside_files", "source"), "{{source}}")],
                   no_value=NO_SOURCE, unit="short", width=8, min=0, decimals=0),
        timeseries("Notices", "Noteworthy events of the files of a source, such as rotated or truncated.",
                   [query(rate("toleranced_source_notices_total", "source, notice"), "{{source}}: {{notice}}")],
                   no_value="No file was rotated, truncated or lost", unit="cps", width=8, min=0),
    ]


def commits():
    histogram = "toleranced_commit_duration_seconds"
    return [
        timeseries("Time of a commit", "How long a commit to the database takes.",
                   [query(quantile(0.5, histogram, ""), "median"), query(quantile(0.99, histogram, ""), "99 %")],
                   no_value="Nothing was committed in this time", unit="s", width=8, min=0),
        timeseries("Commits", "Commits that were written, and those that could not be written and are tried again. Nothing "
                   "is lost by a failed one, but reading waits.",
                   [query(rate(f"{histogram}_count", "instance"), "{{instance}}: written"),
                    query(rate("toleranced_commit_failures_total", "instance"), "{{instance}}: failed")],
                   no_value=NOT_SCRAPED, unit="cps", width=8, min=0),
        timeseries("Time of a scoring", "How long the last scoring of all processes took.",
                   [query(by_instance("toleranced_score_duration_seconds"), "{{instance}}")],
                   no_value="Nothing has been scored yet", unit="s", width=8, min=0),
        timeseries("Database", "Size of the database on disk.",
                   [query(by_instance("toleranced_store_bytes"), "{{instance}}")], no_value=NOT_SCRAPED, unit="bytes",
                   width=8, min=0),
        timeseries("Database on disk", "1 while a file of the database or its folder is removed or replaced, and the daemon commits "
                   "nothing; and the problems that the last check of all pages has found, at the start and daily.",
                   [query(by_instance("toleranced_store_lost"), "{{instance}}: lost"),
                    query(by_instance("toleranced_store_check_problems"), "{{instance}}: problems")],
                   no_value=NOT_SCRAPED, unit="short", width=8, min=0),
        timeseries("Last check of the database", "How long ago all pages of the database were checked.",
                   [query(f"time() - {by_instance('toleranced_store_last_check_timestamp_seconds')}", "{{instance}}")],
                   no_value="No check has ended yet", unit="s", width=8, min=0),
        timeseries("Clock ahead", "While the clock of the system has jumped and is not believed: by how much it is ahead of the time that "
                   "scores count by.", [query(by_instance("toleranced_clock_jump_seconds"), "{{instance}}")],
                   no_value=NOT_SCRAPED, unit="s", width=12),
        timeseries("Clock jumps", "Jumps of the clock of the system by more than five minutes.",
                   [query(increase("toleranced_clock_jumps_total", "instance"), "{{instance}}")],
                   no_value=NOT_SCRAPED, unit="short", width=12, min=0),
        timeseries("Damaged rows", "Rows of the database that cannot be read, by table. The log of the daemon names each row, what "
                   "follows from it and what to do.",
                   [query(increase("toleranced_store_damaged_rows_total", "table"), "{{table}}")],
                   no_value="No damaged row was found", unit="short", width=8, min=0),
        timeseries("HTTP requests", "Requests answered, by handler and code.",
                   [query(rate("toleranced_http_requests_total", "handler, code"), "{{handler}} {{code}}")],
                   no_value="No request was answered in this time", unit="reqps", width=8, min=0),
        timeseries("HTTP connections", "Connections that are open, and those that the daemon has closed: too many, no answer "
                   "taken in time, a TLS handshake that failed. Also failed log-ins, by reason.",
                   [query(by_instance("toleranced_http_connections"), "{{instance}}: open"),
                    query(increase("toleranced_http_connections_closed_total", "reason"), "closed: {{reason}}"),
                    query(increase("toleranced_http_login_failures_total", "reason"), "failed log-in: {{reason}}")],
                   no_value=NOT_SCRAPED, unit="short", width=12, min=0),
        timeseries("Reports", "1 while the report of the last period is due and could not be written, or not sent to "
                   "somebody; how often one could not be written; and what became of it by recipient. Each is tried again.",
                   [query(by_instance("toleranced_report_overdue"), "{{instance}}: overdue"),
                    query(increase("toleranced_report_failures_total", "instance"), "{{instance}}: failed"),
                    query(increase("toleranced_report_deliveries_total", "recipient, result"), "{{recipient}}: {{result}}")],
                   no_value=NOT_SCRAPED, unit="short", width=12, min=0),
        timeseries("Cases in memory", "Cases held in memory. The limit is configured; beyond it they are read from the "
                   "database again.",
                   [query(by_instance("toleranced_cached_cases"), "{{instance}}")], no_value=NOT_SCRAPED, unit="short",
                   width=8, min=0),
    ]


def resources():
    return [
        timeseries("CPU", "Cores in use.", [query(rate("process_cpu_seconds_total", "instance"), "{{instance}}")],
                   no_value=NOT_SCRAPED, unit="none", width=8, min=0),
        timeseries("Memory", "Resident memory.",
                   [query(by_instance("process_resident_memory_bytes"), "{{instance}}")], no_value=NOT_SCRAPED,
                   unit="bytes", width=8, min=0),
        timeseries("File descriptors", "Open ones, and how many may be open.",
                   [query(by_instance("process_open_fds"), "{{instance}}: open"),
                    query(by_instance("process_max_fds"), "{{instance}}: limit")],
                   no_value=NOT_SCRAPED, unit="short", width=8, min=0, logarithmic=True),
    ]


def limits():
    return [
        timeseries("Names counted as other", "Names, and outcomes of a process, that are counted as `other` because there "
                   "are too many. The page Ingest of the daemon says which limit is exceeded, and what to do.",
                   [query(rate("toleranced_names_folded_total", "source, process"), "{{source}}: names of {{process}}"),
                    query(rate("toleranced_outcomes_folded_total", "process"), "{{process}}: outcomes")],
                   no_value="No name is counted as other", unit="cps", min=0, width=8),
        timeseries("Late cases", "Live cases whose end became known long after it (back-fill, late history); they are in "
                   "no other counter.",
                   [query(rate("toleranced_cases_late_total", "process") + " > 0", "{{process}}")],
                   no_value="No case came late", unit="cps", min=0, width=8),
        timeseries("Removed cases", "Cases that were removed after the retention period (`retention`). Their sums are kept.",
                   [query(increase("toleranced_cases_removed_total", "process"), "{{process}}")],
                   no_value="No case was removed", unit="short", width=8, min=0),
        table("Daemons", "Every daemon that Prometheus knows, with its version.",
              [rows(latest("toleranced_build_info", "job, instance, version"))],
              [column("job", "Job"), column("instance", "Instance"), column("version", "Version")],
              no_value=NOT_SCRAPED, height=5),
    ]


def board():
    return dashboard(
        "toleranced-daemon", "toleranced / Daemon health",
        "Does toleranced read everything, keep up, and have room?",
        [
            section("Is it all right?", *state()),
            section("Sources", *sources()),
            section("Database, scores and requests", *commits()),
            section("Resources", *resources()),
            section("Limits", *limits()),
        ],
        span="now-6h", refresh="30s",
    )
