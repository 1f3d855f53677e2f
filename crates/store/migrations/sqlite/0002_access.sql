-- Roles and permissions, lists by name, answers kept for repeated requests, and the tidying behind deletions. Its twin is
-- migrations/postgres/0002_access.sql.

-- What members of organizations are given. System permissions are Keyward's own and few: they stand in the row.
CREATE TABLE roles (
    id                 TEXT    NOT NULL PRIMARY KEY,
    key                TEXT    NOT NULL,
    name               TEXT    NOT NULL,
    name_folded        TEXT    NOT NULL,
    description        TEXT,
    is_default         INTEGER NOT NULL,
    system_permissions TEXT    NOT NULL,
    created_at         INTEGER NOT NULL,
    deleted_at         INTEGER,
    revision           INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX roles_key ON roles (key) WHERE deleted_at IS NULL;

-- The platform's own words for what a member may do in the platform's product. Keyward keeps them and asks nothing of them.
CREATE TABLE permissions (
    id          TEXT    NOT NULL PRIMARY KEY,
    key         TEXT    NOT NULL,
    name        TEXT    NOT NULL,
    name_folded TEXT    NOT NULL,
    description TEXT,
    created_at  INTEGER NOT NULL,
    deleted_at  INTEGER,
    revision    INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX permissions_key ON permissions (key) WHERE deleted_at IS NULL;

CREATE TABLE role_permissions (
    role_id       TEXT    NOT NULL REFERENCES roles (id),
    permission_id TEXT    NOT NULL REFERENCES permissions (id),
    created_at    INTEGER NOT NULL,
    ended_at      INTEGER,
    revision      INTEGER NOT NULL,
    PRIMARY KEY (role_id, permission_id)
) STRICT;
CREATE INDEX role_permissions_permission ON role_permissions (permission_id);

-- A membership that ends takes these along.
CREATE TABLE member_roles (
    org_code   TEXT    NOT NULL REFERENCES organizations (code),
    user_id    TEXT    NOT NULL REFERENCES users (id),
    role_id    TEXT    NOT NULL REFERENCES roles (id),
    created_at INTEGER NOT NULL,
    ended_at   INTEGER,
    revision   INTEGER NOT NULL,
    PRIMARY KEY (org_code, user_id, role_id)
) STRICT;
CREATE INDEX member_roles_role ON member_roles (role_id, org_code);

CREATE TABLE member_permissions (
    org_code      TEXT    NOT NULL REFERENCES organizations (code),
    user_id       TEXT    NOT NULL REFERENCES users (id),
    permission_id TEXT    NOT NULL REFERENCES permissions (id),
    created_at    INTEGER NOT NULL,
    ended_at      INTEGER,
    revision      INTEGER NOT NULL,
    PRIMARY KEY (org_code, user_id, permission_id)
) STRICT;
CREATE INDEX member_permissions_permission ON member_permissions (permission_id);

-- What was answered to a request that may be repeated under its Idempotency-Key, sealed under that key, of which only a
-- code is kept.
CREATE TABLE kept_answers (
    principal      TEXT    NOT NULL,
    route          TEXT    NOT NULL,
    key_mac        BLOB    NOT NULL,
    request_mac    BLOB    NOT NULL,
    sealed         BLOB    NOT NULL,
    secret_version INTEGER NOT NULL,
    expires_at     INTEGER NOT NULL,
    revision       INTEGER NOT NULL,
    PRIMARY KEY (principal, route, key_mac)
) STRICT;
CREATE INDEX kept_answers_expiry ON kept_answers (expires_at);

-- When the keys of what was deleted had been tidied; until then they are read as revoked by reference alone.
ALTER TABLE apis ADD COLUMN tidied_at INTEGER;
ALTER TABLE organizations ADD COLUMN tidied_at INTEGER;
ALTER TABLE users ADD COLUMN tidied_at INTEGER;
CREATE INDEX apis_untidy ON apis (deleted_at) WHERE deleted_at IS NOT NULL AND tidied_at IS NULL;
CREATE INDEX organizations_untidy ON organizations (deleted_at) WHERE deleted_at IS NOT NULL AND tidied_at IS NULL;
CREATE INDEX users_untidy ON users (deleted_at) WHERE deleted_at IS NOT NULL AND tidied_at IS NULL;

-- Lists are read by name, a page at a time.
CREATE INDEX organizations_name ON organizations (name_folded, code) WHERE deleted_at IS NULL;
CREATE INDEX users_name ON users (name_folded, id) WHERE deleted_at IS NULL;
CREATE INDEX applications_name ON applications (name_folded, client_id) WHERE deleted_at IS NULL;
CREATE INDEX applications_org ON applications (org_code) WHERE org_code IS NOT NULL;
