"""Topics, users and rights on the broker, as the table of topics says. For deployment only.

Every function may be called again and again; what is already right stays as it is.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, ParamSpec, TypeVar

import msgspec
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ConfigResource,
    NewTopic,
    ResourcePatternType,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialAlteration,
    UserScramCredentialUpsertion,
)

from axis.errors import SetupError, UnavailableError
from axis.kafka.connect import away, confluent_options
from axis.settings import Settings
from axis.topics import BRIDGE_GROUP, EXTRA_RIGHTS, TOPICS, WORKER_GROUP, Right, Topic

USERS: Final[Mapping[str, str]] = {
    "gateway": "axis-gateway",
    "console": "axis-console",
    "worker": "axis-worker",
    "keeper": "axis-keeper",
    "bridge": "axis-bridge",
}
"""The broker's user of each role in the table of topics."""

GROUPS: Final[Mapping[str, str]] = {"worker": WORKER_GROUP, "bridge": BRIDGE_GROUP}
"""The consumer group of each role that reads."""

SCRAM_ITERATIONS: Final = 4096
"""Kafka's least; the passwords are random and long, so more would only cost time at each connection."""

SECONDS: Final = 15.0
"""Patience of one question to the broker."""
_DENIED: Final = (
    KafkaError.CLUSTER_AUTHORIZATION_FAILED,
    KafkaError.TOPIC_AUTHORIZATION_FAILED,
    KafkaError.GROUP_AUTHORIZATION_FAILED,
)

_T = TypeVar("_T")
_P = ParamSpec("_P")


class TopicState(msgspec.Struct, frozen=True, kw_only=True):
    """What `apply_topics` found or made."""

    name: str
    created: bool
    drift: tuple[str, ...] = ()
    """Where the broker differs from the table, one sentence each. Never mended by itself:
    partitions cannot be, and somebody may have had a reason for the rest."""


def apply_topics(settings: Settings) -> tuple[TopicState, ...]:
    """Create the topics that are missing and compare the others with the table.

    Args:
        settings: with the credentials of an administrator.

    Raises:
        UnavailableError: the broker does not answer, or refuses the credentials.
        SetupError: the user may not administer.
    """
    client = admin_client(settings)
    there = ask(settings, client.list_topics, timeout=SECONDS).topics
    missing = [topic for topic in TOPICS if topic.name not in there]
    if missing:
        wanted = [
            NewTopic(t.name, num_partitions=t.partitions, replication_factor=-1, config=topic_config(t))
            for t in missing
        ]
        for future in client.create_topics(wanted, operation_timeout=SECONDS).values():
            ask(settings, made, future.result)
    new = {topic.name for topic in missing}
    states = [TopicState(name=topic.name, created=True) for topic in missing]
    held = [topic for topic in TOPICS if topic.name not in new]
    resources = {ConfigResource(ConfigResource.Type.TOPIC, t.name): t for t in held}
    answers = client.describe_configs(list(resources)) if resources else {}
    for resource, future in answers.items():
        topic = resources[resource]
        config = ask(settings, future.result)
        drift = drift_of(topic, len(there[topic.name].partitions), config)
        states.append(TopicState(name=topic.name, created=False, drift=drift))
    return tuple(sorted(states, key=lambda state: state.name))


def topic_config(topic: Topic) -> dict[str, str]:
    """Return the broker's settings of one topic."""
    return {
        "cleanup.policy": "delete",
        "retention.ms": str(topic.retention_ms),
        "max.message.bytes": str(topic.max_record_bytes),
        "compression.type": topic.compression,
        # Retention goes by the broker's clock, whatever the writers' clocks say.
        "message.timestamp.type": "LogAppendTime",
    }


def apply_users(settings: Settings, passwords: Mapping[str, str]) -> None:
    """Create the users of our processes, or give them these passwords; each can log in afterwards.

    Args:
        settings: with the credentials of an administrator.
        passwords: by role (``gateway``, ``worker``, ``keeper``).

    Raises:
        UnavailableError: the broker does not answer, or refuses the credentials.
        SetupError: the user may not administer, or a role is unknown.
    """
    if unknown := set(passwords) - set(USERS):
        raise SetupError(f"không có vai trò này / there is no such role: {', '.join(sorted(unknown))}")
    info = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, SCRAM_ITERATIONS)
    changes: list[UserScramCredentialAlteration] = [
        UserScramCredentialUpsertion(USERS[role], info, password.encode())
        for role, password in passwords.items()
    ]
    client = admin_client(settings)
    for future in client.alter_user_scram_credentials(changes, request_timeout=SECONDS).values():
        ask(settings, future.result)
    # The controller has them; the broker learns of them a moment later. Whoever starts next must get in.
    for role, password in passwords.items():
        theirs = msgspec.structs.replace(settings, kafka_user=USERS[role], kafka_password=password)
        ask(theirs, admin_client(theirs).list_topics, timeout=SECONDS)


def apply_rights(settings: Settings) -> None:
    """Give each user exactly the rights that the table of topics gives its role; take away all others.

    Raises:
        UnavailableError: the broker does not answer, or refuses the credentials.
        SetupError: the user may not administer.
    """
    client = admin_client(settings)
    for role in USERS:
        wanted = set(rights(role))
        found = client.describe_acls(_all_of(role), request_timeout=SECONDS)
        held = set(ask(settings, found.result))
        if new := wanted - held:
            for future in client.create_acls(list(new), request_timeout=SECONDS).values():
                ask(settings, future.result)
        if surplus := held - wanted:
            filters = [exactly(binding) for binding in surplus]
            for removed in client.delete_acls(filters, request_timeout=SECONDS).values():
                ask(settings, removed.result)


def rights(role: str) -> tuple[AclBinding, ...]:
    """Return what one role may do on the broker, and nothing more."""
    found = [
        Right(kind="topic", name=topic.name, operation=operation)
        for topic in TOPICS
        for operation, roles in (("write", topic.writers), ("read", topic.readers))
        if role in roles
    ]
    if role in GROUPS:
        found.append(Right(kind="group", name=GROUPS[role], operation="read"))
    return tuple(binding(USERS[role], right) for right in (*found, *EXTRA_RIGHTS.get(role, ())))


_KINDS: Final = {"topic": ResourceType.TOPIC, "group": ResourceType.GROUP, "cluster": ResourceType.BROKER}


def binding(user: str, right: Right) -> AclBinding:
    """Write a right of a user as the broker keeps it."""
    return AclBinding(
        _KINDS[right.kind],
        right.name,
        ResourcePatternType.PREFIXED if right.prefixed else ResourcePatternType.LITERAL,
        f"User:{user}",
        "*",
        AclOperation[right.operation.upper()],
        AclPermissionType.ALLOW,
    )


def _all_of(role: str) -> AclBindingFilter:
    return AclBindingFilter(
        ResourceType.ANY,
        None,  # type: ignore[arg-type] # any name; their annotation forgot it
        ResourcePatternType.ANY,
        f"User:{USERS[role]}",
        None,  # type: ignore[arg-type] # any host
        AclOperation.ANY,
        AclPermissionType.ANY,
    )


def exactly(binding: AclBinding) -> AclBindingFilter:
    """Return the filter that finds this right and no other."""
    return AclBindingFilter(
        binding.restype,
        binding.name,
        binding.resource_pattern_type,
        binding.principal,
        binding.host,
        binding.operation,
        binding.permission_type,
    )


def drift_of(topic: Topic, partitions: int, config: Mapping[str, Any]) -> tuple[str, ...]:
    """Say where the broker's topic differs from the table, one sentence each."""
    found = []
    if partitions != topic.partitions:
        found.append(f"partitions: {partitions}, expected {topic.partitions}")
    for name, expected in topic_config(topic).items():
        actual = config[name].value if name in config else None
        if actual != expected:
            found.append(f"{name}: {actual}, expected {expected}")
    return tuple(found)


def admin_client(settings: Settings, *, seconds: float = SECONDS) -> AdminClient:
    """Return a client that administers with these settings.

    Args:
        settings: with the credentials of an administrator, or of the keeper.
        seconds: patience of one question where it has none of its own.
    """
    return AdminClient({**confluent_options(settings), "socket.timeout.ms": int(seconds * 1000)})


def made(outcome: Callable[[], None]) -> None:
    """Take the outcome of making a topic; one that is there already is made."""
    try:
        outcome()
    except KafkaException as exc:
        if exc.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:  # another deployment was faster
            raise


def ask(settings: Settings, question: Callable[_P, _T], *args: _P.args, **named: _P.kwargs) -> _T:
    """Ask the broker one thing.

    Raises:
        UnavailableError: it does not answer, or refuses the credentials.
        SetupError: the user may not administer.
    """
    try:
        return question(*args, **named)
    except KafkaException as exc:
        error = exc.args[0]
        if error.code() in _DENIED:
            raise SetupError(
                f"tài khoản Kafka {settings.kafka_user!r} không có quyền quản trị / the Kafka user "
                f"{settings.kafka_user!r} may not administer: {error.str()}"
            ) from exc
        raise UnavailableError(away(settings, error.str())) from exc
