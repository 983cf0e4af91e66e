"""The test authority of the local stack, as a process: CRL, OCSP and time-stamps over HTTP."""

import sys
from pathlib import Path

import axis
from axis.errors import SetupError
from axis.stack.places import Home
from axis.stack.program import Program, base_environ, bound, run_tool


def prepare_authority(home: Home, *, port: int) -> None:
    """Make the authority, or tell the one that is there its new address.

    In a process of its own: issuing keys and certificates keeps a core busy for seconds.

    Raises:
        SetupError: it cannot be made; in its own words.
    """
    url = f"http://127.0.0.1:{port}"
    trust = home.authority / "trust.json"
    if trust.exists() and f"{url}/" in trust.read_text(encoding="utf-8"):
        return
    command = [sys.executable, "-P", "-m", "axis.sandbox", "create", "--folder", str(home.authority)]
    run_tool([*command, "--base-url", url], what="test authority", environ=_environ())
    if not trust.exists():
        raise SetupError(
            f"cơ quan chứng thực thử chưa đủ / the test authority in {home.authority} is incomplete;"
            " remove that folder and start again"
        )


def authority_program(home: Home, *, port: int) -> Program:
    """Say how the authority's services are run."""
    serve = ["serve", "--folder", str(home.authority), "--port", str(port)]
    return Program(
        name="authority",
        stage=2,
        command=bound([sys.executable, "-P", "-m", "axis.sandbox", *serve]),
        environ=_environ(),
        folder=home.run,
        port=port,
    )


def _environ() -> dict[str, str]:
    return {**base_environ(), "PYTHONPATH": str(Path(axis.__file__).parents[1])}
