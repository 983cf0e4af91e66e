"""The named faults: each does what its name says, and only that."""

import io
from datetime import UTC, datetime

import pytest
from pyhanko.pdf_utils.reader import PdfFileReader

from axis.checks.format import check_format
from axis.checks.policy import load_policy
from axis.checks.secrecy import secret_mark
from axis.edxml.attachments import AttachmentSink
from axis.edxml.reader import read_packet
from axis.errors import SetupError
from axis.reports import FileKind, FileReport
from axis.sandbox.faults import FAULTS, fault
from axis.sandbox.spoil import alter_byte, append_bytes, replace_once
from axis.violations import REASONS
from tests.lab.documents import a_packet, a_signed_pdf, the_packet, the_signed_pdf

FORMAL = ("format.", "secrecy.")
"""Reasons that show without a look at signatures or the directory."""


def formal_reasons(packet):
    """Return the reason codes of the packet itself, and its PDFs."""
    policy = load_policy()
    with AttachmentSink() as sink:
        reading = read_packet(io.BytesIO(packet), policy.limits, sink)
        data = [attachment.file.read() for attachment in reading.attachments]
        files = tuple(
            FileReport(
                content_id=one.content_id,
                name=one.name,
                kind=FileKind.PDF if held.startswith(b"%PDF") else FileKind.OTHER,
                size=one.size,
                sha256=one.sha256,
            )
            for one, held in zip(reading.attachments, data, strict=True)
        )
    found = list(reading.violations)
    if reading.envelope is not None:
        found += check_format(reading.envelope, files, policy, at=datetime.now(UTC))[0]
        mark = secret_mark(reading.envelope, policy.secret_marks)
        found += [mark] if mark else []
    return {violation.code for violation in found}, data


def test_every_fault_has_a_published_reason_and_words_in_both_languages():
    """Whoever lists the faults can read what they are."""
    for name, one in FAULTS.items():
        assert one.name == name
        assert one.code in REASONS
        assert one.vi
        assert one.en


def test_a_good_packet_has_nothing_formal_against_it():
    """The packet that all faults start from is good."""
    assert formal_reasons(the_packet())[0] == set()


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_shows_in_the_packet_where_it_is_formal_and_else_not(name):
    """Formal faults give their reason; the others leave the packet formally sound."""
    codes, _ = formal_reasons(a_packet(fault=name))
    if FAULTS[name].code.startswith(FORMAL):
        assert FAULTS[name].code in codes
    else:
        assert codes == set()


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("no-person", ["AgencySeal"]),
        ("no-seal", ["PersonSignature"]),
        ("no-signature", []),
        ("seal-first", ["AgencySeal", "PersonSignature"]),
    ],
)
def test_missing_and_misplaced_signatures(name, fields):
    """The signatures that are there are exactly the ones the name leaves."""
    reader = PdfFileReader(io.BytesIO(a_signed_pdf(fault=name)), strict=True)
    assert [signature.field_name for signature in reader.embedded_regular_signatures] == fields


def test_byte_faults_change_what_they_say():
    """One byte differs, or some are added; the rest is the same."""
    good = the_signed_pdf()
    altered = alter_byte(good)
    assert sum(a != b for a, b in zip(good, altered, strict=True)) == 1
    assert append_bytes(good).startswith(good)


@pytest.mark.parametrize(
    ("name", "sign"),
    [("javascript", b"/JavaScript"), ("launch", b"/Launch"), ("xfa", b"/XFA"), ("encrypted", b"/Encrypt")],
)
def test_active_content_is_under_the_signatures(name, sign):
    """What the PDF should not hold was there before anyone signed."""
    signed = a_signed_pdf(fault=name)
    assert sign in signed
    assert signed.count(b"/ByteRange") == 2


def test_an_unknown_fault_is_refused_with_the_list():
    """The message names the faults there are."""
    with pytest.raises(SetupError, match="altered-byte"):
        fault("no-such-fault")


def test_a_fault_that_finds_nothing_to_spoil_says_so():
    """A fault never leaves the packet good by accident."""
    with pytest.raises(ValueError, match="nothing to spoil"):
        replace_once(b"absent", b"x")(b"packet")
