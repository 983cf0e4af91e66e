"""Connections on the broker: their topics, users and rights. For whoever administers.

Every function may be called again and again; what is already right stays as it is.
"""

import time
from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec
from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewTopic,
    ResourcePatternType,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialDeletion,
    UserScramCredentialUpsertion,
)

from axis import failpoints
from axis.kafka.admin import (
    SCRAM_ITERATIONS,
    SECONDS,
    admin_client,
    ask,
    binding,
    drift_of,
    exactly,
    made,
    topic_config,
)
from axis.kafka.connect import confluent_options
from axis.settings import Settings
from axis.topics import (
    BRIDGE_GROUP,
    CONNECTION_PREFIX,
    REPORTED,
    SUBMITTED,
    Right,
    connection_of,
    connection_rights,
    connection_topic,
    connection_topics,
)

USER_PREFIX: Final = "conn."
"""Users of connections begin so; those of our own processes do not."""

_PAUSE_SECONDS: Final = 0.2
_CHOOSING: Final = frozenset(
    {
        KafkaError.NOT_COORDINATOR,
        KafkaError.COORDINATOR_NOT_AVAILABLE,
        KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
    }
)
_NAMES: Final = {ResourceType.TOPIC: "topic", ResourceType.GROUP: "group", ResourceType.BROKER: "cluster"}


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """All that the broker holds for connections, at one moment."""

    topics: Mapping[str, tuple[str, ...]]
    """Where each of their topics differs from the table, one sentence each."""
    users: frozenset[str]
    rights: Mapping[str, frozenset[Right]]
    """By user."""


class Doors:
    """The broker's side of connections. Blocking: call it from a thread."""

    def __init__(self, settings: Settings, *, seconds: float = SECONDS) -> None:
        """Prepare.

        Args:
            settings: with the credentials of an administrator, or of the keeper.
            seconds: patience of one question to the broker.
        """
        self._settings = settings
        self._seconds = seconds
        self._client = admin_client(settings, seconds=seconds)

    def make_topics(self, connection: str) -> None:
        """Make the connection's topics."""
        wanted = [
            NewTopic(t.name, num_partitions=t.partitions, replication_factor=-1, config=topic_config(t))
            for t in connection_topics(connection)
        ]
        for future in self._client.create_topics(wanted, operation_timeout=self._seconds).values():
            ask(self._settings, made, future.result)
        failpoints.reached("connection.topics")

    def make_user(self, user: str, password: str) -> None:
        """Make a user, or give it this password."""
        info = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, SCRAM_ITERATIONS)
        change = UserScramCredentialUpsertion(user, info, password.encode())
        asked = self._client.alter_user_scram_credentials([change], request_timeout=self._seconds)
        for future in asked.values():
            ask(self._settings, future.result)
        failpoints.reached("connection.user")

    def give_rights(self, connection: str, user: str) -> None:
        """Give a user all that the connection may do."""
        self.add_rights(user, connection_rights(connection))
        failpoints.reached("connection.rights")

    def await_login(self, connection: str, user: str, password: str) -> None:
        """Return when the broker lets the user in and shows it its topics."""
        theirs = msgspec.structs.replace(self._settings, kafka_user=user, kafka_password=password)
        client = admin_client(theirs, seconds=self._seconds)
        for topic in connection_topics(connection):
            ask(theirs, client.list_topics, topic.name, timeout=self._seconds)

    def add_rights(self, user: str, rights: Iterable[Right]) -> None:
        """Give a user more rights."""
        bindings = [binding(user, right) for right in rights]
        if bindings:
            for future in self._client.create_acls(bindings, request_timeout=self._seconds).values():
                ask(self._settings, future.result)

    def take_rights(self, user: str, rights: Iterable[Right]) -> None:
        """Take rights from a user."""
        surplus = set(rights)
        held = [one for one in self._bindings(f"User:{user}") if right_of(one) in surplus]
        if held:
            filters = [exactly(one) for one in held]
            for future in self._client.delete_acls(filters, request_timeout=self._seconds).values():
                ask(self._settings, future.result)

    def close_user(self, user: str) -> None:
        """End a user: first its rights, which also ends what its open connections may do."""
        self.take_rights(user, {right_of(one) for one in self._bindings(f"User:{user}")})
        deletion = UserScramCredentialDeletion(user, ScramMechanism.SCRAM_SHA_512)
        asked = self._client.alter_user_scram_credentials([deletion], request_timeout=self._seconds)
        for future in asked.values():
            ask(self._settings, _gone, future)
        failpoints.reached("connection.user-closed")

    def drained(self, connection: str) -> bool:
        """Tell whether the bridge has taken everything that the connection sent."""
        there = ask(self._settings, self._client.list_topics, timeout=self._seconds).topics
        places = [
            TopicPartition(name, partition)
            for kind in (SUBMITTED, REPORTED)
            if (name := connection_topic(connection, kind)) in there
            for partition in there[name].partitions
        ]
        if not places:
            return True
        # A consumer that never joins: confluent's administrative call for this crashed the process.
        consumer = Consumer({**confluent_options(self._settings), "group.id": BRIDGE_GROUP})
        try:
            taken = ask(self._settings, _committed, consumer, places, self._seconds)
            return all(
                ask(self._settings, consumer.get_watermark_offsets, place, timeout=self._seconds)[1]
                <= max(0, place.offset)
                for place in taken
            )
        finally:
            consumer.close()

    def close_topics(self, connection: str) -> None:
        """Delete the connection's topics."""
        names = [topic.name for topic in connection_topics(connection)]
        for future in self._client.delete_topics(names, operation_timeout=self._seconds).values():
            ask(self._settings, _gone, future)
        failpoints.reached("connection.topics-closed")

    def look(self) -> Snapshot:
        """Read all that the broker holds for connections."""
        there = ask(self._settings, self._client.list_topics, timeout=self._seconds).topics
        topics: dict[str, tuple[str, ...]] = {}
        known = {name: of for name in there if (of := connection_of(name)) is not None}
        tables = {t.name: t for of in known.values() for t in connection_topics(of[0])}
        resources = [ConfigResource(ConfigResource.Type.TOPIC, name) for name in known]
        for resource, future in (self._client.describe_configs(resources) if resources else {}).items():
            config = ask(self._settings, future.result)
            name = resource.name
            topics[name] = drift_of(tables[name], len(there[name].partitions), config)
        described = self._client.describe_user_scram_credentials(request_timeout=self._seconds)
        users = ask(self._settings, described.result)  # type: ignore[union-attr] # one future when all are asked for
        rights: dict[str, set[Right]] = {}
        for one in self._bindings(None):
            user = one.principal.removeprefix("User:")
            if user.startswith(USER_PREFIX) or (one.name or "").startswith((CONNECTION_PREFIX, "*")):
                rights.setdefault(user, set()).add(right_of(one))
        return Snapshot(
            topics=topics,
            users=frozenset(user for user in users if user.startswith(USER_PREFIX)),
            rights={user: frozenset(held) for user, held in rights.items()},
        )

    def set_config(self, connection: str) -> None:
        """Set the configuration of the connection's topics as the table has it."""
        resources = [
            ConfigResource(
                ConfigResource.Type.TOPIC,
                topic.name,
                incremental_configs=[
                    ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET)
                    for name, value in topic_config(topic).items()
                ],
            )
            for topic in connection_topics(connection)
        ]
        for future in self._client.incremental_alter_configs(resources).values():
            ask(self._settings, future.result)

    def _bindings(self, principal: str | None) -> list[AclBinding]:
        found = self._client.describe_acls(
            AclBindingFilter(
                ResourceType.ANY,
                None,  # type: ignore[arg-type] # any name; their annotation forgot it
                ResourcePatternType.ANY,
                principal,  # type: ignore[arg-type] # None: anybody
                None,  # type: ignore[arg-type] # any host
                AclOperation.ANY,
                AclPermissionType.ANY,
            ),
            request_timeout=self._seconds,
        )
        return list(ask(self._settings, found.result))


def right_of(one: Any) -> Right:  # noqa: ANN401 - an AclBinding, whose fields their annotations blur
    """Read a right as the broker keeps it; what we never write is told apart by its operation."""
    operation: str = one.operation.name.lower()
    if one.permission_type is not AclPermissionType.ALLOW or one.host != "*":
        operation = f"{one.permission_type.name.lower()} {operation} from {one.host}"
    return Right(
        kind=_NAMES.get(one.restype, one.restype.name.lower()),
        name=one.name,
        operation=operation,
        prefixed=one.resource_pattern_type is ResourcePatternType.PREFIXED,
    )


def _committed(consumer: Consumer, places: list[TopicPartition], seconds: float) -> list[TopicPartition]:
    """Return the offsets of the consumer's group; a coordinator that is just being chosen is waited for."""
    until = time.monotonic() + seconds
    while True:
        try:
            return list(consumer.committed(places, timeout=seconds))
        except KafkaException as exc:
            if exc.args[0].code() not in _CHOOSING or time.monotonic() > until:
                raise
        time.sleep(_PAUSE_SECONDS)


def _gone(future: Any) -> None:  # noqa: ANN401 - their futures have no common type
    """Take the outcome of a deletion; what is not there is deleted."""
    try:
        future.result()
    except KafkaException as exc:
        if exc.args[0].code() not in {
            KafkaError.UNKNOWN_TOPIC_OR_PART,
            KafkaError.RESOURCE_NOT_FOUND,
        }:
            raise
