-- What an API asks of its keys: an object as JSON, with what it asks alone. Its twin is
-- migrations/postgres/0011_key_policies.sql.
ALTER TABLE apis ADD COLUMN key_policy TEXT NOT NULL DEFAULT '{}';
