-- The first schema. Instants are microseconds since the epoch; lists and metadata are JSON; rows of changes carry the
-- revision that wrote them last. Its twin is migrations/sqlite/0001_first.sql; a test compares the two.

-- The order of changes: every change updates this one row first, and so waits for the one before.
CREATE TABLE head (
    id       BIGINT           NOT NULL PRIMARY KEY CHECK (id = 1),
    revision BIGINT           NOT NULL,
    chain    BYTEA            NOT NULL
);
INSERT INTO head (id, revision, chain) VALUES (1, 0, decode(repeat('00', 32), 'hex'));

-- Which master secrets the store has met, so that a wrong list is refused at the start.
CREATE TABLE canaries (
    version    BIGINT           NOT NULL PRIMARY KEY,
    canary     BYTEA            NOT NULL,
    created_at BIGINT           NOT NULL
);

-- One event a change, chained by an HMAC: `link` covers the row and the link before it.
CREATE TABLE audit_events (
    revision       BIGINT           NOT NULL PRIMARY KEY,
    created_at     BIGINT           NOT NULL,
    actor_kind     TEXT COLLATE "C" NOT NULL,
    actor_id       TEXT COLLATE "C" NOT NULL,
    action         TEXT COLLATE "C" NOT NULL,
    target_id      TEXT COLLATE "C" NOT NULL,
    org_code       TEXT COLLATE "C",
    details        TEXT COLLATE "C" NOT NULL,
    secret_version BIGINT           NOT NULL,
    link           BYTEA            NOT NULL
);

-- The keys that tokens are signed with; the private half is sealed.
CREATE TABLE signing_keys (
    kid            TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    public_jwk     TEXT COLLATE "C" NOT NULL,
    private_sealed BYTEA            NOT NULL,
    secret_version BIGINT           NOT NULL,
    created_at     BIGINT           NOT NULL,
    active_at      BIGINT           NOT NULL,
    retired_at     BIGINT,
    revision       BIGINT           NOT NULL
);

-- The management API has no audience of its own: it follows the issuer.
CREATE TABLE apis (
    id                TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    name              TEXT COLLATE "C" NOT NULL,
    name_folded       TEXT COLLATE "C" NOT NULL,
    audience          TEXT COLLATE "C",
    is_management_api BOOLEAN          NOT NULL,
    key_prefix        TEXT COLLATE "C" NOT NULL,
    key_class         TEXT COLLATE "C" NOT NULL,
    created_at        BIGINT           NOT NULL,
    deleted_at        BIGINT,
    revision          BIGINT           NOT NULL
);
CREATE UNIQUE INDEX apis_audience ON apis (audience) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX apis_management ON apis (is_management_api) WHERE is_management_api;

-- A scope's number is never given again within its API, so what carries it cannot gain another scope by a deletion.
CREATE TABLE scopes (
    id          TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    api_id      TEXT COLLATE "C" NOT NULL REFERENCES apis (id),
    number      BIGINT           NOT NULL,
    key         TEXT COLLATE "C" NOT NULL,
    description TEXT COLLATE "C",
    created_at  BIGINT           NOT NULL,
    deleted_at  BIGINT,
    revision    BIGINT           NOT NULL
);
CREATE UNIQUE INDEX scopes_number ON scopes (api_id, number);
CREATE UNIQUE INDEX scopes_key ON scopes (api_id, key) WHERE deleted_at IS NULL;

CREATE TABLE organizations (
    code         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    external_id  TEXT COLLATE "C",
    name         TEXT COLLATE "C" NOT NULL,
    name_folded  TEXT COLLATE "C" NOT NULL,
    created_at   BIGINT           NOT NULL,
    suspended_at BIGINT,
    deleted_at   BIGINT,
    revision     BIGINT           NOT NULL
);
CREATE UNIQUE INDEX organizations_external_id ON organizations (external_id) WHERE deleted_at IS NULL;

CREATE TABLE users (
    id           TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    external_id  TEXT COLLATE "C",
    given_name   TEXT COLLATE "C",
    family_name  TEXT COLLATE "C",
    name_folded  TEXT COLLATE "C" NOT NULL,
    email        TEXT COLLATE "C",
    phone        TEXT COLLATE "C",
    username     TEXT COLLATE "C",
    created_at   BIGINT           NOT NULL,
    suspended_at BIGINT,
    deleted_at   BIGINT,
    revision     BIGINT           NOT NULL
);
CREATE UNIQUE INDEX users_external_id ON users (external_id) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX users_email ON users (email) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX users_phone ON users (phone) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX users_username ON users (username) WHERE deleted_at IS NULL;

CREATE TABLE members (
    org_code   TEXT COLLATE "C" NOT NULL REFERENCES organizations (code),
    user_id    TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    created_at BIGINT           NOT NULL,
    ended_at   BIGINT,
    revision   BIGINT           NOT NULL,
    PRIMARY KEY (org_code, user_id)
);
CREATE INDEX members_user ON members (user_id);

CREATE TABLE applications (
    client_id      TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    name           TEXT COLLATE "C" NOT NULL,
    name_folded    TEXT COLLATE "C" NOT NULL,
    org_code       TEXT COLLATE "C" REFERENCES organizations (code),
    bound_api_ids  TEXT COLLATE "C",
    token_lifetime BIGINT           NOT NULL,
    created_at     BIGINT           NOT NULL,
    disabled_at    BIGINT,
    deleted_at     BIGINT,
    revision       BIGINT           NOT NULL
);

-- An application may have several secrets while it moves from one to the next.
CREATE TABLE application_secrets (
    client_id      TEXT COLLATE "C" NOT NULL REFERENCES applications (client_id),
    number         BIGINT           NOT NULL,
    mac            BYTEA            NOT NULL,
    secret_version BIGINT           NOT NULL,
    created_at     BIGINT           NOT NULL,
    expires_at     BIGINT,
    revision       BIGINT           NOT NULL,
    PRIMARY KEY (client_id, number)
);

-- For which APIs an application may ask for tokens, and with which scopes (numbers within that API).
CREATE TABLE grants (
    client_id  TEXT COLLATE "C" NOT NULL REFERENCES applications (client_id),
    api_id     TEXT COLLATE "C" NOT NULL REFERENCES apis (id),
    scopes     TEXT COLLATE "C" NOT NULL,
    created_at BIGINT           NOT NULL,
    ended_at   BIGINT,
    revision   BIGINT           NOT NULL,
    PRIMARY KEY (client_id, api_id)
);
CREATE INDEX grants_api ON grants (api_id);

-- A key is revoked by itself, or by the deletion of its API or its owner: that is read by reference, never copied here.
CREATE TABLE keys (
    id            TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    type          TEXT COLLATE "C" NOT NULL,
    api_id        TEXT COLLATE "C" NOT NULL REFERENCES apis (id),
    org_code      TEXT COLLATE "C" REFERENCES organizations (code),
    user_id       TEXT COLLATE "C" REFERENCES users (id),
    name          TEXT COLLATE "C" NOT NULL,
    name_folded   TEXT COLLATE "C" NOT NULL,
    key_prefix    TEXT COLLATE "C" NOT NULL,
    key_suffix    TEXT COLLATE "C" NOT NULL,
    scopes        TEXT COLLATE "C" NOT NULL,
    allowed_cidrs TEXT COLLATE "C" NOT NULL,
    metadata      TEXT COLLATE "C",
    bound_api_ids TEXT COLLATE "C",
    is_enabled    BOOLEAN          NOT NULL,
    expires_at    BIGINT,
    revoked_at    BIGINT,
    created_by    TEXT COLLATE "C" NOT NULL,
    created_at    BIGINT           NOT NULL,
    revision      BIGINT           NOT NULL,
    CHECK (type IN ('user', 'organization', 'environment')),
    CHECK ((org_code IS NOT NULL) = (type = 'organization')),
    CHECK ((user_id IS NOT NULL) = (type = 'user'))
);
CREATE INDEX keys_api ON keys (api_id, id);
CREATE INDEX keys_org ON keys (org_code, id) WHERE org_code IS NOT NULL;
CREATE INDEX keys_user ON keys (user_id, id) WHERE user_id IS NOT NULL;

-- The secrets of keys, as codes, found by their public part. A key may have several during a rotation.
CREATE TABLE key_secrets (
    selector       TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    key_id         TEXT COLLATE "C" NOT NULL REFERENCES keys (id),
    mac            BYTEA            NOT NULL,
    secret_version BIGINT           NOT NULL,
    created_at     BIGINT           NOT NULL,
    expires_at     BIGINT,
    revision       BIGINT           NOT NULL
);
CREATE INDEX key_secrets_key ON key_secrets (key_id);

-- Counts of valid verifications. Not changes: they take no revision.
CREATE TABLE key_usage (
    key_id             TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES keys (id),
    verification_count BIGINT           NOT NULL,
    last_verified_at   BIGINT           NOT NULL,
    last_verified_ip   TEXT COLLATE "C"
);
