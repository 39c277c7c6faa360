"""Overview: which process is within its tolerance, and what to do next."""

from .board import dashboard, process_dashboard_url, section
from .panels import (COLOURED_CELL, GAUGE_CELL, bar_gauge, column, link, matrix, now, override, query, rows, stat,
                     state_timeline, table, thresholds, value_mapping)
from .promql import coded, equals, label_that_holds, latest, renamed
from .words import STATUS, STATUS_CODES, STATUS_LABEL_MAPPING, STATUS_MAPPING

NOTHING_SCORED = "No process has been scored: the daemon is not scraped, or has read nothing yet"
TO_PROCESS = [link("Open this process", process_dashboard_url("${__value.raw:percentencode}"))]
PROCESS_COLUMN = column("process", "Process", links=TO_PROCESS, custom_minWidth=180)
STATUS_COLUMN = column("status", "Status", mappings=STATUS_LABEL_MAPPING, custom_cellOptions=COLOURED_CELL)

STATUS_TEXTS = {
    "within": ("Within tolerance", "Processes whose upper bound of the deviation is not above the permissible one."),
    "outside": ("Out of tolerance", "Processes whose lower bound of the deviation is above the permissible one."),
    "undetermined": ("Undetermined", "Processes for which there are too few cases to say. Nothing is ever called within "
                                     "for lack of data."),
    "no_tolerance": ("No tolerance", "Processes for whose class and size the table has no permissible deviation: for "
                                     "class f this is the advice to break them up."),
}


def status_count(status):
    title, description = STATUS_TEXTS[status]
    # Zero is good news for each of them, so it has no colour.
    steps = thresholds("text", (1, STATUS[status][1]))
    counted = f"sum({latest('toleranced_process_status', 'process', equals('status', status))})"
    return stat(title, description, [now(counted)], no_value=NOTHING_SCORED, steps=steps)


def class_of(kind):
    held = label_that_holds("toleranced_process_tolerance_class", "process, class", equals('kind', kind))
    return f"max by (process, {kind}) ({renamed(held, 'class', kind)})"


def tolerance_table():
    deviation = latest("toleranced_process_deviation_ratio", "process")
    upper = latest("toleranced_process_deviation_upper_ratio", "process")
    permissible = latest("toleranced_process_permissible_deviation_ratio", "process")
    return table(
        "Tolerance of every process",
        "Each process as on an engineering drawing: the class it needs, the class it holds, and its deviation per case "
        "against the permissible one. It is within when even the upper bound uses at most 100 % of what is permitted, "
        "outside when even the lower bound uses more.",
        [
            rows(latest("toleranced_process_info", "process, recommendation")),
            rows(class_of("required")),
            rows(class_of("achieved")),
            rows(label_that_holds("toleranced_process_status", "process, status")),
            rows(deviation),
            rows(permissible),
            rows(f"{upper} / {permissible}"),
            rows(latest("toleranced_process_cases_per_week", "process")),
            rows(f"sum by (process) ({latest('toleranced_drift_alarm', 'process, stream')})"),
        ],
        [
            PROCESS_COLUMN,
            column("required", "Required"),
            column("achieved", "Achieved"),
            STATUS_COLUMN,
            column("Value #E", "Deviation", unit="percentunit", decimals=2),
            column("Value #F", "Permissible", unit="percentunit", decimals=2),
            column("Value #G", "Used, upper bound", unit="percentunit", decimals=0, min=0, max=2,
                   custom_cellOptions=GAUGE_CELL, color={"mode": "thresholds"},
                   thresholds=thresholds("green", (1.0001, "yellow"), (2, "red"))),
            column("Value #H", "Cases per week", unit="short", decimals=1),
            column("Value #I", "Drift alarms", unit="none", thresholds=thresholds("text", (1, "red")),
                   custom_cellOptions={"type": "color-text"}),
            column("recommendation", "Recommendation", custom_minWidth=200),
        ],
        no_value=NOTHING_SCORED, height=11, sort="Status",
    )


def class_board():
    required = latest("toleranced_process_tolerance_class", "process, kind, class", 'kind="required"')
    achieved = latest("toleranced_process_tolerance_class", "process, kind, class", 'kind="achieved"')
    marks = value_mapping({0: ("", "transparent"), 1: ("required", "purple"), 2: ("achieved", "blue"),
                           3: ("required, achieved", "green")})
    alarming = value_mapping({0: ("", "transparent"), 2: ("holds no class", "red")})
    pending = value_mapping({0: ("", "transparent"), 2: ("too few cases", "yellow")})
    return matrix(
        "Required against achieved class",
        "Finest class on the left. Achieved to the right of required is out of tolerance; far to the left of it is "
        "precision that nobody asked for.",
        f"sum by (process, class) ({required} or 2 * {achieved})",
        "process", "class",
        {"f": "f", "m": "m", "c": "c", "v": "v", "none": "None", "undetermined": "Undetermined"},
        no_value=NOTHING_SCORED, height=11, mappings=marks,
        overrides=[
            override("Process", links=TO_PROCESS, custom_cellOptions={"type": "auto"}),
            *(override(name, custom_cellOptions=COLOURED_CELL) for name in "fmcv"),
            override("None", mappings=alarming, custom_cellOptions=COLOURED_CELL),
            override("Undetermined", mappings=pending, custom_cellOptions=COLOURED_CELL),
        ],
    )


def status_over_time():
    return state_timeline(
        "Status over time", "When each process came into its tolerance or left it.",
        [query(coded("toleranced_process_status", "status", STATUS_CODES, "process"), "{{process}}")],
        no_value=NOTHING_SCORED, mappings=STATUS_MAPPING, height=11,
    )


def recommendations():
    labels = "process, name, criticality, complexity, frequency, tolerance, executor, recommendation, rule"
    names = {"name": "Name", "criticality": "Criticality", "complexity": "Complexity", "frequency": "Frequency",
             "tolerance": "Tolerance", "executor": "Run today by", "recommendation": "Recommendation", "rule": "Rule"}
    return table(
        "Recommendations",
        "Who should run each process, and the rule of the decision table that says so. `toleranced explain PROCESS` "
        "shows the figures that made the rule fit.",
        [rows(latest("toleranced_process_info", labels))],
        [PROCESS_COLUMN, *(column(label, title) for label, title in names.items())],
        no_value=NOTHING_SCORED, width=16, height=11, sort="Recommendation",
    )


def recommendation_counts():
    counted = f"count by (recommendation) ({latest('toleranced_process_info', 'process, recommendation')})"
    return bar_gauge(
        "Processes by recommendation", "How many processes have each recommendation.",
        [now(counted, "{{recommendation}}")], no_value=NOTHING_SCORED, width=8, height=11, min=0, color={
            "mode": "palette-classic-by-name"},
    )


def out_of_tolerance():
    outside = label_that_holds("toleranced_process_status", "process", 'status="outside"')
    deviation = latest("toleranced_process_deviation_ratio", "process")
    permissible = latest("toleranced_process_permissible_deviation_ratio", "process")
    lost = latest("toleranced_process_work_seconds_per_year", "process", 'kind="lost"')
    return table(
        "Out of tolerance",
        "Processes that deviate more than permitted beyond doubt, and by how much. Work lost is what their wrong "
        "outcomes cost, where the catalog says what one costs.",
        [rows(f"{deviation} and {outside}"), rows(f"{deviation} / {permissible} and {outside}"),
         rows(f"{lost} / 3600 and {outside}")],
        [PROCESS_COLUMN, column("Value #A", "Deviation", unit="percentunit", decimals=2),
         column("Value #B", "Times the permissible", unit="none", decimals=1),
         column("Value #C", "Work lost, hours a year", unit="short", decimals=0)],
        no_value="No process is out of tolerance", width=8, sort="Times the permissible", descending=True,
    )


def ready_to_delegate():
    return table(
        "Ready to delegate",
        "Processes whose shadow runs by this kind of executor are within the tolerance, so that it can take over.",
        [rows(f"{latest('toleranced_process_ready_to_delegate', 'process, executor')} == 1")],
        [PROCESS_COLUMN, column("executor", "To")],
        no_value="No shadow run has proved itself within tolerance yet", width=8,
    )


def standing_alarms():
    standing = f"{latest('toleranced_drift_alarm', 'process, stream')} == 1"
    onset = latest("toleranced_drift_alarm_onset_timestamp_seconds", "process, stream")
    return table(
        "Standing drift alarms",
        "Processes that have changed against their own past, and no known change explains it.",
        [rows(standing), rows(f"1000 * {onset}")],
        [PROCESS_COLUMN, column("stream", "What"), column("Value #B", "Since about", unit="dateTimeAsLocal")],
        no_value="No drift alarm stands", width=8, sort="Process",
    )


def next_steps_counts():
    ready = f"sum({latest('toleranced_process_ready_to_delegate', 'process, executor')})"
    alarms = f"sum({latest('toleranced_drift_alarm', 'process, stream')})"
    return [
        stat("Ready to delegate", "Processes that another kind of executor could take over, by its shadow runs.",
             [now(ready)], no_value="No shadow runs", steps=thresholds("text", (1, "blue"))),
        stat("Standing drift alarms", "Streams that have changed against their baseline without a known change.",
             [now(alarms)], no_value=NOTHING_SCORED, steps=thresholds("text", (1, "red"))),
    ]


def board():
    return dashboard(
        "toleranced-overview", "toleranced / Overview",
        "Which process is inside its tolerance, who should run it, and what to do next.",
        [
            section("Who is within tolerance", *map(status_count, STATUS_TEXTS), *next_steps_counts(),
                    tolerance_table(), class_board(), status_over_time()),
            section("What to do next", recommendations(), recommendation_counts(), out_of_tolerance(),
                    ready_to_delegate(), standing_alarms()),
        ],
    )
