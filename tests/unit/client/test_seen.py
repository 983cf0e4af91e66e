"""The small file in which a system remembers what came and what it has dealt with."""

from datetime import UTC, datetime

from axis.client.answers import Entry
from axis.client.seen import Arrived, Store

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def entry(number, *, kind="document", packet="p1", priority=0):
    return Entry(
        entry_id=number,
        kind=kind,
        subject=f"s{number}",
        packet_id=packet,
        recipients=("H37",),
        priority=priority,
        created_at=NOON,
        agency=None,
        document_id=None,
        number=None,
        notation=None,
        type_name=None,
        title=None,
        issued_on=None,
    )


def arrived(number, **more):
    return Arrived(entry=entry(number, **more), content=b"x", sha256="ab")


def test_what_was_dealt_with_is_known_after_a_restart(tmp_path):
    """By kind and subject, whatever the number of the entry."""
    store = Store(tmp_path / "s.sqlite")
    assert not store.dealt(entry(1))
    store.deal(entry(1))
    store.deal(entry(1))
    store.close()
    store = Store(tmp_path / "s.sqlite")
    assert store.dealt(entry(1))
    assert not store.dealt(entry(1, kind="status"))
    assert not store.dealt(entry(2))
    store.close()


def test_a_record_that_comes_twice_is_kept_once(tmp_path):
    """The id decides; what is there stays as it was."""
    store = Store(tmp_path / "s.sqlite")
    assert [store.arrive(arrived(1), "a"), store.arrive(arrived(1), "a")] == [True, False]
    assert [one.entry_id for one in store.open("", "", 10)] == [1]
    assert store.find(1) == arrived(1)
    assert store.find(2) is None
    store.close()


def test_urgent_entries_come_first_and_marked_ones_no_more():
    """By kind and packet too."""
    store = Store()
    for number, more in (
        (1, {}),
        (2, {"priority": 3}),
        (3, {"kind": "status"}),
        (4, {"packet": "p2"}),
    ):
        store.arrive(arrived(number, **more), f"id{number}")
    assert [one.entry_id for one in store.open("", "", 10)] == [2, 1, 3, 4]
    assert [one.entry_id for one in store.open("status", "", 10)] == [3]
    assert [one.entry_id for one in store.open("", "p2", 10)] == [4]
    assert [one.entry_id for one in store.open("", "", 2)] == [2, 1]
    store.mark(2)
    assert [one.entry_id for one in store.open("document", "p1", 10)] == [1]
    assert [one.entry.entry_id for one in store.about("p1", "document")] == [1, 2]
    store.forget(1)
    assert store.find(1) is None
    store.close()
