"""The gateway on a real PostgreSQL: what it takes, the moves make visible, and each side sees its own."""

import asyncio
import dataclasses
import errno
import hashlib
from datetime import UTC, datetime, timedelta

import pytest

from axis.client import AxisRefusedError, NotYetError, UnreachableError
from axis.evidence.receipts import verify_receipt
from axis.store import intakes
from axis.store.connections import add_connection, remove_connection, rotate_secret
from axis.store.tokens import expire_tokens
from axis.topics import SUBMISSION
from axis.violations import Code, Violation
from tests.lab.door import DOCUMENT_ID, axis, recipient, see_through, sender
from tests.unit.gateway.conftest import packet

__all__ = ["axis", "recipient", "sender"]


async def test_one_document_from_its_sender_to_its_answer(axis, sender, recipient, tmp_path):
    """Sent, accepted, delivered, fetched, answered: each side sees its part, with receipts that verify."""
    data = packet(tmp_path, 300_000)
    sent = await sender.send_packet(data)
    assert (await sender.status(sent.packet_id)).state == "taken"
    await axis.courier.drained()
    assert [one.topic for one in axis.published] == [SUBMISSION]

    waiting = asyncio.create_task(sender.wait_for_receipt(sent.packet_id, timeout=10))
    await axis.admit(sent)
    await axis.seal()
    receipt = await asyncio.wait_for(waiting, 5)
    assert receipt.kind == "SubmissionAcceptance"
    assert verify_receipt(receipt.data, see_through)[0]["packet_id"] == sent.packet_id

    [entry] = await recipient.inbox("document", wait=5)
    assert (entry.document_id, entry.recipients, entry.priority) == (DOCUMENT_ID, ("G22",), 2)
    path = await recipient.fetch(entry, tmp_path / "den")
    assert path.read_bytes() == axis.delivered(sent.sha256)[0] != data
    assert (await sender.status(sent.packet_id)).recipients[0].state == "fetched"
    await recipient.mark(entry)
    assert await recipient.inbox("document") == []

    for code in ("01", "03"):
        await recipient.answer(entry.packet_id, "000.00.00.G22", code, "Đã tiếp nhận")
    await axis.acknowledge()
    await axis.seal()
    [line] = (await sender.status(sent.packet_id)).recipients
    assert (line.state, [told.code for told in line.history]) == ("03", ["01", "03"])
    assert line.answered_at is not None
    kinds = [one.kind for one in await sender.receipts(sent.packet_id)]
    assert kinds == [
        "SubmissionAcceptance",
        "ContentConsignment",
        "ContentHandover",
        "HandlingStatus",
        "HandlingStatus",
    ]
    statuses = await sender.inbox("status")
    assert [b"StatusCode" in await sender.content(one) for one in statuses] == [True, True]
    [told] = await sender.sent()
    assert (told.state, told.recipients, told.fetched, told.answered) == ("accepted", 1, 1, 1)


async def test_a_refused_packet_tells_its_reasons_and_is_seen_by_nobody_else(
    axis, sender, recipient, tmp_path
):
    """The sender has verdict and receipt; to another connection there is no such packet."""
    sent = await sender.send_packet(packet(tmp_path))
    await axis.admit(sent, Violation(Code.SEAL_MISSING, "files[0]", "no seal"))
    await axis.seal()
    status = await sender.status(sent.packet_id)
    assert (status.state, status.decision.reasons[0].rule) == ("refused", "S2")
    assert status.decision.reasons[0].vi.startswith("Tệp thiếu")
    receipt = await sender.wait_for_receipt(sent.packet_id, timeout=1)
    for ask in (recipient.status, recipient.receipts):
        with pytest.raises(AxisRefusedError) as refused:
            await ask(sent.packet_id)
        assert refused.value.code == "take.not-found"
    with pytest.raises(AxisRefusedError):
        await recipient.receipt(receipt.event_id)
    assert (await sender.send_packet(packet(tmp_path))).state == "refused"


async def test_a_waiting_packet_says_on_what(axis, sender, tmp_path):
    """Parked by name, with a deadline."""
    sent = await sender.send_packet(packet(tmp_path))
    await axis.park(sent.packet_id, Violation(Code.REVOCATION_UNAVAILABLE, "", "http://crl"))
    status = await sender.status(sent.packet_id)
    assert (status.state, status.waiting.reason.code) == ("waiting", "waiting.revocation-unavailable")


async def test_the_same_key_at_once_makes_one_packet(axis, sender, tmp_path):
    """Two clients' retries of one document race; one packet wins, and both are told of it."""
    pdf = tmp_path / "a.pdf"
    pdf.write_bytes(b"%PDF-1.7")
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
    both = await asyncio.gather(*[sender.send_document(metadata, [pdf], key="k") for _ in range(4)])
    assert len({one.packet_id for one in both}) == 1
    assert await axis.pool.fetchval("SELECT count(*) FROM intake") == 1
    with pytest.raises(AxisRefusedError) as refused:
        await sender.send_document({**metadata, "number": "2"}, [pdf], key="k")
    assert (refused.value.status, refused.value.code) == (409, "take.idempotency-key-reused")


async def test_a_packet_judged_again_is_not_done_with_its_old_refusal(axis, sender, tmp_path):
    """After the rules changed a refused packet may come again, and its new receipt is waited for."""
    data = packet(tmp_path)
    sent = await sender.send_packet(data)
    await axis.admit(sent, Violation(Code.RECIPIENT_UNKNOWN, "To[0]", ""))
    await axis.seal()
    old = await sender.wait_for_receipt(sent.packet_id, timeout=2)
    await axis.client("bo", "G12")  # a new version of the directory
    assert (await sender.send_packet(data)).state == "taken"
    with pytest.raises(NotYetError):
        await sender.wait_for_receipt(sent.packet_id, timeout=0.2)
    await axis.admit(sent)
    await axis.seal()
    new = await sender.wait_for_receipt(sent.packet_id, timeout=2)
    assert (old.kind, new.kind) == ("SubmissionRejection", "SubmissionAcceptance")


async def test_who_waits_for_what_does_not_exist_is_told_at_once(axis, sender):
    """A wrong packet id is no reason to wait."""
    with pytest.raises(AxisRefusedError):
        await asyncio.wait_for(sender.wait_for_receipt("0" * 32, timeout=20), 1)


async def test_what_is_overdue_is_told_to_both_sides(axis, sender, recipient, tmp_path):
    """The recipient owes the answer, the sender is owed it; once answered it is off both lists."""
    sent = await sender.send_packet(packet(tmp_path))
    await axis.admit(sent)
    assert (await sender.overdue(), await recipient.overdue()) == ([], [])
    axis.ahead = timedelta(minutes=59 * 6)  # within the token's hour no more: clients renew by themselves
    assert [(one.direction, one.recipient) for one in await sender.overdue()] == [("out", "G22")]
    assert [one.direction for one in await recipient.overdue()] == ["in"]
    assert (await sender.status(sent.packet_id)).recipients[0].overdue
    await recipient.answer(sent.packet_id, "G22", "03")
    await axis.acknowledge()
    assert (await sender.overdue(), await recipient.overdue()) == ([], [])


async def test_only_who_got_a_document_may_answer_it(axis, sender, recipient, tmp_path):
    """JSON statuses name a delivery of one's own."""
    sent = await sender.send_packet(packet(tmp_path))
    await axis.admit(sent)
    for client, agency in ((sender, "G22"), (recipient, "H37"), (recipient, "G12")):
        with pytest.raises(AxisRefusedError) as refused:
            await client.answer(sent.packet_id, agency, "03")
        assert refused.value.code == "take.not-found"


async def test_credentials_that_were_withdrawn_end_at_once(axis):
    """A new secret, and a removed connection, make old secret and tokens worthless."""
    async with axis.pool.acquire() as conn, conn.transaction():
        old = await add_connection(conn, "bo", ["G12"], at=axis.now())
    async with axis.client_of(old) as client:
        assert (await client.whoami()).agencies == ("G12",)
        async with axis.pool.acquire() as conn, conn.transaction():
            new = await rotate_secret(conn, "bo")
        axis.app.state.bearers._seen.clear()
        with pytest.raises(AxisRefusedError) as refused:
            await client.whoami()
        assert refused.value.code == "take.unauthenticated"
    async with axis.client_of(new) as client:
        assert (await client.whoami()).connection == "bo"
        async with axis.pool.acquire() as conn, conn.transaction():
            await remove_connection(conn, "bo", at=axis.now())
        axis.app.state.bearers._seen.clear()
        with pytest.raises(AxisRefusedError):
            await client.whoami()


async def test_tokens_are_kept_as_digests_and_forgotten_when_they_end(axis, sender):
    """Who reads the table holds no token."""
    await sender.whoami()
    [row] = await axis.pool.fetch("SELECT * FROM access_token")
    assert row["token_sha256"] == hashlib.sha256(sender._wire._token.encode()).hexdigest()
    assert sender._wire._token not in str(dict(row))
    assert await expire_tokens(axis.pool, at=axis.now()) == 0
    assert await expire_tokens(axis.pool, at=axis.now() + timedelta(hours=2)) == 1
    assert await axis.pool.fetchval("SELECT last_contact_at FROM connection WHERE name = 'lang-son'")


async def test_a_status_that_finds_no_room_on_the_disk_may_come_again(
    axis, sender, recipient, tmp_path, monkeypatch
):
    """Full between the look and the write: 503 with Retry-After, no fault of ours; later it is taken."""
    sent = await sender.send_packet(packet(tmp_path))
    await axis.admit(sent)
    put, asked = axis.content.put, []

    def full(data):
        asked.append(data)
        if len(asked) == 1:
            raise OSError(errno.ENOSPC, "No space left on device")
        return put(data)

    monkeypatch.setattr(axis.content, "put", full)
    assert await recipient.answer(sent.packet_id, "G22", "01")
    assert len(asked) == 2


async def test_a_full_backlog_turns_senders_away_until_it_shrinks(axis, sender, tmp_path):
    """503 with Retry-After; the client comes back, and gives up after its patience."""
    axis.parts.desk._office = dataclasses.replace(axis.office, backlog_limit=0)
    sender._wire._patience = 0.1
    with pytest.raises(UnreachableError) as away:
        await sender.send_packet(packet(tmp_path))
    assert away.value.__cause__.code == "take.no-room"
    assert await axis.pool.fetchval("SELECT count(*) FROM intake") == 0


async def test_a_flood_waits_for_its_own_packets(axis, sender, tmp_path):
    """T13: as many as policy allows are taken, the others have no effect; judged ones make room again."""
    limit = axis.office.policy.limits.open_packets
    flood = [packet(tmp_path, number=str(n)) for n in range(limit + 6)]
    sender._wire._patience = 0.0
    refusals = []

    async def send(data):
        try:
            return await sender.send_packet(data)
        except UnreachableError as away:
            refusals.append(away.__cause__.code)
            return None

    count = "SELECT count(*) FROM intake"
    sent = await asyncio.gather(*(send(data) for data in flood))
    assert 0 < await axis.pool.fetchval(count) <= limit
    async with asyncio.timeout(10):
        while await axis.pool.fetchval(count) < limit:
            sent = [one or await send(data) for one, data in zip(sent, flood, strict=True)]
    assert [await send(data) for one, data in zip(sent, flood, strict=True) if one is None] == [None] * 6
    assert sum(one is not None for one in sent) == await axis.pool.fetchval(count) == limit
    assert len([path for path in axis.content.root.rglob("*") if path.is_file()]) == limit
    assert set(refusals) == {"take.too-many-open"}
    first = next(n for n, one in enumerate(sent) if one is not None)
    assert await sender.send_packet(flood[first]) == sent[first]
    async with await axis.client("other", "G12") as other:
        assert (await other.send_packet(packet(tmp_path, number="other"))).state == "taken"
    await axis.pool.execute(
        "UPDATE intake SET state = 'answered' WHERE packet_id = ANY ($1)",
        [one.packet_id for one in sent if one is not None][:3],
    )
    sender._wire._patience = 30.0
    missing = [data for data, one in zip(flood, sent, strict=True) if one is None]
    await asyncio.gather(*(sender.send_packet(data) for data in missing[:3]))
    assert await axis.pool.fetchval(count) == limit + 4


async def test_counting_what_is_not_judged_does_not_grow_with_history(axis, sender):
    """The count reads an index that holds nothing else, however much was judged before."""
    await axis.pool.execute(
        "INSERT INTO intake (packet_id, connection, sha256, size, door, received_at, state, message_key)"
        " SELECT 'old' || n, 'lang-son', 's', 1, 'rest', now(), 'answered', ''"
        " FROM generate_series(1, 20000) AS n"
    )
    await axis.pool.execute("ANALYZE intake")
    plan = await axis.pool.fetch(
        "EXPLAIN " + intakes._UNJUDGED.replace("$1", "'lang-son'").replace("$2", "64")
    )
    assert "intake_unjudged" in "".join(row[0] for row in plan)
    assert await axis.ledger.count_unjudged("lang-son", 64) == 0


@pytest.mark.parametrize(
    ("query", "found"),
    [
        pytest.param({"code": "000.00.00.G22"}, ["G22"], id="old-code"),
        pytest.param({"code": "H37"}, ["H37"], id="new-code"),
        pytest.param({"words": "lang SON"}, ["H37"], id="without-diacritics"),
        pytest.param({"words": "Bộ Tài"}, ["G12"], id="with-diacritics"),
        pytest.param({"words": "%"}, [], id="a-wildcard-is-a-letter"),
        pytest.param({"code": "nowhere"}, [], id="unknown"),
    ],
)
async def test_agencies_are_found_by_code_and_by_name(sender, query, found):
    """Old and new codes, with and without diacritics."""
    assert [one.code for one in await sender.agencies(**query)] == found


async def test_a_flood_of_statuses_waits_until_they_are_recorded(axis, sender, recipient, tmp_path):
    """T13: as many as policy allows are taken, more have no effect; others are heard all the while."""
    limit = axis.office.policy.limits.open_packets
    sent = await sender.send_packet(packet(tmp_path))
    await axis.admit(sent)
    recipient._wire._patience = 0.0

    async def tell(number):
        at = datetime(2026, 11, 20, 5, 0, number, tzinfo=UTC)
        try:
            return await recipient.answer(sent.packet_id, "G22", "05", reported_at=at)
        except UnreachableError as away:
            return away.__cause__.code

    count = "SELECT count(*) FROM handling"
    await asyncio.gather(*(tell(number) for number in range(limit + 6)))
    assert 0 < await axis.pool.fetchval(count) <= limit
    async with asyncio.timeout(10):
        while await axis.pool.fetchval(count) < limit:
            await asyncio.gather(*(tell(number) for number in range(limit + 6)))
    assert await tell(59) == "take.too-many-open"
    assert await axis.pool.fetchval(count) == limit
    async with await axis.client("other", "G12") as other:
        with pytest.raises(AxisRefusedError, match=r"take\.not-found"):
            await other.answer(sent.packet_id, "G12", "05")
    await axis.acknowledge()
    recipient._wire._patience = 30.0
    assert await tell(59) != "take.too-many-open"
    assert await axis.pool.fetchval(count) == limit + 1


async def test_the_bell_wakes_a_client_that_waits(axis, sender, tmp_path, monkeypatch):
    """A new mailbox entry is told at once, not at the next look."""
    monkeypatch.setattr("axis.gateway.waiting.LOOK_SECONDS", 20.0)
    sent = await sender.send_packet(packet(tmp_path))
    waiting = asyncio.create_task(sender.inbox("receipt", wait=20))
    await asyncio.sleep(0.3)
    await axis.admit(sent, Violation(Code.SEAL_MISSING, "", ""))
    await axis.seal()
    [entry] = await asyncio.wait_for(waiting, 2)
    assert entry.packet_id == sent.packet_id


async def test_who_waits_for_a_fresh_packet_asks_once_there_is_news(axis, sender, tmp_path, monkeypatch):
    """Nothing is asked in between; what was judged before, or had its bell lost, is asked for at once."""
    monkeypatch.setattr("axis.gateway.waiting.LOOK_SECONDS", 20.0)
    newest, looks = axis.parts.memory.newest, []

    async def counted(*which):
        looks.append(which)
        return await newest(*which)

    axis.parts.memory.newest = counted
    while not axis.bell.quiet("axis_mailbox", "a b"):
        axis.bell.mind("axis_mailbox", "a b")
        await asyncio.sleep(0.01)
    sent = await sender.send_packet(packet(tmp_path))
    waiting = asyncio.create_task(sender.wait_for_receipt(sent.packet_id, timeout=20))
    await asyncio.sleep(0.3)
    assert looks == []
    await axis.admit(sent, Violation(Code.SEAL_MISSING, "", ""))
    await axis.seal()
    first = await asyncio.wait_for(waiting, 10)
    assert (first.kind, len(looks)) == ("SubmissionRejection", 1)
    assert (await sender.send_packet(packet(tmp_path))).packet_id == sent.packet_id
    again = await asyncio.wait_for(sender.wait_for_receipt(sent.packet_id, timeout=20), 10)
    assert (again, len(looks)) == (first, 2)
    await axis.pool.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE application_name = 'axis-bell' AND datname = current_database()"
    )
    async with asyncio.timeout(10):
        while axis.bell.quiet("axis_mailbox", "a b"):
            await asyncio.sleep(0.01)
