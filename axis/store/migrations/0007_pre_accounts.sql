-- People: local accounts, their sessions, what they did.

CREATE TABLE account (
    name       text PRIMARY KEY CHECK (name ~ '^[a-z0-9][a-z0-9._-]{1,39}$'),  -- never used again
    role       text NOT NULL CHECK (role IN ('clerk', 'operations', 'auditor')),
    agency     text NOT NULL DEFAULT '',         -- of a clerk: whose documents she sees
    password   text NOT NULL,                    -- argon2id, with its own salt and parameters
    created_at timestamptz NOT NULL,
    reset_at   timestamptz NOT NULL,
    removed_at timestamptz,
    CHECK ((role = 'clerk') = (agency <> ''))
);

CREATE TABLE session (
    token_sha256 text PRIMARY KEY,               -- of a random 256-bit token that only the browser has
    account      text NOT NULL REFERENCES account (name),
    csrf         text NOT NULL,
    created_at   timestamptz NOT NULL,
    seen_at      timestamptz NOT NULL
);
CREATE INDEX session_account ON session (account);
CREATE INDEX session_created ON session (created_at);

-- Failed logins of the last minutes, by digests of account and address; older ones are deleted.
CREATE TABLE login_failure (
    key text NOT NULL,
    at  timestamptz NOT NULL
);
CREATE INDEX login_failure_key ON login_failure (key, at);
CREATE INDEX login_failure_at ON login_failure (at);

-- Handling statuses that a clerk gave on the page: who, what, and the status packet that came of it.
CREATE TABLE clerk_act (
    act_id      text PRIMARY KEY,                -- of (delivery, code, attempt): a double click is one act
    account     text NOT NULL REFERENCES account (name),
    agency      text NOT NULL,
    connection  text NOT NULL,
    packet_id   text NOT NULL,
    delivery_id text NOT NULL REFERENCES delivery (delivery_id),
    code        text NOT NULL,
    description text NOT NULL,
    at          timestamptz NOT NULL,
    ack_id      text UNIQUE                      -- once the status packet is taken
);
CREATE INDEX clerk_act_delivery ON clerk_act (delivery_id);
CREATE INDEX clerk_act_open ON clerk_act (at) WHERE ack_id IS NULL;

-- What people did: append only. Names of accounts, ids and codes; no content.
CREATE TABLE audit (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at      timestamptz NOT NULL,
    account text NOT NULL,
    act     text NOT NULL,
    subject text NOT NULL DEFAULT '',
    detail  text NOT NULL DEFAULT ''
);
CREATE INDEX audit_subject ON audit (subject, id) WHERE subject <> '';
CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON audit
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
