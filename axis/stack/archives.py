"""Record which classes the servers load, once: Java's archive of them halves every later start.

``python -m axis.stack.archives``; part of `make setup`. Both servers are run
with a throw-away home, and Java writes the archive when they stop.
"""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec

from axis.errors import AxisError
from axis.stack.alone import running
from axis.stack.identity import load_identity
from axis.stack.kafka import kafka_program, prepare_kafka
from axis.stack.places import Home, archive_path
from axis.stack.ports import choose_ports
from axis.stack.postgres import (
    database_url,
    find_binaries,
    postgres_program,
    prepare_postgres,
    remove_postgres,
)
from axis.stack.program import Program
from axis.stack.registry import prepare_registry, registry_program

RECORD_SECONDS: Final = 90
"""Java writes the archive after the server has stopped, from what it saw."""

KEPT: Final = 3
"""Archives of so many installations are kept, 80 MB each."""


def record() -> None:
    """Make the archives that are missing.

    Raises:
        AxisError: a server does not start.
    """
    missing = [name for name in ("kafka", "registry") if not archive_path(name).exists()]
    if not missing or (missing == ["registry"] and not _database_is_there()):
        return
    sys.stdout.write(f"setup: class archives of {' and '.join(missing)} (once)\n")
    sys.stdout.flush()
    with _throw_away() as home:
        identity = load_identity(home)
        ports, _ = choose_ports(("postgres", "kafka", "controller", "registry", "management"), {}, {})
        tasks = []
        if "kafka" in missing:
            prepare_kafka(home, identity, client_port=ports["kafka"], controller_port=ports["controller"])
            tasks.append(("kafka", kafka_program(home, client_port=ports["kafka"])))
        if "registry" in missing and _database_is_there():
            prepare_postgres(home, identity, durable=False)
            prepare_registry(
                home,
                identity,
                port=ports["registry"],
                management_port=ports["management"],
                database_url=database_url(identity, ports["postgres"], role="registry"),
            )
            program = registry_program(
                home, port=ports["registry"], management_port=ports["management"], needs=()
            )
            tasks.append(("registry", program))
        with _database(home, ports["postgres"]), ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda task: _record(home, *task), tasks))


def _record(home: Home, name: str, program: Program) -> None:
    path = archive_path(name)
    new = path.with_name(f".{path.name}.{os.getpid()}")
    java = next(at for at, part in enumerate(program.command) if part.endswith("/java"))
    command = (*program.command[: java + 1], f"-XX:AOTCacheOutput={new}", *program.command[java + 1 :])
    try:
        recording = msgspec.structs.replace(program, command=command, stop_seconds=RECORD_SECONDS)
        with running(recording, home.logs / f"{name}.log"):
            pass
        if new.exists():
            old = sorted(path.parent.glob(f"{name}-*.aot"), key=lambda kept: kept.stat().st_mtime)
            for kept in old[: 1 - KEPT]:
                kept.unlink(missing_ok=True)  # of a Java that is no more, most likely
            new.rename(path)
    finally:
        new.unlink(missing_ok=True)


@contextmanager
def _throw_away() -> Iterator[Home]:
    root = Path(tempfile.mkdtemp(prefix="axis-archives-"))
    root.chmod(0o711)
    home = Home(root)
    home.run.mkdir(mode=0o700)
    try:
        yield home
    finally:
        remove_postgres(home)
        shutil.rmtree(root, ignore_errors=True)


def _database_is_there() -> bool:
    try:
        find_binaries()
    except AxisError:
        return False
    return True


@contextmanager
def _database(home: Home, port: int) -> Iterator[None]:
    if not home.postgres.exists():
        yield
        return
    with running(postgres_program(home, port, durable=False), home.logs / "postgres.log"):
        yield


if __name__ == "__main__":
    try:
        record()
    except AxisError as exc:
        sys.exit(f"axis: {exc}")
