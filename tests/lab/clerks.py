"""A house of pages on a real PostgreSQL, and its pages as people see them."""

import html

import pytest

from axis.store.pool import open_pool
from tests.lab.pages import House


@pytest.fixture
async def house(pg_url, tmp_path):
    pool = await open_pool(pg_url, size=6)
    async with House(pool, pg_url, tmp_path / "content").open() as made:
        yield made
    await pool.close()


async def text(client, address, status=200):
    """Return a page's text as people see it."""
    answer = await client.get(address)
    assert answer.status_code == status, f"{address}: {answer.status_code} {answer.text}"
    return html.unescape(answer.text)
