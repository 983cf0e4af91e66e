"""What can only be judged on the whole directory: codes, references, certificates."""

from collections.abc import Collection, Iterator, Sequence
from typing import TypeAlias, TypeVar

from axis.directory.problems import Place, Problem
from axis.register import Agency, Directory, Seal, Signer

N = TypeVar("N")
Placed: TypeAlias = tuple[N, Place]
"""A noun and the line it came from."""


def check_whole(
    agencies: Sequence[Placed[Agency]],
    signers: Sequence[Placed[Signer]],
    seals: Sequence[Placed[Seal]],
    *,
    current: Directory,
    connections: Collection[str],
    removed: Collection[str],
) -> list[Problem]:
    """Return every problem of a whole directory.

    Args:
        agencies: all of them, with their places.
        signers: one for each certificate.
        seals: all of them.
        current: the directory in force, whose codes must not vanish.
        connections: names of the connections that exist.
        removed: codes that may vanish.
    """
    codes = {agency.code for agency, _ in agencies}
    return [
        *_repeated_codes(agencies),
        *_vanished(agencies, codes, current, removed),
        *_references(agencies, codes, frozenset(connections)),
        *_circles(agencies),
        *_certificates(signers, seals, codes),
    ]


def _repeated_codes(agencies: Sequence[Placed[Agency]]) -> Iterator[Problem]:
    """Refuse a code that names two agencies, whichever generation it stands in."""
    owners: dict[str, Placed[Agency]] = {}
    for agency, place in agencies:
        for code in sorted({agency.code, agency.code102} - {""}):
            first = owners.setdefault(code, (agency, place))
            if first[1] is not place:
                yield Problem(
                    place, f"mã “{code}” đã dùng ở {first[1]}", f'code "{code}" is taken at {first[1]}'
                )


def _vanished(
    agencies: Sequence[Placed[Agency]], codes: set[str], current: Directory, removed: Collection[str]
) -> Iterator[Problem]:
    """Refuse to lose a code: old documents and answers quote it for ever (exchange-rules 8)."""
    file = agencies[0][1].file if agencies else ""
    for agency in current.agencies:
        if agency.code not in codes and agency.code not in removed:
            yield Problem(
                Place(file, 0),
                f"thiếu mã “{agency.code}” ({agency.name}) của danh bạ đang dùng; cơ quan đã giải thể"
                " phải giữ lại với valid_until",
                f'code "{agency.code}" of the directory in force is missing; what is no more keeps its line'
                f" with valid_until (entered by mistake: --remove {agency.code})",
            )


def _references(
    agencies: Sequence[Placed[Agency]], codes: set[str], connections: frozenset[str]
) -> Iterator[Problem]:
    for agency, place in agencies:
        if agency.parent and agency.parent not in codes:
            yield Problem(
                place,
                f"cơ quan cấp trên “{agency.parent}” không có trong danh bạ",
                f'parent "{agency.parent}" is not in the directory',
            )
        for successor in agency.successors:
            if successor == agency.code or successor not in codes:
                yield Problem(
                    place,
                    f"cơ quan kế thừa “{successor}” không có trong danh bạ hoặc là chính nó",
                    f'successor "{successor}" is not in the directory, or is the agency itself',
                )
        if agency.connection and agency.connection not in connections:
            yield Problem(
                place,
                f"chưa có kết nối “{agency.connection}”",
                f'there is no connection "{agency.connection}" (axis connection add {agency.connection})',
            )


def _circles(agencies: Sequence[Placed[Agency]]) -> Iterator[Problem]:
    """Refuse an agency that is its own ancestor."""
    parents = {agency.code: agency.parent for agency, _ in agencies}
    sound: set[str] = {""}
    told: set[str] = set()
    for agency, place in agencies:
        path: list[str] = []
        code = agency.code
        while code not in sound and code not in path and code in parents:
            path.append(code)
            code = parents[code]
        if code in path and not told & set(path):
            circle = " → ".join([*path[path.index(code) :], code])
            yield Problem(place, f"cấp trên đi vòng: {circle}", f"parents go round: {circle}")
            told.update(path)
        sound.update(path)


def _certificates(
    signers: Sequence[Placed[Signer]], seals: Sequence[Placed[Seal]], codes: set[str]
) -> Iterator[Problem]:
    """Refuse unknown agencies, and a certificate that stands for two."""
    people: dict[str, Place] = {}
    for signer, place in signers:
        people[signer.certificate_sha256] = place
        named = {signer.agency, *(mandate.authorising_agency for mandate in signer.mandates)} - {""}
        for code in sorted(named - codes):
            yield _unknown(place, code)
    sealing: dict[str, Place] = {}
    for seal, place in seals:
        if seal.agency not in codes:
            yield _unknown(place, seal.agency)
        print_ = seal.certificate_sha256
        other = sealing.setdefault(print_, place)
        if other is place:
            other = people.get(print_, place)
        if other is not place:
            yield Problem(
                place,
                f"chứng thư {print_[:12]}… đã dùng ở {other}; mỗi chứng thư là của một người"
                " hoặc một con dấu",
                f"certificate {print_[:12]}… stands at {other} already; it is one person's or one seal",
            )


def _unknown(place: Place, code: str) -> Problem:
    return Problem(
        place,
        f"cơ quan “{code}” không có trong danh bạ (dùng mã hiện hành, không dùng mã cũ)",
        f'agency "{code}" is not in the directory (use the current code, not the old one)',
    )
