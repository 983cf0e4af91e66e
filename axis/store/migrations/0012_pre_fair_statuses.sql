-- What of one connection's statuses is taken and not recorded, counted before each of them.
CREATE INDEX handling_unrecorded ON handling (connection) WHERE state = 'taken';
