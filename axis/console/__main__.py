"""Run the pages: ``python -m axis.console``. HTTPS for people, `/metrics` and health beside it."""

import sys
import tempfile
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Final

from axis import https
from axis.console.acting import finish_acts
from axis.console.app import build_app
from axis.console.health import read_watched
from axis.console.live import Live
from axis.console.parts import Parts
from axis.console.passwords import Passwords
from axis.contract.registry import load_schemas
from axis.contract.schemas import Schemas
from axis.desk.desk import Desk
from axis.errors import SetupError
from axis.ground import open_ground
from axis.process import beside, start
from axis.proving import certificates
from axis.settings import Settings
from axis.store.bell import Bell
from axis.store.hearing import newest_event, open_packets
from axis.store.papers import seen_by

POOL: Final = 8
CHANNEL: Final = "axis_mailbox"
"""Rung with ``<connection> <packet id>`` whenever a document, a status or a receipt reaches a mailbox."""
GRACE_SECONDS: Final = 1
"""At SIGTERM open streams are cut off after this: pages come back by themselves."""


async def serve(settings: Settings, schemas: Schemas) -> None:
    """Serve until SIGTERM or SIGINT.

    Raises:
        AxisError: it cannot start; the message says why.
    """
    opening = open_ground(settings, schemas, process="console", step="take", connections=POOL)
    async with opening as ground, Bell(settings.database_url, (CHANNEL,)) as bell, AsyncExitStack() as stack:
        office = ground.office
        # Files of documents are decoded where content lies: /tmp may be memory.
        tempfile.tempdir = str(office.content.root / "tmp")
        pool = ground.pool
        live = Live(partial(seen_by, pool), partial(newest_event, pool), partial(open_packets, pool))
        stack.enter_context(bell.overhearing(live.hear))
        parts = Parts(
            pool=pool,
            desk=Desk(office),
            content=office.content,
            policy=office.policy,
            live=live,
            passwords=Passwords(),
            now=office.now,
            anchors=_anchors(settings),
            watched=_watched(settings),
        )
        beside(stack, ground.courier.run, ground.trust.run, live.run, live.watch)
        beside(stack, partial(finish_acts, parts))
        config = https.configured(
            build_app(parts),
            settings,
            host=settings.console_host,
            port=settings.console_port,
            grace_seconds=GRACE_SECONDS,
        )
        await https.serve(config, settings, ground.ready)


def _anchors(settings: Settings) -> tuple[bytes, ...]:
    if not settings.console_anchors:
        return ()
    return tuple(certificates(Path(settings.console_anchors).read_bytes()))


def _watched(settings: Settings) -> tuple[tuple[str, str, int], ...]:
    try:
        return read_watched(settings.console_watched)
    except ValueError as exc:
        raise SetupError(f"AXIS_CONSOLE_WATCHED is not name=host:port,…: {exc}") from exc


def run(settings: Settings) -> None:
    """Serve until the end."""
    https.check_tls(settings)
    https.run(serve(settings, load_schemas(settings)))


if __name__ == "__main__":
    sys.exit(start("console", run))
