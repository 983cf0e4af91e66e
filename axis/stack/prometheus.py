"""A real Prometheus beside the stack, when one is installed: scrapes our processes, tries our alerts."""

import shutil

from axis.errors import SetupError
from axis.stack.places import Home, cache, filled, template, write_private
from axis.stack.processes import PROCESSES
from axis.stack.program import Program, base_environ, bound


def prepare_prometheus(home: Home, ports: dict[str, int]) -> None:
    """Write what to scrape and which alerts to try.

    Raises:
        SetupError: Prometheus is not installed.
    """
    if not find_program("prometheus"):
        raise SetupError(
            "chưa cài Prometheus / Prometheus is not installed:"
            " `apt-get install prometheus`, or start without --prometheus"
        )
    targets = {process.name: f"127.0.0.1:{ports[f'metrics_{process.name}']}" for process in PROCESSES}
    write_private(home.run / "prometheus.yml", filled("prometheus.yml", **targets))
    write_private(home.run / "alerts.yml", template("alerts.yml"))


def prometheus_program(home: Home, *, port: int) -> Program:
    """Say how Prometheus is run."""
    options = [
        f"--config.file={home.run / 'prometheus.yml'}",
        f"--storage.tsdb.path={home.prometheus}",
        "--storage.tsdb.retention.time=7d",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    return Program(
        name="prometheus",
        stage=2,
        command=bound([find_program("prometheus"), *options]),
        environ=base_environ(),
        folder=home.run,
        port=port,
        ready="/-/ready",
    )


def find_program(name: str) -> str:
    """Return the path of ``prometheus`` or ``promtool``, installed or from `make test`; empty: none."""
    unpacked = cache() / "prometheus" / "bin" / name
    return shutil.which(name) or (str(unpacked) if unpacked.exists() else "")
