"""The transactions of the memory, on a real PostgreSQL: done twice is done once, and rules hold."""

import asyncio
from datetime import UTC, date, datetime, timedelta

import asyncpg
import msgspec
import pytest

from axis.document import Decision, DeliveryState, Document, Event, Intake, Verdict, Versions
from axis.errors import UnavailableError
from axis.records import Handling, Parking, Route, Ruling, Settled, StatusEnding
from axis.routing import by_connection, deliveries_of
from axis.store.events import append_events
from axis.store.faults import StoreError
from axis.store.ledger import Ledger
from axis.store.migrate import migrate
from axis.store.pool import open_pool
from axis.store.views import read_newest, read_receipt
from axis.traffic import Outgoing, Quarantined
from axis.violations import Code

NOON = datetime(2026, 11, 20, 5, tzinfo=UTC)
V1 = Versions(rules="r1", directory=1, trust="t1")
replace = msgspec.structs.replace


@pytest.fixture(params=[False, True], ids=["planned-anew", "planned-once"])
async def pool(pg_url, request):
    """An open pool over a database with two agencies, as doors have it and as the worker has it."""
    opened = await open_pool(pg_url, size=4, keyed=request.param)
    await opened.execute(
        """INSERT INTO agency (code, code102, name, level, connection, valid_from)
           VALUES ('H37', '000.00.00.H37', 'Lạng Sơn', 'province', 'dms', '2020-01-01'),
                  ('G22', '000.00.00.G22', 'VPCP', 'central', 'vpcp', '2020-01-01')"""
    )
    await opened.execute("INSERT INTO directory_version VALUES (1, now(), 'x', '{}')")
    yield opened
    await opened.close()


@pytest.fixture
def ledger(pool):
    """The ledger under test."""
    return Ledger(pool)


def intake(name="p1"):
    """A packet of the ministry's connection."""
    return Intake(packet_id=name, connection="vpcp", sha256="0" * 64, size=1, received_at=NOON, door="rest")


def message(number):
    """A record; only its event id tells them apart."""
    return Outgoing(topic="t", key=b"k", value=b"v", event_id=f"e{number}")


def event(name):
    """An event for the ministry's connection."""
    return Event(event_id=name, kind="k", packet_id="p1", connection="vpcp", at=NOON, body=b"{}")


def settled(name, verdict, versions=V1):
    """An ending with one event; an acceptance also has a message."""
    decision = Decision(
        packet_id=name, versions=versions, verdict=verdict, violations=(), findings=(), decided_at=NOON
    )
    out = (message(name),) if verdict is Verdict.ACCEPTED else ()
    return Settled(decision=decision, events=(event(f"{name}/{verdict}"),), outgoing=out)


def document(name="p1"):
    """An acceptable document; all of them have the same id."""
    return Document(
        packet_id=name,
        agency="G22",
        document_id="d",
        number="1",
        notation="n",
        type_name="QĐ",
        subject="s",
        issued_on=date(2026, 1, 1),
        due_on=None,
        priority=0,
        accepted_at=NOON,
        splice_offset=5,
        splice=b"x",
    )


async def take(ledger, name="p1", rules="r1", key=None):
    """Take a packet at a door."""
    return await ledger.take_packet(
        intake(name), b"k", message, rules=rules, trust="t1", idempotency=key
    )


async def accept(ledger, name="p1", document_id="d", recipients=("H37",)):
    """Take and accept a packet; return its endings."""
    await take(ledger, name)
    row = (await ledger.intakes([name]))[name]
    ruling = Ruling(
        row=row,
        report=b"{}",
        document=replace(document(name), document_id=document_id),
        recipients=recipients,
        ending=settled(name, Verdict.ACCEPTED),
        id_taken=settled(name, Verdict.REFUSED),
    )
    return await ledger.record_rulings([ruling], at=NOON), ruling


async def refuse(ledger, name="p1", verdict=Verdict.REFUSED):
    """Refuse a taken packet."""
    row = (await ledger.intakes([name]))[name]
    ruling = Ruling(
        row=row, report=b"{}", document=None, recipients=(), ending=settled(name, verdict), id_taken=None
    )
    return await ledger.record_rulings([ruling], at=NOON)


async def test_migrating_twice_is_migrating_once(pg_url):
    """The second run finds nothing to do."""
    assert await migrate(pg_url) == []


async def test_a_packet_taken_twice_is_sent_to_admission_once(ledger, pool):
    """The same packet again finds the intake that stands."""
    first, second = await take(ledger), await take(ledger)
    assert first.outbox
    assert not second.outbox
    assert second.intake == first.intake
    assert await pool.fetchval("SELECT count(*) FROM outbox") == 1


async def test_two_doors_taking_at_once_send_it_once(ledger, pool):
    """A race between two clients' retries has one winner."""
    both = await asyncio.gather(take(ledger), take(ledger))
    assert sorted(bool(one.outbox) for one in both) == [False, True]


async def test_an_idempotency_key_is_bound_to_its_content(ledger, pool):
    """T4: the same key with the same request is a retry; with another, a mistake."""
    assert (await take(ledger, key=("k", "digest"))).outbox
    assert (await take(ledger, key=("k", "digest"))).intake.packet_id == "p1"
    assert await take(ledger, "p2", key=("k", "other")) is None
    assert await pool.fetchval("SELECT count(*) FROM intake") == 1


async def test_a_verdict_recorded_twice_is_recorded_once(ledger, pool):
    """A redelivered record changes nothing and publishes nothing."""
    (ended, ruling) = await accept(ledger)
    assert [one.decision.verdict for one, _ in ended] == [Verdict.ACCEPTED]
    assert await ledger.record_rulings([ruling], at=NOON) == []
    assert await pool.fetchval("SELECT count(*) FROM event") == 1
    assert (await ledger.intakes(["p1"]))["p1"].intake.state == "answered"


async def test_an_accepted_id_with_other_bytes_is_refused(ledger, pool):
    """D1: the first accepted document owns its id; nothing of the second is delivered."""
    await accept(ledger, "p1")
    ended, _ = await accept(ledger, "p2")
    assert [one.decision.verdict for one, _ in ended] == [Verdict.REFUSED]
    assert await pool.fetch("SELECT packet_id FROM document") == [("p1",)]


async def test_documents_of_one_batch_get_their_ids_and_recipients_in_order(ledger, pool):
    """Of two with one id the first owns it; others, refusals between them, are as they would be alone."""
    names = ["p1", "p2", "p3", "p4"]
    await asyncio.gather(*(take(ledger, name) for name in names))
    rows = await ledger.intakes(names)

    def ruling(name, document_id, recipients):
        return Ruling(
            row=rows[name],
            report=b"{}",
            document=replace(document(name), document_id=document_id) if document_id else None,
            recipients=recipients,
            ending=settled(name, Verdict.ACCEPTED if document_id else Verdict.REFUSED),
            id_taken=settled(name, Verdict.REFUSED),
        )

    batch = [
        ruling("p4", "d", ("G22",)),
        ruling("p1", "d", ("H37", "G22")),
        ruling("p2", "", ()),
        ruling("p3", 'e,"\\', ("H37", "G22", "H37")),
    ]
    ended = await ledger.record_rulings(batch, at=NOON)
    verdicts = {one.decision.packet_id: one.decision.verdict for one, _ in ended}
    assert {name for name, verdict in verdicts.items() if verdict is Verdict.ACCEPTED} == {"p1", "p3"}
    owned = await pool.fetch("SELECT packet_id, document_id, recipients FROM document ORDER BY packet_id")
    assert [tuple(row) for row in owned] == [
        ("p1", "d", ["H37", "G22"]),
        ("p3", 'e,"\\', ["H37", "G22", "H37"]),
    ]
    assert await ledger.record_rulings(batch, at=NOON) == []


async def test_a_packet_and_its_message_are_taken_together_or_not_at_all(ledger, pool):
    """A packet whose message cannot be recorded was not taken."""
    with pytest.raises(StoreError):
        await ledger.take_packet(
            intake(), b"k", lambda _: replace(message(1), key=None), rules="r1", trust="t1", idempotency=None
        )
    assert await pool.fetchval("SELECT count(*) FROM intake") == 0
    assert (await take(ledger)).outbox


async def test_two_workers_accepting_one_id_at_once_have_one_winner(ledger, pool):
    """The loser learns the winner after its commit."""
    await asyncio.gather(take(ledger, "p1"), take(ledger, "p2"))
    results = await asyncio.gather(accept(ledger, "p1"), accept(ledger, "p2"))
    verdicts = sorted(one.decision.verdict for ended, _ in results for one, _ in ended)
    assert verdicts == [Verdict.ACCEPTED, Verdict.REFUSED]


async def test_a_refused_packet_is_judged_again_only_under_other_versions(ledger, pool):
    """The same versions give the original receipt."""
    await take(ledger)
    await refuse(ledger)
    assert not (await take(ledger)).outbox
    assert (await take(ledger, rules="r2")).outbox
    assert (await ledger.intakes(["p1"]))["p1"].take == 2


async def test_a_packet_not_judged_in_time_may_come_again(ledger, pool):
    """W4: its number was not taken, and nothing needs to change first."""
    await take(ledger)
    await refuse(ledger, verdict=Verdict.EXPIRED)
    assert (await take(ledger)).outbox


async def test_an_accepted_packet_is_never_opened_again(ledger, pool):
    """Whatever changes afterwards."""
    await accept(ledger)
    assert not (await take(ledger, rules="r9")).outbox


def plan(doc, agencies, sender):
    """Deliveries of one chunk."""
    assert sender == "vpcp"
    made = deliveries_of(doc, agencies, at=NOON, answer_due_at=NOON)
    return Route(
        document=doc,
        deliveries=made,
        boxes={name: tuple(codes) for name, codes in by_connection(made).items()},
        events=tuple(event(f"c/{one.delivery_id}") for one in made),
    )


async def test_routing_twice_delivers_once(ledger, pool):
    """One delivery id per document and recipient; one mailbox entry per connection."""
    await accept(ledger)
    routes, more = await ledger.route(["p1"], plan, chunk=10, at=NOON)
    assert (len(routes), more) == (1, [])
    assert await ledger.route(["p1", "unknown"], plan, chunk=10, at=NOON) == ([], [])
    assert await pool.fetch("SELECT recipient, state FROM delivery") == [("H37", "consigned")]
    assert await pool.fetch("SELECT connection, recipients FROM mailbox") == [("dms", ["H37"])]


async def test_a_fan_out_goes_in_chunks_and_never_twice(ledger, pool):
    """The cursor tells how far it has come; every chunk adds to the one mailbox entry."""
    await pool.execute(
        """INSERT INTO agency (code, name, level, connection, valid_from)
           SELECT 'X' || n, 'x', 'commune', 'dms', '2020-01-01' FROM generate_series(1, 25) AS n"""
    )
    await take(ledger)
    row = (await ledger.intakes(["p1"]))["p1"]
    ruling = Ruling(
        row=row,
        report=b"{}",
        document=document(),
        recipients=tuple(f"X{n}" for n in range(1, 26)),
        ending=settled("p1", Verdict.ACCEPTED),
        id_taken=settled("p1", Verdict.REFUSED),
    )
    await ledger.record_rulings([ruling], at=NOON)
    left, sizes = ["p1"], []
    while left:
        routes, left = await ledger.route(left, plan, chunk=10, at=NOON)
        sizes.append(len(routes[0].deliveries))
    assert sizes == [10, 10, 5]
    assert await pool.fetchval("SELECT count(*) FROM delivery") == 25
    assert len(await pool.fetchval("SELECT recipients FROM mailbox")) == 25


async def test_fetching_counts_once(ledger, pool):
    """The first fetch is the handover; a second one is no event."""
    await accept(ledger)
    await ledger.route(["p1"], plan, chunk=10, at=NOON)
    made = []

    def handover(*facts):
        made.append(facts)
        return event("h")

    assert await ledger.fetched("dms", "p1", handover, at=NOON) == 1
    assert await ledger.fetched("dms", "p1", handover, at=NOON) == 0
    assert await ledger.fetched("vpcp", "p1", handover, at=NOON) == 0
    assert [facts[1:] for facts in made] == [("H37", "d", "vpcp")]
    assert await pool.fetchval("SELECT state FROM delivery") == "fetched"


async def test_a_status_is_applied_once_and_told_to_the_sender(ledger, pool):
    """Append only, one ending, one mailbox entry."""
    await accept(ledger)
    await ledger.route(["p1"], plan, chunk=10, at=NOON)
    handling = Handling(ack_id="a1", connection="dms", sha256="1" * 64, received_at=NOON, state="taken")
    assert await ledger.take_status(handling, b"k", message(7)) is not None
    assert await ledger.take_status(handling, b"k", message(7)) is None

    def decide(found):
        return StatusEnding(
            violations=(),
            code="03",
            delivery=found,
            state=DeliveryState.ACCEPTED,
            answered=True,
            inform="vpcp",
            event=event("s"),
        )

    assert (await ledger.answer("a1", ("G22", "d", "H37"), decide, at=NOON)).delivery.recipient == "H37"
    assert await ledger.answer("a1", ("G22", "d", "H37"), decide, at=NOON) is None
    assert await pool.fetchrow("SELECT state, answered_at FROM delivery") == ("03", NOON)
    assert await pool.fetchval("SELECT count(*) FROM mailbox WHERE kind = 'status'") == 1


async def test_sealing_empties_the_queue_and_fills_the_mailbox(ledger, pool):
    """Each event gets one receipt; a second sealer's round leaves nothing."""
    await accept(ledger)
    waiting = await ledger.unsealed(10)
    proofs = [b""] * len(waiting)
    await ledger.record_round(waiting, proofs, checkpoint=b"c", signature=b"s", at=NOON)
    assert await ledger.unsealed(10) == []
    assert await pool.fetch("SELECT connection, kind FROM mailbox") == [("vpcp", "receipt")]
    with pytest.raises(Exception, match="23505"):
        await ledger.record_round(waiting, proofs, checkpoint=b"c", signature=b"s", at=NOON)
    assert await pool.fetchval("SELECT count(*) FROM checkpoint") == 1


async def test_urgent_events_are_sealed_first_and_the_rest_in_their_order(ledger, pool):
    """A round takes the next of the queue, whatever else waits."""
    async with pool.acquire() as conn:
        for number, priority in enumerate([0, 2, 0, 4, 2]):
            await append_events(conn, [event(f"e{number}")], priority=priority)
    assert [one.event_id for one in await ledger.unsealed(10)] == ["e3", "e1", "e4", "e0", "e2"]
    first = await ledger.unsealed(2)
    assert [(one.event_id, one.priority, one.body) for one in first] == [("e3", 4, b"{}"), ("e1", 2, b"{}")]


async def test_the_newest_receipt_is_read_with_the_state_of_its_packet(ledger, pool):
    """Of the kinds asked for; sealed or not yet; nothing of it for a connection that has none."""
    assert await read_newest(pool, "p1", "vpcp", None) == (False, None, None)
    await take(ledger)
    assert await read_newest(pool, "p1", "vpcp", None) == (True, "taken", None)
    await accept(ledger)
    async with pool.acquire() as conn:
        await append_events(conn, [replace(event("later"), kind="z"), replace(event("h"), connection="dms")])
    known, state, receipt = await read_newest(pool, "p1", "vpcp", None)
    assert (known, state, receipt.event_id, receipt.sealed_at) == (True, "answered", "later", None)
    waiting = await ledger.unsealed(10)
    proofs = [one.event_id.encode() for one in waiting]
    await ledger.record_round(waiting, proofs, checkpoint=b"c", signature=b"s", at=NOON)
    _, _, receipt = await read_newest(pool, "p1", "vpcp", ["k", "y"])
    assert receipt == await read_receipt(pool, "p1/accepted", "vpcp")
    assert (receipt.proof, receipt.checkpoint, receipt.sealed_at) == (b"p1/accepted", b"c", NOON)
    assert await read_newest(pool, "p1", "vpcp", []) == (True, "answered", None)
    assert await read_newest(pool, "p1", "dms", ["y"]) == (True, None, None)
    assert (await read_newest(pool, "p1", "dms", ["k"]))[2].event_id == "h"
    assert await read_newest(pool, "p1", "other", None) == (False, None, None)


async def test_one_routing_fills_the_mailboxes_of_many_documents(ledger, pool):
    """Each connection gets one entry of each document, in their order, with its own recipients."""
    for number in (1, 2):
        await accept(ledger, f"p{number}", f"d{number}", ("H37", "G22"))
    routes, left = await ledger.route(["p2", "p1"], plan, chunk=10, at=NOON)
    assert (len(routes), left) == (2, [])
    rows = await pool.fetch(
        "SELECT packet_id, subject, connection, kind, recipients, priority FROM mailbox ORDER BY entry_id"
    )
    assert [tuple(row) for row in rows] == [
        (packet, packet, connection, "document", [code], 0)
        for packet in ("p1", "p2")
        for connection, code in (("dms", "H37"), ("vpcp", "G22"))
    ]


async def test_a_waiting_packet_comes_again_and_keeps_its_first_deadline(ledger, pool):
    """Waiting by name, with a deadline that trying again does not move."""
    await take(ledger)
    hour = timedelta(hours=1)
    parking = Parking(
        intake=intake(),
        code=Code.REVOCATION_UNAVAILABLE,
        detail="",
        at=NOON,
        next_try_at=NOON,
        deadline=NOON + hour,
    )
    await ledger.park([parking])
    await ledger.park([replace(parking, deadline=NOON + 9 * hour)])
    again = {"again_at": NOON + hour / 2, "stuck_before": NOON - hour, "limit": 5}
    assert await ledger.send_again(lambda row: message(row.take), at=NOON, **again) == 1
    assert await ledger.send_again(lambda row: message(row.take), at=NOON, **again) == 0
    assert await ledger.past_deadline(at=NOON, limit=5) == []
    assert len(await ledger.past_deadline(at=NOON + hour, limit=5)) == 1
    assert (await ledger.figures()).waiting == {"waiting.revocation-unavailable": 1}


async def test_a_lost_record_is_sent_again(ledger, pool):
    """A packet taken long ago that nobody judged does not rest for ever."""
    await take(ledger)
    later = NOON + timedelta(minutes=5)
    claim = {"at": later, "again_at": later, "stuck_before": later - timedelta(minutes=2), "limit": 5}
    assert await ledger.send_again(lambda row: message(row.take), **claim) == 1
    assert await ledger.send_again(lambda row: message(row.take), **claim) == 0


async def test_the_sweeper_forgets_only_what_the_broker_has(ledger, pool):
    """While the broker is away the rows stay."""
    await take(ledger)
    sent = []

    async def away(_):
        raise UnavailableError("broker")

    async def publish(messages):
        sent.extend(messages)

    late = NOON + timedelta(hours=1)
    with pytest.raises(UnavailableError):
        await ledger.sweep(away, before=late, limit=10)
    assert len(await ledger.sweep(publish, before=late, limit=10)) == 1
    assert await ledger.sweep(publish, before=late, limit=10) == []
    assert [one.event_id for one in sent] == ["e1"]


async def test_a_record_is_set_aside_once(ledger, pool):
    """The place in the topic names it."""
    record = Quarantined(
        topic="t", partition=0, offset=1, key=None, sha256="0" * 64, size=0, code="q", detail="", at=NOON
    )
    assert await ledger.quarantine(record)
    assert not await ledger.quarantine(record)


@pytest.mark.parametrize("table", ["event", "decision"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET packet_id = 'x'", "DELETE FROM {}"])
async def test_what_is_evidence_cannot_be_changed(ledger, pool, table, statement):
    """I9: append only is a rule of the schema, not a habit of the code."""
    await accept(ledger)
    with pytest.raises(asyncpg.PostgresError, match="append only"):
        await pool.execute(statement.format(table))


async def test_a_database_that_is_away_is_unavailable_and_nothing_else(ledger, pool):
    """No move may take an outage for a verdict."""
    await pool.close()
    with pytest.raises(UnavailableError):
        await ledger.ping()
