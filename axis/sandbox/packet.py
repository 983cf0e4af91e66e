"""Packets and documents as a sender would make them, good or with a named fault."""

from collections.abc import Sequence

from axis.register import Agency
from axis.sandbox.authority import Authority
from axis.sandbox.faults import fault as fault_named
from axis.sandbox.longterm import with_long_term_data
from axis.sandbox.recipe import Recipe, write_recipe


def build_sandbox_packet(
    authority: Authority,
    sender: Agency,
    recipients: Sequence[Agency],
    *,
    pdf: bytes | None = None,
    text: str | None = None,
    kind: str = "Công văn",
    subject: str = "",
    number: str = "",
    competence: str | None = None,
    priority: int = 0,
    size: int | None = None,
    fault: str | None = None,
) -> bytes:
    """Make an edXML packet with a document signed twice.

    Args:
        authority: whose people sign.
        sender: the issuing agency.
        recipients: at least one, in the order of the header.
        pdf: an unsigned PDF to sign and send; None: one is set from ``text``.
        text: body of the document; None: a short one that is shipped.
        kind: type of document, e.g. ``Báo cáo``.
        subject: trích yếu; empty: one that says what this is.
        number: empty: drawn by lot.
        competence: ``""``, ``TM``, ``KT``, ``TMKT``, ``TL``, ``TUQ`` or ``Q``; None: the head's own.
        priority: 0 to 4.
        size: bytes of PDF to reach.
        fault: a name of `axis.sandbox.faults.FAULTS`; None: nothing is wrong.

    Raises:
        SetupError: no such fault, or no one of the sender signs so.
    """
    recipe = write_recipe(
        authority,
        sender,
        recipients,
        pdf=pdf,
        text=text,
        kind=kind,
        subject=subject,
        number=number,
        competence=competence,
        priority=priority,
        size=size,
    )
    return spoiled(recipe, fault).make()


def build_sandbox_document(
    authority: Authority,
    sender: Agency,
    recipients: Sequence[Agency] = (),
    *,
    pdf: bytes | None = None,
    text: str | None = None,
    kind: str = "Công văn",
    subject: str = "",
    number: str = "",
    competence: str | None = None,
    priority: int = 0,
    size: int | None = None,
    fault: str | None = None,
    long_term: bool = False,
) -> bytes:
    """Make a PDF signed twice; arguments as for `build_sandbox_packet`.

    Only faults of the PDF show in it. With ``long_term`` it brings the
    revocation lists of now along, so that it can be verified without a network.
    """
    recipe = write_recipe(
        authority,
        sender,
        recipients,
        pdf=pdf,
        text=text,
        kind=kind,
        subject=subject,
        number=number,
        competence=competence,
        priority=priority,
        size=size,
    )
    signed = spoiled(recipe, fault).sign()
    return with_long_term_data(signed, authority) if long_term else signed


def spoiled(recipe: Recipe, fault: str | None) -> Recipe:
    """Return a recipe with a fault in it.

    Args:
        recipe: changed in place.
        fault: its name; None leaves everything good.
    """
    if fault is not None:
        fault_named(fault).change(recipe)
    return recipe
