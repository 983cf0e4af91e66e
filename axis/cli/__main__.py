"""`axis`: runs one command and turns whatever goes wrong into one line and an exit code."""

import sys
from collections.abc import Sequence

from axis.cli import funnel, out, root
from axis.version import VERSION


def main(argv: Sequence[str] | None = None) -> None:
    """Run `axis` and end the process with its exit code.

    Args:
        argv: arguments without the program's name; None: this process' own.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    if "--version" in arguments[:1]:
        out.emit({"version": VERSION}) if "--json" in arguments else out.say(f"axis {VERSION}")
        sys.exit(0)
    sys.exit(funnel.run(root.build(), arguments))


if __name__ == "__main__":
    main()
