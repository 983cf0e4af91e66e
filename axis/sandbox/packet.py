"""Packets and documents as a sender would make them, good or with a named fault."""

from collections.abc import Sequence
from typing import Unpack

from axis.register import Agency
from axis.sandbox.authority import Authority
from axis.sandbox.faults import fault as fault_named
from axis.sandbox.longterm import with_long_term_data
from axis.sandbox.recipe import Recipe, Wishes, write_recipe


def build_sandbox_packet(
    authority: Authority,
    sender: Agency,
    recipients: Sequence[Agency],
    *,
    fault: str | None = None,
    **wishes: Unpack[Wishes],
) -> bytes:
    """Make an edXML packet with a document signed twice.

    Args:
        authority: whose people sign.
        sender: the issuing agency.
        recipients: at least one, in the order of the header.
        fault: a name of `axis.sandbox.faults.FAULTS`; None: nothing is wrong.
        wishes: as for `write_recipe`.

    Raises:
        SetupError: no such fault, or no one of the sender signs so.
    """
    return spoiled(write_recipe(authority, sender, recipients, **wishes), fault).make()


def build_sandbox_document(
    authority: Authority,
    sender: Agency,
    recipients: Sequence[Agency] = (),
    *,
    fault: str | None = None,
    long_term: bool = False,
    **wishes: Unpack[Wishes],
) -> bytes:
    """Make a PDF signed twice; arguments as for `build_sandbox_packet`.

    Only faults of the PDF show in it. With ``long_term`` it brings the
    revocation lists of now along, so that it can be verified without a network.
    """
    signed = spoiled(write_recipe(authority, sender, recipients, **wishes), fault).sign()
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
