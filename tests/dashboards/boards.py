"""Reading the dashboards: what the checks share."""

import json
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDER = ROOT / "dashboards"
LABEL_VALUES = re.compile(r"label_values\((.+),\s*(\w+)\)$")


def load():
    """The dashboards by file name."""
    boards = {path.name: json.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.json"))}
    if not boards:
        raise SystemExit(f"no dashboards in {FOLDER}: run python3 dashboards/generate.py")
    return boards


def panels(board):
    """Every panel but the rows."""
    for panel in board["panels"]:
        yield from panel.get("panels", [])
        if panel["type"] != "row":
            yield panel


def variables(board):
    return {variable["name"]: variable for variable in board["templating"]["list"]}


def queried_label(variable):
    """The expression and the label of a variable that asks Prometheus for label values; None for other variables."""
    found = variable["type"] == "query" and LABEL_VALUES.match(variable["query"]["query"])
    return found.groups() if found else None


def expressions(board):
    """(where it stands, expression, whether only its last value counts) of everything that asks Prometheus."""
    for panel in panels(board):
        for target in panel["targets"]:
            yield f"panel '{panel['title']}', query {target['refId']}", target["expr"], target["instant"]
    for note in board["annotations"]["list"]:
        yield f"annotation '{note['name']}'", note["expr"], False
    for variable in board["templating"]["list"]:
        asked = queried_label(variable)
        if asked:
            yield f"variable '{variable['name']}'", asked[0], True
