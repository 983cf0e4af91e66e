"""Uploads are no content until they are handed in, and take nothing with them when they go."""

import hashlib
import os
import time

import pytest

from axis.content.store import ContentStore
from axis.content.uploads import Uploads

DATA = b"<edXML/>" * 100
SHA256 = hashlib.sha256(DATA).hexdigest()


@pytest.fixture
def store(tmp_path):
    return ContentStore(tmp_path)


@pytest.fixture
def uploads(store):
    return Uploads(store.root)


def bring(store, uploads, name, data=DATA):
    spool = store.spool()
    spool.write(data)
    return uploads.keep(name, spool)


def test_an_upload_is_no_content_until_it_is_handed_in(store, uploads):
    """Then it is, durably, and doing it again changes nothing."""
    assert bring(store, uploads, "dms-a") == SHA256
    assert not store.path(SHA256).exists()
    for _ in range(2):
        uploads.take("dms-a", SHA256)
        assert store.path(SHA256).read_bytes() == DATA


def test_it_counts_for_who_brought_it(store, uploads):
    """Another connection's digest gives nothing."""
    bring(store, uploads, "dms-a")
    with pytest.raises(FileNotFoundError):
        uploads.take("dms-b", SHA256)


def test_forgetting_one_takes_nothing_from_anybody(store, uploads):
    """Not from another connection that brought the same, nor from content."""
    for name in ("dms-a", "dms-b"):
        bring(store, uploads, name)
    uploads.drop("dms-a", SHA256)
    uploads.drop("dms-a", SHA256)
    with pytest.raises(FileNotFoundError):
        uploads.take("dms-a", SHA256)
    uploads.take("dms-b", SHA256)
    uploads.drop("dms-b", SHA256)
    assert store.path(SHA256).read_bytes() == DATA
    uploads.take("dms-b", SHA256)  # taken and dropped before a crash: taken still


def test_a_name_is_a_digest(uploads):
    """Nothing else becomes a path."""
    for name in ("../../etc/passwd", "", "A" * 64, "0" * 63):
        with pytest.raises(ValueError, match="SHA-256"):
            uploads.take("dms-a", name)


def test_only_what_came_long_ago_is_removed(store, uploads):
    """Listed by its owner; brought again in the meantime, it stays where it is."""
    for name in ("dms-a", "dms-b"):
        bring(store, uploads, name)
    then = time.time() - 100
    for path in (store.root / "uploads").glob("*/*"):
        os.utime(path, (then - 1, then - 1))
    assert sorted(uploads.older(then)) == [("dms-a", SHA256), ("dms-b", SHA256)]
    bring(store, uploads, "dms-b")
    assert uploads.remove("dms-a", SHA256, then)
    assert not uploads.remove("dms-a", SHA256, then)
    assert not uploads.remove("dms-b", SHA256, then)
    assert list(uploads.older(then)) == []
    uploads.take("dms-b", SHA256)
    assert list((store.root / "tmp").iterdir()) == []
