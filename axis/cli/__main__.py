"""`axis`: runs one command and turns whatever goes wrong into one line and an exit code."""

import importlib
import io
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from axis.cli import exits
from axis.version import VERSION


def main(argv: Sequence[str] | None = None) -> None:
    """Run `axis` and end the process with its exit code.

    Args:
        argv: arguments without the program's name; None: this process' own.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    if sys.stderr is None:
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - as long as the process
    if sys.stdout is None:
        # Before anything is done: what cannot be told, a secret that is shown once, would be lost.
        sys.stderr.write("axis: đầu ra chuẩn đang đóng; không cần thì thêm > /dev/null (closed output)\n")
        sys.exit(exits.USAGE)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # Vietnamese whatever the locale says, as JSON is; names that are no text are spelled out.
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    if "--version" in arguments[:1]:
        sys.exit(_version(json="--json" in arguments))
    try:
        # Here, so that Ctrl-C while much is loaded is answered as it is later.
        funnel = importlib.import_module("axis.cli.funnel")
        root = importlib.import_module("axis.cli.root")
    except KeyboardInterrupt:
        sys.stderr.write("axis: đã dừng theo yêu cầu (interrupted)\n")
        sys.exit(exits.INTERRUPTED)
    sys.exit(funnel.run(root.build(), arguments))


def _version(*, json: bool) -> int:
    """Print the version without loading what commands need; return the exit code."""
    try:
        sys.stdout.write(f'{{"version":"{VERSION}"}}\n' if json else f"axis {VERSION}\n")
        sys.stdout.flush()
    except OSError as exc:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return exits.UNHEARD if isinstance(exc, BrokenPipeError) else exits.NO_ROOM
    return exits.OK


if __name__ == "__main__":
    main()
