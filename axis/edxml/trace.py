"""The axis' own trace header, put into a packet without touching any other byte."""

from collections.abc import Iterator
from datetime import datetime
from typing import BinaryIO, Final

from axis.edxml.markup import escape
from axis.edxml.values import moment_text

_BLOCK: Final = 64 * 1024


def trace_splice(prefix: str, with_list: bool, organ_code: str, at: datetime) -> bytes:  # noqa: FBT001 - a field of the reading, handed on
    """Return the bytes that go in at a packet's splice offset.

    Args:
        prefix: bound there to the edXML namespace, with its colon; empty: the default one.
        with_list: the packet has no TraceHeaderList; the splice brings one.
        organ_code: of the axis itself.
        at: the decision's moment, timezone-aware; seconds are kept, no less.
    """
    trace = (
        f"<{prefix}TraceHeader><{prefix}OrganId>{escape(organ_code)}</{prefix}OrganId>"
        f"<{prefix}Timestamp>{moment_text(at)}</{prefix}Timestamp></{prefix}TraceHeader>"
    )
    if with_list:
        trace = f"<{prefix}TraceHeaderList>{trace}</{prefix}TraceHeaderList>"
    return trace.encode()


def spliced(stream: BinaryIO, offset: int, splice: bytes) -> Iterator[bytes]:
    """Yield a packet with ``splice`` put in at byte ``offset``, at most 64 KiB at a time.

    Args:
        stream: the packet, positioned at its start.
        offset: as the reading of the same bytes told.
        splice: as `trace_splice` gives it.

    Raises:
        ValueError: the stream ends before ``offset``: these are other bytes.
    """
    left = offset
    while left:
        block = stream.read(min(_BLOCK, left))
        if not block:
            raise ValueError("the packet is shorter than its splice offset")
        left -= len(block)
        yield block
    yield splice
    while block := stream.read(_BLOCK):
        yield block
