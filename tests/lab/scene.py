"""The stage of the fault tests: one whole stack, its traffic, and the ways to break it."""

import asyncio
import hashlib
import os
import random
import re
import signal
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import msgspec
from confluent_kafka import Producer

from axis.checks.policy import SHIPPED
from axis.contract.codec import Accepted, Ack, Submission, encode_accepted, encode_ack, encode_submission
from axis.contract.registry import load_schemas
from axis.kafka.connect import confluent_options
from axis.settings import Settings
from axis.stack.places import Home
from axis.stack.program import is_ready
from axis.stack.single import arm, described
from axis.stack.supervision import Supervisor
from axis.topics import ACCEPTED, ACK, BY_NAME, SUBMISSION
from tests.lab.ammunition import Packet
from tests.lab.books import Ledgers, Record, Road
from tests.lab.traffic import Traffic
from tests.lab.witnesses import read_content, read_memory, read_road

OURS = ("gateway", "worker", "keeper", "sealer")
POLL = 0.05
CPU_SECONDS, WALL_SECONDS = 3, 8
"""Limits of one file here: a hostile one shows in seconds what it shows in a minute elsewhere."""


def hurried_policy(folder: Path) -> Path:
    """Write the shipped policy with lower limits of time; return where."""
    policy = msgspec.json.decode(SHIPPED.read_bytes())
    policy["limits"] |= {"cpu_seconds": CPU_SECONDS, "wall_seconds": WALL_SECONDS}
    path = folder / "policy.json"
    path.write_bytes(msgspec.json.encode(policy))
    return path


class Scene:
    """What every test of the module plays on."""

    def __init__(self, home: Home, settings: Settings, traffic: Traffic, probes: Iterable[Packet]) -> None:
        """Take the running stack."""
        self.home = home
        self.settings = settings
        self.traffic = traffic
        self.supervisor = Supervisor(home)
        self.schemas = load_schemas(settings)
        self.told: list[tuple[str, float]] = []
        """What was done, and seconds until a document went through again."""
        self.kept: dict[tuple[str, int, int], Record] = {}
        """Records that a fault deleted from the topics, by their place."""
        self.breaches: list[str] = []
        """What must not be, seen while a fault held."""
        self._probes = iter(probes)

    def say(self, text: str) -> None:
        """Tell whoever watches (``-s``)."""
        sys.stderr.write(f"  [{time.strftime('%H:%M:%S')}] {text}\n")

    # --- processes -----------------------------------------------------------

    def pid(self, name: str) -> int:
        """Return the number of a process; 0: it does not run."""
        return next(one.pid for one in self.supervisor.standings() if one.name == name)

    def port(self, name: str) -> int:
        """Return the port on which a server listens."""
        return described(self.home.root, name).port

    def ready(self, name: str) -> bool:
        """Ask a process itself."""
        return is_ready(described(self.home.root, name))

    def until(self, what: str, holds: Callable[[], object], seconds: float) -> float:
        """Wait until something holds; return how long it took."""
        since = time.monotonic()
        while not holds():
            assert time.monotonic() - since < seconds, f"not within {seconds} s: {what}"
            time.sleep(POLL)
        return time.monotonic() - since

    def kill(self, name: str, *, with_failpoint: str | None = None) -> float:
        """Kill a process with SIGKILL; the supervisor starts it again. Return when.

        Args:
            name: of the process.
            with_failpoint: its next life has this one armed.
        """
        if with_failpoint is not None:
            arm(self.home.root, name, {"AXIS_FAILPOINT": with_failpoint})
        pid = self.pid(name)
        os.kill(pid, signal.SIGKILL)
        at = time.monotonic()
        self.until(f"{name} runs again", lambda: self.pid(name) not in {0, pid}, 30)
        return at

    def judges(self) -> list[int]:
        """Return the judging processes below the worker."""
        worker = self.pid("worker")
        found = []
        for path in Path("/proc").glob("[0-9]*/stat"):
            try:
                parent = int(path.read_text().rpartition(")")[2].split()[1])
                command = (path.parent / "cmdline").read_bytes()
            except OSError:
                continue
            if parent == worker and b"spawn_main" in command:
                found.append(int(path.parent.name))
        return found

    def readiness(self, name: str) -> tuple[int, dict[str, bool]]:
        """Return status and checks of a process' ``/readyz``; (0, {}) where nobody answers."""
        port = described(self.home.root, name).port
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=6) as answer:
                return answer.status, msgspec.json.decode(answer.read())["checks"]
        except urllib.error.HTTPError as exc:
            return exc.code, msgspec.json.decode(exc.read())["checks"]
        except OSError:
            return 0, {}

    def gauge(self, name: str, metric: str) -> dict[str, float]:
        """Read one metric of a process: its value by its labels."""
        port = described(self.home.root, name).port
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=6) as answer:
            page = answer.read().decode()
        found = re.findall(rf"^{metric}(\{{[^}}]*\}})? ([0-9.e+-]+)$", page, re.MULTILINE)
        return {labels: float(value) for labels, value in found}

    # --- documents -----------------------------------------------------------

    def take_probe(self) -> Packet:
        """Return a good packet that nobody sent yet."""
        return next(self._probes)

    def recovered(self, what: str, since: float, *, within: float) -> None:
        """Hold the axis to being of use again: a new document goes through, sealed receipt included."""
        seconds = self.traffic.probe(self.take_probe(), since=since)
        self.told.append((what, seconds))
        self.say(f"{what}: {seconds:.1f} s until a document went through; {self.traffic.left} to be sent")
        assert seconds < within, f"{what}: {seconds:.1f} s"

    def database(self, statement: str, *values: object) -> object:
        """Ask the database one thing."""

        async def ask() -> object:
            line = await asyncpg.connect(self.settings.database_url, timeout=10)
            try:
                return await line.fetchval(statement, *values)
            finally:
                await line.close()

        return asyncio.run(ask())

    def open(self) -> int:
        """Count what has not come to its end: packets, statuses, messages, seals."""
        return self.database(
            "SELECT (SELECT count(*) FROM intake WHERE state IN ('taken', 'waiting'))"
            " + (SELECT count(*) FROM handling WHERE state = 'taken')"
            " + (SELECT count(*) FROM outbox) + (SELECT count(*) FROM unsealed)"
            " + (SELECT count(*) FROM document WHERE routed_to < cardinality(recipients))"
        )

    def drain(self, seconds: float) -> float:
        """Wait until all that was released has ended."""
        since = time.monotonic()
        assert self.traffic.quiet(seconds), "packets that no door takes"
        handed = [name for name, one in self.traffic.book.handed.items() if one.answers]
        taken = "SELECT count(*) FROM intake WHERE packet_id = ANY ($1)"
        self.until("all is taken", lambda: self.database(taken, handed) == len(handed), seconds)
        self.until("all drained", lambda: not self.open(), seconds)
        return time.monotonic() - since

    def ledgers(self) -> Ledgers:
        """Read all four."""
        memory = asyncio.run(read_memory(self.settings.database_url))
        digests = {intake.sha256 for intake in memory.intakes.values()}
        return Ledgers(
            clients=self.traffic.book,
            memory=memory,
            road=self._road(),
            content=read_content(Path(self.settings.content_dir), digests),
        )

    def _road(self) -> Road:
        road = read_road(self.settings, self.schemas)
        there = {(one.topic, one.partition, one.offset) for one in road.records}
        road.records.extend(one for place, one in self.kept.items() if place not in there)
        return road

    # --- poison --------------------------------------------------------------

    def poison(self) -> int:
        """Put records that no process of ours would write into every topic; return how many."""
        producer = Producer({**confluent_options(self.settings), "message.max.bytes": 1_000_000})
        count = 0
        for topic in (SUBMISSION, ACCEPTED, ACK):
            for key, value in self._spoiled(topic):
                producer.produce(topic, value=value, key=key, partition=count % BY_NAME[topic].partitions)
                count += 1
        assert producer.flush(15) == 0, "the broker did not take the poison"
        return count

    def _spoiled(self, topic: str) -> list[tuple[bytes | None, bytes | None]]:
        whole = self._stranger(topic)
        other = self._stranger(ACK if topic == SUBMISSION else SUBMISSION)
        lot = random.Random(topic)
        return [
            (b"junk", lot.randbytes(200)),
            (b"unknown schema", b"\x00\x7f\xff\xff\xff" + whole[5:]),
            (b"another schema", other),
            (b"truncated", whole[:-7]),
            (b"trailing", whole + b"\x00"),
            (b"stranger", whole),
            (b"no value", None),
            (None, b"\x00"),
            (None, None),
            (b"\xff\xfe\x00", b""),
            (b"huge", lot.randbytes(BY_NAME[topic].max_record_bytes - 200)),
            (lot.randbytes(30_000), lot.randbytes(30_000)),
        ]

    def _stranger(self, topic: str) -> bytes:
        """Write a sound record about something that nobody ever took."""
        name, at = hashlib.sha256(topic.encode()).hexdigest()[:32], datetime.now(UTC)
        sha256 = hashlib.sha256(b"stranger").hexdigest()
        if topic == SUBMISSION:
            return encode_submission(
                Submission(
                    event_id=name, packet_id=name, connection="demo-vpcp", sha256=sha256, size=8, door="rest",
                    received_at=at, priority=0, take=1,
                ),
                self.schemas,
            )  # fmt: skip
        if topic == ACCEPTED:
            return encode_accepted(
                Accepted(
                    event_id=name, packet_id=name, agency="G22", document_id="x", priority=0, accepted_at=at
                ),
                self.schemas,
            )
        return encode_ack(
            Ack(event_id=name, ack_id=name, connection="demo-vpcp", sha256=sha256, received_at=at),
            self.schemas,
        )
