-- Trust lists, a version each: the newest is in force, and old ones stay, since decisions name them.
CREATE TABLE trust_version (
    version     bigint PRIMARY KEY,
    digest      text NOT NULL,                  -- of what it says; decisions name it
    body        bytea NOT NULL,                 -- JSON, as signing.trust reads it
    name        text NOT NULL,                  -- as its maker calls it
    source      text NOT NULL,                  -- the file, or the local stack
    imported_by text NOT NULL,
    imported_at timestamptz NOT NULL,
    note        text NOT NULL DEFAULT ''
);
CREATE INDEX trust_version_digest ON trust_version (digest);
CREATE TRIGGER trust_version_append_only BEFORE UPDATE OR DELETE ON trust_version
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- Revocation evidence that decisions rest on, once each: a decision's report names it by digest.
CREATE TABLE evidence (
    sha256   text PRIMARY KEY,
    kind     text NOT NULL CHECK (kind IN ('crl', 'ocsp')),
    der      bytea NOT NULL,
    kept_at  timestamptz NOT NULL
);
CREATE TRIGGER evidence_append_only BEFORE UPDATE OR DELETE ON evidence
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- Of what is kept for the next document: what its maker says of its age, so that older never replaces newer.
ALTER TABLE revocation ADD COLUMN this_update timestamptz;
