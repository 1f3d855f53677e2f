"""Takes a statement of SQL apart into the terms of its conditions, and makes mutants of it: the statement with one term
dropped or turned into its opposite, or with a limit lifted.

A mutant keeps the text of the term and with it its parameters, so that it is as valid as the statement is:
a term that is dropped from `a AND b` becomes `(1 = 1 OR (a)) AND b`.
"""

import re
from dataclasses import dataclass

TOKEN = re.compile(
    r"(?P<space>\s+)|(?P<string>'(?:[^']|'')*')|(?P<word>[A-Za-z_][A-Za-z_0-9]*)|(?P<parameter>\$\d+)|(?P<number>\d+)"
    r"|(?P<sign><=|>=|<>|!=|\|\||[-+*/%=<>(),.])"
)

# A condition stands behind one of these ...
CONDITIONS = {"WHERE", "ON", "HAVING", "WHEN"}
# ... and ends at the next of these, or where its parenthesis does.
ENDS = {"GROUP", "ORDER", "LIMIT", "RETURNING", "HAVING", "UNION", "WHERE", "JOIN", "LEFT", "INNER", "CROSS", "THEN"}


@dataclass(frozen=True)
class Token:
    text: str
    start: int
    end: int
    # How many parentheses and CASEs it stands in.
    depth: int

    @property
    def word(self):
        return self.text.upper()


@dataclass(frozen=True)
class Mutant:
    # dropped, negated or unlimited
    change: str
    # What it was done to, as the statement has it.
    term: str
    # Where that stands in the statement.
    start: int
    sql: str


def tokens(sql):
    """The tokens of a statement. Whatever this cannot read is an error: nothing is passed over in silence."""
    found, depth, at = [], 0, 0
    while at < len(sql):
        match = TOKEN.match(sql, at)
        if not match:
            raise ValueError(f"cannot read `{sql[at:at + 20]}` in: {sql}")
        at = match.end()
        if match.lastgroup == "space":
            continue
        text = match.group()
        is_end = text == ")" or text.upper() == "END"
        depth -= is_end
        found.append(Token(text, match.start(), match.end(), depth))
        depth += text == "(" or text.upper() == "CASE"
    if depth:
        raise ValueError(f"a parenthesis or CASE is left open in: {sql}")
    return found


def mutants(sql):
    """Every mutant of a statement."""
    every = tokens(sql)
    made = []
    for at, token in enumerate(every):
        if token.word in CONDITIONS and not is_conflict(every, at):
            made += of_condition(sql, every[at + 1:end_of(every, at)])
        if token.word == "LIMIT":
            made.append(changed(sql, "unlimited", every[at + 1], every[at + 1], "{} + 1000000"))
    return made


def is_conflict(every, at):
    """ON CONFLICT is no condition."""
    return every[at].word == "ON" and every[at + 1].word == "CONFLICT"


def end_of(every, at):
    """Where the condition ends whose first token is the one behind this."""
    depth = every[at].depth
    for end in range(at + 1, len(every)):
        token = every[end]
        is_end = token.word in ENDS or (token.word == "ON" and is_conflict(every, end))
        if token.depth < depth or (token.depth == depth and is_end):
            return end
    return len(every)


def of_condition(sql, condition, joined_by="AND"):
    """The mutants of a condition, which is one of several that are joined by this word."""
    if not condition:
        raise ValueError(f"an empty condition in: {sql}")
    first, last = condition[0], condition[-1]
    always = "(1 = 1 OR ({}))" if joined_by == "AND" else "(1 = 0 AND ({}))"
    for word in ("OR", "AND"):
        parts = split(condition, word)
        if len(parts) > 1:
            made = [mutant for part in parts for mutant in of_condition(sql, part, word)]
            # The terms of an OR that stands alone are one term too.
            return made + whole(sql, first, last, always) if word == "OR" and joined_by == "AND" else made
    inner = within_parentheses(condition)
    if not inner:
        return whole(sql, first, last, always)
    # In an AND, parentheses hold an OR, which is a term by itself; in an OR they hold an AND, which is none.
    return (whole(sql, first, last, always) if joined_by == "OR" else []) + of_condition(sql, inner)


def whole(sql, first, last, always):
    return [changed(sql, "dropped", first, last, always), changed(sql, "negated", first, last, "(NOT ({}))")]


def split(condition, word):
    """The parts of a condition between this word, at its own depth."""
    parts, part = [], []
    for token in condition:
        if token.word == word and token.depth == condition[0].depth:
            parts.append(part)
            part = []
        else:
            part.append(token)
    return parts + [part]


def within_parentheses(condition):
    """What stands in the parentheses that are the whole of a condition; nothing if it is a query or a row of values."""
    first, inner, last = condition[0], condition[1:-1], condition[-1]
    is_wrapped = first.text == "(" and last.text == ")" and all(token.depth > first.depth for token in inner)
    if not is_wrapped or not inner or inner[0].word == "SELECT":
        return None
    if any(token.text == "," and token.depth == inner[0].depth for token in inner):
        return None
    return inner


def changed(sql, change, first, last, pattern):
    term = sql[first.start:last.end]
    return Mutant(change, term, first.start, sql[:first.start] + pattern.format(term) + sql[last.end:])
