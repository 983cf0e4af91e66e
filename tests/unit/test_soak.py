"""The fault campaign draws the same faults from the same seed, and its packets are all different."""

import hashlib
import math
import time
from itertools import islice

from tests.lab.ammunition import Packet
from tests.soak.campaign import VOLLEY, Campaign
from tests.soak.fault import Fault, nothing
from tests.soak.killing import Killer
from tests.soak.supply import BODY, supply


def packet(number, rival=""):
    data = b"<n>%d</n>" % (1_000_000 + number) + BODY + b"1000%03d stays as it is" % number + rival.encode()
    return Packet(number, "G22", data, "" if rival else "accepted", rival=rival)


def test_every_packet_has_a_number_of_its_own_and_its_body_as_it_was():
    """Three rounds of a set are three times as many documents, digests all different."""
    made = list(islice(supply([packet(1), packet(2)]), 6))
    assert len({hashlib.sha256(one.data).hexdigest() for one in made}) == 6
    assert len({one.number for one in made}) == 6
    firsts = {packet(n).data.partition(BODY)[2] for n in (1, 2)}
    assert {one.data.partition(BODY)[2] for one in made} == firsts


def test_rivals_stay_rivals():
    """Two packets that claim one document id claim one again, another one each time."""
    first = packet(5, "rival 5")
    second = Packet(5, "G22", first.data + b"other bytes", "", rival="rival 5")
    a, b, c, d = islice(supply([first, second]), 4)
    assert a.rival == b.rival != c.rival == d.rival
    assert a.number == b.number != c.number
    assert a.data != b.data


class Counting(Killer):
    """Kills nobody and counts as if."""

    def volley(self, scene, lot, count):
        self.kills["worker"] = self.kills.get("worker", 0) + count
        return count


class Calm:
    """A scene in which every document goes through at once."""

    def __init__(self):
        self.traffic = self

    def release(self, count):
        pass

    def take_probe(self):
        pass

    def say(self, what):
        pass

    def probe(self, packet, *, since):
        return 0.1


def test_all_kills_are_done_however_long_that_takes():
    """Whole campaigns: exactly so many, in volleys; one whose time is over kills no more."""
    campaign = Campaign(Calm(), [], Counting(), seed=1)
    campaign.kill_until(301, math.inf)
    assert campaign.killer.total() == 301
    campaign.kill_until(400, time.monotonic() - 1)
    assert campaign.killer.total() == 301
    assert len(campaign.outcome.volleys) == -(-301 // VOLLEY)


def test_a_campaign_of_one_kind_has_rounds_of_one():
    """Where nothing fits beside it, nothing is forced in."""
    kind = Fault(("1",), "alone", lambda _s, _l: nothing, frozenset({"disk"}))
    campaign = Campaign(None, [kind], Killer(), seed=1)
    assert [campaign._drawn() for _ in range(9)] == [[kind]] * 9


def test_the_seed_decides_what_is_drawn():
    """Faults of one round never break the same thing; every kind has its turn."""
    kinds = [
        Fault((str(n),), f"fault {n}", lambda _s, _l: nothing, frozenset({f"thing {n % 3}"}))
        for n in range(9)
    ]

    def drawn(seed):
        campaign = Campaign(None, kinds, Killer(), seed=seed)
        campaign._due = kinds[:]
        rounds = []
        while campaign._due:
            rounds.append([fault.name for fault in campaign._drawn()])
        return rounds

    assert drawn(1) == drawn(1) != drawn(2)
    assert {name for names in drawn(3) for name in names} == {kind.name for kind in kinds}
    touched = [[kinds[int(name.split()[1])].touches for name in names] for names in drawn(4)]
    assert all(len(set(things)) == len(things) for things in touched)
