"""One campaign: faults in a seeded order under load, then healing, draining, and the comparison of the books."""

import random
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.lab.ledgers import Breach, compare, counts
from tests.lab.scene import Scene
from tests.soak.fault import Fault, Tally
from tests.soak.killing import Killer

AT_ONCE = (1, 2, 2, 3, 3)
"""How many faults a round has."""
LOAD = (4, 10)
"""Documents let go around the faults of a round."""
VOLLEY = 12
"""Kills in quick succession: three hundred fit into six or seven minutes, recovery after each volley included."""
KILL_RECOVERY = 30.0
DRAIN_SECONDS = 240.0
"""What the keeper sends again after a lost record waits two minutes for its turn."""


@dataclass
class Outcome:
    """What a campaign showed."""

    seed: int
    seconds: float = 0.0
    tallies: dict[str, Tally] = field(default_factory=dict)
    kills: dict[str, int] = field(default_factory=dict)
    volleys: list[float] = field(default_factory=list)
    """Seconds after each volley of kills until a document went through."""
    late: list[str] = field(default_factory=list)
    """Rounds that took longer to recover than they may."""
    breaches: list[Breach] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    ends: dict[str, int] = field(default_factory=dict)
    documents: int = 0
    doors: dict[str, int] = field(default_factory=dict)
    """Documents taken, by door."""
    deliveries: int = 0
    receipts: int = 0

    @property
    def held(self) -> bool:
        """Every invariant held."""
        return not (self.breaches or self.late or self.failures)


class Campaign:
    """Injects, heals, counts."""

    def __init__(self, scene: Scene, faults: Sequence[Fault], killer: Killer, *, seed: int) -> None:
        """Prepare; the traffic runs already.

        Args:
            scene: the stack under load.
            faults: all kinds, those that this machine cannot inject left out.
            killer: counts the kills.
            seed: decides all that is drawn.
        """
        self.scene = scene
        self.faults = list(faults)
        self.killer = killer
        self.lot = random.Random(seed)
        self.outcome = Outcome(seed)
        self._due: list[Fault] = []

    def kill_until(self, kills: int, until: float) -> None:
        """Kill processes in volleys until so many are dead, or `time.monotonic()` is past a moment."""
        while self.killer.total() < kills and time.monotonic() < until:
            self.scene.traffic.release(self.lot.randint(*LOAD))
            done = self.killer.volley(self.scene, self.lot, min(VOLLEY, kills - self.killer.total()))
            seconds = self._recovered(f"{done} × kill -9 ({self.killer.total()})", KILL_RECOVERY)
            self.outcome.volleys.append(seconds)

    def mix_until(self, until: float, *, each_once: bool) -> None:
        """Inject mixes of one to three faults.

        Args:
            until: `time.monotonic()` of the end.
            each_once: go on until every kind had its turn, whatever the time.
        """
        self._due = self.faults[:] if each_once else []
        self.lot.shuffle(self._due)
        while self._due or time.monotonic() < until:
            self._round(self._drawn())

    def _drawn(self) -> list[Fault]:
        chosen: list[Fault] = []
        touched: set[str] = set()
        for _ in range(self.lot.choice(AT_ONCE)):
            fitting = [one for one in self._due if not one.touches & touched]
            if fitting:
                fault = fitting[0]
                self._due.remove(fault)
            else:
                others = [one for one in self.faults if not one.touches & touched and one not in chosen]
                if not others:
                    break
                fault = self.lot.choices(others, [one.weight for one in others])[0]
            chosen.append(fault)
            touched |= fault.touches
        return chosen

    def _round(self, chosen: Sequence[Fault]) -> None:
        names = " + ".join(fault.name for fault in chosen)
        self.scene.say(f"▶ {names}")
        load = self.lot.randint(*LOAD)
        self.scene.traffic.release(load)
        heals = []
        try:
            for fault in chosen:
                heals.append(fault.strike(self.scene, self.lot))
                self.outcome.tallies.setdefault(fault.name, Tally()).times += 1
                self.scene.traffic.release(load // 2)
            longest = max(chosen, key=lambda one: one.hold[1])
            time.sleep(self.lot.uniform(*longest.hold))
        finally:
            for heal in reversed(heals):
                heal()
        seconds = self._recovered(names, max(fault.within for fault in chosen))
        for fault in chosen:
            self.outcome.tallies[fault.name].seconds.append(seconds)

    def _recovered(self, what: str, within: float) -> float:
        since = time.monotonic()
        seconds = self.scene.traffic.probe(self.scene.take_probe(), since=since)
        self.scene.say(f"  {seconds:5.1f} s  {what}")
        if seconds > within:
            self.outcome.late.append(f"{what}: {seconds:.1f} s, {within:.0f} allowed")
        return seconds

    def settle(self) -> Outcome:
        """Heal, drain, compare the four books; return what was shown."""
        scene, outcome = self.scene, self.outcome
        scene.say(f"drained in {scene.drain(DRAIN_SECONDS):.1f} s")
        time.sleep(2)  # the workers commit their offsets once a second
        scene.traffic.collect()
        scene.drain(60)
        time.sleep(2)
        ledgers = scene.ledgers()
        outcome.breaches = [
            *compare(ledgers),
            *(Breach("I4 deliver by hash", what) for what in scene.breaches),
        ]
        outcome.failures = list(scene.traffic.failures)
        outcome.kills = dict(self.killer.kills)
        outcome.ends = dict(counts(ledgers.memory))
        outcome.documents = len(ledgers.memory.intakes)
        outcome.doors = dict(Counter(one.door for one in ledgers.memory.intakes.values()))
        outcome.deliveries = len(ledgers.memory.deliveries)
        outcome.receipts = len(scene.traffic.book.receipts)
        return outcome


def table(outcome: Outcome, faults: Sequence[Fault], not_shown: Sequence[tuple[str, str, str]]) -> str:
    """Return the outcome as the README carries it.

    The books are compared once, at the end: what is lost or doubled cannot be told by fault.
    """
    lost = sum(breach.invariant.startswith("I1") for breach in outcome.breaches)
    doubled = sum(breach.invariant.startswith("I2") for breach in outcome.breaches)
    books = f"{lost and '?'} | {doubled and '?'}"
    rows = ["| lỗi / fault | số / no. | lần / times | mất / lost | đôi / doubled | giây tới khi thông / seconds to recover, median / longest |",
            "|---|---|---|---|---|---|"]  # fmt: skip
    for fault in faults:
        tally = outcome.tallies.get(fault.name)
        if fault.missing:
            rows.append(f"| {fault.name} | {', '.join(fault.numbers)} | - | - | - | {fault.missing} |")
        elif tally is not None:
            ordered = sorted(tally.seconds) or [0.0]
            figures = f"{ordered[len(ordered) // 2]:.1f} / {ordered[-1]:.1f}"
            rows.append(f"| {fault.name} | {', '.join(fault.numbers)} | {tally.times} | {books} | {figures} |")
    if outcome.volleys:
        ordered = sorted(outcome.volleys)
        figures = f"{ordered[len(ordered) // 2]:.1f} / {ordered[-1]:.1f}"
        rows.append(
            f"| kill -9, từng loạt / in volleys of {VOLLEY} | 1-4, 7, 11, 24 | {len(ordered)} | {books} | {figures} |"
        )
    rows += [f"| {what} | {number} | không / not shown | - | - | {why} |" for number, what, why in not_shown]
    kills = ", ".join(f"{name} {count}" for name, count in sorted(outcome.kills.items()))
    others = len(outcome.breaches) - lost - doubled
    rows += [
        "",
        f"seed {outcome.seed}, {outcome.seconds:.0f} s, {outcome.documents} documents {outcome.ends} {outcome.doors},",
        f"{outcome.deliveries} deliveries, {outcome.receipts} receipts verified;",
        f"kill -9: {sum(outcome.kills.values())} ({kills});",
        f"lost {lost}, doubled {doubled}, other breaches {others},",
        f"late {len(outcome.late)}, clients' failures {len(outcome.failures)}",
    ]
    return "\n".join(rows)


def say_breaches(outcome: Outcome) -> None:
    """Tell what did not hold."""
    lines = [f"BREACH {one.invariant}: {one.what}" for one in outcome.breaches]
    lines += [f"LATE {what}" for what in outcome.late] + [f"CLIENT {what}" for what in outcome.failures]
    sys.stderr.writelines(f"  {line}\n" for line in lines)
