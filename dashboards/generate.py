#!/usr/bin/env python3
"""Writes the Grafana dashboards beside this file; with --check it only says whether they are up to date."""

import argparse
import json
import pathlib
import sys

from generator import daemon, drift, executors, overview, process

FOLDER = pathlib.Path(__file__).resolve().parent
BOARDS = {module.__name__.rpartition(".")[2]: module for module in (overview, process, executors, drift, daemon)}


def text(board):
    return json.dumps(board, indent=2, ensure_ascii=False) + "\n"


def outdated():
    """The files that are not what the generator would write, with what it would write."""
    for name, module in BOARDS.items():
        path, wanted = FOLDER / f"{name}.json", text(module.board())
        if not path.exists() or path.read_text(encoding="utf-8") != wanted:
            yield path, wanted


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit code 1 if a file is out of date")
    check = parser.parse_args().check
    changed = list(outdated())
    for path, wanted in changed:
        if check:
            print(f"{path.name} is not what the generator writes: run python3 dashboards/generate.py", file=sys.stderr)
        else:
            path.write_text(wanted, encoding="utf-8")
            print(f"wrote {path.name}")
    return 1 if check and changed else 0


if __name__ == "__main__":
    sys.exit(main())
