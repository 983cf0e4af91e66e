"""What a clerk finds on the pages: lists, searches, their plans; on a real PostgreSQL."""

import html
import json
import unicodedata

from axis.desk.keeping import expire
from axis.register import searchable
from axis.store import registers
from axis.store.registers import Search
from axis.violations import Code, Violation
from tests.lab.clerks import house, text
from tests.lab.pages import act

__all__ = ["house"]


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


async def test_what_is_not_judged_shows_its_number_as_claimed(house):
    """Taken, waiting or never judged: the number that the packet says, and that it is a claim."""
    mark = "ghi trên gói, chưa xét"
    taken, waiting, late = [await house.send() for _ in range(3)]
    await house.park(waiting, Violation(Code.REVOCATION_UNAVAILABLE, "", "http://crl"))
    await house.park(late, Violation(Code.REVOCATION_UNAVAILABLE, "", "http://crl"))
    lan, minh = await house.enter("lan"), await house.enter("minh")
    pages = {path: await text(lan, path) for path in ("/waiting", "/outgoing", "/outgoing?q=1202")}
    for path, numbers in (("/waiting", "123"), ("/outgoing", "123"), ("/outgoing?q=1202", "2")):
        assert [n for n in "123" if f">120{n}/UBND-VP</a>" in pages[path]] == list(numbers), path
        assert pages[path].count(mark) == len(numbers), path
    for packet, number in ((taken, "1201"), (waiting, "1202")):
        page = await text(lan, f"/documents/{packet}")
        assert f"<h1>{number}/UBND-VP</h1>" in page
        assert page.count(mark) == 2, "the number, and the document id"
    assert "1201" not in await text(minh, "/outgoing"), "another agency's is nobody else's business"
    await text(minh, f"/documents/{taken}", 404)
    await house.judge(taken)
    await house.judge(waiting, Violation(Code.SEAL_MISSING, "files[0]", ""))
    await house.pool.execute("UPDATE parked SET deadline = now() WHERE packet_id = $1", late)
    await expire(house.office)
    page = await text(lan, "/outgoing")
    assert [f"120{n}/UBND-VP" in page for n in "123"] == [True] * 3
    assert page.count(mark) == 1, "what was never judged"
    for packet, marks in ((taken, 0), (waiting, 0), (late, 2)):
        assert (await text(lan, f"/documents/{packet}")).count(mark) == marks


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
