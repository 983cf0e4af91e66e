"""Rules A1-A8 and S1-S3: who may send, seal and sign. `test_competence` has the others."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest

from axis.checks.authority import check_authority
from axis.checks.competence import competences_of
from axis.checks.policy import load_policy
from axis.checks.signers import check_signers
from axis.envelope import Envelope, Organ, SignerInfo
from axis.register import Agency, DirectoryView, Level, Mandate, Seal, Signer
from axis.reports import FileKind, FileReport, Outcome, Part, PdfReport, SignatureReport
from axis.violations import Code

NOON = datetime(2026, 11, 20, 5, tzinfo=UTC)
POLICY = load_policy()
GOOD = Part(outcome=Outcome.ACCEPTED)
replace = msgspec.structs.replace


def agency(code, **change):
    """An agency in force, connected as "dms"."""
    values = {"name": code, "level": Level.PROVINCE, "connection": "dms", "valid_from": date(2020, 1, 1)}
    return Agency(code=code, **{**values, **change})


def mandate(**change):
    """A mandate of the signer's own office, in force at noon, for every kind."""
    values = {
        "competence": "",
        "kinds": ("*",),
        "valid_from": NOON - timedelta(days=1),
        "valid_until": NOON + timedelta(days=1),
    }
    return Mandate(**{**values, **change})


def signature(fingerprint, **change):
    """A verified signature of a certificate, time-stamped at noon."""
    values = {"field": fingerprint, "subfilter": "ETSI.CAdES.detached", "timestamp": False}
    return SignatureReport(certificate_sha256=fingerprint, **{**values, "timestamped_at": NOON, **change})


def pdf(*signatures):
    """A PDF with these signatures, in order of signing."""
    report = PdfReport(signatures=signatures, integrity=GOOD, content=GOOD, trust=GOOD)
    return FileReport(content_id="cid:1", name="a.pdf", kind=FileKind.PDF, size=1, sha256="0", pdf=report)


ENVELOPE = Envelope(
    sender=Organ(code="H37"),
    recipients=(Organ(code="G22"),),
    document_id="1",
    number="1",
    notation="QĐ-UBND",
    place="Lạng Sơn",
    issued_on=date(2026, 11, 20),
    type_group=2,
    type_detail=2,
    type_name="Quyết định",
    subject="s",
    signer=SignerInfo(competence="CHỦ TỊCH", full_name="Nguyễn Văn Thử"),
)
SIGNER = Signer(
    certificate_sha256="person",
    agency="H37",
    full_name="Nguyễn Văn Thử",
    position="Chủ tịch",
    mandates=(mandate(),),
)
GOOD_FILES = (pdf(signature("person"), signature("seal")),)


@dataclass
class Case:
    """One judgement; every part can be changed."""

    envelope: Envelope = ENVELOPE
    files: tuple = GOOD_FILES
    agencies: dict = field(default_factory=lambda: {"H37": agency("H37"), "G22": agency("G22")})
    signer: Signer = SIGNER
    seal_of: str = "H37"
    connection: str = "dms"

    def judge(self):
        """Return the codes of all violations of rules S and A."""
        view = DirectoryView(
            version=1,
            agencies=self.agencies,
            seals={"seal": Seal(certificate_sha256="seal", agency=self.seal_of)},
            signers={"person": self.signer},
        )
        found, self.findings = check_authority(
            self.envelope, self.files, view, POLICY, connection=self.connection, at=NOON
        )
        return [v.code for v in (*check_signers(self.envelope, self.files, view, POLICY), *found)]


TUQ = mandate(competence="TUQ", authorising_agency="H37", field="cấp phép")


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        pytest.param(Case(), [], id="good"),
        pytest.param(Case(agencies={"G22": agency("G22")}), [Code.SENDER_UNKNOWN], id="A1-unknown"),
        pytest.param(
            Case(agencies={"H37": agency("H37", locked=True), "G22": agency("G22")}),
            [Code.SENDER_INACTIVE],
            id="A1-locked",
        ),
        pytest.param(Case(connection="other"), [Code.SENDER_NOT_OF_CONNECTION], id="A2-other-connection"),
        pytest.param(Case(agencies={"H37": agency("H37")}), [Code.RECIPIENT_UNKNOWN], id="A3-unknown"),
        pytest.param(
            Case(agencies={"H37": agency("H37"), "G22": agency("G22", valid_until=date(2026, 11, 20))}),
            [Code.RECIPIENT_INACTIVE],
            id="A3-until-is-too-late",
        ),
        pytest.param(
            Case(agencies={"H37": agency("H37"), "G22": agency("G22", connection="")}),
            [Code.RECIPIENT_NOT_CONNECTED],
            id="A3-not-connected",
        ),
        pytest.param(
            Case(
                envelope=replace(ENVELOPE, recipients=(Organ(code="G22"), Organ(code="000.00.00.G22"))),
                agencies={"H37": agency("H37"), "G22": agency("G22"), "000.00.00.G22": agency("G22")},
            ),
            [Code.RECIPIENT_REPEATED],
            id="A3-one-agency-under-both-codes",
        ),
        pytest.param(Case(seal_of="G22"), [Code.SEAL_NOT_OF_SENDER], id="A4-other-seal"),
        pytest.param(
            Case(files=(pdf(signature("nobody"), signature("seal")),)),
            [Code.SIGNER_UNREGISTERED],
            id="A5-unregistered",
        ),
        pytest.param(
            Case(signer=replace(SIGNER, agency="G22")), [Code.SIGNER_NOT_OF_SENDER], id="A5-of-another-agency"
        ),
        pytest.param(
            Case(signer=replace(SIGNER, mandates=(mandate(valid_until=NOON),))),
            [Code.MANDATE_NOT_IN_FORCE],
            id="A6-until-is-too-late",
        ),
        pytest.param(
            Case(signer=replace(SIGNER, mandates=(mandate(valid_from=NOON),))), [], id="A6-first-moment"
        ),
        pytest.param(
            Case(signer=replace(SIGNER, mandates=(mandate(kinds=("công văn",)),))),
            [Code.KIND_NOT_GRANTED],
            id="A7-kind",
        ),
        pytest.param(
            Case(signer=replace(SIGNER, mandates=(mandate(competence="KT"),))),
            [Code.COMPETENCE_NOT_GRANTED],
            id="A8-own-office-not-granted",
        ),
        pytest.param(
            Case(
                envelope=replace(ENVELOPE, signer=SignerInfo(competence="TUQ. CHỦ TỊCH")),
                signer=replace(SIGNER, agency="H37.02", mandates=(TUQ,)),
            ),
            [],
            id="TUQ-of-the-authorising-agency",
        ),
        pytest.param(
            Case(
                envelope=replace(ENVELOPE, signer=SignerInfo(competence="TUQ. CHỦ TỊCH")),
                signer=replace(SIGNER, agency="H37.02", mandates=(TUQ,)),
                seal_of="H37.02",
            ),
            [Code.SEAL_NOT_OF_SENDER],
            id="A4-TUQ-with-the-own-seal",
        ),
        pytest.param(Case(files=(pdf(signature("seal")),)), [Code.PERSON_MISSING], id="S1-no-person"),
        pytest.param(Case(files=(pdf(signature("person")),)), [Code.SEAL_MISSING], id="S2-no-seal"),
        pytest.param(
            Case(files=(pdf(signature("seal"), signature("person")),)),
            [Code.SIGNERS_ORDER],
            id="S3-seal-first",
        ),
        pytest.param(
            Case(files=(pdf(signature("person"), signature("seal"), signature("person")),)),
            [Code.SIGNERS_ORDER],
            id="S3-a-person-behind-the-seal",
        ),
        pytest.param(
            Case(files=(pdf(signature("person"), signature("seal", roles=("person",))),)),
            [Code.CHAIN_UNTRUSTED],
            id="G6-a-seal-by-an-authority-of-persons",
        ),
        pytest.param(
            Case(files=(pdf(signature("person", roles=("seal",)), signature("seal", roles=("seal",))),)),
            [Code.CHAIN_UNTRUSTED],
            id="G6-a-person-by-an-authority-of-seals",
        ),
        pytest.param(
            Case(files=(*GOOD_FILES, pdf(signature("person")))), [Code.SEAL_MISSING], id="S2-second-file"
        ),
        pytest.param(
            Case(envelope=replace(ENVELOPE, type_name="Sao y"), files=(pdf(signature("seal")),)),
            [],
            id="S1-a-copy-needs-the-seal-only",
        ),
        pytest.param(
            Case(files=(pdf(signature("seal", timestamp=True), signature("person")),)),
            [Code.SEAL_MISSING],
            id="S2-a-document-time-stamp-is-no-seal",
        ),
        pytest.param(
            Case(seal_of="G22", connection="other", agencies={"H37": agency("H37")}),
            [Code.SENDER_NOT_OF_CONNECTION, Code.RECIPIENT_UNKNOWN, Code.SEAL_NOT_OF_SENDER],
            id="all-are-told-in-rule-order",
        ),
    ],
)
def test_names_every_broken_rule(case, expected):
    """Each rule has its own code, and one broken rule does not hide another."""
    assert case.judge() == expected


def test_a_name_that_differs_is_a_finding_and_refuses_nothing():
    """N5: names are written in many ways; the clerk is told."""
    case = Case(signer=replace(SIGNER, full_name="Trần Thị Khác"))
    assert case.judge() == []
    assert [v.code for v in case.findings] == [Code.FINDING_SIGNER_NAME]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ("",)),
        ("KT. BỘ TRƯỞNG", ("KT",)),
        ("TL. BO TRUONG", ("TL",)),
        ("TM.", ("TM",)),
        ("CHỦ TỊCH", ("",)),
        ("tuq. cục trưởng", ("TUQ",)),
        ("TƯQ. CỤC TRƯỞNG", ("TUQ",)),
        ("Q. CỤC TRƯỞNG", ("Q",)),
        ("TM. ỦY BAN NHÂN DÂN KT. CHỦ TỊCH", ("TM", "KT")),
        ("TL. BỘ TRƯỞNG / KT. VỤ TRƯỞNG", ("TL", "KT")),
        ("TL. BỘ TRƯỞNG\nQ. VỤ TRƯỞNG", ("TL", "Q")),
        ("TM. UBND Q. 1", ("TM",)),
        ("КТ. CHỦ TỊCH", ("KT",)),  # Cyrillic
        ("K\u200bT. CHỦ TỊCH", ("KT",)),
        ("KT CHỦ TỊCH", ("KT",)),
        ("T.U.Q. CỤC TRƯỞNG", ("TUQ",)),
        ("Thừa uỷ quyền Cục trưởng", ("TUQ",)),
        ("TRƯỞNG PHÒNG TL", ("",)),
    ],
)
def test_reads_the_prefixes_of_competence(text, expected):
    """Known prefixes count, in order; a bare title is the own office, a quarter of a city no acting head."""
    assert competences_of(text, POLICY) == expected


def test_a_naive_moment_is_the_callers_bug():
    """Rules never guess a time zone."""
    view = DirectoryView(version=1, agencies={}, seals={}, signers={})
    with pytest.raises(ValueError, match="timezone"):
        check_authority(ENVELOPE, (), view, POLICY, connection="dms", at=NOON.replace(tzinfo=None))
