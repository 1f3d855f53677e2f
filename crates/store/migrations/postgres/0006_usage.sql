-- What verifications came to, by key, hour and outcome. Not changes: they take no revision. Its twin is
-- migrations/sqlite/0006_usage.sql.
CREATE TABLE usage_hours (
    key_id  TEXT COLLATE "C" NOT NULL REFERENCES keys (id),
    hour_at BIGINT NOT NULL,
    outcome BIGINT NOT NULL,
    count   BIGINT NOT NULL,
    cost    BIGINT NOT NULL,
    PRIMARY KEY (key_id, hour_at, outcome)
);
CREATE INDEX usage_hours_hour ON usage_hours (hour_at);

-- Up to where the segments of journals are counted. What is counted and this move in one transaction.
CREATE TABLE journal_positions (
    segment  TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    position BIGINT NOT NULL
);
