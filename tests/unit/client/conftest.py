"""A client whose requests go to the real gateway application, or to a script."""

import httpx
import pytest

from axis.client import AxisClient
from tests.unit.gateway.conftest import Gateway, packet


@pytest.fixture
def gateway(tmp_path):
    return Gateway(tmp_path / "content")


@pytest.fixture
async def client(gateway):
    async with AxisClient(
        "https://axis.test", "dms-1", "s3cret:ü%", transport=httpx.ASGITransport(gateway.app)
    ) as made:
        yield made


@pytest.fixture
def make_packet(tmp_path):
    return lambda size=1000, **changes: packet(tmp_path, size, **changes)
