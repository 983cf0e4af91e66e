"""Run the gateway: ``python -m axis.gateway``. HTTPS for machines, `/metrics` beside it."""

import sys
import tempfile
from contextlib import AsyncExitStack
from typing import Final

from axis import https, metrics
from axis.contract.registry import load_schemas
from axis.contract.schemas import Schemas
from axis.gateway.app import build_app
from axis.gateway.moves import RestDesk
from axis.gateway.parts import Memory, Parts
from axis.gateway.waiting import CHANNEL
from axis.ground import open_ground
from axis.process import beside, start
from axis.settings import Settings
from axis.store.bell import Bell
from signing.ends import file_ends_at

POOL: Final = 10

GRACE_SECONDS: Final = 5
"""How long requests under way may take to end at SIGTERM; long polls are cut off."""


async def serve(settings: Settings, schemas: Schemas) -> None:
    """Serve until SIGTERM or SIGINT.

    Raises:
        AxisError: it cannot start; the message says why.
    """
    opening = open_ground(settings, schemas, process="gateway", step="take", connections=POOL)
    async with opening as ground, Bell(settings.database_url, (CHANNEL,)) as bell, AsyncExitStack() as stack:
        office = ground.office
        # Uploaded files of a multipart request go where content goes: /tmp may be memory.
        tempfile.tempdir = str(office.content.root / "tmp")
        beside(stack, ground.courier.run, ground.trust.run)
        app = build_app(
            Parts(
                desk=RestDesk(office),
                memory=Memory(ground.pool),
                content=office.content,
                bell=bell,
                policy=office.policy,
                now=office.now,
                free_bytes_limit=office.free_bytes_limit,
            )
        )
        config = https.configured(
            app,
            settings,
            host=settings.gateway_host,
            port=settings.gateway_port,
            grace_seconds=GRACE_SECONDS,
        )
        await https.serve(config, settings, ground.ready)


def run(settings: Settings) -> None:
    """Serve until the end; the certificate's own end is a metric."""
    https.check_tls(settings)
    metrics.CERTIFICATE_ENDS.labels("door").set(file_ends_at(settings.tls_certificate).timestamp())
    https.run(serve(settings, load_schemas(settings)))


if __name__ == "__main__":
    sys.exit(start("gateway", run))
