"""Transactions of the sealer and the keeper: rounds, sweeps, deadlines, evidence, figures."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Final

import msgspec

from axis.document import Document
from axis.records import (
    Figures,
    Handling,
    IntakeRow,
    Kept,
    Shelved,
    Unsealed,
)
from axis.store import (
    decisions,
    events,
    handlings,
    intakes,
    outbox,
    revocation,
)
from axis.store.faults import store_faults
from axis.store.over_pool import OverPool
from axis.store.versions import NEWEST
from axis.traffic import Outgoing

_FIGURES: Final = """
SELECT (SELECT count(*) FROM intake WHERE state IN ('taken', 'waiting')) AS open,
       (SELECT min(received_at) FROM intake WHERE state = 'taken') AS oldest,
       (SELECT count(*) FROM unsealed) AS unsealed,
       (SELECT coalesce(jsonb_object_agg(code, n), '{}') FROM
               (SELECT code, count(*) AS n FROM parked GROUP BY code) AS by_code) AS waiting
"""


class KeepingLedger(OverPool):
    """What time brings."""

    async def unsealed(self, limit: int) -> list[Unsealed]:
        """Return the next events to seal."""
        with store_faults():
            async with self._pool.acquire() as conn:
                return await events.unsealed_events(conn, limit)

    async def record_round(
        self,
        sealed: Sequence[Unsealed],
        proofs: Sequence[bytes],
        *,
        checkpoint: bytes,
        signature: bytes,
        at: datetime,
    ) -> None:
        """Record one sealed round: all its receipts, or none."""
        with store_faults():
            async with self._pool.acquire() as conn:
                await events.record_round(
                    conn, sealed, proofs, checkpoint=checkpoint, signature=signature, at=at
                )

    async def sweep(
        self,
        publish: Callable[[Sequence[Outgoing]], Awaitable[None]],
        *,
        before: datetime,
        limit: int,
    ) -> Sequence[Outgoing]:
        """Publish messages that a crash left behind, and forget them.

        Args:
            publish: awaited; returns when the broker has all.
            before: younger rows belong to the process that wrote them.
            limit: most rows at once.
        """
        with store_faults():
            async with self._pool.acquire() as conn, conn.transaction():
                ids, messages = await outbox.claim_outgoing(conn, before=before, limit=limit)
                if ids:
                    await publish(messages)
                    await outbox.delete_outgoing(conn, ids)
        return messages

    async def send_again(
        self,
        make: Callable[[IntakeRow], Outgoing],
        *,
        at: datetime,
        again_at: datetime,
        stuck_before: datetime,
        limit: int,
    ) -> int:
        """Send due waiting packets, and those whose record was lost, to be judged again; return how many."""
        with store_faults():
            async with self._pool.acquire() as conn, conn.transaction():
                due = await intakes.claim_due(conn, at=at, again_at=again_at, limit=limit)
                due += await intakes.claim_stuck(conn, at=at, before=stuck_before, limit=limit)
                rows = await intakes.select_intakes(conn, due)
                await outbox.add_outgoing(conn, [make(row) for row in rows.values()], at=stuck_before)
                return len(rows)

    async def answer_again(
        self, make: Callable[[Handling, bytes], Outgoing], *, at: datetime, before: datetime, limit: int
    ) -> int:
        """Send status packets whose record was lost to be recorded again; return how many."""
        with store_faults():
            async with self._pool.acquire() as conn, conn.transaction():
                stuck = await handlings.claim_stuck_handlings(conn, at=at, before=before, limit=limit)
                await outbox.add_outgoing(conn, [make(*one) for one in stuck], at=before)
                return len(stuck)

    async def route_again(
        self, make: Callable[[Document], Outgoing], *, at: datetime, before: datetime, limit: int
    ) -> int:
        """Send accepted documents whose record was lost to be routed again; return how many."""
        with store_faults():
            async with self._pool.acquire() as conn, conn.transaction():
                lost = await decisions.claim_unrouted(conn, at=at, before=before, limit=limit)
                await outbox.add_outgoing(conn, [make(document) for document in lost], at=before)
                return len(lost)

    async def past_deadline(self, *, at: datetime, limit: int) -> list[IntakeRow]:
        """Return waiting packets whose time is over."""
        with store_faults():
            async with self._pool.acquire() as conn, conn.transaction():
                late = await intakes.past_deadline(conn, at=at, limit=limit)
                return list((await intakes.select_intakes(conn, late)).values())

    async def directory_version(self) -> int:
        """Return the version of the directory in force; 0: none was imported."""
        with store_faults():
            version: int = await self._pool.fetchval(NEWEST)
            return version

    async def put_evidence(self, kept: Kept) -> None:
        """Keep the newest answer of a revocation source."""
        with store_faults():
            async with self._pool.acquire() as conn:
                await revocation.put_evidence(conn, kept)

    async def shelved(self) -> list[Shelved]:
        """Tell what revocation evidence is kept, without its bytes."""
        with store_faults():
            async with self._pool.acquire() as conn:
                return await revocation.shelved(conn)

    async def evidence_bytes(self, digests: Sequence[str]) -> dict[str, bytes]:
        """Return the bytes of kept evidence, by digest."""
        with store_faults():
            async with self._pool.acquire() as conn:
                return await revocation.evidence_bytes(conn, digests)

    async def forget_stale(self, *, before: datetime) -> None:
        """Drop responses whose time ended before a moment."""
        with store_faults():
            async with self._pool.acquire() as conn:
                await revocation.forget_stale(conn, before=before)

    async def figures(self) -> Figures:
        """Return the figures that the keeper shows."""
        with store_faults():
            row = await self._pool.fetchrow(_FIGURES)
        assert row is not None, "aggregates always have a row"
        waiting = msgspec.json.decode(row["waiting"], type=dict[str, int])
        return Figures(
            open=row["open"], oldest=row["oldest"], unsealed=row["unsealed"], waiting=waiting
        )
