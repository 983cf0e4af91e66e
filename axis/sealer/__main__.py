"""Run the sealer: ``python -m axis.sealer``."""

import asyncio
import contextlib
import logging
import signal
import sys
from collections.abc import Callable
from datetime import datetime
from typing import Final

from axis import metrics
from axis.desk.sealing import seal_once
from axis.errors import AxisError, UnavailableError
from axis.health import serve_health
from axis.logs import start_logs
from axis.settings import Settings, load_settings
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


async def run(settings: Settings) -> None:
    """Seal until SIGTERM. Only the process that holds the leadership works; the others stand by."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    passphrase = read_passphrase(settings.seal_passphrase_file)
    sealer = Sealer(settings.seal_certificate, settings.seal_key, passphrase)
    metrics.CERTIFICATE_ENDS.labels("seal").set(file_ends_at(settings.seal_certificate).timestamp())
    pool = await open_pool(settings.database_url, size=4, application="axis-sealer")
    ledger = Ledger(pool)

    async def ready() -> dict[str, bool]:
        seals = await asyncio.to_thread(_seals, sealer.seal)
        return {"database": await ledger.usable(), "sealing_key": seals}

    health = await serve_health(settings.metrics_host, settings.metrics_port, ready)
    async with database_clock(pool) as now:
        work = asyncio.create_task(_work(settings, ledger, lambda data: sealer.seal(data, at=now()), now))
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({work, stopping}, return_when=asyncio.FIRST_COMPLETED)
        work.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await work
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
                        while await seal_once(ledger, seal, now):
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


def main() -> int:
    """Start; return the exit code."""
    try:
        settings = load_settings()
        start_logs("sealer", settings.log_level)
        asyncio.run(run(settings))
    except AxisError as exc:
        print(f"axis sealer: {exc}", file=sys.stderr)  # noqa: T201 - before there are logs
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
