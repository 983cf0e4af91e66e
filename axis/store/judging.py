"""Transactions of admission: verdicts, waiting, quarantine."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from axis.records import (
    IntakeRow,
    Parked,
    Parking,
    Ruling,
    Settled,
)
from axis.register import DirectoryView
from axis.store import (
    decisions,
    directory,
    events,
    handlings,
    intakes,
    outbox,
    quarantine,
    removals,
    revocation,
)
from axis.store.faults import store_faults
from axis.traffic import Quarantined

if TYPE_CHECKING:
    from axis.store.pool import Connection

from axis.store.over_pool import OverPool


class JudgingLedger(OverPool):
    """What admission records."""

    async def intakes(self, packet_ids: Sequence[str]) -> dict[str, IntakeRow]:
        """Return the intakes that exist, by packet id."""
        with store_faults():
            async with self._pool.acquire() as conn:
                return await intakes.select_intakes(conn, packet_ids)

    async def parked(self, packet_ids: Sequence[str]) -> dict[str, Parked]:
        """Return how long packets have been waiting, by packet id."""
        with store_faults():
            async with self._pool.acquire() as conn:
                return await intakes.select_parked(conn, packet_ids)

    async def directory_view(self, codes: Sequence[str], fingerprints: Sequence[str]) -> DirectoryView:
        """Return the part of the directory in force that concerns these codes and certificates."""
        with store_faults():
            async with self._pool.acquire() as conn:
                return await directory.view_for(conn, codes, fingerprints)

    async def canonical_code(self, code: str) -> str | None:
        """Return the canonical code of the agency with this code of either generation; None: unknown."""
        with store_faults():
            async with self._pool.acquire() as conn:
                return await directory.canonical_code(conn, code)

    async def record_rulings(
        self, rulings: Sequence[Ruling], *, at: datetime
    ) -> list[tuple[Settled, list[int]]]:
        """Record judged packets in one transaction.

        Returns:
            For each ruling that ended now, its ending and the outbox rows to
            publish. One that another worker ended meanwhile is left out.
        """
        with store_faults():
            async with self._pool.acquire() as conn, conn.transaction():
                endings = await _endings(conn, rulings)
                fresh = await decisions.insert_decisions(
                    conn, [(ending.decision, ruling.row.take, ruling.report) for ruling, ending in endings]
                )
                await _keep_proofs(conn, [r for r, e in endings if e.decision.packet_id in fresh], at=at)
                ended = [(r, ending) for r, ending in endings if ending.decision.packet_id in fresh]
                urgent = max((ruling.row.intake.priority for ruling, _ in ended), default=0)
                await events.append_events(
                    conn, [event for _, ending in ended for event in ending.events], priority=urgent
                )
                ids = await outbox.add_outgoing(
                    conn, [one for _, ending in ended for one in ending.outgoing], at=at, priority=urgent
                )
                await intakes.mark_answered(conn, [ending.decision.packet_id for _, ending in ended])
                await _record_incidents(conn, [ruling for ruling, _ in ended], at=at)
        numbers = iter(ids)
        return [(ending, [next(numbers) for _ in ending.outgoing]) for _, ending in ended]

    async def park(self, parkings: Sequence[Parking]) -> None:
        """Let packets wait by name."""
        with store_faults():
            async with self._pool.acquire() as conn, conn.transaction():
                for parking in sorted(parkings, key=lambda parking: parking.intake.packet_id):
                    await intakes.park(
                        conn,
                        parking.intake,
                        code=parking.code,
                        detail=parking.detail,
                        at=parking.at,
                        next_try_at=parking.next_try_at,
                        deadline=parking.deadline,
                    )

    async def quarantine(
        self, record: Quarantined, *, packet_id: str | None = None, ack_id: str | None = None
    ) -> bool:
        """Set a record aside, and what it is about with it; False where it was already.

        Args:
            record: as it came.
            packet_id: the intake that nobody will judge until the record is replayed.
            ack_id: the status packet that nobody will record until then.
        """
        with store_faults():
            async with self._pool.acquire() as conn, conn.transaction():
                if packet_id is not None:
                    await intakes.mark_state(conn, packet_id, "quarantined")
                if ack_id is not None:
                    await handlings.quarantine_handling(conn, ack_id)
                return await quarantine.insert_quarantine(conn, record)


async def _keep_proofs(conn: "Connection", rulings: Sequence[Ruling], *, at: datetime) -> None:
    proofs = {proof.sha256: proof for ruling in rulings for proof in ruling.evidence}
    if proofs:
        # In a fixed order, so that two workers never wait for one another.
        await revocation.keep_proofs(conn, [proofs[name] for name in sorted(proofs)], at=at)


async def _record_incidents(conn: "Connection", rulings: Sequence[Ruling], *, at: datetime) -> None:
    found = [(ruling.row.intake, ruling.incident) for ruling in rulings if ruling.incident is not None]
    if not found:
        return
    await removals.add_incidents(conn, [(one.packet_id, one.connection, why) for one, why in found])
    content = [(intake.sha256, intake.size) for intake, _ in found]
    await removals.decide_removal(conn, content, why="state-secret", at=at)
    # The key names the document.
    await intakes.forget_keys(conn, [intake.packet_id for intake, _ in found])


def _document_order(ruling: Ruling) -> tuple[str, str, str]:
    document = ruling.document
    packet = ruling.row.intake.packet_id
    return (document.agency, document.document_id, packet) if document else ("", "", packet)


async def _endings(conn: "Connection", rulings: Sequence[Ruling]) -> list[tuple[Ruling, Settled]]:
    # In a fixed order, so that two workers never wait for one another.
    ordered = sorted(rulings, key=_document_order)
    owners = await decisions.take_document_ids(
        conn, [(one.document, one.recipients) for one in ordered if one.document is not None]
    )
    endings = []
    for ruling in ordered:
        ending: Settled | None = ruling.ending
        if ruling.document is not None and owners[ruling.document.packet_id] != ruling.document.packet_id:
            ending = ruling.id_taken
        assert ending is not None, "an accepted ruling knows its other ending"
        endings.append((ruling, ending))
    return endings
