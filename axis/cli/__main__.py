"""`axis`: runs one command and turns whatever goes wrong into one line and an exit code."""

import importlib
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
    if "--version" in arguments[:1]:
        line = f'{{"version":"{VERSION}"}}' if "--json" in arguments else f"axis {VERSION}"
        sys.stdout.write(f"{line}\n")
        sys.exit(exits.OK)
    try:
        # Here, so that Ctrl-C while much is loaded is answered as it is later.
        funnel = importlib.import_module("axis.cli.funnel")
        root = importlib.import_module("axis.cli.root")
    except KeyboardInterrupt:
        sys.stderr.write("axis: đã dừng theo yêu cầu (interrupted)\n")
        sys.exit(exits.INTERRUPTED)
    sys.exit(funnel.run(root.build(), arguments))


if __name__ == "__main__":
    main()
