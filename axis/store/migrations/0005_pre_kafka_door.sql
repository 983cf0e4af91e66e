-- The Kafka door: uploads before they are sent, notices, and what is to go into inbox topics.

-- A digest counts only for the connection that uploaded it.
CREATE TABLE upload (
    connection text NOT NULL REFERENCES connection (name),
    sha256     text NOT NULL,
    size       bigint NOT NULL,
    created_at timestamptz NOT NULL,
    used_at    timestamptz,                     -- when it was taken; such a row is history
    PRIMARY KEY (connection, sha256)
);
CREATE INDEX upload_unused ON upload (created_at) WHERE used_at IS NULL;

-- Why a record of a connection was not taken: what an HTTP answer says at the other door.
CREATE TABLE notice (
    notice_id  text PRIMARY KEY,                -- of (topic, partition, offset)
    connection text NOT NULL,
    code       text NOT NULL,
    field      text NOT NULL,
    detail     text NOT NULL,
    reference  text NOT NULL,                   -- the sender's own word
    record     text NOT NULL,                   -- topic[partition]@offset
    at         timestamptz NOT NULL
);
ALTER TABLE mailbox DROP CONSTRAINT mailbox_kind_check;
ALTER TABLE mailbox ADD CONSTRAINT mailbox_kind_check CHECK (kind IN ('document', 'status', 'receipt', 'notice'));

-- Mailbox entries that the broker does not have yet: the outbox of inbox topics. Filled in the
-- transaction that fills the mailbox, whoever that is.
CREATE TABLE inbox_unpublished (
    entry_id   bigint PRIMARY KEY REFERENCES mailbox (entry_id),
    connection text NOT NULL,
    priority   smallint NOT NULL
);
CREATE INDEX inbox_unpublished_next ON inbox_unpublished (connection, priority DESC, entry_id);

CREATE FUNCTION queue_inbox() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO inbox_unpublished (entry_id, connection, priority)
    SELECT fresh.entry_id, fresh.connection, fresh.priority
      FROM fresh JOIN connection ON connection.name = fresh.connection
     WHERE connection.kafka_user <> '' AND connection.removed_at IS NULL
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER mailbox_inbox AFTER INSERT ON mailbox REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION queue_inbox();

-- A connection that begins to speak Kafka finds in its topic what it has not fetched yet.
CREATE FUNCTION queue_mail() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO inbox_unpublished (entry_id, connection, priority)
    SELECT entry_id, connection, priority FROM mailbox
     WHERE connection = NEW.name AND marked_at IS NULL
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER connection_speaks_kafka AFTER UPDATE OF kafka_user ON connection
    FOR EACH ROW WHEN (OLD.kafka_user = '' AND NEW.kafka_user <> '') EXECUTE FUNCTION queue_mail();
