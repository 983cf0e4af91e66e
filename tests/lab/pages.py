"""The pages of people over a real database: one house of clerks, with a desk whose broker is the test."""

import asyncio
import contextlib
import io
from datetime import date
from functools import partial

import httpx
import msgspec
from argon2 import PasswordHasher

from axis.console.app import build_app
from axis.console.live import Live
from axis.console.parts import Parts
from axis.console.passwords import Passwords
from axis.desk.desk import Desk
from axis.document import Document
from axis.edxml.attachments import AttachmentSink
from axis.edxml.reader import read_packet
from axis.edxml.writer import PacketFile, build_packet
from axis.envelope import Envelope, Organ, SignerInfo
from axis.register import searchable
from axis.reports import FileKind, FileReport, GateReport
from axis.store.accounts import add_account
from axis.store.connections import add_connection
from axis.store.hearing import newest_event, open_packets
from axis.store.papers import seen_by
from tests.lab.office import Quarters

PASSWORD = "mat-khau-cua-toi"
AGENCIES = {
    "H37": ("UBND tỉnh Lạng Sơn", "province", "lang-son"),
    "H37.T39": ("UBND xã Tự Kết Nối", "commune", "lang-son"),
    "G22": ("Văn phòng Chính phủ", "central", "vpcp"),
    "G12": ("Bộ Tài chính", "central", "btc"),
    "G09": ("Bộ Nội vụ", "central", "bnv"),
}
PEOPLE = {
    "lan": ("clerk", "H37"),
    "xa": ("clerk", "H37.T39"),
    "minh": ("clerk", "G22"),
    "hoa": ("clerk", "G22"),
    "tai": ("clerk", "G12"),
    "noi": ("clerk", "G09"),
    "vanhanh": ("operations", ""),
    "kiemtoan": ("auditor", ""),
}
"""Account → role, agency. `xa` shares her connection with `lan`; `noi` has nothing to do with anything."""

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


class House(Quarters):
    """Everything behind the pages; the test lets each move happen."""

    def __init__(self, pool, url, root):
        super().__init__(pool, url, root)
        self.desk = Desk(self.office)
        self.live = Live(partial(seen_by, pool), partial(newest_event, pool), partial(open_packets, pool))
        self.parts = Parts(
            pool=pool,
            desk=self.desk,
            content=self.content,
            policy=self.office.policy,
            live=self.live,
            passwords=Passwords(CHEAP),
            now=self.now,
            anchors=(),
        )
        self.app = build_app(self.parts)
        self.count = 0

    @contextlib.asynccontextmanager
    async def open(self):
        """Furnish the house: agencies, connections, people."""
        async with self.pool.acquire() as conn, conn.transaction():
            await conn.executemany(
                """INSERT INTO agency (code, name, level, valid_from, search)
                   VALUES ($1, $2, $3, '2020-01-01', $4)""",
                [(code, name, level, searchable(name)) for code, (name, level, _) in AGENCIES.items()],
            )
            for connection in sorted({one for _, _, one in AGENCIES.values()}):
                codes = [code for code, (_, _, one) in AGENCIES.items() if one == connection]
                await add_connection(conn, connection, codes, at=self.now())
            hashed = CHEAP.hash(PASSWORD)
            for name, (role, agency) in PEOPLE.items():
                await add_account(conn, name, role=role, agency=agency, password=hashed, at=self.now())
        tasks = [asyncio.create_task(self.courier.run()), asyncio.create_task(self.live.run())]
        tasks.append(asyncio.create_task(self.live.watch()))
        try:
            async with self.bell:
                with self.bell.overhearing(self.live.hear):
                    yield self
        finally:
            for task in tasks:
                task.cancel()

    def browser(self):
        """Return a client without a session."""
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        return httpx.AsyncClient(transport=transport, base_url="https://axis.test")

    async def enter(self, name, password=PASSWORD):
        """Return a client that is signed in."""
        client = self.browser()
        answer = await sign_in(client, name, password)
        assert answer.status_code == 303, answer.text
        return client

    async def send(self, *, sender="H37", to=("G22",), subject="Về việc báo cáo quý III", **more):
        """Take a packet; return its id."""
        self.count += 1
        number = more.pop("number", str(1200 + self.count))
        envelope = Envelope(
            sender=Organ(code=sender, name=AGENCIES[sender][0]),
            recipients=tuple(Organ(code=code, name=AGENCIES[code][0]) for code in to),
            document_id=f"{sender},2026/11/20,{number}/UBND-VP",
            number=number,
            notation="UBND-VP",
            place="Lạng Sơn",
            issued_on=date(2026, 11, 20),
            type_group=2,
            type_detail=7,
            type_name="Công văn",
            subject=subject,
            signer=SignerInfo(position="Chủ tịch", full_name="Người Ký Thử"),
            priority=more.pop("priority", 0),
        )
        files = more.pop("files", {"công văn.pdf": PDF})
        data = b"".join(
            build_packet(
                envelope,
                [PacketFile(name=name, open=partial(io.BytesIO, body)) for name, body in files.items()],
                sent_at=self.now(),
            )
        )
        sha256 = await asyncio.to_thread(self.content.put, data)
        connection = more.pop("connection", AGENCIES[sender][2])
        intake = await self.desk.take(
            connection=connection, sha256=sha256, size=len(data), door="rest", envelope=envelope
        )
        return intake.packet_id

    async def judge(self, packet_id, *violations):
        """Record what the judges would: an acceptance and its deliveries, or a refusal."""
        row = (await self.ledger.intakes([packet_id]))[packet_id]
        with self.content.open(row.intake.sha256) as stream, AttachmentSink() as sink:
            reading = read_packet(stream, self.office.policy.limits, sink)
            files = tuple(
                FileReport(
                    content_id=one.content_id,
                    name=one.name,
                    kind=FileKind.PDF if one.name.endswith(".pdf") else FileKind.OTHER,
                    size=one.size,
                    sha256=one.sha256(),
                )
                for one in reading.attachments
            )
        envelope = reading.envelope
        report = GateReport(envelope=envelope, files=files, splice_offset=reading.splice_offset)
        document = Document(
            packet_id=packet_id,
            agency=envelope.sender.code,
            document_id=envelope.document_id,
            number=envelope.number,
            notation=envelope.notation,
            type_name=envelope.type_name,
            subject=envelope.subject,
            issued_on=envelope.issued_on,
            due_on=None,
            priority=envelope.priority,
            accepted_at=self.now(),
            splice_offset=reading.splice_offset,
            splice=b"<edXML:TraceHeader/>",
        )
        to = tuple(one.code for one in envelope.recipients)
        await self.rule(
            packet_id, document, to, violations=violations, report=msgspec.json.encode(report)
        )

    async def deliver(self, **what):
        """Send and accept; return the packet's id."""
        packet_id = await self.send(**what)
        await self.judge(packet_id)
        return packet_id

    async def state(self, packet_id, recipient):
        """Return the state of a delivery."""
        return await self.pool.fetchval(
            "SELECT state FROM delivery WHERE packet_id = $1 AND recipient = $2", packet_id, recipient
        )


async def sign_in(client, name, password):
    """Fill in the login form as a browser does."""
    csrf = field((await client.get("/login")).text, "csrf")
    return await client.post("/login", data={"csrf": csrf, "name": name, "password": password})


def field(page, name):
    """Return the value of a hidden field of a page."""
    return page.partition(f'name="{name}" value="')[2].partition('"')[0]


async def act(client, packet_id, code, **fields):
    """Open the form of an act and send it."""
    return await send_act(client, packet_id, code, await open_act(client, packet_id, code), **fields)


async def open_act(client, packet_id, code):
    """Open the form of an act."""
    page = await client.get(f"/documents/{packet_id}/act/{code}")
    assert page.status_code == 200, page.text
    return page


async def send_act(client, packet_id, code, page, **fields):
    """Send a form that was opened."""
    given = {"csrf": field(page.text, "csrf"), "attempt": field(page.text, "attempt"), "note": "", **fields}
    return await client.post(f"/documents/{packet_id}/act/{code}", data=given)
