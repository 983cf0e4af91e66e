"""Drift between broker, database and credentials of connections: found, and mended where it can be."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

import msgspec

from axis.desk.connecting import Broker, end_interrupted, expire
from axis.register import Connection as Registered
from axis.store import acts, connections
from axis.store.acts import Act, Retired
from axis.topics import Right, connection_of, connection_rights, connection_topics

if TYPE_CHECKING:
    from axis.store.pool import Connection


class Held(Protocol):
    """What the broker holds, `axis.kafka.doors.Snapshot`."""

    @property
    def topics(self) -> Mapping[str, tuple[str, ...]]:
        """Where each topic of a connection differs from the table."""
        ...

    @property
    def users(self) -> frozenset[str]:
        """Users of connections."""
        ...

    @property
    def rights(self) -> Mapping[str, frozenset[Right]]:
        """Rights by user, on anything that belongs to connections."""
        ...


class Mender(Broker, Protocol):
    """The broker's side with what mending needs."""

    def look(self) -> Held: ...  # noqa: D102
    def set_config(self, connection: str) -> None: ...  # noqa: D102
    def add_rights(self, user: str, rights: Iterable[Right]) -> None: ...  # noqa: D102
    def take_rights(self, user: str, rights: Iterable[Right]) -> None: ...  # noqa: D102


class Drift(msgspec.Struct, frozen=True, kw_only=True):
    """One difference between what must be and what is."""

    connection: str
    kind: str
    """topic-missing, topic-config, topic-partitions, topic-surplus, user-missing, user-surplus,
    right-missing, right-surplus or act-interrupted."""
    what: str
    """The topic, user or right."""
    mended: bool = False


OURS = ("axis-bridge", "axis-keeper", "admin")
"""Users of the axis itself, whose rights on connections' topics follow from the table of topics."""


async def check(conn: "Connection", broker: Mender, *, at: datetime, mend: bool) -> tuple[Drift, ...]:
    """Compare broker and database; mend what can be mended.

    What cannot: a user that is gone (its password is known to nobody here: rotate), a topic with
    another number of partitions, a topic of nobody that holds records.

    Args:
        conn: to the database, outside a transaction.
        broker: its administration.
        at: now, timezone-aware.
        mend: False: only tell.
    """
    found = [
        Drift(connection=act.name, kind="act-interrupted", what=act.act, mended=mend)
        for act in await _interrupted(conn)
    ]
    if mend:
        await end_interrupted(conn, broker)
        await expire(conn, broker, at=at)
    # The broker first: what an act makes before the look is then expected, as act or as connection.
    held = await asyncio.to_thread(broker.look)
    under_way = await acts.open_acts(conn)
    retired = await acts.retired_credentials(conn)
    known = await connections.list_connections(conn)
    drift = compare(known, retired, under_way, held)
    if mend:
        drift = [msgspec.structs.replace(one, mended=await _mended(broker, one, held)) for one in drift]
    return (*found, *drift)


async def _interrupted(conn: "Connection") -> list[Act]:
    found = []
    for act in await acts.open_acts(conn):
        async with acts.held(conn, act.name) as ours:
            if ours:
                found.append(act)
    return found


def compare(
    known: Iterable[Registered], retired: Iterable[Retired], under_way: Iterable[Act], held: Held
) -> list[Drift]:
    """Return where the broker differs from what the database says. Pure."""
    speaking = {one.name: {one.kafka_user} for one in known if one.kafka_user and not one.removed_at}
    for old in retired:
        if old.kafka_user and old.connection in speaking:
            speaking[old.connection].add(old.kafka_user)
    busy = {act.name for act in under_way}
    found = []
    for name, users in sorted(speaking.items()):
        if name not in busy:
            found += [*_topics_of(name, held), *_users_of(name, users, held)]
    expected = {user for users in speaking.values() for user in users} | {act.kafka_user for act in under_way}
    return [*found, *_surplus(expected, set(speaking) | busy, held)]


def _topics_of(name: str, held: Held) -> Iterator[Drift]:
    for topic in connection_topics(name):
        if topic.name not in held.topics:
            yield Drift(connection=name, kind="topic-missing", what=topic.name)
        for said in held.topics.get(topic.name, ()):
            kind = "topic-partitions" if said.startswith("partitions") else "topic-config"
            yield Drift(connection=name, kind=kind, what=f"{topic.name}: {said}")


def _users_of(name: str, users: Iterable[str], held: Held) -> Iterator[Drift]:
    wanted = connection_rights(name)
    for user in sorted(users):
        if user not in held.users:
            yield Drift(connection=name, kind="user-missing", what=user)
        there = held.rights.get(user, frozenset())
        for kind, rights in (("right-missing", wanted - there), ("right-surplus", there - wanted)):
            for right in rights:
                yield Drift(connection=name, kind=kind, what=_told(user, right))


def _surplus(expected: set[str], names: set[str], held: Held) -> Iterator[Drift]:
    for user in sorted((held.users | set(held.rights)) - expected - set(OURS)):
        name = _connection_of_user(user)
        if user.startswith("conn."):
            yield Drift(connection=name, kind="user-surplus", what=user)
        else:
            # Somebody else's user: it keeps its life and loses what it may do here.
            for right in held.rights[user]:
                yield Drift(connection="", kind="right-surplus", what=_told(user, right))
    for topic in sorted(held.topics):
        of = connection_of(topic)
        if of is not None and of[0] not in names:
            yield Drift(connection=of[0], kind="topic-surplus", what=topic)


async def _mended(broker: Mender, one: Drift, held: Held) -> bool:
    if one.kind == "topic-missing":
        await asyncio.to_thread(broker.make_topics, one.connection)
    elif one.kind == "topic-config":
        await asyncio.to_thread(broker.set_config, one.connection)
    elif one.kind == "user-surplus":
        await asyncio.to_thread(broker.close_user, one.what)
    elif one.kind == "right-missing":
        await asyncio.to_thread(broker.give_rights, one.connection, one.what.partition(" ")[0])
    elif one.kind == "right-surplus":
        user = one.what.partition(" ")[0]
        wanted = connection_rights(one.connection) if one.connection else frozenset()
        surplus = held.rights[user] - wanted
        await asyncio.to_thread(broker.take_rights, user, surplus)
    elif one.kind == "topic-surplus" and await asyncio.to_thread(broker.drained, one.connection):
        await asyncio.to_thread(broker.close_topics, one.connection)
    else:
        return False
    return True


def _connection_of_user(user: str) -> str:
    parts = user.split(".")
    return parts[1] if len(parts) == 3 and parts[0] == "conn" else ""  # noqa: PLR2004 - conn.<name>.<generation>


def _told(user: str, right: Right) -> str:
    return f"{user} {right.operation} {right.kind} {right.name}{'*' if right.prefixed else ''}"
