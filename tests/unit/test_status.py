"""States and handling statuses: rules K3, K4, N7, N8."""

import itertools

import pytest

from axis.document import DeliveryState
from axis.envelope import Organ, ResponseFor, StatusPacket
from axis.status import RANK, Move, apply_status, check_status, settles
from axis.violations import Code

S = DeliveryState


def test_the_usual_way_has_no_findings():
    """01, 03, 05, 06 one after another, and 03 to 04 to 05."""
    for way in (["01", "03", "05", "06"], ["01", "03", "04", "05", "06"], ["01", "02"]):
        state = S.FETCHED
        for code in way:
            move = apply_status(state, code)
            assert (move.state, move.findings) == (S(code), ())
            state = move.state


def test_the_shown_state_never_goes_back():
    """Whatever comes in whatever order (invariant I5)."""
    for state, code in itertools.product(S, ["01", "02", "03", "04", "05", "06", "13", "15", "16", "zz", ""]):
        assert RANK[apply_status(state, code).state] >= RANK[state]


@pytest.mark.parametrize("code", ["103", "99", "consigned", "fetched", ""])
def test_codes_that_are_not_acted_upon_are_flagged(code):
    """They are stored and passed on; our own state names are no codes."""
    move = apply_status(S.ACCEPTED, code)
    assert move.state is S.ACCEPTED
    assert [v.code for v in move.findings] == [Code.FINDING_STATUS_CODE]


@pytest.mark.parametrize("code", ["13", "15", "16"])
def test_asking_back_is_a_conversation_beside_the_state(code):
    """A request and its answers move nothing and are nothing odd, whatever the state."""
    for state in S:
        assert apply_status(state, code) == Move(state, ())


def test_a_return_that_is_agreed_to_settles_what_is_owed():
    """Nobody owes an answer about what is given back; asked or declined, the answer is still owed."""
    assert settles(S.ARRIVED, "15")
    assert not settles(S.ARRIVED, "13")
    assert not settles(S.ARRIVED, "16")
    assert settles(S.ACCEPTED, "16")


def test_an_odd_order_is_flagged_and_applied():
    """06 at once: recorded, shown, flagged."""
    move = apply_status(S.CONSIGNED, "06")
    assert move.state is S.DONE
    assert [v.code for v in move.findings] == [Code.FINDING_STATUS_ORDER]


def packet(**change):
    """A good status packet."""
    values = {
        "sender": Organ(code="H37"),
        "response_for": ResponseFor(organ_code="G22", document_id="1"),
        "code": "03",
    }
    return StatusPacket(**{**values, **change})


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param(packet(), [], id="good"),
        pytest.param(packet(code="02"), [Code.STATUS_REASON_MISSING], id="K3-refusal-without-reason"),
        pytest.param(packet(code="02", description="sai nơi nhận"), [], id="K3-with-reason"),
        pytest.param(packet(code=""), [Code.STATUS_MALFORMED], id="K4-no-code"),
        pytest.param(packet(response_for=ResponseFor()), [Code.STATUS_MALFORMED], id="K4-about-nothing"),
        pytest.param(packet(sender=Organ(code="")), [Code.STATUS_MALFORMED], id="K4-from-nobody"),
    ],
)
def test_a_status_packet_says_what_it_must(given, expected):
    """K3 and K4, each with its code."""
    assert [v.code for v in check_status(given)] == expected
