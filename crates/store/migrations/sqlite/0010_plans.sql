-- Plans: limits of rate, scopes and credits that owners have by their plan. Its twin is migrations/postgres/0010_plans.sql.
CREATE TABLE plans (
    id             TEXT    NOT NULL PRIMARY KEY,
    name           TEXT    NOT NULL,
    name_folded    TEXT    NOT NULL,
    rate_limits    TEXT    NOT NULL,
    allowed_scopes TEXT,
    credits        TEXT,
    created_at     INTEGER NOT NULL,
    deleted_at     INTEGER,
    revision       INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX plans_name ON plans (name_folded) WHERE deleted_at IS NULL;

ALTER TABLE organizations ADD COLUMN plan_id TEXT REFERENCES plans (id);
ALTER TABLE users ADD COLUMN plan_id TEXT REFERENCES plans (id);
CREATE INDEX organizations_plan ON organizations (plan_id) WHERE plan_id IS NOT NULL;
CREATE INDEX users_plan ON users (plan_id) WHERE plan_id IS NOT NULL;
