"""Drift: which process has changed against its own past."""

from .board import PROCESSES_VARIABLE, dashboard, process_annotations, process_dashboard_url, section
from .panels import (FINEST, GAUGE_CELL, column, link, matrix, now, override, query, rows, stat, table, thresholds,
                     timeseries)
from .promql import PROCESSES, increase, latest, select

NO_BASELINE = "No process has a baseline yet: it takes 28 days and 300 cases"
TO_PROCESS = [link("Open this process", process_dashboard_url("${__value.raw:percentencode}"))]
PROCESS_COLUMN = column("process", "Process", links=TO_PROCESS, custom_minWidth=180)
STREAMS = {"deviation": "Deviation", "critical_outcome": "Critical outcome", "outcome_mix": "Outcome mix",
           "input_variance": "Input variance", "path_novelty": "Path novelty", "duration_location": "Duration",
           "duration_dispersion": "Duration spread", "frequency_up": "More cases", "frequency_down": "Fewer cases"}
# Evidence of 1 raises the alarm; a stream with half of it is worth a look.
EVIDENCE_STEPS = thresholds("green", (0.5, "yellow"), (1, "red"))


def alarms(by="process, stream"):
    return latest("toleranced_drift_alarm", by, PROCESSES)


def counts():
    expected = f"max({select('toleranced_drift_expected_false_alarms_per_year')})"
    end = latest("toleranced_drift_baseline_end_timestamp_seconds", "process", PROCESSES)
    return [
        stat("Standing alarms", "Streams in which a change stands that no known change explains.",
             [now(f"sum({alarms()})")], no_value="No process is watched yet", width=6,
             steps=thresholds("green", (1, "red"))),
        stat("Processes concerned", "Processes with at least one standing alarm.",
             [now(f"sum({alarms('process')})")], no_value="No process is watched yet", width=6,
             steps=thresholds("green", (1, "red"))),
        stat("Expected false alarms a year", "How many false alarms are expected in a year at most, over all processes. "
             "It is configured (drift.false_alarms_per_year), not a result.",
             [now(expected)], no_value="No process is watched yet", width=6, decimals=1),
        stat("Processes with a baseline", "Processes whose baseline is complete; the others are still being learned.",
             [now(f"count({end})")], no_value=NO_BASELINE, width=6),
    ]


def together():
    processes = latest("toleranced_drift_common_alarm_processes", "stream") + " > 0"
    return table(
        "Processes that changed together",
        "Processes that changed in the same stream and direction within a few days: one cause is likely. They have one alarm "
        "together; `toleranced drift` names them.",
        [rows(processes)],
        [column("stream", "Stream"), column("Value", "Processes", unit="short", decimals=0)],
        no_value="No processes changed together", width=24, height=5, sort="Processes", descending=True,
    )


def standing():
    evidence = latest("toleranced_drift_evidence_ratio", "process, stream", PROCESSES)
    onset = latest("toleranced_drift_alarm_onset_timestamp_seconds", "process, stream", PROCESSES)
    standing_alarms = f"{alarms()} == 1"
    return table(
        "Standing alarms",
        "What has changed, since about when, and how strong the evidence is now. Acknowledge with `toleranced drift ack`; "
        "tell of a known change with `toleranced mark`.",
        [rows(standing_alarms), rows(f"1000 * {onset}"), rows(f"time() - {onset}"),
         rows(f"{evidence} and {standing_alarms}")],
        [PROCESS_COLUMN, column("stream", "Stream"), column("Value #B", "Since about", unit="dateTimeAsLocal"),
         column("Value #C", "Age", unit="dtdurations", decimals=0),
         column("Value #D", "Evidence", unit="short", decimals=2)],
        no_value="No drift alarm stands", width=12, height=9, sort="Age",
    )


def baselines():
    end = latest("toleranced_drift_baseline_end_timestamp_seconds", "process", PROCESSES)
    return table(
        "Baselines",
        "What each process is measured against. Absent while it is being learned; an old one deserves a look now and "
        "then: `toleranced drift rebaseline`.",
        [rows(f"1000 * {end}"), rows(f"time() - {end}")],
        [PROCESS_COLUMN, column("Value #A", "Ended", unit="dateTimeAsLocal"),
         column("Value #B", "Age", unit="dtdurations", decimals=0)],
        no_value=NO_BASELINE, width=12, height=9, sort="Age", descending=True,
    )


def evidence_board():
    cell = {"custom_cellOptions": GAUGE_CELL, "min": 0, "max": 1, "decimals": 2, "thresholds": EVIDENCE_STEPS}
    return matrix(
        "Evidence by process and stream",
        "Evidence that a stream has changed against its baseline, over its limit, as of the last finished day. An "
        "alarm is raised at 1.",
        latest("toleranced_drift_evidence_ratio", "process, stream", PROCESSES), "process", "stream", STREAMS,
        no_value=NO_BASELINE, width=24, height=10,
        overrides=[override("Process", links=TO_PROCESS), *(override(name, **cell) for name in STREAMS.values())],
    )


def evidence_over_time():
    return timeseries(
        "Evidence over time",
        "Evidence over its limit: a change climbs steadily, chance falls back. Blue marks are known changes, red ones standing "
        "alarms.",
        [query(latest("toleranced_drift_evidence_ratio", "process, stream", PROCESSES), "{{process}}: {{stream}}")],
        no_value=NO_BASELINE, unit="none", width=24, height=11, min=0, line_at_threshold=True,
        steps=thresholds("green", (1, "red")), legend="table",
    )


def raised():
    return timeseries(
        "Alarms raised", "Drift alarms raised, those that late data has withdrawn included.",
        [query(increase("toleranced_drift_alarms_total", "process, stream", PROCESSES) + " > 0",
               "{{process}}: {{stream}}")],
        no_value="No alarm was raised in this time", unit="short", width=12, bars=True, stacking="normal",
        interval=FINEST, min=0,
    )


def known_changes():
    change = latest("toleranced_known_change_timestamp_seconds", "process, change", PROCESSES)
    return table(
        "Known changes", "What was told by `toleranced mark`, new versions and new baselines, and the day from which each "
        "holds. What drift finds after one of them is explained, and no alarm.",
        [rows(f"1000 * {change}")],
        [PROCESS_COLUMN, column("change", "Change"), column("Value", "Holds from", unit="dateTimeAsLocal")],
        no_value="No known change: tell of one with `toleranced mark`", width=12, sort="Holds from", descending=True,
    )


def board():
    return dashboard(
        "toleranced-drift", "toleranced / Drift",
        "Which process has changed against its own past, since when, and how sure that is.",
        [
            section("Alarms", *counts(), together(), standing(), baselines()),
            section("Evidence", evidence_board(), evidence_over_time()),
            section("History", raised(), known_changes()),
        ],
        variables=[PROCESSES_VARIABLE], annotations=process_annotations(PROCESSES),
    )
