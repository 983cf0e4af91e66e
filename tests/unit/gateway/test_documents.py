"""Documents as metadata and files: the packet that is built, and the idempotency key."""

import io
import json
from datetime import timedelta

import pytest

from axis.desk.share import Share
from axis.edxml.attachments import AttachmentSink
from axis.edxml.reader import read_packet
from axis.errors import RefusedError
from axis.violations import Code, Violation
from tests.unit.gateway.conftest import PLACES

METADATA = {
    "sender": "H37",
    "recipients": ["G22", "H37.02"],
    "number": "1205",
    "notation": "UBND-VP",
    "place": "Lạng Sơn",
    "issued_on": "2026-11-20",
    "type_name": "Công văn",
    "subject": "V/v báo cáo tình hình gửi, nhận văn bản điện tử",
    "signer": {"competence": "TM.", "position": "CHỦ TỊCH", "full_name": "Nguyễn Văn Mẫu"},
    "priority": 2,
}
PDF = b"%PDF-1.7\n" + bytes(range(256)) * 40


async def post(gateway, metadata=METADATA, files=None, key="k-1", **headers):
    parts = [("metadata", (None, json.dumps(metadata)))]
    for name, data in files or [("công văn.pdf", PDF)]:
        parts.append(("files", (name, data, "application/pdf")))
    given = {"Idempotency-Key": key} if key else {}
    return await gateway.http.post("/v1/documents", files=parts, headers={**given, **headers})


async def test_builds_the_packet_that_was_meant(gateway):
    """What the metadata say is in the envelope, names come from the directory, files are exact."""
    answer = await post(gateway, files=[("../x/công văn.pdf", PDF), ("phụ lục.pdf", b"%PDF-2")])
    assert answer.status_code == 202, answer.text
    limits = gateway.parts.policy.limits
    with AttachmentSink() as sink:
        reading = read_packet(
            io.BytesIO(gateway.content.path(answer.json()["sha256"]).read_bytes()), limits, sink
        )
        assert reading.violations == ()
        assert [(a.name, a.file.read()) for a in reading.attachments] == [
            ("công văn.pdf", PDF),
            ("phụ lục.pdf", b"%PDF-2"),
        ]
    envelope = reading.envelope
    assert (envelope.sender.code, envelope.sender.name) == ("H37", "UBND tỉnh Lạng Sơn")
    assert [organ.code for organ in envelope.recipients] == ["G22", "H37.02"]
    assert envelope.document_id == "H37,2026/11/20,1205/UBND-VP"
    assert (envelope.subject, envelope.priority) == (METADATA["subject"], 2)
    assert envelope.signer.full_name == "Nguyễn Văn Mẫu"
    [intake] = gateway.desk.taken.values()
    assert (intake.door, intake.priority) == ("rest-built", 2)
    assert len(gateway.left_behind()) == 1


async def test_the_same_request_again_is_the_same_packet(gateway):
    """However much later it is repeated: the packet is not built anew."""
    first = await post(gateway)
    gateway.now += timedelta(minutes=30)
    second = await post(gateway)
    assert (second.status_code, second.json()) == (202, first.json())
    assert len(gateway.left_behind()) == 1


async def test_a_repeated_key_needs_no_place(gateway):
    """T13: full or not, the same request has the same answer, and a new one waits."""
    first = await post(gateway)
    gateway.desk.open["dms"] = PLACES
    gateway.desk.share = Share(gateway.desk.count, PLACES)
    second = await post(gateway)
    assert (second.status_code, second.json()) == (202, first.json())
    new = await post(gateway, key="k-2")
    assert (new.status_code, new.json()["code"]) == (429, "take.too-many-open")
    assert len(gateway.left_behind()) == 1


async def test_the_loser_of_a_race_learns_the_winner(gateway):
    """One key, one request, two packets built a second apart: both clients are told of the first."""
    first = await post(gateway)
    real, calls = gateway.memory.repeated, []

    async def repeated(connection, key):
        calls.append(key)
        return None if len(calls) == 1 else await real(connection, key)

    gateway.memory.repeated = repeated
    gateway.now += timedelta(seconds=1)
    gateway.desk.fault = RefusedError(Violation(Code.TAKE_KEY_REUSED, "Idempotency-Key", ""))
    second = await post(gateway)
    assert (second.status_code, second.json()) == (202, first.json())


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"metadata": {**METADATA, "subject": "khác"}}, id="metadata"),
        pytest.param({"files": [("công văn.pdf", PDF + b"x")]}, id="bytes"),
        pytest.param({"files": [("khác.pdf", PDF)]}, id="name"),
        pytest.param({"files": [("công văn.pdf", PDF), ("b.pdf", PDF)]}, id="one-file-more"),
    ],
)
async def test_a_key_is_for_one_request_only(gateway, change):
    """T4: anything else under the same key is refused; under another key it is taken."""
    await post(gateway)
    answer = await post(gateway, **change)
    assert (answer.status_code, answer.json()["code"]) == (409, "take.idempotency-key-reused")
    assert (await post(gateway, **change, key="k-2")).status_code == 202


async def test_the_same_moment_gives_the_same_bytes(gateway):
    """With ``sent_at`` given, the packet depends on the request alone."""
    metadata = {**METADATA, "sent_at": "2026-11-20T09:00:00+07:00"}
    first = await post(gateway, metadata, key="k-1")
    gateway.now += timedelta(hours=0.5)
    second = await post(gateway, metadata, key="k-2")
    assert first.json()["sha256"] == second.json()["sha256"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        pytest.param({"key": ""}, "Idempotency-Key", id="no-key"),
        pytest.param({"key": "x" * 201}, "Idempotency-Key", id="long-key"),
        pytest.param({"metadata": {**METADATA, "recipients": []}}, "metadata", id="nobody-to-send-to"),
        pytest.param({"metadata": {**METADATA, "issued_on": "hôm nay"}}, "metadata", id="no-date"),
        pytest.param({"metadata": {**METADATA, "sujbect": "x"}}, "metadata", id="misspelt-field"),
        pytest.param({"metadata": {**METADATA, "sent_at": "2026-11-20T09:00:00"}}, "metadata", id="no-zone"),
        pytest.param({"metadata": "x" * 300_000}, "", id="metadata-too-long"),
        pytest.param({"content-type": "application/json"}, "Content-Type", id="no-multipart"),
        pytest.param({"content-type": "multipart/form-data"}, "", id="no-boundary"),
    ],
)
async def test_says_what_is_wrong_with_a_request(gateway, change, field):
    """T7, with the part that is to be mended; nothing is left behind."""
    answer = await post(gateway, **change)
    assert (answer.status_code, answer.json()["code"]) == (400, "take.request-malformed"), answer.text
    assert answer.json()["violations"][0]["field"] == field
    assert gateway.left_behind() == []


async def test_files_are_mandatory(gateway):
    """A document has at least one file."""
    answer = await gateway.http.post(
        "/v1/documents",
        files=[("metadata", (None, json.dumps(METADATA)))],
        headers={"Idempotency-Key": "k"},
    )
    assert (answer.status_code, answer.json()["violations"][0]["field"]) == (400, "files")


async def test_state_secrets_do_not_become_content(gateway):
    """T10 holds at this door as well."""
    answer = await post(gateway, {**METADATA, "subject": "TUYỆT MẬT"})
    assert (answer.status_code, answer.json()["code"]) == (422, "secrecy.marked")
    assert gateway.left_behind() == []


async def test_the_limit_holds_for_files_without_a_declared_length(gateway):
    """A chunked multipart body is cut at the limit."""

    async def endless():
        yield b'--b\r\nContent-Disposition: form-data; name="files"; filename="a.pdf"\r\n\r\n'
        while True:
            yield b"x" * 100_000

    answer = await gateway.http.post(
        "/v1/documents",
        content=endless(),
        headers={"Idempotency-Key": "k", "Content-Type": "multipart/form-data; boundary=b"},
    )
    assert (answer.status_code, gateway.left_behind()) == (413, [])
