"""The gateway over one axis without broker and judges: the test lets each move happen."""

import asyncio
import hashlib
from datetime import date

import httpx
import pytest

from axis.client import AxisClient
from axis.document import Document
from axis.edxml.trace import spliced
from axis.evidence.receipts import verify_receipt
from axis.gateway.app import build_app
from axis.gateway.moves import RestDesk
from axis.gateway.parts import Memory, Parts
from axis.register import searchable
from axis.reports import Part
from axis.store.connections import add_connection
from axis.store.pool import open_pool
from tests.lab.office import Quarters

AGENCIES = [
    ("H37", "000.00.00.H37", "UBND tỉnh Lạng Sơn", "province"),
    ("G22", "000.00.00.G22", "Văn phòng Chính phủ", "central"),
    ("G12", "", "Bộ Tài chính", "central"),
]
DOCUMENT_ID = "H37,2026/11/20,1205/UBND-VP"
SPLICE = b"<edXML:TraceHeader/>"


class Axis(Quarters):
    """One axis without broker and judges: the test lets each move happen."""

    def __init__(self, pool, url, root):
        super().__init__(pool, url, root)
        self.parts = Parts(
            desk=RestDesk(self.office),
            memory=Memory(pool),
            content=self.content,
            bell=self.bell,
            policy=self.office.policy,
            now=self.now,
            free_bytes_limit=0,
        )
        self.app = build_app(self.parts)

    async def client(self, name, *agencies, **limits):
        """Register a connection; return its client."""
        async with self.pool.acquire() as conn, conn.transaction():
            made = await add_connection(conn, name, agencies, at=self.now(), **limits)
        return self.client_of(made)

    def client_of(self, credentials, **more):
        """Return a client with these credentials."""
        transport = httpx.ASGITransport(self.app)
        return AxisClient(
            "https://axis.test", credentials.client_id, credentials.secret, transport=transport, **more
        )

    async def admit(self, sent, *violations, recipients=("G22",)):
        """Record what the judges would: an acceptance, or a refusal with these reasons."""
        document = Document(
            packet_id=sent.packet_id,
            agency="H37",
            document_id=DOCUMENT_ID,
            number="1205",
            notation="UBND-VP",
            type_name="Công văn",
            subject="V/v báo cáo",
            issued_on=date(2026, 11, 20),
            due_on=None,
            priority=2,
            accepted_at=self.now(),
            splice_offset=20,
            splice=SPLICE,
        )
        await self.rule(
            sent.packet_id,
            document,
            recipients,
            violations=violations,
            parts={"trust": Part(outcome="accepted")},
            delivered_sha256="" if violations else self.delivered(sent.sha256)[1],
        )

    def delivered(self, sha256):
        """Return the delivered packet and its digest."""
        with self.content.open(sha256) as stream:
            whole = b"".join(spliced(stream, 20, SPLICE))
        return whole, hashlib.sha256(whole).hexdigest()


def see_through(data, signature):
    assert signature == b"sealed:" + data


@pytest.fixture
async def axis(pg_url, tmp_path):
    pool = await open_pool(pg_url, size=6)
    await pool.executemany(
        """INSERT INTO agency (code, code102, name, level, valid_from, search)
           VALUES ($1, $2, $3, $4, '2020-01-01', $5)""",
        [(*agency, searchable(agency[2])) for agency in AGENCIES],
    )
    made = Axis(pool, pg_url, tmp_path / "content")
    carrying = asyncio.create_task(made.courier.run())
    async with made.bell:
        yield made
    carrying.cancel()
    await pool.close()


@pytest.fixture
async def sender(axis):
    async with await axis.client("lang-son", "H37") as client:
        client._verify = lambda data: verify_receipt(data, see_through)
        yield client


@pytest.fixture
async def recipient(axis):
    async with await axis.client("vpcp", "G22") as client:
        yield client
