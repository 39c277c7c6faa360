#!/usr/bin/env python3
"""Holds the dashboards to the rules of Grafana's dashboard-linter, and their metrics to those of the daemon.

Rules are named as there; those that begin with `toleranced-` are ours. Without --metrics the list of metrics is read from
src/model/metrics.rs; with it, from a JSON list of {"name": ..., "kind": "counter|gauge|histogram", "labels": [...]}.
"""

import argparse
import json
import re
import sys

import boards
import promql

# Not in the daemon's own table: what Prometheus adds to a scrape, and what every client library exports.
STANDARD = {
    "up": ("gauge", []),
    "process_cpu_seconds_total": ("counter", []),
    "process_resident_memory_bytes": ("gauge", []),
    "process_open_fds": ("gauge", []),
    "process_max_fds": ("gauge", []),
    "process_start_time_seconds": ("gauge", []),
}
DECLARED = re.compile(r'= (Counter|Gauge|Histogram) "(\w+)"\s*\[([^\]]*)\]')
DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
UNITS = {"none", "short", "percentunit", "s", "dtdurations", "bytes", "cps", "reqps", "dateTimeAsLocal",
         "dateTimeFromNow"}
HARD_COLOUR = re.compile(r"#[0-9a-fA-F]{3,8}\b|rgba?\(|hsla?\(")
RATES = ("rate", "irate", "increase")


def declared_metrics(path):
    """name -> (kind, labels), the standard ones included."""
    if path:
        listed = json.loads(open(path, encoding="utf-8").read())
        own = {each["name"]: (each["kind"], each["labels"]) for each in listed}
    else:
        source = (boards.ROOT / "src/model/metrics.rs").read_text(encoding="utf-8")
        own = {name: (kind.lower(), re.findall(r'"(\w+)"', labels))
               for kind, name, labels in DECLARED.findall(source)}
        if not own:
            raise SystemExit("no metrics found in src/model/metrics.rs: has the table changed its form?")
    return {**STANDARD, **own}


def exported_name(series, metrics):
    """The metric that a series belongs to: a histogram has three."""
    base = re.sub(r"_(bucket|sum|count)$", "", series)
    return base if metrics.get(base, ("", []))[0] == "histogram" else series


def dashboard_problems(board, uids):
    if board.get("editable") is not False:
        yield "uneditable-dashboard", "editable is not false"
    if "toleranced" not in board["tags"]:
        yield "toleranced-tag", "the links between the dashboards go by the tag toleranced"
    ids = [panel["id"] for panel in board["panels"]]
    if len(ids) != len(set(ids)):
        yield "toleranced-panel-ids", "two panels have the same id"
    for colour in sorted(set(HARD_COLOUR.findall(json.dumps(board)))):
        yield "toleranced-colours", f"{colour} does not suit both light and dark: use a name of the palette"
    for uid in sorted(set(re.findall(r'"url": "/d/([\w-]+)', json.dumps(board))) - uids):
        yield "toleranced-links", f"a link leads to {uid}, which is no dashboard here"


def template_problems(board):
    known = boards.variables(board)
    source = known.get("datasource")
    if not source or source["type"] != "datasource" or source["query"] != "prometheus":
        yield "template-datasource-rule", "no variable `datasource` of type datasource for prometheus"
    elif source["label"] != "Data source":
        yield "template-datasource-rule", f"labelled {source['label']!r}, not 'Data source'"
    for name in ("job", "instance"):
        variable, rule = known.get(name), f"template-{name}-rule"
        if not variable:
            yield rule, f"no variable {name}"
            continue
        wanted = {"type": "query", "multi": True, "allValue": ".+", "label": name.title(), "datasource": DATASOURCE}
        for key, value in wanted.items():
            if variable.get(key) != value:
                yield rule, f"{key} of {name} is {variable.get(key)!r}, not {value!r}"
    for variable in known.values():
        if variable["type"] != "query":
            continue
        if not boards.queried_label(variable):
            yield "template-label-promql-rule", f"{variable['name']} does not ask for label values"
        if variable.get("refresh") != 2:
            yield "template-on-time-change-reload-rule", f"{variable['name']} is not read anew for another time range"


def panel_problems(panel):
    defaults = panel["fieldConfig"]["defaults"]
    if not panel.get("title") or not panel.get("description"):
        yield "panel-title-description-rule", "no title or no description"
    if panel.get("datasource") != DATASOURCE:
        yield "panel-datasource-rule", "does not use the variable datasource"
    if not panel.get("targets"):
        yield "panel-no-targets-rule", "asks nothing"
    units = [defaults.get("unit")]
    units += [each["value"] for override in panel["fieldConfig"]["overrides"]
              for each in override["properties"] if each["id"] == "unit"]
    for unit in units:
        if unit not in UNITS:
            yield "panel-units-rule", f"unit {unit!r} is none of {', '.join(sorted(UNITS))}"
    if not defaults.get("noValue"):
        yield "toleranced-no-value", "does not say what it means that there is no data"
    if not defaults.get("thresholds"):
        yield "toleranced-thresholds", "no thresholds: Grafana's default turns everything above 80 red"
    for target in panel.get("targets", []):
        if target.get("datasource") != DATASOURCE:
            yield "panel-datasource-rule", f"query {target['refId']} does not use the variable datasource"


def selector_problems(selector, metrics, process_matcher):
    name = exported_name(selector.metric, metrics)
    if name not in metrics:
        yield "toleranced-metrics", f"{selector.metric} is not exported by the daemon"
        return
    kind, labels = metrics[name]
    for label in ("job", "instance"):
        if not selector.has(label, "=~", f"${label}"):
            yield f"target-{label}-rule", f'{selector.metric} lacks {label}=~"${label}"'
    if process_matcher and "process" in labels and not selector.has(*process_matcher):
        yield "toleranced-process", f"{selector.metric} lacks a matcher for the variable process"
    if kind in ("counter", "histogram") and selector.function not in RATES:
        yield "target-counter-agg-rule", f"{selector.metric} only rises, and is not in rate() or increase()"
    if selector.function in RATES and selector.range != "$__rate_interval":
        yield "target-rate-interval-rule", f"{selector.function}({selector.metric}) over {selector.range}"
    for label, _, _ in selector.matchers:
        if label not in ("job", "instance", *labels):
            yield "toleranced-labels", f"{selector.metric} has no label {label}"


def process_matcher(board):
    """How a query must refer to the variable `process`, if there is one. A single value is no regular expression."""
    variable = boards.variables(board).get("process")
    return variable and ("process", "=~" if variable["multi"] else "=", "$process")


def expression_problems(board, metrics):
    matcher = process_matcher(board)
    for where, expr, _ in boards.expressions(board):
        try:
            found = promql.selectors(expr)
        except ValueError as error:
            yield where, "target-promql-rule", str(error)
            continue
        if not found:
            yield where, "target-promql-rule", "asks for no metric"
        if where.startswith("variable"):
            # Variables narrow each other down in their order, so the first of them can't have all matchers.
            found = [each for each in found if each.metric not in metrics]
        for selector in found:
            for rule, problem in selector_problems(selector, metrics, matcher):
                yield where, rule, problem


def problems(all_boards, metrics):
    uids = {board["uid"] for board in all_boards.values()}
    for name, board in all_boards.items():
        for rule, problem in [*dashboard_problems(board, uids), *template_problems(board)]:
            yield name, rule, problem
        for panel in boards.panels(board):
            for rule, problem in panel_problems(panel):
                yield f"{name}: panel '{panel.get('title')}'", rule, problem
        for where, rule, problem in expression_problems(board, metrics):
            yield f"{name}: {where}", rule, problem


def shown_metrics(all_boards, metrics):
    """The metrics that are on a panel or among its annotations."""
    return {exported_name(selector.metric, metrics) for board in all_boards.values()
            for where, expr, _ in boards.expressions(board) if not where.startswith("variable")
            for selector in promql.selectors(expr)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--metrics", metavar="FILE", help="JSON list of the metrics instead of src/model/metrics.rs")
    metrics = declared_metrics(parser.parse_args().metrics)
    all_boards = boards.load()
    found = list(problems(all_boards, metrics))
    if not any(rule == "target-promql-rule" for _, rule, _ in found):
        found += [("all dashboards", "toleranced-coverage", f"{name} is on no panel")
                  for name in sorted(set(metrics) - shown_metrics(all_boards, metrics))]
    for where, rule, problem in found:
        print(f"{where}: {problem} [{rule}]", file=sys.stderr)
    panels = sum(1 for board in all_boards.values() for _ in boards.panels(board))
    print(f"{len(all_boards)} dashboards, {panels} panels, {len(metrics)} metrics: {len(found)} problems")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
