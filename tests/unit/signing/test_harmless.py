"""Rule G5's harmless kinds: each is let in, and the attack that looks like it is refused."""

import re

import pytest

from tests.lab.pdfs import (
    a_cms,
    codes,
    judge,
    newest,
    next_number,
    plain,
    seal,
    sign_by_hand,
    signed_by_hand,
    update,
)
from tests.lab.services import a_document_token, a_token

DER = b"<< /Length 5 >>\nstream\n\x30\x03\x02\x01\x05\nendstream"
VRI = b"<< /Type /VRI /TU (D:20260101000000Z) >>"
TEXT = b"<< /FT /Tx /T (So) /Type /Annot /Subtype /Widget /P 3 0 R /Rect [0 0 9 9] /V (15) >>"
CLEAN = {"integrity": set(), "content": set(), "trust": set()}


def sealed(pdf: bytes, **how) -> bytes:
    """Return a PDF with the agency's seal behind all that is there."""
    return sign_by_hand(pdf, a_cms(seal(), token=a_token), name="Seal", **how)


def freeing(pdf: bytes, *numbers: int, generation: int = 1) -> bytes:
    """Return a PDF with an update that holds nothing but free entries."""
    previous = int(re.findall(rb"startxref\s+(\d+)", pdf)[-1])
    entries = b"".join(b"%d 1\n%010d %05d f \n" % (n, 0, generation) for n in numbers)
    size = max(next_number(pdf), max(numbers) + 1)
    head = b"trailer\n<< /Size %d /Root 1 0 R /Info 5 0 R /Prev %d >>\n" % (size, previous)
    return pdf + b"xref\n" + entries + head + b"startxref\n%d\n%%%%EOF\n" % len(pdf)


def with_field(**how) -> bytes:
    """Return a signed PDF with one text field."""
    form = {"n6": b"<< /Fields [8 0 R] /SigFlags 3 >>", "n7": b"[8 0 R]", "n8": TEXT}
    return signed_by_hand(pdf=plain(**form), **how)


def filled(pdf: bytes, value: bytes = b"(16)") -> bytes:
    """Return it with the text field filled anew."""
    return update(pdf, {8: newest(pdf, 8).replace(b"(15)", value)})


def orphan(pdf: bytes, value: bytes) -> bytes:
    return update(pdf, {next_number(pdf): value})


GOOD = {
    "unused-vri-behind": lambda: orphan(signed_by_hand(), VRI),
    "unused-certificate-behind": lambda: orphan(signed_by_hand(), DER),
    "unused-certificate-between": lambda: sealed(orphan(signed_by_hand(), DER)),
    "free-entries-of-unused-numbers": lambda: sealed(freeing(signed_by_hand(pdf=plain(n20=b"(x)")), 15)),
    "free-entries-behind": lambda: freeing(signed_by_hand(pdf=plain(n20=b"(x)")), 15),
    "unused-object-freed-between": lambda: sealed(freeing(signed_by_hand(pdf=plain(n20=b"(x)")), 20)),
    "same-object-again-behind": lambda: update(signed_by_hand(), {2: newest(plain(), 2)}),
    "same-object-again-between": lambda: sealed(update(signed_by_hand(), {2: newest(plain(), 2)})),
}


@pytest.mark.parametrize("make", [pytest.param(make, id=f"G5-{name}") for name, make in GOOD.items()])
def test_a_harmless_update_is_let_in(make):
    """What nobody can see changes nothing, with a later signature over it or without."""
    assert codes(judge(make())) == CLEAN


ATTACKS = {
    # Orphans that are no long-term data could be picked up by a viewer that repairs the file.
    "orphan-page": (lambda: orphan(signed_by_hand(), newest(plain(), 3)), "signature.changed-after"),
    "orphan-content": (
        lambda: sealed(orphan(signed_by_hand(), newest(plain(), 4))),
        "signature.changed-after",
    ),
    "orphan-vri-with-more": (
        lambda: orphan(signed_by_hand(), VRI.replace(b">>", b"/Contents 4 0 R >>")),
        "signature.changed-after",
    ),
    "orphan-stream-with-a-subtype": (
        lambda: orphan(signed_by_hand(), DER.replace(b"/Length", b"/Subtype /Form /Length")),
        "signature.changed-after",
    ),
    # A number that the signed revision refers to, though nothing leads there, is no draft.
    "data-under-an-old-number": (
        lambda: update(signed_by_hand(pdf=plain(n20=b"[15 0 R]")), {15: VRI}),
        "signature.changed-after",
    ),
    "data-that-is-used": (
        lambda: sealed(update(signed_by_hand(), {1: newest(plain("/X 30 0 R"), 1), 30: VRI})),
        "signature.changed-after",
    ),
    "content-freed": (lambda: freeing(signed_by_hand(), 4), "signature.objects-freed"),
    "content-freed-between": (lambda: sealed(freeing(signed_by_hand(), 4)), "signature.objects-freed"),
    "unused-object-freed-behind": (
        lambda: freeing(signed_by_hand(pdf=plain(n20=b"(x)")), 20),
        "signature.objects-freed",
    ),
    "object-again-with-one-key-more": (
        lambda: sealed(
            update(signed_by_hand(), {2: newest(plain(), 2).replace(b"/Count", b"/Rotate 90 /Count")})
        ),
        "signature.changed-after",
    ),
    "stream-again": (
        lambda: sealed(update(signed_by_hand(), {4: newest(plain(), 4)})),
        "signature.changed-after",
    ),
    "same-object-again-behind-otherwise-spelt": (
        lambda: update(signed_by_hand(), {2: newest(plain(), 2).replace(b"/Count", b"%\n/Count")}),
        "signature.changed-after",
    ),
}


@pytest.mark.parametrize(
    ("make", "code"), [pytest.param(*case, id=f"G5-{name}") for name, case in ATTACKS.items()]
)
def test_what_only_looks_harmless_is_refused(make, code):
    """The rules that let harmless kinds in let nothing else in."""
    assert code in codes(judge(make()))["integrity"]


def test_g5_a_field_filled_between_signatures_is_a_finding():
    """G5-filled-between: the signature that was there permits it, the seal covers it, the report says it."""
    report = judge(sealed(filled(with_field())))
    assert codes(report) == CLEAN
    assert [one.filled_behind for one in report.signatures] == [1, 0]
    assert [one.overwritten_behind for one in report.signatures] == [1, 0]
    form = {"n6": b"<< /Fields [8 0 R] /SigFlags 3 >>", "n7": b"[8 0 R]", "n8": TEXT.replace(b"(15)", b"()")}
    unfilled = signed_by_hand(pdf=plain(**form))
    empty = sealed(update(unfilled, {8: TEXT}))
    told = [(one.filled_behind, one.overwritten_behind) for one in judge(empty).signatures]
    assert told == [(1, 0), (0, 0)]


def test_g5_nothing_filled_is_no_finding():
    """G5-filled-between: a field that stays as it was is not told of."""
    assert [one.filled_behind for one in judge(sealed(with_field())).signatures] == [0, 0]


def mdp(permission: int) -> str:
    params = f"<< /Type /TransformParams /V /1.2 /P {permission} >>"
    return f"/Reference [<< /Type /SigRef /TransformMethod /DocMDP /TransformParams {params} >>]"


LOCK = (
    "/Reference [<< /Type /SigRef /TransformMethod /FieldMDP /Data 1 0 R "
    "/TransformParams << /Type /TransformParams /V /1.2 /Action /All >> >>]"
)
REFUSED = {
    "filled-where-nothing-may-change": lambda: sealed(filled(with_field(entries=mdp(1)))),
    "filled-where-fields-are-locked": lambda: sealed(filled(with_field(entries=LOCK))),
    "filled-behind-the-newest": lambda: filled(with_field()),
    "filled-behind-the-seal": lambda: filled(sealed(with_field())),
    "filled-and-stamped": lambda: sign_by_hand(
        filled(with_field()), a_document_token, name="Stamp", subfilter="ETSI.RFC3161"
    ),
    "moved-while-filled": lambda: sealed(
        update(with_field(), {8: TEXT.replace(b"(15)", b"(16)").replace(b"0 0 9 9", b"0 0 500 800")})
    ),
    "filled-and-drawn-anew": lambda: sealed(
        update(
            filled(with_field()),
            {6: newest(with_field(), 6).replace(b"/SigFlags", b"/NeedAppearances true /SigFlags")},
        )
    ),
}


@pytest.mark.parametrize("make", [pytest.param(make, id=f"G5-{name}") for name, make in REFUSED.items()])
def test_g5_filling_that_no_signature_permits_is_refused(make):
    """Only the earlier signature can permit it, and only a later one can answer for it."""
    assert "signature.changed-after" in codes(judge(make()))["integrity"]


def test_g5_a_certified_document_may_be_filled_and_sealed():
    """G5-filled-certified: DocMDP 2 permits form filling and signing."""
    report = judge(sealed(filled(with_field(entries=mdp(2)))))
    assert codes(report) == CLEAN
    assert report.signatures[0].filled_behind == 1
