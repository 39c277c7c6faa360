#!/usr/bin/env python3
"""Reads each dashboard with Grafana's own models and writes it again: what is lost on the way, Grafana does not know.

Needs the package grafana-foundation-sdk==0.0.21.
"""

import json
import sys

import boards

try:
    from grafana_foundation_sdk.cog.encoder import JSONEncoder
    from grafana_foundation_sdk.cog.plugins import register_default_plugins
    from grafana_foundation_sdk.models.dashboard import Dashboard
except ImportError:
    raise SystemExit("missing: pip install grafana-foundation-sdk==0.0.21") from None

# Keys that Grafana reads and the models do not have, and where that is known from.
NOT_MODELLED = {
    "definition": "what the list of variables shows of a query; the Prometheus data source's editor writes it",
}


def differences(before, after, path=""):
    """What is in `before` and not in `after`. Defaults that the models add are no difference."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key, value in before.items():
            if key in after:
                yield from differences(value, after[key], f"{path}.{key}")
            elif key not in NOT_MODELLED:
                yield f"{path}.{key} is lost"
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for index, pair in enumerate(zip(before, after, strict=True)):
            yield from differences(*pair, f"{path}[{index}]")
    elif before != after:
        yield f"{path} was {before!r} and is {after!r}"


def main():
    register_default_plugins()
    found = []
    for name, board in boards.load().items():
        written = json.loads(json.dumps(Dashboard.from_json(board), cls=JSONEncoder))
        found += [f"{name}: {difference}" for difference in differences(board, written)]
    print("\n".join(found), file=sys.stderr, end="\n" if found else "")
    print(f"{len(boards.load())} dashboards: {len(found)} differences after a round trip")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
