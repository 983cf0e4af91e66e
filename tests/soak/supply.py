"""Packets without end: a signed set made ahead, each handed out again under a new number.

A document's number stands in the header of its packet, which no signature of
the PDF covers: a renumbered packet is a new document with a new digest, and
deserves the same end as the one it was made from.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from tests.lab.ammunition import Packet

BODY = b"</edXML:edXMLHeader>"
FIRST = 2_000_000


def supply(packets: Sequence[Packet], first: int = FIRST) -> Iterator[Packet]:
    """Yield packets of the set in turn, each with a number that no other has.

    Args:
        packets: made by `tests.lab.ammunition.prepare`; rivals stand beside one another.
        first: seven digits, above every number of the set.
    """
    number = first
    while True:
        for packet in packets:
            if not packet.rival or packet.number != number_of_last(packet, packets):
                number += 1
            yield renumbered(packet, number)


def number_of_last(packet: Packet, packets: Sequence[Packet]) -> int:
    """Return the packet's number if it is the second of two rivals, else 0."""
    first = next(one for one in packets if one.rival == packet.rival)
    return packet.number if first is not packet else 0


def renumbered(packet: Packet, number: int) -> Packet:
    """Return the packet under another number; of two rivals with one number, still rivals."""
    header, mark, body = packet.data.partition(BODY)
    old = str(1_000_000 + packet.number).encode()
    data = header.replace(old, str(number).encode()) + mark + body
    rival = f"rival {number}" if packet.rival else ""
    return replace(packet, number=number, data=data, rival=rival)
