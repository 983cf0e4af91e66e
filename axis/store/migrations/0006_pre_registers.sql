-- The registers (sổ văn bản đến, đi) that clerks leaf through: whose each packet is, and an index for each list.

-- A text as it is searched: lower case, without diacritics, đ as d, single blanks; like axis.register.searchable.
CREATE FUNCTION bare(given text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT btrim(regexp_replace(
        lower(translate(regexp_replace(normalize(given, NFD), '[\u0300-\u036f]', '', 'g'), 'đĐ', 'dd')),
        '\s+', ' ', 'g'))
$$;
ALTER TABLE document ADD COLUMN search text
    GENERATED ALWAYS AS (bare(number || '/' || notation || ' ' || subject)) STORED;

-- The sending agency as it was proven: when the packet was taken, its connection spoke for it.
ALTER TABLE intake ADD COLUMN sender text NOT NULL DEFAULT '';
CREATE FUNCTION name_sender() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SELECT a.code INTO NEW.sender
      FROM agency a
     WHERE a.code = split_part(encode(substring(NEW.message_key FROM 1 FOR 200), 'escape'), '|', 1)
       AND a.connection = NEW.connection;
    NEW.sender := coalesce(NEW.sender, '');
    RETURN NEW;
END $$;
CREATE TRIGGER intake_sender BEFORE INSERT ON intake FOR EACH ROW EXECUTE FUNCTION name_sender();

-- An acceptance proves it anew: a packet refused before may have come before its agency was assigned.
CREATE FUNCTION prove_sender() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE intake SET sender = NEW.agency WHERE packet_id = NEW.packet_id AND sender <> NEW.agency;
    RETURN NULL;
END $$;
CREATE TRIGGER document_sender AFTER INSERT ON document FOR EACH ROW EXECUTE FUNCTION prove_sender();

ALTER TABLE delivery ADD COLUMN sender text NOT NULL DEFAULT '';
CREATE FUNCTION name_delivery_sender() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SELECT agency INTO NEW.sender FROM document WHERE packet_id = NEW.packet_id;
    RETURN NEW;
END $$;
CREATE TRIGGER delivery_sender BEFORE INSERT ON delivery
    FOR EACH ROW WHEN (NEW.sender = '') EXECUTE FUNCTION name_delivery_sender();

-- Refusals of recipients, apart: an index on the state itself would make every move of a delivery dearer.
CREATE TABLE refusal (
    delivery_id text PRIMARY KEY REFERENCES delivery (delivery_id),
    sender      text NOT NULL,
    refused_at  timestamptz NOT NULL
);
CREATE FUNCTION note_refusal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO refusal (delivery_id, sender, refused_at)
    VALUES (NEW.delivery_id, NEW.sender, coalesce(NEW.answered_at, now())) ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER delivery_refusal AFTER UPDATE OF state ON delivery
    FOR EACH ROW WHEN (NEW.state = '02' AND OLD.state <> '02') EXECUTE FUNCTION note_refusal();

-- What is there already.
UPDATE intake SET sender = d.agency FROM document d WHERE d.packet_id = intake.packet_id;
UPDATE intake SET sender = a.code
  FROM agency a
 WHERE intake.sender = ''
   AND a.code = split_part(encode(substring(intake.message_key FROM 1 FOR 200), 'escape'), '|', 1)
   AND a.connection = intake.connection;
UPDATE delivery SET sender = d.agency FROM document d WHERE d.packet_id = delivery.packet_id;
INSERT INTO refusal (delivery_id, sender, refused_at)
SELECT delivery_id, sender, coalesce(answered_at, consigned_at) FROM delivery WHERE state = '02';

CREATE INDEX register_out ON intake (sender, received_at DESC, packet_id DESC) WHERE sender <> '';
CREATE INDEX register_out_open ON intake (sender, received_at) WHERE state IN ('taken', 'waiting');
CREATE INDEX register_in ON delivery (recipient, consigned_at DESC, delivery_id DESC);
CREATE INDEX register_in_open ON delivery (recipient, answer_due_at, delivery_id) WHERE answered_at IS NULL;
CREATE INDEX register_out_unanswered ON delivery (sender, answer_due_at, delivery_id) WHERE answered_at IS NULL;
CREATE INDEX refusal_sender ON refusal (sender, refused_at DESC, delivery_id DESC);
