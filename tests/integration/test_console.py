"""The pages on a real PostgreSQL: what a clerk sees, does and finds; what the desk is left with."""

import asyncio
import json
import re
from datetime import timedelta

import pytest

from axis import metrics
from axis.console.acting import finish_acts
from axis.console.words import FACTS, TOLD_APART
from axis.topics import ACK, SUBMISSION
from axis.violations import Code
from tests.lab.clerks import house, text
from tests.lab.pages import PDF, act, field, open_act, send_act

__all__ = ["house"]


async def test_one_document_from_list_to_done(house):
    """Received, assigned, processed, finished on the page: real statuses, in order, seen by the sender."""
    packet = await house.deliver(to=("G22", "G12"))
    minh, lan = await house.enter("minh"), await house.enter("lan")
    assert "Về việc báo cáo quý III" in await text(minh, "/incoming")
    assert "1201/UBND-VP" in await text(lan, "/outgoing")
    for code in ("03", "04", "05", "06"):
        answer = await act(minh, packet, code, note=f"ghi chú {code}")
        assert (answer.status_code, answer.headers["location"]) == (303, f"/documents/{packet}?done={code}")
        await house.acknowledge()
        assert await house.state(packet, "G22") == code
    told = await house.pool.fetch(
        "SELECT code, description, state, findings, connection FROM handling ORDER BY recorded_at, code"
    )
    assert [(row["code"], row["state"], row["connection"]) for row in told] == [
        (code, "recorded", "vpcp") for code in ("01", "03", "04", "05", "06")
    ]
    assert all(row["findings"] == b"[]" for row in told), "every status came in its usual order"
    page = await text(lan, f"/documents/{packet}")
    assert "ghi chú 06" in page
    acts = await house.pool.fetch("SELECT account, agency, code FROM clerk_act ORDER BY at, code")
    assert [tuple(row) for row in acts] == [("minh", "G22", code) for code in ("01", "03", "04", "05", "06")]
    assert await house.state(packet, "G12") == "consigned"


async def test_a_refusal_needs_its_ground_and_ends_the_matter(house):
    """Without a ground nothing is sent; with one the sender reads it, and nothing more can be done."""
    packet = await house.deliver()
    minh = await house.enter("minh")
    assert (await act(minh, packet, "02", ground="bịa ra")).status_code == 422
    assert (await act(minh, packet, "02", ground="Lý do khác")).status_code == 422
    assert (await act(minh, packet, "02", ground="Gửi sai nơi nhận", note="\x07")).status_code == 422
    assert await house.pool.fetchval("SELECT count(*) FROM clerk_act") == 0
    assert (
        await act(minh, packet, "02", ground="Gửi sai nơi nhận", note="chuyển Bộ Y tế")
    ).status_code == 303
    await house.acknowledge()
    assert await house.state(packet, "G22") == "02"
    lan = await house.enter("lan")
    assert "Gửi sai nơi nhận: chuyển Bộ Y tế" in await text(lan, f"/documents/{packet}")
    assert "1201/UBND-VP" in await text(lan, "/refused")
    assert "Văn bản đã ở trạng thái khác" in await text(minh, f"/documents/{packet}/act/03", 409)


async def test_a_sender_asks_back_and_the_recipient_agrees(house):
    """13 with a reason, 16 with a reason, 13 again, 15: each a real status, told to the other side."""
    packet = await house.deliver(to=("G22", "G12"))
    lan, minh, tai = await house.enter("lan"), await house.enter("minh"), await house.enter("tai")
    page, ask = f"/documents/{packet}", f"/documents/{packet}/act/13?to=G22"
    assert "Yêu cầu lấy lại" in await text(lan, page)
    assert "lấy lại" not in await text(minh, page)

    async def say(client, code, note, where):
        form = await client.get(where)
        assert form.status_code == 200, form.text
        given = {"csrf": field(form.text, "csrf"), "attempt": field(form.text, "attempt"), "note": note}
        to = {"to": "G22"} if code == "13" else {}
        for _ in range(2):  # a double click is one act
            answer = await client.post(f"{page}/act/{code}", data={**given, **to})
        await house.acknowledge()
        return answer.status_code

    assert await say(lan, "13", " ", ask) == 422
    assert await say(lan, "13", "gửi nhầm bản", ask) == 303
    seen = await text(minh, page)
    assert "Bên gửi yêu cầu lấy lại văn bản này" in seen
    assert "gửi nhầm bản" in seen
    assert "lan" not in re.findall(r"của (\w+)", seen), "whose hand it was is the sender's own affair"
    assert "Bên gửi yêu cầu lấy lại" in await text(minh, "/incoming")
    assert "lấy lại" not in await text(tai, page)
    assert await status(minh, f"{page}/act/03") == 409
    assert await status(lan, ask) == 409

    assert await say(minh, "16", "", f"{page}/act/16") == 422
    assert await say(minh, "16", "đã trình ký", f"{page}/act/16") == 303
    assert "đã trình ký" in await text(lan, page)
    assert await status(minh, f"{page}/act/03") == 200
    assert await say(lan, "13", "xin lấy lại lần nữa", ask) == 303
    assert await say(minh, "15", "đã hủy", f"{page}/act/15") == 303
    assert "Đồng ý yêu cầu" in await text(lan, page)
    assert "không xử lý nữa" in await text(minh, page)
    assert await status(minh, f"{page}/act/03") == 409
    assert await status(lan, ask) == 409

    acts = await house.pool.fetch("SELECT account, connection, code FROM clerk_act ORDER BY at, code")
    assert [tuple(row) for row in acts] == [
        ("lan", "lang-son", "13"), ("minh", "vpcp", "01"), ("minh", "vpcp", "16"),
        ("lan", "lang-son", "13"), ("minh", "vpcp", "15"),
    ]  # fmt: skip
    handled = await house.pool.fetch("SELECT code, state, findings FROM handling ORDER BY recorded_at, code")
    assert [(row["code"], row["state"], bytes(row["findings"])) for row in handled] == [
        (code, "recorded", b"[]") for code in ("13", "01", "16", "13", "15")
    ]
    owed = await house.pool.fetchval("SELECT answered_at FROM delivery WHERE recipient = 'G22'")
    assert owed is not None, "a return that was agreed to is an answer"


async def status(client, address):
    return (await client.get(address)).status_code


async def test_only_the_sender_asks_back_and_only_a_recipient_answers(house):
    """Another agency, a recipient, the sender of something else: no such page; nothing is recorded."""
    packet = await house.deliver()
    lan, minh, noi = await house.enter("lan"), await house.enter("minh"), await house.enter("noi")
    for client, where in (
        (minh, "act/13?to=G22"),
        (noi, "act/13?to=G22"),
        (lan, "act/13?to=G12"),
        (lan, "act/13"),
        (lan, "act/15"),
        (noi, "act/15"),
    ):
        assert await status(client, f"/documents/{packet}/{where}") == 404, where
    csrf = field((await lan.get(f"/documents/{packet}/act/13?to=G22")).text, "csrf")
    own = field((await minh.get(f"/documents/{packet}/act/03")).text, "csrf")
    for client, token, code in ((minh, own, "13"), (lan, csrf, "15")):
        given = {"csrf": token, "attempt": "0", "note": "x", "to": "G22"}
        answer = await client.post(f"/documents/{packet}/act/{code}", data=given)
        assert answer.status_code == 404
    assert await status(minh, f"/documents/{packet}/act/15") == 409, "nobody asked"
    assert await house.pool.fetchval("SELECT count(*) FROM clerk_act") == 0


async def test_a_double_click_is_one_act(house):
    """Ten clicks at once, and a second clerk's tab: one 01, one 03, one packet each."""
    packet = await house.deliver()
    minh, hoa = await house.enter("minh"), await house.enter("hoa")
    forms = [(one, await open_act(one, packet, "03")) for one in (minh, hoa)]
    await asyncio.gather(*(send_act(one, packet, "03", form) for one, form in forms * 5))
    await house.acknowledge()
    assert await house.pool.fetchval("SELECT count(*) FROM handling") == 2
    assert sum(one.topic == ACK for one in house.published) == 2
    assert await house.state(packet, "G22") == "03"
    lines = await house.pool.fetch("SELECT act FROM audit WHERE act LIKE 'status%' ORDER BY act")
    assert [row["act"] for row in lines] == ["status 01", "status 03"]


async def test_two_clerks_cannot_both_receive_and_refuse(house):
    """The second of two opposite acts is told so, and nothing of it is sent."""
    packet = await house.deliver()
    minh, hoa = await house.enter("minh"), await house.enter("hoa")
    form = await hoa.get(f"/documents/{packet}/act/02")
    assert (await act(minh, packet, "03")).status_code == 303
    given = {"csrf": field(form.text, "csrf"), "attempt": "0", "ground": "Gửi sai nơi nhận", "note": ""}
    assert (await hoa.post(f"/documents/{packet}/act/02", data=given)).status_code == 409
    await house.acknowledge()
    assert [row["code"] for row in await house.pool.fetch("SELECT code FROM handling ORDER BY code")] == [
        "01",
        "03",
    ]


async def test_an_act_whose_process_died_is_finished_by_another(house, monkeypatch):
    """Killed between the act's row and its packet: the next process makes the same packet, once."""
    packet = await house.deliver()
    minh = await house.enter("minh")

    async def killed(**_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(house.desk, "take_status", killed)
        with pytest.raises(BaseException):  # noqa: B017, PT011 - the process is gone
            await act(minh, packet, "03")
    assert await house.pool.fetchval("SELECT count(*) FROM clerk_act WHERE ack_id IS NULL") == 2
    assert "đang được ghi nhận" in await text(minh, f"/documents/{packet}")
    house.ahead += timedelta(minutes=1)
    monkeypatch.setattr("axis.console.acting.FINISH_SECONDS", 0.01)
    finishing = asyncio.create_task(finish_acts(house.parts))
    async with asyncio.timeout(10):
        while await house.pool.fetchval("SELECT count(*) FROM clerk_act WHERE ack_id IS NULL"):
            await asyncio.sleep(0.02)
    finishing.cancel()
    await house.acknowledge()
    assert await house.state(packet, "G22") == "03"
    assert await house.pool.fetchval("SELECT count(*) FROM handling") == 2


async def test_a_refused_status_says_why_and_may_be_given_again(house):
    """The agency changed its connection between click and record: the page says so; a second try works."""
    packet = await house.deliver()
    minh = await house.enter("minh")
    await house.pool.execute("UPDATE delivery SET connection = 'elsewhere'")
    assert (await act(minh, packet, "03")).status_code == 303
    await house.pool.execute("UPDATE agency SET connection = 'btc' WHERE code = 'G22'")
    await house.acknowledge()
    assert await house.state(packet, "G22") == "consigned"
    assert "Kết nối không đại diện cho nơi nhận này" in await text(minh, f"/documents/{packet}")
    assert (await act(minh, packet, "03")).status_code == 303
    await house.acknowledge()
    assert await house.state(packet, "G22") == "03"


async def test_getting_a_file_is_a_handover_of_that_agency_alone(house):
    """The bytes are the sender's; the delivery counts as fetched, that of its neighbour does not."""
    packet = await house.deliver(sender="G22", to=("H37", "H37.T39"))
    lan = await house.enter("lan")
    page = await text(lan, f"/documents/{packet}")
    assert "bàn giao" in page
    got = await lan.get(f"/documents/{packet}/files/1?view=1")
    assert (got.content, got.headers["content-type"]) == (PDF, "application/pdf")
    assert got.headers["content-disposition"].startswith("inline")
    assert "default-src 'none'" in got.headers["content-security-policy"]
    saved = await lan.get(f"/documents/{packet}/files/1")
    assert saved.headers["content-type"] == "application/octet-stream"
    assert "c%C3%B4ng%20v%C4%83n.pdf" in saved.headers["content-disposition"]
    assert (await house.state(packet, "H37"), await house.state(packet, "H37.T39")) == (
        "fetched",
        "consigned",
    )
    handed = await house.pool.fetchval("SELECT count(*) FROM event WHERE kind = 'ContentHandover'")
    assert handed == 1
    assert await house.pool.fetchval("SELECT marked_at FROM mailbox WHERE connection = 'lang-son'") is None


async def test_altered_content_is_not_handed_out(house, caplog):
    """A stored packet that is not what the gate saw is refused, and is no handover."""
    packet = await house.deliver()
    minh = await house.enter("minh")
    sha256 = await house.pool.fetchval("SELECT sha256 FROM intake WHERE packet_id = $1", packet)
    path = house.content.path(sha256)
    path.chmod(0o600)
    path.write_bytes(path.read_bytes().replace(b"JVBER", b"JVBES"))
    before = metrics.CONTENT_DAMAGED._value.get()
    assert "không còn nguyên vẹn" in await text(minh, f"/documents/{packet}/files/1", 409)
    assert await house.state(packet, "G22") == "consigned"
    assert metrics.CONTENT_DAMAGED._value.get() == before + 1
    [line] = [one for one in caplog.records if one.levelname == "CRITICAL"]
    assert (line.packet_id, line.sha256) == (packet, sha256)


async def test_removed_content_is_told_apart_from_lost_content(house):
    """Retention took the bytes: the page says so, history stays, and it is no handover."""
    packet = await house.deliver()
    minh = await house.enter("minh")
    sha256 = await house.pool.fetchval("SELECT sha256 FROM intake WHERE packet_id = $1", packet)
    house.content.path(sha256).unlink()
    assert "không còn nguyên vẹn" in await text(minh, f"/documents/{packet}/files/1", 409)
    await house.pool.execute(
        "INSERT INTO content_removal (sha256, why, size, decided_at) VALUES ($1, 'retention', 1, now())",
        sha256,
    )
    assert "đã được xóa theo quy định" in await text(minh, f"/documents/{packet}/files/1", 410)
    assert "1201/UBND-VP" in await text(minh, f"/documents/{packet}")
    assert await house.state(packet, "G22") == "consigned"


async def set_aside(house, topic=SUBMISSION):
    """Put one record into quarantine."""
    sha256 = await asyncio.to_thread(house.content.put, b"record")
    await house.pool.execute(
        """INSERT INTO quarantine (topic, partition, "offset", key, sha256, size, code, detail, at)
           VALUES ($1, 0, 7, 'k', $2, 6, $3, 'x', now())""",
        topic, sha256, Code.QUARANTINE_BUG,
    )  # fmt: skip


@pytest.mark.parametrize("topic", [SUBMISSION, "axis.conn.x.submission"], ids=["ours", "of-a-connection"])
async def test_a_record_is_closed_once_with_its_reason(house, topic):
    """Closed from the page: never without a reason; the first stands, audited; never sent, bytes kept."""
    await set_aside(house, topic)
    vanhanh = await house.enter("vanhanh")
    page, to = "/operations/quarantine/1", "/operations/quarantine/1/close"
    csrf = field((await vanhanh.get(page)).text, "csrf")
    assert (await vanhanh.post(to, data={"csrf": "x", "note": "thử"})).status_code == 403
    for empty in ("", "  ", "x" * 501):
        refused = await vanhanh.post(to, data={"csrf": csrf, "note": empty})
        assert (refused.status_code, "Hãy ghi lý do đóng" in refused.text) == (422, True)
    answers = await asyncio.gather(
        *(vanhanh.post(to, data={"csrf": csrf, "note": "bản ghi  thử, đã báo"}) for _ in range(4))
    )
    assert {one.status_code for one in answers} == {303}
    await vanhanh.post(to, data={"csrf": csrf, "note": "lý do khác"})
    assert await house.pool.fetchval("SELECT closed_note FROM quarantine") == "bản ghi thử, đã báo"
    audited = await house.pool.fetch("SELECT account, act, subject FROM audit WHERE act = 'close'")
    assert [tuple(row) for row in audited] == [("vanhanh", "close", "1")]
    assert Code.QUARANTINE_BUG not in await text(vanhanh, "/operations")
    seen = await text(vanhanh, page)
    assert "bản ghi thử, đã báo" in seen
    assert "Gửi lại" not in seen
    await vanhanh.post(f"{page}/replay", data={"csrf": csrf, "seen": "first"})
    assert await house.pool.fetchval("SELECT count(*) FROM outbox") == 0
    sha256 = await house.pool.fetchval("SELECT sha256 FROM quarantine")
    assert house.content.path(sha256).read_bytes() == b"record"


async def test_a_record_is_sent_again_once_and_audited(house):
    """Operations replay from the page: once for a double click, queued for the keeper, with who did it."""
    await set_aside(house)
    vanhanh = await house.enter("vanhanh")
    assert Code.QUARANTINE_BUG in await text(vanhanh, "/operations")
    form = await vanhanh.get("/operations/quarantine/1")
    given = {"csrf": field(form.text, "csrf"), "seen": field(form.text, "seen")}
    assert (await vanhanh.post("/operations/quarantine/1/replay", data={"csrf": "x"})).status_code == 403
    answers = await asyncio.gather(
        *(vanhanh.post("/operations/quarantine/1/replay", data=given) for _ in range(4))
    )
    answers.append(await vanhanh.post("/operations/quarantine/1/replay", data=given))
    assert {one.status_code for one in answers} == {303}
    assert [bytes(row["value"]) for row in await house.pool.fetch("SELECT value FROM outbox")] == [b"record"]
    audited = await house.pool.fetch("SELECT account, subject FROM audit WHERE act = 'replay'")
    assert [tuple(row) for row in audited] == [("vanhanh", "1")]
    assert Code.QUARANTINE_BUG not in await text(vanhanh, "/operations")


async def test_receipts_are_the_same_bytes_for_ever(house):
    """Before the seal a page says so; after it, page and file; the audit's reader sees them too."""
    packet = await house.deliver()
    lan, kiemtoan = await house.enter("lan"), await house.enter("kiemtoan")
    event = await house.pool.fetchval("SELECT event_id FROM event WHERE kind = 'SubmissionAcceptance'")
    assert "Đang được niêm phong" in await text(lan, f"/receipts/{event}")
    assert (await lan.get(f"/receipts/{event}/file")).status_code == 409
    await house.seal()
    first = await lan.get(f"/receipts/{event}/file")
    assert first.status_code == 200
    assert first.content == (await kiemtoan.get(f"/receipts/{event}/file")).content
    page = await text(lan, f"/receipts/{event}")
    assert f"axis verify bien-nhan-{event}.json" in page
    names = json.loads(json.loads(first.content)["event"])
    assert [name for name in names if name not in {*FACTS, *TOLD_APART}] == [], "shown by a bare name"
    assert event in (await kiemtoan.get("/evidence")).text
    assert event[:8] in await text(lan, f"/documents/{packet}")
