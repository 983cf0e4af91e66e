"""The axis' own processes on one machine: one table, and each one's own environment.

A process gets the settings it needs and the secrets of its own role, no more.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

import axis
from axis.settings import Settings
from axis.stack.places import Home
from axis.stack.program import Program, base_environ, bound


class Process(msgspec.Struct, frozen=True, kw_only=True):
    """One process of ours."""

    name: str
    module: str
    """What ``python -m`` runs."""
    settings: tuple[str, ...]
    """Fields of `Settings` that it may know."""
    broker: bool = True
    """Whether it speaks to the broker, with its own user."""
    registry: bool = True
    """Whether it reads schemas at its start."""
    stage: int = 3
    """See `Program.stage`; the door is closed before all others stop."""


_JUDGED_BY: Final = ("content_dir", "trust_file", "policy_file")

PROCESSES: Final[tuple[Process, ...]] = (
    Process(
        name="worker",
        module="agents",
        settings=("database_url", *_JUDGED_BY, "gate_processes"),
    ),
    Process(
        name="sealer",
        module="axis.sealer",
        settings=("database_url", "seal_certificate", "seal_key", "seal_passphrase_file"),
        broker=False,
        registry=False,
    ),
    Process(
        name="keeper",
        module="axis.keeper",
        settings=("database_url", *_JUDGED_BY, "kafka_denials"),
    ),
    Process(
        name="bridge",
        module="axis.bridge",
        stage=4,
        settings=("database_url", *_JUDGED_BY, "backlog_limit", "free_bytes_limit"),
    ),
    Process(
        name="gateway",
        module="axis.gateway",
        stage=4,
        settings=(
            "database_url",
            *_JUDGED_BY,
            "gateway_host",
            "gateway_port",
            "gateway_url",
            "tls_certificate",
            "tls_key",
            "tls_ca",
            "backlog_limit",
            "free_bytes_limit",
        ),
    ),
    Process(
        name="console",
        module="axis.console",
        stage=4,
        settings=(
            "database_url",
            *_JUDGED_BY,
            "console_host",
            "console_port",
            "console_url",
            "console_anchors",
            "console_watched",
            "tls_certificate",
            "tls_key",
            "backlog_limit",
            "free_bytes_limit",
        ),
    ),
)
"""In the order of their start."""


class Access(msgspec.Struct, frozen=True, kw_only=True):
    """What one of our processes alone knows."""

    kafka_user: str
    kafka_password: str
    registry_password: str


def our_program(
    process: Process, settings: Settings, access: Access, *, metrics_port: int, extra: Mapping[str, str]
) -> Program:
    """Say how one of our processes is run.

    Args:
        process: a line of the table.
        settings: of the stack.
        access: this process' own credentials.
        metrics_port: where it tells that it is ready.
        extra: more of its environment, e.g. a failpoint.
    """
    known = dict.fromkeys(Settings.__struct_fields__, "")
    defaults = msgspec.to_builtins(Settings(home=settings.home), enc_hook=str)
    known.update({name: str(defaults[name]) for name in known})
    for name in (*process.settings, "home", "log_level"):
        known[name] = str(getattr(settings, name))
    known |= {"metrics_host": "127.0.0.1", "metrics_port": str(metrics_port), "instance": "0"}
    if process.broker:
        known |= {
            "kafka_bootstrap": settings.kafka_bootstrap,
            "kafka_ca": settings.kafka_ca,
            "kafka_user": access.kafka_user,
            "kafka_password": access.kafka_password,
        }
    if process.registry:
        known |= {
            "registry_url": settings.registry_url,
            "registry_user": "reader",
            "registry_password": access.registry_password,
        }
    environ = {f"AXIS_{name.upper()}": value for name, value in known.items()}
    return Program(
        name=process.name,
        stage=process.stage,
        command=bound([sys.executable, "-P", "-m", process.module]),
        environ={**base_environ(), "PYTHONPATH": str(Path(axis.__file__).parents[1]), **environ, **extra},
        folder=Home(settings.home).run,
        port=metrics_port,
        ready="/readyz",
        stop_seconds=20,
    )


def gate_processes() -> int:
    """Return how many processes judge at once: one a core."""
    return os.cpu_count() or 1
