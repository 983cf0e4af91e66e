"""The schema files of `avro/`, parsed once: every version of every record."""

import json
from collections.abc import Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Final, TypeAlias

import fastavro
import msgspec

from axis.errors import SetupError

ParsedSchema: TypeAlias = str | list[Any] | dict[Any, Any]
"""What fastavro makes of a schema's text."""


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """One schema file."""

    name: str
    """Its file without the ending, e.g. ``submission.v1``."""
    record: str
    """``submission``."""
    number: int
    text: str
    """As registered."""
    parsed: ParsedSchema


class Schemas(msgspec.Struct, frozen=True, kw_only=True):
    """The schema ids of one registry, held from the start of a process on."""

    ids: Mapping[str, int]
    """Id of each version this software writes, e.g. ``{"submission.v1": 3}``."""
    writers: Mapping[int, tuple[str, ParsedSchema]]
    """Every registered id: its record (``"submission"``) and the schema it was written with."""


def parse(text: str) -> ParsedSchema:
    """Parse the text of a schema.

    Raises:
        SetupError: it is no Avro schema.
    """
    try:
        parsed: ParsedSchema = fastavro.parse_schema(json.loads(text))
    except (ValueError, fastavro.schema.SchemaParseException, fastavro.schema.UnknownType) as exc:
        raise SetupError(f"lược đồ Avro không đọc được / an Avro schema is unreadable: {exc}") from exc
    return parsed


def folder() -> Traversable:
    """Return where the schema files are: package data in a wheel, `avro/` at the top of a checkout."""
    shipped = files("axis.contract") / "avro"
    if shipped.is_dir():
        return shipped
    return Path(__file__).resolve().parents[2] / "avro"


def _load() -> dict[str, tuple[Version, ...]]:
    found: dict[str, list[Version]] = {}
    for file in folder().iterdir():
        if not file.name.endswith(".avsc"):
            continue
        record, _, number = file.name.removesuffix(".avsc").rpartition(".v")
        text = file.read_text(encoding="utf-8")
        version = Version(
            name=f"{record}.v{number}", record=record, number=int(number), text=text, parsed=parse(text)
        )
        found.setdefault(record, []).append(version)
    return {record: tuple(sorted(of, key=lambda v: v.number)) for record, of in found.items()}


VERSIONS: Final[Mapping[str, tuple[Version, ...]]] = _load()
"""Per record all versions, oldest first."""

NEWEST: Final[Mapping[str, Version]] = {record: of[-1] for record, of in VERSIONS.items()}
"""Per record the version this software reads with."""

_BY_NAME: Final = {version.name: version for of in VERSIONS.values() for version in of}

WRITTEN: Final[Mapping[str, Version]] = {
    record: _BY_NAME[name]
    for record, name in {
        "submission": "submission.v1",
        "accepted": "accepted.v1",
        "ack": "ack.v1",
        "conn-submission": "conn-submission.v1",
        "conn-ack": "conn-ack.v1",
        "conn-inbox": "conn-inbox.v1",
    }.items()
}
"""Per record the version this software writes: raised one release after it can be read."""

OF_CONNECTIONS: Final = ("conn-submission", "conn-ack", "conn-inbox")
"""Records of the topics of connections; all connections share their subjects."""


def full_name(record: str) -> str:
    """Return a record's full name, e.g. ``axis.ConnInbox``: the subject of what many topics carry."""
    parsed = NEWEST[record].parsed
    assert isinstance(parsed, dict)
    return str(parsed["name"])
