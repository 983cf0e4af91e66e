"""What is fuzzed, and what it must never do: raise what is not documented, accept what nobody signed."""

import hashlib
import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from axis.checks.policy import load_policy
from axis.edxml.attachments import AttachmentSink
from axis.edxml.reader import HeaderReader, read_packet
from axis.edxml.status import read_status
from axis.reports import Outcome
from signing.cms import read_cms, verify_cms
from signing.signed import DATA, TST_INFO, CmsError, faults_of
from signing.stamps import read_stamp, stamp_faults
from signing.verify import verify_pdf
from tests.attacks.sameness import same
from tests.fuzz.seeds import good_pdfs
from tests.lab.pdfs import lab_evidence, trust

LIMITS: Final = load_policy().limits
_AT: Final = datetime.now(UTC) + timedelta(minutes=1)
_DIGEST: Final = hashlib.sha256(b"covered").digest()
_SPLIT: Final = 997
"""Pieces in which a door gets a packet."""


class AcceptedError(AssertionError):
    """Something was accepted that nobody signed so."""


def pdf(data: bytes) -> None:
    """Judge a PDF as the gate does. It accepts nothing but what was signed."""
    report = verify_pdf(
        io.BytesIO(data),
        trust=trust(), evidence=lab_evidence(), at=_AT, limits=LIMITS, allow_claimed_time=False,
    )  # fmt: skip
    parts = {report.integrity.outcome, report.content.outcome, report.trust.outcome}
    if parts == {Outcome.ACCEPTED} and not any(same(good, data) for good in good_pdfs()):
        raise AcceptedError("a PDF that is none of those that were signed")


def check_seeds() -> None:
    """Fail where a seed that should be good is not: the run would prove nothing."""
    for each in good_pdfs():
        report = verify_pdf(
            io.BytesIO(each),
            trust=trust(), evidence=lab_evidence(), at=_AT, limits=LIMITS, allow_claimed_time=False,
        )  # fmt: skip
        assert report.trust.outcome is report.integrity.outcome is report.content.outcome is Outcome.ACCEPTED


def cms(data: bytes) -> None:
    """Read a signature and a time-stamp, and verify both."""
    for kind in (DATA, TST_INFO):
        try:
            signed = read_cms(data, kind)
            if kind == TST_INFO:
                stamp_faults(read_stamp(signed, lambda algorithm: hashlib.new(algorithm, b"x").digest()))
                continue
            intact, valid = verify_cms(signed, _DIGEST)
            faults_of(signed, intact=intact, valid=valid)
        except CmsError:
            pass


def edxml(data: bytes) -> None:
    """Read a packet as the gate and as a door does: both see the same header."""
    with AttachmentSink() as sink:
        whole = read_packet(io.BytesIO(data), LIMITS, sink)
    door = HeaderReader(LIMITS)
    for at in range(0, len(data), _SPLIT):
        if door.feed(data[at : at + _SPLIT]):
            break
    header = door.result()
    read_status(data, LIMITS)
    if not whole.violations and header.envelope is None and not whole.is_status:
        raise AcceptedError("a packet whose header the door did not see")


TARGETS: Final[dict[str, Callable[[bytes], None]]] = {"pdf": pdf, "cms": cms, "edxml": edxml}
