"""Who holds a certificate of the test authority: the record kept of each one."""

import re
from datetime import datetime
from enum import StrEnum, unique

import msgspec


@unique
class Role(StrEnum):
    """What a certificate is for."""

    PERSON = "person"
    SEAL = "seal"
    SERVER = "server"
    CLIENT = "client"
    AXIS = "axis"
    """The axis' own seal, under its receipts."""


@unique
class Part(StrEnum):
    """The parts that the cast of an agency plays: two good ones, and each way to be wrong."""

    HEAD = "head"
    DEPUTY = "deputy"
    OFFICE = "office"
    """Head of the office: signs TL."""
    ACTING = "acting"
    """Acting head: signs Q."""
    FORMER = "former"
    """The mandate has ended; the certificate is good."""
    LIMITED = "limited"
    """The mandate covers one kind of document only."""
    DELEGATE = "delegate"
    """Signs TUQ. for the superior agency."""
    REVOKED = "revoked"
    EXPIRED = "expired"
    FUTURE = "future"
    """Not yet valid."""
    WRONG_USAGE = "wrong-usage"
    """A key for encryption only."""
    WEAK = "weak"
    """RSA of 1024 bits."""
    IMPOSTOR = "impostor"
    """Issued by a self-made authority that bears the same names."""
    STRANGER = "stranger"
    """A good certificate that no directory knows."""


UNREGISTERED = frozenset({Part.STRANGER, Part.IMPOSTOR})
"""Parts that never get a line in signers.csv or seals.csv."""


@unique
class KeyKind(StrEnum):
    """Kind of key pair."""

    P256 = "p256"
    RSA2048 = "rsa2048"
    RSA3072 = "rsa3072"
    RSA1024 = "rsa1024"


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """One certificate with its key, both kept as files named by the label."""

    label: str
    """Unique; the file names are ``certs/<label>.crt`` (DER) and ``keys/<label>.pem``."""
    role: Role
    part: Part = Part.HEAD
    agency: str = ""
    """Canonical code."""
    agency_name: str = ""
    full_name: str = ""
    position: str = ""
    collective: bool = False
    """The agency decides as a body (UBND, HĐND): its people sign TM."""
    parent: str = ""
    """Superior agency; a delegate signs TUQ. for it."""
    key: KeyKind = KeyKind.P256
    serial: int
    not_before: datetime
    not_after: datetime
    revoked_at: datetime | None = None
    mandate_since: datetime | None = None
    mandate_until: datetime | None = None
    kinds: tuple[str, ...] = ("*",)


def label_of(*parts: str) -> str:
    """Join parts to a label that is safe as a file name, whatever a code holds."""
    return "-".join(re.sub(r"[^0-9A-Za-z.]", "_", part) for part in parts if part)
