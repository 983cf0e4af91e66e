"""Every metric of the axis, a sentence each. Labels never hold a document or a person."""

from typing import Final

from prometheus_client import Counter, Gauge, Histogram

SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)

TAKEN: Final = Counter("axis_taken_total", "Packets taken at a door: content on disk, intake row committed.", ["door"])
TURNED_AWAY: Final = Counter("axis_turned_away_total", "Requests a door refused before anything became content.", ["code"])
LOGINS: Final = Counter("axis_logins_total", "Logins of people on the page: in, wrong, limited; many wrong ones are somebody guessing.", ["outcome"])
ACCEPTED: Final = Counter("axis_accepted_total", "Documents that passed every check.")
REFUSED: Final = Counter("axis_refused_total", "Documents refused, once per reason code; a rise in one code points at one sender's software.", ["code"])
EXPIRED: Final = Counter("axis_expired_total", "Documents not judged in time; any is a reason to look at the dependency that was away.")
DELIVERED: Final = Counter("axis_delivered_total", "Deliveries put into recipients' mailboxes.", ["level"])
FETCHED: Final = Counter("axis_fetched_total", "Deliveries marked fetched by the recipient's system.")
ANSWERED: Final = Counter("axis_answered_total", "Handling statuses recorded, by edXML code.", ["code"])
QUARANTINED: Final = Counter("axis_quarantined_total", "Records set aside byte for byte; any axis-bug is ours to mend.", ["code"])
PARKED: Final = Counter("axis_parked_total", "Times a document was set waiting on a dependency.", ["code"])
BROKER_DENIED: Final = Counter("axis_broker_denied_total", "Operations that the broker refused to a user with valid credentials; a connection that reaches for what is not its own.", ["user", "operation"])
BROKER_DENIALS_READ: Final = Gauge("axis_broker_denials_read", "1 while the broker's log of refusals is read, 0 while it is not there: then nobody knows whom it refuses.")
INBOX_PUBLISHED: Final = Counter("axis_inbox_published_total", "Mailbox entries published into inbox topics, repeats after a crash included.", ["kind"])
INBOX_UNPUBLISHED: Final = Gauge("axis_inbox_unpublished", "Mailbox entries that the broker does not have yet; a growing number means the bridge is down or an inbox topic is missing.")
SEALED: Final = Counter("axis_sealed_total", "Receipts sealed.")
PUBLISHED: Final = Counter("axis_published_total", "Outbox rows acknowledged by the broker.", ["topic"])
SWEPT: Final = Counter("axis_swept_total", "Outbox rows published by the sweeper; more than a few mean processes die between commit and publish.", ["topic"])
DEPENDENCY_RETRIES: Final = Counter("axis_dependency_retries_total", "Times a worker stood still because our own database or broker was away.", ["what"])
WAITING: Final = Gauge("axis_waiting", "Documents waiting on a dependency now.", ["code"])
UNANSWERED: Final = Gauge("axis_unanswered", "Packets taken and not yet answered now.")
OLDEST_UNDELIVERED: Final = Gauge("axis_oldest_undelivered_seconds", "Age of the oldest packet that is neither answered nor waits by name; high: the workers do not keep up.")
UNSEALED: Final = Gauge("axis_unsealed_events", "Events without a receipt now; a growing number means the sealer is down.")
OLDEST_UNSEALED: Final = Gauge("axis_oldest_unsealed_seconds", "Age of the oldest event without a receipt.")
OLDEST_WAITING: Final = Gauge("axis_oldest_waiting_seconds", "Longest time a document has been waiting on a dependency.", ["code"])
OUTBOX: Final = Gauge("axis_outbox_messages", "Messages of committed moves that the broker has not acknowledged.")
OLDEST_OUTBOX: Final = Gauge("axis_oldest_outbox_seconds", "Age of the oldest of them; more than seconds mean that the broker is away.")
QUARANTINE_OPEN: Final = Gauge("axis_quarantine_open", "Records in quarantine that nobody replayed or closed.", ["code"])
OVERDUE: Final = Gauge("axis_overdue_answers", "Deliveries whose answer is due and missing.")
SOURCE_FETCHED: Final = Gauge("axis_revocation_fetched_at_seconds", "POSIX time a revocation list of the trust list was last fetched; 0: never.", ["source"])
SOURCE_ENDS: Final = Gauge("axis_revocation_ends_at_seconds", "POSIX time until which the list at hand holds; after it documents wait.", ["source"])
CERTIFICATE_ENDS: Final = Gauge("axis_certificate_ends_at_seconds", "POSIX time at which a certificate of ours, or the first authority of the trust list, ends.", ["what"])
CONTENT_FREE: Final = Gauge("axis_content_free_bytes", "Free bytes of the content store's disk.")
CONTENT_SIZE: Final = Gauge("axis_content_size_bytes", "Size of the content store's disk.")
CONNECTION_DECIDED: Final = Gauge("axis_connection_decided_last_hour", "Packets of a connection decided within the last hour, by verdict; many refused point at its software.", ["connection", "verdict"])
CONNECTION_CONTACT: Final = Gauge("axis_connection_last_contact_at_seconds", "POSIX time of a connection's last contact; of one that never came, when it was added.", ["connection"])
CONNECTION_HELD: Final = Gauge("axis_connection_unfetched_documents", "Documents in a connection's mailbox that it has not fetched; counted to 1000.", ["connection"])
CONNECTION_UNJUDGED: Final = Gauge("axis_connection_unjudged_packets", "Packets of a connection that are taken and not judged; at the policy's open_packets its further ones wait: REST says 429, the Kafka door pauses its topic.", ["connection"])
STEP_SECONDS: Final = Histogram("axis_step_seconds", "Seconds one batch spent in one step.", ["step"], buckets=SECONDS)
JUDGE_SECONDS: Final = Histogram("axis_judge_seconds", "Seconds one packet spent in the gate.", buckets=SECONDS)
SEAL_DELAY_SECONDS: Final = Histogram("axis_seal_delay_seconds", "Seconds from an event to its sealed receipt.", buckets=SECONDS)
CLOCK_OFFSET: Final = Gauge("axis_clock_offset_seconds", "By how much this host's clock is ahead of the database's, which counts; more than a second asks for time synchronisation.")
CONTENT_REMOVED: Final = Counter(
    "axis_content_removed_total", "Files that went on purpose: retention, or a state secret found in them."
)
STATE_SECRETS: Final = Counter(
    "axis_state_secrets_total",
    "Packets found after taking to bear a state-secret mark; what the doors catch is in turned_away.",
)
INCIDENTS_OPEN: Final = Gauge("axis_incidents_open", "Incidents that nobody has closed.")
CONTENT_DAMAGED: Final = Counter("axis_content_damaged_total", "Times somebody asked for stored bytes that are not those that were judged, and was not given them whole; any is an incident.")
GATE_DEATHS: Final = Counter("axis_gate_deaths_total", "Judging processes that ended by force, by cause.", ["cause"])
TRUST_UNUSABLE: Final = Counter("axis_trust_unusable_total", "Times a process did not take up the imported trust list; the list before stays in force.")
REVOCATION_ANSWERS: Final = Counter("axis_revocation_answers_total", "Answers of revocation sources, by how they were taken; anything but good leaves what is held, and makes documents wait when that ends.", ["arrival"])
