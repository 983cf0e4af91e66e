"""What signatures look like on the page: drawn lines, no fonts and no pictures.

A blue stroke for a person, centred between position and name; a red seal that
covers a third of it on its left (NĐ 30/2020, Phụ lục I, II.8).
"""

import math
from enum import Enum, unique
from functools import cache
from typing import Final

import msgspec
from pyhanko.pdf_utils import layout
from pyhanko.pdf_utils.content import RawContent
from pyhanko.stamp import StaticStampStyle

MILLIMETRE: Final = 72 / 25.4
"""Points."""

PERSON_SIZE: Final = (48.0, 20.0)
"""Width and height of a signature's picture in millimetres."""
SEAL_SIZE: Final = (32.0, 32.0)
"""Diameter of a round seal in millimetres."""


class Spot(msgspec.Struct, frozen=True, kw_only=True):
    """The middle of a signature block on a page, in points from the lower left."""

    page: int
    """From 0; -1 is the last one."""
    x: float
    y: float


DEFAULT_SPOT: Final = Spot(page=-1, x=425, y=150)
"""Where a document that says nothing has its signature block: lower right of the last page."""


@unique
class Mark(Enum):
    """Whose mark it is."""

    PERSON = "person"
    SEAL = "seal"

    def place(self, spot: Spot | None) -> tuple[int, tuple[int, int, int, int]]:
        """Return page and box (points) of this mark for a signature block."""
        spot = spot or DEFAULT_SPOT
        width, height = (side * MILLIMETRE for side in (PERSON_SIZE if self is Mark.PERSON else SEAL_SIZE))
        left = spot.x - width / 2
        if self is Mark.SEAL:
            person = PERSON_SIZE[0] * MILLIMETRE
            # The seal's right edge ends at a third of the signature's width.
            left = spot.x - person / 2 + person / 3 - width
        bottom = spot.y - height / 2
        return spot.page, (round(left), round(bottom), round(left + width), round(bottom + height))


@cache
def mark_style(mark: Mark) -> StaticStampStyle:
    """Return the drawing of a mark for pyHanko."""
    width, height = (side * MILLIMETRE for side in (PERSON_SIZE if mark is Mark.PERSON else SEAL_SIZE))
    draw = _stroke(width, height) if mark is Mark.PERSON else _seal(width / 2)
    box = layout.BoxConstraints(width=width, height=height)
    return StaticStampStyle(
        background=RawContent(data=draw.encode("ascii"), box=box),
        background_layout=layout.SimpleBoxLayoutRule(
            x_align=layout.AxisAlignment.ALIGN_MID, y_align=layout.AxisAlignment.ALIGN_MID
        ),
        border_width=0,
    )


def _stroke(width: float, height: float) -> str:
    # A few Bézier waves that shrink to the right, and a line under them.
    parts = ["q 0.07 0.16 0.62 RG 1.6 w 1 J 1 j", f"{width * 0.08:.1f} {height * 0.35:.1f} m"]
    for step in range(7):
        x, reach = width * (0.08 + 0.11 * step), width * 0.11
        top = height * (0.95 - 0.08 * step)
        parts.append(
            f"{x + reach * 0.1:.1f} {top:.1f} {x + reach * 1.1:.1f} {top:.1f} "
            f"{x + reach:.1f} {height * (0.3 + 0.02 * step):.1f} c"
        )
    parts.append(f"S {width * 0.12:.1f} {height * 0.2:.1f} m")
    parts.append(
        f"{width * 0.4:.1f} {height * 0.05:.1f} {width * 0.7:.1f} {height * 0.3:.1f} "
        f"{width * 0.95:.1f} {height * 0.22:.1f} c S Q"
    )
    return " ".join(parts)


def _seal(radius: float) -> str:
    star: list[str] = []
    for point in range(10):
        angle = math.pi / 2 + point * math.pi / 5
        reach = radius * (0.34 if point % 2 == 0 else 0.14)
        pair = f"{radius + reach * math.cos(angle):.2f} {radius + reach * math.sin(angle):.2f}"
        star.append(f"{pair} {'l' if star else 'm'}")
    rings = [_circle(radius, radius * share) for share in (0.97, 0.9, 0.58)]
    return f"q 0.85 0.05 0.08 RG 0.85 0.05 0.08 rg 1.2 w {' S '.join(rings)} S {' '.join(star)} h f Q"


def _circle(centre: float, radius: float) -> str:
    # Four Bézier quarters; the constant makes them round to 0.03 %.
    bend = 0.5522847498 * radius
    c, r = centre, radius
    return (
        f"{c + r:.2f} {c:.2f} m "
        f"{c + r:.2f} {c + bend:.2f} {c + bend:.2f} {c + r:.2f} {c:.2f} {c + r:.2f} c "
        f"{c - bend:.2f} {c + r:.2f} {c - r:.2f} {c + bend:.2f} {c - r:.2f} {c:.2f} c "
        f"{c - r:.2f} {c - bend:.2f} {c - bend:.2f} {c - r:.2f} {c:.2f} {c - r:.2f} c "
        f"{c + bend:.2f} {c - r:.2f} {c + r:.2f} {c - bend:.2f} {c + r:.2f} {c:.2f} c"
    )
