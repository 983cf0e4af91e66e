-- What operations look at again and again has its index; what was looked at has its end.
CREATE INDEX decision_recent ON decision (decided_at);
CREATE INDEX mailbox_documents_unmarked ON mailbox (connection) WHERE marked_at IS NULL AND kind = 'document';

-- A record that cannot be replayed (poison, or dealt with otherwise) is closed by a person, with a word on why.
ALTER TABLE quarantine ADD COLUMN closed_at timestamptz;
ALTER TABLE quarantine ADD COLUMN closed_note text NOT NULL DEFAULT '';
CREATE INDEX quarantine_open ON quarantine (code) WHERE replayed_at IS NULL AND closed_at IS NULL;
