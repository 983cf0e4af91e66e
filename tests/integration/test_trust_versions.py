"""The trust list in force: one act for everybody, taken up by itself, never lost (faults.md 18)."""

import asyncio
import json
from datetime import UTC, datetime

import asyncpg
import pytest

from axis.desk import trustlist
from axis.desk.trustlist import open_trust
from axis.errors import SetupError
from axis.store.pool import open_pool
from axis.store.trust import Trusts, import_trust, list_trust
from signing.trust import parse_trust
from tests.lab.authority import lab_authority

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)


def listed(version):
    """Return the lab's list under another version name, as JSON."""
    return json.dumps({**json.loads(lab_authority().trust_file.read_bytes()), "version": version}).encode()


@pytest.fixture
async def pool(pg_url):
    opened = await open_pool(pg_url, size=2, application="test")
    yield opened
    await opened.close()


async def put(pool, version):
    """Import a list; return what came of it."""
    body = listed(version)
    digest = parse_trust(body).digest
    async with pool.acquire() as conn, conn.transaction():
        return await import_trust(
            conn, digest=digest, body=body, name=version, source="x.json", by="ngân", at=NOW
        )


async def test_until_the_first_import_the_file_counts(pool):
    """A process starts by the file, and takes the first imported list up."""
    desk = await open_trust(Trusts(pool), str(lab_authority().trust_file))
    assert desk.current.version.startswith("test-")
    assert not await desk.look()
    made = await put(pool, "một")
    assert (made.version, made.imported_by, made.source) == (1, "ngân", "x.json")
    assert await desk.look()
    assert (desk.current.version, desk.current.digest) == ("một", made.digest)


async def test_a_running_process_takes_a_new_list_up_by_itself(pool, monkeypatch):
    """No restart: the next look has it, and what was held for a batch stays as it was."""
    monkeypatch.setattr(trustlist, "LOOK_SECONDS", 0.02)
    await put(pool, "một")
    desk = await open_trust(Trusts(pool), "")
    running = asyncio.create_task(desk.run())
    held = desk.current
    await put(pool, "hai")
    async with asyncio.timeout(5):
        while desk.current.version != "hai":
            await asyncio.sleep(0.01)
    assert held.version == "một"
    running.cancel()


async def test_the_same_list_again_is_no_new_version(pool):
    """Importing twice is importing once; going back to an old list is a new version."""
    await put(pool, "một")
    assert await put(pool, "một") is None
    await put(pool, "hai")
    assert (await put(pool, "một")).version == 3
    async with pool.acquire() as conn:
        assert [one.name for one in await list_trust(conn)] == ["một", "hai", "một"]


async def test_old_lists_stay_and_cannot_be_changed(pool):
    """Decisions name a list by digest: it is there for ever, as it was."""
    first = await put(pool, "một")
    await put(pool, "hai")
    assert parse_trust(await Trusts(pool).trust_body(first.digest)).digest == first.digest
    with pytest.raises(asyncpg.RaiseError, match="append only"):
        await pool.execute("UPDATE trust_version SET body = '{}' WHERE version = 1")
    with pytest.raises(asyncpg.RaiseError, match="append only"):
        await pool.execute("DELETE FROM trust_version")


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"garbage", listed("empty").replace(b'"anchor": true', b'"anchor": false')]
)
async def test_a_list_that_cannot_be_relied_on_changes_nothing(pool, body):
    """Whatever got into the database: a running process keeps its list, a starting one does not start."""
    await put(pool, "một")
    desk = await open_trust(Trusts(pool), "")
    await pool.execute("INSERT INTO trust_version VALUES (9, 'feed', $1, 'x', 'x', 'x', now(), '')", body)
    with pytest.raises(SetupError):
        await desk.look()
    assert desk.current.version == "một"
    with pytest.raises(SetupError):
        await open_trust(Trusts(pool), "")


async def test_a_list_under_a_foreign_digest_is_not_taken_up(pool):
    """The digest in decisions names exactly what was judged by."""
    await put(pool, "một")
    desk = await open_trust(Trusts(pool), "")
    await pool.execute(
        "INSERT INTO trust_version VALUES (9, 'feed', $1, 'x', 'x', 'x', now(), '')", listed("hai")
    )
    with pytest.raises(SetupError, match="digest"):
        await desk.look()
    assert desk.current.version == "một"
