"""The changes that faults make to the recipe of a packet."""

import io
from collections.abc import Callable
from datetime import timedelta
from typing import Final

import msgspec
from pyhanko.pdf_utils.generic import StreamObject
from pyhanko.pdf_utils.writer import PageObject, PdfFileWriter

from axis.envelope import Organ
from axis.sandbox.appearance import Spot
from axis.sandbox.cast import LIMITED_KIND
from axis.sandbox.directory import demo_agency
from axis.sandbox.identity import Part
from axis.sandbox.people import heading_of, office_of
from axis.sandbox.recipe import Recipe, Spoil

Change = Callable[[Recipe], None]

OTHERS: Final = ("G15", "G09")
BODIES: Final = ("H49", "H41")
"""Two other agencies, for a seal or signer that is not the sender's: at least one is not the sender."""


def envelope(**values: object) -> Change:
    """Say something else in the envelope."""

    def change(recipe: Recipe) -> None:
        recipe.envelope = msgspec.structs.replace(recipe.envelope, **values)

    return change


def person(part: Part) -> Change:
    """Let another of the sender's people sign."""

    def change(recipe: Recipe) -> None:
        recipe.person = recipe.authority.person(recipe.sender, part)
        # These people play the head: the envelope says what it says of the head.
        office = office_of(recipe.sender)
        head = heading_of(office, "TM" if office.collective else "")
        _signer(
            recipe,
            competence=" ".join(head[:-1]),
            full_name=recipe.person.full_name,
            position=recipe.person.position,
        )

    return change


def limited(recipe: Recipe) -> None:
    """Let someone sign whose mandate covers one kind only, and let it be another kind."""
    person(Part.LIMITED)(recipe)
    if recipe.envelope.type_name.casefold() == LIMITED_KIND.casefold():
        envelope(type_name="Công văn")(recipe)


def no_person(recipe: Recipe) -> None:
    """Leave the person's signature out."""
    recipe.person = None


def no_seal(recipe: Recipe) -> None:
    """Leave the seal out."""
    recipe.seal = None


def no_signature(recipe: Recipe) -> None:
    """Leave both out."""
    recipe.person = recipe.seal = None


def seal_first(recipe: Recipe) -> None:
    """Seal before the person signs."""
    recipe.seal_first = True


def other_seal(recipe: Recipe) -> None:
    """Seal for another agency."""
    recipe.seal = recipe.authority.seal(demo_agency(_other(recipe)))


def other_signer(recipe: Recipe) -> None:
    """Let the head of another agency of the same sort sign, as he may sign at home."""
    bodies = next(code for code in BODIES if code != recipe.sender.code)
    other = demo_agency(bodies if recipe.sender.collective else _other(recipe))
    recipe.person = recipe.authority.person(other)
    competence = "TM. ỦY BAN NHÂN DÂN" if other.collective else ""
    _signer(recipe, competence=competence, full_name=recipe.person.full_name, position=recipe.person.position)


def wrong_competence(recipe: Recipe) -> None:
    """Claim a delegation that no one gave."""
    recipe.person = recipe.authority.person(recipe.sender)
    _signer(recipe, competence="TUQ. THỦ TRƯỞNG", full_name=recipe.person.full_name)


def bare_appendix(recipe: Recipe) -> None:
    """Add a second PDF that only the head signed."""
    writer = PdfFileWriter()
    contents = writer.add_object(StreamObject(stream_data=b"q Q"))
    writer.insert_page(PageObject(contents=contents, media_box=(0, 0, 595, 842)))
    output = io.BytesIO()
    writer.write(output)
    signed = recipe.pens.sign(
        output.getvalue(), recipe.authority.person(recipe.sender), spot=Spot(page=0, x=300, y=400)
    )
    recipe.appendices.append(("phu-luc.pdf", signed))


def no_pdf(recipe: Recipe) -> None:
    """Send plain text instead."""
    recipe.main_name = "van-ban.txt"
    recipe.after.append(lambda _: "Văn bản thử nghiệm, không phải PDF.\n".encode())


def recipient(code: str) -> Change:
    """Add a recipient."""

    def change(recipe: Recipe) -> None:
        added = Organ(code=code, name=f"Cơ quan {code}")
        envelope(recipients=(*recipe.envelope.recipients, added))(recipe)

    return change


def twice(recipe: Recipe) -> None:
    """Name the first recipient again."""
    recipients = recipe.envelope.recipients
    envelope(recipients=recipients + recipients[:1])(recipe)


def unknown_sender(recipe: Recipe) -> None:
    """Send as an agency that no directory knows."""
    envelope(sender=Organ(code="Z99.999", name=recipe.envelope.sender.name))(recipe)


def days_ahead(recipe: Recipe) -> None:
    """Let the document be issued in three days."""
    if recipe.envelope.issued_on is not None:
        envelope(issued_on=recipe.envelope.issued_on + timedelta(days=3))(recipe)


def secret(recipe: Recipe) -> None:
    """Mark the subject as a state secret."""
    envelope(subject=f"(MẬT) {recipe.envelope.subject}")(recipe)


def sign_with(**values: object) -> Change:
    """Sign another way."""

    def change(recipe: Recipe) -> None:
        recipe.signing = msgspec.structs.replace(recipe.signing, **values)

    return change


def before(step: Spoil) -> Change:
    """Do something to the PDF before anyone signs it."""
    return lambda recipe: recipe.before.append(step)


def between(step: Spoil) -> Change:
    """Do something between the first signature and the second."""
    return lambda recipe: recipe.between.append(step)


def after(step: Spoil) -> Change:
    """Do something to the signed PDF."""
    return lambda recipe: recipe.after.append(step)


def packet(step: Spoil) -> Change:
    """Do something to the packet's bytes."""
    return lambda recipe: recipe.packet.append(step)


def _other(recipe: Recipe) -> str:
    return next(code for code in OTHERS if code != recipe.sender.code)


def _signer(recipe: Recipe, **values: str) -> None:
    envelope(signer=msgspec.structs.replace(recipe.envelope.signer, **values))(recipe)
