"""Bytes into the stack's content store from a command, owned as the stack's own are."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from axis.content.store import ContentStore


def keep(content_dir: str, data: bytes) -> str:
    """Store bytes and return their digest.

    Args:
        content_dir: folder of the content store.
        data: what to keep.

    Raises:
        OSError: the disk is full, or the folder is another account's.
    """
    with as_owner(Path(content_dir)):
        return ContentStore(Path(content_dir)).put(data)


@contextmanager
def as_owner(folder: Path) -> Iterator[None]:
    """Act as the owner of a folder while root.

    The servers of a stack started by root run under an ordinary account; a
    file or folder of root's among theirs would bar their way.
    """
    owner = folder.stat()
    if os.geteuid() != 0 or owner.st_uid == 0:
        yield
        return
    group = os.getegid()
    os.setegid(owner.st_gid)
    os.seteuid(owner.st_uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(group)
