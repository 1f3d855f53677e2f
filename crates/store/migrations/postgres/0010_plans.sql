-- Plans: limits of rate, scopes and credits that owners have by their plan. Its twin is migrations/sqlite/0010_plans.sql.
CREATE TABLE plans (
    id             TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    name           TEXT COLLATE "C" NOT NULL,
    name_folded    TEXT COLLATE "C" NOT NULL,
    rate_limits    TEXT COLLATE "C" NOT NULL,
    allowed_scopes TEXT COLLATE "C",
    credits        TEXT COLLATE "C",
    created_at     BIGINT           NOT NULL,
    deleted_at     BIGINT,
    revision       BIGINT           NOT NULL
);
CREATE UNIQUE INDEX plans_name ON plans (name_folded) WHERE deleted_at IS NULL;

ALTER TABLE organizations ADD COLUMN plan_id TEXT COLLATE "C" REFERENCES plans (id);
ALTER TABLE users ADD COLUMN plan_id TEXT COLLATE "C" REFERENCES plans (id);
CREATE INDEX organizations_plan ON organizations (plan_id) WHERE plan_id IS NOT NULL;
CREATE INDEX users_plan ON users (plan_id) WHERE plan_id IS NOT NULL;
