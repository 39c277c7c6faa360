"""Panels of Grafana as plain dictionaries. Colours are names of Grafana's palette, which suits light and dark."""

import string

DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
# The least step of panels that count cases: in shorter ones most processes have none.
FINEST = "5m"


def query(expr, legend=""):
    return {"expr": expr, "legendFormat": legend, "range": True, "instant": False, "format": "time_series"}


def now(expr, legend=""):
    """The value at the end of the time range."""
    return {"expr": expr, "legendFormat": legend, "range": False, "instant": True, "format": "time_series"}


def rows(expr):
    """The same as rows of a table, one column for each label."""
    return {"expr": expr, "legendFormat": "", "range": False, "instant": True, "format": "table"}


def thresholds(base, *steps):
    """`steps` are (value, colour): the colour from that value on."""
    first = {"color": base, "value": None}
    return {"mode": "absolute", "steps": [first, *({"color": colour, "value": value} for value, colour in steps)]}


PLAIN = thresholds("text")


def value_mapping(names):
    """`names`: value -> (text, colour)."""
    options = {
        str(value): {"text": text, "color": colour, "index": index}
        for index, (value, (text, colour)) in enumerate(names.items())
    }
    return [{"type": "value", "options": options}]


def override(name, **properties):
    return {"matcher": {"id": "byName", "options": name}, "properties": _properties(properties)}


def override_matching(pattern, **properties):
    return {"matcher": {"id": "byRegexp", "options": pattern}, "properties": _properties(properties)}


def _properties(properties):
    """`custom_lineWidth` stands for `custom.lineWidth`, because a keyword can have no dot."""
    return [{"id": key.replace("custom_", "custom.", 1), "value": value} for key, value in properties.items()]


def fixed(colour):
    return {"mode": "fixed", "fixedColor": colour}


def link(title, url):
    return {"title": title, "url": url, "targetBlank": False}


def _panel(kind, title, description, targets, no_value, width, height, unit, options, custom=None, color=None,
           steps=None, mappings=None, overrides=None, transformations=None, interval=None, repeat=None, **defaults):
    field = {
        "color": color or {"mode": "thresholds"},
        "custom": custom or {},
        "mappings": mappings or [],
        "noValue": no_value,
        "thresholds": steps or PLAIN,
        "unit": unit,
        **defaults,
    }
    panel = {
        "type": kind,
        "title": title,
        "description": description,
        "datasource": DATASOURCE,
        "fieldConfig": {"defaults": field, "overrides": overrides or []},
        "gridPos": {"w": width, "h": height},
        "options": options,
        "targets": [
            {"datasource": DATASOURCE, "editorMode": "code", "refId": letter, **target}
            for letter, target in zip(string.ascii_uppercase, targets, strict=False)
        ],
    }
    if transformations:
        panel["transformations"] = transformations
    if interval:
        panel["interval"] = interval
    if repeat:
        panel |= {"repeat": repeat, "repeatDirection": "h", "maxPerRow": 24 // width}
    return panel


def stat(title, description, targets, *, no_value, unit="none", width=4, height=4, text="auto", color="value", **rest):
    """`text="name"` shows the legend instead of the value: for metrics whose label is the message."""
    options = {
        "colorMode": color,
        "graphMode": "none",
        "justifyMode": "auto",
        "orientation": "auto",
        "percentChangeColorMode": "standard",
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        "showPercentChange": False,
        "textMode": text,
        "wideLayout": True,
    }
    return _panel("stat", title, description, targets, no_value, width, height, unit, options, **rest)


def timeseries(title, description, targets, *, no_value, unit, width=12, height=8, bars=False, stacking="none",
               line_at_threshold=False, logarithmic=False, legend="list", color=None, **rest):
    custom = {
        "drawStyle": "bars" if bars else "line",
        "fillOpacity": 60 if bars else 0,
        "lineWidth": 1,
        "showPoints": "auto",
        "spanNulls": False,
        "stacking": {"group": "A", "mode": stacking},
        "thresholdsStyle": {"mode": "dashed" if line_at_threshold else "off"},
        "scaleDistribution": {"type": "log", "log": 10} if logarithmic else {"type": "linear"},
    }
    options = {
        "legend": {
            "calcs": ["lastNotNull", "max"] if legend == "table" else [],
            "displayMode": legend,
            "placement": "bottom",
            "showLegend": True,
        },
        "tooltip": {"mode": "multi", "sort": "desc"},
    }
    color = color or {"mode": "palette-classic"}
    return _panel("timeseries", title, description, targets, no_value, width, height, unit, options, custom,
                  color=color, **rest)


def band(lower, upper, colour):
    """Overrides that fill between two series of a time series panel and leave their lines thin."""
    return [
        override(upper, color=fixed(colour), custom_lineWidth=0, custom_fillBelowTo=lower, custom_fillOpacity=20),
        override(lower, color=fixed(colour), custom_lineWidth=0),
    ]


def limit_line(name, colour="red"):
    return override(name, color=fixed(colour), custom_lineStyle={"fill": "dash", "dash": [10, 10]}, custom_lineWidth=2)


def heatmap(title, description, targets, *, no_value, unit, width=12, height=8, **rest):
    options = {
        "calculate": False,
        "cellGap": 1,
        "cellValues": {"unit": "short"},
        "color": {
            "exponent": 0.5, "fill": "blue", "mode": "scheme", "reverse": False, "scale": "exponential",
            "scheme": "Blues", "steps": 64,
        },
        "exemplars": {"color": "purple"},
        "filterValues": {"le": 1e-9},
        "legend": {"show": True},
        "rowsFrame": {"layout": "auto"},
        "showValue": "never",
        "tooltip": {"mode": "single", "showColorScale": True, "yHistogram": False},
        "yAxis": {"axisPlacement": "left", "reverse": False, "unit": unit},
    }
    custom = {"hideFrom": {"legend": False, "tooltip": False, "viz": False}, "scaleDistribution": {"type": "linear"}}
    targets = [{**target, "format": "heatmap"} for target in targets]
    return _panel("heatmap", title, description, targets, no_value, width, height, unit, options, custom, **rest)


def state_timeline(title, description, targets, *, no_value, mappings, width=12, height=8, **rest):
    options = {
        "alignValue": "left",
        "legend": {"calcs": [], "displayMode": "list", "placement": "bottom", "showLegend": False},
        "mergeValues": True,
        "rowHeight": 0.9,
        "showValue": "auto",
        "tooltip": {"mode": "single", "sort": "none"},
    }
    custom = {"fillOpacity": 70, "lineWidth": 0}
    return _panel("state-timeline", title, description, targets, no_value, width, height, "none", options, custom,
                  mappings=mappings, **rest)


def bar_gauge(title, description, targets, *, no_value, unit="none", width=8, height=8, **rest):
    options = {
        "displayMode": "basic",
        "legend": {"calcs": [], "displayMode": "list", "placement": "bottom", "showLegend": False},
        "maxVizHeight": 300,
        "minVizHeight": 16,
        "minVizWidth": 8,
        "namePlacement": "left",
        "orientation": "horizontal",
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        "showUnfilled": True,
        "sizing": "auto",
        "valueMode": "text",
    }
    return _panel("bargauge", title, description, targets, no_value, width, height, unit, options, **rest)


def column(field, title, **properties):
    """A column of a table: the field it comes from, what stands above it, and the properties of its cells."""
    return {"field": field, "title": title, "properties": properties}


GAUGE_CELL = {"type": "gauge", "mode": "basic", "valueDisplayMode": "text"}
COLOURED_CELL = {"type": "color-background", "mode": "basic"}


def table(title, description, targets, columns, *, no_value, width=24, height=8, sort=None, descending=False, **rest):
    """The queries merged on the labels that all of them have; only the named columns, in the order given."""
    fields = [each["field"] for each in columns]
    transformations = [
        *([{"id": "merge", "options": {}}] if len(targets) > 1 else []),
        {"id": "filterFieldsByName", "options": {"include": {"names": fields}}},
        {"id": "organize", "options": {
            "excludeByName": {},
            "indexByName": {field: index for index, field in enumerate(fields)},
            "renameByName": {each["field"]: each["title"] for each in columns},
        }},
    ]
    overrides = [override(each["title"], **each["properties"]) for each in columns if each["properties"]]
    return _table(title, description, targets, transformations, overrides, no_value, width, height, sort, descending,
                  **rest)


def matrix(title, description, expr, row, across, names, *, no_value, overrides=(), width=12, height=8, **rest):
    """One row for each value of the label `row`, one column for each value of `across`."""
    corner = f"{row}\\{across}"
    transformations = [
        {"id": "groupingToMatrix", "options": {
            "columnField": across, "rowField": row, "valueField": "Value", "emptyValue": "null"}},
        {"id": "organize", "options": {
            "excludeByName": {},
            "indexByName": {field: index for index, field in enumerate([corner, *names])},
            "renameByName": {corner: row.capitalize(), **names},
        }},
    ]
    return _table(title, description, [rows(expr)], transformations, list(overrides), no_value, width, height, None,
                  False, **rest)


def _table(title, description, targets, transformations, overrides, no_value, width, height, sort, descending,
           unit="none", **rest):
    options = {
        "cellHeight": "sm",
        "frameIndex": 0,
        "showHeader": True,
        "sortBy": [{"displayName": sort, "desc": descending}] if sort else [],
    }
    custom = {"align": "auto", "cellOptions": {"type": "auto"}, "inspect": False}
    # The text for the whole panel is too long for one empty cell.
    overrides = [override_matching(".*", noValue="-"), *overrides]
    return _panel("table", title, description, targets, no_value, width, height, unit, options, custom,
                  overrides=overrides, transformations=transformations, **rest)
