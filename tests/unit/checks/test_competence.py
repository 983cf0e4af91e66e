"""Rules A10-A14 and N9-N12: what each competence asks for, closed agencies, unregistered persons."""

from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest

from axis.envelope import SignerInfo
from axis.violations import Code
from tests.unit.checks.test_authority import (
    ENVELOPE,
    NOON,
    SIGNER,
    TUQ,
    Case,
    agency,
    mandate,
    pdf,
    signature,
)

replace = msgspec.structs.replace
KINDS = ("quyết định",)
KT, TL = mandate(competence="KT", kinds=KINDS), mandate(competence="TL", kinds=KINDS)
CLOSED = date(2026, 11, 20)
BEFORE = NOON - timedelta(days=2)
MIDNIGHT = datetime(2026, 11, 19, 17, tzinfo=UTC)
"""In Viet Nam, as the day of closing begins."""


def signs(competence, *mandates, **agency_change):
    """A document with this competence, signed by somebody with these mandates."""
    return Case(
        envelope=replace(ENVELOPE, signer=SignerInfo(competence=competence, full_name="Nguyễn Văn Thử")),
        signer=replace(SIGNER, mandates=mandates),
        agencies={"H37": agency("H37", **agency_change), "G22": agency("G22")},
    )


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        pytest.param(
            signs("TUQ. CHỦ TỊCH", replace(TUQ, valid_until=None)),
            [Code.MANDATE_INCOMPLETE],
            id="A10-TUQ-without-time-limit",
        ),
        pytest.param(
            signs("TUQ. CHỦ TỊCH", replace(TUQ, field="")),
            [Code.MANDATE_INCOMPLETE],
            id="A10-TUQ-without-content",
        ),
        pytest.param(signs("TUQ. CHỦ TỊCH", replace(TUQ, field="", kinds=KINDS)), [], id="A10-TUQ-of-kinds"),
        pytest.param(
            signs("TL. BỘ TRƯỞNG", replace(TL, kinds=("*",))),
            [Code.MANDATE_INCOMPLETE],
            id="A10-TL-for-everything",
        ),
        pytest.param(signs("TL. BỘ TRƯỞNG", TL), [], id="A10-TL-for-listed-kinds"),
        pytest.param(
            signs("TL. BỘ TRƯỞNG", replace(TL, kinds=("công văn",))),
            [Code.KIND_NOT_GRANTED],
            id="A7-TL-for-another-kind",
        ),
        pytest.param(
            signs("KT. BỘ TRƯỞNG", replace(KT, kinds=("*",))),
            [Code.MANDATE_INCOMPLETE],
            id="A10-KT-without-field",
        ),
        pytest.param(
            signs("KT. BỘ TRƯỞNG", replace(KT, kinds=("*",), field="tài chính")), [], id="A10-KT-with-field"
        ),
        pytest.param(
            signs("Q. CỤC TRƯỞNG", mandate(competence="Q")),
            [Code.MANDATE_INCOMPLETE],
            id="A10-Q-without-appointment",
        ),
        pytest.param(signs("Q. CỤC TRƯỞNG", mandate(competence="Q", basis="QĐ 12")), [], id="A10-Q-named"),
        pytest.param(
            signs("TUQ. BỘ TRƯỞNG / KT. CỤC TRƯỞNG", TUQ, KT),
            [Code.COMPETENCE_PASSED_ON],
            id="A11-TUQ-passed-on",
        ),
        pytest.param(
            signs("TL. BỘ TRƯỞNG / TL. VỤ TRƯỞNG", TL),
            [Code.COMPETENCE_PASSED_ON],
            id="A11-TL-passed-on-twice",
        ),
        pytest.param(signs("TL. BỘ TRƯỞNG / KT. VỤ TRƯỞNG", TL, KT), [], id="A11-TL-by-the-own-deputy"),
        pytest.param(
            signs("TL. BỘ TRƯỞNG / KT. VỤ TRƯỞNG", TL),
            [Code.COMPETENCE_NOT_GRANTED],
            id="A8-TL-by-someone-who-is-no-deputy",
        ),
        pytest.param(signs("CHỦ TỊCH", mandate(), collective=True), [Code.COLLECTIVE_NEEDS_TM], id="A12-own"),
        pytest.param(
            signs("KT. CHỦ TỊCH", KT, collective=True), [Code.COLLECTIVE_NEEDS_TM], id="A12-KT-alone"
        ),
        pytest.param(
            signs("TM. ỦY BAN NHÂN DÂN", mandate(competence="TM"), collective=True), [], id="A12-head"
        ),
        pytest.param(
            signs("TM. ỦY BAN NHÂN DÂN / KT. CHỦ TỊCH", mandate(competence="TM"), KT, collective=True),
            [],
            id="A12-deputy",
        ),
        pytest.param(signs("TL. CHỦ TỊCH", TL, collective=True), [], id="A12-by-order-of-the-head"),
        pytest.param(signs("KT. CHỦ TỊCH / TM. ỦY BAN", KT), [Code.COMPETENCE_ORDER], id="A13-backwards"),
    ],
)
def test_each_competence_has_its_conditions(case, expected):
    """NĐ 30/2020 Điều 13: TUQ, TL, KT, Q and TM each ask for something of their own."""
    assert case.judge() == expected


def closed_case(stamped, *, claimed=None, **change):
    """A document of an agency that was closed today, signed at some moment."""
    values = {"timestamped_at": stamped, "claimed_at": claimed}
    return Case(
        files=(pdf(signature("person", **values), signature("seal", **values)),),
        signer=replace(SIGNER, mandates=(mandate(valid_from=NOON - timedelta(days=9)),)),
        agencies={"H37": agency("H37", valid_until=CLOSED, **change), "G22": agency("G22")},
    )


@pytest.mark.parametrize(
    ("case", "expected", "findings"),
    [
        pytest.param(closed_case(BEFORE), [], [Code.FINDING_BEFORE_CLOSURE], id="A14-before"),
        pytest.param(closed_case(NOON), [Code.SIGNED_AFTER_CLOSURE] * 2, [], id="A14-after"),
        pytest.param(
            closed_case(MIDNIGHT - timedelta(microseconds=1)),
            [],
            [Code.FINDING_BEFORE_CLOSURE],
            id="A14-the-last-moment-of-the-day-before-in-viet-nam",
        ),
        pytest.param(
            closed_case(MIDNIGHT), [Code.SIGNED_AFTER_CLOSURE] * 2, [], id="A14-the-first-moment-in-viet-nam"
        ),
        pytest.param(
            closed_case(None, claimed=BEFORE), [Code.SIGNED_AFTER_CLOSURE] * 2, [], id="A14-only-claimed"
        ),
        pytest.param(closed_case(BEFORE, locked=True), [Code.SENDER_INACTIVE], [], id="A1-locked-and-closed"),
        pytest.param(
            Case(files=(), agencies={"H37": agency("H37", valid_until=CLOSED), "G22": agency("G22")}),
            [Code.SENDER_INACTIVE],
            [],
            id="A1-closed-without-any-signature",
        ),
    ],
)
def test_what_a_closed_agency_signed_before_stays_good(case, expected, findings):
    """A14: proven by time-stamps an old signature stays; a new or an unproven one is refused by name."""
    assert case.judge() == expected
    assert [v.code for v in case.findings] == findings


ANYONE = signature("nobody", subject="Trần Thị Bất Kỳ", organizations=("h37", "Phòng Một"))


@pytest.mark.parametrize(
    ("allowed", "who", "expected"),
    [
        (True, ANYONE, []),
        (False, ANYONE, [Code.SIGNER_UNREGISTERED]),
        (True, replace(ANYONE, organizations=("G22",)), [Code.SIGNER_UNREGISTERED]),
        (True, replace(ANYONE, organizations=()), [Code.SIGNER_UNREGISTERED]),
        (True, replace(ANYONE, subject="H37"), [Code.SIGNER_UNREGISTERED]),
    ],
    ids=["policy", "no-policy", "of-another-agency", "of-nobody", "a-seal-is-no-person"],
)
def test_an_agency_may_let_any_of_its_persons_sign(allowed, who, expected):
    """The policy is data of the directory, and every document it lets pass says so (N12)."""
    case = Case(
        files=(pdf(who, signature("seal")),),
        agencies={"H37": agency("H37", any_person=allowed), "G22": agency("G22")},
    )
    assert case.judge() == expected
    assert [v.code for v in case.findings] == ([] if expected else [Code.FINDING_ANY_PERSON])


def test_the_order_holds_for_unregistered_persons_too():
    """S3: whoever signs, signs before the seal."""
    case = Case(
        files=(pdf(signature("seal"), ANYONE),),
        agencies={"H37": agency("H37", any_person=True), "G22": agency("G22")},
    )
    assert case.judge() == [Code.SIGNERS_ORDER]


def test_differences_of_certificate_and_position_are_findings():
    """N10, N11: they are for the clerk, and refuse nothing."""
    case = Case(
        envelope=replace(ENVELOPE, signer=replace(ENVELOPE.signer, position="Phó Chủ tịch")),
        files=(pdf(signature("person", subject="Lê Văn Khác"), signature("seal")),),
    )
    assert case.judge() == []
    assert [v.code for v in case.findings] == [Code.FINDING_CERTIFICATE_NAME, Code.FINDING_POSITION]
