"""Every way a revocation source can fail (faults.md 16, 17): real servers, real processes, a real database.

Each test looks at what is left behind: decision, waiting row, reason, evidence.
"""

import asyncio
import time
from datetime import timedelta

import pytest
from cryptography.x509 import ocsp

from axis.desk.keeping import expire, resume
from tests.lab.authority import lab_authority
from tests.lab.court import (
    HOUR,
    WAITS,
    answers,
    certificate_of,
    court,
    crl,
    gate,
    good_crl,
    good_ocsp,
    now,
    packet_of,
    proves,
    saying,
    sources,
)
from tests.lab.pdfs import other_authority
from tests.lab.services import a_crl, an_ocsp, authority_key
from tests.lab.sources import LABELS, Said

__all__ = ["court", "gate", "sources"]

pytestmark = pytest.mark.asyncio(loop_scope="module")

GONE = "gone"
SITUATIONS = {
    "gone": (GONE, GONE),
    "error": (saying(Said(500)), saying(Said(503))),
    "redirect": (saying(Said(302)), saying(Said(307))),
    "html": (saying(Said(body=b"<html>maintenance</html>")),) * 2,
    "empty": (saying(Said()),) * 2,
    "hanging": (saying(Said(hang=True)),) * 2,
    "dripping": (saying(Said(body=b"0" * 4000, drip=True)),) * 2,
    "cut": (saying(Said(body=b"0" * 4000, cut=True)),) * 2,
    "stale": (
        crl(since=now() - 3 * HOUR, until=now() - HOUR),
        answers(since=now() - 3 * HOUR, until=now() - HOUR),
    ),
    "future": (
        crl(since=now() + 2 * HOUR, until=now() + 3 * HOUR),
        answers(since=now() + 2 * HOUR, until=now() + 3 * HOUR),
    ),
    "other-key": (
        lambda _: Said(
            body=a_crl(since=now(), until=now() + HOUR, key=authority_key("people-ca", other_authority()))
        ),
        lambda question: Said(
            body=an_ocsp(
                certificate_of(ocsp.load_der_ocsp_request(question).serial_number),
                since=now(),
                until=now() + HOUR,
                authority=other_authority(),
            )
        ),
    ),
    "other-issuer": (good_crl("service-ca"), saying(Said(body=lab_authority().crl("people-ca")))),
    "unknown": (saying(Said(404)), answers(status=ocsp.OCSPCertStatus.UNKNOWN)),
    "of-someone-else": (
        saying(Said(404)),
        lambda _: Said(
            body=an_ocsp(
                lab_authority().certificate("people-ca"), since=now(), until=now() + HOUR, issuer="root"
            )
        ),
    ),
}
"""What the source of the signers says instead of a list, and instead of an answer."""


@pytest.mark.parametrize("name", SITUATIONS)
async def test_a_source_that_fails_makes_the_document_wait_until_it_is_back(court, sources, name):
    """G11: never revoked, never valid; it waits by name, with a deadline, and is taken up again by itself."""
    if name == GONE:
        sources.gone()
    else:
        sources.lists["people-ca"], sources.responders["people-ca"] = SITUATIONS[name]
    since = time.monotonic()
    packet_id = await court.send(packet_of())
    assert time.monotonic() - since < 15, "a source that fails held judging up"
    assert await court.left(packet_id) == ("waiting", WAITS, None, [])
    parked = await court.pool.fetchrow("SELECT * FROM parked")
    assert timedelta(hours=23) < parked["deadline"] - parked["since"] <= timedelta(hours=24)
    # With what the keeper and the worker need on top, back within 60 s of the source's return.
    assert max(court.office.policy.retry_seconds) <= 45
    assert parked["next_try_at"] - parked["since"] <= timedelta(seconds=46)
    assert await court.pool.fetchval("SELECT count(*) FROM decision") == 0
    assert await court.pool.fetchval("SELECT count(*) FROM event") == 0
    assert await court.pool.fetchval("SELECT count(*) FROM evidence") == 0

    await court.asked()
    if name == GONE:
        sources.up()
    sources.lists["people-ca"], sources.responders["people-ca"] = (
        good_crl("people-ca"),
        good_ocsp("people-ca"),
    )
    court.ahead = timedelta(seconds=46)
    assert await resume(court.office) == 1
    await court.judge()
    assert await court.left(packet_id) == ("answered", None, "accepted", [])
    await proves(court, packet_id)


async def test_at_the_deadline_it_ends_as_not_judged_in_time(court, sources):
    """W4: a source that never comes back costs the sender an answer, and no document id."""
    sources.gone()
    packet_id = await court.send(packet_of())
    court.ahead = timedelta(hours=25)
    assert await expire(court.office) == 1
    assert await court.left(packet_id) == ("answered", None, "expired", ["waiting.not-judged-in-time"])
    assert await court.pool.fetchval("SELECT count(*) FROM document") == 0


async def test_a_good_responder_stands_in_for_a_list_that_is_away(court, sources):
    """OCSP and CRL stand in for each other, and the decision names the responses."""
    for label in LABELS:
        sources.lists[label] = saying(Said(500))
    packet_id = await court.send(packet_of())
    assert await court.left(packet_id) == ("answered", None, "accepted", [])
    assert await court.pool.fetchval("SELECT array_agg(DISTINCT kind) FROM evidence") == ["ocsp"]
    await proves(court, packet_id)


async def test_a_wrong_answer_never_takes_the_place_of_a_good_one(court, sources):
    """What is held counts while it holds, whatever the source says meanwhile."""
    await court.send(packet_of())
    held = await court.pool.fetch("SELECT source, sha256 FROM revocation ORDER BY source")
    older = crl(since=now() - 2 * HOUR, until=now() + 5 * HOUR)
    for wrong in (*(SITUATIONS[name][0] for name in ("html", "stale", "other-key", "other-issuer")), older):
        sources.lists["people-ca"] = wrong
        court.ahead += timedelta(seconds=31)
        await court.evidence._freshen()
    assert any(path.endswith("/crl/people-ca") for path in sources.asked[-3:])
    now_held = await court.pool.fetch("SELECT source, sha256 FROM revocation ORDER BY source")
    of_people = sources.crl_url("people-ca")
    assert dict(held)[of_people] == dict(now_held)[of_people]
    assert (await court.left(await court.send(packet_of())))[2] == "accepted"


async def test_a_source_that_hangs_holds_up_nobody_else(court, sources):
    """One signer's source hangs; a document that needs nothing of it is judged meanwhile."""
    sources.lists["people-ca"] = sources.responders["people-ca"] = saying(Said(hang=True))
    waiting = asyncio.create_task(court.send(packet_of()))
    await asyncio.sleep(0.1)
    since = time.monotonic()
    await court.evidence.current()
    assert time.monotonic() - since < 0.4
    assert (await court.left(await waiting))[0] == "waiting"
