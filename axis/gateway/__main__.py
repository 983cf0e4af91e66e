"""Run the gateway: ``python -m axis.gateway``. HTTPS for machines, `/metrics` beside it."""

import asyncio
import contextlib
import logging
import sys
import tempfile
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import uvicorn
import uvloop

from axis import metrics
from axis.checks.policy import load_policy
from axis.content.store import ContentStore
from axis.contract.registry import load_schemas
from axis.contract.schemas import Schemas
from axis.desk.courier import Courier
from axis.desk.office import Office
from axis.desk.trustlist import open_trust
from axis.errors import AxisError, SetupError
from axis.gateway.app import build_app
from axis.gateway.moves import RestDesk
from axis.gateway.parts import Memory, Parts
from axis.gateway.waiting import CHANNEL
from axis.health import Ready, serve_health
from axis.kafka.producer import Publisher
from axis.logs import start_logs
from axis.settings import Settings, load_settings
from axis.store.bell import Bell
from axis.store.clock import database_clock
from axis.store.ledger import Ledger
from axis.store.pool import open_pool
from axis.store.trust import Trusts
from signing.ends import file_ends_at

_log = logging.getLogger("axis.gateway")

THREADS: Final = 16
"""Most fsyncs and file reads at once; more only queue in the kernel."""

POOL: Final = 10
IDLE_SECONDS: Final = 75
"""A connection between two requests is kept this long: clients send seldom, and TLS costs."""

GRACE_SECONDS: Final = 5
"""How long requests under way may take to end at SIGTERM; long polls are cut off."""


@contextlib.asynccontextmanager
async def assembled(settings: Settings, schemas: Schemas) -> AsyncIterator[tuple[Parts, Ready]]:
    """Open everything the gateway works with; close it at the end.

    Yields:
        The parts, and what tells whether they are usable.

    Raises:
        AxisError: something is not there; the message says what.
    """
    policy = load_policy(settings.policy_file)
    content = ContentStore(Path(settings.content_dir))
    # Uploaded files of a multipart request go where content goes: /tmp may be memory.
    tempfile.tempdir = str(Path(settings.content_dir) / "tmp")
    publisher = Publisher(settings)
    async with contextlib.AsyncExitStack() as stack:
        pool = await open_pool(settings.database_url, size=POOL, application="axis-gateway")
        stack.push_async_callback(pool.close)
        ledger, now = Ledger(pool), await stack.enter_async_context(database_clock(pool))
        stack.push_async_callback(publisher.stop)
        courier = Courier(publisher.publish, ledger.forget_outgoing, step="take")
        carrying = asyncio.create_task(courier.run())
        stack.callback(carrying.cancel)
        trust = await open_trust(Trusts(pool), settings.trust_file)
        watching = asyncio.create_task(trust.run())
        stack.callback(watching.cancel)
        bell = await stack.enter_async_context(Bell(settings.database_url, (CHANNEL,)))
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

        async def ready() -> dict[str, bool]:
            database, broker, store = await asyncio.gather(
                ledger.usable(), publisher.usable(), asyncio.to_thread(content.usable)
            )
            return {"database": database, "broker": broker, "content": store}

        yield (
            Parts(
                desk=RestDesk(office),
                memory=Memory(pool),
                content=content,
                bell=bell,
                policy=policy,
                now=now,
                free_bytes_limit=settings.free_bytes_limit,
            ),
            ready,
        )


async def serve(settings: Settings, schemas: Schemas) -> None:
    """Serve until SIGTERM or SIGINT.

    Raises:
        AxisError: it cannot start; the message says why.
    """
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(THREADS, thread_name_prefix="gateway"))
    async with assembled(settings, schemas) as (parts, ready):
        server = uvicorn.Server(
            uvicorn.Config(
                build_app(parts),
                host=settings.gateway_host,
                port=settings.gateway_port,
                ssl_certfile=settings.tls_certificate,
                ssl_keyfile=settings.tls_key,
                http="httptools",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
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


def main() -> int:
    """Start; return the exit code."""
    try:
        settings = load_settings()
        start_logs("gateway", settings.log_level)
        if not (settings.tls_certificate and settings.tls_key):
            raise SetupError("no TLS certificate and key given: set AXIS_TLS_CERTIFICATE and AXIS_TLS_KEY")
        metrics.CERTIFICATE_ENDS.labels("door").set(file_ends_at(settings.tls_certificate).timestamp())
        schemas = load_schemas(settings)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(serve(settings, schemas))
    except AxisError as exc:
        print(f"axis gateway: {exc}", file=sys.stderr)  # noqa: T201 - before there are logs
        return 1
    except OSError as exc:
        print(f"axis gateway: {exc}", file=sys.stderr)  # noqa: T201 - port taken, no such file
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
