"""Taking packets at the REST door: rules T, in their order, and what is left behind."""

import asyncio
import base64
import hashlib

import pytest

from axis.desk.share import Share
from axis.document import packet_id
from axis.edxml.status import build_status
from axis.envelope import Organ, ResponseFor, StatusPacket
from axis.errors import UnavailableError
from axis.gateway import streaming
from axis.store.views import PacketView
from axis.violations import Code, Violation
from tests.unit.gateway.conftest import PLACES, asgi_post

XML = {"Content-Type": "application/xml"}


async def test_takes_a_packet_byte_for_byte(gateway, make_packet):
    """202 means: exactly these bytes are content, and the answer says where to look."""
    data = make_packet(300_000, priority=3)
    answer = await gateway.http.post("/v1/packets", content=data, headers=XML)
    assert answer.status_code == 202
    sha256 = hashlib.sha256(data).hexdigest()
    name = packet_id("dms", sha256)
    assert answer.json() == {
        "packet_id": name,
        "sha256": sha256,
        "size": len(data),
        "received_at": "2026-11-20T05:00:00Z",
        "state": "taken",
        "links": {"self": f"/v1/packets/{name}", "receipts": f"/v1/packets/{name}/receipts"},
    }
    assert gateway.content.path(sha256).read_bytes() == data
    assert gateway.desk.taken[name].priority == 3
    assert len(gateway.left_behind()) == 1


async def test_the_same_packet_again_has_the_same_id(gateway, make_packet):
    """Sending twice is sending once."""
    first, second = [
        (await gateway.http.post("/v1/packets", content=make_packet(), headers=XML)).json() for _ in range(2)
    ]
    assert first == second
    assert len(gateway.desk.taken) == 1


async def test_large_packets_go_through_whole(gateway, make_packet):
    """A packet beyond the inline size is gathered in pieces and still exact."""
    gateway.allow(max_packet_bytes=50_000_000)
    data = make_packet(6_000_000)
    pieces = [data[i : i + 65536] for i in range(0, len(data), 65536)]
    headers = {"authorization": "Bearer good", "content-type": "application/octet-stream"}
    sent, _ = await asgi_post(gateway.app, headers, pieces)
    assert sent[0]["status"] == 202
    assert gateway.content.path(hashlib.sha256(data).hexdigest()).read_bytes() == data


async def test_an_unreadable_packet_is_taken(gateway):
    """Junk gets its receipt from admission, not a refusal at the door."""
    answer = await gateway.http.post("/v1/packets", content=b"junk" * 100, headers=XML)
    assert answer.status_code == 202
    assert len(gateway.left_behind()) == 1


@pytest.mark.parametrize("header", [{}, {"Content-Digest": "sha-512=:AAAA:"}], ids=["none", "another"])
async def test_no_digest_is_asked_for(gateway, make_packet, header):
    """Content-Digest is optional, and other algorithms are not ours to judge."""
    answer = await gateway.http.post("/v1/packets", content=make_packet(), headers={**XML, **header})
    assert answer.status_code == 202


async def test_holds_the_bytes_against_their_digest(gateway, make_packet):
    """T3: the right digest passes, a wrong or a broken one is refused and nothing kept."""
    data = make_packet()
    right = base64.b64encode(hashlib.sha256(data).digest()).decode()
    wrong = base64.b64encode(hashlib.sha256(b"other").digest()).decode()
    codes = []
    for value in (f"sha-256=:{wrong}:", "sha-256=:!!:", "sha-256=x", f"sha-512=:AA==:, sha-256=:{right}:"):
        answer = await gateway.http.post(
            "/v1/packets", content=data, headers={**XML, "Content-Digest": value}
        )
        codes.append((answer.status_code, answer.json().get("code")))
        if answer.status_code != 202:
            assert gateway.left_behind() == []
    assert codes == [
        (400, "take.digest-mismatch"),
        (400, "take.request-malformed"),
        (400, "take.request-malformed"),
        (202, None),
    ]


async def test_state_secrets_are_turned_away_and_nothing_is_kept(gateway, make_packet):
    """T10: a marked document leaves no byte behind, and its words are in no answer."""
    data = make_packet(2_000, subject="MẬT: kế hoạch chim ưng")
    answer = await gateway.http.post("/v1/packets", content=data, headers=XML)
    assert (answer.status_code, answer.json()["code"]) == (422, "secrecy.marked")
    assert "chim ưng" not in answer.text
    assert gateway.left_behind() == []
    assert gateway.desk.taken == {}


async def test_a_mark_stops_the_stream_at_the_header(gateway, make_packet):
    """The attachment of a marked document is not even read."""
    data = make_packet(1_000_000, subject="TỐI MẬT")
    pieces = [data[i : i + 65536] for i in range(0, len(data), 65536)]
    sent, given = await asgi_post(gateway.app, {"authorization": "Bearer good"}, pieces)
    assert sent[0]["status"] == 422
    assert given < 4 < len(pieces)


async def test_a_client_that_goes_away_leaves_nothing(gateway, make_packet):
    """Half a packet is no packet."""
    data = make_packet(500_000)
    await asgi_post(gateway.app, {"authorization": "Bearer good"}, [data[:200_000]], gone=True)
    assert gateway.left_behind() == []
    assert gateway.desk.taken == {}


async def test_a_body_that_stalls_is_given_up(gateway, make_packet, monkeypatch):
    """A half-open connection does not hold a place for ever."""
    monkeypatch.setattr(streaming, "STALL_SECONDS", 0.05)

    async def slowly():
        yield make_packet()[:100]
        await asyncio.sleep(5)

    answer = await asyncio.wait_for(gateway.http.post("/v1/packets", content=slowly(), headers=XML), 2)
    assert (answer.status_code, gateway.left_behind()) == (400, [])


REFUSED_UNREAD = [
    pytest.param({"content-length": "2000001"}, {}, 413, "take.too-large", None, id="T1-declared"),
    pytest.param({"content-length": "many"}, {}, 400, "take.request-malformed", None, id="T7-length"),
    pytest.param({"content-encoding": "gzip"}, {}, 400, "take.request-malformed", None, id="T7-compressed"),
    pytest.param({"content-type": "text/html"}, {}, 400, "take.request-malformed", None, id="T7-type"),
    pytest.param({}, {"full": "backlog"}, 503, "take.no-room", "10", id="T8-backlog"),
    pytest.param({}, {"full": "disk"}, 507, "take.no-room", "10", id="T8-disk"),
    pytest.param({}, {"open": PLACES}, 429, "take.too-many-open", "1", id="T13"),
    pytest.param({"authorization": "Bearer bad"}, {}, 401, "take.unauthenticated", None, id="T5-token"),
    pytest.param({"authorization": ""}, {}, 401, "take.unauthenticated", None, id="T5-none"),
]


@pytest.mark.parametrize(("headers", "state", "status", "code", "retry"), REFUSED_UNREAD)
async def test_refuses_before_the_body_is_read(*, gateway, headers, state, status, code, retry):
    """What can be refused without the body is: not one byte of it is asked for."""
    if "full" in state:
        gateway.desk.full = Violation(Code.TAKE_NO_ROOM, state["full"], "full")
    gateway.desk.open["dms"] = state.get("open", 0)
    sent, given = await asgi_post(gateway.app, {"authorization": "Bearer good", **headers}, [b"x" * 1000])
    said = {k.decode(): v.decode() for k, v in sent[0]["headers"]}
    assert (sent[0]["status"], given) == (status, 0)
    assert said["content-type"] == "application/problem+json"
    assert f'"code":"{code}"'.encode() in sent[1]["body"]
    assert said.get("retry-after") == retry
    assert gateway.left_behind() == []


async def test_an_undeclared_body_is_cut_at_the_limit(gateway):
    """T1 holds without Content-Length, too."""
    pieces = [b"x" * 100_000] * 50
    sent, given = await asgi_post(gateway.app, {"authorization": "Bearer good"}, pieces)
    assert (sent[0]["status"], given) == (413, 21)
    assert gateway.left_behind() == []


async def test_slows_down_who_sends_too_much(gateway, make_packet):
    """T2: bytes are counted as they come; the next packet waits, and is told how long."""
    gateway.allow(bytes_per_second=1000)
    first = await gateway.http.post("/v1/packets", content=make_packet(20_000), headers=XML)
    second = await gateway.http.post("/v1/packets", content=make_packet(20_001), headers=XML)
    assert (first.status_code, second.status_code) == (202, 429)
    assert second.json()["code"] == "take.rate-exceeded"
    assert 15 <= int(second.headers["Retry-After"]) <= 40


async def test_slows_down_who_asks_too_often(gateway):
    """T2: submissions count in full, looks a tenth."""
    gateway.allow(requests_per_second=1)
    statuses = [
        (await gateway.http.post("/v1/packets", content=b"x", headers=XML)).status_code for _ in range(6)
    ]
    assert statuses == [202] * 5 + [429]


async def test_a_place_is_held_from_before_the_body_on(gateway, make_packet):
    """T13: many bodies begun at once do not get past the limit, and who breaks off gives its place back."""
    begun, go = asyncio.Semaphore(0), asyncio.Event()

    async def slowly(data):
        yield data[:100]
        begun.release()
        await go.wait()
        yield data[100:]

    gateway.desk.open["dms"] = PLACES - 3
    senders = [
        asyncio.create_task(gateway.http.post("/v1/packets", content=slowly(make_packet(n)), headers=XML))
        for n in (20_000, 30_000, 40_000)
    ]
    for _ in senders:
        await begun.acquire()
    over = await gateway.http.post("/v1/packets", content=make_packet(50_000), headers=XML)
    senders[0].cancel()
    await asyncio.gather(senders[0], return_exceptions=True)
    go.set()
    others = await asyncio.gather(*senders[1:])
    assert over.status_code == 429
    assert [answer.status_code for answer in others] == [202, 202]
    gateway.desk.open["dms"] = PLACES - 1
    gateway.desk.share = Share(gateway.desk.count, PLACES)
    fourth = await gateway.http.post("/v1/packets", content=make_packet(60_000), headers=XML)
    assert fourth.status_code == 202


async def test_a_repeat_needs_no_place(gateway, make_packet):
    """T13: who missed the answer gets it, with the same id; other bytes under that digest do not get in."""
    data = make_packet()
    digest = base64.b64encode(hashlib.sha256(data).digest()).decode()
    headers = {**XML, "Content-Digest": f"sha-256=:{digest}:"}
    first = await gateway.http.post("/v1/packets", content=data, headers=headers)
    name = first.json()["packet_id"]
    gateway.memory.packets[name] = PacketView(intake=gateway.desk.taken[name])
    gateway.desk.open["dms"] = PLACES
    gateway.desk.share = Share(gateway.desk.count, PLACES)
    again = await gateway.http.post("/v1/packets", content=data, headers=headers)
    assert (again.status_code, again.json()) == (202, first.json())
    other = await gateway.http.post("/v1/packets", content=make_packet(40_000), headers=headers)
    assert (other.status_code, other.json()["code"]) == (400, "take.digest-mismatch")
    assert list(gateway.desk.taken) == [name]


@pytest.mark.parametrize(
    ("fault", "status"), [(UnavailableError("database is away"), 503), (ZeroDivisionError(), 500)]
)
async def test_our_own_trouble_is_no_refusal(gateway, make_packet, fault, status):
    """The client learns that it may come again, and no traceback."""
    gateway.desk.fault = fault
    gateway.http._transport.raise_app_exceptions = False
    answer = await gateway.http.post("/v1/packets", content=make_packet(), headers=XML)
    assert answer.status_code == status
    assert "Retry-After" in answer.headers
    assert "Traceback" not in answer.text
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_full_disk_in_mid_stream_is_507(gateway, make_packet, monkeypatch):
    """No half packet, no crash: come back later."""

    def full(_self, _chunk):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("axis.content.store.Spool.write", full)
    answer = await gateway.http.post("/v1/packets", content=make_packet(), headers=XML)
    assert (answer.status_code, answer.json()["code"]) == (507, "take.no-room")
    assert gateway.left_behind() == []


async def test_a_status_packet_is_told_its_door(gateway):
    """Who mixes up the two doors learns the right one."""
    data = build_status(
        StatusPacket(
            sender=Organ(code="G22", name="VPCP"),
            response_for=ResponseFor(
                organ_code="H37", code="1/A", document_id="x", promulgation_date="2026/11/20"
            ),
            code="01",
            reported_at=gateway.now,
        )
    )
    answer = await gateway.http.post("/v1/packets", content=data, headers=XML)
    assert (answer.status_code, "/v1/statuses" in answer.json()["detail"]) == (400, True)
