-- The first schema. Instants are microseconds since the epoch; lists and metadata are JSON; rows of changes carry the
-- revision that wrote them last. Its twin is migrations/postgres/0001_first.sql; a test compares the two.

-- The order of changes: every change updates this one row first, and so waits for the one before.
CREATE TABLE head (
    id       INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    revision INTEGER NOT NULL,
    chain    BLOB    NOT NULL
) STRICT;
INSERT INTO head (id, revision, chain) VALUES (1, 0, zeroblob(32));

-- Which master secrets the store has met, so that a wrong list is refused at the start.
CREATE TABLE canaries (
    version    INTEGER NOT NULL PRIMARY KEY,
    canary     BLOB    NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

-- One event a change, chained by an HMAC: `link` covers the row and the link before it.
CREATE TABLE audit_events (
    revision       INTEGER NOT NULL PRIMARY KEY,
    created_at     INTEGER NOT NULL,
    actor_kind     TEXT    NOT NULL,
    actor_id       TEXT    NOT NULL,
    action         TEXT    NOT NULL,
    target_id      TEXT    NOT NULL,
    org_code       TEXT,
    details        TEXT    NOT NULL,
    secret_version INTEGER NOT NULL,
    link           BLOB    NOT NULL
) STRICT;

-- The keys that tokens are signed with; the private half is sealed.
CREATE TABLE signing_keys (
    kid            TEXT    NOT NULL PRIMARY KEY,
    public_jwk     TEXT    NOT NULL,
    private_sealed BLOB    NOT NULL,
    secret_version INTEGER NOT NULL,
    created_at     INTEGER NOT NULL,
    active_at      INTEGER NOT NULL,
    retired_at     INTEGER,
    revision       INTEGER NOT NULL
) STRICT;

-- The management API has no audience of its own: it follows the issuer.
CREATE TABLE apis (
    id                TEXT    NOT NULL PRIMARY KEY,
    name              TEXT    NOT NULL,
    name_folded       TEXT    NOT NULL,
    audience          TEXT,
    is_management_api INTEGER NOT NULL,
    key_prefix        TEXT    NOT NULL,
    key_class         TEXT    NOT NULL,
    created_at        INTEGER NOT NULL,
    deleted_at        INTEGER,
    revision          INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX apis_audience ON apis (audience) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX apis_management ON apis (is_management_api) WHERE is_management_api;

-- A scope's number is never given again within its API, so what carries it cannot gain another scope by a deletion.
CREATE TABLE scopes (
    id          TEXT    NOT NULL PRIMARY KEY,
    api_id      TEXT    NOT NULL REFERENCES apis (id),
    number      INTEGER NOT NULL,
    key         TEXT    NOT NULL,
    description TEXT,
    created_at  INTEGER NOT NULL,
    deleted_at  INTEGER,
    revision    INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX scopes_number ON scopes (api_id, number);
CREATE UNIQUE INDEX scopes_key ON scopes (api_id, key) WHERE deleted_at IS NULL;

CREATE TABLE organizations (
    code         TEXT    NOT NULL PRIMARY KEY,
    external_id  TEXT,
    name         TEXT    NOT NULL,
    name_folded  TEXT    NOT NULL,
    created_at   INTEGER NOT NULL,
    suspended_at INTEGER,
    deleted_at   INTEGER,
    revision     INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX organizations_external_id ON organizations (external_id) WHERE deleted_at IS NULL;

CREATE TABLE users (
    id           TEXT    NOT NULL PRIMARY KEY,
    external_id  TEXT,
    given_name   TEXT,
    family_name  TEXT,
    name_folded  TEXT    NOT NULL,
    email        TEXT,
    phone        TEXT,
    username     TEXT,
    created_at   INTEGER NOT NULL,
    suspended_at INTEGER,
    deleted_at   INTEGER,
    revision     INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX users_external_id ON users (external_id) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX users_email ON users (email) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX users_phone ON users (phone) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX users_username ON users (username) WHERE deleted_at IS NULL;

CREATE TABLE members (
    org_code   TEXT    NOT NULL REFERENCES organizations (code),
    user_id    TEXT    NOT NULL REFERENCES users (id),
    created_at INTEGER NOT NULL,
    ended_at   INTEGER,
    revision   INTEGER NOT NULL,
    PRIMARY KEY (org_code, user_id)
) STRICT;
CREATE INDEX members_user ON members (user_id);

CREATE TABLE applications (
    client_id      TEXT    NOT NULL PRIMARY KEY,
    name           TEXT    NOT NULL,
    name_folded    TEXT    NOT NULL,
    org_code       TEXT    REFERENCES organizations (code),
    bound_api_ids  TEXT,
    token_lifetime INTEGER NOT NULL,
    created_at     INTEGER NOT NULL,
    disabled_at    INTEGER,
    deleted_at     INTEGER,
    revision       INTEGER NOT NULL
) STRICT;

-- An application may have several secrets while it moves from one to the next.
CREATE TABLE application_secrets (
    client_id      TEXT    NOT NULL REFERENCES applications (client_id),
    number         INTEGER NOT NULL,
    mac            BLOB    NOT NULL,
    secret_version INTEGER NOT NULL,
    created_at     INTEGER NOT NULL,
    expires_at     INTEGER,
    revision       INTEGER NOT NULL,
    PRIMARY KEY (client_id, number)
) STRICT;

-- For which APIs an application may ask for tokens, and with which scopes (numbers within that API).
CREATE TABLE grants (
    client_id  TEXT    NOT NULL REFERENCES applications (client_id),
    api_id     TEXT    NOT NULL REFERENCES apis (id),
    scopes     TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    ended_at   INTEGER,
    revision   INTEGER NOT NULL,
    PRIMARY KEY (client_id, api_id)
) STRICT;
CREATE INDEX grants_api ON grants (api_id);

-- A key is revoked by itself, or by the deletion of its API or its owner: that is read by reference, never copied here.
CREATE TABLE keys (
    id            TEXT    NOT NULL PRIMARY KEY,
    type          TEXT    NOT NULL,
    api_id        TEXT    NOT NULL REFERENCES apis (id),
    org_code      TEXT    REFERENCES organizations (code),
    user_id       TEXT    REFERENCES users (id),
    name          TEXT    NOT NULL,
    name_folded   TEXT    NOT NULL,
    key_prefix    TEXT    NOT NULL,
    key_suffix    TEXT    NOT NULL,
    scopes        TEXT    NOT NULL,
    allowed_cidrs TEXT    NOT NULL,
    metadata      TEXT,
    bound_api_ids TEXT,
    is_enabled    INTEGER NOT NULL,
    expires_at    INTEGER,
    revoked_at    INTEGER,
    created_by    TEXT    NOT NULL,
    created_at    INTEGER NOT NULL,
    revision      INTEGER NOT NULL,
    CHECK (type IN ('user', 'organization', 'environment')),
    CHECK ((org_code IS NOT NULL) = (type = 'organization')),
    CHECK ((user_id IS NOT NULL) = (type = 'user'))
) STRICT;
CREATE INDEX keys_api ON keys (api_id, id);
CREATE INDEX keys_org ON keys (org_code, id) WHERE org_code IS NOT NULL;
CREATE INDEX keys_user ON keys (user_id, id) WHERE user_id IS NOT NULL;

-- The secrets of keys, as codes, found by their public part. A key may have several during a rotation.
CREATE TABLE key_secrets (
    selector       TEXT    NOT NULL PRIMARY KEY,
    key_id         TEXT    NOT NULL REFERENCES keys (id),
    mac            BLOB    NOT NULL,
    secret_version INTEGER NOT NULL,
    created_at     INTEGER NOT NULL,
    expires_at     INTEGER,
    revision       INTEGER NOT NULL
) STRICT;
CREATE INDEX key_secrets_key ON key_secrets (key_id);

-- Counts of valid verifications. Not changes: they take no revision.
CREATE TABLE key_usage (
    key_id             TEXT    NOT NULL PRIMARY KEY REFERENCES keys (id),
    verification_count INTEGER NOT NULL,
    last_verified_at   INTEGER NOT NULL,
    last_verified_ip   TEXT
) STRICT;
