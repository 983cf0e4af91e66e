"""Run the pages: ``python -m axis.console``. HTTPS for people, `/metrics` and health beside it."""

import asyncio
import contextlib
import logging
import sys
import tempfile
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Final

import uvicorn
import uvloop

from axis.checks.policy import load_policy
from axis.console.acting import finish_acts
from axis.console.app import build_app
from axis.console.health import read_watched
from axis.console.live import Live
from axis.console.parts import Parts
from axis.console.passwords import Passwords
from axis.content.store import ContentStore
from axis.contract.registry import load_schemas
from axis.contract.schemas import Schemas
from axis.desk.courier import Courier
from axis.desk.desk import Desk
from axis.desk.office import Office
from axis.desk.trustlist import open_trust
from axis.errors import AxisError, SetupError
from axis.health import Ready, serve_health
from axis.kafka.producer import Publisher
from axis.logs import start_logs
from axis.proving import certificates
from axis.settings import Settings, load_settings
from axis.store.bell import Bell
from axis.store.clock import database_clock
from axis.store.hearing import newest_event
from axis.store.ledger import Ledger
from axis.store.papers import seen_by
from axis.store.pool import open_pool
from axis.store.trust import Trusts

_log = logging.getLogger("axis.console")

POOL: Final = 8
CHANNEL: Final = "axis_mailbox"
"""Rung with ``<connection> <packet id>`` whenever a document, a status or a receipt reaches a mailbox."""
IDLE_SECONDS: Final = 75
GRACE_SECONDS: Final = 1
"""At SIGTERM open streams are cut off after this: pages come back by themselves."""


@contextlib.asynccontextmanager
async def assembled(settings: Settings, schemas: Schemas) -> AsyncIterator[tuple[Parts, Ready]]:
    """Open everything the pages work with; close it at the end.

    Yields:
        The parts, and what tells whether they are usable.

    Raises:
        AxisError: something is not there; the message says what.
    """
    policy = load_policy(settings.policy_file)
    content = ContentStore(Path(settings.content_dir))
    # Files of documents are decoded where content lies: /tmp may be memory.
    tempfile.tempdir = str(Path(settings.content_dir) / "tmp")
    publisher = Publisher(settings)
    async with contextlib.AsyncExitStack() as stack:
        pool = await open_pool(settings.database_url, size=POOL, application="axis-console")
        stack.push_async_callback(pool.close)
        ledger, now = Ledger(pool), await stack.enter_async_context(database_clock(pool))
        stack.push_async_callback(publisher.stop)
        courier = Courier(publisher.publish, ledger.forget_outgoing, step="take")
        trust = await open_trust(Trusts(pool), settings.trust_file)
        office = Office(
            memory=ledger,
            content=content,
            policy=policy,
            trust=trust,
            schemas=schemas,
            courier=courier,
            now=now,
            free_bytes_limit=settings.free_bytes_limit,
            backlog_limit=settings.backlog_limit,
        )
        live = Live(partial(seen_by, pool), partial(newest_event, pool))
        bell = await stack.enter_async_context(Bell(settings.database_url, (CHANNEL,)))
        stack.enter_context(bell.overhearing(live.hear))
        parts = Parts(
            pool=pool,
            desk=Desk(office),
            content=content,
            policy=policy,
            live=live,
            passwords=Passwords(),
            now=now,
            anchors=_anchors(settings),
            watched=_watched(settings),
        )
        for work in (courier.run(), trust.run(), live.run(), finish_acts(parts)):
            stack.callback(asyncio.create_task(work).cancel)

        async def ready() -> dict[str, bool]:
            database, broker, store = await asyncio.gather(
                ledger.usable(), publisher.usable(), asyncio.to_thread(content.usable)
            )
            return {"database": database, "broker": broker, "content": store}

        yield parts, ready


async def serve(settings: Settings, schemas: Schemas) -> None:
    """Serve until SIGTERM or SIGINT.

    Raises:
        AxisError: it cannot start; the message says why.
    """
    async with assembled(settings, schemas) as (parts, ready):
        server = uvicorn.Server(
            uvicorn.Config(
                build_app(parts),
                host=settings.console_host,
                port=settings.console_port,
                ssl_certfile=settings.tls_certificate,
                ssl_keyfile=settings.tls_key,
                http="httptools",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                # Addresses come from the socket alone: a header that anybody can write limits nobody.
                proxy_headers=False,
                timeout_keep_alive=IDLE_SECONDS,
                timeout_graceful_shutdown=GRACE_SECONDS,
            )
        )
        health = None
        if settings.metrics_port:
            health = await serve_health(settings.metrics_host, settings.metrics_port, ready)
        try:
            await server.serve()
        finally:
            if health is not None:
                health.close()


def _anchors(settings: Settings) -> tuple[bytes, ...]:
    if not settings.console_anchors:
        return ()
    return tuple(certificates(Path(settings.console_anchors).read_bytes()))


def _watched(settings: Settings) -> tuple[tuple[str, str, int], ...]:
    try:
        return read_watched(settings.console_watched)
    except ValueError as exc:
        raise SetupError(f"AXIS_CONSOLE_WATCHED is not name=host:port,…: {exc}") from exc


def main() -> int:
    """Start; return the exit code."""
    try:
        settings = load_settings()
        start_logs("console", settings.log_level)
        if not (settings.tls_certificate and settings.tls_key):
            raise SetupError("no TLS certificate and key given: set AXIS_TLS_CERTIFICATE and AXIS_TLS_KEY")
        schemas = load_schemas(settings)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(serve(settings, schemas))
    except (AxisError, OSError) as exc:
        print(f"axis console: {exc}", file=sys.stderr)  # noqa: T201 - before there are logs
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
