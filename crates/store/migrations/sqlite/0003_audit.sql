-- The audit log says more: from where a change was asked for, and what was before and after. Personal values stand beside
-- the chain, so that they can be erased. And what was refused has a log of its own, which is no part of the chain. Its
-- twin is migrations/postgres/0003_audit.sql.

-- How the bytes are laid out that a link covers; 1 for the events that are there already. `personal` lists the hashes of
-- the event's personal values, each with its subject. `erased_subject` says whose values, of the events before, may be gone.
ALTER TABLE audit_events ADD COLUMN format INTEGER NOT NULL DEFAULT 1;
ALTER TABLE audit_events ADD COLUMN request_id TEXT;
ALTER TABLE audit_events ADD COLUMN personal TEXT NOT NULL DEFAULT '[]';
ALTER TABLE audit_events ADD COLUMN erased_subject TEXT;
CREATE INDEX audit_events_target ON audit_events (target_id, revision);
CREATE INDEX audit_events_actor ON audit_events (actor_id, revision);
CREATE INDEX audit_events_org ON audit_events (org_code, revision);
CREATE INDEX audit_events_erased ON audit_events (erased_subject, revision) WHERE erased_subject IS NOT NULL;

-- The personal values of events. Erased, a row has neither salt nor content. Whatever else is done to a row, verifying
-- the log finds it.
CREATE TABLE audit_personal (
    revision INTEGER NOT NULL,
    number   INTEGER NOT NULL,
    subject  TEXT    NOT NULL,
    salt     BLOB,
    content  TEXT,
    PRIMARY KEY (revision, number)
) STRICT;
CREATE INDEX audit_personal_subject ON audit_personal (subject, revision);

-- What was refused, counted by the hour.
CREATE TABLE refusals (
    id         TEXT    NOT NULL PRIMARY KEY,
    hour_at    INTEGER NOT NULL,
    code       TEXT    NOT NULL,
    route      TEXT    NOT NULL,
    actor_kind TEXT,
    actor_id   TEXT,
    address    TEXT,
    count      INTEGER NOT NULL,
    first_at   INTEGER NOT NULL,
    last_at    INTEGER NOT NULL
) STRICT;
CREATE INDEX refusals_hour ON refusals (hour_at);
