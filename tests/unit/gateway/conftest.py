"""A gateway whose desk and memory are scripts; content store, policy and edXML are the real ones."""

import asyncio
from datetime import UTC, date, datetime, timedelta

import httpx
import msgspec
import pytest

from axis.checks.policy import load_policy
from axis.content.store import ContentStore
from axis.desk.share import Share
from axis.document import Intake, packet_id
from axis.edxml.writer import PacketFile, build_packet
from axis.envelope import Envelope, Organ, SignerInfo
from axis.gateway.app import build_app
from axis.gateway.parts import Parts
from axis.store.bell import Bell
from axis.store.tokens import Caller, Token
from axis.store.views import ReceiptParts

NOON = datetime(2026, 11, 20, 5, 0, tzinfo=UTC)
PLACES = 10
"""Of each connection, for what is not judged."""

LIMITS = {"bytes_per_second": 10_000_000, "requests_per_second": 1000, "max_packet_bytes": 2_000_000}


class ScriptedDesk:
    """Remembers what it was asked to take."""

    def __init__(self):
        self.taken = {}
        self.keys = {}
        self.statuses = []
        self.fetches = []
        self.full = None
        self.fault = None
        self.looks = 0
        self.open = {}
        self.share = Share(self.count, PLACES)
        self.unrecorded = {}
        self.status_share = Share(self.count_statuses, PLACES)

    async def count_statuses(self, connection, most):
        return self.unrecorded.get(connection, 0)

    async def count(self, connection, most):
        return self.open.get(connection, 0)

    async def take(self, *, connection, sha256, size, door, envelope, idempotency):
        if self.fault:
            raise self.fault
        name = packet_id(connection, sha256)
        if idempotency:
            self.keys[connection, idempotency[0]] = (idempotency[1], name)
        return self.taken.setdefault(
            name,
            Intake(
                packet_id=name,
                connection=connection,
                sha256=sha256,
                size=size,
                received_at=NOON,
                door=door,
                priority=envelope.priority if envelope else 0,
            ),
        )

    async def take_status(self, *, connection, data, organ_code, document_id):
        self.statuses.append((connection, data, organ_code, document_id))
        return "a" * 32

    async def fetched(self, *, connection, packet_id):
        self.fetches.append((connection, packet_id))

    async def room(self):
        self.looks += 1
        return self.full


class ScriptedMemory:
    """Answers what the test put in; counts how often a token was looked up."""

    def __init__(self, desk):
        self.desk = desk
        self.tokens = {}
        self.looked_up = 0
        self.packets = {}
        self.lines = []
        self.receipt_parts = {}
        self.mailbox = {}
        self.delivered_as = None
        self.removed = {}
        self.digest = None
        self.marked = []
        self.reported_as = None
        self.fault = None

    async def issue_token(self, client_id, secret, *, at):
        if (client_id, secret) != ("dms-1", "s3cret:ü%"):
            return None
        token = Token(text=f"token-{len(self.tokens)}", expires_at=at + timedelta(hours=1))
        self.tokens[token.text] = Caller(connection="dms", expires_at=token.expires_at, **LIMITS)
        return token

    async def find_bearer(self, token, *, at):
        self.looked_up += 1
        if self.fault:
            raise self.fault
        return self.tokens.get(token)

    async def packet(self, name, connection):
        view = self.packets.get(name)
        return view if view and view.intake.connection == connection else None

    async def recipients(self, name):
        return ()

    async def receipts(self, name, connection):
        return tuple(self.lines) if connection == "dms" else ()

    async def outcome(self, name, connection):
        view = await self.packet(name, connection)
        return view and view.intake.state, await self.receipts(name, connection)

    async def newest(self, name, connection, kinds):
        state, lines = await self.outcome(name, connection)
        found = [line for line in lines if kinds is None or line.kind in kinds]
        if not found:
            return state is not None or bool(lines), state, None
        line, nothing = found[-1], dict.fromkeys(("leaf_index", "proof", "checkpoint", "signature"))
        told = {"event_id": line.event_id, "kind": line.kind, "at": line.at, "sealed_at": line.sealed_at}
        whole = self.receipt_parts.get((line.event_id, connection), ReceiptParts(body=b"", **told, **nothing))
        return True, state, msgspec.structs.replace(whole, **told)

    async def receipt(self, event_id, connection):
        return self.receipt_parts.get((event_id, connection))

    async def repeated(self, connection, key):
        found = self.desk.keys.get((connection, key))
        return found and (found[0], self.desk.taken[found[1]])

    async def entries(self, connection, *, kind, packet_id, limit):
        rows = [e for (owner, _), e in self.mailbox.items() if owner == connection and e.marked_at is None]
        return tuple(e for e in rows if not kind or e.kind == kind)[:limit]

    async def entry(self, connection, entry_id):
        return self.mailbox.get((connection, entry_id))

    async def delivered(self, name):
        return self.delivered_as

    async def why_removed(self, sha256):
        return self.removed.get(sha256)

    async def status_digest(self, ack_id):
        return self.digest

    async def mark(self, connection, entry_id, *, at):
        self.marked.append((connection, entry_id, at))
        return True

    async def reported(self, name, connection, recipient):
        return self.reported_as

    async def names(self, codes):
        return {"H37": "UBND tỉnh Lạng Sơn"}


class Gateway:
    """An application, its parts, and a client that holds a token."""

    def __init__(self, root):
        self.desk = ScriptedDesk()
        self.memory = ScriptedMemory(self.desk)
        self.content = ContentStore(root)
        self.root = root
        self.bell = Bell("", ())
        self.now = NOON
        self.parts = Parts(
            desk=self.desk,
            memory=self.memory,
            content=self.content,
            bell=self.bell,
            policy=load_policy(),
            now=lambda: self.now,
            free_bytes_limit=0,
        )
        self.app = build_app(self.parts)
        self.memory.tokens["good"] = Caller(connection="dms", expires_at=NOON + timedelta(hours=1), **LIMITS)
        self.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app),
            base_url="https://axis.test",
            headers={"Authorization": "Bearer good"},
        )

    def allow(self, **limits):
        """Change what the connection may do."""
        self.memory.tokens["good"] = msgspec.structs.replace(self.memory.tokens["good"], **limits)

    def left_behind(self):
        """Name every file of the content store, half-written ones too."""
        return sorted(str(p.relative_to(self.root)) for p in self.root.rglob("*") if p.is_file())


@pytest.fixture
async def gateway(tmp_path):
    made = Gateway(tmp_path)
    async with made.http:
        yield made


def envelope(**changes):
    """A good envelope with some fields changed."""
    values = {
        "sender": Organ(code="H37", name="UBND tỉnh Lạng Sơn"),
        "recipients": (Organ(code="G22", name="Văn phòng Chính phủ"),),
        "document_id": "H37,2026/11/20,1205/UBND-VP",
        "number": "1205",
        "notation": "UBND-VP",
        "place": "Lạng Sơn",
        "issued_on": date(2026, 11, 20),
        "type_group": 2,
        "type_detail": 18,
        "type_name": "Công văn",
        "subject": "V/v báo cáo",
        "signer": SignerInfo(competence="TM.", position="CHỦ TỊCH", full_name="Nguyễn Văn Mẫu"),
    }
    return Envelope(**{**values, **changes})


def packet(tmp_path, size=1000, **changes):
    """The bytes of a packet with one file."""
    file = tmp_path / "cong-van.pdf"
    file.write_bytes(b"%PDF-1.7\n" + b"x" * size)
    return b"".join(
        build_packet(
            envelope(**changes), [PacketFile(name=file.name, open=lambda: file.open("rb"))], sent_at=NOON
        )
    )


@pytest.fixture
def make_packet(tmp_path_factory):
    root = tmp_path_factory.mktemp("files")
    return lambda size=1000, **changes: packet(root, size, **changes)


async def asgi_post(app, headers, chunks, *, path="/v1/packets", gone=False):
    """Drive the application as a server does: chunk by chunk, perhaps with a client that goes away.

    Returns:
        Status (None: nothing was answered), headers and body, and how many chunks were asked for.
    """
    given = 0
    sent = []

    async def receive():
        nonlocal given
        if given < len(chunks):
            given += 1
            more = given < len(chunks) or gone
            return {"type": "http.request", "body": chunks[given - 1], "more_body": more}
        await asyncio.sleep(0)
        return {"type": "http.disconnect"}

    async def send(message):
        sent.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "https",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(k.encode(), v.encode()) for k, v in headers.items()],
        "client": ("127.0.0.1", 1),
        "server": ("axis.test", 443),
    }
    await app(scope, receive, send)
    return sent, given
