-- Connections that speak Kafka, secrets that overlap, and acts under way.
ALTER TABLE connection ADD COLUMN kafka_user text NOT NULL DEFAULT '';  -- empty: HTTP only, no topics

-- Credentials that were rotated away and still hold for a while, at both doors.
CREATE TABLE retired_credential (
    connection    text NOT NULL REFERENCES connection (name),
    secret_sha256 text NOT NULL,
    kafka_user    text NOT NULL DEFAULT '',
    ends_at       timestamptz NOT NULL,
    PRIMARY KEY (connection, secret_sha256)
);
CREATE INDEX retired_credential_end ON retired_credential (ends_at);

-- An act that touches broker and database writes its intent here first. Whoever finds one whose
-- process died (its advisory lock is free) ends it: an addition or rotation is undone, for nobody
-- was told its secrets; a removal is carried through.
CREATE TABLE connection_act (
    name       text PRIMARY KEY CHECK (name ~ '^[a-z0-9-]{1,40}$'),
    act        text NOT NULL CHECK (act IN ('add', 'rotate', 'remove')),
    kafka_user text NOT NULL DEFAULT '',        -- the broker's user that the act makes
    begun_at   timestamptz NOT NULL
);
