#!/usr/bin/env python3
"""Asks a real Prometheus every question that the dashboards ask: each must parse and be answered with data.

Grafana's variables are put in as Grafana would: all jobs, instances, executors and (where several can be chosen) processes.
Where one process is chosen, it is enough that one of them has data.
"""

import argparse
import json
import math
import re
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

import boards
import promql

# Expressions that may be empty, and until when. Keep it short: an entry here hides a mistake.
MAY_BE_EMPTY = {
    r"toleranced_ingest_quarantined_total.*> 0$": "a record is quarantined while Prometheus looks on",
    r"toleranced_drift_common_alarm_processes.*> 0$": "several processes change on the same day",
    r"toleranced_drift_alarms_total.*> 0$": "an alarm is raised while Prometheus looks on",
    r"toleranced_cases_late_total.*> 0$": "a case comes late",
    r"toleranced_known_change_timestamp_seconds": "a change is noted with `toleranced mark`",
    r"toleranced_report_deliveries_total": "reports are sent to somebody",
    r'toleranced_process_work_seconds_per_year.*kind="lost"': "the catalog says what a wrong outcome costs",
}
ALL = ".+"


class Prometheus:
    def __init__(self, url, span, step):
        self.url, self.span, self.step = url.rstrip("/"), span, step
        self.look_again()

    def look_again(self):
        """What is asked from now on is asked up to this instant."""
        self.end = time.time()

    def _get(self, path, **parameters):
        address = f"{self.url}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        try:
            with urllib.request.urlopen(address, timeout=30) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            raise ValueError(json.load(error).get("error", str(error))) from error
        except urllib.error.URLError as error:
            raise SystemExit(f"no Prometheus at {self.url}: {error.reason}") from error

    def names(self):
        return set(self._get("label/__name__/values"))

    def processes(self):
        found = self._get("query", query="count by (process) (toleranced_process_info)", time=self.end)["result"]
        return [series["metric"]["process"] for series in found]

    def has_data(self, expr, instant):
        """Whether any series has a number; ValueError if the expression does not parse."""
        if instant:
            result = self._get("query", query=expr, time=self.end)["result"]
            values = [series["value"] for series in result]
        else:
            result = self._get("query_range", query=expr, start=self.end - self.span, end=self.end,
                               step=self.step)["result"]
            values = [value for series in result for value in series["values"]]
        return any(not math.isnan(float(value)) for _, value in values)


def put_in(expr, values):
    """The expression with its variables replaced; `$1` of label_replace is none."""
    for name in sorted(values, key=len, reverse=True):
        expr = expr.replace(f"${{{name}}}", values[name]).replace(f"${name}", values[name])
    if re.search(r"\$\{?[a-z_]", expr):
        raise ValueError(f"no value for a variable in: {expr}")
    return expr


def choices(board, processes, rate_interval):
    """The values of all variables, once for each process where a single one is chosen."""
    common = {"job": ALL, "instance": ALL, "executor": ALL, "__rate_interval": rate_interval}
    variable = boards.variables(board).get("process")
    if variable and not variable["multi"]:
        return [{**common, "process": process} for process in processes]
    several = "(" + "|".join(re.escape(process).replace("\\", "\\\\") for process in processes) + ")"
    return [{**common, "process": several}]


def excuse(expr):
    """Until when an expression may be empty, if it may."""
    return next((until for pattern, until in MAY_BE_EMPTY.items() if re.search(pattern, expr)), None)


def series_missing(expr, names):
    return sorted({selector.metric for selector in promql.selectors(expr)} - names)


def judge(prometheus, names, board, processes, rate_interval, answered_before):
    """(where, verdict, detail) of every expression of a dashboard that had no data before."""
    values = choices(board, processes, rate_interval)
    for where, expr, instant in boards.expressions(board):
        if (where, expr) in answered_before:
            continue
        try:
            answered = any(prometheus.has_data(put_in(expr, each), instant) for each in values)
        except ValueError as error:
            yield where, "wrong", f"{error}: {expr}"
            continue
        if answered:
            answered_before.add((where, expr))
            yield where, "data", ""
        elif excuse(expr):
            yield where, "excused", f"empty until {excuse(expr)}"
        elif series_missing(expr, names):
            yield where, "absent", f"Prometheus does not know {', '.join(series_missing(expr, names))}"
        else:
            yield where, "empty", f"no data: {expr}"


def ask(prometheus, options, answered):
    """How many expressions have which verdict, and what there is to say. `answered` has those with data, by dashboard."""
    names, processes = prometheus.names(), prometheus.processes()
    if not processes:
        raise SystemExit("Prometheus knows no process: is the daemon scraped, and has it scored?")
    tally = dict.fromkeys(("data", "excused", "absent", "empty", "wrong"), 0)
    complaints = []
    for name, board in boards.load().items():
        tally["data"] += len(answered[name])
        for where, verdict, detail in judge(prometheus, names, board, processes, options.rate_interval, answered[name]):
            tally[verdict] += 1
            if verdict not in ("data", "excused") or (options.verbose and detail):
                complaints.append(f"{name}: {where}: {detail}")
    return tally, complaints


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--prometheus", metavar="URL", default="http://127.0.0.1:9090")
    parser.add_argument("--rate-interval", default="1m", help="what $__rate_interval stands for (1m)")
    parser.add_argument("--span", type=int, default=600, help="seconds up to now that are looked at (600)")
    parser.add_argument("--step", type=int, default=15, help="seconds between two points (15)")
    parser.add_argument("--patience", type=float, default=0, metavar="SECONDS",
                        help="ask again for so long what has no data yet (0)")
    parser.add_argument("--verbose", action="store_true", help="list the expressions that may be empty, too")
    options = parser.parse_args()

    prometheus = Prometheus(options.prometheus, options.span, options.step)
    answered = {name: set() for name in boards.load()}
    patient_until = time.monotonic() + options.patience
    while True:
        prometheus.look_again()
        tally, complaints = ask(prometheus, options, answered)
        failed = tally["absent"] + tally["empty"] + tally["wrong"]
        # No patience mends a question that is wrong.
        if not failed or tally["wrong"] or time.monotonic() >= patient_until:
            break
        time.sleep(0.1)
    for complaint in complaints:
        print(complaint, file=sys.stderr)
    print(f"{sum(tally.values())} expressions: {tally['data']} with data, {tally['excused']} that may be empty, "
          f"{tally['absent']} of metrics that Prometheus does not know, {tally['empty']} empty, {tally['wrong']} wrong")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
