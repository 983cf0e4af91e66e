"""What an entry of an inbox topic holds when the stored bytes are no longer those that were judged."""

import hashlib
from datetime import UTC, datetime

import pytest

from axis import metrics
from axis.bridge.publishing import Pump, Sources
from axis.content.store import ContentStore
from axis.contract.doors import decode_conn_inbox
from axis.contract.schemas import NEWEST, Schemas
from axis.store.doors import Unpublished
from axis.store.inbox import Delivered

SCHEMAS = Schemas(ids={"conn-inbox.v1": 1}, writers={1: ("conn-inbox", NEWEST["conn-inbox"].parsed)})
JUDGED, WHOLE = b"<a>letter</a>", b"<a><t/>letter</a>"
STATUS = b"<status/>"


class Memory:
    """One entry that the broker does not have, and whether it has it in the end."""

    def __init__(self, kind):
        self.entry = Unpublished(
            entry_id=7, connection="dms", kind=kind, subject="s", packet_id="p", recipients=("H37",),
            priority=0, created_at=datetime(2026, 11, 28, tzinfo=UTC), stale=False, agency="G12",
            document_id="d", number="1", notation="VP", type_name="Công văn", title="t",
            issued_on="2026-11-28",
        )  # fmt: skip
        self.done = []

    async def unpublished(self, _blocked, _limit):
        return [self.entry]

    async def published(self, done):
        self.done += done


async def inbox_record(root, kind, stored, *, removed=None):
    """Publish one entry whose file holds other bytes than it did; return the record and the file's name.

    Stored as None it is lost; removed says why, where it went on purpose.
    """
    content, memory, gone = ContentStore(root), Memory(kind), []
    sha256 = content.put(JUDGED if kind == "document" else STATUS)
    content.path(sha256).unlink()
    if stored is not None:
        content.path(sha256).write_bytes(stored)

    async def delivered(_packet):
        return Delivered(
            sha256=sha256, size=len(JUDGED), splice_offset=3, splice=b"<t/>",
            delivered_sha256=hashlib.sha256(WHOLE).hexdigest(),
        )  # fmt: skip

    async def status_digest(_ack):
        return sha256

    async def why_removed(_sha256):
        return removed

    async def publish(rows):
        gone.extend(rows)

    sources = Sources(
        delivered=delivered, status_digest=status_digest, receipt=None, why_removed=why_removed
    )
    pump = Pump(memory, sources, content, SCHEMAS, publish, published=lambda: None)
    assert await pump.step() == 1
    assert memory.done == [7], "it stands in nobody's way"
    return decode_conn_inbox(gone[0].value, SCHEMAS), sha256


@pytest.mark.parametrize("kind", ["document", "status"])
async def test_what_is_as_it_was_judged_rides_inside(tmp_path, kind):
    """The record's digest is that of its content."""
    record, _ = await inbox_record(tmp_path, kind, JUDGED if kind == "document" else STATUS)
    assert record.content == (WHOLE if kind == "document" else STATUS)
    assert record.sha256 == hashlib.sha256(record.content).hexdigest()


@pytest.mark.parametrize(
    ("kind", "stored"),
    [
        pytest.param("document", JUDGED.replace(b"l", b"L"), id="document-altered"),
        pytest.param("document", JUDGED[:2], id="document-ends-before-the-splice"),
        pytest.param("document", None, id="document-lost"),
        pytest.param("status", STATUS.replace(b"s", b"S"), id="status-altered"),
        pytest.param("status", None, id="status-lost"),
    ],
)
async def test_altered_or_lost_content_goes_to_nobody(tmp_path, caplog, kind, stored):
    """The entry goes out under the digest that was judged and without bytes; it is told and counted once."""
    before = metrics.CONTENT_DAMAGED._value.get()
    record, sha256 = await inbox_record(tmp_path, kind, stored)
    assert record.content is None
    assert record.sha256 == (hashlib.sha256(WHOLE).hexdigest() if kind == "document" else sha256)
    assert metrics.CONTENT_DAMAGED._value.get() == before + 1
    [line] = [one for one in caplog.records if one.levelname == "CRITICAL"]
    assert (line.packet_id, line.sha256, line.exc_info) == ("p", sha256, None)


async def test_content_that_is_gone_on_purpose_is_no_damage(tmp_path, caplog):
    """What retention or an incident took goes out without bytes too, and alarms nobody. Rule T12."""
    before = metrics.CONTENT_DAMAGED._value.get()
    record, _ = await inbox_record(tmp_path, "document", None, removed="retention")
    assert record.content is None
    assert record.sha256 == hashlib.sha256(WHOLE).hexdigest()
    assert metrics.CONTENT_DAMAGED._value.get() == before
    assert not [one for one in caplog.records if one.levelname == "CRITICAL"]
