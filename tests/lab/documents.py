"""Builders of documents and packets: good by default, one change each.

``a_packet(fault="no-seal")``; the faults stand in `axis.sandbox.faults`.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

from axis.register import Agency
from axis.sandbox.directory import demo_agency
from axis.sandbox.packet import build_sandbox_document, build_sandbox_packet
from axis.sandbox.recipe import Recipe, write_recipe
from tests.lab.authority import lab_authority

SENDER = "H37"
RECIPIENTS = ("G22", "H49", "H37.T21", "H37.T31")
"""One of each administrative level."""


def a_recipe(sender: str = SENDER, recipients: Sequence[str] = RECIPIENTS, **changes: Any) -> Recipe:
    """Return the recipe of a packet: change what you like, then `sign` or `make` it."""
    return write_recipe(lab_authority(), demo_agency(sender), _agencies(recipients), **changes)


def a_packet(sender: str = SENDER, recipients: Sequence[str] = RECIPIENTS, **changes: Any) -> bytes:
    """Return a packet; ``changes`` go to `build_sandbox_packet` (fault, kind, size, ...)."""
    return build_sandbox_packet(lab_authority(), demo_agency(sender), _agencies(recipients), **changes)


def a_signed_pdf(sender: str = SENDER, **changes: Any) -> bytes:
    """Return a PDF signed by a person and an agency; ``changes`` go to `build_sandbox_document`."""
    return build_sandbox_document(lab_authority(), demo_agency(sender), _agencies(RECIPIENTS), **changes)


@cache
def the_packet() -> bytes:
    """Return one good packet, the same for the whole run."""
    return a_packet()


@cache
def the_signed_pdf() -> bytes:
    """Return one good signed PDF, the same for the whole run."""
    return a_signed_pdf()


def _agencies(codes: Sequence[str]) -> list[Agency]:
    return [demo_agency(code) for code in codes]
