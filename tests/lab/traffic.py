"""Senders and recipients that go on working while the axis is being broken, and write down all they see.

They run on an event loop in a thread of their own, so that a test can break
things meanwhile. Each uses the client library as any system would: what it
repeats, it repeats by itself.
"""

import asyncio
import contextlib
import hashlib
import itertools
import random
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from axis.cli.profiles import Profile
from axis.cli.verify import judge
from axis.client import AxisClient, AxisRefusedError, DamagedError, Entry
from axis.client.kafka import AxisKafkaClient
from axis.document import packet_id
from axis.errors import AxisError, UnavailableError
from axis.sandbox.directory import demo_agencies, demo_agency
from axis.violations import Code
from tests.lab.ammunition import Packet
from tests.lab.books import Clients, Download, Handed

T = TypeVar("T")

PATIENCE = 120.0
SENDERS_AT_ONCE = 6
CLERK_WAIT = 1.0
GLANCE_SECONDS = 0.04
CODES = ("01", "03", "05", "06")
FINAL = ("accepted", "refused", "expired", "quarantined")


class Traffic:
    """All clients of one run, and the book that they keep."""

    def __init__(
        self,
        profiles: Mapping[str, Profile],
        anchors: Sequence[bytes],
        packets: Sequence[Packet],
        more: Iterable[Packet] = (),
        over_kafka: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        """Prepare.

        Args:
            profiles: of the connections.
            anchors: PEM; every receipt is verified by them.
            packets: sent in this order, as they are released.
            more: what comes after them, without end if need be.
            over_kafka: connections that speak Kafka, with what `axis connection rotate --kafka` printed.
        """
        self.book = Clients()
        self.profiles = dict(profiles)
        self.anchors = anchors
        self.failures: list[str] = []
        """What a client could not do in all its patience."""
        self._packets = list(packets)
        self._more = iter(more)
        self._over_kafka = over_kafka or {}
        self._sent: dict[str, Packet] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="traffic", daemon=True)
        self._clients: dict[str, AxisClient] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._waiting: asyncio.Queue[Packet] = asyncio.Queue()
        self._under_way = 0

    # --- called by the test --------------------------------------------------

    def start(self) -> None:
        """Open the clients; clerks and watchers begin."""
        self._thread.start()
        self.run(self._open())

    def release(self, count: int) -> None:
        """Let so many more packets be sent; returns at once."""
        batch, self._packets = self._packets[:count], self._packets[count:]
        batch += itertools.islice(self._more, count - len(batch))
        self._under_way += len(batch)
        for packet in batch:
            self._loop.call_soon_threadsafe(self._waiting.put_nowait, packet)

    @property
    def left(self) -> int:
        """How many packets have not been released."""
        return len(self._packets)

    def send(self, packet: Packet) -> str:
        """Send one packet now; return its id once the door has answered."""
        return self.run(self._send(packet))

    def submit(self, packet: Packet) -> None:
        """Let one packet be sent beside the others; returns at once."""
        self._under_way += 1
        self._loop.call_soon_threadsafe(self._waiting.put_nowait, packet)

    def sent_packets(self) -> list[Packet]:
        """Return what was sent so far."""
        return list(self._sent.values())

    def steal(self, packet: Packet, connection: str) -> None:
        """Let another connection send somebody's packet as it is: it must be refused."""
        own = next(agency.code for agency in demo_agencies() if agency.connection == connection)
        code = Code.SENDER_NOT_OF_CONNECTION
        self.submit(replace(packet, sender=own, verdict="refused", code=code, rival="", twice=False))

    def hang_up(self) -> None:
        """Let a client give up before it hears the answer, and send the same packet again."""
        self.run(self._hang_up(next(self._more)))

    def answer_early(self, lot: random.Random) -> None:
        """Let a recipient answer what it may not have yet: taken or refused, never lost. Returns at once."""
        asyncio.run_coroutine_threadsafe(self._answer_early(lot), self._loop)

    def download(self, connection: str, entry: int) -> bytes:
        """Return a delivered document as one connection gets it now."""
        return self.run(asyncio.wait_for(self._clients[connection].content(entry), 10))

    def is_whole(self, name: str, got: bytes) -> bool:
        """Tell whether a delivered packet is the one that was sent, but for the axis' trace."""
        sent = self._sent.get(name)
        return sent is not None and restore(sent.data, got) == sent.data

    def probe(self, packet: Packet, *, since: float) -> float:
        """Send one good packet and wait for its verified receipt; return seconds since a moment."""

        async def through() -> float:
            name = await self._send(packet)
            await self._of(packet.sender).wait_for_receipt(name, timeout=PATIENCE)
            return time.monotonic() - since

        return self.run(through())

    def quiet(self, seconds: float) -> bool:
        """Wait until all that was released has been taken; False: not in that time."""
        until = time.monotonic() + seconds
        while self._under_way and time.monotonic() < until:
            time.sleep(0.1)
        return not self._under_way

    def status(self, name: str) -> Any:
        """Return the status of a packet, as its sender sees it."""
        return self.run(self._of(self._sent[name].sender).status(name))

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on the clients' loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def collect(self) -> None:
        """Send repeats once more, look at every packet, get every receipt twice."""
        self.run(self._collect())

    def stop(self) -> None:
        """End all clients."""
        if self._thread.is_alive():
            self.run(self._close())
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
        self._loop.close()

    # --- on the clients' loop ------------------------------------------------

    async def _open(self) -> None:
        for name, profile in self.profiles.items():
            if name in self._over_kafka:
                self._clients[name] = AxisKafkaClient(
                    self._over_kafka[name], verify=self._verify, patience=PATIENCE
                )
                continue
            self._clients[name] = AxisClient(
                profile.rest_url,
                profile.client_id,
                profile.client_secret,
                ca=profile.ca_file,
                verify=self._verify,
                patience=PATIENCE,
            )
        works: list[Callable[[], Awaitable[None]]] = [self._sender for _ in range(SENDERS_AT_ONCE)]
        works.append(self._watcher)
        for work in works:
            self._tasks.append(asyncio.create_task(self._for_ever(work)))
        for name in self._clients:
            self._tasks.append(asyncio.create_task(self._for_ever(lambda name=name: self._clerk(name))))

    async def _close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*(client.close() for client in self._clients.values()), return_exceptions=True)

    async def _for_ever(self, work: Callable[[], Awaitable[None]]) -> None:
        well = time.monotonic()
        while True:
            try:
                await work()
                well = time.monotonic()
            except DamagedError:
                continue  # a download that broke off: its entry is still there, and is fetched again
            except UnavailableError as exc:
                # Over Kafka a single look does not wait for a broker that is away: it looks again.
                if time.monotonic() - well >= PATIENCE:
                    self.failures.append(str(exc))
                await asyncio.sleep(0.5)
            except AxisError as exc:
                self.failures.append(f"{type(exc).__name__}: {exc}")
                await asyncio.sleep(0.5)

    async def _sender(self) -> None:
        packet = await self._waiting.get()
        try:
            await self._send(packet)
            if packet.twice:
                await self._send(packet)
        finally:
            self._under_way -= 1

    async def _send(self, packet: Packet) -> str:
        connection, sha256 = self._connection(packet), hashlib.sha256(packet.data).hexdigest()
        name = packet_id(connection, sha256)
        handed = self.book.handed.setdefault(
            name, Handed(connection, sha256, packet.verdict, packet.code, packet.rival)
        )
        self._sent[name] = packet
        sent = await self._of(packet.sender).send_packet(packet.data)
        handed.answers.append(sent.packet_id)
        if sent.state != "sent":  # over Kafka nobody has looked at it yet
            self._see(handed.shown, sent.state)
        return sent.packet_id

    async def _hang_up(self, packet: Packet) -> None:
        connection, sha256 = self._connection(packet), hashlib.sha256(packet.data).hexdigest()
        name = packet_id(connection, sha256)
        self.book.handed.setdefault(
            name, Handed(connection, sha256, packet.verdict, packet.code, packet.rival)
        )
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.02):
                await self._of(packet.sender).send_packet(packet.data)
        self._under_way += 1
        await self._waiting.put(packet)

    async def _answer_early(self, lot: random.Random) -> None:
        recent = list(self._sent)[-20:]
        if not recent:
            return
        agency = lot.choice([one for one in demo_agencies() if one.connection in self._clients])
        for name in (lot.choice(recent), hashlib.sha256(lot.randbytes(8)).hexdigest()):
            with contextlib.suppress(AxisRefusedError):
                ack = await self._clients[agency.connection].answer(name, agency.code, "01", "sớm")
                if agency.connection not in self._over_kafka:
                    self.book.statuses.add(ack)

    async def _clerk(self, name: str) -> None:
        """Fetch what comes, some of it twice; answer some of it through every status."""
        client = self._clients[name]
        for entry in await client.inbox("document", wait=CLERK_WAIT, limit=20):
            await self._fetch(name, entry)
            if int(entry.packet_id[:2], 16) % 3 == 0:
                await self._fetch(name, entry)
            await client.mark(entry)
            if int(entry.packet_id[2:4], 16) % 3 == 0:
                for code in CODES:
                    ack = await client.answer(entry.packet_id, entry.recipients[0], code, "thử")
                    if name not in self._over_kafka:  # there it is a reference of the record's own
                        self.book.statuses.add(ack)

    async def _fetch(self, name: str, entry: Entry) -> None:
        got = await self._clients[name].content(entry)
        sent = self._sent.get(entry.packet_id)
        restored = restore(sent.data, got) if sent else b""
        self.book.downloads.append(
            Download(
                name,
                entry.packet_id,
                hashlib.sha256(got).hexdigest(),
                hashlib.sha256(restored).hexdigest() if restored else "",
            )
        )

    async def _watcher(self) -> None:
        for name in list(self._sent):
            if self.book.handed[name].answers:
                await self._look(name)
                await asyncio.sleep(GLANCE_SECONDS)
        await asyncio.sleep(0.2)

    async def _look(self, name: str) -> None:
        packet = self._sent[name]
        try:
            status = await self._of(packet.sender).status(name)
        except AxisRefusedError as exc:
            if exc.code == Code.TAKE_NOT_FOUND and self._connection(packet) in self._over_kafka:
                return  # in the topic, and not taken out of it yet
            raise
        self._see(self.book.handed[name].shown, status.state)
        for one in status.recipients:
            self._see(self.book.shown.setdefault((name, one.code), []), one.state)

    async def _collect(self) -> None:
        most = asyncio.Semaphore(8)

        async def one(name: str) -> None:
            async with most:
                packet = self._sent[name]
                if packet.twice:
                    await self._send(packet)
                await self._look(name)
                client = self._of(packet.sender)
                for number in range(2):
                    for line in await client.receipts(name):
                        if number == 0 or line.kind.startswith("Submission"):
                            data = await client.receipt(line.event_id)
                            self.book.receipts.setdefault(line.event_id, set()).add(data)

        await asyncio.gather(*(one(name) for name, handed in self.book.handed.items() if handed.answers))

    def _verify(self, data: bytes) -> None:
        proven = judge(data, self.anchors)
        if not proven.proven:
            self.book.unverified.append(proven.reason)

    def _see(self, states: list[str], state: str) -> None:
        if not states or states[-1] != state:
            states.append(state)

    def _connection(self, packet: Packet) -> str:
        return demo_agency(packet.sender).connection

    def _of(self, code: str) -> AxisClient:
        return self._clients[demo_agency(code).connection]


def restore(sent: bytes, got: bytes) -> bytes:
    """Take out of a delivered packet the one piece that was put into it; empty: it is not that packet."""
    more = len(got) - len(sent)
    low, high = 0, len(sent)
    while low < high:  # the longest common start
        middle = (low + high + 1) // 2
        low, high = (middle, high) if got[:middle] == sent[:middle] else (low, middle - 1)
    whole = got[:low] + got[low + more :]
    trace = got[low : low + more]
    return whole if more > 0 and trace.count(b"TraceHeader>") >= 1 else b""
