"""The client against the real gateway application: what one says the other understands."""

import hashlib
from datetime import timedelta

import httpx
import msgspec
import pytest

from axis import client as library
from axis.client import AxisClient, AxisRefusedError, DamagedError, NotYetError, UnreachableError
from axis.client import wire as wire_module
from axis.client.failures import Problem
from axis.document import Intake
from axis.edxml.status import read_status
from axis.errors import SetupError
from axis.gateway import answers
from axis.gateway.problems import problem
from axis.store import inbox
from axis.store.inbox import Delivered, Entry, Reported
from axis.store.views import PacketView, ReceiptLine, ReceiptParts
from axis.violations import Code, Violation
from tests.unit.gateway.conftest import NOON

PACKET = "b" * 32
EVENT = "e" * 32


def entry(kind="document", number=7):
    return Entry(
        entry_id=number,
        kind=kind,
        subject=PACKET if kind == "document" else EVENT,
        packet_id=PACKET,
        recipients=("G22",),
        priority=0,
        created_at=NOON,
        marked_at=None,
    )


def sealed(event_id=EVENT):
    return ReceiptParts(
        event_id=event_id,
        kind="SubmissionAcceptance",
        at=NOON,
        body=b'{"event_id":"e"}',
        sealed_at=NOON,
        leaf_index=0,
        proof=b"",
        checkpoint=b'{"format":"axis.checkpoint.v1","root":"00","sealed_at":"x","tree_size":1}',
        signature=b"cms",
    )


async def test_sends_a_packet_from_a_path_and_tells_how_far_it_is(client, gateway, make_packet, tmp_path):
    """The bytes on disk are the bytes that were taken; progress ends at the size."""
    data = make_packet(700_000)
    path = tmp_path / "goi.edxml"
    path.write_bytes(data)
    told = []
    sent = await client.send_packet(path, progress=lambda gone, size: told.append((gone, size)))
    assert sent.sha256 == hashlib.sha256(data).hexdigest()
    assert gateway.content.path(sent.sha256).read_bytes() == data
    assert told[-1] == (len(data), len(data))
    assert (await client.send_packet(data)).packet_id == sent.packet_id


async def test_sends_a_document_once(client, gateway, tmp_path):
    """The same document sent twice is one document, without the caller naming a key."""
    pdf = tmp_path / "cong-van.pdf"
    pdf.write_bytes(b"%PDF-1.7 body")
    metadata = {
        "sender": "H37",
        "recipients": ["G22"],
        "number": "1",
        "notation": "A",
        "place": "Lạng Sơn",
        "issued_on": "2026-11-20",
        "type_name": "Công văn",
        "subject": "V/v",
    }
    first = await client.send_document(metadata, [pdf, ("phu-luc.txt", b"text")])
    gateway.now += timedelta(minutes=5)
    assert (await client.send_document(metadata, [pdf, ("phu-luc.txt", b"text")])) == first
    assert (await client.send_document({**metadata, "number": "2"}, [pdf])).packet_id != first.packet_id


async def test_a_refusal_carries_code_rule_and_both_languages(client, make_packet):
    """The published code is what a program branches on; the words are for the clerk."""
    with pytest.raises(AxisRefusedError) as refused:
        await client.send_packet(make_packet(subject="MẬT"))
    assert (refused.value.code, refused.value.rule, refused.value.status) == ("secrecy.marked", "T10", 422)
    assert "độ mật" in refused.value.vi
    assert "state-secret" in refused.value.en
    assert refused.value.reasons[0].code == "secrecy.marked"


async def test_wrong_credentials_are_said_at_once(gateway):
    """No use in trying again with them."""
    transport = httpx.ASGITransport(gateway.app)
    async with AxisClient("https://axis.test", "dms-1", "wrong", transport=transport) as client:
        with pytest.raises(AxisRefusedError) as refused:
            await client.whoami()
    assert refused.value.code == "take.unauthenticated"


def test_an_address_that_is_none_is_said_at_once():
    """No minute of patience for a typing error."""
    with pytest.raises(SetupError, match="https://"):
        AxisClient("127.0.0.1:8443", "id", "secret")


async def test_one_token_serves_many_requests_and_a_lost_one_is_renewed(client, gateway):
    """A token is asked for when there is none, or when the axis does not know it any more."""
    gateway.memory.agencies_of = _none
    for _ in range(3):
        await client.whoami()
    issued = len(gateway.memory.tokens)
    gateway.memory.tokens.clear()
    gateway.app.state.bearers._seen.clear()
    assert (await client.whoami()).connection == "dms"
    assert issued == 2  # the fixture's own and one of the client's


async def _none(connection):
    return ()


async def test_waits_for_a_receipt_and_lets_the_verifier_speak(client, gateway):
    """Of several receipts the newest sealed one of the kind; what the verifier raises comes through."""
    gateway.memory.lines = [
        ReceiptLine(event_id="d" * 32, kind="SubmissionRejection", at=NOON, sealed_at=NOON),
        ReceiptLine(event_id=EVENT, kind="SubmissionAcceptance", at=NOON, sealed_at=NOON),
        ReceiptLine(event_id="c" * 32, kind="ContentHandover", at=NOON, sealed_at=None),
    ]
    gateway.memory.receipt_parts[EVENT, "dms"] = sealed()
    seen = []
    client._verify = seen.append
    receipt = await client.wait_for_receipt(PACKET, timeout=1)
    assert (receipt.event_id, receipt.kind) == (EVENT, "SubmissionAcceptance")
    assert seen == [receipt.data]
    assert receipt.data == await client.receipt(EVENT)
    with pytest.raises(NotYetError):
        await client.wait_for_receipt(PACKET, "ContentHandover", timeout=0.1)
    assert [line.state for line in await client.receipts(PACKET)] == ["sealed", "sealed", "sealing"]


async def test_waits_at_a_gateway_of_the_version_before_too(gateway):
    """It has no route for the newest receipt: the list is asked; a packet it does not know stays unknown."""
    now = httpx.ASGITransport(gateway.app)

    async def before(request):
        asked.append(request.url.path)
        if request.url.path.endswith("/receipt"):
            request.url = request.url.copy_with(path="/v1/no-such-route")
        return await now.handle_async_request(request)

    asked, seen = [], []
    gateway.memory.lines = [
        ReceiptLine(event_id=EVENT, kind="SubmissionAcceptance", at=NOON, sealed_at=NOON),
        ReceiptLine(event_id="c" * 32, kind="ContentHandover", at=NOON, sealed_at=None),
    ]
    gateway.memory.receipt_parts[EVENT, "dms"] = sealed()
    transport = httpx.MockTransport(before)
    async with AxisClient(
        "https://axis.test", "dms-1", "s3cret:ü%", transport=transport, verify=seen.append
    ) as client:
        receipt = await client.wait_for_receipt(PACKET, timeout=1)
        assert (receipt.event_id, receipt.kind, receipt.at) == (EVENT, "SubmissionAcceptance", NOON)
        assert seen == [receipt.data]
        with pytest.raises(NotYetError):
            await client.wait_for_receipt(PACKET, "ContentHandover", timeout=0.1)
        gateway.memory.lines = []
        with pytest.raises(AxisRefusedError) as unknown:
            await client.wait_for_receipt("f" * 32, timeout=1)
    assert unknown.value.code == "take.not-found"
    ways = [path.removeprefix("/v1/") for path in asked if path != "/v1/token"]
    assert ways[:3] == [f"packets/{PACKET}/receipt", f"packets/{PACKET}/receipts", f"receipts/{EVENT}"]


async def test_many_entries_are_marked_in_as_few_requests(client, gateway):
    """More than one request carries: in parts; what the mailbox does not have is left out of the answer."""
    for number in range(1, 1003):
        gateway.memory.mailbox["dms", number] = entry("receipt", number)
    assert await client.mark_many([*range(1, 1003), 5000]) == list(range(1, 1003))
    assert len(gateway.memory.marked) == 1002


async def test_fetches_what_the_axis_delivers(client, gateway, tmp_path):
    """The file is the stored packet with the splice in it; nothing half-written stays."""
    stored = b"<a>" + b"x" * 300_000 + b"</a>"
    whole = b"<a><t/>" + stored[3:]
    gateway.memory.mailbox["dms", 7] = entry()
    gateway.memory.delivered_as = Delivered(
        sha256=gateway.content.put(stored),
        size=len(stored),
        splice_offset=3,
        splice=b"<t/>",
        delivered_sha256=hashlib.sha256(whole).hexdigest(),
    )
    [listed] = await client.inbox("document")
    path = await client.fetch(listed, tmp_path / "den")
    assert path.read_bytes() == whole
    assert [p.name for p in path.parent.iterdir()] == [f"document-{PACKET}.edxml"]
    assert gateway.desk.fetches == [("dms", PACKET)]
    await client.mark(listed)
    assert gateway.memory.marked == [("dms", 7, NOON)]


class Altering(httpx.ASGITransport):
    """A way on which the last byte of everything becomes another."""

    async def handle_async_request(self, request):
        answer = await super().handle_async_request(request)
        data = await answer.aread()
        altered = data[:-1] + b"?" if request.url.path.endswith("/content") else data
        return httpx.Response(answer.status_code, headers=answer.headers, stream=httpx.ByteStream(altered))


async def test_damaged_bytes_are_not_kept(client, gateway, tmp_path):
    """A file that is not what the axis sent never gets its name."""
    gateway.memory.mailbox["dms", 7] = entry()
    gateway.memory.delivered_as = Delivered(
        sha256=gateway.content.put(b"content"),
        size=7,
        splice_offset=1,
        splice=b"+",
        delivered_sha256=hashlib.sha256(b"c+ontent").hexdigest(),
    )
    client._wire._http._transport = Altering(gateway.app)
    with pytest.raises(DamagedError):
        await client.fetch(7, tmp_path / "den")
    assert list((tmp_path / "den").iterdir()) == []
    with pytest.raises(DamagedError):
        await client.content(7)


async def test_answers_with_a_status_packet_that_says_what_was_meant(client, gateway):
    """JSON in, edXML at the desk."""
    gateway.memory.reported_as = Reported(
        recipient="G22",
        recipient_name="Văn phòng Chính phủ",
        agency="H37",
        document_id="H37,2026/11/20,1205/UBND-VP",
        number="1205",
        notation="UBND-VP",
        issued_on="2026/11/20",
    )
    assert await client.answer(PACKET, "G22", "02", "Không thuộc thẩm quyền") == "a" * 32
    [(connection, data, organ, document_id)] = gateway.desk.statuses
    status, violations = read_status(data, gateway.parts.policy.limits)
    assert violations == ()
    assert (connection, organ, document_id) == ("dms", "H37", "H37,2026/11/20,1205/UBND-VP")
    assert (status.code, status.description, status.sender.code) == ("02", "Không thuộc thẩm quyền", "G22")
    assert await client.send_status(data) == "a" * 32
    assert gateway.desk.statuses[1][1] == data


async def test_asks_where_a_packet_is(client, gateway):
    """The whole state, decoded."""
    intake = Intake(
        packet_id=PACKET, connection="dms", sha256="0" * 64, size=1, received_at=NOON, door="rest"
    )
    gateway.memory.packets[PACKET] = PacketView(intake=intake)
    status = await client.status(PACKET)
    assert (status.state, status.recipients, status.decision) == ("taken", (), None)
    with pytest.raises(AxisRefusedError) as refused:
        await client.status("0" * 32)
    assert refused.value.code == "take.not-found"


PAIRS = [(library.Sent, answers.Taken), (library.Entry, inbox.Entry)]


@pytest.mark.parametrize(("ours", "theirs"), PAIRS, ids=lambda kind: kind.__name__)
def test_every_field_the_client_reads_is_one_the_gateway_writes(ours, theirs):
    """The two rooms know nothing of each other; this test does."""
    assert set(ours.__struct_fields__) <= set(theirs.__struct_fields__)


class Script(httpx.AsyncBaseTransport):
    """Answers from a list; what is no response is raised."""

    def __init__(self, *steps):
        self.steps = list(steps)
        self.seen = []

    async def handle_async_request(self, request):
        body = b"".join([piece async for piece in request.stream])
        self.seen.append((request.method, request.url.path, body))
        if request.url.path == "/v1/token":
            return httpx.Response(200, json={"access_token": "t", "token_type": "Bearer", "expires_in": 3600})
        step = self.steps.pop(0)
        if isinstance(step, Exception):
            raise step
        return step


TAKEN = {
    "packet_id": PACKET,
    "sha256": "0" * 64,
    "size": 3,
    "received_at": "2026-11-20T05:00:00Z",
    "state": "taken",
    "new_field_of_a_newer_axis": 1,
}


async def test_comes_back_when_it_is_asked_to(monkeypatch):
    """429, 503, 507, a lost connection: the same bytes again, no sooner than Retry-After says."""
    slept = []

    async def sleep(seconds):
        slept.append(seconds)

    monkeypatch.setattr(wire_module.asyncio, "sleep", sleep)
    script = Script(
        httpx.Response(429, headers={"Retry-After": "3"}, json={"code": "take.rate-exceeded"}),
        httpx.Response(429, headers={"Retry-After": "2"}, json={"code": "take.too-many-open"}),
        httpx.Response(507, json={}),
        httpx.ReadError("reset"),
        httpx.Response(503, text="<html>a proxy</html>"),
        httpx.Response(202, json=TAKEN),
    )
    async with AxisClient("https://axis.test", "id", "secret", transport=script) as client:
        assert (await client.send_packet(b"abc")).packet_id == PACKET
    assert [body for _, path, body in script.seen if path == "/v1/packets"] == [b"abc"] * 6
    assert 3.0 <= slept[0] <= 4.5
    assert 2.0 <= slept[1] <= 3.0
    assert len(slept) == 5


async def test_who_is_told_when_to_come_comes_then(monkeypatch):
    """However often there was no place: the pause does not grow, or places would stay empty."""
    slept = []

    async def sleep(seconds):
        slept.append(seconds)

    monkeypatch.setattr(wire_module.asyncio, "sleep", sleep)
    full = httpx.Response(429, headers={"Retry-After": "1"}, json={"code": "take.too-many-open"})
    script = Script(*[full] * 20, httpx.Response(202, json=TAKEN))
    async with AxisClient("https://axis.test", "id", "secret", transport=script) as client:
        assert (await client.send_packet(b"abc")).packet_id == PACKET
    assert len(slept) == 20
    assert all(1.0 <= seconds <= 1.5 for seconds in slept)


async def test_gives_up_after_its_patience():
    """An axis that stays away is an error of its own, with the reason as its cause."""
    script = Script(*[httpx.ConnectError("no route")] * 9)
    async with AxisClient("https://axis.test", "id", "secret", patience=0.2, transport=script) as client:
        with pytest.raises(UnreachableError) as away:
            await client.send_packet(b"abc")
    assert isinstance(away.value.__cause__, httpx.ConnectError)


async def test_does_not_repeat_what_is_refused():
    """The sender's fault is told once and not asked again."""
    script = Script(httpx.Response(422, json={"code": "secrecy.marked"}))
    async with AxisClient("https://axis.test", "id", "secret", transport=script) as client:
        with pytest.raises(AxisRefusedError):
            await client.send_packet(b"abc")
    assert len(script.seen) == 2


def test_problem_details_of_every_code_are_understood():
    """Whatever the gateway says no with, the client can name."""
    for code in Code:
        answer = problem(Violation(code, "", "detail"))
        told = msgspec.json.decode(answer.body, type=Problem)
        assert (told.code, bool(told.title), bool(told.title_en)) == (code, True, True)
