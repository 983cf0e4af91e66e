"""The OpenAPI description: complete, honest, readable offline; and the reason codes behind problems."""

import msgspec
import pytest

from axis import answers as nouns
from axis.gateway import answers, documents, examples, openapi, signers, statuses
from axis.gateway.inbox import Mark
from axis.store.inbox import Entry
from axis.violations import REASONS, Code

EXAMPLES = {
    "token": nouns.TokenAnswer,
    "packet_taken": answers.Taken,
    "uploaded": nouns.Uploaded,
    "document_taken": answers.Taken,
    "packet": nouns.PacketStatus,
    "receipts": list[nouns.ReceiptLine],
    "inbox": list[Entry],
    "mark": Mark,
    "mark_many": nouns.Marked,
    "status_taken": nouns.AckAnswer,
    "whoami": nouns.Whoami,
    "reason": nouns.Reason,
    "signers": list[signers.SignerAnswer],
    "signer_registered": signers.RegisterAnswer,
}


@pytest.mark.parametrize(("name", "example"), examples.EXAMPLES.items())
def test_examples_are_what_they_are_examples_of(name, example):
    """Each example reads back, and writes what it was read from: no field more, none less."""
    value = msgspec.convert(example, EXAMPLES[name])
    assert set(_keys(msgspec.to_builtins(value))) == set(_keys(example))


def test_request_examples_are_requests():
    """What the page tells a developer to send would be taken."""
    assert msgspec.convert(documents.EXAMPLE, documents.Metadata).number == "1205"


def _keys(value, path=""):
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _keys(inner, f"{path}.{name}")
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _keys(inner, f"{path}[]")
    else:
        yield path


async def test_every_operation_says_what_it_answers(gateway):
    """Summary in two languages, an answer, problem details for each failure, every reference resolved."""
    schema = (await gateway.http.get("/v1/openapi.json")).json()
    text = str(schema)
    assert len(schema["paths"]) == 21
    for path, verbs in schema["paths"].items():
        for verb, told in verbs.items():
            assert " · " in told["summary"], path
            assert told["description"], path
            assert {"401", "429", "503"} <= set(told["responses"]), path
            assert "422" not in told["responses"] or verb in {"post", "put"}, path
    known = schema["components"]["schemas"]
    for piece in text.split("#/components/schemas/")[1:]:
        assert piece.split("'")[0] in known
    assert {"Metadata", "StatusRequest", "PacketStatus", "Problem"} <= set(known)
    assert statuses.StatusRequest.__name__ in known
    assert openapi.schema(gateway.app) is openapi.schema(gateway.app)


async def test_the_page_needs_nothing_from_elsewhere(gateway):
    """One page of plain HTML with every operation: no script, no other host."""
    page = await gateway.http.get("/v1/docs")
    assert page.headers["content-type"].startswith("text/html")
    assert "<script" not in page.text
    assert "`" not in page.text, "code is shown as code"
    assert "grant_type=client_credentials" in page.text, "the first steps can be copied"
    assert "https://" not in page.text.replace("https://axis.test", "")
    for path in (await gateway.http.get("/v1/openapi.json")).json()["paths"]:
        assert f"<code>{path}</code>" in page.text


async def test_problem_types_lead_somewhere(gateway):
    """The ``type`` of problem details is an address that explains it, without a token."""
    del gateway.http.headers["Authorization"]
    problem = (await gateway.http.get("/v1/inbox")).json()
    told = (await gateway.http.get(problem["type"])).json()
    assert (told["code"], told["vi"]) == ("take.unauthenticated", problem["title"])
    assert len((await gateway.http.get("/v1/reasons")).json()) == len(Code) == len(REASONS)
    assert (await gateway.http.get("/v1/reasons/no.such")).status_code == 404


async def test_wrong_addresses_and_verbs_are_problems_too(gateway):
    """404 and 405 come in the same clothes."""
    for verb, path, status in (
        ("GET", "/v1/nothing", 404),
        ("DELETE", "/v1/packets", 405),
        ("GET", "/", 404),
    ):
        answer = await gateway.http.request(verb, path)
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
