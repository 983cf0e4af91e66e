"""Who may see what on the pages: every route, id by id; sessions, forms, logins, live messages."""

import asyncio
import html
import re
from datetime import timedelta

from axis.console import listening
from axis.console.access import COOKIE
from axis.console.live import EVERYTHING
from axis.store.accounts import IDLE, LIFE, remove_account, reset_account
from axis.store.logins import FAILURE_WINDOW
from axis.violations import Code, Violation
from tests.lab.clerks import house
from tests.lab.pages import CHEAP, PASSWORD, act, field, sign_in

__all__ = ["house"]

OPEN = {"/login", "/static"}
"""Addresses that need no session."""
OF_EVERYBODY = {"/", "/logout", "/events"}
OF_CLERKS = {
    "/incoming", "/outgoing", "/waiting", "/refused", "/overdue", "/documents/{packet_id}",
    "/documents/{packet_id}/act/{code}", "/documents/{packet_id}/files/{number}",
}  # fmt: skip
OF_AUDITORS = {"/evidence", "/audit"}
OF_READERS = {"/receipts/{event_id}", "/receipts/{event_id}/file", "/trust.pem"}
OF_OPERATIONS = {
    "/operations", "/operations/quarantine/{number}", "/operations/quarantine/{number}/replay",
    "/operations/quarantine/{number}/close",
}  # fmt: skip


def routes(house):
    """Yield every (method, path) of the application, those of its routers too."""
    from axis.console import app as application  # noqa: PLC0415

    modules = vars(application)
    for module in modules.values():
        router = getattr(module, "router", None)
        for route in getattr(router, "routes", ()):
            for method in route.methods - {"HEAD"}:
                yield method, route.path


def filled(path, packet="0" * 32, event="0" * 32):
    """Put ids into an address."""
    for name, value in {"packet_id": packet, "event_id": event, "code": "03", "number": "1"}.items():
        path = path.replace(f"{{{name}}}", value)
    return path


async def ask(client, method, path, csrf=""):
    """Ask as a page's own form would."""
    if method == "POST":
        return await client.post(path, data={"csrf": csrf, "attempt": "0", "note": ""})
    if path == "/events":
        return None
    return await client.get(path)


async def csrf_of(client):
    """Return the token of a client's session."""
    return field((await client.get("/", follow_redirects=True)).text, "csrf")


async def test_every_route_has_its_people(house):
    """Each route is known here; without a session each leads to the login, with another role to a refusal."""
    found = {path for _, path in routes(house)}
    groups = (OF_EVERYBODY, OF_CLERKS, OF_AUDITORS, OF_READERS, OF_OPERATIONS, {"/login"})
    assert found == set().union(*groups), "a new route needs its group here"
    stranger = house.browser()
    clients = {name: await house.enter(name) for name in ("noi", "vanhanh", "kiemtoan")}
    tokens = {name: await csrf_of(client) for name, client in clients.items()}
    barred = {
        "noi": OF_AUDITORS | OF_OPERATIONS,
        "vanhanh": OF_CLERKS | OF_AUDITORS | OF_READERS,
        "kiemtoan": OF_CLERKS | OF_OPERATIONS,
    }
    for method, path in routes(house):
        if path == "/login":
            continue
        answer = await stranger.request(method, filled(path))
        assert answer.status_code == 303, (method, path)
        assert answer.headers["location"].startswith("/login")
        for name, paths in barred.items():
            if path in paths:
                refused = await ask(clients[name], method, filled(path), tokens[name])
                assert refused.status_code == 403, (name, method, path)


async def test_another_agency_finds_nothing_id_by_id(house):
    """Neither documents nor acts, files or receipts, not by the neighbour on the same connection either."""
    packet = await house.deliver(subject="Chuyện riêng của tỉnh")
    refused = await house.send(subject="Chuyện bị từ chối")
    await house.judge(refused, Violation(Code.SEAL_MISSING, "", ""))
    await house.seal()
    events = [row["event_id"] for row in await house.pool.fetch("SELECT event_id FROM event")]
    for name in ("xa", "noi"):
        client = await house.enter(name)
        token = await csrf_of(client)
        for method, path in routes(house):
            if "{packet_id}" in path or "{event_id}" in path:
                for one in (packet, refused):
                    for event in events if "{event_id}" in path else events[:1]:
                        answer = await ask(client, method, filled(path, one, event), token)
                        assert answer.status_code == 404, (name, method, path)
                        assert "Chuyện" not in html.unescape(answer.text)
            elif path in OF_CLERKS:
                page = html.unescape((await client.get(path)).text)
                assert "Chuyện" not in page, (name, path)
                assert packet not in page
                assert refused not in page
    # A recipient sees neither the sender's receipts nor the other packet.
    minh = await house.enter("minh")
    for event in events:
        assert (await minh.get(f"/receipts/{event}")).status_code == 404
    assert (await minh.get(f"/documents/{refused}")).status_code == 404
    assert (await minh.get(f"/documents/{packet}")).status_code == 200
    assert await house.pool.fetchval("SELECT count(*) FROM clerk_act") == 0
    assert await house.state(packet, "G22") == "consigned"


async def test_an_unproven_sender_is_nobodys_packet(house):
    """Naming another agency as the sender does not put a packet into that agency's register."""
    forged = await house.send(sender="H37", connection="bnv", subject="Mạo danh tỉnh")
    await house.judge(forged, Violation(Code.SENDER_NOT_OF_CONNECTION, "", ""))
    for name in ("lan", "noi"):
        client = await house.enter(name)
        assert (await client.get(f"/documents/{forged}")).status_code == 404
        assert "Mạo danh" not in html.unescape((await client.get("/outgoing")).text)


async def test_a_change_of_agency_or_connection_holds_at_once(house):
    """Another agency: the old documents are gone with the old session. Another connection: they stay."""
    packet = await house.deliver()
    minh = await house.enter("minh")
    await house.pool.execute("UPDATE agency SET connection = 'btc' WHERE code = 'G22'")
    assert (await minh.get(f"/documents/{packet}")).status_code == 200
    async with house.pool.acquire() as conn, conn.transaction():
        await reset_account(
            conn, "minh", role="", agency="G12", password=CHEAP.hash("mot-mat-khau-khac"), at=house.now()
        )
    assert (await minh.get(f"/documents/{packet}")).status_code == 303, "her session has ended"
    assert (await sign_in(house.browser(), "minh", PASSWORD)).status_code == 401
    again = await house.enter("minh", "mot-mat-khau-khac")
    assert (await again.get(f"/documents/{packet}")).status_code == 404
    # Even a session that was not ended sees with the account as it is now.
    await house.pool.execute("UPDATE account SET agency = 'G22' WHERE name = 'minh'")
    assert (await again.get(f"/documents/{packet}")).status_code == 200


async def test_a_removed_account_is_out_at_once(house):
    """Page, form and live stream end; the name is not given again."""
    packet = await house.deliver()
    minh = await house.enter("minh")
    form = await minh.get(f"/documents/{packet}/act/03")
    async with house.pool.acquire() as conn, conn.transaction():
        await remove_account(conn, "minh", at=house.now())
    given = {"csrf": field(form.text, "csrf"), "attempt": "0", "note": ""}
    assert (await minh.post(f"/documents/{packet}/act/03", data=given)).status_code == 303
    assert (await minh.get("/incoming")).headers["location"] == "/login?next=/incoming"
    assert (await minh.get("/incoming?live=1", headers={"HX-Request": "true"})).headers[
        "hx-redirect"
    ] == "/login"
    assert (await sign_in(house.browser(), "minh", PASSWORD)).status_code == 401
    assert await house.pool.fetchval("SELECT count(*) FROM clerk_act") == 0


async def test_sessions_end(house):
    """After half an hour unused, after ten hours in any case, and at logout; a live page keeps none alive."""
    minh = await house.enter("minh")
    cookie = (await sign_in(house.browser(), "minh", PASSWORD)).headers["set-cookie"]
    assert re.match(rf"{COOKIE}=\S+; HttpOnly; Max-Age=\d+; Path=/; SameSite=lax; Secure", cookie)
    house.ahead = IDLE - timedelta(minutes=2)
    assert (await minh.get("/incoming?live=1")).status_code == 200
    house.ahead = IDLE + timedelta(minutes=1)
    assert (await minh.get("/incoming")).status_code == 303
    house.ahead = timedelta()
    minh = await house.enter("minh")
    for minutes in range(20, int(LIFE.total_seconds() // 60), 20):
        house.ahead = timedelta(minutes=minutes)
        assert (await minh.get("/incoming")).status_code == 200
    house.ahead = LIFE + timedelta(seconds=1)
    assert (await minh.get("/incoming")).status_code == 303
    house.ahead = timedelta()
    minh = await house.enter("minh")
    assert (await minh.post("/logout", data={"csrf": "x"})).status_code == 403
    assert (await minh.post("/logout", data={"csrf": await csrf_of(minh)})).status_code == 303
    kept = await house.pool.fetch("SELECT token_sha256 FROM session")
    assert all(len(row["token_sha256"]) == 64 for row in kept)


async def test_forms_of_others_are_refused(house):
    """Without the session's own token, from another site, of another kind or size: nothing is done."""
    packet = await house.deliver()
    minh, hoa = await house.enter("minh"), await house.enter("hoa")
    address = f"/documents/{packet}/act/03"
    good = {"csrf": await csrf_of(minh), "attempt": "0", "note": ""}
    for given, headers, status in (
        ({**good, "csrf": ""}, {}, 403),
        ({**good, "csrf": await csrf_of(hoa)}, {}, 403),
        (good, {"Origin": "https://evil.test"}, 403),
        (good, {"Origin": "null"}, 403),
        (good, {"Sec-Fetch-Site": "cross-site"}, 403),
        ({**good, "note": "x" * 40_000}, {}, 413),
    ):
        answer = await minh.post(address, data=given, headers=headers)
        assert answer.status_code == status, (given["csrf"][:4], headers)
    assert (await minh.post(address, json=good)).status_code == 403
    assert await house.pool.fetchval("SELECT count(*) FROM clerk_act") == 0
    own = {"Origin": "https://axis.test", "Sec-Fetch-Site": "same-origin"}
    assert (await minh.post(address, data=good, headers=own)).status_code == 303


async def test_logins_are_limited(house):
    """Five wrong passwords close the door to that name from there, for a while, the right one too."""
    client = house.browser()
    for _ in range(5):
        assert (await sign_in(client, "minh", "sai-mat-khau-roi")).status_code == 401
    limited = await sign_in(client, "minh", PASSWORD)
    assert limited.status_code == 429
    assert int(limited.headers["retry-after"]) == FAILURE_WINDOW.total_seconds()
    assert (await sign_in(client, "hoa", PASSWORD)).status_code == 303, "another name is not closed"
    house.ahead = FAILURE_WINDOW + timedelta(seconds=1)
    assert (await sign_in(client, "minh", PASSWORD)).status_code == 303


async def test_many_guesses_at_once_count_as_many(house):
    """Twenty at the same moment: at most a few get as far as a password."""
    client = house.browser()
    await client.get("/login")
    answers = await asyncio.gather(*(sign_in(client, "minh", f"sai-mat-khau-{n}") for n in range(20)))
    codes = [one.status_code for one in answers]
    assert set(codes) <= {401, 429}
    assert codes.count(401) <= 5


async def test_an_unknown_name_answers_as_a_wrong_password(house):
    """Nobody learns which names exist."""
    client = house.browser()
    one, two = await sign_in(client, "minh", "sai"), await sign_in(client, "khongai", "sai")
    assert (one.status_code, two.status_code) == (401, 401)
    assert one.text.replace("minh", "") == two.text.replace("khongai", "")
    for back in ("//evil.test", "https://evil.test", "/\\evil.test", "javascript:x"):
        page = await client.get("/login", params={"next": back})
        assert "evil" not in page.text
        assert "javascript" not in field(page.text, "next")


async def test_every_answer_has_its_headers(house):
    """No inline script runs, nobody frames it, nothing is kept."""
    minh = await house.enter("minh")
    for address in ("/login", "/incoming", "/documents/x", "/static/axis.css"):
        headers = (await minh.get(address)).headers
        policy = headers["content-security-policy"]
        assert "script-src 'self'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["x-content-type-options"] == "nosniff"
    assert (await minh.get("/incoming")).headers["cache-control"] == "no-store"
    page = (await minh.get("/incoming")).text
    assert not re.search(r"<script(?![^>]*\bsrc=)", page)
    assert not re.search(r"\son\w+=|style=", page)


async def test_live_messages_reach_those_who_may_see(house):
    """Sender and recipient are told of their document, nobody else; operations only that something moved."""
    await asyncio.sleep(0.6)  # what rang while the house was furnished has been told
    with (
        house.live.stream("H37") as lan, house.live.stream("G22") as minh,
        house.live.stream("H37.T39") as neighbour, house.live.stream(EVERYTHING) as operations,
    ):  # fmt: skip
        for queue in (lan, minh, neighbour, operations):
            while not queue.empty():
                queue.get_nowait()
        packet = await house.deliver()
        assert (await asyncio.wait_for(minh.get(), 5))[1] == packet
        await house.seal()
        assert (await asyncio.wait_for(lan.get(), 5))[1] == packet
        assert (await asyncio.wait_for(operations.get(), 5))[1] == EVERYTHING
        await asyncio.sleep(0.5)
        assert neighbour.empty()


async def test_a_stream_tells_what_was_missed_and_ends_with_its_session(house, monkeypatch):
    """`Last-Event-ID` brings one's own documents that moved meanwhile; a removed account's stream ends."""
    monkeypatch.setattr(listening, "BEAT_SECONDS", 0.1)
    before = await house.pool.fetchval("SELECT coalesce(max(seq), 0) FROM event")
    mine, others = await house.deliver(), await house.deliver(to=("G12",))
    for name, agency, seen, unseen in (("minh", "G22", mine, others), ("tai", "G12", others, mine)):
        client = await house.enter(name)
        session = await house.pool.fetchrow("SELECT name, role, agency FROM account WHERE name = $1", name)
        assert session["agency"] == agency
        token = client.cookies[COOKIE]
        visitor = await listening.find_session(house.pool, token, at=house.now(), used=False)
        heard = b""
        stream = listening._stream(house.parts, visitor, token, before)
        async for piece in stream:
            heard += piece
            if b"beat" in heard and b"event: ended" not in heard:
                async with house.pool.acquire() as conn, conn.transaction():
                    await remove_account(conn, name, at=house.now())
        assert f"event: paper-{seen}".encode() in heard
        assert unseen.encode() not in heard
        assert heard.endswith(b"event: ended\ndata: .\n\n")


async def test_an_auditor_sees_evidence_and_no_content(house):
    """Events, receipts, acts: never a subject, a file, or what a clerk wrote."""
    packet = await house.deliver(subject="Nội dung kín")
    minh = await house.enter("minh")
    await act(minh, packet, "02", ground="Gửi sai nơi nhận", note="lời của văn thư")
    await house.acknowledge()
    await house.seal()
    kiemtoan, vanhanh = await house.enter("kiemtoan"), await house.enter("vanhanh")
    events = [row["event_id"] for row in await house.pool.fetch("SELECT event_id FROM event")]
    pages = [
        await kiemtoan.get(path) for path in ("/evidence", "/audit", *(f"/receipts/{one}" for one in events))
    ]
    pages.append(await vanhanh.get("/operations"))
    for page in pages:
        assert page.status_code == 200
        told = html.unescape(page.text)
        assert "Nội dung kín" not in told
        assert "lời của văn thư" not in told
    assert "minh" in pages[1].text
