"""Requests that are read by hand are answered as FastAPI would have them answered."""

import pytest
from fastapi import Request

from axis.gateway.packets import post_packet
from axis.gateway.plain import waiting_for_kinds
from axis.gateway.receipts import get_newest
from axis.store.views import ReceiptLine
from tests.unit.gateway.conftest import NOON
from tests.unit.gateway.test_looking import EVENT, PACKET, judged, sealed, show


@pytest.fixture
def both(gateway):
    """The same functions once more, behind FastAPI's own reader."""
    gateway.app.add_api_route("/general/{packet_id}/receipt", get_newest, response_model=None)
    gateway.app.add_api_route("/general", post_packet, methods=["POST"], response_model=None)
    show(gateway, "answered", judged=judged("accepted"))
    gateway.memory.lines = [ReceiptLine(event_id=EVENT, kind="SubmissionAcceptance", at=NOON, sealed_at=NOON)]
    gateway.memory.receipt_parts[EVENT, "dms"] = sealed()
    return gateway


def said(answer):
    return answer.status_code, answer.content, dict(answer.headers)


QUERIES = [
    "", "wait=0", "wait=7", "wait=7.25", "wait=07", "wait=30", "wait=30.0", "wait=30.001", "wait=31",
    "wait=300", "wait=-1", "wait=-0", "wait=+1", "wait=nan", "wait=inf", "wait=1e0", "wait=1_0", "wait=%201",
    "wait=", "wait", "wait=x", "wait=.5", "wait=5.", "wait=1&wait=2", "wait=31&wait=1", "wait=x&wait=1",
    "wait=%D9%A1", "wait=1%0A", "wait=0.0000000000000000000000001",
    "kind=", "kind", "kind=SubmissionAcceptance", "kind=SubmissionRejection",
    "kind=a&kind=SubmissionAcceptance", "kind=SubmissionAcceptance&wait=1",
    "kind=SubmissionAcceptance&wait=x",
    "other=1", "other=1&wait=2", "%FF=1", "kind=%FF", "kind=%ED%A0%80", "&&", "=", "wait=1;kind=a",
]  # fmt: skip


@pytest.mark.parametrize("query", QUERIES)
async def test_a_wait_is_read_as_it_always_was(both, query):
    """Status, bytes and headers are the same, whatever the query says."""
    plain = await both.http.get(f"/v1/packets/{PACKET}/receipt?{query}")
    general = await both.http.get(f"/general/{PACKET}/receipt?{query}")
    assert said(plain) == said(general)


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer bad"}, {"Authorization": "Basic good"}])
@pytest.mark.parametrize("query", ["", "wait=x"])
async def test_strangers_are_turned_away_alike(both, headers, query):
    """Who asks is told first, and what is wrong with the question after that."""
    both.http.headers.pop("Authorization", None)
    answers = [
        await both.http.get(f"{path}/{PACKET}/receipt?{query}", headers=headers)
        for path in ("/v1/packets", "/general")
    ]
    assert said(answers[0]) == said(answers[1])
    assert answers[0].status_code == 401


async def test_packets_are_taken_alike(both):
    """The same body gives the same packet, the same faults the same refusals."""
    for headers in ({}, {"Content-Type": "text/plain"}, {"Content-Digest": "sha-256=:AAAA:"}):
        answers = [
            await both.http.post(path, content=b"junk", headers=headers)
            for path in ("/v1/packets", "/general")
        ]
        assert said(answers[0]) == said(answers[1])


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("kind=a&kind=b&wait=25.0", {"kind": ["a", "b"], "wait": 25.0}),
        ("wait=24.99999995", {"kind": None, "wait": 24.99999995}),
        ("wait=0.001", {"kind": None, "wait": 0.001}),
        ("wait=1e-3", None),
    ],
)
def test_requests_of_the_library_are_plain(query, expected):
    """What this is for is what it is used for; what is odd goes the general way."""
    scope = {"type": "http", "query_string": query.encode(), "path_params": {"packet_id": PACKET}}
    found = waiting_for_kinds(Request(scope))
    assert found == (expected and {"packet_id": PACKET, **expected})
