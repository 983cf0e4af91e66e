"""What a fault of the campaign is: how it strikes, how long it holds, how it is healed."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.lab.scene import Scene

Heal = Callable[[], None]
"""Takes the fault away. Called exactly once, whatever else happened."""

Strike = Callable[[Scene, random.Random], Heal]


@dataclass(frozen=True)
class Fault:
    """One kind of fault."""

    numbers: tuple[str, ...]
    """In the list of faults to survive."""
    name: str
    strike: Strike
    touches: frozenset[str] = frozenset()
    """What it breaks; faults that touch the same thing are not injected together."""
    hold: tuple[float, float] = (1.0, 4.0)
    """Seconds between strike and heal: shortest, longest."""
    within: float = 30.0
    """Seconds after the last heal by which a new document must go through."""
    weight: float = 1.0
    """How often it is drawn."""
    missing: str = ""
    """Why this machine cannot inject it; empty: it can."""


@dataclass
class Tally:
    """What came of one kind of fault."""

    times: int = 0
    seconds: list[float] = field(default_factory=list)
    """From the last heal of its round until a document went through."""


def nothing() -> None:
    """Heal what has healed by itself."""
