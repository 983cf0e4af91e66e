"""What pages say and read: advice for every reason, days, places, addresses, names of files."""

from datetime import UTC, datetime

import pytest

from axis.console.acting import offered, shown_state
from axis.console.health import read_watched
from axis.console.pages import moment, size, span
from axis.console.passwords import LEAST, fresh_password
from axis.console.registers import Asked, read_day, read_place
from axis.console.signing_in import local
from axis.console.words import STATES, advice, fact, numbered, own_state, state
from axis.document import DeliveryState
from axis.status import USUAL_NEXT
from axis.topics import document_id_of, document_key
from axis.violations import Code


@pytest.mark.parametrize("code", list(Code))
def test_every_reason_says_what_to_do(code):
    """No reason leaves a clerk alone."""
    assert advice(code).endswith(".")


def test_every_state_has_words():
    """Nothing that a delivery can be is shown as a bare code."""
    assert {str(state) for state in DeliveryState} <= set(STATES)


def test_the_recipient_reads_her_own_side():
    """“In the recipient's mailbox” is the sender's view; whoever has it there still has to receive it."""
    assert state("consigned")[0] == "Trong hộp thư nơi nhận"
    assert own_state("consigned") == ("Chờ tiếp nhận", *state("consigned")[1:])
    assert own_state("06") == state("06")


def test_facts_of_a_receipt_are_words():
    """A level, a status and a moment are read as people read them; a list is its parts."""
    assert fact("level", "province") == ("Cấp", "Tỉnh")
    assert fact("status_code", "03") == ("Trạng thái", "03 Đã tiếp nhận")
    assert fact("reported_at", "2026-11-29T17:03:17.000000Z") == ("Báo lúc", "30/11/2026 00:03:17")
    assert fact("evidence", ["ab", "cd"])[1] == "ab, cd"
    assert fact("of-tomorrow", 1) == ("of-tomorrow", "1")


def test_what_is_offered_is_the_usual_next_step():
    """Before 01 a clerk may do what she may after it; a finished or refused document offers nothing."""
    assert offered(DeliveryState.CONSIGNED) == offered(DeliveryState.ARRIVED) == ("03", "02")
    assert offered(DeliveryState.ACCEPTED) == ("04", "05")
    assert offered(DeliveryState.DONE) == offered(DeliveryState.REJECTED) == ()
    for one in DeliveryState:
        assert set(offered(one)) <= {str(after) for after in USUAL_NEXT[one]} | {"02", "03"}
    assert shown_state("01", ()) is DeliveryState.ARRIVED


@pytest.mark.parametrize("text", ["20/11/2026", " 20/11/2026 ", "2026-11-20"])
def test_a_day_begins_in_vietnam(text):
    """Seven hours before it does in UTC."""
    assert read_day(text).astimezone(UTC) == datetime(2026, 11, 19, 17, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "32/01/2026", "hôm qua", "11/20/2026", "2026-11-20T00:00"])
def test_what_is_no_day_is_none(text):
    """It is said on the page, never guessed."""
    assert read_day(text) is None
    assert Asked(since=text).unread == ((text,) if text else ())


@pytest.mark.parametrize("text", ["", "~", "x~y", "2026-11-20T00:00:00~id"])
def test_what_is_no_place_begins_anew(text):
    """A page's place has a zone, or it is none."""
    assert read_place(text) is None


def test_a_place_comes_back_as_it_went():
    """The address of the next page leads to it."""
    place = (datetime(2026, 11, 20, 1, 2, 3, 4, tzinfo=UTC), "abc")
    query = Asked(q="báo cáo").further(place)
    assert "b%C3%A1o" in query
    assert read_place(f"{place[0].isoformat()}~abc") == place


@pytest.mark.parametrize("back", ["//x", "/\\x", "https://x", "x", "javascript:1", "/a\nb", "/a\\b", ""])
def test_after_signing_in_nobody_is_sent_away(back):
    """Only a path of ours is followed."""
    assert local(back) == "/"


def test_words_of_numbers():
    """Dates of Vietnam, sizes and ages as people read them."""
    assert moment(datetime(2026, 11, 20, 17, 5, tzinfo=UTC)) == "21/11/2026 00:05"
    assert moment(None) == "–"
    assert (size(900), size(2048), size(5 * 1024**2)) == ("900 B", "2 KB", "5,0 MB")
    assert (span(5), span(300), span(7300), span(200_000)) == ("5 giây", "5 phút", "2 giờ", "2 ngày")


def test_made_passwords_are_long_and_new():
    """A hundred of them, none twice, each longer than the least."""
    made = {fresh_password() for _ in range(100)}
    assert len(made) == 100
    assert all(len(one) >= LEAST for one in made)


def test_watched_processes():
    """A list that cannot be read is refused at the start, not found empty later."""
    assert read_watched("worker=10.0.0.1:9100, keeper=[::1]:9101") == (
        ("worker", "10.0.0.1", 9100),
        ("keeper", "[::1]", 9101),
    )
    assert read_watched("") == ()
    for text in ("worker", "worker=:9", "=h:9", "worker=h:x"):
        with pytest.raises(ValueError, match=r".*"):
            read_watched(text)


@pytest.mark.parametrize(
    ("claimed", "shown"),
    [
        ("G12,2026/11/20,123/BTC-VP", "123/BTC-VP"),
        ("000.00.00.G22,2015/09/30,7816/VPCP-TTĐT, bản 2", "7816/VPCP-TTĐT, bản 2"),
        ("số lạ", "số lạ"),
        ("a,b", "a,b"),
    ],
)
def test_a_number_is_read_out_of_a_document_id(claimed, shown):
    """Of the usual form its last part; of any other all of it, for it is only a claim."""
    assert numbered(claimed) == shown
    assert document_id_of(document_key("G12", claimed)) == claimed


def test_a_packet_that_names_no_document_claims_none():
    """Its key is its own id."""
    assert document_id_of(b"0" * 32) == ""
