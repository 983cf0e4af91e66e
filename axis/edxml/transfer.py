"""Strict base64, decoded as it comes."""

from collections.abc import Callable

import pybase64

_QUANTUM = 4
_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="


class Base64Decoder:
    """Decodes base64 in pieces of any size. Line breaks may stand anywhere, nothing else may.

    Padding is complete and stands at the end only; unused bits are zero: one
    text for the same bytes, line breaks apart.

    Source:
        RFC 4648, sections 3.2, 3.5 and 4.
    """

    def __init__(self, write: Callable[[bytes], object]) -> None:
        """Begin.

        Args:
            write: takes decoded bytes.
        """
        self._write = write
        self._rest = b""
        self._ended = False  # a padded quantum was seen

    @property
    def is_sure(self) -> bool:
        """Whether what was fed so far is of the alphabet and line breaks, the last unfinished group too."""
        return not self._rest.translate(None, _ALPHABET)

    def feed(self, data: bytes) -> None:
        """Decode the next piece.

        Raises:
            ValueError: it is not strict base64. Whoever sent it is at fault.
        """
        broken = b"\n" in data or b"\r" in data
        text = self._rest + (data.translate(None, b"\r\n") if broken else data)
        if not text:
            return
        if self._ended:
            raise ValueError("data after the padding")
        whole = len(text) - len(text) % _QUANTUM
        self._rest = text[whole:]
        if whole:
            self._quanta(text[:whole])

    def close(self) -> None:
        """Say that there is no more.

        Raises:
            ValueError: the last group is not whole.
        """
        if self._rest:
            raise ValueError("the last group is not whole")

    def _quanta(self, text: bytes) -> None:
        decoded = pybase64.b64decode(text, validate=True)
        # Whatever the decoder lets pass: bits that no byte uses could carry something, and make two
        # texts of one content. Encoding is cheap.
        if pybase64.b64encode(decoded) != text:
            raise ValueError("not the one text for these bytes")
        self._ended = text.endswith(b"=")
        self._write(decoded)
