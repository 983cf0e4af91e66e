"""`axis`: runs one command and turns whatever goes wrong into one line and an exit code."""

import sys
from collections.abc import Sequence

from axis.cli import funnel, root


def main(argv: Sequence[str] | None = None) -> None:
    """Run `axis` and end the process with its exit code.

    Args:
        argv: arguments without the program's name; None: this process' own.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    sys.exit(funnel.run(root.build(), arguments))


if __name__ == "__main__":
    main()
