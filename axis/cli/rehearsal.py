"""The stage that the demonstration and the benches play on: connections, directory, test authority."""

import tempfile
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from axis.cli import exits, profiles
from axis.cli.content import keep
from axis.cli.database import database
from axis.cli.exits import StopError
from axis.cli.profiles import Profile
from axis.directory.reading import read_directory
from axis.directory.tables import Source
from axis.register import Directory
from axis.sandbox.authority import Authority
from axis.sandbox.cast import standing_cast
from axis.sandbox.directory import demo_agencies, demo_connections, write_directory
from axis.settings import Settings
from axis.store.connections import add_connection, list_connections, rotate_secret
from axis.store.directory import read_directory_in_force
from axis.store.versions import import_directory, list_versions, lock_directory

if TYPE_CHECKING:
    from axis.store.pool import Connection

QUOTA: Final = 1 << 30
"""Bytes a second of a demonstration's connection: never what is measured."""
REQUESTS: Final = 100_000
"""Requests a second, for the same reason."""


class Stage(msgspec.Struct, frozen=True, kw_only=True):
    """What is ready to play on."""

    profiles: dict[str, Profile]
    """Of the demonstration's connections, by name."""
    version: int
    """Of the directory in force."""
    authority: Authority


async def set_stage(settings: Settings, authority: Authority) -> Stage:
    """Make sure that the sandbox's connections exist and its directory is in force.

    May run any number of times. Agencies that the sandbox does not know are
    never touched: a stack with a directory of its own is refused.

    Args:
        settings: of the stack.
        authority: its test authority.

    Raises:
        StopError: the stack has a directory of its own.
        UnavailableError: the database is away.
    """
    authority.issue_all(standing_cast(demo_agencies(), now=authority.record.created_at))
    async with database() as conn, conn.transaction():
        await lock_directory(conn)
        current = await read_directory_in_force(conn)
        ours = {agency.code for agency in demo_agencies()}
        foreign = [agency.code for agency in current.agencies if agency.code not in ours]
        if foreign:
            raise StopError(
                exits.USAGE,
                f"trục này có danh bạ riêng ({foreign[0]}, …); hãy chạy ở nơi khác:"
                " AXIS_HOME=~/axis-demo axis demo",
                "this stack has its own directory; use another AXIS_HOME",
            )
        ready = await _profiles(conn, settings)
        await _import(conn, settings, _sources(authority), current, ready)
        version = (await list_versions(conn, limit=1))[0].version
    for profile in ready.values():
        profiles.save(profile)
    return Stage(profiles=ready, version=version, authority=authority)


async def _profiles(conn: "Connection", settings: Settings) -> dict[str, Profile]:
    """Give every connection of the sandbox; credentials that are kept and still hold stay."""
    there = {one.name: one for one in await list_connections(conn)}
    ready: dict[str, Profile] = {}
    for name in demo_connections():
        saved = _saved(name)
        if name in there and saved is not None and saved.client_id == there[name].client_id:
            client_id, secret = saved.client_id, saved.client_secret
        else:
            if name in there:
                made = await rotate_secret(conn, name)
            else:
                made = await add_connection(
                    conn, name, (), at=datetime.now(UTC), bytes_per_second=QUOTA, requests_per_second=REQUESTS
                )
            client_id, secret = made.client_id, made.secret
        ready[name] = Profile(
            name=name,
            rest_url=settings.gateway_url,
            client_id=client_id,
            client_secret=secret,
            ca_file=settings.tls_ca,
            agencies=tuple(agency.code for agency in demo_agencies() if agency.connection == name),
        )
    return ready


async def _import(
    conn: "Connection",
    settings: Settings,
    sources: Sequence[Source],
    current: Directory,
    connections: Collection[str],
) -> None:
    """Put the sandbox's directory in force where it differs."""
    removed = {agency.code for agency in current.agencies}
    reading = read_directory(sources, current=current, connections=connections, removed=removed)
    if reading.directory is None:
        raise StopError(
            exits.SOFTWARE, f"danh bạ thử nghiệm có lỗi: {reading.problems[0]}", "a fault of ours"
        )
    files = [{"name": one.name, "sha256": keep(settings.content_dir, one.data)} for one in sources]
    await import_directory(
        conn,
        reading.directory,
        source={"files": files},
        at=datetime.now(UTC),
        note="danh bạ thử nghiệm (sandbox)",
    )


def _saved(name: str) -> Profile | None:
    try:
        return profiles.load(name)
    except StopError:
        return None


def _sources(authority: Authority) -> list[Source]:
    with tempfile.TemporaryDirectory(prefix="axis-") as folder:
        return [
            Source(name=path.name, data=path.read_bytes())
            for path in write_directory(authority, Path(folder))
        ]
