"""Write one record whose header's name is no UTF-8: ``python -m tests.lab.loud TOPIC HEX``.

A process of its own, with aiokafka's builder in Python: the compiled one takes no such names.
"""

import asyncio
import os
import sys

os.environ["AIOKAFKA_NO_EXTENSIONS"] = "1"

from aiokafka import AIOKafkaProducer

from axis.kafka.connect import aiokafka_options
from axis.settings import load_settings


class Name(str):
    """A name that becomes other bytes on the wire."""

    __slots__ = ()

    def encode(self, *_):
        """Return what no reader can decode."""
        return b"\xff\xfe\xfa"


async def write(topic, value):
    """Write the record and print its offset."""
    producer = AIOKafkaProducer(**aiokafka_options(load_settings()))
    await producer.start()
    done = await producer.send_and_wait(topic, value, headers=[(Name("h"), b"v")])
    await producer.stop()
    sys.stdout.write(f"{done.partition} {done.offset}\n")


if __name__ == "__main__":
    asyncio.run(write(sys.argv[1], bytes.fromhex(sys.argv[2])))
