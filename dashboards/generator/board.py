"""A dashboard around its panels: variables, links, annotations, and where each panel stands."""

from .panels import DATASOURCE
from .promql import FLEET, PROCESSES, latest, select

# Grafana 11.6 and 12.0; older ones of 11 ignore the number, newer ones migrate from it.
SCHEMA_VERSION = 41
TAG = "toleranced"
COLUMNS = 24


def _label_values(name, label, expr, **rest):
    text = f"label_values({expr}, {name})"
    return {
        "type": "query",
        "name": name,
        "label": label,
        "datasource": DATASOURCE,
        "query": {"qryType": 1, "query": text, "refId": "PrometheusVariableQueryEditor-VariableQuery"},
        "definition": text,
        "refresh": 2,
        "regex": "",
        "sort": 1,
        "hide": 0,
        "skipUrlSync": False,
        "options": [],
        **rest,
    }


MULTI = {"multi": True, "includeAll": True, "allValue": ".+", "current": {"text": ["All"], "value": ["$__all"]}}
SINGLE = {"multi": False, "includeAll": False}

DATASOURCE_VARIABLE = {
    "type": "datasource",
    "name": "datasource",
    "label": "Data source",
    "query": "prometheus",
    "refresh": 1,
    "regex": "",
    "hide": 0,
    "multi": False,
    "includeAll": False,
    "skipUrlSync": False,
    "options": [],
}
JOB = _label_values("job", "Job", "toleranced_build_info", **MULTI)
INSTANCE = _label_values("instance", "Instance", 'toleranced_build_info{job=~"$job"}', **MULTI)
ONE_PROCESS_VARIABLE = _label_values("process", "Process", f"toleranced_process_info{{{FLEET}}}", **SINGLE)
PROCESSES_VARIABLE = _label_values("process", "Process", f"toleranced_process_info{{{FLEET}}}", **MULTI)
EXECUTORS_VARIABLE = _label_values(
    "executor", "Executor", select("toleranced_executor_status", PROCESSES), **MULTI)
DAEMON_URL = {
    "type": "textbox",
    "name": "daemon_url",
    "label": "Daemon",
    "description": "Where the browser reaches the daemon's own pages",
    "query": "http://127.0.0.1:9753",
    "current": {"selected": True, "text": "http://127.0.0.1:9753", "value": "http://127.0.0.1:9753"},
    "options": [{"selected": True, "text": "http://127.0.0.1:9753", "value": "http://127.0.0.1:9753"}],
    "hide": 0,
    "skipUrlSync": False,
}

SISTERS = {
    "type": "dashboards",
    "title": "toleranced",
    "tags": [TAG],
    "asDropdown": True,
    "icon": "external link",
    "includeVars": True,
    "keepTime": True,
    "targetBlank": False,
    "tooltip": "The other dashboards, for the same process and time",
    "url": "",
}


def external_link(title, url, tooltip):
    return {**SISTERS, "type": "link", "title": title, "tags": [], "asDropdown": False, "includeVars": False,
            "keepTime": False, "targetBlank": True, "tooltip": tooltip, "url": url}


def process_dashboard_url(process):
    """A data link to the dashboard of one process, for the same daemons and the same time."""
    kept = "&".join(f"${{{name}:queryparam}}" for name in ("datasource", "job", "instance"))
    return f"/d/toleranced-process?var-process={process}&{kept}&${{__url_time_range}}"


def annotation(name, expr, title, text, colour, **rest):
    """The expression stands twice: Grafana 11 reads the one above, 12 the one in the target."""
    return {
        "name": name,
        "datasource": DATASOURCE,
        "enable": True,
        "hide": False,
        "iconColor": colour,
        "expr": expr,
        "step": "1h",
        "tagKeys": "process",
        "titleFormat": title,
        "textFormat": text,
        "target": {"expr": expr, "interval": "1h", "refId": "Anno"},
        **rest,
    }


def process_annotations(process):
    change = latest("toleranced_known_change_timestamp_seconds", "process, change", process)
    return [
        # Grafana takes a value that is a time in milliseconds.
        annotation("Known changes", f"1000 * {change}",
                   "{{process}}: known change", "{{change}}", "blue", useValueForTime=True),
        annotation("Drift alarms", f"{latest('toleranced_drift_alarm', 'process, stream', process)} == 1",
                   "{{process}}: drift", "{{stream}}", "red", useValueForTime=False),
    ]


def section(title, *panels):
    return {"title": title, "panels": panels}


def _place(panels, top):
    """Left to right, a new line where the width is used up. Returns the line below them."""
    left = height = 0
    for panel in panels:
        spot = panel["gridPos"]
        if left + spot["w"] > COLUMNS:
            left, top, height = 0, top + height, 0
        panel["gridPos"] = {"x": left, "y": top, "w": spot["w"], "h": spot["h"]}
        left, height = left + spot["w"], max(height, spot["h"])
    return top + height


def _lay_out(sections):
    placed, top = [], 0
    for each in sections:
        placed.append({"type": "row", "title": each["title"], "collapsed": False, "panels": [],
                       "gridPos": {"x": 0, "y": top, "w": COLUMNS, "h": 1}})
        top = _place(each["panels"], top + 1)
        placed.extend(each["panels"])
    for number, panel in enumerate(placed, start=1):
        panel["id"] = number
    return placed


def dashboard(uid, title, description, sections, *, variables=(), annotations=(), links=(), span="now-90d",
              refresh="5m"):
    return {
        "uid": uid,
        "title": title,
        "description": description,
        "tags": [TAG],
        "editable": False,
        "schemaVersion": SCHEMA_VERSION,
        "version": 1,
        "refresh": refresh,
        "time": {"from": span, "to": "now"},
        "timepicker": {},
        "timezone": "browser",
        "fiscalYearStartMonth": 0,
        "graphTooltip": 1,
        "liveNow": False,
        "weekStart": "",
        "links": [SISTERS, *links],
        "templating": {"list": [DATASOURCE_VARIABLE, JOB, INSTANCE, *variables]},
        "annotations": {"list": list(annotations)},
        "panels": _lay_out(sections),
    }
