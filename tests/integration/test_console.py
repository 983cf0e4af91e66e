"""The pages on a real PostgreSQL: what a clerk sees, does and finds; what the desk is left with."""

import asyncio
import html
import json
import re
import unicodedata
from datetime import timedelta

import pytest

from axis.console.acting import finish_acts
from axis.register import searchable
from axis.store import registers
from axis.store.pool import open_pool
from axis.store.registers import Search
from axis.topics import ACK, SUBMISSION
from axis.violations import Code, Violation
from tests.lab.pages import PDF, House, act, field, open_act, send_act


@pytest.fixture
async def house(pg_url, tmp_path):
    pool = await open_pool(pg_url, size=6)
    async with House(pool, pg_url, tmp_path / "content").open() as made:
        yield made
    await pool.close()


async def text(client, address, status=200):
    """Return a page's text as people see it."""
    answer = await client.get(address)
    assert answer.status_code == status, f"{address}: {answer.status_code} {answer.text}"
    return html.unescape(answer.text)


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


async def test_altered_content_is_not_handed_out(house):
    """A stored packet that is not what the gate saw is refused, and is no handover."""
    packet = await house.deliver()
    minh = await house.enter("minh")
    sha256 = await house.pool.fetchval("SELECT sha256 FROM intake WHERE packet_id = $1", packet)
    path = house.content.path(sha256)
    path.chmod(0o600)
    path.write_bytes(path.read_bytes().replace(b"JVBER", b"JVBES"))
    assert "không còn nguyên vẹn" in await text(minh, f"/documents/{packet}/files/1", 409)
    assert await house.state(packet, "G22") == "consigned"


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


async def test_what_the_axis_refused_is_told_in_plain_words(house):
    """What happened, which rule, what to do; the number and subject as claimed."""
    packet = await house.send(subject="Văn bản <b>lỗi</b>")
    await house.judge(packet, Violation(Code.SEAL_MISSING, "files[0]", "công văn.pdf"))
    lan = await house.enter("lan")
    answer = await lan.get(f"/documents/{packet}")
    assert "Văn bản &lt;b&gt;lỗi&lt;/b&gt;" in answer.text
    page = html.unescape(answer.text)
    assert "Tệp thiếu chữ ký số của cơ quan." in page
    assert "S2" in page
    assert "Văn thư ký số của cơ quan lên tệp rồi gửi lại." in page
    assert "1201/UBND-VP" in await text(lan, "/refused")


async def test_waiting_and_overdue(house):
    """What waits is shown with its reason and deadline; what is overdue on both sides."""
    waiting = await house.send()
    await house.park(waiting, Violation(Code.REVOCATION_UNAVAILABLE, "", "http://crl"))
    packet = await house.deliver()
    lan, minh = await house.enter("lan"), await house.enter("minh")
    assert Code.REVOCATION_UNAVAILABLE in await text(lan, "/waiting")
    assert "Chậm nhất" in await text(lan, f"/documents/{waiting}")
    assert "1202/UBND-VP" in await text(minh, "/waiting")
    assert "1202/UBND-VP" not in await text(minh, "/overdue")
    await house.pool.execute("UPDATE delivery SET answer_due_at = now() - interval '1 hour'")
    assert "1202/UBND-VP" in await text(minh, "/overdue")
    assert "1202/UBND-VP" in await text(lan, "/overdue")
    await act(minh, packet, "03")
    await house.acknowledge()
    assert "1202/UBND-VP" not in await text(minh, "/overdue")


SEARCHES = {
    "q=bao+cao": {"1201"},
    "q=B%C3%81O+c%C3%A1o": {"1201"},
    "q=1202": {"1202"},
    "q=ubnd-vp+dat": {"1202"},
    "q=%25": set(),
    "q=khong+co": set(),
    "party=lang+son": {"1201", "1202"},
    "party=H37": {"1201", "1202"},
    "party=G12": set(),
    "since=01/01/2020": {"1201", "1202"},
    "until=01/01/2020": set(),
    "since=hôm+qua": {"1201", "1202"},
}


async def test_search(house):
    """By number, subject with or without diacritics, agency and days; wildcards are plain characters."""
    await house.deliver(subject="Về việc báo cáo quý III")
    await house.deliver(subject="Đất đai và \\ quy hoạch")
    minh, lan = await house.enter("minh"), await house.enter("lan")
    for query, found in SEARCHES.items():
        page = await text(minh, f"/incoming?{query}")
        assert {number for number in ("1201", "1202") if f"{number}/UBND-VP" in page} == found, query
        if "party" not in query:
            page = await text(lan, f"/outgoing?{query}")
            assert {number for number in ("1201", "1202") if f"{number}/UBND-VP" in page} == found, query


async def test_names_are_searched_alike_in_sql_and_python(house):
    """What the database keeps of a subject is what Python looks for."""
    for words in (
        "Đường  BÁO cáo",
        "Ủy ban nhân dân xã Tự Kết Nối",
        "QUYẾT ĐỊNH về ưu đãi",
        "ỡ ợ ặ ẵ ỹ",
        "a\tb\nc",
    ):
        for form in ("NFC", "NFD"):
            spelled = unicodedata.normalize(form, words)
            assert await house.pool.fetchval("SELECT bare($1)", spelled) == searchable(spelled)


async def test_pages_follow_one_another_without_gap_or_repeat(house, monkeypatch):
    """Each entry once, newest first; a search that finds little goes on where it stopped."""
    for number in range(7):
        await house.deliver(subject="chẵn" if number % 2 == 0 else "lẻ")
    monkeypatch.setattr(registers, "PAGE", 2)
    monkeypatch.setattr(registers, "WINDOW", 3)
    for list_, agency in ((registers.incoming, "G22"), (registers.outgoing, "H37")):
        for words, expected in (("", 7), ("chan", 4), ("khong", 0)):
            seen, after = [], None
            for _ in range(9):
                page = await list_(house.pool, agency, Search(words=words), after)
                seen += [line.number for line in page.lines]
                after = page.after
                if after is None:
                    break
            assert len(seen) == len(set(seen)) == expected
            assert seen == sorted(seen, reverse=True)
            assert after is None


def nodes(plan):
    """Yield every node of a plan."""
    yield plan
    for child in plan.get("Plans", ()):
        yield from nodes(child)


async def test_lists_go_along_their_index(house):
    """With a hundred thousand deliveries of others and thousands of one's own, a page reads a page."""
    await house.deliver()
    await house.pool.execute(
        """INSERT INTO intake (packet_id, connection, sha256, size, door, received_at, state, message_key)
           SELECT md5(n::text), 'lang-son', 'x', 1, 'rest', now() - n * interval '1 minute', 'answered',
                  ('H37|' || n)::bytea FROM generate_series(1, 20000) n"""
    )
    await house.pool.execute(
        """INSERT INTO document (packet_id, agency, document_id, number, notation, type_name, subject,
                                 issued_on, priority, accepted_at, splice_offset, splice, recipients)
           SELECT md5(n::text), 'H37', n::text, n::text, 'VP', 'Công văn', 'thử', now(), 0, now(), 0, '', '{}'
             FROM generate_series(1, 20000) n"""
    )
    await house.pool.execute(
        """INSERT INTO delivery (delivery_id, packet_id, recipient, recipient_name, level, connection, state,
                                 priority, consigned_at)
           SELECT md5(n || r), md5(n::text), r, r, 'central', 'x', 'consigned', 0,
                  now() - n * interval '1 minute'
             FROM generate_series(1, 20000) n, unnest('{G22,G09}'::text[]) r"""
    )
    await house.pool.execute(
        """INSERT INTO handling (ack_id, connection, sha256, received_at, message_key, state,
                                 delivery_id, code, recorded_at)
           SELECT md5('h' || n), 'x', 'x', now(), '', 'recorded', md5(n || 'G22'), '01', now()
             FROM generate_series(1, 20000) n"""
    )
    await house.pool.execute("ANALYZE")
    for query, list_, agency in (
        (registers._IN, registers.incoming, "G22"),
        (registers._OUT, registers.outgoing, "H37"),
    ):
        more = ("",) if query is registers._OUT else ()
        plan = await house.pool.fetchval(
            "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) " + query,
            agency, *registers.LATEST, registers.EARLIEST, 26, [], None, 26, *more,
        )  # fmt: skip
        plan_nodes = list(nodes(json.loads(plan)[0]["Plan"]))
        whole = [node for node in plan_nodes if node["Node Type"] == "Seq Scan"]
        assert {node["Relation Name"] for node in whole} <= {"agency", "decision", "parked"}, "small tables"
        large = {"delivery", "intake", "document", "handling"}
        big = [one for one in plan_nodes if one.get("Relation Name") in large]
        assert big
        assert all(one["Actual Rows"] * one["Actual Loops"] <= 26 for one in big), big
        page = await list_(house.pool, agency, Search(), None)
        assert len(page.lines) == registers.PAGE


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
    assert f"axis verify bien-nhan-{event}.json" in await text(lan, f"/receipts/{event}")
    assert event in (await kiemtoan.get("/evidence")).text
    assert event[:8] in await text(lan, f"/documents/{packet}")
