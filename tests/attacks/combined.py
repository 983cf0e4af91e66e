"""Two tricks in one file: each must be told, and neither hides the other."""

from typing import Final

from axis.sandbox.identity import Part
from tests.attacks.building import (
    FORGED,
    Attack,
    add_annotation,
    append_table,
    by_seal,
    certified,
    drawing,
    forged_seal,
    letter,
    one,
    shows,
    two,
)
from tests.attacks.contents import annotation
from tests.attacks.fields import filled
from tests.attacks.references import HYBRID, by_stream, hybrid
from tests.attacks.showing import accepted_by_pyhanko, another_picture, intact_by_pyhanko, verified_by_pyhanko
from tests.attacks.signatures import holed
from tests.attacks.updates import CHANGED, COUNT, by_stranger, two_trees
from tests.attacks.values import persons_value
from tests.lab.pdfs import a_cms, newest, next_number, person, sign_by_hand, update, with_document_timestamp
from tests.lab.services import a_token


def annotated_and_sealed_by_a_stranger() -> bytes:
    """Cover the amount by an annotation, and let a stranger's signature cover that."""
    return sign_by_hand(add_annotation(one(), b"/Subtype /Stamp"), by_stranger(), name="Mine")


def shadow_under_the_seal() -> bytes:
    """Swap the catalog between the person's signature and the seal."""
    swapped = append_table(two_trees(), {}, entries=lambda _: [(0, 0, 65535, b"f")], root=20)
    return by_seal_at(swapped, root=20)


def by_seal_at(pdf: bytes, root: int) -> bytes:
    """Seal a letter whose catalog is another object."""
    catalog = b"<< /Type /Catalog /Pages 21 0 R /AcroForm 6 0 R >>"
    return by_seal(pdf, objects={1: catalog, root: catalog})


def hybrid_under_the_seal() -> bytes:
    """Override the content where only newer readers look, and seal that."""
    return by_seal(hybrid(one(), {}, hidden={4: shows(FORGED)}))


def twin_field_in_an_object_stream() -> bytes:
    """Let a second field borrow the signature, out of an object stream."""
    pdf = one()
    number = next_number(pdf)
    widget = (
        b"<< /Type /Annot /Subtype /Widget /FT /Sig /T (Dau) /F 132 /P 3 0 R /Rect [60 680 360 740] "
        b"/AP << /N %d 0 R >> /V %d 0 R >>" % (number + 1, number - 1)
    )
    fields = newest(pdf, 6).replace(b"]", b" %d 0 R]" % number)
    notes = newest(pdf, 7)[:-1] + b" %d 0 R]" % number
    return by_stream(pdf, {number + 1: drawing()}, {6: fields, 7: notes, number: widget})


def script_and_replaced_content() -> bytes:
    """A script that was signed, and a content that was not."""
    return update(annotation(b"/A << /S /JavaScript /JS (x) >>")(), {4: shows(FORGED)})


def changed_under_a_document_stamp() -> bytes:
    """Change the content, and let a genuine document time-stamp cover the change."""
    return with_document_timestamp(update(one(), {4: shows(FORGED)}))


def filled_under_a_document_stamp() -> bytes:
    """Fill the field of a certified letter, and let a genuine document time-stamp cover that."""
    return with_document_timestamp(filled(certified("2")))


def hole_and_second_signature() -> bytes:
    """A range with a hole, its bytes changed before a good seal is set."""
    return by_seal(holed(lambda a, b, s, e, n: b"[0 %d %d %d %d %d]" % (a, b, s - b, e, n - e)))


def forged_seal_under_a_good_one() -> bytes:
    """A forged seal with a picture, covered by a good signature of the same file."""
    return by_seal(forged_seal(b"<< /Type /Sig /SubFilter /none >>")())


def weak_and_covered() -> bytes:
    """A person's signature by a weak key, hidden under a strong seal."""
    return by_seal(sign_by_hand(letter(), a_cms(person(Part.WEAK), token=a_token)))


def cut_back_and_continued() -> bytes:
    """Cut the seal off, change the content, and let an update cover that: the seal never was."""
    return update(two()[: len(one())], {4: shows(FORGED)})


def copied_into_a_new_file() -> bytes:
    """A new letter with the person's genuine value in a field of its own."""
    value = persons_value().dump()
    return sign_by_hand(letter(n4=shows(FORGED)), lambda _: value)


ATTACKS: Final = (
    Attack("both-annotation-and-stranger", annotated_and_sealed_by_a_stranger, CHANGED, one),
    Attack("both-shadow-under-the-seal", shadow_under_the_seal, CHANGED, two_trees),
    Attack("both-hybrid-under-the-seal", hybrid_under_the_seal, HYBRID, one),
    Attack("both-twin-in-an-object-stream", twin_field_in_an_object_stream, COUNT, one),
    Attack("both-script-and-content", script_and_replaced_content, CHANGED, one),
    Attack("both-change-under-a-stamp", changed_under_a_document_stamp, CHANGED, one),
    Attack("both-filling-under-a-stamp", filled_under_a_document_stamp, CHANGED, lambda: certified("2"), (another_picture, accepted_by_pyhanko)),
    Attack("both-hole-under-the-seal", hole_and_second_signature, "signature.byte-range", one, (another_picture, intact_by_pyhanko)),
    Attack("both-forged-under-a-good-seal", forged_seal_under_a_good_one, "signature.subfilter", one),
    Attack("both-weak-under-the-seal", weak_and_covered, "signature.algorithm-weak", two, (verified_by_pyhanko,)),
    Attack("both-cut-back-and-changed", cut_back_and_continued, CHANGED, two),
    Attack("both-value-in-a-new-file", copied_into_a_new_file, "signature.digest-mismatch", one),
)  # fmt: skip
