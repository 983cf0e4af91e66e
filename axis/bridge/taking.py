"""One record of a connection's topic to its end: taken, told why not, or set aside.

Who sends is told by the topic's name alone. The same `take` as at the REST door records it.
"""

import asyncio
import errno
import logging
import re
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Final

from axis import metrics
from axis.bridge.answering import Answers, Desk, refuse
from axis.checks.policy import Policy
from axis.checks.secrecy import secret_mark
from axis.content.store import ContentStore
from axis.content.uploads import Uploads
from axis.contract.doors import ConnSubmission, decode_conn_ack, decode_conn_submission
from axis.contract.schemas import Schemas
from axis.document import event_id
from axis.edxml.reader import HeaderReader, HeaderReading
from axis.envelope import Envelope
from axis.errors import MalformedError, RefusedError, UnavailableError
from axis.kafka.reader import UNREADABLE_HEADERS, Place
from axis.store.doors import DoorMemory, Limits, Notice
from axis.store.inbox import Reported
from axis.topics import INLINE_BYTES, SUBMITTED, connection_of
from axis.traffic import Incoming
from axis.violations import Code, Violation

_log = logging.getLogger(__name__)

DOOR: Final = "kafka"
OPEN: Final = frozenset({"taken", "waiting"})
KEY_BYTES: Final = 1024
HEADERS: Final = 32
HEADER_BYTES: Final = 16 * 1024
"""All headers of one record together, names and values."""

REFERENCE: Final = 200
"""Characters of a sender's own word that are kept."""

BLOCK: Final = 64 * 1024
LOOK_SECONDS: Final = 5.0
"""How long what a connection may do is believed without asking."""

NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT})
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")


class Door:
    """Takes records. Whatever they hold, each ends durably before its call returns."""

    def __init__(
        self,
        *,
        desk: Desk,
        memory: DoorMemory,
        reported: Callable[[str, str, str], Awaitable[Reported | None]],
        content: ContentStore,
        uploads: Uploads,
        policy: Policy,
        schemas: Schemas,
        now: Callable[[], datetime],
        learn: Callable[[Limits], None],
    ) -> None:
        """Keep the tools.

        Args:
            desk: the moves.
            memory: the door's own rows.
            reported: (packet id, connection, recipient) → what a status of it must name.
            content: where packets go.
            uploads: what was brought before.
            policy: limits and marks.
            schemas: the ids of the registry.
            now: the clock.
            learn: told what a connection may do, each time it is looked up.
        """
        self._desk = desk
        self._memory = memory
        self._content = content
        self._uploads = uploads
        self._policy = policy
        self._schemas = schemas
        self._now = now
        self._learn = learn
        self._known: dict[str, tuple[float, Limits]] = {}
        self._answers = Answers(desk=desk, memory=memory, reported=reported, policy=policy, now=now)
        self.secrets: dict[Place, int] = {}
        """Places with records that bear a state-secret mark: everything below the offset must be erased."""

    async def handle(self, batch: Sequence[Incoming]) -> None:
        """Bring records of one place to their ends, in order.

        Raises:
            UnavailableError: database, broker or room is missing: come again.
            MalformedError: one of them cannot be read; given alone, it is set aside.
        """
        for record in batch:
            await self._one(record)

    async def set_aside(self, record: Incoming, code: Code, detail: str) -> None:
        """Put a record into quarantine, byte for byte, and tell its connection."""
        await self._desk.quarantine(record, code, detail)
        of = connection_of(record.topic)
        if of is not None and await self._memory.limits(of[0]) is not None:
            await self._tell(record, of[0], Violation(code, "record", detail), "")

    async def _one(self, record: Incoming) -> None:
        of = connection_of(record.topic)
        assert of is not None, "the subscription lets nothing else through"
        name, kind = of
        _check_frame(record)
        limits = await self._limits(name)
        if limits is None:
            raise MalformedError(Violation(Code.QUARANTINE_ORPHAN, "topic", "no such connection"))
        full = await self._desk.room()
        if full is not None:
            # The broker keeps what comes meanwhile: standing still is this door's 503.
            raise UnavailableError(f"no room: {full.detail}")
        reference = ""
        try:
            if kind == SUBMITTED:
                submission = decode_conn_submission(record.value, self._schemas)
                reference = submission.reference
                await self._submission(limits, submission)
            else:
                ack = decode_conn_ack(record.value, self._schemas)
                reference = ack.reference
                await self._answers.take(name, ack)
        except RefusedError as exc:
            if exc.violation.code is Code.SECRECY_MARKED:
                self.secrets[record.topic, record.partition] = record.offset + 1
            await self._tell(record, name, exc.violation, reference)
        except OSError as exc:
            if exc.errno in NO_ROOM:
                raise UnavailableError("the content store has no room") from exc
            raise

    async def _limits(self, name: str) -> Limits | None:
        """Look a connection up, once in a while; that is also when it was last heard of."""
        since, known = self._known.get(name, (0.0, None))
        if known is not None and time.monotonic() - since < LOOK_SECONDS:
            return known
        found = await self._memory.limits(name)
        if found is not None:
            self._known[name] = (time.monotonic(), found)
            self._learn(found)
            await self._memory.contact(name, at=self._now())
        return found

    # --- packets -----------------------------------------------------------------

    async def _submission(self, limits: Limits, given: ConnSubmission) -> None:
        name = limits.name
        if (given.packet is None) == (given.sha256 is None):
            raise refuse(Code.TAKE_MALFORMED, "packet", "give exactly one of packet and sha256")
        if given.packet is not None:
            sha256, size, envelope = await self._inline(limits, given.packet)
        else:
            sha256, size, envelope = await self._uploaded(name, given.sha256 or "")
        intake = await self._desk.take(
            connection=name, sha256=sha256, size=size, door=DOOR, envelope=envelope
        )
        if given.sha256 is not None:
            await asyncio.to_thread(self._uploads.drop, name, sha256)
        if intake.state not in OPEN:
            # Sent again after its end: the receipt may have been lost on the way.
            await self._memory.publish_again(name, intake.packet_id)
        _log.info("taken packet=%s connection=%s bytes=%d", intake.packet_id, name, size)

    async def _inline(self, limits: Limits, packet: bytes) -> tuple[str, int, Envelope | None]:
        most = min(INLINE_BYTES, self._policy.limits.packet_bytes, limits.max_packet_bytes)
        if len(packet) > most:
            raise refuse(
                Code.TAKE_TOO_LARGE,
                "packet",
                f"at most {most} bytes; bring more by PUT /v1/content/{{sha256}}",
            )
        if not packet:
            raise refuse(Code.TAKE_MALFORMED, "packet", "it is empty")
        reader = HeaderReader(self._policy.limits)
        reader.feed(packet)
        envelope = self._looked_at(reader.result())
        return await asyncio.to_thread(self._content.put, packet), len(packet), envelope

    async def _uploaded(self, name: str, sha256: str) -> tuple[str, int, Envelope | None]:
        if not _DIGEST.fullmatch(sha256):
            raise refuse(Code.TAKE_MALFORMED, "sha256", "64 lower-case hexadecimal digits")
        size = await self._memory.use_upload(name, sha256, at=self._now())
        if size is None:
            raise _missing()
        try:
            await asyncio.to_thread(self._uploads.take, name, sha256)
        except FileNotFoundError as exc:
            raise _missing() from exc
        return sha256, size, self._looked_at(await asyncio.to_thread(self._header, sha256))

    def _header(self, sha256: str) -> HeaderReading:
        reader = HeaderReader(self._policy.limits)
        with self._content.open(sha256) as stream:
            while block := stream.read(BLOCK):
                if reader.feed(block):
                    break
        return reader.result()

    def _looked_at(self, header: HeaderReading) -> Envelope | None:
        # Whatever was seen counts: a header that breaks off behind the mark is a secret all the same.
        marked = secret_mark(header.seen, self._policy.secret_marks)
        if marked is not None:
            raise RefusedError(marked)
        if header.is_status:
            raise refuse(Code.TAKE_MALFORMED, "packet", "this is a status packet: write it to the ack topic")
        return header.envelope

    # --- notices -----------------------------------------------------------------

    async def _tell(self, record: Incoming, name: str, why: Violation, reference: str) -> None:
        place = f"{record.topic}[{record.partition}]@{record.offset}"
        fresh = await self._memory.note(
            Notice(
                notice_id=event_id("notice", place),
                connection=name,
                code=str(why.code),
                field=why.field[:REFERENCE],
                detail=why.detail[:500],
                reference=reference[:REFERENCE].replace("\x00", ""),
                record=place,
                at=self._now(),
            )
        )
        if fresh:
            metrics.TURNED_AWAY.labels(why.code).inc()
            _log.info("turned away record=%s connection=%s code=%s", place, name, why.code)


def _check_frame(record: Incoming) -> None:
    if UNREADABLE_HEADERS in record.headers:
        raise _malformed("headers", "their names are not UTF-8")
    if record.key is not None and len(record.key) > KEY_BYTES:
        raise _malformed("key", f"{len(record.key)} bytes, at most {KEY_BYTES}")
    size = sum(len(name.encode()) + len(value) for name, value in record.headers.items())
    if len(record.headers) > HEADERS or size > HEADER_BYTES:
        raise _malformed(
            "headers", f"{len(record.headers)} of {size} bytes, at most {HEADERS} of {HEADER_BYTES}"
        )


def _malformed(field: str, detail: str) -> MalformedError:
    return MalformedError(Violation(Code.QUARANTINE_UNREADABLE, field, detail))


def _missing() -> RefusedError:
    return refuse(
        Code.TAKE_NOT_FOUND,
        "sha256",
        "this connection brought no such content, or too long ago",
    )
