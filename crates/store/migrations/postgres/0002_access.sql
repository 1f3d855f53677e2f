-- Roles and permissions, lists by name, answers kept for repeated requests, and the tidying behind deletions. Its twin is
-- migrations/sqlite/0002_access.sql.

-- What members of organizations are given. System permissions are Keyward's own and few: they stand in the row.
CREATE TABLE roles (
    id                 TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    key                TEXT COLLATE "C" NOT NULL,
    name               TEXT COLLATE "C" NOT NULL,
    name_folded        TEXT COLLATE "C" NOT NULL,
    description        TEXT COLLATE "C",
    is_default         BOOLEAN          NOT NULL,
    system_permissions TEXT COLLATE "C" NOT NULL,
    created_at         BIGINT           NOT NULL,
    deleted_at         BIGINT,
    revision           BIGINT           NOT NULL
);
CREATE UNIQUE INDEX roles_key ON roles (key) WHERE deleted_at IS NULL;

-- The platform's own words for what a member may do in the platform's product. Keyward keeps them and asks nothing of them.
CREATE TABLE permissions (
    id          TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    key         TEXT COLLATE "C" NOT NULL,
    name        TEXT COLLATE "C" NOT NULL,
    name_folded TEXT COLLATE "C" NOT NULL,
    description TEXT COLLATE "C",
    created_at  BIGINT           NOT NULL,
    deleted_at  BIGINT,
    revision    BIGINT           NOT NULL
);
CREATE UNIQUE INDEX permissions_key ON permissions (key) WHERE deleted_at IS NULL;

CREATE TABLE role_permissions (
    role_id       TEXT COLLATE "C" NOT NULL REFERENCES roles (id),
    permission_id TEXT COLLATE "C" NOT NULL REFERENCES permissions (id),
    created_at    BIGINT           NOT NULL,
    ended_at      BIGINT,
    revision      BIGINT           NOT NULL,
    PRIMARY KEY (role_id, permission_id)
);
CREATE INDEX role_permissions_permission ON role_permissions (permission_id);

-- A membership that ends takes these along.
CREATE TABLE member_roles (
    org_code   TEXT COLLATE "C" NOT NULL REFERENCES organizations (code),
    user_id    TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    role_id    TEXT COLLATE "C" NOT NULL REFERENCES roles (id),
    created_at BIGINT           NOT NULL,
    ended_at   BIGINT,
    revision   BIGINT           NOT NULL,
    PRIMARY KEY (org_code, user_id, role_id)
);
CREATE INDEX member_roles_role ON member_roles (role_id, org_code);

CREATE TABLE member_permissions (
    org_code      TEXT COLLATE "C" NOT NULL REFERENCES organizations (code),
    user_id       TEXT COLLATE "C" NOT NULL REFERENCES users (id),
    permission_id TEXT COLLATE "C" NOT NULL REFERENCES permissions (id),
    created_at    BIGINT           NOT NULL,
    ended_at      BIGINT,
    revision      BIGINT           NOT NULL,
    PRIMARY KEY (org_code, user_id, permission_id)
);
CREATE INDEX member_permissions_permission ON member_permissions (permission_id);

-- What was answered to a request that may be repeated under its Idempotency-Key, sealed under that key, of which only a
-- code is kept.
CREATE TABLE kept_answers (
    principal      TEXT COLLATE "C" NOT NULL,
    route          TEXT COLLATE "C" NOT NULL,
    key_mac        BYTEA            NOT NULL,
    request_mac    BYTEA            NOT NULL,
    sealed         BYTEA            NOT NULL,
    secret_version BIGINT           NOT NULL,
    expires_at     BIGINT           NOT NULL,
    revision       BIGINT           NOT NULL,
    PRIMARY KEY (principal, route, key_mac)
);
CREATE INDEX kept_answers_expiry ON kept_answers (expires_at);

-- When the keys of what was deleted had been tidied; until then they are read as revoked by reference alone.
ALTER TABLE apis ADD COLUMN tidied_at BIGINT;
ALTER TABLE organizations ADD COLUMN tidied_at BIGINT;
ALTER TABLE users ADD COLUMN tidied_at BIGINT;
CREATE INDEX apis_untidy ON apis (deleted_at) WHERE deleted_at IS NOT NULL AND tidied_at IS NULL;
CREATE INDEX organizations_untidy ON organizations (deleted_at) WHERE deleted_at IS NOT NULL AND tidied_at IS NULL;
CREATE INDEX users_untidy ON users (deleted_at) WHERE deleted_at IS NOT NULL AND tidied_at IS NULL;

-- Lists are read by name, a page at a time.
CREATE INDEX organizations_name ON organizations (name_folded, code) WHERE deleted_at IS NULL;
CREATE INDEX users_name ON users (name_folded, id) WHERE deleted_at IS NULL;
CREATE INDEX applications_name ON applications (name_folded, client_id) WHERE deleted_at IS NULL;
CREATE INDEX applications_org ON applications (org_code) WHERE org_code IS NOT NULL;
