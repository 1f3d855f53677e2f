-- Credits of keys and owners. What is agreed on changes with its holder; what is left does not, and takes no revision. Its twin
-- is migrations/postgres/0009_credits.sql.
CREATE TABLE credits (
    -- The id of a key, an organization or a user.
    holder          TEXT    NOT NULL PRIMARY KEY,
    -- False when there are none any more.
    is_on           INTEGER NOT NULL,
    refill_amount   INTEGER,
    refill_interval TEXT CHECK (refill_interval IN ('day', 'month')),
    cost            INTEGER NOT NULL,
    -- The revision that set what is left.
    generation      INTEGER NOT NULL,
    -- When the period began that they were filled up for.
    period          INTEGER NOT NULL,
    -- What no node has taken.
    remaining       INTEGER NOT NULL CHECK (remaining >= 0),
    revision        INTEGER NOT NULL,
    CHECK ((refill_amount IS NULL) = (refill_interval IS NULL))
) STRICT;
CREATE INDEX credits_revision ON credits (revision);

-- What nodes have taken, by opening of their journal, and what of that was spent as far as it is folded.
CREATE TABLE credit_blocks (
    opening    TEXT    NOT NULL,
    purse      INTEGER NOT NULL,
    holder     TEXT    NOT NULL REFERENCES credits (holder),
    generation INTEGER NOT NULL,
    period     INTEGER NOT NULL,
    taken      INTEGER NOT NULL,
    spent      INTEGER NOT NULL,
    PRIMARY KEY (opening, purse)
) STRICT;
CREATE INDEX credit_blocks_holder ON credit_blocks (holder);

-- What is left of the credits of a holder, in words that are read as one column: cost, period, how many, then amount and interval of
-- a refill. What nodes have taken and not spent, as far as their journals are folded, is left too.
CREATE VIEW credit_balances AS
SELECT cr.holder,
       cr.cost || ' ' || cr.period || ' ' || (cr.remaining + COALESCE((
           SELECT CAST(SUM(cb.taken - cb.spent) AS BIGINT) FROM credit_blocks cb
           WHERE cb.holder = cr.holder AND cb.generation = cr.generation AND cb.period = cr.period
       ), 0)) || ' ' || COALESCE(cr.refill_amount || ' ' || cr.refill_interval, '') AS balance
FROM credits cr WHERE cr.is_on;
