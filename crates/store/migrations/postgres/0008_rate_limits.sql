-- Limits of rate, of a key and of its owner: a list as JSON. Its twin is migrations/sqlite/0008_rate_limits.sql.
ALTER TABLE keys ADD COLUMN rate_limits TEXT COLLATE "C" NOT NULL DEFAULT '[]';
ALTER TABLE organizations ADD COLUMN rate_limits TEXT COLLATE "C" NOT NULL DEFAULT '[]';
ALTER TABLE users ADD COLUMN rate_limits TEXT COLLATE "C" NOT NULL DEFAULT '[]';
