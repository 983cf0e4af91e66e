"""The directory and connections on a real PostgreSQL: one atomic version after another."""

import asyncio
import hashlib
import json
import time
from datetime import UTC, date, datetime

import msgspec
import pytest

from axis.cli import funnel, root
from axis.errors import SetupError
from axis.register import Agency, Directory, Level, Mandate, Seal, Signer
from axis.store.connections import (
    add_connection,
    assign_agencies,
    list_connections,
    remove_connection,
    rotate_secret,
)
from axis.store.directory import find_agencies, read_directory_in_force, show_agency, view_for
from axis.store.faults import StoreError
from axis.store.pool import open_pool
from axis.store.tokens import find_bearer, issue_token
from axis.store.versions import import_directory, list_versions, lock_directory

AT = datetime(2026, 11, 22, 8, tzinfo=UTC)
G12 = Agency(
    code="G12", code102="000.00.00.G12", name="Bộ Tài chính", level=Level.CENTRAL, valid_from=date(2025, 3, 1)
)
H49 = Agency(
    code="H49", name="Ủy ban nhân dân tỉnh Quảng Ninh", level=Level.PROVINCE, valid_from=date(2016, 1, 1)
)
OLD = Agency(
    code="H49.24",
    code102="000.00.24.H49",
    name="Ủy ban nhân dân huyện Đầm Thử",
    level=Level.DISTRICT,
    parent="H49",
    valid_from=date(2016, 1, 1),
    valid_until=date(2025, 7, 1),
    successors=("H49",),
    invented=True,
)
PERSON = Signer(
    certificate_sha256="a" * 64,
    agency="G12",
    full_name="Nguyễn Thử Nghiệm",
    position="Thứ trưởng",
    mandates=(
        Mandate(
            competence="TUQ",
            kinds=("công văn",),
            valid_from=AT,
            valid_until=datetime(2027, 1, 1, tzinfo=UTC),
            authorising_agency="H49",
        ),
    ),
)
SEAL = Seal(certificate_sha256="b" * 64, agency="G12")
WHOLE = Directory(agencies=(G12, H49, OLD), signers=(PERSON,), seals=(SEAL,))


@pytest.fixture
async def conn(pg_url):
    """A connection to an empty, migrated database."""
    pool = await open_pool(pg_url, size=2)
    async with pool.acquire() as connection:
        yield connection
    await pool.close()


async def put(conn, directory, **kwargs):
    """Import a directory in a transaction of its own."""
    async with conn.transaction():
        await lock_directory(conn)
        return await import_directory(conn, directory, source={"files": []}, at=AT, **kwargs)


async def test_an_import_is_one_version_and_comes_back_as_it_was(conn):
    """What was imported is what is read, in every field."""
    version = await put(conn, WHOLE, note="lần đầu")
    assert (version.version, version.note) == (1, "lần đầu")
    assert await read_directory_in_force(conn) == WHOLE


async def test_the_same_content_again_makes_no_version(conn):
    """A monthly import without news leaves no trace."""
    await put(conn, WHOLE)
    assert await put(conn, WHOLE) is None
    assert [one.version for one in await list_versions(conn)] == [1]


async def test_any_difference_makes_a_version(conn):
    """One changed field is news."""
    await put(conn, WHOLE)
    ended = msgspec.structs.replace(G12, valid_until=date(2027, 1, 1))
    version = await put(conn, msgspec.structs.replace(WHOLE, agencies=(ended, H49, OLD)))
    assert version.version == 2
    assert (await list_versions(conn))[0].sha256 != (await list_versions(conn))[1].sha256


async def test_an_import_that_fails_half_way_leaves_the_version_in_force(conn):
    """All or nothing: a seal of an unknown agency is refused by the schema at the commit."""
    await put(conn, WHOLE)
    stray = Seal(certificate_sha256="c" * 64, agency="G99")
    with pytest.raises(Exception, match=r"seal|23503"):
        await put(conn, msgspec.structs.replace(WHOLE, seals=(SEAL, stray)))
    assert await read_directory_in_force(conn) == WHOLE
    assert [one.version for one in await list_versions(conn)] == [1]


async def test_old_codes_may_change_hands_within_one_import(conn):
    """Two agencies that swap their old codes do not trip over the unique index."""
    await put(conn, WHOLE)
    swapped = (
        msgspec.structs.replace(G12, code102=OLD.code102),
        H49,
        msgspec.structs.replace(OLD, code102=G12.code102),
    )
    assert (await put(conn, msgspec.structs.replace(WHOLE, agencies=swapped))).version == 2


async def test_a_view_holds_what_was_asked_for_and_whom_the_certificates_speak_for(conn):
    """Codes of either generation are answered as written; unknown ones are simply absent."""
    await put(conn, WHOLE)
    view = await view_for(conn, ["000.00.24.H49", "G99"], ["a" * 64, "d" * 64])
    assert view.version == 1
    assert view.agencies["000.00.24.H49"] == view.agencies["H49.24"] == OLD
    assert {"G12", "H49"} <= view.agencies.keys()
    assert "G99" not in view.agencies
    assert view.signers == {"a" * 64: PERSON}
    assert view.seals == {}


async def test_a_view_of_an_empty_directory_has_version_0(conn):
    """Before the first import nobody is known."""
    view = await view_for(conn, ["G12"], [])
    assert (view.version, view.agencies) == (0, {})


async def test_names_are_found_without_diacritics_and_codes_by_a_part(conn):
    """People type `dam thu`; what is in force comes before what has ended."""
    await put(conn, WHOLE)
    assert [a.code for a in await find_agencies(conn, "dam thu")] == ["H49.24"]
    assert [a.code for a in await find_agencies(conn, "UY BAN")] == ["H49", "H49.24"]
    assert [a.code for a in await find_agencies(conn, "g12")] == ["G12"]
    assert await find_agencies(conn, "100%") == ()
    assert await find_agencies(conn, "nhân dân", limit=1) == (H49,)


async def test_an_agency_is_shown_with_its_signers_and_seals(conn):
    """By either code; an unknown one is None."""
    await put(conn, WHOLE)
    entry = await show_agency(conn, "000.00.00.G12")
    assert (entry.agency, entry.signers, entry.seals) == (G12, (PERSON,), (SEAL,))
    assert await show_agency(conn, "G99") is None


async def add(conn, name, *codes):
    """Add a connection in a transaction of its own."""
    async with conn.transaction():
        return await add_connection(conn, name, codes, at=AT)


async def test_a_connection_gets_a_secret_of_which_only_the_digest_is_kept(conn):
    """The secret opens the door; the database cannot give it away."""
    await put(conn, WHOLE)
    made = await add(conn, "dms-a", "000.00.00.G12")
    pool_row = await conn.fetchrow("SELECT secret_sha256 FROM connection")
    assert pool_row["secret_sha256"] == hashlib.sha256(made.secret.encode()).hexdigest()
    assert len(made.secret) >= 43
    assert await issue_token(conn, made.client_id, made.secret, at=AT) is not None
    assert (await list_connections(conn))[0].agencies == ("G12",)


async def test_speaking_for_an_agency_is_a_version_of_the_directory(conn):
    """Whom a connection speaks for decides over documents, so it has a version."""
    await put(conn, WHOLE)
    await add(conn, "dms-a", "G12")
    assert (await view_for(conn, ["G12"], [])).version == 2
    assert (await view_for(conn, ["G12"], [])).agencies["G12"].connection == "dms-a"


async def test_an_agency_has_one_connection_at_a_time(conn):
    """A second one is refused by name, until it is moved on purpose."""
    await put(conn, WHOLE)
    await add(conn, "dms-a", "G12")
    with pytest.raises(SetupError, match=r"G12 \(dms-a\)"):
        await add(conn, "dms-b", "G12", "H49")
    assert [one.name for one in await list_connections(conn)] == ["dms-a"]
    await add(conn, "dms-b", "H49")
    async with conn.transaction():
        assert await assign_agencies(conn, "dms-b", ["G12"], at=AT) == ("G12",)
    assert {one.name: one.agencies for one in await list_connections(conn)} == {
        "dms-a": (),
        "dms-b": ("G12", "H49"),
    }


async def test_a_new_connection_may_take_an_agency_over_on_purpose(conn):
    """A newcomer registers a system for an agency that another one spoke for, in one step."""
    await put(conn, WHOLE)
    await add(conn, "dms-a", "G12")
    async with conn.transaction():
        await add_connection(conn, "dms-b", ["G12"], at=AT, take_over=True)
    assert {one.name: one.agencies for one in await list_connections(conn)} == {
        "dms-a": (),
        "dms-b": ("G12",),
    }


async def test_unknown_agencies_and_used_names_are_refused(conn):
    """Nothing is half added."""
    await put(conn, WHOLE)
    with pytest.raises(SetupError, match="G99"):
        await add(conn, "dms-a", "G99")
    await add(conn, "dms-a", "G12")
    with pytest.raises(SetupError, match="dms-a"):
        await add(conn, "dms-a", "H49")


async def test_rotating_ends_the_old_secret_and_its_tokens_at_once(conn):
    """A leaked secret is worth nothing a moment later."""
    await put(conn, WHOLE)
    old = await add(conn, "dms-a", "G12")
    token = await issue_token(conn, old.client_id, old.secret, at=AT)
    async with conn.transaction():
        new = await rotate_secret(conn, "dms-a")
    assert new.client_id == old.client_id
    assert await issue_token(conn, old.client_id, old.secret, at=AT) is None
    assert await find_bearer(conn, token.text, at=AT) is None
    assert await issue_token(conn, new.client_id, new.secret, at=AT) is not None


async def test_a_removed_connection_is_shut_out_and_its_agencies_are_free(conn):
    """Its name is never used again: packet ids hang on it."""
    await put(conn, WHOLE)
    made = await add(conn, "dms-a", "G12")
    async with conn.transaction():
        await remove_connection(conn, "dms-a", at=AT)
    assert await issue_token(conn, made.client_id, made.secret, at=AT) is None
    assert (await view_for(conn, ["G12"], [])).agencies["G12"].connection == ""
    with pytest.raises(SetupError):
        await add(conn, "dms-a", "G12")
    with pytest.raises(SetupError):
        async with conn.transaction():
            await rotate_secret(conn, "dms-a")


async def test_two_imports_at_once_make_two_versions_one_after_the_other(conn, pg_url):
    """The second waits for the first, and no version number is given twice."""
    await put(conn, WHOLE)
    pool = await open_pool(pg_url, size=2)
    first = msgspec.structs.replace(WHOLE, agencies=(G12, H49, OLD), seals=())
    second = msgspec.structs.replace(WHOLE, agencies=(G12, H49, OLD), signers=())

    async def one(directory):
        async with pool.acquire() as other:
            return await put(other, directory)

    versions = await asyncio.gather(one(first), one(second))
    await pool.close()
    assert sorted(version.version for version in versions) == [2, 3]


async def test_a_statement_that_the_schema_refuses_is_a_store_error(conn):
    """A name against the schema's rule never gets in, whoever calls."""
    with pytest.raises(StoreError):
        await add(conn, "Tên Lạ", "G12")


async def test_150_000_agencies_come_in_within_seconds(conn):
    """The whole country, twice over, and the second time nothing is written."""
    many = tuple(
        Agency(
            code=f"H{n:06d}",
            code102=f"000.{n:06d}",
            name=f"Ủy ban nhân dân xã {n}",
            level=Level.COMMUNE,
            valid_from=date(2025, 7, 1),
        )
        for n in range(150_000)
    )
    since = time.monotonic()
    assert (await put(conn, Directory(agencies=many))).version == 1
    assert await put(conn, Directory(agencies=many)) is None
    assert time.monotonic() - since < 60, "4 s on a free machine"
    since = time.monotonic()
    assert len((await view_for(conn, [a.code for a in many[:3400]], [])).agencies) >= 3400
    assert time.monotonic() - since < 5, "0.1 s on a free machine"


def axis(capfd, *arguments):
    """Run a command of the CLI; return its exit code, output and trouble."""
    code = funnel.run(root.build(), [str(argument) for argument in arguments])
    out, err = capfd.readouterr()
    assert "Traceback" not in out + err
    return code, out, err


def test_the_commands_of_a_first_day(pg_url, capfd, monkeypatch, tmp_path):
    """Import, find, register, rotate, remove: by hand, with the lines and codes a person sees."""
    monkeypatch.setenv("AXIS_HOME", str(tmp_path))
    monkeypatch.setenv("AXIS_DATABASE_URL", pg_url)
    agencies = tmp_path / "agencies.csv"
    head = "code,name,level,valid_from,parent,connection\n"
    agencies.write_text(head + "H49,UBND tỉnh Quảng Ninh,province,2016-01-01,H99,\n", encoding="utf-8")
    code, out, err = axis(capfd, "directory", "import", agencies)
    assert (code, "agencies.csv:2" in out, "H99" in out) == (1, True, True)
    assert "không thay đổi" in err
    assert axis(capfd, "directory", "find", "quang ninh")[0] == 1

    agencies.write_text(head + "H49,UBND tỉnh Quảng Ninh,province,2016-01-01,,\n", encoding="utf-8")
    assert axis(capfd, "directory", "import", agencies, "--check-only")[0] == 0
    assert json.loads(axis(capfd, "directory", "import", agencies, "--json")[1])["version"] == 1
    assert json.loads(axis(capfd, "directory", "import", agencies, "--json")[1])["changed"] is False
    assert json.loads(axis(capfd, "directory", "find", "quang ninh", "--json")[1])["code"] == "H49"

    code, out, _ = axis(capfd, "connection", "add", "dms-qn", "--agency", "H49", "--save", "--json")
    made = json.loads(out)
    assert (code, made["agencies"], len(made["rest_client_secret"]) >= 43) == (0, ["H49"], True)
    assert axis(capfd, "connection", "add", "dms-qn", "--agency", "H49")[0] == 64
    assert axis(capfd, "connection", "add", "dms-b", "--agency", "H98")[0] == 64
    rotated = json.loads(axis(capfd, "connection", "rotate", "dms-qn", "--json")[1])
    assert rotated["rest_client_secret"] != made["rest_client_secret"]
    assert made["rest_client_secret"] not in axis(capfd, "connection", "list", "--json")[1]
    # The gateway is away: said in one line, with its own code.
    assert axis(capfd, "status", "--as", "dms-x")[0] == 64
    assert axis(capfd, "connection", "remove", "dms-qn")[0] == 0
    assert axis(capfd, "connection", "remove", "dms-qn")[0] == 64
    assert len(axis(capfd, "directory", "versions", "--json")[1].splitlines()) == 3
    assert axis(capfd, "migrate")[0] == 0
    assert axis(capfd, "quarantine", "list")[0] == 0
    assert axis(capfd, "quarantine", "show", "7")[0] == 1
