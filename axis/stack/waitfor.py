"""Become one program of the stack once what it needs listens: ``waitfor.py PROGRAM.json``.

Run by the supervisor as a script. It imports nothing of ours, so that it costs
milliseconds, and ends by exec: the process keeps its number.
"""

import json
import os
import socket
import sys
import time
from contextlib import suppress

PAUSE_SECONDS = 0.05


def main() -> None:
    """Read the program's description, wait for its needs, become it."""
    with open(sys.argv[1], encoding="utf-8") as file:  # noqa: PTH123 - pathlib would cost more than all else
        program = json.load(file)
    for port in program["needs"]:
        while not _listens(port):
            time.sleep(PAUSE_SECONDS)
    os.chdir(program["folder"])
    os.execvpe(program["command"][0], program["command"], program["environ"])  # noqa: S606 - no shell


def _listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


if __name__ == "__main__":
    main()
