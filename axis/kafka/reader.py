"""Reading the topics of connections: new ones are seen within seconds, offsets move when they are told to.

What comes from outside may be built to break a reader. A record that the client library cannot even
parse is fetched once more by another one, which leaves its headers alone, so that its bytes are not lost
and its partition goes on.
"""

import asyncio
import contextlib
import logging
import traceback
from collections.abc import Iterable, Mapping
from typing import Final, TypeAlias

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.abc import ConsumerRebalanceListener
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from aiokafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError
from confluent_kafka import Consumer, KafkaException
from confluent_kafka import TopicPartition as Spot

from axis.errors import UnavailableError
from axis.kafka.admin import SECONDS, ask
from axis.kafka.connect import aiokafka_options, away, confluent_options
from axis.kafka.spreading import EvenByKind
from axis.settings import Settings
from axis.topics import BRIDGE_GROUP, TAKEN_FROM
from axis.traffic import Incoming

_log = logging.getLogger(__name__)

SEEN_MS: Final = 2000
"""How often the list of topics is read: a new connection is read within this time and a rebalance."""

UNREADABLE_HEADERS: Final = "axis-unreadable-headers"
"""The one header of a record whose own could not be read."""

Place: TypeAlias = tuple[str, int]
"""Topic and partition."""

FETCH_MS: Final = 500
MOST_BEFORE: Final = 500
"""Records read one by one before the one that cannot be parsed; what is left is read the same way next."""

_USABLE_SECONDS: Final = 2.0


class DoorReader(ConsumerRebalanceListener):  # type: ignore[misc] # theirs has no types
    """The bridge's consumer. Its group shares the topics of all connections."""

    def __init__(self, settings: Settings) -> None:
        """Prepare; nothing connects yet."""
        self._settings = settings
        self._consumer: AIOKafkaConsumer | None = None
        self._next: dict[Place, int] = {}

    async def start(self) -> None:
        """Join the group.

        Raises:
            UnavailableError: the broker is away, or refuses the credentials.
        """
        consumer = AIOKafkaConsumer(
            **aiokafka_options(self._settings),
            client_id=f"axis-bridge-{self._settings.instance}",
            group_id=BRIDGE_GROUP,
            # The second for a bridge of an earlier version beside this one.
            partition_assignment_strategy=(EvenByKind, RoundRobinPartitionAssignor),
            enable_auto_commit=False,
            # Never a jump over what nobody has read: a lost offset means reading again.
            auto_offset_reset="earliest",
            metadata_max_age_ms=SEEN_MS,
            session_timeout_ms=10_000,
            max_poll_interval_ms=600_000,
            max_partition_fetch_bytes=1024 * 1024,
            fetch_max_bytes=8 * 1024 * 1024,
            retry_backoff_ms=200,
        )
        try:
            consumer.subscribe(pattern=TAKEN_FROM, listener=self)
            await consumer.start()
        except (KafkaError, OSError) as exc:
            with contextlib.suppress(KafkaError, OSError):
                await consumer.stop()
            raise UnavailableError(away(self._settings, exc)) from exc
        self._consumer = consumer

    async def stop(self) -> None:
        """Leave the group."""
        if self._consumer is not None:
            with contextlib.suppress(KafkaError, OSError, TimeoutError):
                async with asyncio.timeout(5):
                    await self._consumer.stop()

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """Forget where we are in what is no longer ours."""
        for place in revoked:
            self._next.pop((place.topic, place.partition), None)

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """Do nothing: reading begins at what the group has committed."""

    def ours(self) -> frozenset[Place]:
        """Return what this process reads now."""
        assert self._consumer is not None, "started first"
        return frozenset((one.topic, one.partition) for one in self._consumer.assignment())

    async def fetch(self, seconds: float) -> dict[Place, list[Incoming]]:
        """Return what has come, by place and in order; waits at most so long for the first.

        Raises:
            UnavailableError: the broker is away.
        """
        assert self._consumer is not None, "started first"
        try:
            found = await self._consumer.getmany(timeout_ms=int(seconds * 1000))
        except (KafkaError, OSError) as exc:
            raise UnavailableError(away(self._settings, exc)) from exc
        except Exception as exc:  # noqa: BLE001 - a record that cannot be parsed; whatever it raises
            _log.warning("a record cannot be parsed", exc_info=True)
            return await self._around(_place_of(exc))
        return self._handed(found)

    def pause(self, places: Iterable[Place]) -> None:
        """Fetch nothing more of these for now."""
        self._each(places, "pause")

    def resume(self, places: Iterable[Place]) -> None:
        """Fetch these again."""
        self._each(places, "resume")

    async def commit(self, done: Mapping[Place, int]) -> None:
        """Let go of everything below these offsets. What is no longer ours is passed over.

        Raises:
            UnavailableError: the broker is away; it will be read again, to no other effect.
        """
        assert self._consumer is not None, "started first"
        ours = self._consumer.assignment()
        offsets = {
            place: offset for (topic, number), offset in done.items()
            if (place := TopicPartition(topic, number)) in ours
        }  # fmt: skip
        if not offsets:
            return
        try:
            await self._consumer.commit(offsets)
        except (CommitFailedError, IllegalStateError):
            _log.info("places went to another reader before their offsets were committed")
        except (KafkaError, OSError) as exc:
            raise UnavailableError(away(self._settings, exc)) from exc

    async def erase(self, place: Place, before: int) -> None:
        """Delete the records of a place below an offset from the broker.

        Raises:
            UnavailableError: the broker is away.
        """
        admin = AIOKafkaAdminClient(**aiokafka_options(self._settings))
        try:
            await admin.start()
            await admin.delete_records({TopicPartition(*place): RecordsToDelete(before_offset=before)})
        except (KafkaError, OSError) as exc:
            raise UnavailableError(away(self._settings, exc)) from exc
        finally:
            await admin.close()

    async def usable(self) -> bool:
        """Tell within 2 s whether the broker answers this reader."""
        if self._consumer is None:
            return False
        try:
            async with asyncio.timeout(_USABLE_SECONDS):
                return bool(await self._consumer._client.force_metadata_update())  # noqa: SLF001 - no other way
        except (TimeoutError, KafkaError, OSError):
            return False

    def _handed(self, found: Mapping[TopicPartition, list[ConsumerRecord]]) -> dict[Place, list[Incoming]]:
        handed = {}
        for place, records in found.items():
            name = (place.topic, place.partition)
            handed[name] = [_incoming(record) for record in records]
            self._next[name] = records[-1].offset + 1
        return handed

    async def _around(self, culprit: TopicPartition | None) -> dict[Place, list[Incoming]]:
        """Go back to what was not handed out, and get past the record that cannot be parsed.

        The call that failed has moved the positions of other places too, and handed nothing out.
        """
        assert self._consumer is not None, "started first"
        handed: dict[Place, list[Incoming]] = {}
        for place in self._consumer.assignment():
            name = (place.topic, place.partition)
            try:
                if name not in self._next:
                    self._next[name] = await self._consumer.committed(place) or 0
                self._consumer.seek(place, self._next[name])
                if culprit in {None, place} and (records := await self._one_by_one(place)):
                    handed[name] = records
                    self._next[name] = records[-1].offset + 1
                    self._consumer.seek(place, self._next[name])
            except IllegalStateError:
                self._next.pop(name, None)  # not ours any more
        return handed

    async def _one_by_one(self, place: TopicPartition) -> list[Incoming]:
        """Read a place up to and with the record that cannot be parsed, or what there is of it."""
        assert self._consumer is not None, "started first"
        name = (place.topic, place.partition)
        found: list[Incoming] = []
        while len(found) < MOST_BEFORE:
            try:
                came = await self._consumer.getmany(place, timeout_ms=FETCH_MS, max_records=1)
            except (KafkaError, OSError) as exc:
                raise UnavailableError(away(self._settings, exc)) from exc
            except Exception:  # noqa: BLE001 - as above
                offset = found[-1].offset + 1 if found else self._next[name]
                return [*found, await self._raw(name, offset)]
            if not came:
                break
            found += [_incoming(record) for records in came.values() for record in records]
        return found

    async def _raw(self, place: Place, offset: int) -> Incoming:
        """Read one record without a look at its headers."""
        return await asyncio.to_thread(self._read_raw, place, offset)

    def _read_raw(self, place: Place, offset: int) -> Incoming:
        consumer = Consumer(
            {
                **confluent_options(self._settings),
                "group.id": BRIDGE_GROUP,
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",
            }
        )
        try:
            consumer.assign([Spot(*place, offset)])
            message = ask(self._settings, consumer.poll, SECONDS)
            if message is None or message.error() is not None:
                raise UnavailableError(away(self._settings, "no record"))
            return Incoming(
                topic=place[0],
                partition=place[1],
                offset=message.offset() or 0,
                key=_bytes(message.key()),
                value=_bytes(message.value()),
                headers={UNREADABLE_HEADERS: b""},
            )
        except KafkaException as exc:
            raise UnavailableError(away(self._settings, exc)) from exc
        finally:
            consumer.close()

    def _each(self, places: Iterable[Place], what: str) -> None:
        assert self._consumer is not None, "started first"
        ours = self._consumer.assignment()
        wanted = [place for one in places if (place := TopicPartition(*one)) in ours]
        if wanted:
            getattr(self._consumer, what)(*wanted)


def _place_of(exc: Exception) -> TopicPartition | None:
    """Tell which place a record that cannot be parsed is of: aiokafka's error names none, its frames do."""
    for frame, _ in traceback.walk_tb(exc.__traceback__):
        place = frame.f_locals.get("tp")
        if frame.f_code.co_name == "getall" and isinstance(place, TopicPartition):
            return place
    return None  # then each place is read by itself


def _incoming(record: ConsumerRecord) -> Incoming:
    return Incoming(
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        key=record.key,
        value=record.value,
        headers={name: value or b"" for name, value in record.headers},
    )


def _bytes(value: str | bytes | None) -> bytes | None:
    return value.encode() if isinstance(value, str) else value
