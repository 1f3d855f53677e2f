#!/usr/bin/env python3
"""Takes single terms out of the conditions of every SQL statement of the store, one at a time, and turns them into their
opposite, and sees a test fail. A mutant that no test catches has survived: a condition that no test holds.

The store is built once, with a feature by which a test is told what to change. Which tests run a statement is noted down
first, and a mutant is tried with these alone, the quickest first, until one fails.
"""

import argparse
import json
import os
import random
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import schema
import source
import suite
import terms

EXPLAINED = Path(__file__).with_name("explained.json")


@dataclass
class Trial:
    """A mutant of a statement, and the tests that run the statement."""

    place: str
    sql: str
    mutant: terms.Mutant
    tests: list
    reason: str | None = None
    caught_by: str | None = None

    def __str__(self):
        return f"{self.place}: {self.mutant.change} `{self.mutant.term}`\n    in: {self.sql}"


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--seconds", type=int, help="try mutants in random order for as long; without it, try all")
    arguments.add_argument("--seed", type=int, default=int(os.environ.get("MUTANTS_SEED") or 1))
    arguments.add_argument("--only", default="", help="try only mutants of statements with this in their text or place")
    chosen = arguments.parse_args()
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="keyward-mutants-", dir=memory) as scratch:
        return drill(chosen, Path(scratch))


def drill(chosen, scratch):
    tests = record(suite.build(), scratch)
    statements = {sql for test in tests for _, sql in test.statements}
    faults = source.unknown(statements) + source.round_the_gate()
    trials = made(tests)
    faults += schema.invalid(trials)
    faults += explain(trials)
    if faults:
        print(*faults, sep="\n")
        return 1
    print(f"{len(statements)} statements, {len(trials)} mutants, {len(tests)} tests")
    return report(*try_all(chosen, trials, scratch), len(trials))


def record(tests, scratch):
    """Runs every test as it is, to know its statements and its time."""
    begin = time.monotonic()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        wrong = list(pool.map(lambda numbered: numbered[1].record(scratch, numbered[0]), enumerate(tests)))
    failed = [fault for fault in wrong if fault]
    if failed:
        raise SystemExit("\n".join(failed))
    print(f"noted down what {len(tests)} tests run, in {time.monotonic() - begin:.0f} s", flush=True)
    return tests


def made(tests):
    """Every mutant of every statement, with the tests that run it, the quickest first."""
    places, by_statement = {}, {}
    for test in sorted(tests, key=lambda test: test.seconds):
        for place, sql in test.statements:
            places.setdefault(sql, place.removeprefix("crates/store/src/"))
            by_statement.setdefault(sql, []).append(test)
    ordered = sorted(by_statement, key=lambda sql: (places[sql], sql))
    return [Trial(places[sql], sql, m, by_statement[sql]) for sql in ordered for m in terms.mutants(sql)]


def explain(trials):
    """Gives the mutants that no test can catch their reason; answers the explanations that are of nothing."""
    faults = []
    for entry in json.loads(EXPLAINED.read_text()):
        fitting = [
            trial for trial in trials
            if entry["statement"] in trial.sql and entry["term"] == trial.mutant.term
            and trial.mutant.change in entry["changes"]
        ]
        if "which" in entry:
            # The same term may stand in a statement twice.
            fitting = sorted(fitting, key=lambda trial: trial.mutant.start)[entry["which"]:][:1]
        if not fitting:
            faults.append(f"explained.json: there is no such mutant: {entry}")
        for trial in fitting:
            trial.reason = entry["reason"]
    return faults


def try_all(chosen, trials, scratch):
    """Tries the mutants that were chosen, as many at a time as there are processors."""
    trials = [trial for trial in trials if chosen.only in trial.sql or chosen.only in trial.place]
    end = None
    if chosen.seconds is not None:
        random.Random(chosen.seed).shuffle(trials)
        # An explained one costs every test of its statement, and the whole drill holds it to its explanation.
        trials = [trial for trial in trials if not trial.reason]
        end = time.monotonic() + chosen.seconds
        print(f"a sample for {chosen.seconds} s, seed {chosen.seed} (MUTANTS_SEED)", flush=True)
    catches, done = Counter(), Counter()

    def attempt(numbered):
        number, trial = numbered
        if end and time.monotonic() > end:
            return None
        # Whoever has caught one mutant of a statement catches another.
        for test in sorted(trial.tests, key=lambda test: -catches[trial.sql, test.name]):
            if test.catches(scratch, number, trial.sql, trial.mutant.sql):
                catches[trial.sql, test.name] += 1
                trial.caught_by = test.name
                break
        done["tried"] += 1
        if not trial.caught_by and not trial.reason:
            print(f"survived: {trial}", flush=True)
        if done["tried"] % 100 == 0:
            print(f"{done['tried']} tried", flush=True)
        return trial

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        tried = [trial for trial in pool.map(attempt, enumerate(trials)) if trial]
    return tried, [trial for trial in tried if not trial.caught_by]


def report(tried, survived, known):
    explained = [trial for trial in survived if trial.reason]
    needless = [trial for trial in tried if trial.reason and trial.caught_by]
    unexplained = [trial for trial in survived if not trial.reason]
    for trial in needless:
        print(f"explained, and caught all the same by {trial.caught_by}: {trial}")
    print(
        f"{known} mutants: {len(tried)} tried, {len(tried) - len(survived)} caught, {len(explained)} survived and are "
        f"explained, {len(unexplained)} survived"
    )
    if not tried:
        print("none was tried")
    return 1 if unexplained or needless or not tried else 0


if __name__ == "__main__":
    sys.exit(main())
