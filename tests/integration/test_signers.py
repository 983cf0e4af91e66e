"""The register over REST and the way back to an older directory, on a real database."""

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import httpx
import msgspec
import pytest

from axis.checks.policy import load_policy
from axis.content.store import ContentStore
from axis.errors import SetupError
from axis.gateway.app import build_app
from axis.gateway.parts import Memory, Parts
from axis.register import Agency, Directory, Level, Mandate, Seal, Signer
from axis.store.connections import add_connection, assign_agencies, remove_connection
from axis.store.directory import read_directory_in_force
from axis.store.pool import open_pool
from axis.store.rollback import go_back
from axis.store.tokens import issue_token
from axis.store.versions import import_directory, list_versions, lock_directory

AT = datetime(2026, 11, 24, 8, tzinfo=UTC)
A, B, C = ("a" * 64, "b" * 64, "c" * 64)


def agency(code, **change):
    return Agency(
        code=code, name=f"Cơ quan {code}", level=Level.CENTRAL, valid_from=date(2020, 1, 1), **change
    )


WHOLE = Directory(
    agencies=(agency("G12"), agency("G22")), seals=(Seal(certificate_sha256=C, agency="G22"),), signers=()
)
BODY = {
    "agency": "G12",
    "full_name": "Nguyễn Thử Nghiệm",
    "position": "Thứ trưởng",
    "mandates": [{"competence": "KT", "kinds": ["Công văn"], "valid_from": "2026-01-01T00:00:00Z"}],
}


@pytest.fixture
async def pool(pg_url):
    opened = await open_pool(pg_url, size=4, application="test")
    yield opened
    await opened.close()


async def put(pool, directory):
    async with pool.acquire() as conn, conn.transaction():
        await lock_directory(conn)
        return await import_directory(conn, directory, source={"files": []}, at=AT)


@pytest.fixture
async def rest(pool, tmp_path):
    """Return clients of two connections, one for G12 and one for G22."""
    await put(pool, WHOLE)
    tokens = {}
    for name, code in (("dms-12", "G12"), ("dms-22", "G22")):
        async with pool.acquire() as conn, conn.transaction():
            made = await add_connection(conn, name, [code], at=AT)
        tokens[name] = await issue_token(pool, made.client_id, made.secret, at=datetime.now(UTC))
    parts = Parts(
        desk=cast("Any", SimpleNamespace()),
        memory=Memory(pool),
        content=ContentStore(tmp_path),
        bell=cast("Any", SimpleNamespace()),
        policy=load_policy(),
        now=lambda: datetime.now(UTC),
        free_bytes_limit=0,
    )
    transport = httpx.ASGITransport(build_app(parts))
    clients = [
        httpx.AsyncClient(
            transport=transport, base_url="http://axis", headers={"Authorization": f"Bearer {token.text}"}
        )
        for token in tokens.values()
    ]
    yield clients
    for client in clients:
        await client.aclose()


async def test_an_agency_keeps_its_own_register(rest, pool):
    """Registered, read back, ended: each change a version that says who and when."""
    own, _ = rest
    made = await own.put(f"/v1/signers/{A}", json=BODY)
    assert made.status_code == 200, made.text
    assert made.json()["changed"]
    (seen,) = (await own.get("/v1/signers")).json()
    assert (seen["certificate_sha256"], seen["mandates"][0]["kinds"]) == (A, ["công văn"])

    again = await own.put(f"/v1/signers/{A}", json=BODY)
    assert again.json() == {"changed": False, "version": made.json()["version"]}

    until = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    ended = {**BODY, "mandates": [{**BODY["mandates"][0], "valid_until": until}]}
    assert (await own.put(f"/v1/signers/{A}", json=ended)).json()["version"] == made.json()["version"] + 1
    async with pool.acquire() as conn:
        newest = (await list_versions(conn))[0]
    assert newest.source == {"by": "connection dms-12", "agencies": ["G12"], "signers": [A]}
    assert datetime.now(UTC) - newest.imported_at < timedelta(minutes=5)


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({}, 403),
        ({"agency": "G99"}, 400),
        (
            {
                "agency": "G22",
                "mandates": [
                    {
                        "competence": "TUQ",
                        "kinds": ["báo cáo"],
                        "valid_from": "2026-01-01T00:00:00Z",
                        "valid_until": "2027-01-01T00:00:00Z",
                        "authorising_agency": "G12",
                    }
                ],
            },
            403,
        ),
    ],
    ids=["another's-person", "nobody's", "in-another's-name"],
)
async def test_a_connection_manages_no_other_agencys_signers(rest, pool, change, status):
    """With valid credentials of another connection: refused, and nothing changed."""
    _, other = rest
    refused = await other.put(f"/v1/signers/{B}", json={**BODY, **change})
    assert refused.status_code == status, refused.text
    assert refused.headers["content-type"] == "application/problem+json"
    assert await pool.fetchval("SELECT count(*) FROM signer") == 0
    assert await pool.fetchval("SELECT count(*) FROM directory_version") == 3


async def test_nobody_sees_another_agencys_signers(rest):
    """The list holds the own agencies only, and another one asked for is refused."""
    own, other = rest
    await own.put(f"/v1/signers/{A}", json=BODY)
    assert (await other.get("/v1/signers")).json() == []
    assert (await other.get("/v1/signers", params={"agency": "G12"})).status_code == 403
    assert (await other.put(f"/v1/signers/{A}", json={**BODY, "position": "Bộ trưởng"})).status_code == 403


@pytest.mark.parametrize(
    "change",
    [
        {"mandates": []},
        {"mandates": [{"competence": "TL", "kinds": ["*"], "valid_from": "2026-01-01T00:00:00Z"}]},
        {"mandates": [{"competence": "XX", "kinds": ["*"], "valid_from": "2026-01-01T00:00:00Z"}]},
        {"mandates": [{"kinds": ["*"], "valid_from": "2026-01-01T00:00:00"}]},
        {"mandates": [{"kinds": [], "valid_from": "2026-01-01T00:00:00Z"}]},
        {"full_name": " "},
    ],
    ids=["none", "incomplete", "unknown", "naive", "no-kind", "no-name"],
)
async def test_what_could_not_be_judged_by_is_not_registered(rest, pool, change):
    """The same conditions as at the gate, told at once (A10)."""
    own, _ = rest
    assert (await own.put(f"/v1/signers/{A}", json={**BODY, **change})).status_code == 400
    assert await pool.fetchval("SELECT count(*) FROM signer") == 0


async def test_a_seals_certificate_is_no_person(rest):
    """One certificate, one owner."""
    own, _ = rest
    assert (await own.put(f"/v1/signers/{C}", json=BODY)).status_code == 400


# --- the way back ---

PERSON = Signer(
    certificate_sha256=A,
    agency="G12",
    full_name="N",
    position="Bộ trưởng",
    mandates=(Mandate(competence="", kinds=("*",), valid_from=AT, valid_until=None),),
)


async def back(pool, version):
    async with pool.acquire() as conn, conn.transaction():
        await lock_directory(conn)
        return await go_back(conn, version, by="operator ngân", at=AT)


async def directory(pool):
    async with pool.acquire() as conn:
        return await read_directory_in_force(conn)


async def test_a_directory_is_what_it_was(pool):
    """Whatever was added, changed and taken away since: all of it is undone, as one new version."""
    first = msgspec.structs.replace(WHOLE, signers=(PERSON,))
    await put(pool, first)
    renamed = msgspec.structs.replace(WHOLE.agencies[0], name="Tên nạp nhầm", valid_until=date(2026, 1, 1))
    await put(
        pool,
        Directory(
            agencies=(renamed, WHOLE.agencies[1], agency("G99")),
            seals=(Seal(certificate_sha256=B, agency="G99"),),
            signers=(msgspec.structs.replace(PERSON, position="Khác"),),
        ),
    )
    assert await directory(pool) != first
    made = await back(pool, 1)
    assert (made.version, made.source) == (3, {"by": "operator ngân", "rollback_to": 1})
    assert await directory(pool) == first
    assert await back(pool, 1) is None
    assert (await back(pool, 2)).version == 4
    assert len((await directory(pool)).agencies) == 3
    async with pool.acquire() as conn:
        versions = await list_versions(conn)
    assert versions[1].sha256 == versions[3].sha256


async def test_who_speaks_for_an_agency_is_not_gone_back_on(pool):
    """An agency's mail never returns to a system that lost it."""
    await put(pool, WHOLE)
    async with pool.acquire() as conn, conn.transaction():
        await add_connection(conn, "old", ["G12"], at=AT)
        await add_connection(conn, "new", ["G22"], at=AT)
    before = (await list_versions_of(pool))[0].version
    alone = (await directory(pool)).agencies[0]
    await put(pool, Directory(agencies=(alone,), signers=(), seals=()))
    async with pool.acquire() as conn, conn.transaction():
        await assign_agencies(conn, "new", ["G12"], at=AT)
        await remove_connection(conn, "old", at=AT)
    await back(pool, before)
    assert {one.code: one.connection for one in (await directory(pool)).agencies} == {
        "G12": "new",
        "G22": "new",
    }


async def list_versions_of(pool):
    async with pool.acquire() as conn:
        return await list_versions(conn)


async def test_a_code_with_documents_does_not_vanish(pool):
    """Old documents quote it for ever: the way back is refused, and nothing changed."""
    await put(pool, WHOLE)
    await put(pool, msgspec.structs.replace(WHOLE, agencies=(*WHOLE.agencies, agency("G99"))))
    await pool.execute(
        """INSERT INTO intake VALUES ('p', 'c', 's', 1, 'rest', 0, now(), 'answered', 'k');
           INSERT INTO document (packet_id, agency, document_id, number, notation, type_name, subject,
               issued_on, priority, accepted_at, splice_offset, splice, recipients)
           VALUES ('p', 'G99', 'd', '1', 'n', 't', 's', now(), 0, now(), 0, '', '{}')"""
    )
    with pytest.raises(SetupError, match="G99"):
        await back(pool, 1)
    assert len((await directory(pool)).agencies) == 3
    with pytest.raises(SetupError, match="phiên bản 7"):
        await back(pool, 7)
