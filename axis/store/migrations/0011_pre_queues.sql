-- The next events to seal, in their order: the rows of many rounds lie dead in the table between two vacuums.
CREATE INDEX unsealed_next ON unsealed (priority DESC, seq);

-- Whoever fills the inbox topics is rung when there is something for one, not with every entry of every mailbox.
CREATE OR REPLACE FUNCTION queue_inbox() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO inbox_unpublished (entry_id, connection, priority)
    SELECT fresh.entry_id, fresh.connection, fresh.priority
      FROM fresh JOIN connection ON connection.name = fresh.connection
     WHERE connection.kafka_user <> '' AND connection.removed_at IS NULL
    ON CONFLICT DO NOTHING;
    IF FOUND THEN
        PERFORM pg_notify('axis_inbox', '');
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION queue_mail() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO inbox_unpublished (entry_id, connection, priority)
    SELECT entry_id, connection, priority FROM mailbox
     WHERE connection = NEW.name AND marked_at IS NULL
    ON CONFLICT DO NOTHING;
    IF FOUND THEN
        PERFORM pg_notify('axis_inbox', '');
    END IF;
    RETURN NULL;
END $$;
