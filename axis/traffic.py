"""Records that cross a topic, and those set aside. Values only, frozen."""

from datetime import datetime

import msgspec


class Outgoing(msgspec.Struct, frozen=True, kw_only=True):
    """A message to a topic, as an outbox row holds it."""

    topic: str
    key: bytes
    value: bytes
    event_id: str


class Incoming(msgspec.Struct, frozen=True, kw_only=True):
    """A record from a topic, undecoded."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: dict[str, bytes] = {}


class Quarantined(msgspec.Struct, frozen=True, kw_only=True):
    """A record set aside byte for byte."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    sha256: str
    """Digest of the value, under which the content store holds it."""
    size: int
    code: str
    detail: str
    at: datetime
