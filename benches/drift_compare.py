"""Drift alarms of toleranced beside ADWIN and Page-Hinkley (River's defaults) on the same cases.

    python3 -m venv venv && venv/bin/pip install river==0.26.1
    venv/bin/python benches/drift_compare.py target/release/toleranced

Each scenario is a log of PROCESSES processes of PER_DAY cases a day over DAYS days; in all but the first, each of them
changes in the middle. toleranced reads the log as a user would have it read, with one budget for the fleet. The others see, of each
process, the same cases one by one: whether it deviated, how long it took (seconds), the number of its outcome, and the cases
of each day. Every alarm before the change (or without one) is false; the change is found if the first alarm after it comes by the
end. Delays are in days.
"""

import collections
import datetime as dt
import json
import random
import statistics
import subprocess
import sys
import tempfile

from river.drift import ADWIN, PageHinkley

PROCESSES, PER_DAY, DAYS, CHANGE = 20, 20, 240, 120
START = dt.datetime(2026, 1, 1)

# What a process is before and after: cases a day, share of wrong ones, log-normal sigma and median, shares of outcomes.
STABLE = dict(rate=PER_DAY, wrong=0.05, sigma=0.8, median=3600.0, mix=(0.6, 0.25, 0.1))
SCENARIOS = {
    "stable": {},
    "rate change: wrong 5 % -> 15 %": dict(wrong=0.15),
    # The median falls as sigma rises, so that the mean stays: exp(mu + sigma^2 / 2).
    "spread change, same mean": dict(sigma=1.4, median=3600.0 * 2.718281828 ** ((0.8**2 - 1.4**2) / 2)),
    "outcome mix: two swap": dict(mix=(0.6, 0.1, 0.25)),
    "frequency: 20 -> 32 a day": dict(rate=32),
}


def cases_of(seed, after):
    rng = random.Random(seed)
    for day in range(DAYS):
        is_now = {**STABLE, **(after if day >= CHANGE else {})}
        for nth in range(poisson(rng, is_now["rate"])):
            begin = START + dt.timedelta(days=day, seconds=rng.random() * 60_000)
            seconds = min(is_now["median"] * 2.718281828 ** (is_now["sigma"] * rng.gauss(0, 1)), 20_000.0)
            wrong = rng.random() < is_now["wrong"]
            draw, outcome = rng.random(), 3
            for number, share in enumerate(is_now["mix"]):
                if draw < share:
                    outcome = number
                    break
                draw -= share
            yield day, begin, seconds, wrong, outcome


def poisson(rng, mean):
    count, left = 0, rng.expovariate(1.0)
    while left < mean:
        count, left = count + 1, left + rng.expovariate(1.0)
    return count


def toleranced(binary, all_cases):
    with tempfile.TemporaryDirectory() as folder:
        with open(f"{folder}/log.ndjson", "w") as log:
            for process, cases in all_cases.items():
                for nth, (_, begin, seconds, wrong, outcome) in enumerate(cases):
                    head = f'"process":"{process}","case":"{process}-{nth}","executor":"human"'
                    end = begin + dt.timedelta(seconds=seconds)
                    name = "wrong" if wrong else f"kind{outcome}"
                    log.write(f'{{"time":"{begin.isoformat()}Z",{head},"activity":"open"}}\n')
                    log.write(f'{{"time":"{end.isoformat()}Z",{head},"activity":"close","lifecycle":"end","outcome":"{name}"}}\n')
        with open(f"{folder}/catalog.yaml", "w") as catalog:
            catalog.write("processes:\n")
            for process in all_cases:
                outcomes = "{wrong: 1, kind0: 0, kind1: 0, kind2: 0, kind3: 0}"
                catalog.write(f"- {{id: {process}, criticality: low, outcomes: {outcomes}}}\n")
        run = subprocess.run(
            [binary, "drift", f"{folder}/log.ndjson", "--map", "toleranced", "--catalog", f"{folder}/catalog.yaml",
             "--format", "json"],
            capture_output=True, text=True, check=False)
        if not run.stdout:
            sys.exit(run.stderr)
    found = collections.defaultdict(list)
    for alarm in json.loads(run.stdout)["alarms"]:
        if not alarm["process"]:
            # About several processes, whose own alarms are listed as well.
            continue
        # Known at the end of its day.
        raised = dt.datetime.fromisoformat(alarm["raised"])
        found[alarm["process"]].append((raised - START).days)
    return found


def river(make, all_cases):
    found = collections.defaultdict(list)
    for process, cases in all_cases.items():
        streams = [make() for _ in range(4)]
        per_day = collections.Counter(day for day, *_ in cases)
        for day, _, seconds, wrong, outcome in cases:
            for detector, value in zip(streams, (float(wrong), seconds, float(outcome))):
                detector.update(value)
                if detector.drift_detected:
                    found[process].append(day)
        for day in range(DAYS):
            streams[3].update(float(per_day[day]))
            if streams[3].drift_detected:
                found[process].append(day)
    return found


def main():
    binary = sys.argv[1]
    print(f"{PROCESSES} processes, {PER_DAY} cases a day, {DAYS} days, change on day {CHANGE}\n")
    print("| scenario | detector | false alarms | found | median delay, days |\n| --- | --- | --- | --- | --- |")
    for name, after in SCENARIOS.items():
        all_cases = {f"p{seed}": list(cases_of(f"{name} {seed}", after)) for seed in range(PROCESSES)}
        change = CHANGE if after else DAYS
        for detector, found in (
            ("toleranced", toleranced(binary, all_cases)),
            ("ADWIN", river(ADWIN, all_cases)),
            ("Page-Hinkley", river(PageHinkley, all_cases)),
        ):
            false = sum(day < change for days in found.values() for day in days)
            firsts = [min((day for day in days if day >= change), default=None) for days in found.values()]
            delays = [first - change + 1 for first in firsts if first is not None]
            median = f"{statistics.median(delays):.0f}" if delays else "-"
            share = f"{len(delays)} of {PROCESSES}" if after else "-"
            print(f"| {name} | {detector} | {false} | {share} | {median} |", flush=True)


main()
