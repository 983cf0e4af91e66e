"""The published schemas: documented, unchanged, and readable across versions both ways."""

import io
import itertools
import json
from datetime import UTC, datetime

import fastavro
import pytest

from axis.contract.schemas import NEWEST, OF_CONNECTIONS, VERSIONS, WRITTEN, folder
from axis.topics import TOPICS, connection_topics

ALL = [version for versions in VERSIONS.values() for version in versions]
PAIRS = [
    pytest.param(reader, writer, id=f"{reader.name}-reads-{writer.name}")
    for versions in VERSIONS.values()
    for reader, writer in itertools.product(versions, repeat=2)
]

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)

# One record and its bytes for each published version. A published line never changes: somebody's reader
# has been built against it. A new version adds a line.
GOLDEN = {
    "submission.v1": (
        {
            "event_id": "e1",
            "packet_id": "p1",
            "connection": "bo-noi-vu",
            "sha256": "ab",
            "size": 200_000_000,
            "door": "rest",
            "received_at": NOON,
            "priority": 3,
            "take": 2,
        },
        "04653104703112626f2d6e6f692d76750461628088debe01087265737480c0c6f786b7b0060604",
    ),
    "accepted.v1": (
        {
            "event_id": "e1",
            "packet_id": "p1",
            "agency": "H29",
            "document_id": "7/QĐ",
            "priority": 0,
            "accepted_at": NOON,
        },
        "046531047031064832390a372f51c4900080c0c6f786b7b006",
    ),
    "ack.v1": (
        {"event_id": "e1", "ack_id": "a1", "connection": "bo-noi-vu", "sha256": "ab", "received_at": NOON},
        "04653104613112626f2d6e6f692d767504616280c0c6f786b7b006",
    ),
    "conn-submission.v1": (
        {"packet": b"<edXML/>", "sha256": None, "reference": "r1"},
        "02103c6564584d4c2f3e00047231",
    ),
    "conn-ack.v1": (
        {
            "status_packet": None,
            "report": {
                "packet_id": "p1",
                "recipient": "H37",
                "code": "03",
                "description": "x",
                "reported_at": NOON,
            },
            "received": None,
            "reference": "r1",
        },
        "000204703106483337043033027880c0c6f786b7b00600047231",
    ),
    "conn-inbox.v1": (
        {
            "id": "i1",
            "entry_id": 7,
            "kind": "document",
            "subject": "p1",
            "packet_id": "p1",
            "recipients": ["H37", "H49"],
            "priority": 1,
            "created_at": NOON,
            "agency": "G12",
            "document_id": "7/QĐ",
            "number": "7",
            "notation": "QĐ-BTC",
            "type_name": "Quyết định",
            "title": "Về việc",
            "issued_on": "2026-11-20",
            "content": b"<edXML/>",
            "sha256": "ab",
            "size": 8,
        },
        ("0469310e10646f63756d656e74047031047031040648333706483439000280c0c6f786b7b006064731320a372f51c4900237"
        "0e51c4902d4254431e517579e1babf7420c491e1bb8b6e681656e1bb81207669e1bb876314323032362d31312d32300210"
        "3c6564584d4c2f3e04616210"),
    ),
}


@pytest.mark.parametrize("version", ALL, ids=lambda v: v.name)
def test_golden_bytes(version):
    """Each version writes the bytes it has always written, and reads them back."""
    record, expected = GOLDEN[version.name]
    out = io.BytesIO()
    fastavro.schemaless_writer(out, version.parsed, record)
    assert out.getvalue().hex() == expected
    assert fastavro.schemaless_reader(io.BytesIO(bytes.fromhex(expected)), version.parsed, None) == record


@pytest.mark.parametrize(("reader", "writer"), PAIRS)
def test_every_version_reads_every_other(reader, writer):
    """FULL_TRANSITIVE: old readers go on with new writers, and new readers with old ones."""
    record, golden = GOLDEN[writer.name]
    read = fastavro.schemaless_reader(io.BytesIO(bytes.fromhex(golden)), writer.parsed, reader.parsed)
    common = {field["name"] for field in reader.parsed["fields"]} & set(record)
    assert {name: read[name] for name in common} == {name: record[name] for name in common}
    for field in reader.parsed["fields"]:
        assert field["name"] in record or "default" in field, f"{field['name']} has no default"


@pytest.mark.parametrize("version", ALL, ids=lambda v: v.name)
def test_every_field_is_documented(version):
    """A developer elsewhere has the schema and nothing else."""
    schema = json.loads(version.text)
    assert schema["doc"]
    assert [field["name"] for field in schema["fields"] if not field.get("doc")] == []


@pytest.mark.parametrize("version", ALL, ids=lambda v: v.name)
def test_every_version_is_in_the_list_of_changes(version):
    """CHANGES.md says of each version what it changed."""
    text = (folder() / "CHANGES.md").read_text(encoding="utf-8")
    section = text.partition(f"## {version.record}\n")[2].partition("\n## ")[0]
    assert f"- v{version.number}:" in section


def test_versions_are_counted_without_a_gap():
    """Versions start at 1 and none was taken away."""
    for versions in VERSIONS.values():
        assert [version.number for version in versions] == list(range(1, len(versions) + 1))


def test_each_topic_has_its_record():
    """Every schema that the table of topics names exists, and what is written can be read."""
    topics = (*TOPICS, *connection_topics("dms"))
    assert {topic.schema for topic in topics} <= {version.name for version in ALL}
    assert {t.schema.rpartition(".v")[0] for t in connection_topics("dms")} == set(OF_CONNECTIONS)
    assert set(WRITTEN) == set(NEWEST)
    assert all(WRITTEN[record].number <= NEWEST[record].number for record in NEWEST)
