"""``python -m axis.sandbox serve --folder F --port P``: the test authority as a process."""

import argparse
import logging
import sys
from pathlib import Path

from axis.errors import AxisError
from axis.sandbox.authority import create_authority
from axis.sandbox.directory import demo_agencies, write_directory
from axis.sandbox.server import serve

EXIT_SETUP = 1


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m axis.sandbox", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    create = commands.add_parser("create", help="make the authority, with the people of the demonstration")
    create.add_argument("--folder", type=Path, required=True)
    create.add_argument("--base-url", required=True, help="where `serve` will answer, http://127.0.0.1:PORT")
    create.add_argument("--directory", type=Path, help="write agencies.csv, signers.csv and seals.csv there")
    run = commands.add_parser("serve", help="answer CRL, OCSP and time-stamp requests")
    run.add_argument("--folder", type=Path, required=True)
    run.add_argument("--port", type=int, required=True)
    run.add_argument("--host", default="127.0.0.1")
    given = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    try:
        if given.command == "serve":
            serve(given.folder, given.host, given.port)
        else:
            authority = create_authority(given.folder, given.base_url, demo_agencies())
            if given.directory is not None:
                write_directory(authority, given.directory)
    except AxisError as exc:
        sys.stderr.write(f"{exc}\n")
        return EXIT_SETUP
    return 0


if __name__ == "__main__":
    sys.exit(main())
