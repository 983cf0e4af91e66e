"""What can be wrong with a directory file, and where."""

import msgspec


class Place(msgspec.Struct, frozen=True):
    """A line of a file."""

    file: str
    line: int
    """Counted from 1, the header included; 0 for the file as a whole."""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


class Problem(msgspec.Struct, frozen=True):
    """One thing to mend before the files can be imported."""

    place: Place
    vi: str
    en: str
    forbidden: bool = False
    """Not wrong in itself: the asker may not."""

    def __str__(self) -> str:
        return f"{self.place}: {self.vi} ({self.en})"
