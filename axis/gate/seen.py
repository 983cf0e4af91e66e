"""What crosses between whoever asks how a file looks and the process that looks: values only."""

from datetime import datetime
from typing import Final

import msgspec

from axis.appearance.advice import Advice
from axis.appearance.grades import Standard
from axis.appearance.view import Mark, Picture
from axis.violations import Violation


class SeeRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One question: what does this file look like?"""

    at: datetime
    """Moment of judgement, timezone-aware."""
    standard: Standard
    pictures: bool = False


class SeenFile(msgspec.Struct, frozen=True, kw_only=True):
    """One PDF as it looks."""

    name: str = ""
    """Of an attachment; empty for a file that stands alone."""
    place: int = 0
    """In manifest order."""
    pages: int = 0
    looked_at: int = 0
    """Pages that were looked at."""
    advice: tuple[Advice, ...] = ()
    marks: tuple[Mark, ...] = ()
    """Where its signatures show themselves, in the order of signing."""
    secrecy: Violation | None = None
    """Rule T10: a stamp in its place on page 1."""
    pictures: tuple[Picture, ...] = ()
    unseen: bool = False
    """PDFium cannot open or read it, or a limit was reached: no advice."""


class Seen(msgspec.Struct, frozen=True, kw_only=True, tag="seen"):
    """All PDFs of one file."""

    files: tuple[SeenFile, ...] = ()


_REQUESTS: Final = msgspec.msgpack.Decoder(SeeRequest)
_ANSWERS: Final = msgspec.msgpack.Decoder(Seen)
_ENCODER: Final = msgspec.msgpack.Encoder()


def encode(value: SeeRequest | Seen) -> bytes:
    """Encode a question or an answer."""
    return _ENCODER.encode(value)


def decode_request(data: bytes) -> SeeRequest:
    """Decode a question of ours."""
    return _REQUESTS.decode(data)


def decode_seen(data: bytes) -> Seen:
    """Decode an answer.

    Raises:
        msgspec.MsgspecError: garbled.
    """
    return _ANSWERS.decode(data)
