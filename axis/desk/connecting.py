"""Connections come and go: broker, credentials and rows in one act.

An intent is recorded first, the row that makes a connection real last. An act whose process died is
ended by whoever comes next (the keeper within seconds, `axis connection check`, the next command): an
addition or rotation is undone, for nobody was told its secrets; a removal is carried through.
"""

import asyncio
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, Protocol

import msgspec

from axis import failpoints
from axis.errors import SetupError
from axis.store import acts, connections
from axis.store.acts import Act
from axis.store.connections import Credentials

if TYPE_CHECKING:
    from axis.store.pool import Connection

OVERLAP: Final = timedelta(hours=1)
"""How long rotated credentials still hold, so that a system is changed over without losing a moment."""


class Broker(Protocol):
    """The broker's side, `axis.kafka.doors.Doors`; blocking."""

    def make_topics(self, connection: str) -> None: ...  # noqa: D102
    def make_user(self, user: str, password: str) -> None: ...  # noqa: D102
    def give_rights(self, connection: str, user: str) -> None: ...  # noqa: D102
    def await_login(self, connection: str, user: str, password: str) -> None: ...  # noqa: D102
    def close_user(self, user: str) -> None: ...  # noqa: D102
    def drained(self, connection: str) -> bool: ...  # noqa: D102
    def close_topics(self, connection: str) -> None: ...  # noqa: D102


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What a new connection may do."""

    bytes_per_second: int = connections.BYTES_PER_SECOND
    requests_per_second: int = connections.REQUESTS_PER_SECOND
    max_packet_bytes: int = connections.MAX_PACKET_BYTES


async def add(
    conn: "Connection",
    broker: Broker | None,
    name: str,
    agencies: Sequence[str],
    *,
    at: datetime,
    limits: Limits | None = None,
    take_over: bool = False,
) -> Credentials:
    """Register a system, with its topics, user and rights where a broker is given.

    Raises:
        SetupError: the name is taken or under work, or an agency is unknown or spoken for.
        UnavailableError: database or broker is away; what was done is undone by the keeper.
    """
    more = msgspec.structs.asdict(limits or Limits())
    if broker is None:
        async with acts.held(conn, name) as ours, conn.transaction():
            _require(ours, name)
            return await connections.add_connection(conn, name, agencies, at=at, take_over=take_over, **more)
    async with acts.held(conn, name) as ours:
        _require(ours, name)
        await _end_interrupted(conn, broker, name)
        user, password = _credentials(name)
        # What cannot work is told before anything is made.
        rehearsal = conn.transaction()
        await rehearsal.start()
        try:
            await connections.add_connection(conn, name, agencies, at=at, take_over=take_over, **more)
        finally:
            await rehearsal.rollback()
        await acts.begin_act(conn, name, "add", user, at=at)
        failpoints.reached("connection.begun")
        await asyncio.to_thread(_open, broker, name, user, password)
        async with conn.transaction():
            made = await connections.add_connection(
                conn, name, agencies, at=at, take_over=take_over, kafka_user=user, **more
            )
            await acts.end_act(conn, name)
        failpoints.reached("connection.recorded")
        return msgspec.structs.replace(made, kafka_user=user, kafka_password=password)


async def rotate(
    conn: "Connection",
    broker: Broker | None,
    name: str,
    *,
    at: datetime,
    overlap: timedelta = OVERLAP,
    kafka: bool = False,
) -> Credentials:
    """Give a connection new credentials; the old ones hold for the overlap, at both doors.

    Args:
        conn: to the database, outside a transaction.
        broker: None: there is none.
        name: of a connection in use.
        at: now, timezone-aware.
        overlap: zero: the old ones end at once.
        kafka: a connection that spoke HTTP only gets topics.

    Raises:
        SetupError: no such connection, or it is under work.
    """
    until = at + overlap if overlap else None
    async with acts.held(conn, name) as ours:
        _require(ours, name)
        await _end_interrupted(conn, broker, name)
        known = await connections.require_connection(conn, name)
        if not (kafka or known.kafka_user):
            async with conn.transaction():
                return await connections.rotate_secret(conn, name, until=until)
        there = _needed(broker)
        user, password = _credentials(name)
        await acts.begin_act(conn, name, "rotate", user, at=at)
        failpoints.reached("connection.begun")
        await asyncio.to_thread(_open, there, name, user, password)
        async with conn.transaction():
            if until is None:
                await acts.retire_credentials(conn, name, ends_at=at)
            made = await connections.rotate_secret(conn, name, kafka_user=user, until=until)
            await acts.end_act(conn, name)
        failpoints.reached("connection.recorded")
        await expire(conn, there, at=at, name=name)
        return msgspec.structs.replace(made, kafka_user=user, kafka_password=password)


async def remove(conn: "Connection", broker: Broker | None, name: str, *, at: datetime) -> bool:
    """End a connection: nothing can come in or be read any more when this returns.

    Returns:
        True when its topics are gone too; False while they hold something that the bridge has not
        taken yet: then the keeper deletes them later.

    Raises:
        SetupError: no such connection, or it is under work.
    """
    async with acts.held(conn, name) as ours:
        _require(ours, name)
        await _end_interrupted(conn, broker, name)
        known = await connections.require_connection(conn, name)
        there = _needed(broker) if known.kafka_user else None
        async with conn.transaction():
            await connections.remove_connection(conn, name, at=at)
            if there is not None:
                await acts.begin_act(conn, name, "remove", known.kafka_user, at=at)
        failpoints.reached("connection.removed")
        if there is None:
            return True
        return await _finish_removal(conn, there, name, known.kafka_user)


async def end_interrupted(conn: "Connection", broker: Broker) -> int:
    """End every act whose process died; return how many. For the keeper and for `axis connection check`."""
    ended = 0
    for act in await acts.open_acts(conn):
        async with acts.held(conn, act.name) as ours:
            if ours:
                ended += await _end_interrupted(conn, broker, act.name)
    return ended


async def expire(conn: "Connection", broker: Broker | None, *, at: datetime, name: str | None = None) -> int:
    """End rotated credentials whose time is over; return how many."""
    ended = await acts.retired_credentials(conn, name, ended_by=at)
    done = 0
    for one in ended:
        if one.kafka_user:
            if broker is None:
                continue
            await asyncio.to_thread(broker.close_user, one.kafka_user)
        await acts.forget_retired(conn, one)
        done += 1
    return done


async def _end_interrupted(conn: "Connection", broker: Broker | None, name: str) -> int:
    """End the act that stands for a name we hold, if there is one; 1 where it is ended now."""
    found = await acts.open_acts(conn, name)
    if not found:
        return 0
    act, there = found[0], _needed(broker)
    if act.act == "remove":
        return int(await _finish_removal(conn, there, name, act.kafka_user))
    await _undo(conn, there, act)
    return 1


async def _undo(conn: "Connection", broker: Broker, act: Act) -> None:
    await asyncio.to_thread(broker.close_user, act.kafka_user)
    known = [one for one in await connections.list_connections(conn) if one.name == act.name]
    if not known or not known[0].kafka_user:
        # Nobody ever had the right to write there.
        await asyncio.to_thread(broker.close_topics, act.name)
    await acts.end_act(conn, act.name)


async def _finish_removal(conn: "Connection", broker: Broker, name: str, user: str) -> bool:
    retired = await acts.retired_credentials(conn, name)
    for one in {user, *(one.kafka_user for one in retired)} - {""}:
        await asyncio.to_thread(broker.close_user, one)
    for gone in retired:
        await acts.forget_retired(conn, gone)
    if not await asyncio.to_thread(broker.drained, name):
        return False
    await asyncio.to_thread(broker.close_topics, name)
    await acts.end_act(conn, name)
    return True


def _open(broker: Broker, name: str, user: str, password: str) -> None:
    broker.make_topics(name)
    broker.make_user(user, password)
    broker.give_rights(name, user)
    broker.await_login(name, user, password)


def _credentials(name: str) -> tuple[str, str]:
    # A user of its own for each generation: the old and the new one hold side by side.
    return f"conn.{name}.{secrets.token_hex(4)}", secrets.token_urlsafe(32)


def _require(ours: bool, name: str) -> None:  # noqa: FBT001 - the answer of `held`
    if not ours:
        raise SetupError(
            f"kết nối “{name}” đang được một lệnh khác xử lý; hãy thử lại (another command works on it)"
        )


def _needed(broker: Broker | None) -> Broker:
    if broker is None:
        raise SetupError("cần Kafka: chưa khai báo AXIS_KAFKA_BOOTSTRAP (the broker is not set)")
    return broker
