"""Rules G1 to G7: each attack on integrity is refused by its own name."""

import pytest
from asn1crypto import cms

from axis.reports import Outcome
from axis.sandbox.identity import Part
from tests.lab.broken import flipped, page_replaced
from tests.lab.pdfs import (
    a_cms,
    codes,
    judge,
    newest,
    next_number,
    person,
    plain,
    seal,
    sign_by_hand,
    signed_by_hand,
    signed_twice,
    update,
)
from tests.lab.services import a_document_token, a_token


def two_fields_one_signature() -> bytes:
    """Return a PDF in which a second field borrows the first one's signature."""
    pdf = signed_by_hand()
    number = next_number(pdf)
    value = number - 1
    form = newest(pdf, 6).replace(b"]", b" %d 0 R]" % number)
    return update(pdf, {6: form, number: b"<< /FT /Sig /T (Twin) /V %d 0 R >>" % value})


def form_changed(change) -> bytes:
    """Return a signed PDF whose form dictionary an update changes."""
    pdf = signed_by_hand()
    return update(pdf, {6: change(newest(pdf, 6))})


def catalog(entries: str) -> bytes:
    return f"<< /Type /Catalog /Pages 2 0 R /AcroForm 6 0 R {entries} >>".encode()


def new_field(entries: str) -> bytes:
    """Return a signed PDF to which an update adds a form field."""
    pdf = signed_by_hand()
    number = next_number(pdf)
    form = newest(pdf, 6).replace(b"]", b" %d 0 R]" % number)
    widget = f"<< /Type /Annot /Subtype /Widget /Rect [0 0 0 0] /P 3 0 R {entries} >>".encode()
    return update(pdf, {6: form, 7: newest(pdf, 7)[:-1] + b" %d 0 R]" % number, number: widget})


def field_value_changed() -> bytes:
    """Return a signed PDF whose text field an update fills anew."""
    field = b"<< /FT /Tx /T (So) /Type /Annot /Subtype /Widget /Rect [0 0 9 9] /V (15) >>"
    pdf = signed_by_hand(pdf=plain(n6=b"<< /Fields [8 0 R] /SigFlags 3 >>", n7=b"[8 0 R]", n8=field))
    return update(pdf, {8: field.replace(b"(15)", b"(16)")})


def shifted(a, s, b):
    return (0, a, s, b)


INTEGRITY = {
    "G1-not-a-pdf": (lambda: b"%PDF-1.7\nhello", "pdf.end-missing"),
    "G1-empty": (lambda: b"", "pdf.header"),
    "G1-cut": (lambda: signed_twice()[:-400], "pdf.end-missing"),
    "G1-dangling-reference": (
        lambda: signed_by_hand(pdf=plain(n3=b"<< /Type /Page /Parent 2 0 R /Annots 99 0 R >>")),
        "pdf.object-missing",
    ),
    "G2-unsigned": (plain, "signature.none"),
    "G2-unknown-subfilter": (lambda: signed_by_hand(subfilter="ETSI.CAdES.attached"), "signature.subfilter"),
    "G2-sha1-subfilter": (lambda: signed_by_hand(subfilter="adbe.pkcs7.sha1"), "signature.subfilter"),
    "G2-two-fields-one-signature": (two_fields_one_signature, "signature.field-count"),
    "G2-inline-signature": (
        lambda: plain(
            n6=b"<< /Fields [8 0 R] /SigFlags 3 >>",
            n8=b"<< /FT /Sig /T (A) /V << /ByteRange [0 1 2 3] /Contents <00> >> >>",
        ),
        "signature.field-count",
    ),
    "G2-signature-no-form-knows": (
        lambda: update(signed_by_hand(), {6: b"<< /Fields [] /SigFlags 3 >>"}),
        "signature.field-count",
    ),
    "G3-range-not-from-zero": (
        lambda: signed_by_hand(byte_range=lambda a, s, b: (1, a - 1, s, b)),
        "signature.byte-range",
    ),
    "G3-range-beyond-the-file": (
        lambda: signed_by_hand(byte_range=lambda a, s, b: (0, a, s, b + 1)),
        "signature.byte-range",
    ),
    "G3-range-backwards": (
        lambda: signed_by_hand(byte_range=lambda a, s, b: (0, s, a, b)),
        "signature.byte-range",
    ),
    "G3-range-of-six": (
        lambda: signed_by_hand(byte_range=lambda a, s, b: (0, a, s, 10, s + 10, b - 10)),
        "signature.byte-range",
    ),
    "G3-gap-wider-than-the-value": (
        lambda: signed_by_hand(byte_range=lambda a, s, b: (0, a - 1, s, b)),
        "signature.contents",
    ),
    "G3-gap-narrower-than-the-value": (
        lambda: signed_by_hand(byte_range=lambda a, s, b: (0, a + 1, s, b)),
        "signature.contents",
    ),
    "G3-white-space-in-the-gap": (
        lambda: signed_by_hand(gap=lambda d: b"<" + d[:-4] + b"  " + d[-4:-2] + b">"),
        "signature.contents",
    ),
    "G3-bytes-behind-the-value": (lambda: signed_by_hand(trailing=b"\x01evil"), "signature.cms-structure"),
    "G4-bytes-appended": (lambda: signed_twice() + b"% one more line\n", "signature.not-covering-file"),
    "G4-range-ends-early": (
        lambda: signed_by_hand(byte_range=lambda a, s, b: (0, a, s, b - 6)),
        "signature.not-covering-file",
    ),
    "G5-page-replaced": (lambda: page_replaced(signed_by_hand()), "signature.changed-after"),
    "G5-orphan-added": (
        lambda: update(signed_by_hand(), {40: b"(nobody refers to me)"}),
        "signature.changed-after",
    ),
    "G5-same-object-again-with-more": (
        lambda: update(signed_by_hand(), {2: newest(plain(), 2).replace(b"/Count", b"/X 1 /Count")}),
        "signature.changed-after",
    ),
    "G5-text-field-filled": (field_value_changed, "signature.changed-after"),
    "G5-empty-signature-field": (lambda: new_field("/FT /Sig /T (Later) /F 132"), "signature.changed-after"),
    "G5-text-field-added": (lambda: new_field("/FT /Tx /T (Later) /V (x)"), "signature.changed-after"),
    "G5-appearances-needed": (
        lambda: form_changed(lambda form: form[:-2] + b"/NeedAppearances true >>"),
        "signature.changed-after",
    ),
    "G5-default-appearance": (
        lambda: form_changed(lambda form: form[:-2] + b"/DA (/F1 0 Tf) >>"),
        "signature.changed-after",
    ),
    "G5-flags-lowered": (
        lambda: form_changed(lambda form: form.replace(b"/SigFlags 3", b"/SigFlags 1")),
        "signature.changed-after",
    ),
    "G5-version-lowered": (
        lambda: update(signed_by_hand(pdf=plain("/Version /1.7")), {1: catalog("/Version /1.4")}),
        "signature.changed-after",
    ),
    "G5-nested-information": (
        lambda: update(signed_by_hand(), {5: b"<< /Producer (lab) /Hidden << /A (b) >> >>"}),
        "signature.changed-after",
    ),
    "G5-seal-added-after-no-changes-allowed": (
        lambda: sign_by_hand(
            signed_by_hand(
                entries="/Reference [<< /Type /SigRef /TransformMethod /DocMDP "
                "/TransformParams << /Type /TransformParams /V /1.2 /P 1 >> >>]"
            ),
            a_cms(seal(), token=a_token),
            name="Seal",
        ),
        "signature.changed-after",
    ),
    "G6-covered-byte-flipped": (lambda: flipped(signed_twice(), 300), "signature.digest-mismatch"),
    "G6-value-spoilt": (lambda: signed_by_hand(spoil=True), "signature.crypto-failure"),
    "G6-timestamp-over-other-bytes": (
        lambda: signed_by_hand(token=lambda value: a_token(value + b"x")),
        "signature.timestamp-invalid",
    ),
    "G6-timestamp-that-is-none": (
        lambda: signed_by_hand(token=a_token_like),
        "signature.timestamp-invalid",
    ),
    "G6-document-timestamp-over-other-bytes": (
        lambda: sign_by_hand(
            signed_by_hand(),
            lambda covered: a_document_token(covered + b"x"),
            name="S",
            subfilter="ETSI.RFC3161",
        ),
        "signature.timestamp-invalid",
    ),
    "G7-signing-certificate-of-another": (
        lambda: signed_by_hand(ess_of=b"another"),
        "signature.cms-structure",
    ),
    "G7-no-message-digest": (
        lambda: signed_by_hand(leave_out=("message_digest",)),
        "signature.cms-structure",
    ),
    "G7-no-content-type": (lambda: signed_by_hand(leave_out=("content_type",)), "signature.cms-structure"),
    "G7-attribute-twice": (
        lambda: signed_by_hand(attributes=[("message_digest", b"0" * 32)]),
        "signature.cms-structure",
    ),
    "G7-enclosed-content": (lambda: signed_by_hand(content=b"evil"), "signature.cms-structure"),
    "G7-two-signers": (lambda: signed_by_hand(signers_=2), "signature.cms-structure"),
    "G7-sha1": (lambda: signed_by_hand(digest="sha1"), "signature.algorithm-weak"),
    "G7-weak-rsa": (lambda: signed_by_hand(identity=person(Part.WEAK)), "signature.algorithm-weak"),
    "G7-not-a-cms": (
        lambda: sign_by_hand(plain(), no_cms),
        "signature.cms-structure",
    ),
}


def no_cms(covered: bytes) -> bytes:
    """Return DER that is no signature."""
    del covered
    return b"\x30\x03\x02\x01\x05"


def a_token_like(value: bytes):
    """Return a signature that calls itself no time-stamp, where one is expected."""
    return cms.ContentInfo.load(a_cms()(value))


@pytest.mark.parametrize(("make", "code"), [pytest.param(*case, id=name) for name, case in INTEGRITY.items()])
def test_an_attack_on_integrity_is_refused_by_its_name(make, code):
    """Integrity refuses with the rule's own code, with or without a trust list."""
    pdf = make()
    report = judge(pdf)
    assert report.integrity.outcome is Outcome.REFUSED
    assert code in codes(report)["integrity"]
    without = judge(pdf, trust=None)
    assert (without.integrity, without.content) == (report.integrity, report.content)


@pytest.mark.parametrize("trusted", [True, False], ids=["with-trust", "without-trust"])
def test_g7_without_signing_certificate_trust_refuses_and_integrity_stands(trusted):
    """G7-no-signing-certificate: the bytes are as signed; who signed them is anyone's word."""
    pdf = signed_by_hand(leave_out=("signing_certificate_v2",))
    report = judge(pdf) if trusted else judge(pdf, trust=None)
    assert codes(report) == {
        "integrity": set(),
        "content": set(),
        "trust": {"signature.certificate-unbound"},
    }
    assert report.trust.outcome is Outcome.REFUSED
    assert {(s.indication, s.subindication) for s in report.signatures} == {
        ("INDETERMINATE", "SIG_CONSTRAINTS_FAILURE")
    }


def test_g7_a_time_stamp_without_signing_certificate_is_none():
    """G7-token-unbound: RFC 3161 asks for the attribute, and a time nobody answers for proves nothing."""
    pdf = signed_by_hand(token=unbound_token)
    assert codes(judge(pdf))["integrity"] == {"signature.timestamp-invalid"}


def unbound_token(value: bytes):
    """Return a token whose signed attributes name no certificate."""
    token = a_token(value)
    signer = token["content"]["signer_infos"][0]
    kept = [a for a in signer["signed_attrs"] if not a["type"].native.startswith("signing_certificate")]
    signer["signed_attrs"] = cms.CMSAttributes(kept)
    return cms.ContentInfo.load(token.dump(force=True))


def in_ber(der: bytes) -> bytes:
    """Return a CMS whose outer layers have no length (BER, as some signing tools write)."""
    loaded = cms.ContentInfo.load(der)
    kind, inner = loaded["content_type"].dump(), loaded["content"].untag().contents
    signed = b"\x30\x80" + inner + b"\0\0"
    return b"\x30\x80" + kind + b"\xa0\x80" + signed + b"\0\0" + b"\0\0"


def signed_in_ber(*, trailing: bytes = b"") -> bytes:
    """Return a PDF whose signature value is BER."""
    make = a_cms(token=a_token)
    return sign_by_hand(plain(), lambda covered: in_ber(make(covered)) + trailing)


def test_g7_a_value_in_ber_is_measured_as_it_stands():
    """G7-ber: indefinite lengths are read; bytes behind their end are found all the same."""
    assert codes(judge(signed_in_ber())) == {"integrity": set(), "content": set(), "trust": set()}
    assert codes(judge(signed_in_ber(trailing=b"\0\0evil")))["integrity"] == {"signature.cms-structure"}
