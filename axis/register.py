"""The nouns of the directory: agencies, seals, signers, mandates, connections. Values only, frozen."""

import unicodedata
from datetime import date, datetime
from enum import StrEnum, unique
from typing import Final

import msgspec

EVERY_KIND: Final = "*"
"""In a mandate: every kind of document."""


@unique
class Level(StrEnum):
    """Administrative level. The depth of the tree is data, never code."""

    CENTRAL = "central"
    PROVINCE = "province"
    DISTRICT = "district"
    COMMUNE = "commune"


class Agency(msgspec.Struct, frozen=True, kw_only=True):
    """One agency of the directory."""

    code: str
    """Canonical: the QĐ 20/2020 code where there is one."""
    code102: str = ""
    """The old QCVN 102:2016 code, or empty."""
    name: str
    level: Level
    parent: str = ""
    connection: str = ""
    """The one connection that speaks for it; empty: not connected."""
    locked: bool = False
    valid_from: date
    valid_until: date | None = None
    """First day on which it is no more; None: open."""
    successors: tuple[str, ...] = ()
    invented: bool = False
    """Not a real agency, or not its real code: for demonstrations and tests."""
    collective: bool = False
    """It decides as a body (UBND, HĐND): its documents are signed TM. (NĐ 30/2020 Điều 13.2)."""
    any_person: bool = False
    """Its own policy: any person whose certificate names it may sign, without a line in the register."""


class Seal(msgspec.Struct, frozen=True, kw_only=True):
    """A certificate that seals for an agency."""

    certificate_sha256: str
    agency: str


class Mandate(msgspec.Struct, frozen=True, kw_only=True):
    """What a signer may sign, and for how long (NĐ 30/2020 Điều 13)."""

    competence: str
    """``""`` (own office), ``TM``, ``KT``, ``TL``, ``TUQ`` or ``Q``."""
    kinds: tuple[str, ...]
    """Names of document types, case-folded NFC; ``("*",)`` for every kind."""
    valid_from: datetime
    valid_until: datetime | None
    """Half-open. A TUQ mandate always has an end."""
    authorising_agency: str = ""
    """For TUQ: the agency whose form and seal the document bears."""
    field: str = ""
    """The field assigned (KT), the content authorised (TUQ); in words."""
    basis: str = ""
    """The document that grants it: assignment, working rules, authorisation, appointment."""


class Signer(msgspec.Struct, frozen=True, kw_only=True):
    """A person registered to sign for an agency."""

    certificate_sha256: str
    agency: str
    full_name: str
    position: str
    mandates: tuple[Mandate, ...] = ()

    def codes(self) -> tuple[str, ...]:
        """Return the agencies that it names."""
        named = [self.agency, *(mandate.authorising_agency for mandate in self.mandates)]
        return tuple(code for code in dict.fromkeys(named) if code)


class Directory(msgspec.Struct, frozen=True, kw_only=True):
    """All agencies, signers and seals of one moment, each sorted by its key."""

    agencies: tuple[Agency, ...] = ()
    signers: tuple[Signer, ...] = ()
    seals: tuple[Seal, ...] = ()


class DirectoryVersion(msgspec.Struct, frozen=True, kw_only=True):
    """One version of the directory, as its history tells it."""

    version: int
    imported_at: datetime
    sha256: str
    """Digest of all rows as they stand in the database."""
    source: dict[str, object]
    """Digests of the imported files, or the change of a connection."""
    note: str = ""


class Connection(msgspec.Struct, frozen=True, kw_only=True):
    """One registered system: a document-management system, or a relay that speaks for many agencies."""

    name: str
    client_id: str
    bytes_per_second: int
    requests_per_second: int
    max_packet_bytes: int
    created_at: datetime
    removed_at: datetime | None = None
    last_contact_at: datetime | None = None
    agencies: tuple[str, ...] = ()
    """Canonical codes of the agencies it speaks for now."""
    kafka_user: str = ""
    """The broker's user that stands for it; empty: it speaks HTTP only."""


def searchable(text: str) -> str:
    """Return text as it is searched: lower case, without diacritics, đ as d, single spaces."""
    bare = "".join(c for c in unicodedata.normalize("NFD", text.casefold()) if not unicodedata.combining(c))
    return " ".join(bare.replace("đ", "d").split())


class DirectoryView(msgspec.Struct, frozen=True, kw_only=True):
    """The part of one directory version that a document needs, read at one moment."""

    version: int
    agencies: dict[str, Agency]
    """By every code asked for, old and new."""
    seals: dict[str, Seal]
    signers: dict[str, Signer]
