-- How an agency decides, and whom it lets sign: data of the directory, visible with every version.
ALTER TABLE agency ADD COLUMN collective boolean NOT NULL DEFAULT false;  -- decides as a body: signs TM.
ALTER TABLE agency ADD COLUMN any_person boolean NOT NULL DEFAULT false;  -- any person of it may sign

-- What each version changed, row by row: who reads it sees history, and any version can be had again.
CREATE TABLE directory_change (
    seq     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    version bigint NOT NULL,
    kind    text NOT NULL CHECK (kind IN ('agency', 'seal', 'signer')),
    key     text NOT NULL,
    before  jsonb,                              -- NULL: it did not exist
    after   jsonb                               -- NULL: it exists no more
);
CREATE INDEX directory_change_version ON directory_change (version, seq);
CREATE INDEX directory_change_key ON directory_change (kind, key, seq);
CREATE TRIGGER directory_change_append_only BEFORE UPDATE OR DELETE ON directory_change
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- Older versions than this one have no history here.
CREATE TABLE directory_history (since bigint NOT NULL);
INSERT INTO directory_history SELECT coalesce(max(version), 0) FROM directory_version;

-- The version under way is the next one: whoever changes the directory holds its lock until it is recorded.
CREATE FUNCTION note_directory_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    key_column text := CASE TG_TABLE_NAME WHEN 'agency' THEN 'code' ELSE 'certificate_sha256' END;
    next_version bigint := (SELECT coalesce(max(version), 0) + 1 FROM directory_version);
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO directory_change (version, kind, key, after)
        SELECT next_version, TG_TABLE_NAME, to_jsonb(a) ->> key_column, to_jsonb(a) FROM fresh a ORDER BY 3;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO directory_change (version, kind, key, before)
        SELECT next_version, TG_TABLE_NAME, to_jsonb(b) ->> key_column, to_jsonb(b) FROM gone b ORDER BY 3;
    ELSE
        INSERT INTO directory_change (version, kind, key, before, after)
        SELECT next_version, TG_TABLE_NAME, to_jsonb(a) ->> key_column, to_jsonb(b), to_jsonb(a)
          FROM fresh a JOIN gone b ON to_jsonb(a) ->> key_column = to_jsonb(b) ->> key_column
         WHERE to_jsonb(a) IS DISTINCT FROM to_jsonb(b) ORDER BY 3;
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER agency_inserted AFTER INSERT ON agency REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION note_directory_change();
CREATE TRIGGER agency_deleted AFTER DELETE ON agency REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION note_directory_change();
CREATE TRIGGER agency_updated AFTER UPDATE ON agency REFERENCING OLD TABLE AS gone NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION note_directory_change();
CREATE TRIGGER seal_inserted AFTER INSERT ON seal REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION note_directory_change();
CREATE TRIGGER seal_deleted AFTER DELETE ON seal REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION note_directory_change();
CREATE TRIGGER seal_updated AFTER UPDATE ON seal REFERENCING OLD TABLE AS gone NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION note_directory_change();
CREATE TRIGGER signer_inserted AFTER INSERT ON signer REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION note_directory_change();
CREATE TRIGGER signer_deleted AFTER DELETE ON signer REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION note_directory_change();
CREATE TRIGGER signer_updated AFTER UPDATE ON signer REFERENCING OLD TABLE AS gone NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION note_directory_change();
