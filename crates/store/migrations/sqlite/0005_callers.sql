-- What changed about those who call, since a revision. Its twin is migrations/postgres/0005_callers.sql.
CREATE INDEX applications_revision ON applications (revision);
CREATE INDEX grants_revision ON grants (revision);
CREATE INDEX signing_keys_revision ON signing_keys (revision);
