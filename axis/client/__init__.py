"""The library with which a document-management system speaks to the axis.

    with Axis("https://axis.example:8443", client_id, client_secret, ca="ca.pem") as axis:
        sent = axis.send_packet("cong-van.edxml")
        receipt = axis.wait_for_receipt(sent.packet_id)
        for entry in axis.inbox("document"):
            path = axis.fetch(entry, "den/")
            axis.answer(entry.packet_id, entry.recipients[0], "01")
            axis.mark(entry)

`AxisClient` is the same for asyncio, `axis.client.kafka.AxisKafkaClient` the same over Kafka (extra
``kafka``; ``Axis.over(AxisKafkaClient(told))`` is its blocking face). `axis.client.verifying.trusting` gives
what verifies receipts. Every call may be repeated without harm, and repeats itself while the axis asks to
come back later.
"""

from axis.answers import (
    Agency,
    Decision,
    Document,
    Handling,
    Overdue,
    PacketStatus,
    Reason,
    ReceiptLine,
    Recipient,
    SentLine,
    Waiting,
    Whoami,
)
from axis.client.answers import Entry, Receipt, Sent
from axis.client.blocking import Axis
from axis.client.client import AxisClient
from axis.client.failures import AxisRefusedError, DamagedError, NotYetError, UnreachableError
from axis.client.seen import Store

__all__ = [
    "Agency",
    "Axis",
    "AxisClient",
    "AxisRefusedError",
    "DamagedError",
    "Decision",
    "Document",
    "Entry",
    "Handling",
    "NotYetError",
    "Overdue",
    "PacketStatus",
    "Reason",
    "Receipt",
    "ReceiptLine",
    "Recipient",
    "Sent",
    "SentLine",
    "Store",
    "UnreachableError",
    "Waiting",
    "Whoami",
]
