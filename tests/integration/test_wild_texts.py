"""Real texts and the vendor's own packets of ../shared, judged from their bytes to the verdict."""

import io

import pytest
from pyhanko.pdf_utils.reader import PdfFileReader

from axis.checks.policy import load_policy
from axis.edxml.reader import HeaderReader
from axis.edxml.status import read_status
from axis.reports import FileKind, Outcome
from axis.sandbox.pdf import render
from axis.violations import Code
from tests.lab.documents import a_packet, a_recipe
from tests.lab.judging import judge_packet

pytestmark = pytest.mark.shared
LIMITS = load_policy().limits

TEXTS = {
    "bao-cao-chinh-phu-so-2020.md": "Báo cáo",
    "bao-cao-nghi-quyet-17-2021.md": "Báo cáo",
    "phat-bieu-so-ket-nghi-quyet-17.md": "Công văn",
    "thong-bao-ket-luan-2020-02-12.md": "Thông báo",
    "thong-bao-ket-luan-2022-04-27.md": "Thông báo",
}
"""Each with the kind of document it goes as."""

NO_PDF = (Code.MAIN_DOCUMENT_MISSING, "files")
"""The vendor put a text where the signed document should be."""
NOT_CONNECTED = [
    (Code.RECIPIENT_NOT_CONNECTED, "To[1].OrganId"),
    (Code.RECIPIENT_NOT_CONNECTED, "To[2].OrganId"),
]
"""Cao Bằng and Bộ Xây dựng are in the lab's directory without a connection; Nghệ An has one."""
LATER = (Code.BUSINESS_TYPE, "Bussiness.BussinessDocType")

DOCUMENTS = {
    "edoc_0_new.edxml": [
        NO_PDF,
        (Code.SENDER_UNKNOWN, "From.OrganId"),  # A80, where all else says G22
        (Code.RECIPIENT_UNKNOWN, "To[0].OrganId"),  # a commune that the directory does not have
    ],
    "edoc_0_new_LEADING_JUNK.edxml": [(Code.XML_MALFORMED, "")],
    "edoc_1_revocation.edxml": [NO_PDF, LATER, *NOT_CONNECTED],
    "edoc_2_update.edxml": [NO_PDF, LATER, *NOT_CONNECTED],
    "edoc_3_replacement.edxml": [NO_PDF, LATER, *NOT_CONNECTED],
    "edoc_NOT_NAMESPACE_WELLFORMED.edxml": [
        (Code.XML_MALFORMED, ""),
        # The header ends before the fault, so what it says is judged too; what comes after it is not known.
        (Code.SENDER_UNKNOWN, "From.OrganId"),
        (Code.RECIPIENT_UNKNOWN, "To[0].OrganId"),
    ],
}
"""Why each document packet is refused: code and field, brought by the connection of G22."""

IN_WORDS = {
    "edoc_0_new_LEADING_JUNK.edxml": "có byte trước khai báo XML",
    "edoc_NOT_NAMESPACE_WELLFORMED.edxml": "tiền tố chưa được khai báo",
}
"""What a person is told of the two that are no XML."""

STATUSES = {
    "status.edxml": "H41",
    "status_inbox_01.edxml": "H41",
    "status_rejection_02.edxml": "H41",
    "status_acceptance_03.edxml": "H41",
    "status_assignment_04.edxml": "H41",
    "status_processing_05.edxml": "H41",
    "status_finish_06.edxml": "H41",
    "status_cancellation_13.edxml": "G22",
    "status_change-acceptance_15.edxml": "H41",
    "status_change-rejection_16.edxml": "H41",
}
"""Status packets, each with the agency it is from."""

NO_DOCUMENT = [
    (Code.ELEMENT_MISSING, "To"),
    (Code.ELEMENT_MISSING, "DocumentId"),
    (Code.ELEMENT_MISSING, "Code"),
    (Code.ELEMENT_MISSING, "PromulgationInfo"),
    (Code.ELEMENT_MISSING, "DocumentType"),
    (Code.ELEMENT_MISSING, "Subject"),
    (Code.ELEMENT_MISSING, "SignerInfo"),
    (Code.ATTACHMENT_MISSING, "files"),
]
"""What a status packet lacks that a document has."""


@pytest.fixture
def vendor(shared):
    """Folder of the vendor's packets."""
    return shared / "samples" / "edxml" / "vendor-sdk-2022"


def reasons(judgement):
    return [(violation.code, violation.field) for violation in judgement.violations]


def test_no_sample_is_forgotten(shared, vendor):
    """The lists of this file name every text and every packet there is, and no other."""
    texts = {path.name for path in (shared / "samples" / "documents").iterdir()}
    assert texts == {*TEXTS, "README.md"}
    assert {path.name for path in vendor.iterdir()} == {*DOCUMENTS, *STATUSES}


@pytest.mark.parametrize("name", TEXTS)
def test_a_wild_text_is_accepted(shared, name):
    """Set as a PDF, signed by a person and an agency, packed: every rule is met, no finding is left."""
    text = (shared / "samples" / "documents" / name).read_text(encoding="utf-8")
    judgement = judge_packet(a_packet(text=text, kind=TEXTS[name]))
    assert (judgement.outcome, reasons(judgement)) == (Outcome.ACCEPTED, [])
    assert judgement.findings == ()
    (main,) = judgement.report.files
    assert main.kind is FileKind.PDF
    assert main.pdf is not None
    assert len(main.pdf.signatures) == 2


@pytest.mark.parametrize("name", TEXTS)
def test_a_wild_text_is_all_on_the_pages(shared, name):
    """What is set is the whole text: a document of more than a page, growing with its text."""
    text = (shared / "samples" / "documents" / name).read_text(encoding="utf-8")
    document = a_recipe(text=text, kind=TEXTS[name]).document
    assert document is not None
    pages = PdfFileReader(io.BytesIO(render(document).pdf)).root["/Pages"]["/Count"]
    assert len(text) / 5000 < pages < len(text) / 1000


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_of_the_vendor_is_refused_for_its_own_reasons(vendor, name):
    """All reasons are there, in the order of the rules, and no other beside them."""
    judgement = judge_packet((vendor / name).read_bytes(), sender="G22")
    assert judgement.outcome is Outcome.REFUSED
    assert reasons(judgement) == DOCUMENTS[name]
    assert IN_WORDS.get(name, "") in judgement.violations[0].detail


@pytest.mark.parametrize("name", STATUSES)
def test_a_status_of_the_vendor_is_no_document(vendor, name):
    """As a document it is refused for what it lacks; a door sees what it is; as a status it is whole."""
    data = (vendor / name).read_bytes()
    judgement = judge_packet(data, sender=STATUSES[name])
    assert judgement.outcome is Outcome.REFUSED
    assert reasons(judgement) == NO_DOCUMENT
    door = HeaderReader(LIMITS)
    door.feed(data)
    assert door.result().is_status
    status, violations = read_status(data, LIMITS)
    assert violations == ()
    assert status is not None
    assert status.sender.code == f"000.00.00.{STATUSES[name]}"
