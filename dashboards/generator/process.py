"""Process: everything about one process."""

from .board import DAEMON_URL, ONE_PROCESS_VARIABLE, dashboard, external_link, process_annotations, section
from .panels import (FINEST, band, fixed, heatmap, limit_line, link, now, override, override_matching, query, stat,
                     state_timeline, thresholds, timeseries)
from .promql import ONE_PROCESS, coded, equals, increase, label_that_holds, latest
from .words import CAPABILITY_STEPS, CLASS_CODES, CLASS_MAPPING, STATUS_CODES, STATUS_MAPPING

NO_CASES = "No case of this process has ended yet"
NOT_SCORED = "This process has not been scored yet"
# The fold of a day needs the whole day, so a finer step shows nothing more.
DAILY = "1d"
# A stat that shows a label has no value to colour by.
BY_NAME = thresholds("blue")


def mine(metric, *matchers, by="process"):
    return latest(metric, by, ONE_PROCESS, *matchers)


def class_now(kind):
    return label_that_holds("toleranced_process_tolerance_class", "class", ONE_PROCESS, equals('kind', kind))


def standing():
    own_page = [link("Page of this process in the daemon", "${daemon_url}/processes/${process:percentencode}")]
    status = coded("toleranced_process_status", "status", STATUS_CODES, "process", ONE_PROCESS)
    return [
        stat("Status", "Within if even the upper bound of the deviation is permitted, outside if even the lower bound "
             "is not, else undetermined.", [now(status)], no_value=NOT_SCORED, mappings=STATUS_MAPPING, width=3,
             color="background", links=own_page),
        stat("Required class", "What its criticality needs, unless the catalog declares a class.",
             [now(class_now("required"), "{{class}}")], no_value=NOT_SCORED, text="name", width=3, steps=BY_NAME),
        stat("Achieved class", "The finest class whose permissible deviation it holds.",
             [now(class_now("achieved"), "{{class}}")], no_value=NOT_SCORED, text="name", width=3, steps=BY_NAME),
        stat("Recommendation", "Who should run it.",
             [now(mine("toleranced_process_info", by="recommendation"), "{{recommendation}}")],
             no_value=NOT_SCORED, text="name", width=5, steps=BY_NAME),
        stat("Capability", "Permissible deviation over the upper bound of the observed one. 1, 1.33 and 1.67 read as "
             "for Cp.", [now(mine("toleranced_process_capability_ratio"))], no_value="No tolerance or no cases",
             width=3, decimals=2, steps=thresholds("red", *CAPABILITY_STEPS)),
        stat("Clean runs missing", "Further cases without any deviation until it would be within its tolerance.",
             [now(mine("toleranced_process_clean_runs_missing"))], no_value="No tolerance to reach", width=3),
        stat("Time until then", "How long those cases take at the present rate.",
             [now(mine("toleranced_process_clean_runs_missing_seconds"))], no_value="No tolerance to reach",
             unit="dtdurations", decimals=0, width=4),
    ]


def deviation():
    return timeseries(
        "Deviation against the permissible one",
        "Mean deviation per case (0 as designed, 1 wrong) within the scoring window, with its anytime-valid interval. "
        "Judge by the interval: within when all of it is below the dashed line, outside when all of it is above.",
        [query(mine("toleranced_process_deviation_ratio"), "deviation"),
         query(mine("toleranced_process_deviation_lower_ratio"), "lower bound"),
         query(mine("toleranced_process_deviation_upper_ratio"), "upper bound"),
         query(mine("toleranced_process_permissible_deviation_ratio"), "permissible")],
        no_value=NO_CASES, unit="percentunit", min=0,
        overrides=[*band("lower bound", "upper bound", "blue"), limit_line("permissible"),
                   override("deviation", color=fixed("blue"), custom_lineWidth=2)],
    )


def directions():
    """Misses apart from false alarms."""
    def of(metric):
        return mine(metric, by="direction")
    share = "toleranced_direction_cases"
    no_value = "No outcome of this process has a direction"
    return [
        timeseries(
            "Misses and false alarms", "Share of the cases that went wrong in each direction within the scoring window, beside what is "
            "tolerated. One number must not hide a missed intrusion behind a hundred harmless escalations.",
            [query(of(f"{share}_ratio"), "{{direction}}"), query(of("toleranced_direction_tolerance_ratio"), "{{direction}}, tolerated")],
            no_value=no_value, unit="percentunit", width=8, min=0),
        timeseries(
            "Bounds of the shares", "The anytime-valid 95 % interval of each share. Judge by it: within when the upper bound is at most "
            "what is tolerated, outside when the lower bound is above.",
            [query(of(f"{share}_lower_ratio"), "{{direction}}, lower"), query(of(f"{share}_upper_ratio"), "{{direction}}, upper")],
            no_value=no_value, unit="percentunit", width=8, min=0),
        state_timeline(
            "Misses and false alarms against their tolerances", "The process is outside if one of them is, and not within if one of them is not.",
            [query(coded("toleranced_direction_status", "status", STATUS_CODES, "direction", ONE_PROCESS), "{{direction}}")],
            no_value="No tolerance of a direction is declared", mappings=STATUS_MAPPING, width=8),
    ]


def frequency():
    return timeseries(
        "Frequency", "Cases started per week within the scoring window, with the Gamma-Poisson interval.",
        [query(mine("toleranced_process_cases_per_week"), "cases per week"),
         query(mine("toleranced_process_cases_per_week_lower"), "lower bound"),
         query(mine("toleranced_process_cases_per_week_upper"), "upper bound")],
        no_value=NOT_SCORED, unit="short", min=0,
        overrides=[*band("lower bound", "upper bound", "green"),
                   override("cases per week", color=fixed("green"), custom_lineWidth=2)],
    )


def control_chart():
    daily = (f"{increase('toleranced_deviations_total', 'process', ONE_PROCESS)}"
             f" / ({increase('toleranced_cases_total', 'process', ONE_PROCESS)} > 0)")
    limit = "toleranced_drift_deviation_control_limit_ratio"
    return timeseries(
        "Control chart of the deviation",
        "Mean deviation of the cases of each day, beside what the baseline expects of the day, the p-chart limits and "
        "the EWMA. For the eye only: alarms come from the evidence below, whose false-alarm rate is known.",
        [query(daily, "day"),
         query(mine("toleranced_drift_deviation_ewma_ratio"), "EWMA"),
         query(mine("toleranced_drift_deviation_expected_ratio"), "expected"),
         query(mine(limit, 'limit="lower"'), "lower limit"),
         query(mine(limit, 'limit="upper"'), "upper limit")],
        no_value="No finished day yet: the first point comes after midnight UTC, the limits with the first baseline",
        unit="percentunit", min=0, interval=DAILY,
        overrides=[override("day", color=fixed("blue"), custom_drawStyle="points", custom_pointSize=6),
                   override("EWMA", color=fixed("orange"), custom_lineWidth=2),
                   override("expected", color=fixed("green")), limit_line("lower limit"), limit_line("upper limit")],
    )


def evidence():
    return timeseries(
        "Drift evidence",
        "Evidence that a stream has changed against its baseline, over its limit; an alarm is raised at 1.",
        [query(mine("toleranced_drift_evidence_ratio", by="stream"), "{{stream}}")],
        no_value="The baseline of this process is still being learned", unit="none", min=0,
        line_at_threshold=True, steps=thresholds("green", (1, "red")),
    )


def class_over_time():
    return state_timeline(
        "Class over time", "The class that is required, and the finest one achieved.",
        [query(coded("toleranced_process_tolerance_class", "class", CLASS_CODES, "kind", ONE_PROCESS), "{{kind}}")],
        no_value=NOT_SCORED, mappings=CLASS_MAPPING, height=6,
    )


def capability():
    return timeseries(
        "Capability", "Permissible deviation over the upper bound of the observed one. Below 1 the tolerance is not "
        "proved; 1.33 and 1.67 read as for Cp.",
        [query(mine("toleranced_process_capability_ratio"), "capability")],
        no_value="No tolerance or no cases", unit="none", height=6, min=0, color=fixed("blue"), line_at_threshold=True,
        steps=thresholds("red", *CAPABILITY_STEPS),
    )


def clean_runs():
    return timeseries(
        "Clean runs missing", "Further cases without any deviation until it would be within its tolerance.",
        [query(mine("toleranced_process_clean_runs_missing"), "cases")],
        no_value="No tolerance to reach", unit="short", height=6, min=0, color=fixed("blue"),
    )


def size():
    return timeseries(
        "Size", "Steps as measured, beside the nominal size that sets the tolerance. The nominal one is frozen, so that "
        "a process that sprawls can't loosen its own tolerance.",
        [query(mine("toleranced_process_size_steps"), "measured"),
         query(mine("toleranced_process_nominal_size_steps"), "nominal")],
        no_value=NO_CASES, unit="none", height=6, min=0,
        overrides=[limit_line("nominal", "purple"), override("measured", color=fixed("blue"))],
    )


def outcomes():
    return timeseries(
        "Outcome mix", "Share of each outcome among the live cases that ended in each step of the time axis.",
        [query(increase("toleranced_cases_total", "outcome", ONE_PROCESS), "{{outcome}}")],
        no_value="No live case has ended in this time", unit="short", bars=True,
        stacking="percent", color={"mode": "palette-classic-by-name"}, interval=FINEST,
    )


def flow():
    return timeseries(
        "Started, ended and open", "Live cases that began and that ended in each step of the time axis, and how many are "
        "open. Open ones that only rise say that ends are missed, or that the work is.",
        [query(increase("toleranced_cases_started_total", "process", ONE_PROCESS), "started"),
         query(increase("toleranced_cases_total", "process", ONE_PROCESS), "ended"),
         query(mine("toleranced_cases_open"), "open")],
        no_value="No live case in this time", unit="short", min=0, interval=FINEST,
        overrides=[override("open", custom_drawStyle="line", custom_lineWidth=2),
                   override_matching("started|ended", custom_drawStyle="bars", custom_fillOpacity=40)],
    )


def durations():
    return heatmap(
        "Duration of cases", "Time from the first event to the end of the live cases, how many in each step. Each bin is "
        "at least twice as long as the one below it.",
        [query(increase("toleranced_case_duration_seconds_bucket", "le", ONE_PROCESS), "{{le}}")],
        no_value="No live case has ended in this time, or the end of this process is not declared", unit="s",
        width=24, interval=FINEST,
    )


def stage_times():
    """Times to the milestones, and how many cases have reached them."""
    def of(metric, percentile):
        return mine(metric, equals("percentile", percentile), by="milestone")
    time, lower, upper = (f"toleranced_stage_time_{part}seconds" for part in ("", "lower_", "upper_"))
    no_value = "No milestone, or too few cases have reached it"
    return [
        timeseries(
            "Stage times", "Time from the start of a case to each milestone (such as acknowledged: MTTA, resolved: MTTR). Median "
            "and 90th percentile of the cases that started within the scoring window. Open cases count as not reached yet.",
            [query(of(time, "50"), "{{milestone}}, median"), query(of(time, "90"), "{{milestone}}, 90 %")],
            no_value=no_value, unit="s", width=8, min=0),
        timeseries(
            "Bounds of the median", "The 95 % interval of the median of each stage time. No upper line: nothing is known of it yet.",
            [query(of(lower, "50"), "{{milestone}}, lower"), query(of(upper, "50"), "{{milestone}}, upper")],
            no_value=no_value, unit="s", width=8, min=0),
        timeseries(
            "Cases by milestone", "Live cases that started within the scoring window: those that reached the milestone, are open "
            "and have not yet, and ended without it.",
            [query(mine("toleranced_stage_cases", by="milestone, state"), "{{milestone}}, {{state}}")],
            no_value=no_value, unit="short", width=8, min=0),
    ]


def trust():
    """What weakens the figures above."""
    last = mine("toleranced_process_last_case_timestamp_seconds")
    return [
        stat("Straight through", "Share of cases without human touch, rework or repeated step.",
             [now(mine("toleranced_process_straight_through_ratio"))], no_value=NO_CASES, unit="percentunit",
             decimals=1),
        stat("Lost records", "Share of the records of its sources that were lost (quarantined or in a gap); the worst "
             "source counts. Rates are widened by it, never lowered.",
             [now(mine("toleranced_process_lost_records_ratio"))], no_value=NOT_SCORED, unit="percentunit", decimals=2,
             steps=thresholds("green", (0.001, "yellow"), (0.05, "red"))),
        stat("Self-declared outcomes", "Ended cases whose outcome was set by who ran them, neither confirmed nor old "
             "enough to have stood. Weaker evidence than confirmed ones.",
             [now(mine("toleranced_process_self_declared_outcomes"))], no_value=NO_CASES),
        stat("Last live case", "When the latest live case began.", [now(f"1000 * {last}")],
             no_value="No live case yet", unit="dateTimeFromNow", width=4),
        timeseries(
            "Restated and late cases", "Ended cases that were restated later (late truth), and live cases whose end became "
            "known long after it, which are in no other counter.",
            [query(increase("toleranced_process_revisions_total", "process", ONE_PROCESS), "restated"),
             query(increase("toleranced_cases_late_total", "process", ONE_PROCESS), "late"),
             query(increase("toleranced_outcomes_folded_total", "process", ONE_PROCESS), "outcomes counted as other")],
            no_value="Nothing was restated or late", unit="short", width=8, height=6, bars=True, interval=FINEST),
    ]


def board():
    page = external_link("This process in the daemon", "${daemon_url}/processes/${process:percentencode}",
                         "Its cases, its path and why it is recommended so")
    return dashboard(
        "toleranced-process", "toleranced / Process",
        "One process: does it hold its tolerance, has it changed, and can its figures be trusted?",
        [
            section("Where it stands", *standing(), deviation(), frequency(), class_over_time(), capability()),
            section("Misses and false alarms", *directions()),
            section("Has it changed?", control_chart(), evidence()),
            section("How fast it is", *stage_times()),
            section("How it runs", outcomes(), flow(), durations(), size(), clean_runs()),
            section("How far the figures can be trusted", *trust()),
        ],
        variables=[ONE_PROCESS_VARIABLE, DAEMON_URL], annotations=process_annotations(ONE_PROCESS), links=[page],
    )
