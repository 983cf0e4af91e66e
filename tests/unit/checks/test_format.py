"""Rules F9, F10, F13, F15 to F17: may this document travel?"""

from datetime import UTC, date, datetime

import msgspec
import pytest

from axis.checks.format import check_format, main_document
from axis.checks.policy import load_policy
from axis.envelope import Organ
from axis.reports import FileKind, FileReport
from axis.violations import Code
from tests.unit.edxml.packets import ENVELOPE

POLICY = load_policy()
NOW = datetime(2026, 11, 20, 3, tzinfo=UTC)
PDF = FileReport(content_id="cid:1", name="a.pdf", kind=FileKind.PDF, size=1, sha256="00")
TEXT = FileReport(content_id="cid:2", name="b.txt", kind=FileKind.OTHER, size=1, sha256="00")
TYPE = "Bussiness.BussinessDocType"
DATE = "PromulgationInfo.PromulgationDate"


def judged(files=(PDF,), policy=POLICY, at=NOW, **change):
    violations, findings = check_format(msgspec.structs.replace(ENVELOPE, **change), files, policy, at=at)
    return [(v.code, v.field) for v in violations], [(v.code, v.field) for v in findings]


def test_a_good_document_is_told_nothing():
    """Nothing is found where nothing is wrong."""
    assert judged() == ([], [])


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param({"files": ()}, (Code.ATTACHMENT_MISSING, "files"), id="F13"),
        pytest.param({"files": (TEXT,)}, (Code.MAIN_DOCUMENT_MISSING, "files"), id="F15"),
        pytest.param({"business_type": 1}, (Code.BUSINESS_TYPE, TYPE), id="F17-recall"),
        pytest.param({"business_type": 9}, (Code.BUSINESS_TYPE, TYPE), id="F17-unknown"),
        pytest.param({"issued_on": date(2026, 11, 21)}, (Code.DATE_FUTURE, DATE), id="F9"),
        pytest.param(
            {"recipients": (Organ(code="H37.02"), Organ(code="G22"), Organ(code="h37.02"))},
            (Code.RECIPIENT_REPEATED, "To[2].OrganId"),
            id="F10",
        ),
    ],
)
def test_each_rule_has_its_code(change, expected):
    """One broken rule, one code, at its place."""
    assert judged(**change)[0] == [expected]


def test_today_is_today_in_viet_nam():
    """A document of the 21st may be sent from 17:00 UTC on the 20th."""
    late = datetime(2026, 11, 20, 17, tzinfo=UTC)
    assert judged(issued_on=date(2026, 11, 21), at=late)[0] == []


def test_a_missing_date_is_the_readers_to_tell():
    """No date is no date in the future."""
    assert judged(issued_on=None)[0] == []


def test_policy_decides_on_unsigned_files():
    """A file that is no PDF is a finding, or a refusal where the policy data say so."""
    assert judged(files=(PDF, TEXT)) == ([], [(Code.FINDING_UNSIGNED, "files[1]")])
    strict = msgspec.structs.replace(POLICY, unsigned_files="refuse")
    assert judged(files=(PDF, TEXT), policy=strict) == ([(Code.UNSIGNED_FILE, "files[1]")], [])


def test_an_unusual_kind_is_a_finding():
    """Kinds are compared without case; one outside the list is shown."""
    assert judged(type_name="CÔNG VĂN") == ([], [])
    assert judged(type_name="Thông tư lạ") == ([], [(Code.FINDING_VALUE, "DocumentType.TypeName")])


def test_all_are_told_in_rule_order():
    """One broken rule does not hide another."""
    found, _ = judged(files=(), business_type=2, issued_on=date(2027, 1, 1))
    assert [code for code, _ in found] == [Code.DATE_FUTURE, Code.ATTACHMENT_MISSING, Code.BUSINESS_TYPE]


def test_the_main_document_is_the_first_pdf():
    """Whatever stands before it."""
    assert main_document((TEXT, PDF, PDF)) == 1
    assert main_document((TEXT,)) is None


def test_a_naive_moment_is_our_bug():
    """It raises, and is no verdict."""
    with pytest.raises(ValueError, match="timezone"):
        judged(at=datetime(2026, 11, 20))  # noqa: DTZ001
