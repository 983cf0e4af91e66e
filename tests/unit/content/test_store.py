"""The content store: a name in it always has all its bytes."""

import errno
import hashlib
import os
import time

import pytest

from axis.content.store import ContentStore, Spool

DATA = b"van ban" * 1000
NAME = hashlib.sha256(DATA).hexdigest()


def files(root):
    """Every file below a folder."""
    return [path for path in root.rglob("*") if path.is_file()]


def test_content_is_found_by_its_digest(tmp_path):
    """Written in pieces, read whole."""
    store = ContentStore(tmp_path)
    spool = store.spool()
    for n in range(0, len(DATA), 999):
        spool.write(DATA[n : n + 999])
    assert spool.commit() == NAME
    with store.open(NAME) as stored:
        assert stored.read() == DATA
    assert files(tmp_path) == [store.path(NAME)]


def test_the_same_bytes_again_are_no_second_copy(tmp_path):
    """Taking twice is taking once."""
    store = ContentStore(tmp_path)
    assert store.put(DATA) == store.put(DATA) == NAME
    assert len(files(tmp_path)) == 1


def test_a_small_piece_is_read_whole_or_not_at_all(tmp_path):
    """What is lost, or is not what its name says, is nothing."""
    store = ContentStore(tmp_path)
    store.put(DATA)
    assert store.read(NAME) == DATA
    store.path(NAME).write_bytes(DATA[:-1])
    assert store.read(NAME) is None
    store.path(NAME).unlink()
    assert store.read(NAME) is None


@pytest.mark.parametrize("call", ["write", "fsync"])
def test_a_small_piece_that_finds_no_room_leaves_nothing(tmp_path, monkeypatch, call):
    """Half a file would take up the room that is missing."""

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    store = ContentStore(tmp_path)
    monkeypatch.setattr(*((Spool, "write") if call == "write" else (os, "fsync")), full)
    with pytest.raises(OSError, match="No space"):
        store.put(DATA)
    assert files(tmp_path) == []


def test_what_was_discarded_leaves_nothing(tmp_path):
    """A refused upload is no content."""
    store = ContentStore(tmp_path)
    spool = store.spool()
    spool.write(DATA)
    spool.discard()
    assert files(tmp_path) == []


def test_a_full_disk_leaves_nothing(tmp_path, monkeypatch):
    """An fsync that fails makes no content, and the half file goes."""
    store = ContentStore(tmp_path)
    spool = store.spool()
    spool.write(DATA)

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        spool.commit()
    assert files(tmp_path) == []


def test_sweeping_takes_only_what_is_old(tmp_path):
    """An upload under way is not a crash's leftover."""
    store = ContentStore(tmp_path)
    spool = store.spool()
    spool.write(b"x")
    assert store.sweep(time.time() - 60) == 0
    assert store.sweep(time.time() + 60) == 1
    spool.discard()


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "AB" * 32, "0" * 63])
def test_only_a_digest_names_content(tmp_path, name):
    """No path gets through as a name."""
    with pytest.raises(ValueError, match="SHA-256"):
        ContentStore(tmp_path).path(name)
