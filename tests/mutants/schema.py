"""Holds every mutant to being a statement that the database takes: one that fails by itself would be caught by any test,
and show nothing."""

import re
import sqlite3

from suite import ROOT

MIGRATIONS = ROOT / "crates/store/migrations/sqlite"
# SQLite's own name of it, for the older SQLite of this Python, which knows no order within it either.
STRING_AGG = re.compile(r"string_agg\(([^,]+), ' ' ORDER BY [^)]+\)")


def invalid(trials):
    database = sqlite3.connect(":memory:")
    steps = sorted(MIGRATIONS.glob("*.sql"))
    if not steps:
        raise SystemExit("the migrations have moved, and nothing was read")
    for step in steps:
        database.executescript(step.read_text())
    faults = []
    for trial in trials:
        text = STRING_AGG.sub(r"group_concat(\1)", trial.mutant.sql)
        names = {name: 0 for name in re.findall(r"\$(\d+)", text)}
        try:
            database.execute(f"EXPLAIN {text}", names)
        except sqlite3.Error as error:
            faults.append(f"no statement, {error}: {trial.mutant.sql}")
    return faults
