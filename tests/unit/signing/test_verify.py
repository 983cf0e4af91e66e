"""Rules G1 to G11: good documents pass, and each attack is refused by its own name."""

import io
from datetime import UTC, datetime

import msgspec
import pytest
from asn1crypto import cms
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.writer import PageObject, PdfFileWriter

from axis.reports import Outcome
from axis.sandbox.identity import Part
from signing import mapped, reading
from signing.trust import TrustList
from signing.verify import verify_pdf
from tests.lab.pdfs import (
    a_cms,
    a_document_token,
    a_token,
    codes,
    fresh_evidence,
    judge,
    lab_evidence,
    limits,
    newest,
    next_number,
    person,
    plain,
    seal,
    sign,
    sign_by_hand,
    signed_by_hand,
    signed_twice,
    trust,
    update,
    with_document_timestamp,
    with_dss,
)

GOOD = {
    "one-signature": lambda: sign(plain(), person()),
    "person-then-seal": signed_twice,
    "made-by-hand": signed_by_hand,
    "pkcs7-detached": lambda: signed_by_hand(subfilter="adbe.pkcs7.detached"),
    "with-long-term-data": with_dss,
    "with-document-timestamp": lambda: with_document_timestamp(signed_twice()),
    "with-data-and-timestamp": lambda: with_document_timestamp(with_dss()),
    "sealed-after-a-timestamp": lambda: sign(with_document_timestamp(sign(plain(), person())), seal()),
    "end-of-line-behind": lambda: signed_twice() + b"\r\n",
    "long-hash": lambda: signed_by_hand(digest="sha512"),
    "timestamp-of-type-sig": lambda: sign_by_hand(
        signed_by_hand(), a_document_token, name="Stamp", subfilter="ETSI.RFC3161"
    ),
}


@pytest.mark.parametrize("make", [pytest.param(make, id=name) for name, make in GOOD.items()])
def test_a_good_document_is_accepted_in_every_part(make):
    """Signing as PAdES says, once or twice, with or without long-term data, is accepted."""
    report = judge(make())
    assert codes(report) == {"integrity": set(), "content": set(), "trust": set()}
    assert {report.integrity.outcome, report.content.outcome, report.trust.outcome} == {Outcome.ACCEPTED}
    assert {(s.indication, s.subindication) for s in report.signatures} == {("TOTAL-PASSED", "")}
    assert all(s.intact and s.valid and s.timestamped_at for s in report.signatures)


def test_signatures_are_reported_in_order_of_signing_and_without_identity_numbers():
    """The report names the common name alone, and says how far each signature reaches."""
    pdf = signed_twice()
    first, second = judge(pdf).signatures
    assert (first.field, second.field) == ("PersonSignature", "AgencySeal")
    assert first.subject == person().full_name
    assert first.covers_until < second.covers_until == len(pdf)
    assert "TEST-" not in repr((first, second))


def flipped(pdf: bytes, place: int) -> bytes:
    """Return a PDF with one bit of it turned."""
    return pdf[:place] + bytes([pdf[place] ^ 1]) + pdf[place + 1 :]


def page_replaced(pdf: bytes) -> bytes:
    """Return a signed PDF with an update that shows another text."""
    body = b"BT (other) Tj ET"
    return update(pdf, {4: b"<< /Length %d >>\nstream\n%s\nendstream" % (len(body), body)})


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
    "G1-not-a-pdf": (lambda: b"%PDF-1.7\nhello", "signature.pdf-unreadable"),
    "G1-empty": (lambda: b"", "signature.pdf-unreadable"),
    "G1-cut": (lambda: signed_twice()[:-400], "signature.pdf-unreadable"),
    "G1-dangling-reference": (
        lambda: signed_by_hand(pdf=plain(n3=b"<< /Type /Page /Parent 2 0 R /Annots 99 0 R >>")),
        "signature.pdf-unreadable",
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


CONTENT = {
    "open-action": (plain, "/OpenAction << /S /JavaScript /JS (app.alert\\(1\\)) >>", "content.javascript"),
    "named-script": (plain, "/Names << /JavaScript << /Names [] >> >>", "content.javascript"),
    "escaped-name": (plain, "/OpenAction << /S /Java#53cript /#4a#53 (x) >>", "content.javascript"),
    "deep-inline": (plain, "/Foo [[<< /A << /S /Launch /F (calc.exe) >> >>]]", "content.launch-action"),
    "xfa": (plain, "/Later << /XFA [] >>", "content.xfa"),
}


@pytest.mark.parametrize(
    ("make", "entries", "code"), [pytest.param(*c, id=f"G8-{n}") for n, c in CONTENT.items()]
)
def test_forbidden_content_is_found_wherever_it_stands(make, entries, code):
    """Scripts, programs and XFA refuse the content and leave integrity alone."""
    report = judge(signed_by_hand(pdf=make(entries)))
    assert codes(report) == {"integrity": set(), "content": {code}, "trust": set()}


def packed(*, script: bool) -> bytes:
    """Return a PDF of object streams, perhaps with a script in one of them."""
    writer = PdfFileWriter(stream_xrefs=True)
    content = writer.add_object(generic.StreamObject(stream_data=b"BT ET"))
    writer.insert_page(PageObject(contents=content, media_box=(0, 0, 595, 842)))
    kind = "/JavaScript" if script else "/GoTo"
    action = {"/S": generic.NameObject(kind), "/JS" if script else "/D": generic.pdf_string("x")}
    stream = writer.prepare_object_stream()
    writer.root["/OpenAction"] = writer.add_object(generic.DictionaryObject(action), obj_stream=stream)
    output = io.BytesIO()
    writer.write(output)
    return output.getvalue()


def test_a_script_in_an_object_stream_is_found():
    """Compressed objects are objects: the name stands nowhere in the raw bytes."""
    pdf = sign(packed(script=True), person())
    assert b"JavaScript" not in pdf
    assert codes(judge(pdf)) == {"integrity": set(), "content": {"content.javascript"}, "trust": set()}
    assert codes(judge(sign(packed(script=False), person())))["content"] == set()


def test_a_large_file_is_judged_from_disk(tmp_path, monkeypatch):
    """What is too large to be held in memory is mapped, with the same result."""
    monkeypatch.setattr(reading, "HELD_BYTES", 0)
    monkeypatch.setattr(mapped, "VIEWED_BYTES", 64)
    for number, pdf in enumerate(
        (signed_twice(), sign(packed(script=True), person()), page_replaced(signed_by_hand()))
    ):
        path = tmp_path / f"{number}.pdf"
        path.write_bytes(pdf)
        given = {
            "trust": trust(),
            "evidence": lab_evidence(),
            "limits": limits(),
            "allow_claimed_time": False,
        }
        at = datetime.now(UTC)
        with path.open("rb") as file:
            report = verify_pdf(file, at=at, **given)
        assert report == judge(pdf, at=at)


def test_a_script_of_an_older_revision_is_found():
    """What a later revision took away is still in the file, and an older viewer shows it."""
    old = plain("/OpenAction << /S /JavaScript /JS (x) >>")
    report = judge(signed_by_hand(pdf=update(old, {1: catalog("")})))
    assert codes(report)["content"] == {"content.javascript"}


def test_a_script_in_a_string_or_a_stream_is_only_text():
    """A document may speak about JavaScript: words are no action."""
    body = b"BT (/S /JavaScript /JS ) Tj ET"
    content = b"<< /Length %d >>\nstream\n%s\nendstream" % (len(body), body)
    report = judge(signed_by_hand(pdf=plain("/Foo (/JavaScript and /Launch )", n4=content)))
    assert report.content.outcome is Outcome.ACCEPTED


def test_an_encrypted_file_is_refused_for_its_content():
    """Nobody can see what was signed; nothing else is claimed about it."""
    pdf = plain(n8=b"<< /Filter /Standard /V 1 /R 2 /O <00> /U <00> /P -4 >>")
    report = judge(pdf.replace(b"/ID [<0123>", b"/Encrypt 8 0 R /ID [<0123>"))
    assert codes(report)["content"] == {"content.encrypted"}
    assert report.integrity.outcome is Outcome.NOT_JUDGED


LIMITS = {
    "bytes": ({"pdf_bytes": 100}, "limit.size"),
    "signatures": ({"signatures": 1}, "limit.signatures"),
    "revisions": ({"revisions": 2}, "limit.revisions"),
    "objects": ({"objects": 5}, "limit.objects"),
    "pages": ({"pages": 0}, "limit.pages"),
}


@pytest.mark.parametrize(
    ("change", "code"), [pytest.param(*case, id=f"G9-{n}") for n, case in LIMITS.items()]
)
def test_each_cap_refuses_with_its_own_code(change, code):
    """A document over a limit is refused for that limit."""
    report = judge(signed_twice(), limits=msgspec.structs.replace(limits(), **change))
    assert code in codes(report)["integrity"]


def test_g9_pages_are_counted_whatever_the_file_claims():
    """G9-pages-claimed: a small /Count does not hide many pages."""
    pages = b"<< /Type /Pages /Kids [3 0 R 8 0 R] /Count 1 >>"
    pdf = signed_by_hand(pdf=plain(n2=pages, n8=newest(plain(), 3)))
    report = judge(pdf, limits=msgspec.structs.replace(limits(), pages=1))
    assert "limit.pages" in codes(report)["integrity"]


def test_all_that_is_wrong_is_told():
    """One broken rule does not hide another, in other parts or the same."""
    pdf = sign_by_hand(
        plain("/OpenAction << /S /JavaScript /JS (x) >>"),
        a_cms(person(Part.WEAK), leave_out=()),
        subfilter="ETSI.CAdES.detached",
    )
    found = codes(judge(flipped(page_replaced(pdf), 20)))
    assert found["integrity"] == {
        "signature.algorithm-weak",
        "signature.digest-mismatch",
        "signature.changed-after",
    }
    assert found["content"] == {"content.javascript"}
    assert "signature.timestamp-missing" in found["trust"]


def test_without_a_trust_list_trust_is_not_judged():
    """Nothing is trusted by default, and nothing refused for it."""
    report = judge(signed_twice(), trust=None)
    assert report.trust.outcome is Outcome.NOT_JUDGED
    assert codes(report)["trust"] == {"waiting.trust-not-given"}


def test_an_empty_trust_list_refuses():
    """G6: no anchor means no trust, never the operating system's."""
    report = judge(signed_twice(), trust=TrustList(version="empty"))
    assert codes(report)["trust"] == {"trust.list-empty"}


def test_the_same_bytes_give_the_same_report():
    """Judging reads no clock and keeps nothing between documents."""
    pdf, evidence, at = signed_twice(), fresh_evidence(), judge(signed_twice()).signatures[1].timestamped_at
    given = {
        "trust": trust(),
        "evidence": evidence,
        "at": at,
        "limits": limits(),
        "allow_claimed_time": False,
    }
    first = verify_pdf(io.BytesIO(pdf), **given)
    judge(signed_by_hand(spoil=True))
    assert verify_pdf(io.BytesIO(pdf), **given) == first
