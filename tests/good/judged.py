"""What is said of a file without a trust list: integrity and content apart, and what trust refuses alone."""

from signing.evidence import NO_EVIDENCE
from tests.lab.pdfs import codes, judge

ACCEPTED = (set(), set(), {"waiting.trust-not-given"})


def parts(pdf: bytes) -> tuple[set[str], set[str], set[str]]:
    """Return the reason codes of integrity, content and trust."""
    found = codes(judge(pdf, trust=None, evidence=NO_EVIDENCE))
    return found["integrity"], found["content"], found["trust"]
