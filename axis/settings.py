"""Settings, read once from the environment into a frozen value.

Every name is ``AXIS_`` and the field's name in capitals. What the environment
does not give, the description of the local stack (``$AXIS_HOME/stack.json``)
may: so every command finds a running stack by itself. A secret may stand in a
file instead: ``AXIS_KAFKA_PASSWORD_FILE`` names the file of ``AXIS_KAFKA_PASSWORD``.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

from axis.errors import SetupError

SECRETS: Final = ("database_url", "kafka_password", "registry_password")
"""Settings that may stand in a file of their own: an environment is seen by every child and every dump."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """One process' settings. Paths are absolute; secrets are read from files."""

    home: Path
    """Folder of all data of a local stack."""
    instance: str = "0"
    """Number of this process among its kind, from the supervisor."""

    database_url: str = ""
    """``postgresql://user:password@host:port/name``."""
    kafka_bootstrap: str = ""
    """``host:port``."""
    kafka_outer: str = ""
    """``host:port`` by which connections reach the broker from outside; empty: as we do."""
    kafka_user: str = ""
    kafka_password: str = ""
    kafka_ca: str = ""
    """PEM file of the authority behind the broker's TLS certificate."""
    kafka_denials: str = ""
    """File into which the broker writes whom it refused what (``kafka.authorizer.logger``)."""
    registry_url: str = ""
    """Base of the Confluent-compatible API, e.g. ``http://127.0.0.1:8081/apis/ccompat/v7``."""
    registry_user: str = ""
    registry_password: str = ""
    registry_reader_user: str = ""
    """Who may only read schemas: given to connections that speak Kafka."""
    registry_reader_password: str = ""

    content_dir: str = ""
    """Folder of the content store."""
    trust_file: str = ""
    """Trust list, JSON (see `signing.trust`)."""
    policy_file: str = ""
    """Policy data, JSON; empty: the one shipped in `axis/policy`."""
    seal_certificate: str = ""
    """PEM file: the axis' own seal certificate, then its issuers."""
    seal_key: str = ""
    """PEM file of its key, encrypted."""
    seal_passphrase_file: str = ""
    """File with the passphrase of that key."""

    gateway_host: str = "127.0.0.1"
    gateway_port: int = 8443
    gateway_url: str = ""
    """How clients reach the gateway, e.g. ``https://127.0.0.1:8443``."""
    console_host: str = "127.0.0.1"
    console_port: int = 8444
    console_url: str = ""
    """How people reach the page, e.g. ``https://127.0.0.1:8444``."""
    console_anchors: str = ""
    """PEM file of the authorities that seal receipts: what the page verifies them by."""
    console_watched: str = ""
    """Health pages that operations see: ``name=host:port``, separated by commas."""
    tls_certificate: str = ""
    tls_key: str = ""
    tls_ca: str = ""
    """PEM file of the authority behind the gateway's TLS certificate."""
    metrics_host: str = "127.0.0.1"
    metrics_port: int = 0
    """Port of this process' ``/metrics``, ``/healthz``, ``/readyz``; 0: none."""

    gate_processes: int = 1
    """Judging processes of one worker."""
    backlog_limit: int = 20_000
    """Packets taken and not yet answered, above which doors say 503."""
    free_bytes_limit: int = 256 * 1024 * 1024
    """Free bytes of the content store below which doors say 507."""
    log_level: str = "INFO"


def default_home(environ: Mapping[str, str]) -> Path:
    """Return the folder of the local stack: ``AXIS_HOME``, or below the user's data home."""
    if given := environ.get("AXIS_HOME"):
        return Path(given).expanduser().absolute()
    data = environ.get("XDG_DATA_HOME") or "~/.local/share"
    return Path(data).expanduser().absolute() / "axis"


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings of this process.

    Args:
        environ: the environment; None: this process' own.

    Raises:
        SetupError: a value has the wrong type, or the stack's description is unreadable.
    """
    environ = os.environ if environ is None else environ
    home = default_home(environ)
    values: dict[str, object] = {}
    described = home / "stack.json"
    try:
        if described.exists():
            values.update(json.loads(described.read_text(encoding="utf-8"))["settings"])
    except PermissionError as exc:
        raise SetupError(
            f"{described} là của tài khoản khác; đặt AXIS_HOME tới trục của bạn"
            " (it belongs to another account; set AXIS_HOME to a stack of yours)"
        ) from exc
    except (OSError, ValueError, KeyError) as exc:
        raise SetupError(
            f"không đọc được {described} ({exc}); chạy axis up để ghi lại (run `axis up` to write it anew)"
        ) from exc
    for name in Settings.__struct_fields__:
        if (value := environ.get(f"AXIS_{name.upper()}")) is not None:
            values[name] = value
        elif name in SECRETS and (path := environ.get(f"AXIS_{name.upper()}_FILE")):
            values[name] = _secret(name, path)
    values["home"] = str(home)
    try:
        return msgspec.convert(values, Settings, strict=False, dec_hook=_path)
    except msgspec.ValidationError as exc:
        raise SetupError(
            f"biến AXIS_… trong môi trường không đúng dạng: {exc} (a setting has the wrong form)"
        ) from exc


def _secret(name: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as exc:
        raise SetupError(
            f"không đọc được AXIS_{name.upper()}_FILE={path} (this secret cannot be read: {exc})"
        ) from exc


def _path(kind: type, value: object) -> object:
    if kind is Path:
        return Path(str(value))
    raise NotImplementedError(kind)
