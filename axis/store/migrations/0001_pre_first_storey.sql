-- The memory of the axis. Rules that must hold are constraints here, not habits in code.

-- Connections: one registered system each (a DMS, or a relay that speaks for many agencies).
CREATE TABLE connection (
    name               text PRIMARY KEY CHECK (name ~ '^[a-z0-9-]{1,40}$'),
    client_id          text NOT NULL UNIQUE,
    secret_sha256      text NOT NULL,           -- of a random 256-bit secret: no slow hash needed
    bytes_per_second   bigint NOT NULL CHECK (bytes_per_second > 0),
    requests_per_second integer NOT NULL CHECK (requests_per_second > 0),
    max_packet_bytes   bigint NOT NULL CHECK (max_packet_bytes > 0),
    created_at         timestamptz NOT NULL,
    removed_at         timestamptz,
    last_contact_at    timestamptz
);

CREATE TABLE access_token (
    token_sha256 text PRIMARY KEY,
    connection   text NOT NULL REFERENCES connection (name),
    expires_at   timestamptz NOT NULL
);
CREATE INDEX access_token_expiry ON access_token (expires_at);

-- Directory: one version at a time is in force; `source` lets an old one be built again.
CREATE TABLE directory_version (
    version     bigint PRIMARY KEY,
    imported_at timestamptz NOT NULL,
    sha256      text NOT NULL,
    source      jsonb NOT NULL,                 -- digests of the imported files, kept in the content store
    note        text NOT NULL DEFAULT ''
);

CREATE TABLE agency (
    code        text PRIMARY KEY,
    code102     text NOT NULL DEFAULT '',
    name        text NOT NULL,
    level       text NOT NULL CHECK (level IN ('central', 'province', 'district', 'commune')),
    parent      text NOT NULL DEFAULT '',
    connection  text NOT NULL DEFAULT '',
    locked      boolean NOT NULL DEFAULT false,
    valid_from  date NOT NULL,
    valid_until date,
    successors  text[] NOT NULL DEFAULT '{}',
    invented    boolean NOT NULL DEFAULT false, -- for demonstrations and tests
    search      text NOT NULL DEFAULT ''        -- name without diacritics, lower case
);
CREATE UNIQUE INDEX agency_code102 ON agency (code102) WHERE code102 <> '';
CREATE INDEX agency_connection ON agency (connection) WHERE connection <> '';

CREATE TABLE seal (
    certificate_sha256 text PRIMARY KEY,
    agency             text NOT NULL REFERENCES agency (code) DEFERRABLE INITIALLY DEFERRED
);

CREATE TABLE signer (
    certificate_sha256 text PRIMARY KEY,
    agency             text NOT NULL REFERENCES agency (code) DEFERRABLE INITIALLY DEFERRED,
    full_name          text NOT NULL,
    position           text NOT NULL,
    mandates           jsonb NOT NULL           -- array of axis.document.Mandate
);

-- Intake: every packet that was taken. The content store has its bytes under sha256.
CREATE TABLE intake (
    packet_id   text PRIMARY KEY,
    connection  text NOT NULL,
    sha256      text NOT NULL,
    size        bigint NOT NULL,
    door        text NOT NULL,
    priority    smallint NOT NULL DEFAULT 0,
    received_at timestamptz NOT NULL,
    state       text NOT NULL CHECK (state IN ('taken', 'waiting', 'answered', 'quarantined')),
    message_key bytea NOT NULL,
    take        integer NOT NULL DEFAULT 1,     -- how often it was taken anew after a refusal
    nudged_at   timestamptz                     -- when its lost record was sent again
);
CREATE INDEX intake_open ON intake (priority DESC, received_at) WHERE state IN ('taken', 'waiting');
CREATE INDEX intake_by_connection ON intake (connection, received_at);

CREATE TABLE idempotency (
    connection text NOT NULL,
    key        text NOT NULL,
    sha256     text NOT NULL,                   -- of the request: metadata and files
    packet_id  text NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (connection, key)
);

-- Waiting by name: a document whose judgement a dependency outside holds up.
CREATE TABLE parked (
    packet_id   text PRIMARY KEY REFERENCES intake (packet_id),
    code        text NOT NULL,
    detail      text NOT NULL,
    since       timestamptz NOT NULL,
    next_try_at timestamptz NOT NULL,
    deadline    timestamptz NOT NULL,
    priority    smallint NOT NULL,
    attempts    integer NOT NULL DEFAULT 0
);
CREATE INDEX parked_due ON parked (priority DESC, next_try_at);
CREATE INDEX parked_deadline ON parked (deadline);

-- Decisions: keyed by the packet and the versions it was judged under.
CREATE TABLE decision (
    packet_id         text NOT NULL REFERENCES intake (packet_id),
    rules_version     text NOT NULL,
    directory_version bigint NOT NULL,
    trust_version     text NOT NULL,
    take              integer NOT NULL,
    verdict           text NOT NULL CHECK (verdict IN ('accepted', 'refused', 'expired')),
    violations        jsonb NOT NULL,
    findings          jsonb NOT NULL,
    parts             jsonb NOT NULL,
    report            jsonb NOT NULL,           -- the gate's report: the evidence of the verdict
    delivered_sha256  text NOT NULL DEFAULT '',
    decided_at        timestamptz NOT NULL,
    PRIMARY KEY (packet_id, take)
);
CREATE UNIQUE INDEX decision_accepted_once ON decision (packet_id) WHERE verdict = 'accepted';

-- Only an accepted document takes its id.
CREATE TABLE document (
    packet_id      text PRIMARY KEY REFERENCES intake (packet_id),
    agency         text NOT NULL,
    document_id    text NOT NULL,
    number         text NOT NULL,
    notation       text NOT NULL,
    type_name      text NOT NULL,
    subject        text NOT NULL,
    issued_on      date NOT NULL,
    due_on         date,
    priority       smallint NOT NULL,
    accepted_at    timestamptz NOT NULL,
    splice_offset  bigint NOT NULL,
    splice         bytea NOT NULL,
    recipients     text[] NOT NULL,
    routed_to      integer NOT NULL DEFAULT 0,  -- cursor of the fan-out in recipients
    nudged_at      timestamptz,                 -- when its lost record was sent again
    UNIQUE (agency, document_id)
);
CREATE INDEX document_unrouted ON document (accepted_at) WHERE routed_to < cardinality(recipients);

CREATE TABLE delivery (
    delivery_id    text PRIMARY KEY,
    packet_id      text NOT NULL REFERENCES document (packet_id),
    recipient      text NOT NULL,
    recipient_name text NOT NULL,
    level          text NOT NULL,
    connection     text NOT NULL,
    state          text NOT NULL,
    priority       smallint NOT NULL,
    consigned_at   timestamptz NOT NULL,
    fetched_at     timestamptz,
    answer_due_at  timestamptz,
    answered_at    timestamptz,
    UNIQUE (packet_id, recipient)
);
CREATE INDEX delivery_overdue ON delivery (answer_due_at) WHERE answered_at IS NULL;
CREATE INDEX delivery_connection ON delivery (connection, consigned_at);

-- Handling statuses: append only.
CREATE TABLE handling (
    ack_id      text PRIMARY KEY,               -- of (connection, digest of the status packet)
    connection  text NOT NULL,
    sha256      text NOT NULL,                  -- the status packet in the content store
    received_at timestamptz NOT NULL,
    message_key bytea NOT NULL,
    state       text NOT NULL CHECK (state IN ('taken', 'recorded', 'refused', 'quarantined')),
    delivery_id text REFERENCES delivery (delivery_id),
    code        text NOT NULL DEFAULT '',
    description text NOT NULL DEFAULT '',
    reported_at timestamptz,
    recorded_at timestamptz,
    violations  jsonb NOT NULL DEFAULT '[]',
    findings    jsonb NOT NULL DEFAULT '[]',
    nudged_at   timestamptz                     -- when its lost record was sent again
);
CREATE INDEX handling_open ON handling (received_at) WHERE state = 'taken';
CREATE INDEX handling_delivery ON handling (delivery_id, recorded_at);

-- Mailboxes: one entry per (document, connection) with its recipients; per status; per receipt.
CREATE TABLE mailbox (
    entry_id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    connection text NOT NULL,
    kind       text NOT NULL CHECK (kind IN ('document', 'status', 'receipt')),
    subject    text NOT NULL,                   -- packet id, ack id or event id
    packet_id  text NOT NULL,                   -- of the document it speaks of
    recipients text[] NOT NULL DEFAULT '{}',
    priority   smallint NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL,
    marked_at  timestamptz,
    UNIQUE (connection, kind, subject)
);
CREATE INDEX mailbox_unmarked ON mailbox (connection, priority DESC, entry_id) WHERE marked_at IS NULL;
-- Rings for clients that wait at the gateway (axis.store.bell).
CREATE FUNCTION ring_mailbox() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('axis_mailbox', rung.connection || ' ' || rung.packet_id)
       FROM (SELECT DISTINCT connection, packet_id FROM fresh) AS rung;
    RETURN NULL;
END $$;
CREATE TRIGGER mailbox_bell AFTER INSERT ON mailbox REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION ring_mailbox();

-- Evidence: what happened, append only, and the receipts sealed over it.
CREATE TABLE event (
    seq        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id   text NOT NULL UNIQUE,
    kind       text NOT NULL,
    packet_id  text NOT NULL,
    connection text NOT NULL,
    at         timestamptz NOT NULL,
    body       bytea NOT NULL
);
CREATE INDEX event_packet ON event (packet_id, seq);

CREATE TABLE checkpoint (
    checkpoint_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    body          bytea NOT NULL,               -- what was signed
    signature     bytea NOT NULL,               -- detached CAdES over body
    sealed_at     timestamptz NOT NULL
);

CREATE TABLE receipt (
    event_id      text PRIMARY KEY REFERENCES event (event_id),
    checkpoint_id bigint NOT NULL REFERENCES checkpoint (checkpoint_id),
    leaf_index    integer NOT NULL,
    proof         bytea NOT NULL,               -- inclusion proof: 32-byte hashes, one after another
    sealed_at     timestamptz NOT NULL
);
-- Unsealed events are found by this queue, so that cost does not grow with history.
CREATE TABLE unsealed (
    seq      bigint PRIMARY KEY REFERENCES event (seq),
    priority smallint NOT NULL DEFAULT 0
);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'append only: % on %', TG_OP, TG_TABLE_NAME;
END $$;
CREATE TRIGGER event_append_only BEFORE UPDATE OR DELETE ON event
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER receipt_append_only BEFORE UPDATE OR DELETE ON receipt
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER checkpoint_append_only BEFORE UPDATE OR DELETE ON checkpoint
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER decision_append_only BEFORE UPDATE OR DELETE ON decision
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- Outbox: messages of committed moves that the broker has not acknowledged yet.
CREATE TABLE outbox (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic      text NOT NULL,
    key        bytea NOT NULL,
    value      bytea NOT NULL,
    event_id   text NOT NULL,
    priority   smallint NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL
);
CREATE INDEX outbox_waiting ON outbox (priority DESC, id);

CREATE TABLE quarantine (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic       text NOT NULL,
    partition   integer NOT NULL,
    "offset"    bigint NOT NULL,
    key         bytea,
    sha256      text NOT NULL,                  -- the value's bytes, in the content store
    size        bigint NOT NULL,
    code        text NOT NULL,
    detail      text NOT NULL,
    at          timestamptz NOT NULL,
    replayed_at timestamptz,
    UNIQUE (topic, partition, "offset")
);

-- Revocation evidence, fetched ahead; verified when it is used.
CREATE TABLE revocation (
    source      text PRIMARY KEY,               -- the URL it came from (CRL) or 'ocsp:' and the certificate's fingerprint
    kind        text NOT NULL CHECK (kind IN ('crl', 'ocsp')),
    der         bytea NOT NULL,
    sha256      text NOT NULL,
    fetched_at  timestamptz NOT NULL,
    next_update timestamptz NOT NULL
);
