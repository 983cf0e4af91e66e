"""What a client may see: packets, receipts, mailbox, statuses; and what it may not."""

import asyncio
import base64
import hashlib
import unicodedata
from datetime import datetime, timedelta

import msgspec
import pytest

from axis import metrics
from axis.answers import Document
from axis.document import Intake
from axis.edxml.status import read_status
from axis.evidence.receipts import receipt_bytes
from axis.reports import Outcome, Part
from axis.store.inbox import Delivered, Reported
from axis.store.views import (
    HandlingView,
    Judged,
    PacketView,
    ReceiptLine,
    RecipientView,
    Waiting,
)
from axis.violations import Code, Violation
from tests.unit.client.test_client import EVENT, PACKET, entry, sealed
from tests.unit.gateway.conftest import NOON

INTAKE = Intake(packet_id=PACKET, connection="dms", sha256="0" * 64, size=9, received_at=NOON, door="rest")


def judged(verdict, *violations):
    return Judged(
        verdict=verdict,
        decided_at=NOON,
        violations=violations,
        findings=(),
        parts={"trust": Part(outcome=Outcome.ACCEPTED)},
        rules_version="1",
        directory_version=3,
        trust_version="t",
        delivered_sha256="",
    )


def show(gateway, state, **more):
    intake = msgspec.structs.replace(INTAKE, state=state)
    gateway.memory.packets[PACKET] = PacketView(intake=intake, **more)


async def test_a_refused_packet_tells_every_reason_in_both_languages(gateway):
    """Code, rule, place, and words for the clerk and for the developer."""
    show(gateway, "answered", judged=judged("refused", Violation(Code.SEAL_MISSING, "files[0]", "no seal")))
    body = (await gateway.http.get(f"/v1/packets/{PACKET}")).json()
    assert body["state"] == "refused"
    assert body["decision"]["reasons"] == [
        {
            "code": "signers.seal-missing",
            "rule": "S2",
            "field": "files[0]",
            "vi": "Tệp thiếu chữ ký số của cơ quan.",
            "en": "A file lacks the agency's seal.",
            "detail": "no seal",
        }
    ]
    assert body["decision"]["parts"] == {"trust": "accepted"}


async def test_a_waiting_packet_tells_on_what_and_until_when(gateway):
    """Waiting has a name and a deadline."""
    waiting = Waiting(
        reason=Violation(Code.REVOCATION_UNAVAILABLE, "", "http://crl"),
        since=NOON,
        next_try_at=NOON,
        deadline=NOON + timedelta(days=1),
    )
    show(gateway, "waiting", waiting=waiting)
    body = (await gateway.http.get(f"/v1/packets/{PACKET}")).json()
    assert (body["state"], body["waiting"]["reason"]["rule"]) == ("waiting", "W1")
    assert body["waiting"]["deadline"] == "2026-11-21T05:00:00Z"


async def test_an_accepted_packet_tells_each_recipient_and_what_is_overdue(gateway):
    """One line per recipient with its history; overdue is judged now."""
    document = Document(
        agency="H37",
        document_id="x",
        number="1",
        notation="A",
        type_name="Công văn",
        subject="V/v",
        issued_on=NOON.date(),
        due_on=None,
    )
    recipient = RecipientView(
        delivery_id="d" * 32,
        code="G22",
        name="VPCP",
        level="central",
        state="consigned",
        consigned_at=NOON,
        fetched_at=None,
        answer_due_at=NOON,
        answered_at=None,
        history=(
            HandlingView(
                ack_id="a", code="99", description="", reported_at=None, recorded_at=NOON, findings=()
            ),
        ),
    )

    async def recipients(name):
        return (recipient,)

    gateway.memory.recipients = recipients
    gateway.memory.lines = [ReceiptLine(event_id=EVENT, kind="SubmissionAcceptance", at=NOON, sealed_at=None)]
    show(gateway, "answered", judged=judged("accepted"), document=document)
    body = (await gateway.http.get(f"/v1/packets/{PACKET}")).json()
    assert body["state"] == "accepted"
    [line] = body["recipients"]
    assert (line["code"], line["overdue"], line["history"][0]["code"]) == ("G22", True, "99")
    assert body["receipts"][0]["state"] == "sealing"
    assert body["receipts"][0]["href"] == f"/v1/receipts/{EVENT}"


@pytest.mark.parametrize(
    "path",
    [
        f"/v1/packets/{PACKET}",
        f"/v1/packets/{PACKET}/receipts",
        f"/v1/packets/{PACKET}/receipt",
        f"/v1/receipts/{EVENT}",
        "/v1/inbox/7/content",
    ],
)
async def test_what_belongs_to_another_connection_does_not_exist(gateway, path):
    """404, not 403: not even that it exists is told."""
    other = msgspec.structs.replace(INTAKE, connection="other")
    gateway.memory.packets[PACKET] = PacketView(intake=other)
    gateway.memory.receipt_parts[EVENT, "other"] = sealed()
    gateway.memory.mailbox["other", 7] = entry()
    answer = await gateway.http.get(path)
    assert (answer.status_code, answer.json()["code"]) == (404, "take.not-found")


async def test_a_repeated_packet_tells_how_it_ended(gateway):
    """200 and the verdict once there is one; 202 while there is none."""
    data = b"junk"
    name = (await gateway.http.post("/v1/packets", content=data)).json()["packet_id"]
    gateway.desk.taken[name] = msgspec.structs.replace(gateway.desk.taken[name], state="answered")
    gateway.memory.packets[name] = PacketView(intake=gateway.desk.taken[name], judged=judged("refused"))
    again = await gateway.http.post("/v1/packets", content=data)
    assert (again.status_code, again.json()["state"]) == (200, "refused")


async def test_a_receipt_has_the_same_bytes_for_ever(gateway):
    """What is sealed is what is served; before, 202 says to come again."""
    whole = sealed()
    gateway.memory.receipt_parts[EVENT, "dms"] = msgspec.structs.replace(
        whole, sealed_at=None, leaf_index=None, proof=None, checkpoint=None, signature=None
    )
    early = await gateway.http.get(f"/v1/receipts/{EVENT}")
    assert (early.status_code, early.json(), early.headers["Retry-After"]) == (202, {"state": "sealing"}, "1")
    gateway.memory.receipt_parts[EVENT, "dms"] = whole
    expected = receipt_bytes(
        body=whole.body,
        leaf_index=0,
        proof=b"",
        checkpoint=whole.checkpoint,
        signature=whole.signature,
    )
    for _ in range(2):
        assert (await gateway.http.get(f"/v1/receipts/{EVENT}")).content == expected


async def test_the_newest_receipt_of_a_packet_comes_in_one_request(gateway):
    """The bytes that its own address gives, with what it is; 202 until it is sealed, for other kinds too."""
    show(gateway, "answered", judged=judged("accepted"))
    gateway.memory.lines = [ReceiptLine(event_id=EVENT, kind="SubmissionAcceptance", at=NOON, sealed_at=None)]
    gateway.memory.receipt_parts[EVENT, "dms"] = sealed()
    path = f"/v1/packets/{PACKET}/receipt"
    early = await gateway.http.get(path)
    assert (early.status_code, early.json(), early.headers["Retry-After"]) == (202, {"state": "sealing"}, "1")
    gateway.memory.lines = [ReceiptLine(event_id=EVENT, kind="SubmissionAcceptance", at=NOON, sealed_at=NOON)]
    assert (await gateway.http.get(path, params={"kind": "ContentHandover"})).status_code == 202
    for more in ({}, {"wait": 5}, {"kind": ["SubmissionRejection", "SubmissionAcceptance"]}):
        found = await gateway.http.get(path, params=more)
        assert found.content == (await gateway.http.get(f"/v1/receipts/{EVENT}")).content
        assert (found.status_code, found.headers["ETag"]) == (200, f'"{EVENT}"')
        assert found.headers["Axis-Receipt-Kind"] == "SubmissionAcceptance"
        assert datetime.fromisoformat(found.headers["Axis-Receipt-At"]) == NOON
    show(gateway, "taken")
    assert (await gateway.http.get(path, params={"wait": 0.01})).status_code == 202


async def test_who_waits_is_woken_by_the_bell(gateway, monkeypatch):
    """A long poll ends when the thing happens, not when its time is up."""
    monkeypatch.setattr("axis.gateway.waiting.LOOK_SECONDS", 20.0)
    show(gateway, "taken")
    waiting = asyncio.create_task(gateway.http.get(f"/v1/packets/{PACKET}", params={"wait": 20}))
    await asyncio.sleep(0.05)
    assert not waiting.done()
    gateway.bell.ring("axis_mailbox", "other-connection x")
    show(gateway, "answered", judged=judged("accepted"))
    gateway.bell.ring("axis_mailbox", f"dms {PACKET}")
    assert (await asyncio.wait_for(waiting, 1)).json()["state"] == "accepted"


async def test_who_waits_in_vain_gets_what_there_is(gateway):
    """At the end of the time the answer is the state as it is."""
    show(gateway, "taken")
    answer = await gateway.http.get(f"/v1/packets/{PACKET}", params={"wait": 0.05})
    assert answer.json()["state"] == "taken"
    assert (await gateway.http.get("/v1/inbox", params={"wait": 0.05})).json() == []
    assert (await gateway.http.get("/v1/inbox", params={"wait": 31})).status_code == 400


async def test_a_delivery_is_the_stored_packet_with_one_splice(gateway):
    """Exact bytes, their digest in the header, and fetched only after the last of them."""
    stored = b"<a>" + b"x" * 2_000_000 + b"</a>"
    whole = b"<a><t/>" + stored[3:]
    sha256 = hashlib.sha256(whole).hexdigest()
    gateway.memory.mailbox["dms", 7] = entry()
    gateway.memory.delivered_as = Delivered(
        sha256=gateway.content.put(stored),
        size=len(stored),
        splice_offset=3,
        splice=b"<t/>",
        delivered_sha256=sha256,
    )
    async with gateway.http.stream("GET", "/v1/inbox/7/content") as answer:
        assert gateway.desk.fetches == [("dms", PACKET)] or answer.status_code == 200
        assert await answer.aread() == whole
    assert answer.headers["Content-Length"] == str(len(whole))
    assert answer.headers["ETag"] == f'"{sha256}"'
    digest = base64.b64encode(hashlib.sha256(whole).digest()).decode()
    assert answer.headers["Content-Digest"] == f"sha-256=:{digest}:"
    assert gateway.desk.fetches == [("dms", PACKET)]


async def messages(gateway, path):
    """Return what the application hands to the server for one request."""
    sent = []
    headers = [(name.lower(), value) for name, value in gateway.http.headers.raw]
    scope = {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": headers}

    async def receive():
        await asyncio.sleep(3600)

    async def send(message):
        sent.append(message)

    await gateway.http._transport.app(scope, receive, send)
    return sent


def told_once(caplog, sha256):
    """One line, structured, with the packet and the file's name in a backup; no traceback."""
    [line] = [one for one in caplog.records if one.levelname in {"ERROR", "CRITICAL"}]
    assert (line.levelname, line.packet_id, line.sha256, line.exc_info) == ("CRITICAL", PACKET, sha256, None)


JUDGED = b"<a>" + b"x" * 1_500_000 + b"</a>"


@pytest.mark.parametrize(
    "stored",
    [JUDGED.replace(b"x</a>", b"y</a>"), JUDGED[:-1], JUDGED[:2], JUDGED + b"x" * 2_000_000, b""],
    ids=["altered", "shorter", "before-the-splice", "longer", "empty"],
)
async def test_altered_content_is_never_given_whole(gateway, caplog, stored):
    """The last piece is held back until all bytes are those that were judged; nothing counts as fetched."""
    gateway.memory.mailbox["dms", 7] = entry()
    whole = b"<a><t/>" + JUDGED[3:]
    sha256 = gateway.content.put(stored)
    gateway.memory.delivered_as = Delivered(
        sha256=sha256,
        size=len(JUDGED),
        splice_offset=3,
        splice=b"<t/>",
        delivered_sha256=hashlib.sha256(whole).hexdigest(),
    )
    before = metrics.CONTENT_DAMAGED._value.get()
    start, *bodies = await messages(gateway, "/v1/inbox/7/content")
    assert start["status"] == 200
    assert all(one["more_body"] for one in bodies), "it has no end"
    assert sum(len(one["body"]) for one in bodies) < len(whole)
    assert gateway.desk.fetches == []
    assert metrics.CONTENT_DAMAGED._value.get() == before + 1
    told_once(caplog, sha256)


async def test_a_lost_content_is_an_error_and_not_a_broken_stream(gateway, caplog):
    """No 200 for bytes that cannot be given, and nothing counts as fetched."""
    gateway.memory.mailbox["dms", 7] = entry()
    gateway.memory.delivered_as = Delivered(
        sha256="0" * 64, size=1, splice_offset=1, splice=b"x", delivered_sha256="0" * 64
    )
    assert (await gateway.http.get("/v1/inbox/7/content")).status_code == 500
    assert gateway.desk.fetches == []
    told_once(caplog, "0" * 64)


@pytest.mark.parametrize("stored", [b"<status>x</status>", None], ids=["altered", "lost"])
async def test_an_altered_status_is_not_given(gateway, caplog, stored):
    """An error, told once, as of a document."""
    gateway.memory.mailbox["dms", 8] = entry("status", 8)
    sha256 = gateway.memory.digest = gateway.content.put(b"<status/>")
    gateway.content.path(sha256).unlink()
    if stored is not None:
        gateway.content.path(sha256).write_bytes(stored)
    assert (await gateway.http.get("/v1/inbox/8/content")).status_code == 500
    told_once(caplog, sha256)


async def test_status_and_receipt_entries_give_their_bytes(gateway):
    """Looking at them fetches no document."""
    gateway.memory.mailbox["dms", 8] = entry("status", 8)
    gateway.memory.digest = gateway.content.put(b"<status/>")
    gateway.memory.mailbox["dms", 9] = entry("receipt", 9)
    gateway.memory.receipt_parts[EVENT, "dms"] = sealed()
    assert (await gateway.http.get("/v1/inbox/8/content")).content == b"<status/>"
    assert (await gateway.http.get("/v1/inbox/9/content")).json()["format"] == "axis.receipt.v1"
    assert gateway.desk.fetches == []


async def test_t12_content_removed_on_purpose_is_told_as_gone(gateway):
    """410 with its code, so that nobody tries again; nothing counts as fetched."""
    gateway.memory.mailbox["dms", 7] = entry()
    gateway.memory.delivered_as = Delivered(
        sha256="0" * 64, size=7, splice_offset=3, splice=b"", delivered_sha256="1" * 64
    )
    gateway.memory.removed["0" * 64] = "retention"
    answer = await gateway.http.get("/v1/inbox/7/content")
    assert (answer.status_code, answer.json()["code"]) == (410, "content.removed")
    assert gateway.desk.fetches == []


async def test_many_entries_are_marked_at_once(gateway):
    """Each as if alone: documents count as fetched; what this mailbox does not have is told; once each."""
    gateway.memory.mailbox["dms", 7] = entry()
    gateway.memory.mailbox["dms", 9] = entry("receipt", 9)
    gateway.memory.mailbox["vpcp", 8] = entry("receipt", 8)
    body = {"entry_ids": [7, 9, 8, 7], "result": "done"}
    answer = await gateway.http.post("/v1/inbox/mark", json=body)
    assert answer.json() == {"marked": [7, 9], "unknown": [8]}
    assert gateway.desk.fetches == [("dms", PACKET)]
    assert [number for _, number, _ in gateway.memory.marked] == [7, 9]
    for wrong in ([], list(range(1001)), ["7"]):
        told = await gateway.http.post("/v1/inbox/mark", json={**body, "entry_ids": wrong})
        assert told.status_code == 400


async def test_marking_a_document_fetches_it(gateway):
    """An explicit mark is as good as a download; other kinds fetch nothing."""
    gateway.memory.mailbox["dms", 7] = entry()
    gateway.memory.mailbox["dms", 8] = entry("status", 8)
    for number in (7, 8):
        answer = await gateway.http.post(f"/v1/inbox/{number}/mark", json={"result": "done"})
        assert (answer.status_code, answer.json()) == (200, {"result": "done"})
    assert gateway.desk.fetches == [("dms", PACKET)]
    assert [number for _, number, _ in gateway.memory.marked] == [7, 8]
    assert (await gateway.http.post("/v1/inbox/7/mark", json={"result": "?"})).status_code == 400
    assert (await gateway.http.post("/v1/inbox/1/mark", json={"result": "done"})).status_code == 404


STATUS = {"packet_id": PACKET, "recipient": "G22", "code": "03", "reported_at": "2026-11-20T12:00:00+07:00"}
REPORTED = Reported(
    recipient="G22",
    recipient_name="VPCP",
    agency="H37",
    document_id="x",
    number="1",
    notation="A",
    issued_on="2026/11/20",
)


async def test_builds_the_same_status_for_the_same_words(gateway):
    """A repeated JSON request is a repeated status packet, byte for byte."""
    gateway.memory.reported_as = REPORTED
    for _ in range(2):
        answer = await gateway.http.post("/v1/statuses", json=STATUS)
        assert (answer.status_code, answer.json()) == (202, {"ack_id": "a" * 32})
    (_, first, *_), (_, second, *_) = gateway.desk.statuses
    assert first == second
    status, _ = read_status(first, gateway.parts.policy.limits)
    assert (status.code, status.response_for.code, status.reported_at) == ("03", "1/A", NOON)


async def test_a_description_is_nfc_however_it_was_typed(gateway):
    """Composed and decomposed letters are the same words: one status, which every reader finds again."""
    gateway.memory.reported_as = REPORTED
    for form in ("NFC", "NFD"):
        told = {**STATUS, "description": unicodedata.normalize(form, "Đã tiếp nhận, vào sổ")}
        assert (await gateway.http.post("/v1/statuses", json=told)).status_code == 202
    (_, first, *_), (_, second, *_) = gateway.desk.statuses
    assert first == second
    status, _ = read_status(first, gateway.parts.policy.limits)
    assert status.description == unicodedata.normalize("NFC", "Đã tiếp nhận, vào sổ")


@pytest.mark.parametrize(
    ("request_", "status", "code"),
    [
        pytest.param({"json": {**STATUS, "code": None}}, 400, "take.request-malformed", id="no-code"),
        pytest.param(
            {"json": {**STATUS, "reported_at": "2026-11-20T12:00:00"}},
            400,
            "take.request-malformed",
            id="no-zone",
        ),
        pytest.param({"json": STATUS}, 404, "take.not-found", id="not-delivered-to-us"),
        pytest.param({"content": b"<x/>"}, 422, None, id="no-status-packet"),
        pytest.param({"content": b"x" * 300_000}, 413, "take.too-large", id="too-large"),
    ],
)
async def test_says_what_is_wrong_with_a_status(gateway, request_, status, code):
    """Nothing reaches the desk."""
    answer = await gateway.http.post("/v1/statuses", **request_)
    assert answer.status_code == status, answer.text
    assert code in (None, answer.json()["code"])
    assert gateway.desk.statuses == []
