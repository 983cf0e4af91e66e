"""Reading a whole topic again from its beginning, as an administrator, without touching anybody's place."""

from collections.abc import Iterator, Sequence
from typing import Final

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaException, TopicPartition

from axis.errors import UnavailableError
from axis.kafka.connect import away, confluent_options
from axis.settings import Settings
from axis.traffic import Incoming

_SECONDS: Final = 15.0


def reread(settings: Settings, topics: Sequence[str]) -> Iterator[Incoming]:
    """Yield every record that the broker still has, each partition in its order, up to now.

    Args:
        settings: with the credentials of an administrator.
        topics: their names; one that does not exist has no records.

    Raises:
        UnavailableError: the broker does not answer.
    """
    options = {**confluent_options(settings), "group.id": "axis.reconcile", "enable.auto.commit": False}
    reader = Consumer(options)
    try:
        there = reader.list_topics(timeout=_SECONDS).topics
        places = [TopicPartition(name, n) for name in topics if name in there for n in there[name].partitions]
        ends = {}
        for at in places:
            first, end = reader.get_watermark_offsets(at, timeout=_SECONDS)
            if end > first:
                ends[at.topic, at.partition] = end
        reader.assign([TopicPartition(topic, n, OFFSET_BEGINNING) for topic, n in ends])
        while ends:
            record = _polled(reader, settings)
            place = (record.topic, record.partition)
            if place in ends:
                yield record
                if record.offset >= ends[place] - 1:
                    del ends[place]
    except KafkaException as exc:
        raise UnavailableError(away(settings, exc.args[0].str())) from exc
    finally:
        reader.close()


def _polled(reader: Consumer, settings: Settings) -> Incoming:
    message = reader.poll(_SECONDS)
    if message is None:
        raise UnavailableError(away(settings, "timeout"))
    if error := message.error():
        raise KafkaException(error)
    topic, partition, offset = message.topic(), message.partition(), message.offset()
    assert topic is not None, "a record without an error stands somewhere"
    assert partition is not None, "as above"
    assert offset is not None, "as above"
    return Incoming(
        topic=topic, partition=partition, offset=offset, key=message.key(), value=message.value()
    )
