"""One connection that sends all it can at both doors, in a process of its own: it must not slow down who measures."""

import asyncio
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from axis.cli.ammunition import numbered
from axis.client import AxisClient, UnreachableError
from axis.client.kafka import AxisKafkaClient

SENDERS = 16
"""Requests at once at the REST door."""
RECORDS = 400
"""Records written at once into the topic: more than are taken out while the flood lasts."""


def flood(told: Mapping[str, Any], packets: Sequence[bytes], first: int, seconds: float) -> None:
    """Send for so many seconds; what REST has no place for comes again as it is asked to.

    Args:
        told: what `axis connection rotate --kafka --json` printed.
        packets: a set, signed.
        first: number of the first document.
        seconds: how long; records that are written then are taken later.
    """
    asyncio.run(_flood(told, numbered(packets, first), seconds))


async def _flood(told: Mapping[str, Any], packets: Iterator[bytes], seconds: float) -> None:
    until = time.monotonic() + seconds
    rest = AxisClient(
        told["rest_url"], told["rest_client_id"], told["rest_client_secret"], ca=told["rest_ca"], patience=5.0
    )
    kafka = AxisKafkaClient(told)

    async def by_rest() -> None:
        while time.monotonic() < until:
            with suppress(UnreachableError):  # no place for so long: a flood forgets it and sends another
                await rest.send_packet(next(packets))

    async def by_kafka() -> None:
        for _ in range(RECORDS):
            await kafka.send_packet(next(packets))

    async with rest, kafka:
        await asyncio.gather(by_kafka(), *(by_rest() for _ in range(SENDERS)))
