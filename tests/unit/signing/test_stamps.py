"""What a time-stamp of a trusted service says, and which of several counts (rule G6; RFC 3161)."""

import copy
from datetime import UTC, datetime, timedelta

import pytest
from asn1crypto import x509

from signing.evidence import NO_EVIDENCE
from tests.lab.derform import Node, nodes
from tests.lab.pdfs import a_cms, codes, judge, plain, sign_by_hand, signed_by_hand
from tests.lab.services import a_token, an_altered_token

GOOD = {"integrity": set(), "content": set(), "trust": set()}
NOT_READ = {"integrity": {"signature.timestamp-invalid"}, "trust": {"signature.timestamp-missing"}}
MINUTE = timedelta(minutes=1)
UNKNOWN = x509.Extension({"extn_id": "1.3.6.1.4.1.32473.1", "extn_value": b"\x05\x00"})
CRITICAL = x509.Extension({"extn_id": "1.3.6.1.4.1.32473.1", "critical": True, "extn_value": b"\x05\x00"})
_TIME = 0x18
_EXTENSIONS = _UNSIGNED = 0xA1


def at(moment: datetime):
    """Say that it was made at a moment."""
    return written(moment.strftime("%Y%m%d%H%M%SZ"))


def written(text: str):
    """Write its moment so."""

    def change(said: Node) -> None:
        (moment,) = (each for each in said.children or () if each.tag == _TIME)
        moment.content = text.encode()

    return change


def with_extension(extension: x509.Extension):
    """Say something more."""

    def change(said: Node) -> None:
        assert said.children is not None
        said.children.append(Node(_EXTENSIONS, b"", nodes(extension.dump())))

    return change


def judged(*changes, evidence=None):
    """Judge a signature with a token for each of these; returns codes, and the report of the signature."""

    def value(covered: bytes) -> bytes:
        over: list[bytes] = []
        made = a_cms(token=lambda raw: over.append(raw) or an_altered_token(raw, changes[0]))(covered)
        (tree,) = nodes(made)
        (unsigned,) = (each for each in signer_of(tree).children or () if each.tag == _UNSIGNED)
        for change in changes[1:]:
            again = copy.deepcopy(unsigned.children[0])
            again.children[1].children = nodes(an_altered_token(over[0], change).dump())
            unsigned.children.append(again)
        return tree.written()

    given = {} if evidence is None else {"evidence": evidence}
    report = judge(sign_by_hand(plain(), value, reserved=16384), **given)
    return codes(report), report.signatures[0]


def signer_of(tree: Node) -> Node:
    """The one SignerInfo."""
    return tree.children[1].children[0].children[-1].children[0]


def now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


SAYS = {
    "nothing-else": (lambda: at(now()), {}),
    "an-extension": (lambda: with_extension(UNKNOWN), {}),
    "a-critical-extension": (
        lambda: with_extension(CRITICAL),
        NOT_READ,
    ),
    "a-moment-without-zone": (
        lambda: written(now().strftime("%Y%m%d%H%M%S")),
        NOT_READ,
    ),
    "a-moment-of-the-future": (lambda: at(now() + 6 * MINUTE), {"trust": {"signature.timestamp-invalid"}}),
    "a-moment-by-another-clock": (lambda: at(now() + 4 * MINUTE), {}),
    "a-moment-before-the-certificate": (
        lambda: at(datetime(2000, 1, 1, tzinfo=UTC)),
        {"trust": {"signature.certificate-not-in-force"}},
    ),
    "a-moment-beyond-2050": (
        lambda: at(datetime(2050, 1, 1, tzinfo=UTC)),
        {"trust": {"signature.timestamp-invalid"}},
    ),
    "a-moment-at-the-end-of-time": (
        lambda: written("99991231235959Z"),
        {"trust": {"signature.timestamp-invalid"}},
    ),
}


@pytest.mark.parametrize(("make", "expected"), [pytest.param(*one, id=name) for name, one in SAYS.items()])
def test_what_a_service_says_counts_as_far_as_it_is_understood(make, expected):
    """Genuine tokens all: what they say is another matter."""
    assert judged(make())[0] == {**GOOD, **expected}


def test_of_several_time_stamps_the_first_moment_counts():
    """In whichever order they stand; each of them must be right."""
    early, late = now() - 2 * MINUTE, now() - MINUTE
    for order in ((early, late), (late, early)):
        found, signature = judged(*map(at, order))
        assert found == GOOD
        assert signature.timestamped_at == early
    assert judged(at(late), at(now() + 9 * MINUTE))[0]["trust"] == {"signature.timestamp-invalid"}


def test_waiting_for_a_service_changes_no_verdict_on_the_moment():
    """Before the evidence is there, the moment is the one that will count."""
    before = datetime(2000, 1, 1, tzinfo=UTC)
    for order in ((before, now()), (now(), before)):
        found, _ = judged(*map(at, order), evidence=NO_EVIDENCE)
        assert found["trust"] == {"signature.certificate-not-in-force"}


def test_an_altered_token_is_a_good_one():
    """What the table rests on: nothing was changed, and it counts."""
    report = judge(signed_by_hand(token=lambda value: an_altered_token(value, lambda _: None)))
    assert codes(report) == codes(judge(signed_by_hand(token=a_token))) == GOOD
