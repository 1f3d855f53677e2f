-- The audit log says more: from where a change was asked for, and what was before and after. Personal values stand beside
-- the chain, so that they can be erased. And what was refused has a log of its own, which is no part of the chain. Its
-- twin is migrations/sqlite/0003_audit.sql.

-- How the bytes are laid out that a link covers; 1 for the events that are there already. `personal` lists the hashes of
-- the event's personal values, each with its subject. `erased_subject` says whose values, of the events before, may be gone.
ALTER TABLE audit_events ADD COLUMN format BIGINT NOT NULL DEFAULT 1;
ALTER TABLE audit_events ADD COLUMN request_id TEXT COLLATE "C";
ALTER TABLE audit_events ADD COLUMN personal TEXT COLLATE "C" NOT NULL DEFAULT '[]';
ALTER TABLE audit_events ADD COLUMN erased_subject TEXT COLLATE "C";
CREATE INDEX audit_events_target ON audit_events (target_id, revision);
CREATE INDEX audit_events_actor ON audit_events (actor_id, revision);
CREATE INDEX audit_events_org ON audit_events (org_code, revision);
CREATE INDEX audit_events_erased ON audit_events (erased_subject, revision) WHERE erased_subject IS NOT NULL;

-- The personal values of events. Erased, a row has neither salt nor content. Whatever else is done to a row, verifying
-- the log finds it.
CREATE TABLE audit_personal (
    revision BIGINT           NOT NULL,
    number   BIGINT           NOT NULL,
    subject  TEXT COLLATE "C" NOT NULL,
    salt     BYTEA,
    content  TEXT COLLATE "C",
    PRIMARY KEY (revision, number)
);
CREATE INDEX audit_personal_subject ON audit_personal (subject, revision);

-- What was refused, counted by the hour.
CREATE TABLE refusals (
    id         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    hour_at    BIGINT           NOT NULL,
    code       TEXT COLLATE "C" NOT NULL,
    route      TEXT COLLATE "C" NOT NULL,
    actor_kind TEXT COLLATE "C",
    actor_id   TEXT COLLATE "C",
    address    TEXT COLLATE "C",
    count      BIGINT           NOT NULL,
    first_at   BIGINT           NOT NULL,
    last_at    BIGINT           NOT NULL
);
CREATE INDEX refusals_hour ON refusals (hour_at);
