-- Content that was removed on purpose: by retention (policy) or because a state secret was found in it.
-- The row stays for good: it says that nothing was lost.
CREATE TABLE content_removal (
    sha256     text PRIMARY KEY,
    why        text NOT NULL CHECK (why IN ('retention', 'state-secret', 'recall')),
    size       bigint NOT NULL,
    decided_at timestamptz NOT NULL,
    removed_at timestamptz                      -- when its file was gone; empty: it still has to go
);
CREATE INDEX content_removal_open ON content_removal (decided_at) WHERE removed_at IS NULL;

-- A state secret found after taking: what happened, without anything of what it was. Append only but for its closing.
CREATE TABLE incident (
    incident_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind        text NOT NULL CHECK (kind IN ('state-secret')),
    packet_id   text NOT NULL UNIQUE,
    connection  text NOT NULL,
    field       text NOT NULL,                  -- where the mark stood; nothing of its value
    at          timestamptz NOT NULL,
    closed_at   timestamptz,
    closed_note text NOT NULL DEFAULT ''
);
CREATE FUNCTION refuse_incident_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.closed_at IS NULL AND NEW.closed_at IS NOT NULL
       AND (NEW.incident_id, NEW.kind, NEW.packet_id, NEW.connection, NEW.field, NEW.at)
         = (OLD.incident_id, OLD.kind, OLD.packet_id, OLD.connection, OLD.field, OLD.at) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'append only: % on %', TG_OP, TG_TABLE_NAME;
END $$;
CREATE TRIGGER incident_append_only BEFORE UPDATE OR DELETE ON incident
    FOR EACH ROW EXECUTE FUNCTION refuse_incident_change();
