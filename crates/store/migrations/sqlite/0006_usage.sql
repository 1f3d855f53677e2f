-- What verifications came to, by key, hour and outcome. Not changes: they take no revision. Its twin is
-- migrations/postgres/0006_usage.sql.
CREATE TABLE usage_hours (
    key_id  TEXT    NOT NULL REFERENCES keys (id),
    hour_at INTEGER NOT NULL,
    outcome INTEGER NOT NULL,
    count   INTEGER NOT NULL,
    cost    INTEGER NOT NULL,
    PRIMARY KEY (key_id, hour_at, outcome)
) STRICT;
CREATE INDEX usage_hours_hour ON usage_hours (hour_at);

-- Up to where the segments of journals are counted. What is counted and this move in one transaction.
CREATE TABLE journal_positions (
    segment  TEXT    NOT NULL PRIMARY KEY,
    position INTEGER NOT NULL
) STRICT;
