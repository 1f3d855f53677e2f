-- What changed since a revision, found without reading what did not. Its twin is migrations/postgres/0004_feed.sql.
CREATE INDEX apis_revision ON apis (revision);
CREATE INDEX scopes_revision ON scopes (revision);
CREATE INDEX organizations_revision ON organizations (revision);
CREATE INDEX users_revision ON users (revision);
CREATE INDEX keys_revision ON keys (revision, id);
