"""The statements as they stand in the source of the store, to hold against those that the tests run."""

import re
from suite import ROOT

STORE = ROOT / "crates/store/src"
# Migrations, and the drill's own side.
APART = {"migrate.rs", "sql_mutants.rs"}
# Where a statement is handed to the driver, for all others.
GATE = "db.rs"

LITERAL = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
CONTINUED = re.compile(r"\\\n\s*")
SPOKEN = re.compile(r"\b(SELECT|INSERT INTO|DELETE FROM|SET|WHERE|AND|OR|ORDER BY|LIMIT)\b")


def files():
    found = [path for path in sorted(STORE.rglob("*.rs")) if path.name not in APART]
    if not found:
        raise SystemExit("the store has moved, and nothing was read")
    return {str(path.relative_to(STORE)): code(path.read_text()) for path in found}


def code(text):
    """Rust without its comments and its unit tests."""
    text = text.split("#[cfg(test)]\nmod ")[0]
    return "\n".join("" if line.lstrip().startswith("//") else line for line in text.split("\n"))


def pieces(text):
    """The literals of a file that are statements, or parts of some."""
    literals = (CONTINUED.sub("", literal) for literal in LITERAL.findall(text))
    return [literal for literal in literals if SPOKEN.search(literal) and not literal.startswith("BEGIN ")]


def unknown(statements):
    """What stands in the source and in none of the statements that were run."""
    return [
        f"{name}: no test runs `{piece.strip()}`"
        for name, text in files().items()
        for piece in pieces(text)
        if not any(piece in statement for statement in statements)
    ]


def round_the_gate():
    """Statements that are handed to the driver somewhere else, where the drill cannot change them."""
    return [
        f"{name}: {line.strip()}"
        for name, text in files().items()
        if name != GATE
        for line in text.split("\n")
        if re.search(r"sqlx::(raw_sql|query(_as|_scalar)?)\b", line)
    ]
