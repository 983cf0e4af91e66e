"""What the load measurements play on: a stack of their own, with as many agencies and connections as they ask for."""

import asyncio
import csv
import io
import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import asyncpg

from axis.cli.profiles import Profile
from axis.cli.rehearsal import Stage, set_stage
from axis.cli.verify import read_anchors
from axis.sandbox.authority import Authority
from axis.sandbox.directory import write_directory
from axis.settings import Settings, load_settings
from axis.stack.places import Home
from axis.stack.supervision import Supervisor
from axis.store.connections import add_connection

GENEROUS = 1 << 30
"""Bytes a second: never what is measured here."""


@dataclass
class Scenery:
    """A running stack, its cast, and how to reach everybody."""

    home: Home
    settings: Settings
    stage: Stage
    anchors: tuple[bytes, ...]

    def roots(self) -> dict[str, int]:
        """Return process numbers of the stack by name."""
        return {one.name: one.pid for one in Supervisor(self.home).standings() if one.pid}

    def spoken_over_kafka(self, name: str) -> dict[str, object]:
        """Let a connection speak Kafka as well; return all that its system needs for both doors."""
        axis = Path(sys.executable).with_name("axis")
        done = subprocess.run(
            (axis, "connection", "rotate", name, "--kafka", "--json"), capture_output=True, text=True, check=True
        )
        return json.loads(done.stdout)

    def judged(self, connection: str) -> int:
        """Count packets of a connection that have been judged."""
        return self._asked("SELECT count(*) FROM intake WHERE connection = $1 AND state = 'answered'", connection)

    def until_taken(self, connection: str, count: int, *, door: str = "%", seconds: float = 120) -> None:
        """Wait until so many packets of a connection have been taken."""
        taken = "SELECT count(*) FROM intake WHERE connection = $1 AND door LIKE $2"
        self._until(lambda: self._asked(taken, connection, door) >= count, seconds)

    def until_judged(self, seconds: float = 120) -> None:
        """Wait until nothing waits to be judged: what is measured next begins on a quiet axis."""
        self._until(lambda: not self._asked("SELECT count(*) FROM intake WHERE state = 'taken'"), seconds)

    def _until(self, holds: Callable[[], bool], seconds: float) -> None:
        until = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < until, "it takes too long"
            time.sleep(0.2)

    def _asked(self, statement: str, *values: object) -> int:
        async def ask() -> int:
            line = await asyncpg.connect(self.settings.database_url, timeout=10)
            try:
                return await line.fetchval(statement, *values)
            finally:
                await line.close()

        return asyncio.run(ask())

    async def count(self, table: str, packet_id: str) -> int:
        """Count the rows of a table about one packet."""
        line = await asyncpg.connect(self.settings.database_url, timeout=10)
        try:
            return await line.fetchval(f"SELECT count(*) FROM {table} WHERE packet_id = $1", packet_id)
        finally:
            await line.close()

    def connect(self, names: Sequence[str], *, requests: int = 100_000) -> dict[str, Profile]:
        """Register connections that speak for nobody yet."""
        return asyncio.run(_connect(self.settings, names, requests))

    def settle(self, rows: Sequence[tuple[str, str, str, str, str]]) -> None:
        """Put more agencies into the directory: (code, name, level, parent, connection) each."""
        folder = self.home.root / "load"
        agencies, *others = write_directory(self.stage.authority, folder)
        columns = next(csv.reader(io.StringIO(agencies.read_text(encoding="utf-8"))))
        with agencies.open("a", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, columns, lineterminator="\n", restval="")
            for code, name, level, parent, connection in rows:
                writer.writerow(
                    {"code": code, "name": name, "level": level, "parent": parent, "connection": connection,
                     "valid_from": "2025-07-01", "invented": "1"}
                )  # fmt: skip
        axis = Path(sys.executable).with_name("axis")
        done = subprocess.run(
            (axis, "directory", "import", agencies, *others), capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr


def set_scene(home: Home) -> Scenery:
    """Let the sandbox' cast take a running stack."""
    settings = load_settings()
    stage = asyncio.run(set_stage(settings, Authority(home.authority)))
    return Scenery(home, settings, stage, read_anchors([home.authority / "ca.pem"]))


async def _connect(settings: Settings, names: Sequence[str], requests: int) -> dict[str, Profile]:
    line = await asyncpg.connect(settings.database_url, timeout=10)
    made = {}
    try:
        async with line.transaction():
            for name in names:
                at = datetime.now(UTC)
                got = await add_connection(
                    line, name, (), at=at, bytes_per_second=GENEROUS, requests_per_second=requests
                )
                made[name] = Profile(
                    name=name,
                    rest_url=settings.gateway_url,
                    client_id=got.client_id,
                    client_secret=got.secret,
                    ca_file=settings.tls_ca,
                    agencies=(),
                )
    finally:
        await line.close()
    return made
