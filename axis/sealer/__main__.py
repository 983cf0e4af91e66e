"""Run the sealer: ``python -m axis.sealer``."""

import asyncio
import logging
import sys
from collections.abc import Callable
from datetime import datetime
from typing import Final

from axis import metrics
from axis.desk.sealing import MOST_AT_ONCE, seal_once
from axis.errors import UnavailableError
from axis.health import serve_health
from axis.loop import new_loop
from axis.process import start, until_stopped
from axis.settings import Settings
from axis.store.clock import database_clock
from axis.store.leader import SEALER, leadership
from axis.store.ledger import Ledger
from axis.store.pool import open_pool
from signing.ends import file_ends_at
from signing.keys import read_passphrase
from signing.seal import Sealer

_log = logging.getLogger("axis.sealer")

FALLBACK_SECONDS: Final = 1.0
"""How long a missed notification may delay a seal."""

STANDBY_SECONDS: Final = 1.0


async def serve(settings: Settings) -> None:
    """Seal until SIGTERM. Only the process that holds the leadership works; the others stand by."""
    passphrase = read_passphrase(settings.seal_passphrase_file)
    sealer = Sealer(settings.seal_certificate, settings.seal_key, passphrase)
    metrics.CERTIFICATE_ENDS.labels("seal").set(file_ends_at(settings.seal_certificate).timestamp())
    pool = await open_pool(settings.database_url, size=4, application="axis-sealer", keyed=True)
    ledger = Ledger(pool)

    async def ready() -> dict[str, bool]:
        seals = await asyncio.to_thread(_seals, sealer.seal)
        return {"database": await ledger.usable(), "sealing_key": seals}

    health = await serve_health(settings.metrics_host, settings.metrics_port, ready)
    async with database_clock(pool) as now:
        await until_stopped(_work(settings, ledger, lambda data: sealer.seal(data, at=now()), now))
    health.close()
    await pool.close()


async def _work(
    settings: Settings, ledger: Ledger, seal: Callable[[bytes], bytes], now: Callable[[], datetime]
) -> None:
    while True:
        try:
            async with leadership(settings.database_url, SEALER) as lead:
                if lead is not None:
                    await lead.listen("axis_unsealed")
                    while True:
                        # What comes during a round rings; only a full one has left something behind.
                        while await seal_once(ledger, seal, now) >= MOST_AT_ONCE:
                            pass
                        await lead.rung(FALLBACK_SECONDS)
        except UnavailableError as exc:
            _log.warning("the database is away: %s", exc)
        await asyncio.sleep(STANDBY_SECONDS)


def _seals(seal: Callable[[bytes], bytes]) -> bool:
    try:
        return bool(seal(b"ready?"))
    except Exception:  # noqa: BLE001 - whatever stops the key from sealing, we are not ready
        _log.exception("the sealing key is unusable")
        return False


def run(settings: Settings) -> None:
    """Seal until the end."""
    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(serve(settings))


if __name__ == "__main__":
    sys.exit(start("sealer", run))
