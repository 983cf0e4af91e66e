-- What of one connection is taken and not judged, counted before each packet of it: the index holds nothing else.
CREATE INDEX intake_unjudged ON intake (connection) WHERE state = 'taken';
