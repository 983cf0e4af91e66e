"""Assembly of the stream worker: Faust with its guard rails, three agents, one edge each.

The rails and what they keep off: raw bytes (Faust drops what it cannot
decode), one loop per agent (its commits skip what a second loop has in
flight), no tables and no leader topic (all state is in PostgreSQL), no
declaring of topics (deployment does that), no web server (it listens on all
addresses), a static membership (a restart is no rebalance).
"""

from collections.abc import Sequence
from typing import Any, Final, Protocol

import faust

from agents import acknowledging, admission, routing
from agents.edge import Edge
from axis.kafka.connect import MECHANISM, tls_context
from axis.settings import Settings
from axis.topics import ACCEPTED, ACK, SUBMISSION, WORKER_GROUP
from axis.traffic import Incoming
from axis.violations import Code

SESSION_SECONDS: Final = 10.0
"""After so long without a heartbeat a member counts as dead: the longest silence after a kill -9."""

COMMIT_SECONDS: Final = 1.0
"""How much work, in seconds, comes again after a kill -9."""

FETCH_BYTES: Final = 1024 * 1024
"""Most bytes fetched at once from one partition. A single larger record still comes through, alone:
the broker always gives at least one."""


class Moves(Protocol):
    """What the worker needs of the desk; see `agents.edge.Handler` for what each promises."""

    async def admit(self, batch: Sequence[Incoming]) -> None:
        """Submissions: judge, decide, record."""

    async def route(self, batch: Sequence[Incoming]) -> None:
        """Accepted documents: deliver."""

    async def acknowledge(self, batch: Sequence[Incoming]) -> None:
        """Handling statuses: record, pass on."""

    async def quarantine(self, incoming: Incoming, code: Code, detail: str) -> None:
        """Set one record aside, byte for byte."""


def build_app(settings: Settings, moves: Moves) -> tuple[faust.App, tuple[Edge, ...]]:
    """Build the worker's app; nothing connects yet.

    Args:
        settings: of this process; ``instance`` must be its own among all workers.
        moves: the desk.

    Returns:
        The app and the edges of its agents.

    Raises:
        SetupError: the connection to Kafka is not set.
    """
    app = _app(settings)
    edges = []
    for name, topic, bind, move in (
        ("admit", SUBMISSION, admission.bind, moves.admit),
        ("route", ACCEPTED, routing.bind, moves.route),
        ("acknowledge", ACK, acknowledging.bind, moves.acknowledge),
    ):
        edge = Edge(name, move, moves.quarantine)
        bind(app, app.topic(topic, key_serializer="raw", value_serializer="raw"), edge)
        edges.append(edge)
    return app, tuple(edges)


def _app(settings: Settings) -> faust.App:
    guard_rails: dict[str, Any] = {
        "key_serializer": "raw",
        "value_serializer": "raw",
        "consumer_auto_offset_reset": "earliest",
        "consumer_group_instance_id": f"{WORKER_GROUP}-{settings.instance}",
        "consumer_max_fetch_size": FETCH_BYTES,
        "broker_session_timeout": SESSION_SECONDS,
        "broker_heartbeat_interval": SESSION_SECONDS / 4,
        "broker_commit_interval": COMMIT_SECONDS,
        # How often a stuck worker is found out is the watchdog's business; a worker that waits
        # for its database must not lose its partitions for it.
        "broker_max_poll_interval": 24 * 3600.0,
        "stream_wait_empty": True,
        "topic_disable_leader": True,
        "topic_allow_declare": False,
        "reply_create_topic": False,
        "web_enabled": False,
        "worker_redirect_stdouts": False,
        "autodiscover": False,
        "table_standby_replicas": 0,
    }
    # Nothing of ours is kept there; Faust insists on the folder.
    datadir = settings.home / f"worker-{settings.instance}"
    datadir.mkdir(parents=True, exist_ok=True)
    return faust.App(
        WORKER_GROUP,
        broker=f"kafka://{settings.kafka_bootstrap}",
        broker_client_id=f"{settings.kafka_user}-{settings.instance}",
        broker_credentials=faust.SASLCredentials(
            username=settings.kafka_user,
            password=settings.kafka_password,
            ssl_context=tls_context(settings),
            mechanism=MECHANISM,
        ),
        datadir=datadir,
        **guard_rails,
    )
