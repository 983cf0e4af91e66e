"""Backups as folders: a dump of the database for each moment, content once by its digest.

The dump is made first, then content is copied. Content is written before its
row and never changes, so all that the dump names is copied, while the axis
goes on. A folder under its real name is always complete.
"""

import asyncio
import os
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit, urlunsplit

import msgspec

from axis.cli import exits
from axis.cli.database import database
from axis.cli.exits import StopError
from axis.content.store import ContentStore
from axis.errors import SetupError
from axis.settings import Settings
from axis.stack.postgres import find_binaries
from axis.stack.program import base_environ, run_tool
from axis.store.faults import store_faults
from axis.store.reconciling import put_aside

DUMP: Final = "database.dump"
CONTENT: Final = "content"
SCHEMA: Final = "public"


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """One backup that was made."""

    path: str
    dump_bytes: int
    copied: int
    """Files of content that were not in the backup yet."""
    copied_bytes: int


def make(settings: Settings, folder: Path, dump: Path | None) -> Made:
    """Make a backup.

    Args:
        settings: name database and content store.
        folder: of all backups; made where it is missing.
        dump: made elsewhere by ``pg_dump -Fc --schema=public``, just before; None: it is made here.

    Raises:
        SetupError: PostgreSQL's tool is missing or fails.
        OSError: the disk is full; nothing stays under a real name.
    """
    place = folder / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    half = place.with_name(f".{place.name}")
    half.mkdir(parents=True, mode=0o700)
    try:
        if dump is None:
            _postgres(settings, "pg_dump", "--format=custom", f"--schema={SCHEMA}", f"--file={half / DUMP}")
        else:
            shutil.copyfile(dump, half / DUMP)
        copied = _copy(ContentStore(Path(settings.content_dir)), ContentStore(folder / CONTENT))
        size = (half / DUMP).stat().st_size
        os.sync()
        half.rename(place)
    except BaseException:
        shutil.rmtree(half, ignore_errors=True)
        raise
    return Made(path=str(place), dump_bytes=size, copied=len(copied), copied_bytes=sum(copied))


def choose(folder: Path, name: str) -> Path:
    """Return the backup of that name, or the newest.

    Raises:
        StopError: there is none.
    """
    found = sorted(path.parent for path in folder.glob(f"[0-9]*Z/{DUMP}") if name in {"", path.parent.name})
    if not found:
        raise StopError(exits.USAGE, f"không có bản sao lưu nào như vậy ở {folder}", "no such backup")
    return found[-1]


def put_back(settings: Settings, folder: Path, chosen: Path) -> int:
    """Put the database back to a backup, and content that is missing beside it; return how many files.

    The schema that was there stays, renamed to ``before_restore``, until the
    next restore: what it knew can be looked up.
    """
    asyncio.run(_put_aside())
    options = ("--exit-on-error", "--no-owner", "--single-transaction", f"--schema={SCHEMA}")
    _postgres(settings, "pg_restore", *options, str(chosen / DUMP))
    return len(_copy(ContentStore(folder / CONTENT), ContentStore(Path(settings.content_dir))))


async def _put_aside() -> None:
    async with database() as conn:
        with store_faults():
            await put_aside(conn)


def _copy(source: ContentStore, target: ContentStore) -> list[int]:
    copied = []
    for digest, size, _ in source.digests():
        path = target.path(digest)
        if path.exists() and path.stat().st_size == size:
            continue
        try:
            found = target.copy_from(source.path(digest))
        except FileNotFoundError:
            continue  # removed by retention meanwhile
        if found != digest:
            raise SetupError(f"nội dung {digest} đã hỏng ở nguồn / is damaged at its source: found {found}")
        copied.append(size)
    return copied


def _postgres(settings: Settings, tool: str, *options: str) -> None:
    url = urlsplit(settings.database_url)
    program = shutil.which(tool) or str(find_binaries() / tool)
    bare = urlunsplit(url._replace(netloc=url.netloc.rpartition("@")[2]))
    # The password goes by the environment: a list of processes shows arguments to everybody.
    who = {"PGUSER": unquote(url.username or ""), "PGPASSWORD": unquote(url.password or "")}
    environ = {**base_environ(), **who}
    run_tool((program, f"--dbname={bare}", *options), what=tool, environ=environ, seconds=24 * 3600)
