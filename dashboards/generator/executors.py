"""People, AI and code: the same process, run by different kinds of executor."""

from .board import EXECUTORS_VARIABLE, PROCESSES_VARIABLE, dashboard, process_dashboard_url, section
from .panels import (COLOURED_CELL, FINEST, GAUGE_CELL, column, fixed, limit_line, link, matrix, override, query, rows,
                     table, thresholds, timeseries)
from .promql import EXECUTORS, PROCESSES, equals, increase, label_that_holds, latest, quantile
from .words import STATUS_LABEL_MAPPING, YES_NO

BOTH = (PROCESSES, EXECUTORS)
BY = "process, executor"
NO_RUNS = "No case of these processes has ended"
NO_LIVE = "No live case has ended in this time"
PROCESS_COLUMN = column("process", "Process", custom_minWidth=180, links=[
    link("Open this process", process_dashboard_url("${__value.raw:percentencode}"))])


def by_executor(metric, *matchers):
    return latest(metric, BY, *BOTH, *matchers)


def side_by_side():
    deviation = by_executor("toleranced_executor_deviation_ratio")
    permissible = latest("toleranced_process_permissible_deviation_ratio", "process", PROCESSES)
    upper = by_executor("toleranced_executor_deviation_upper_ratio")
    ratio = {"unit": "percentunit", "decimals": 2}
    return table(
        "Side by side",
        "The deviation of the cases in each operating mode (who decided, with or without human approval), with its bounds, against what the process "
        "permits. Repeatability is the chance that two runs on the same input end differently: 0 for code, and "
        "measured, not assumed, for people and AI. Ready to take over is judged by shadow runs, the status by live ones.",
        [
            rows(deviation),
            rows(by_executor("toleranced_executor_deviation_lower_ratio")),
            rows(upper),
            rows(f"{upper} / on (process) group_left () {permissible}"),
            rows(label_that_holds("toleranced_executor_status", f"{BY}, status", *BOTH)),
            rows(by_executor("toleranced_executor_repeatability_variance_ratio")),
            rows(by_executor("toleranced_process_ready_to_delegate")),
        ],
        [
            PROCESS_COLUMN,
            column("executor", "Executor"),
            column("status", "Status", mappings=STATUS_LABEL_MAPPING, custom_cellOptions=COLOURED_CELL),
            column("Value #A", "Deviation", **ratio),
            column("Value #B", "Lower bound", **ratio),
            column("Value #C", "Upper bound", **ratio),
            column("Value #D", "Used, upper bound", unit="percentunit", decimals=0, min=0, max=2,
                   custom_cellOptions=GAUGE_CELL, thresholds=thresholds("green", (1.0001, "yellow"), (2, "red"))),
            column("Value #F", "Repeatability variance", **ratio),
            column("Value #G", "Ready to take over", mappings=YES_NO, custom_cellOptions={"type": "color-text"}),
        ],
        no_value=NO_RUNS, height=11, sort="Process",
    )


def deviation_over_time():
    return timeseries(
        "Deviation of $process by executor",
        "Mean deviation per case of each kind of executor within the scoring window, with the bounds as thin lines.",
        [query(by_executor("toleranced_executor_deviation_ratio"), "{{executor}}"),
         query(by_executor("toleranced_executor_deviation_lower_ratio"), "{{executor}} lower"),
         query(by_executor("toleranced_executor_deviation_upper_ratio"), "{{executor}} upper"),
         query(latest("toleranced_process_permissible_deviation_ratio", "process", PROCESSES), "permissible")],
        no_value=NO_RUNS, unit="percentunit", width=8, min=0, repeat="process",
        overrides=[limit_line("permissible"), *executor_colours()],
    )


def executor_colours():
    """One colour for a kind of executor and its bounds, the same in every panel."""
    colours = {
        "human": "blue", "ai": "orange", "ai_approved": "yellow", "code": "green", "code_approved": "semi-dark-green",
        "mixed": "purple", "unknown": "text",
    }
    for executor, colour in colours.items():
        yield override(executor, color=fixed(colour), custom_lineWidth=2)
        yield override(f"{executor} lower", color=fixed(colour), custom_lineWidth=0)
        yield override(f"{executor} upper", color=fixed(colour), custom_lineWidth=0,
                       custom_fillBelowTo=f"{executor} lower", custom_fillOpacity=15)


def volume():
    return timeseries(
        "Cases by executor", "Live cases that ended in each step of the time axis, by who ran them.",
        [query(increase("toleranced_cases_total", "executor", *BOTH), "{{executor}}")],
        no_value=NO_LIVE, unit="short", width=8, bars=True, stacking="normal", interval=FINEST,
        overrides=list(executor_colours()),
    )


def duration(title, share, description):
    return timeseries(
        title, description,
        [query(quantile(share, "toleranced_case_duration_seconds", BY, *BOTH), "{{process}}: {{executor}}")],
        no_value=NO_LIVE, unit="s", width=8, interval=FINEST, logarithmic=True,
    )


def variance():
    cell = {"unit": "percentunit", "decimals": 1, "min": 0, "max": 1, "custom_cellOptions": GAUGE_CELL,
            "thresholds": thresholds("blue")}
    names = {"total": "Total", "inputs": "Between inputs", "reproducibility": "Reproducibility",
             "repeatability": "Repeatability"}
    return matrix(
        "Why outcomes differ",
        "Chance that two cases end differently, split as in a gauge R&R study: because their inputs differ (legitimate), "
        "because other kinds of executor run the same input (reproducibility), or because the same kind decides "
        "otherwise on the same input (repeatability). Only the total where logs have no input signature.",
        latest("toleranced_process_outcome_variance_ratio", "process, component", PROCESSES), "process", "component",
        names, no_value="No case of these processes has ended yet", width=12, height=10,
        overrides=[override(name, **cell) for name in names.values()],
    )


def value():
    work = "toleranced_process_work_seconds_per_year"

    def hours(kind):
        return rows(latest(work, "process", PROCESSES, equals("kind", kind)) + " / 3600")

    number = {"unit": "short", "decimals": 0}
    return table(
        "What automation is worth",
        "Hours of people's work a year: spent now, saved net of upkeep if automated, lost to wrong outcomes; and how long "
        "it takes until the saving has paid back what building costs. Saved below 0 costs more than it saves.",
        [hours("spent"), hours("saved_net"), hours("lost"),
         rows(latest("toleranced_process_payback_seconds", "process", PROCESSES))],
        [PROCESS_COLUMN, column("Value #A", "Spent, hours a year", **number),
         column("Value #B", "Saved, hours a year", **number, thresholds=thresholds("red", (0, "green")),
                custom_cellOptions={"type": "color-text"}),
         column("Value #C", "Lost, hours a year", **number),
         column("Value #D", "Paid back after", unit="dtdurations", decimals=0)],
        no_value="The catalog says nothing of hands-on time and automation of these processes", width=12, height=10,
        sort="Saved, hours a year", descending=True,
    )


def board():
    return dashboard(
        "toleranced-executors", "toleranced / People, AI and code",
        "The same process run by people, AI and code: who deviates less, who repeats itself, what it is worth.",
        [
            section("Who holds the tolerance", side_by_side()),
            section("How much, and how fast", volume(),
                    duration("Median duration", 0.5, "Half of the live cases took at most this long."),
                    duration("Slowest twentieth", 0.95, "All but one in twenty of the live cases took at most this long.")),
            section("Why outcomes differ, and what automation is worth", variance(), value()),
            section("Deviation over time", deviation_over_time()),
        ],
        variables=[PROCESSES_VARIABLE, EXECUTORS_VARIABLE],
    )
